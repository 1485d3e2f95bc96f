"""Drafts and acts that wait on this machine, as *Mi día* lists them and the board tells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from boxes_tui.data.drafts import Draft
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.reads.queues import Ask, rows_by_key
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import clock
from boxes_tui.domain.queues import REF_SUBJECTS
from boxes_tui.domain.verbs import VERBS as VERB_TABLE
from boxes_tui.i18n import N_, _
from boxes_tui.screens.pending import journal_of
from boxes_tui.screens.row_text import name
from boxes_tui.text import cut
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.base import DeskScreen

FORMS = {
    "call": N_("Nota"), "opportunity": N_("Oportunidad"), "reschedule": N_("Replanificar"), "sell": N_("Turno vendido"),
    "note": N_("Nota"), "discard": N_("Descartar"), "campaign": N_("Campaña"),
}  # fmt: skip

VERBS = {"call": "call", "opportunity": "opportunity", "reschedule": "reschedule", "sell": "sell", "note": "note",
         "discard": "discard"}  # fmt: skip
"""The verb whose form a draft belongs to."""

CODES = frozenset({"asked", "assigned"})
"""Fields of a draft that hold codes, not words."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of *borradores y envíos pendientes*; ``row`` and ``opens`` (a verb) where ``Enter`` takes a draft up again,
    ``drop`` throws away what nothing else will end: a draft, an act that was refused."""

    line: Line
    row: QueueRow | None = None
    opens: str | None = None
    drop: Callable[[], object] | None = None


def draft_rows(conn: Connection, session: Session, drafts: list[Draft]) -> dict[str, QueueRow]:
    """The rows of drafts, by ref; those that the reader may not see, or that are gone, are left out."""
    found: dict[str, QueueRow] = {}
    for draft in drafts:
        stage, _colon, number = draft.ref.partition(":")
        if stage in REF_SUBJECTS and number.isdigit():
            found |= {r.ref: r for r in rows_by_key(conn, session, Ask(stage, ""), [(stage, int(number))])}
    return found


def drafts_of(screen: DeskScreen) -> list[Draft]:
    """What the reader typed on this machine and did not save, newest first."""
    return journal_of(screen.app, screen.house).drafts(screen.session.login)


def waiting(screen: DeskScreen, drafts: list[Draft], rows: dict[str, QueueRow]) -> list[Waiting]:
    """One line for each draft, each act that waits, and each that was refused with its reason."""
    journal, at, login = journal_of(screen.app, screen.house), screen.at, screen.session.login
    made: list[Waiting] = []
    for draft in drafts:
        words = " · ".join(str(v) for k, v in draft.values.items() if k not in CODES and str(v).strip())
        text = _("{form} sin terminar de las {t}").format(
            form=_(FORMS.get(draft.form, draft.form)), t=clock(at.local(draft.at))
        )
        row = rows.get(draft.ref)
        who = name(row) if row is not None else draft.ref if draft.form in VERBS else ""
        line = " · ".join(x for x in (text, who, f"«{cut(words, 30)}»") if x)
        drop = partial(journal.clear, login, draft.form, draft.ref)
        made.append(Waiting(f" {line}", row, VERBS.get(draft.form, draft.form), drop))
    titles = {v.id: _(v.help) for v in VERB_TABLE}
    for act in journal.waiting(login, refused=None):
        when, title = clock(at.local(act.at)), titles.get(act.verb, act.title)
        if act.refused:
            text = f"{title} {when} · {act.refused}"
            made.append(Waiting([(" ✗ ", "peligro"), text], drop=partial(journal.drop, act.id)))
        else:
            made.append(Waiting([(" ■ ", "hoy"), _("{verb} de las {t}, sin enviar").format(verb=title, t=when)]))
    return made
