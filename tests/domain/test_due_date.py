"""The suggested due date and its arithmetic (PRODUCT §6, SCREENS *Crear oportunidad*)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.domain.due_date import add_months, km_per_day, next_target, suggest
from boxes_tui.domain.working_days import Calendar, argentina_holidays

TODAY = date(2026, 11, 24)
AR = Calendar(argentina_holidays(2026) | argentina_holidays(2027))


def test_the_form_of_the_drawing() -> None:
    delivered = date(2026, 11, 23)
    readings = [(delivered, 0), (TODAY, 1200)]
    made = suggest(TODAY, delivered, 1200, readings, AR, usual_km_per_day=44, base_word="la entrega")
    assert made.lines == (
        "10.000 km − 1.200 km = 8.800 km ÷ 44 km/día = 200 días → 12/06/2027",
        "12 meses desde la entrega (23/11/2026)                 → 23/11/2027",
        "Vale lo que llega antes. Domingos y feriados se saltean.",
        "Cálculo con lecturas del 23/11 (0 km) y uso medio del modelo.",
    )
    assert made.due == date(2027, 6, 12)
    assert made.target_km == 10_000


def test_a_known_use_counts_from_the_last_reading() -> None:
    """SIENA of the customer drawing: 42.180 km on 12/03/2026, after the 40.000 km service the 50.000 one."""
    readings = [(date(2025, 3, 12), 28_310), (date(2026, 3, 12), 42_180)]
    made = suggest(date(2026, 3, 13), date(2026, 3, 12), 42_180, readings, AR)
    assert made.target_km == 50_000
    assert made.km_per_day == 38
    assert made.by_km == date(2026, 10, 4)
    assert made.due == date(2026, 10, 5)
    assert made.by_months == date(2027, 3, 12)
    assert made.lines[-1] == "Cálculo con lecturas del 12/03/25 (28.310 km) y del 12/03 (42.180 km)."


def test_the_months_win_where_little_is_driven() -> None:
    readings = [(date(2025, 11, 3), 9_000), (date(2026, 11, 3), 10_000)]
    made = suggest(TODAY, date(2026, 11, 3), 10_000, readings, AR)
    assert made.by_km is not None and made.by_months == date(2027, 11, 3) < made.by_km
    assert made.due == date(2027, 11, 3)


def test_without_an_odometer_the_months_decide_and_without_anything_a_year() -> None:
    made = suggest(TODAY, date(2026, 5, 4), None, [], AR)
    assert (made.due, made.by_km, made.target_km) == (date(2027, 5, 4), None, None)
    assert len(made.lines) == 2
    assert suggest(TODAY, None, None, [], AR).due == date(2027, 11, 24)
    assert suggest(TODAY, None, 500, [], AR).lines[-1] == "Sin lecturas de km: uso medio del modelo."


def test_what_is_past_is_due_on_the_next_open_day() -> None:
    saturday = date(2026, 11, 28)
    made = suggest(saturday, date(2024, 1, 10), None, [], AR)
    assert made.due == date(2026, 11, 30)


def test_the_service_that_was_done_a_little_early_is_not_due_again() -> None:
    assert [next_target(km) for km in (0, 7_900, 8_000, 9_870, 28_300, 35_020, 42_180)] == [
        10_000, 10_000, 20_000, 20_000, 40_000, 40_000, 50_000,
    ]  # fmt: skip


def test_the_use_of_a_vehicle() -> None:
    day = date(2026, 1, 1)
    assert km_per_day([]) is None
    assert km_per_day([(day, 1000)]) is None
    assert km_per_day([(day, 1000), (day + timedelta(29), 5000)]) is None
    assert km_per_day([(day, 1000), (day + timedelta(40), 900)]) is None
    assert km_per_day([(day + timedelta(40), 3000), (day, 1000)]) == 50
    assert km_per_day([(day, 50_000), (day + timedelta(10), 1000), (day + timedelta(110), 6000)]) == 50


def test_a_vehicle_that_hardly_moves_is_due_by_its_months() -> None:
    made = suggest(TODAY, date(2026, 11, 3), 1_001, [(date(2006, 11, 3), 1_000), (date(2026, 11, 3), 1_001)], AR)
    assert made.due == date(2027, 11, 3)
    assert suggest(TODAY, None, 1_001, [(date(2006, 11, 3), 1_000), (date(2026, 11, 3), 1_001)], AR).due > TODAY


def test_months() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 12, 1), 12) == date(2027, 12, 1)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.none() | st.dates(date(2015, 1, 1), date(2026, 12, 31)),
    st.none() | st.integers(0, 900_000),
    st.lists(st.tuples(st.dates(date(2015, 1, 1), date(2026, 12, 31)), st.integers(0, 900_000)), max_size=6),
)
def test_never_in_the_past_never_a_sunday_or_holiday(
    today: date, base: date | None, km: int | None, readings: list[tuple[date, int]]
) -> None:
    made = suggest(today, base, km, readings, AR)
    assert made.due > today
    assert AR.is_open(made.due)
    assert made.target_km is None or made.target_km % 10_000 == 0
    first = min((d for d in (made.by_km, made.by_months) if d), default=None)
    if first is not None and first > today:
        assert made.due == AR.next_open(first)
