"""*Historia de la fila* (``h``): its acts, calls and what the DMS did, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select
from textual.widget import Widget

from boxes_tui.data.session import Session
from boxes_tui.data.tables import act, app_user, call, dms_event
from boxes_tui.domain import dispositions
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.i18n import N_, _
from boxes_tui.screens.row_text import Moment, first_name
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.panel import BottomPanel
from boxes_tui.widgets.safe import Line

EVENTS = {
    "moved": N_("reprogramado en el DMS"), "cancelled": N_("cancelado en el DMS"), "reopened": N_("reabierta en el DMS"),
    "review": N_("a revisar: el DMS no coincide"), "owner_changed": N_("cambió de titular"), "vanished": N_("desaparecido"),
}  # fmt: skip

Entry = tuple[datetime, str | None, str]


def row_history(conn: Connection, session: Session, subject: str, row_id: int) -> list[Entry]:
    """(when, who, what) of everything that happened to a row."""
    made: list[Entry] = []
    a = act.c
    for at, who, title, verb, undone in conn.execute(
        select(a.at, app_user.c.name, a.title, a.verb, a.undone_by)
        .outerjoin(app_user, app_user.c.id == a.user_id)
        .where(a.subject == subject, a.subject_id == row_id)
    ):
        made.append((at, who, (title or verb) + (" " + _("(deshecho)") if undone else "")))
    c = call.c
    for at, who, code, note in conn.execute(
        select(c.at, app_user.c.name, c.code, c.note)
        .outerjoin(app_user, app_user.c.id == c.user_id)
        .where(c.subject == subject, c.subject_id == row_id, c.act_id.is_(None), c.annulled_at.is_(None))
    ):
        found = dispositions.BY_CODE.get(code)
        made.append((at, who, (_(found.label) if found else code) + (f" «{note}»" if note else "")))
    e = dms_event.c
    for at, kind in conn.execute(select(e.at, e.kind).where(e.subject == subject, e.subject_id == row_id)):
        made.append((at, None, _(EVENTS.get(kind, kind))))
    made.sort(key=lambda entry: entry[0], reverse=True)
    return made


class HistoryPanel(BottomPanel[None]):
    """The entries, scrolled by keys; ``Esc`` closes."""

    lines = 15

    def __init__(self, title: str, entries: list[Entry], at: Moment) -> None:
        super().__init__()
        self._title = title
        lines: list[Line] = []
        for when, who, what in entries:
            local = at.local(when)
            lines.append(
                f" {show_day(local.date(), at.today)} {clock(local)}  {first_name(who) if who else 'DMS':<8} {what}"
            )
        self._page = Page(lines or [" " + _("Sin historia.")])
        self._page.ground = "panel"

    def compose_body(self) -> Iterator[Widget]:
        """The page."""
        yield self._page

    def on_mount(self) -> None:
        """Scroll at once."""
        self.rule.show(f"{_('HISTORIA')} · {self._title}")
        self.keys.set_keys([Key("↑↓", _("mover")), Key("Esc", _("cerrar"))])
        self._page.focus()
