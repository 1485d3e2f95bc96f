"""Days of a branch: the example of the wizard, holidays, Sundays (PRODUCT §4, §5, §8)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.domain.working_days import Calendar, argentina_calendar, argentina_holidays

AR = Calendar(argentina_holidays(2026) | argentina_holidays(2027))
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 1))


def test_the_wizard_of_the_drawing() -> None:
    """489 units, 40 a day from Monday 30/11: 12 days of 40 and one of 9, last Thursday 17/12, Tuesday 8/12 skipped."""
    plan = AR.spread(date(2026, 11, 30), 489, 40)
    assert [n for _day, n in plan] == [40] * 12 + [9]
    assert plan[0][0] == date(2026, 11, 30)
    assert plan[-1][0] == date(2026, 12, 17)
    assert AR.skipped(plan[0][0], plan[-1][0]) == [date(2026, 12, 8)]


def test_national_holidays_without_the_bridge_days_of_tourism() -> None:
    days = argentina_holidays(2026)
    assert {date(2026, 5, 1), date(2026, 7, 9), date(2026, 12, 8), date(2026, 12, 25)} <= days
    assert date(2026, 12, 7) not in days
    assert date(2026, 7, 10) not in days


def test_a_date_of_no_branch_in_particular() -> None:
    assert argentina_calendar(2026).next_open(date(2026, 10, 4)) == date(2026, 10, 5)
    assert argentina_calendar(2026).next_open(date(2027, 1, 1)) == date(2027, 1, 2)
    assert argentina_holidays(1066) == frozenset()


def test_next_days() -> None:
    friday, saturday, sunday, monday = (date(2026, 11, 27) + timedelta(n) for n in range(4))
    assert AR.next_working(saturday) == monday
    assert AR.next_open(saturday) == saturday
    assert AR.next_open(sunday) == monday
    assert AR.add_working(friday, 1) == monday
    assert AR.add_working(friday, 0) == friday
    assert AR.next_open(date(2026, 12, 25)) == date(2026, 12, 26)
    assert AR.next_working(date(2026, 12, 25)) == date(2026, 12, 28)
    assert Calendar(frozenset({monday})).next_working(saturday) == monday + timedelta(1)


@given(DAYS)
def test_a_retry_never_falls_on_a_sunday_or_a_holiday(day: date) -> None:
    found = AR.next_open(day)
    assert found >= day and found.weekday() != 6 and found not in AR.holidays
    assert all(not AR.is_open(day + timedelta(n)) for n in range((found - day).days))


@given(DAYS, st.integers(0, 500), st.integers(1, 60))
def test_a_spread_loses_nobody_and_works_on_working_days_only(start: date, items: int, per_day: int) -> None:
    plan = AR.spread(start, items, per_day)
    assert sum(n for _day, n in plan) == items
    assert all(0 < n <= per_day and AR.is_working(day) and day >= start for day, n in plan)
    assert [day for day, _n in plan] == sorted({day for day, _n in plan})
