"""The one-day filter of every queue (PRODUCT §4): ``hoy``, ``mañana``, ``hábil`` (the next working day), or a date."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, bindparam, or_, select

from boxes_tui.data.session import Session
from boxes_tui.data.tables import holiday
from boxes_tui.domain.dates import parse_when
from boxes_tui.domain.working_days import Calendar, argentina_holidays
from boxes_tui.errors import UsageError
from boxes_tui.text import fold

_OWN = select(holiday.c.day).where(or_(holiday.c.branch_id.is_(None), holiday.c.branch_id == bindparam("branch")))


def calendar(conn: Connection, branch_id: int | None, around: date) -> Calendar:
    """The working days of a branch: the country's holidays and those that an admin added, for the years around a day."""
    days = set()
    for year in (around.year - 1, around.year, around.year + 1, around.year + 2):
        days |= set(argentina_holidays(year))
    days |= set(conn.execute(_OWN, {"branch": branch_id}).scalars())
    return Calendar(frozenset(days))


def day_filter(conn: Connection, session: Session, text: str) -> date:
    """The day that ``--day`` or the filter form means; :class:`UsageError` when it cannot be read."""
    word = fold(text)
    today = session.today
    if word in ("hoy", "today"):
        return today
    if word in ("manana", "tomorrow"):
        return today + timedelta(1)
    if word in ("habil", "working"):
        branch_id = session.branches[0].id if session.branches else None
        return calendar(conn, branch_id, today).next_working(today + timedelta(1))
    zone = session.branches[0].zone if session.branches else None
    local = session.clock.local(zone) if zone else session.clock.local()
    try:
        return parse_when(text, local, "es").day
    except ValueError as error:
        raise UsageError(str(error)) from None
