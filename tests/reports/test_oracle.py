"""Every KPI of every report against an oracle written apart, over random dealerships, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from boxes_tui.bootstrap import House
from boxes_tui.data.session import Session
from boxes_tui.domain.kpis import KPIS, Figure, name
from boxes_tui.i18n import set_language
from boxes_tui.reports import grid
from boxes_tui.reports.base import Ctx
from boxes_tui.reports.figures import Figures, by_value, figures, slices
from boxes_tui.reports.grid import View
from boxes_tui.reports.population import REPORTS, Ask, Selection
from tests.reports import oracle, oracle_more
from tests.reports.conftest import Made
from tests.reports.dealership import NOW, TODAY

ANSWERS = {
    "deliveries": oracle.deliveries, "opportunities": oracle.opportunities, "appointments": oracle.appointments,
    **oracle_more.ANSWERS,
}  # fmt: skip
SPANS = (
    (TODAY - timedelta(2300), TODAY + timedelta(60)),
    (TODAY - timedelta(60), TODAY),
    (TODAY - timedelta(7), TODAY),
)
SEEDS = range(5)
LONG = range(5, 50)


def check(house: House, low: date, high: date) -> None:
    facts = house.read(lambda conn, _session: oracle.Facts(conn, NOW, low, high))
    for report in REPORTS:
        found: Figures = house.read(figures, Ask(report, low, high))
        expected = ANSWERS[report](facts)
        assert {k.kpi.code for k in found.kpis} == set(expected), report
        for figure in found.kpis:
            assert seen(figure) == pytest.approx(expected[figure.kpi.code]), (report, figure.kpi.code, low, high)
        assert found.total == expected["total"][0]


def seen(figure: Figure) -> tuple[Any, Any]:
    """What the oracle tells of a KPI: its counts; of a median, how many and which."""
    if figure.kpi.kind in ("median", "max"):
        return figure.num, figure.value
    return figure.num, figure.den


@pytest.fixture(params=["es", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Either language of the numbers and names."""
    set_language(request.param)
    yield request.param
    set_language("es")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kpi_agrees_with_the_oracle(make_house: Made, seed: int) -> None:
    house = make_house(seed)
    set_language("en" if seed % 2 else "es")
    try:
        for low, high in SPANS:
            check(house, low, high)
    finally:
        set_language("es")


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_every_kpi_agrees_with_the_oracle_at_length(make_house: Made, language: str, seed: int) -> None:
    house = make_house(seed, 50)
    for low, high in SPANS:
        check(house, low, high)


def test_every_name_of_a_figure_has_two_languages() -> None:
    set_language("en")
    try:
        english = {k.code: name(k) for kpis in KPIS.values() for k in kpis}
    finally:
        set_language("es")
    spanish = {k.code: name(k) for kpis in KPIS.values() for k in kpis}
    assert {c for c in english if english[c] == spanish[c]} <= {"nps", "total"}


def by_every_column(conn: Connection, session: Session, ask: Ask) -> None:
    columns = grid.columns(conn, session, ask)
    rows = grid.rows(conn, session, ask)
    for place, column in enumerate(columns):
        if not column.categorical:
            continue
        parts = slices(Ctx.of(conn, session, ask.low, ask.high), ask, column.id)
        counted = Counter(row.values[place] for row in rows)
        assert {p.value: p.n for p in parts} == counted, (ask.report, column.id)
        assert sum(p.tenths for p in parts) == (1000 if rows else 0)
        assert [p.n for p in parts] == sorted(counted.values(), reverse=True)


def test_a_pie_of_every_categorical_column_is_that_of_its_rows(make_house: Made) -> None:
    house = make_house(6, 20)
    for report in REPORTS:
        house.read(by_every_column, Ask(report, *SPANS[0]))


def test_every_number_opens_into_exactly_its_rows(make_house: Made) -> None:
    house = make_house(3)
    low, high = SPANS[0]
    for report in REPORTS:
        house.read(opens, Ask(report, low, high))


def opens(conn: Connection, session: Session, ask: Ask) -> None:
    found = figures(conn, session, ask)
    every = grid.rows(conn, session, ask)
    assert len(every) == found.total
    assert sum(s.n for s in found.slices) == sum(p.n for p in found.series) == found.total
    assert not found.total or sum(s.tenths for s in found.slices) == 1000
    for part in found.slices:
        view = View(Selection(by=found.by, value=part.value))
        assert len(grid.rows(conn, session, ask, view)) == part.n
    split = by_value(conn, session, ask, found.by)
    for value, row in split:
        assert row[0].num == grid.count(conn, session, ask, View(Selection(by=found.by, value=value)))
    for n, whole in enumerate(k for k in found.kpis if not k.kpi.source and k.kpi.kind in ("count", "rate", "score")):
        sums = (sum(row[n].num for _value, row in split), sum(row[n].den or 0 for _value, row in split))
        assert sums == (whole.num, whole.den or 0)
    for period in found.series:
        assert grid.count(conn, session, ask, View(Selection(period=period.period))) == period.n
    for figure in found.kpis:
        if figure.kpi.kind in ("count", "rate", "parts", "median", "max") and figure.kpi.unit != "minutes":
            view = View(Selection(figure.kpi.code))
            assert len(grid.rows(conn, session, ask, view)) == figure.num == grid.count(conn, session, ask, view), (
                figure
            )
        if figure.kpi.kind in ("rate", "mean", "score"):
            assert grid.count(conn, session, ask, View(Selection(figure.kpi.code, "den"))) == figure.den, figure
        if figure.waiting is not None:
            assert grid.count(conn, session, ask, View(Selection(figure.kpi.code, "waiting"))) == figure.waiting
        for part in figure.parts:
            assert grid.count(conn, session, ask, View(Selection(figure.kpi.code, part=part.value))) == part.n


def test_every_report_has_its_kpis_and_its_oracle() -> None:
    assert set(KPIS) == set(REPORTS) == set(ANSWERS)
