"""Calendar months on day ordinals: anniversaries of a column, days some months back, periods of a series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, case, column, values

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


def month_table(low: int, high: int, spans: Sequence[int]) -> CTE:
    """A row for every month of ``low`` … ``high``: its first and last day, and for each of ``spans`` months how far on the
    same day of the later month is, and where that month ends."""
    index = range(month_index(date.fromordinal(low)), month_index(date.fromordinal(high)) + 1)
    rows = []
    for month in index:
        start = month_first(month).toordinal()
        row = [start, month_last(month).toordinal()]
        for n in spans:
            row += [month_first(month + n).toordinal() - start, month_last(month + n).toordinal()]
        rows.append(tuple(row))
    names = ["first", "last", *(f"{word}{n}" for n in spans for word in ("away", "cap"))]
    return values(*(column(name, Integer) for name in names)).data(rows).cte("months")


def anniversary(day: Any, months: CTE, n: int) -> ColumnElement[Any]:
    """The same day ``n`` months later, the last of a shorter month, for a day column joined with its month."""
    away, cap = months.c[f"away{n}"], months.c[f"cap{n}"]
    return case((day + away > cap, cap), else_=day + away)
