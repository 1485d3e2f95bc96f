"""Dates as people type them (PRODUCT §11, SCREENS)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.clock import DEFAULT_ZONE, Clock
from boxes_tui.domain.dates import NotUnderstood, When, parse_when, to_instant

TUESDAY = Clock(datetime(2026, 11, 24, 17, 10, tzinfo=UTC)).local()
"""martes 24/11/2026 14:10"""


@pytest.mark.parametrize(
    ("typed", "day", "at"),
    [
        ("12/5", "2027-05-12", None), ("12-05-26", "2026-05-12", None), ("12/05/2026", "2026-05-12", None),
        ("12.05.2026", "2026-05-12", None), ("24/11", "2026-11-24", None), ("23/11", "2027-11-23", None),
        ("29/2", "2028-02-29", None), ("hoy", "2026-11-24", None), ("HOY", "2026-11-24", None),
        ("mañana", "2026-11-25", None), ("manana", "2026-11-25", None), ("man\u0303ana", "2026-11-25", None),
        ("pasado mañana", "2026-11-26", None), ("+3d", "2026-11-27", None), ("+ 3 d", "2026-11-27", None),
        ("+3", "2026-11-27", None), ("+2s", "2026-12-08", None), ("+2 semanas", "2026-12-08", None),
        ("+3m", "2027-02-24", None), ("+3 meses", "2027-02-24", None), ("+3d 9:30", "2026-11-27", "09:30"),
        ("+30min", "2026-11-24", "14:40"), ("+2h", "2026-11-24", "16:10"), ("+12h", "2026-11-25", "02:10"),
        ("lu 15:30", "2026-11-30", "15:30"), ("lun", "2026-11-30", None), ("lunes 9", "2026-11-30", "09:00"),
        ("ma", "2026-12-01", None), ("ma 15:30", "2026-11-24", "15:30"), ("ma 14:10", "2026-12-01", "14:10"),
        ("mié", "2026-11-25", None), ("Miércoles 8hs", "2026-11-25", "08:00"), ("sá 12/06/27", "2027-06-12", None),
        ("sá", "2026-11-28", None), ("do", "2026-11-29", None), ("vie. 10", "2026-11-27", "10:00"),
        ("mañana 10", "2026-11-25", "10:00"), ("mañana a las 10", "2026-11-25", "10:00"), ("hoy 18.30", "2026-11-24", "18:30"),
        ("15:30", "2026-11-24", "15:30"), ("15.30", "2026-11-24", "15:30"), ("9hs", "2026-11-24", "09:00"),
        ("9 hs", "2026-11-24", "09:00"), ("12/5 15:30", "2027-05-12", "15:30"), ("12/05/26 8", "2026-05-12", "08:00"),
        ("30/11 9.15", "2026-11-30", "09:15"), ("today", "2026-11-24", None), ("tomorrow 10", "2026-11-25", "10:00"),
        ("mon 15:30", "2026-11-30", "15:30"), ("Friday", "2026-11-27", None), ("2026-12-01", "2026-12-01", None),
        ("2026-12-01T09:30", "2026-12-01", "09:30"), ("2026-12-01 09:30", "2026-12-01", "09:30"),
        ("2026-12-01T12:30:00Z", "2026-12-01", "09:30"), ("2026-12-01T09:30:00-03:00", "2026-12-01", "09:30"),
        ("2026-12-02T01:30:00+00:00", "2026-12-01", "22:30"), ("  hoy  ", "2026-11-24", None),
        ("hoy 0:00", "2026-11-24", "00:00"), ("hoy 23:59", "2026-11-24", "23:59"),
    ],
)  # fmt: skip
def test_entry_forms(typed: str, day: str, at: str | None) -> None:
    assert parse_when(typed, TUESDAY) == When(date.fromisoformat(day), time.fromisoformat(at) if at else None)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "zz", "32/1", "30/2", "29/2/27", "12/13", "hoy 25:00", "hoy 24", "lu 9:60", "ayer nomás", "+", "+d", "1", "99",
     "2026-13-01", "2026-02-30T10:00", "12/5/1", "hoy mañana", "lu ma", "12/5/1850", "+999999999999m", "--", "a las", "٣"],
)  # fmt: skip
def test_what_is_not_understood_says_so_with_examples(typed: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_when(typed, TUESDAY)
    assert str(caught.value) == f"No se entiende «{typed.strip()}». Ejemplos: 12/5, mañana, lu 15:30."


@pytest.mark.parametrize(
    ("typed", "day"),
    [("12/5", "2026-05-12"), ("24/11", "2026-11-24"), ("25/11", "2025-11-25"), ("lu", "2026-11-23"), ("ma", "2026-11-24"),
     ("ayer", "2026-11-23"), ("29/2", "2024-02-29")],
)  # fmt: skip
def test_fields_that_look_back(typed: str, day: str) -> None:
    assert parse_when(typed, TUESDAY, past=True).day == date.fromisoformat(day)


def test_late_in_the_evening_today_is_the_day_of_the_branch() -> None:
    """22:30 in Buenos Aires is already tomorrow in UTC."""
    late = Clock(datetime(2026, 11, 25, 1, 30, tzinfo=UTC)).local()
    assert late.strftime("%d %H:%M") == "24 22:30"
    assert parse_when("hoy", late).day == date(2026, 11, 24)
    assert parse_when("mañana", late).day == date(2026, 11, 25)
    assert parse_when("mié 10", late) == When(date(2026, 11, 25), time(10))
    assert parse_when("+2h", late) == When(date(2026, 11, 25), time(0, 30))


def test_an_instant_in_the_zone_of_the_branch() -> None:
    made = to_instant(parse_when("lu 15:30", TUESDAY), DEFAULT_ZONE)
    assert made.astimezone(UTC) == datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
    assert to_instant(parse_when("lu", TUESDAY), DEFAULT_ZONE, time(8)).astimezone(UTC).hour == 11
    assert parse_when("lu", TUESDAY).at(DEFAULT_ZONE).strftime("%H:%M") == "00:00"


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.times(), st.sampled_from(["%d/%m/%Y", "%d-%m-%y", "%Y-%m-%d"])
)
def test_what_is_written_in_full_is_read_back(day: date, at: time, form: str) -> None:
    text = f"{day.strftime(form)} {at:%H:%M}"
    assert parse_when(text, TUESDAY) == When(day, at.replace(second=0, microsecond=0))


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
def test_a_day_without_a_year_is_the_next_one(today: date, day: date) -> None:
    now = datetime.combine(today, time(12), TUESDAY.tzinfo)
    found = parse_when(f"{day.day}/{day.month}", now).day
    assert (found.day, found.month) == (day.day, day.month)
    assert found >= today
    if (day.day, day.month) != (29, 2):
        assert found < today + timedelta(367)


@given(st.text(alphabet=st.sampled_from(list("0123456789/-.:+ dhsmlunañáTZz")), max_size=14) | st.text(max_size=12))
def test_no_text_breaks_it(typed: str) -> None:
    try:
        found = parse_when(typed, TUESDAY)
    except NotUnderstood:
        return
    assert 1990 <= found.day.year <= 2199
