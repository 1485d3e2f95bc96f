"""Every KPI of every report against an oracle written apart, over random dealerships, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from boxes_tui.bootstrap import House
from boxes_tui.data.session import Session
from boxes_tui.domain.kpis import KPIS, Figure
from boxes_tui.reports import grid
from boxes_tui.reports.figures import Figures, by_value, figures
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
LONG = range(5, 30)


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
    if figure.kpi.kind == "median":
        return figure.num, figure.value
    return figure.num, figure.den


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kpi_agrees_with_the_oracle(make_house: Made, seed: int) -> None:
    house = make_house(seed)
    for low, high in SPANS:
        check(house, low, high)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_every_kpi_agrees_with_the_oracle_at_length(make_house: Made, seed: int) -> None:
    check(make_house(seed, 50), *SPANS[0])


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
        if figure.kpi.kind in ("count", "rate", "parts", "median") and figure.kpi.unit != "minutes":
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
