"""*Seguimiento de turnos*: who is still to be reminded, who has not answered, what mail did not leave, who did not come,
and who holds the invite of an appointment that was cancelled.

Kept beside queue 3, not in it: the filters of that queue are the board's contract (PRODUCT §4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, case, select

from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.reads.conditions import live_appointment
from boxes_tui.data.reads.details import QueueRow, detail
from boxes_tui.data.session import Session
from boxes_tui.data.tables import appointment
from boxes_tui.i18n import N_
from boxes_tui.outreach.ladder import Due, Missed, Told, cancelled, no_show_ladder, not_sent, reminders_due, unanswered

FILTERS: Final = (
    ("due", N_("Por recordar"), N_("Recordar")),
    ("unanswered", N_("Sin respuesta"), N_("Sin resp.")),
    ("failed", N_("Con falla"), N_("Falla")),
    ("cancelled", N_("Anulados"), ""),
    ("no_shows", N_("Inasistencias"), N_("Inasist.")),
)
"""Code, label and short label of every list."""

READS: Final[dict[str, Callable[[Connection, Session], Sequence[Due | Told | Missed]]]] = {
    "due": reminders_due,
    "unanswered": unanswered,
    "failed": not_sent,
    "no_shows": no_show_ladder,
    "cancelled": cancelled,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A row with what its list says about it."""

    row: QueueRow
    says: Due | Told | Missed


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One read of a list; ``counts`` of every list, ``steps`` the no-shows whose step is due today."""

    items: tuple[Item, ...]
    counts: dict[str, int]
    steps: int
    freshness: Freshness


def follow_up(conn: Connection, session: Session, flt: str) -> FollowUp:
    """The list ``flt`` in its order, and how many rows each list has."""
    found = {code: read(conn, session) for code, read in READS.items()}
    says = {one.id: one for one in found[flt]}
    rows = {r.id: r for r in detail(conn, session, "appointments", "appointments", list(says))}
    items = tuple(Item(rows[i], one) for i, one in says.items() if i in rows)
    steps = sum(1 for m in found["no_shows"] if isinstance(m, Missed) and m.due)
    return FollowUp(items, {code: len(all_) for code, all_ in found.items()}, steps, freshness(conn, session))


def follow_up_counts(conn: Connection, session: Session) -> tuple[int, int]:
    """(appointments to be reminded of, no-shows whose step is due today): what queue 3 hints at."""
    missed = no_show_ladder(conn, session)
    return len(reminders_due(conn, session)), sum(1 for m in missed if m.due)


def next_appointment(conn: Connection, session: Session, row: QueueRow) -> QueueRow | None:
    """What a reminder or an answer is about: the row itself, else the next appointment of its customer (of the same unit
    first); None where there is none to come in the session's branches."""
    if row.subject == "appointment":
        return row
    a = appointment.c
    if row.customer_id is None:
        return None
    query = select(a.id).where(
        live_appointment(), a.customer_id == row.customer_id, a.arrived_at.is_(None), a.starts_at > session.now,
        session.scope(a.branch_id),
    )  # fmt: skip
    other_unit = case((a.vehicle_id == row.vehicle_id, 0), else_=1)
    found = conn.execute(query.order_by(other_unit, a.starts_at, a.id).limit(1)).scalar()
    rows = detail(conn, session, "appointments", "appointments", [found]) if found is not None else []
    return rows[0] if rows else None
