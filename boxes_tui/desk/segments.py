"""A segment as people write it: the filter fields of the campaign wizard, and segments saved under a name (PRODUCT §8).

What is saved is what was typed, so that *12 meses* means twelve months before the day on which it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, delete, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import saved_view
from boxes_tui.desk.campaign_segment import Segment
from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.domain.due_date import add_months
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _, language
from boxes_tui.text import clean

KIND = "segment"
NUMBERS = ("year_from", "year_to", "km_from", "km_to")
DAYS = ("service_from", "service_to")
SEGMENT = ("make", "model", "branch", *NUMBERS, *DAYS, "not_since")
"""Names of the filter fields of step 1."""
_SPAN = re.compile(r"(\d{1,3})\s*([a-zñ]*)")


def segment_of(values: Mapping[str, str], now: datetime) -> Segment:
    """The filters as typed at a local instant; :class:`UsageError` names the field that cannot be read."""
    made: dict[str, object] = {}
    for name in SEGMENT:
        text = values.get(name, "").strip()
        if not text:
            continue
        if name in NUMBERS:
            made[name] = _number(text)
        elif name == "not_since":
            made[name] = not_since(text, now)
        else:
            made[name] = _day(text, now) if name in DAYS else text
    return Segment(**made)  # type: ignore[arg-type]


def _number(text: str) -> int:
    digits = text.replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise UsageError(_("«{text}» no es un número.").format(text=text))
    return int(digits)


def _day(text: str, now: datetime) -> date:
    try:
        return parse_when(text, now, language()).day
    except NotUnderstood as error:
        raise UsageError(str(error)) from None


def not_since(text: str, now: datetime) -> date:
    """*12 meses*, *2 años*, *90 días* (without a word: months) or a date: the day from which nothing came."""
    found = _SPAN.fullmatch(text.lower())
    if found is None:
        return _day(text, now)
    n, word = int(found[1]), found[2]
    if word.startswith(("d",)):
        return date.fromordinal(max(1, now.date().toordinal() - n))
    return add_months(now.date(), -n * (12 if word.startswith(("a", "y")) else 1))


def saved_segments(conn: Connection, session: Session) -> dict[str, dict[str, str]]:
    """The segments saved by anybody, by name: the texts of their fields. Of several of a name the person's own counts."""
    c = saved_view.c
    rows = conn.execute(select(c.name, c.user_id, c.body).where(c.kind == KIND).order_by(c.name, c.id)).all()
    others = {name: body for name, user_id, body in rows if user_id != session.user_id}
    return dict(sorted((others | {name: body for name, user_id, body in rows if user_id == session.user_id}).items()))


def saved_segment(conn: Connection, session: Session, name: str) -> dict[str, str]:
    """The fields of a saved segment; :class:`UsageError` with the names that there are."""
    found = saved_segments(conn, session)
    if name not in found:
        names = ", ".join(found) or "—"
        raise UsageError(_("No hay un segmento «{name}»; los que hay: {names}").format(name=name, names=names))
    return found[name]


@dataclass(frozen=True)
class SaveSegment(Command):
    """Save the fields of a segment under a name, in place of the person's own one of that name."""

    verb: ClassVar[str] = "segment_save"
    undoable: ClassVar[bool] = False
    name: str
    fields: dict[str, str]

    def run(self, tx: Tx) -> dict[str, Any]:
        name = clean(self.name, 60)
        body = {k: clean(v, 120) for k, v in self.fields.items() if k in SEGMENT and v.strip()}
        if not name or not body:
            raise Refused(_("Para guardar un segmento hace falta un nombre y al menos un filtro."))
        c = saved_view.c
        tx.conn.execute(delete(saved_view).where(c.user_id == tx.session.user_id, c.kind == KIND, c.name == name))
        tx.conn.execute(saved_view.insert().values(user_id=tx.session.user_id, kind=KIND, name=name, body=body))
        tx.title, tx.detail = _("Guardar segmento {name}").format(name=name), {"segment": name}
        return {"segment": name, "fields": body}


@dataclass(frozen=True)
class DropSegment(Command):
    """Take a saved segment away: the person's own, or of a name (supervisors) anybody's."""

    verb: ClassVar[str] = "segment_drop"
    undoable: ClassVar[bool] = False
    name: str

    def run(self, tx: Tx) -> dict[str, Any]:
        c = saved_view.c
        gone = tx.conn.execute(delete(saved_view).where(c.kind == KIND, c.name == self.name)).rowcount
        if not gone:
            raise Refused(_("No hay un segmento con ese nombre."))
        tx.title, tx.detail = _("Borrar segmento {name}").format(name=self.name), {"segment": self.name}
        return {"segment": self.name}
