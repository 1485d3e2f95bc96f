"""The one-day filter of every queue (PRODUCT §4): ``hoy``, ``mañana``, ``hábil`` (the next working day), or a date."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from boxes_tui.data.reads.rules import house_rules
from boxes_tui.data.session import Session
from boxes_tui.domain.dates import parse_when
from boxes_tui.domain.working_days import Calendar
from boxes_tui.errors import UsageError
from boxes_tui.text import fold


def calendar(conn: Connection, branch_id: int | None, around: date) -> Calendar:
    """The working days of a branch: the country's holidays and those that an admin added, for the years around a day."""
    return house_rules(conn).calendar(branch_id, around)


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
