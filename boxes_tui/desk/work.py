"""Queue state of a row as a fold over its calls: commands advance it by one call, undo and the checker fold them all.

One rule for both, so that the columns are never a second truth (issue *queue-state columns*).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, select

from boxes_tui.data.tables import call
from boxes_tui.desk.subjects import Row
from boxes_tui.domain.contact_gate import Hours
from boxes_tui.domain.dispositions import MAX_ATTEMPT_DAYS, MAX_ATTEMPTS, Disposition
from boxes_tui.domain.working_days import Calendar

CLOSERS: Final = {
    "sale_delivery": ("welcome_call_id", ("welcome",)),
    "repair_order": ("courtesy_call_id", ("courtesy",)),
    "appointment": ("follow_call_id", ("no_show",)),
}
"""Column that holds the first call that closes the row, and the kinds of call that count for it."""

OPENING: Final = time(9)


@dataclass(frozen=True, slots=True)
class Work:
    """The values of ``work_columns``."""

    attempts: int = 0
    attempt_days: int = 0
    last_call_id: int | None = None
    last_call_at: datetime | None = None
    last_call_day: date | None = None
    last_code: str | None = None
    last_user_id: int | None = None
    next_at: datetime | None = None
    next_kind: str | None = None
    next_user_id: int | None = None
    unreachable_at: datetime | None = None

    def after(self, made: Row) -> Work:
        """The state after one more call (a row of ``call``)."""
        attempts = self.attempts + 1
        days = self.attempt_days + (made["day"] != self.last_call_day)
        lost = self.unreachable_at
        if made["contact"]:
            lost = None
        elif lost is None and attempts >= MAX_ATTEMPTS and days >= MAX_ATTEMPT_DAYS:
            lost = made["at"]
        kind = "callback" if made["callback_at"] else "retry" if made["retry_at"] else None
        return Work(
            attempts, days, made["id"], made["at"], made["day"], made["code"], made["user_id"],
            made["callback_at"] or made["retry_at"], kind, made["callback_user_id"] if kind == "callback" else None,
            lost,
        )  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """As keyword values for an update."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS: Final = tuple(Work.__dataclass_fields__)


def of_row(row: Row) -> Work:
    """The state that a row carries."""
    return Work(**{name: row[name] for name in FIELDS})


def is_open(subject: str, row: Row) -> bool:
    """Whether the row can still wait for something: a closed one has no next call."""
    if subject == "opportunity":
        return bool(row["state"] == "open")
    return not (subject == "complaint" and row["closed_at"] is not None)


def settled(subject: str, row: Row, state: Work) -> Work:
    """The state with no next call where the row is closed."""
    return state if is_open(subject, row) else replace(state, next_at=None, next_kind=None, next_user_id=None)


def calls_of(conn: Connection, subject: str, row_id: int) -> list[Row]:
    """The calls of a row that stand, in the order in which they count: those of the system before come first."""
    c = call.c
    query = (
        select(call)
        .where(c.subject == subject, c.subject_id == row_id, c.annulled_at.is_(None))
        .order_by(c.imported.desc(), case((c.imported, c.at), else_=0), c.id)
    )
    return list(conn.execute(query).mappings())


def fold(calls: Iterable[Row]) -> Work:
    """The state after all those calls."""
    state = Work()
    for made in calls:
        state = state.after(made)
    return state


def derive(conn: Connection, subject: str, row: Row) -> dict[str, Any]:
    """The queue-state columns that the facts give for a row, its closing call included."""
    calls = calls_of(conn, subject, row["id"])
    made = settled(subject, row, fold(calls)).columns()
    if subject in CLOSERS:
        column, kinds = CLOSERS[subject]
        made[column] = next((c["id"] for c in calls if c["closes"] and c["type"] in kinds), None)
    if subject == "complaint":
        made |= _owner(conn, row, calls)
    return made


def _owner(conn: Connection, row: Row, calls: list[Row]) -> dict[str, Any]:
    """Who answered a complaint: the first contacted call about it, or about its order, after it was opened."""
    about = list(calls)
    if row["order_id"] is not None:
        about += [c for c in calls_of(conn, "repair_order", row["order_id"]) if c["id"] > (row["call_id"] or 0)]
    reached = sorted((c for c in about if c["contact"]), key=lambda c: c["id"])
    made: dict[str, Any] = {"owner_call_id": reached[0]["id"] if reached else None}
    closing = next((c for c in reached if c["closes"]), None)
    if closing is not None:
        made |= {"closed_at": closing["at"], "closed_by": closing["user_id"]}
        made |= {"next_at": None, "next_kind": None, "next_user_id": None}
    return made


def retry_at(outcome: Disposition, now: datetime, zone: str, days: Calendar, hours: Hours) -> datetime | None:
    """When the row comes back by itself; never on a Sunday or a holiday of the branch (PRODUCT §5).

    *Next day* is the opening of the next open day; a retry that falls on a closed day waits for that opening too.
    """
    if outcome.retry_after is None:
        return None
    local = now.astimezone(ZoneInfo(zone))
    if isinstance(outcome.retry_after, timedelta):
        later = (now + outcome.retry_after).astimezone(ZoneInfo(zone))
        if days.is_open(later.date()):
            return now + outcome.retry_after
        day = later.date()
    else:
        day = local.date() + timedelta(1)
    day = days.next_open(day)
    span = hours.get(day.weekday())
    opening = datetime.combine(day, span[0] if span else OPENING, ZoneInfo(zone))
    return opening.astimezone(now.tzinfo)
