"""How a row stands, and whether what is recorded contradicts what was done to it meanwhile (SCREENS §8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from boxes_tui.data.session import Session
from boxes_tui.desk.subjects import TABLES, WORK_TABLES, Row
from boxes_tui.domain.dispositions import Disposition
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.domain.opportunity import MOVES, STATE_NAMES
from boxes_tui.errors import Refused
from boxes_tui.i18n import N_, _

MOVE_OF: Final = {"sold_at": "sell", "due": "reschedule", "reason": "discard"}
"""What an outcome that asks this does to an opportunity."""

STATES: Final = {
    "to_confirm": N_("por confirmar"), "confirmed": N_("confirmado"), "arrived": N_("ingresado"),
    "cancelled": N_("cancelado"), "pending": N_("pendiente"), "called": N_("llamado"), "closed": N_("cerrado"),
}  # fmt: skip
"""Standings of rows that are no opportunity."""

ALREADY: Final = {
    "confirmed": N_("Ya está confirmado."), "arrived": N_("La unidad ya ingresó."), "cancelled": N_("Ya está cancelado."),
    "called": N_("Ya se lo llamó."), "closed": N_("Ya está cerrado."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller sees of a row: its state, whether it is settled by it, and its own time (an instant of the branch, or
    a day where no hour is known)."""

    subject: str
    state: str
    settled: bool = False
    when: datetime | date | None = None

    def time(self, today: date) -> str:
        """*28/11 10:00*."""
        if self.when is None:
            return "—"
        if isinstance(self.when, datetime):
            return f"{show_day(self.when.date(), today)} {clock(self.when)}"
        return show_day(self.when, today)

    def words(self, today: date) -> str:
        """*28/11 10:00*, and the state where it is not the one in which a row waits."""
        if self.subject == "opportunity":
            return self.time(today) if self.state == "open" else _(STATE_NAMES[self.state])
        state = _(STATES[self.state])
        if self.subject != "appointment":
            return state
        return self.time(today) if self.state == "to_confirm" else f"{self.time(today)} {state}"

    def contradicts(self, then: Self) -> bool:
        """Whether another settled the row since it stood as ``then``, or gave it another time."""
        return (self.settled and self.state != then.state) or (not self.settled and self.when != then.when)

    def permits(self, outcome: Disposition) -> bool:
        """Whether the row as it stands can still take what the outcome does."""
        if self.subject == "opportunity":
            move = MOVE_OF.get(outcome.asks)
            return (self.state, move) in MOVES if move else self.state == "open"
        return not (self.subject == "complaint" and self.settled and outcome.asks == "when")

    def said(self, today: date) -> str:
        """*Ya está confirmado.*, *Ahora es 28/11 10:00.*"""
        if self.subject == "opportunity" and self.settled:
            return _("Ya está {state}.").format(state=_(STATE_NAMES[self.state]))
        if self.settled:
            return _(ALREADY[self.state])
        return _("Ahora es {when}.").format(when=self.time(today))


class Contradicted(Refused):
    """The row stands otherwise than whoever calls saw it; nothing was written. ``now`` is how it stands, ``permits``
    whether what was asked can be done all the same."""

    def __init__(self, now: Standing, permits: bool, today: date) -> None:
        super().__init__(now.said(today))
        self.now, self.permits = now, permits


def standing(subject: str, row: Row, zone: str) -> Standing | None:
    """How a row of a table stands; None for a customer or a unit, which have no state."""
    local = ZoneInfo(zone)
    if subject == "opportunity":
        due: datetime | date = row["due_day"]
        if row["due_minute"] is not None:
            hour, minute = divmod(row["due_minute"], 60)
            due = datetime(due.year, due.month, due.day, hour, minute, tzinfo=local)
        return Standing(subject, row["state"], row["state"] != "open", due)
    if subject == "appointment":
        state = _appointment_state(row)
        starts: datetime | date | None = row["starts_at"].astimezone(local) if row["starts_at"] else row["start_day"]
        if row["starts_at_precision"] == "day":
            starts = row["start_day"]
        return Standing(subject, state, state != "to_confirm", starts)
    if subject == "complaint":
        return _settled(subject, "closed", row["closed_at"])
    if subject == "sale_delivery":
        return _settled(subject, "called", row["welcome_call_id"])
    return _settled(subject, "called", row["courtesy_call_id"]) if subject == "repair_order" else None


def _settled(subject: str, state: str, by: object) -> Standing:
    return Standing(subject, state if by is not None else "pending", by is not None)


def _appointment_state(row: Row) -> str:
    if row["gone_at"] is not None or row["vanished_at"] is not None or row["status"] == "cancelled":
        return "cancelled"
    if row["arrived_at"] is not None:
        return "arrived"
    return "confirmed" if row["confirmed_at"] is not None else "to_confirm"


def standing_of(conn: Connection, session: Session, subject: str, row_id: int) -> Standing | None:
    """How a row stands now; None where it is none that can stand otherwise."""
    if subject not in WORK_TABLES:
        return None
    table = TABLES[subject]
    row = conn.execute(select(table).where(table.c.id == row_id)).mappings().first()
    return standing(subject, row, session.zone_of(row["branch_id"])) if row is not None else None


def changes(subject: str, outcome: Disposition, reason: str | None) -> bool:
    """Whether an outcome does something to the row besides being recorded; blocks and wrong numbers are the person's,
    and hold whatever became of the row."""
    if outcome.asks == "reason":
        return subject == "opportunity" or reason == "vehicle_sold"
    return outcome.asks in ("when", "due", "sold_at")


def check_standing(then: Standing, now: Standing, outcome: Disposition, reason: str | None, today: date) -> None:
    """:class:`Contradicted` where the outcome would undo what was done to the row since it stood as ``then``. A promise
    to call back only contradicts what is settled."""
    if not changes(now.subject, outcome, reason) or not now.contradicts(then):
        return
    if outcome.asks != "when" or now.settled:
        raise Contradicted(now, now.permits(outcome), today)
