"""Calendar months on day ordinals: anniversaries of a column, days some months back, periods of a series."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, literal, type_coerce

from boxes_tui.domain.due_date import add_months


def months_before(day: date, months: int) -> int:
    """The ordinal of the same day ``months`` earlier, the last of a shorter month."""
    return add_months(day, -months).toordinal()


def month_index(day: date) -> int:
    """Months since year 0: what ``rollup.month`` holds."""
    return day.year * 12 + day.month - 1


def month_first(index: int) -> date:
    """The first day of a month by its index."""
    return date(index // 12, index % 12 + 1, 1)


def month_last(index: int) -> date:
    """The last day of a month by its index."""
    return month_first(index + 1) - timedelta(1)


def anniversary(day: Any, low: int, high: int, months: int) -> ColumnElement[Any]:
    """The same day ``months`` after a day column whose values lie in ``low`` … ``high``, the last of a shorter month.

    One branch per month of the span: within a month the distance is constant, capped by the end of the target month.
    """
    if months == 0:
        return type_coerce(day, Integer)
    first, last = month_index(date.fromordinal(low)), month_index(date.fromordinal(high))
    branches = []
    for index in range(first, last + 1):
        start, end = month_first(index), month_last(index)
        away = month_first(index + months).toordinal() - start.toordinal()
        cap = month_last(index + months).toordinal()
        shifted = case((day + away > cap, literal(cap)), else_=day + away)
        branches.append((day <= end.toordinal(), shifted))
    return case(*branches, else_=literal(0))
