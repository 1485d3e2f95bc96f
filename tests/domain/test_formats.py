"""How dates, numbers and shares are written (PRODUCT §2, FORMATS.md, KPIS.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.domain import formats as f
from boxes_tui.i18n import set_language

TODAY = date(2026, 11, 24)


@pytest.fixture
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("es")


def test_days() -> None:
    assert f.show_day(TODAY, TODAY) == "24/11"
    assert f.show_day(date(2027, 5, 14), TODAY) == "14/05/27"
    assert f.full_day(date(2027, 3, 5)) == "05/03/2027"
    assert f.long_day(TODAY) == "martes 24/11/2026"
    assert f.short_day(date(2026, 11, 25)) == "mié 25/11/2026"
    assert f.weekday_day(date(2026, 11, 27), TODAY) == "vie 27/11"
    assert f.weekday_day(date(2027, 6, 12), TODAY) == "sáb 12/06/27"
    assert f.clock(datetime(2026, 11, 24, 9, 5)) == "09:05"


def test_numbers() -> None:
    assert f.number(1234.5, 1) == "1.234,5"
    assert f.number(42180) == "42.180"
    assert f.money(41230050) == "$ 412.300,50"
    assert f.money(0) == "$ 0,00"
    assert f.money(-150, "US$") == "US$ -1,50"


def test_rates() -> None:
    assert f.rate(96, 112) == "96/112 (85,7 %)"
    assert f.rate(58, 187) == "58/187 (31,0 %)"
    assert f.rate(3, 7) == "3/7 (42,9 %)"
    assert f.rate(0, 5) == "0/5 (0,0 %)"
    assert f.rate(1, 1) == "1/1 (100,0 %)"
    assert f.rate(0, 0) == "—"
    assert f.rate(1, 16) == "1/16 (6,3 %)"


def test_ages() -> None:
    assert [f.ago(n) for n in (0, 4, 119, 120, 47 * 60, 48 * 60)] == ["0 min", "4 min", "119 min", "2 h", "47 h", "2 d"]


@pytest.mark.usefixtures("english")
def test_in_english() -> None:
    assert f.long_day(TODAY) == "Tuesday 24/11/2026"
    assert f.short_day(TODAY) == "Tue 24/11/2026"
    assert f.long_day(TODAY, "es") == "martes 24/11/2026"
    assert f.number(1234.5, 1) == "1,234.5"
    assert f.rate(96, 112) == "96/112 (85.7 %)"


def test_the_pie_of_the_drawing() -> None:
    assert f.largest_remainder([89, 31, 16, 8, 4]) == [601, 210, 108, 54, 27]
    assert f.largest_remainder([1, 22, 0, 37]) == [17, 367, 0, 616]
    assert f.largest_remainder([1, 1, 1]) == [334, 333, 333]
    assert f.largest_remainder([]) == []
    assert f.largest_remainder([0, 0]) == [0, 0]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_shares_sum_to_a_hundred_and_stay_within_a_tenth(counts: list[int]) -> None:
    shares = f.largest_remainder(counts)
    total = sum(counts)
    assert sum(shares) == (1000 if total else 0)
    for n, share in zip(counts, shares, strict=True):
        assert not total or abs(share - 1000 * n / total) < 1
        assert n or not share
    pairs = list(zip(counts, shares, strict=True))
    assert all(a[1] <= b[1] for a in pairs for b in pairs if a[0] < b[0])


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("DNI", "20001234", "DNI 20.001.234"), (None, "4001234", "DNI 4.001.234"), ("CUIT", "30123456789", "CUIT 30-12345678-9"),
        ("PAS", "AB12345", "PAS AB12345"), ("DNI", "01234567", "DNI 01234567"), ("DNI", "20.001.234", "DNI 20.001.234"),
    ],
)  # fmt: skip
def test_documents_are_written_as_people_write_them(kind: str | None, text: str, shown: str) -> None:
    assert f.document(kind, text) == shown
