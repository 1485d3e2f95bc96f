"""The reports on screen: every number that is painted opens exactly as many rows, every key stays in sight, exports are
what the grid shows."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.i18n import set_language
from boxes_tui.reports import grid
from boxes_tui.reports.population import REPORTS, Ask
from boxes_tui.screens.report_grid import ReportGridScreen
from boxes_tui.screens.report_pie import ReportPieScreen
from boxes_tui.screens.report_rows import ReportSource
from boxes_tui.screens.reports import ReportScreen
from tests.reports.conftest import Made
from tests.reports.dealership import TODAY
from tests.widgets.picture import picture

WIDE_SPAN = (TODAY - timedelta(400), TODAY + timedelta(30))
MONTH = (TODAY - timedelta(30), TODAY)


async def until(pilot: Pilot[Any], holds: Callable[[], Any]) -> None:
    """Wait for a condition, never for a time."""
    for _turn in range(1200):
        if holds():
            return
        await pilot.pause(0.05)
    pytest.fail("the screen never came to it")


async def shown(house: House, ask: Ask, size: tuple[int, int], work: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
    """Run ``work`` on a report's screen once its figures stand."""
    app: Any = BoxesApp(lambda: house, house.settings, lambda: ReportScreen(ask))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.house and getattr(app.screen, "found", None) and app.screen.kpis.has_focus)
        await work(pilot)


def number_of(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".").replace("+", ""))


@pytest.mark.parametrize("language", ["es", "en"])
async def test_every_number_on_the_screen_opens_as_many_rows(make_house: Made, language: str) -> None:
    house = make_house(4, 20)
    set_language(language)
    try:
        for report in REPORTS:
            await shown(house, Ask(report, *WIDE_SPAN), (120, 36), opens)
    finally:
        set_language("es")


async def opens(pilot: Pilot[Any]) -> None:
    screen: Any = pilot.app.screen
    house, ask, found = screen.house, screen.ask, screen.found
    kinds = {f.kpi.code: f.kpi for f in found.kpis}
    for kpi in (*screen.kpis._left, *screen.kpis._right):
        if kinds[kpi.code].kind in ("count", "rate", "parts") and not kinds[kpi.code].unit and kpi.num != "—":
            view = grid.View(screen._selection(screen.kpis, kpi.code))
            assert house.read(grid.count, ask, view) == number_of(kpi.num), (ask.report, kpi)
    for n, part in enumerate(screen.pie.slices):
        if part.key != "rest":
            view = grid.View(screen._selection(screen.pie, part.key))
            assert house.read(grid.count, ask, view) == part.count == found.slices[n].n
    assert sum(p.count for p in screen.pie.slices) == found.total
    assert sum(int(float(p.pct[:-2].replace(",", ".")) * 10 + 0.5) for p in screen.pie.slices) in (0, 1000)
    for bar in screen.bars.bars:
        assert house.read(grid.count, ask, grid.View(screen._selection(screen.bars, bar.key))) == bar.count


async def test_enter_goes_from_a_number_to_its_rows_and_to_the_customer(lite_house: Made) -> None:
    async def work(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        report: Any = app.screen
        for widget, keys in ((report.kpis, ("down",)), (report.pie, ("down",)), (report.bars, ("left",))):
            widget.focus()
            await pilot.press(*keys)
            key = widget.cursor
            count = {
                report.kpis: {x.code: number_of(x.num) for x in report.kpis._left if x.num != "—"},
                report.pie: {x.key: x.count for x in report.pie.slices},
                report.bars: {x.key: x.count for x in report.bars.bars},
            }[widget][key]
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.words)
            assert app.screen.total == app.screen.grid.total == count
            assert f"Visualizados: {count:g}" in "\n".join(picture(app))
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is report)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.rows)
        row = next(k for k, r in app.screen.rows.items() if r.customer_id is not None)
        app.screen.grid.go_to(row)
        await pilot.press("enter")
        await until(pilot, lambda: type(app.screen).__name__ == "CustomerScreen")

    await shown(lite_house(3, 20), Ask("completed", *MONTH), (80, 24), work)


async def test_tab_goes_through_the_numbers_of_a_rate(lite_house: Made) -> None:
    async def work(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        figure = app.screen.found.kpi("courtesy_call_rate_15d")
        assert 0 < figure.num < figure.den
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.sides)
        for count in (figure.num, figure.den, figure.waiting, figure.num):
            await until(pilot, lambda count=count: app.screen.grid.total == count)  # type: ignore[misc]
            assert f" {count}]" in picture(app)[1]
            await pilot.press("tab")

    await shown(lite_house(4, 30), Ask("completed", *WIDE_SPAN), (80, 24), work)


async def test_at_80_by_24_keys_and_status_stay_and_the_cursor_brings_every_figure_into_sight(lite_house: Made) -> None:
    house = lite_house(3, 12)

    async def work(pilot: Pilot[Any]) -> None:
        screen: Any = pilot.app.screen
        seen: set[str] = set()
        for _figure in screen.found.kpis:
            lines = picture(pilot.app)
            assert len(lines) == 24 and "Enter" in lines[23] and lines[20].startswith(" Torta de:"), lines
            assert lines[21].startswith((" Enter sobre", f" {screen.kpis.whole}"[:40]))
            marked = [line for line in lines[3:11] if line.startswith(" ▸ ")]
            assert len(marked) == 1
            seen.add(screen.kpis.cursor)
            await pilot.press("down")
        assert seen == {f.kpi.code for f in screen.found.kpis}

    for report in ("opportunities", "completed", "campaigns", "agents", "retention"):
        await shown(house, Ask(report, *MONTH), (80, 24), work)


async def test_a_pie_of_the_grid_is_a_pie_of_its_rows(lite_house: Made) -> None:
    async def work(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.rows)
        table = app.screen
        whole = table.total
        table.change(grid.View(kept={"disposition": (None,)}))
        await until(pilot, lambda: 0 < table.total < whole and table.rows)
        while table.grid.column.id != "model":
            await pilot.press("right")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ReportPieScreen) and app.screen.parts)
        pie = app.screen
        assert sum(p.n for p in pie.parts) == table.total
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.words)
        assert app.screen.total == pie.parts[1].n
        assert app.screen.view.kept["disposition"] == (None,)

    await shown(lite_house(3, 30), Ask("completed", *MONTH), (80, 24), work)


async def test_an_export_holds_the_rows_and_columns_of_the_screen(lite_house: Made) -> None:
    async def work(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, ReportGridScreen) and app.screen.rows)
        table = app.screen
        table.hidden = frozenset({"plate"})
        table.change(grid.View(kept={"contact": ("yes",)}, order=(("agent", True),)))
        await until(pilot, lambda: table.rows and table.total)
        painted = [row.cells for row in ReportSource(table, table.total).block(0, table.total)]
        await pilot.press("x", "1")
        folder = table.house.settings.home / "exports"
        await until(pilot, lambda: list(folder.glob("agents-*.csv")))
        (path,) = folder.glob("agents-*.csv")
        lines = list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))
        assert "Patente" not in lines[0] and len(lines) - 1 == table.total
        who, agent = lines[0].index("Cliente"), lines[0].index("Agente")
        columns = [c.id for c in table.columns if c.id not in table.hidden]
        assert [(r[columns.index("customer")], r[columns.index("agent")]) for r in painted] == [
            (line[who].removeprefix("'"), line[agent]) for line in lines[1:]
        ]

    await shown(lite_house(3, 20), Ask("agents", *MONTH), (120, 36), work)


async def test_a_long_export_shows_how_far_it_is_and_escape_leaves_no_file(
    lite_house: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    from boxes_tui.reports import export
    from boxes_tui.screens.dialogs import progress
    from boxes_tui.screens.dialogs.progress import ProgressPanel

    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(export, "STEP", 1)
    go, stream = Event(), grid.stream

    def slow(*args: Any, **more: Any) -> Any:
        for row in stream(*args, **more):
            yield row
            go.wait(60)

    monkeypatch.setattr(grid, "stream", slow)

    async def work(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await pilot.press("x", "1")
        await until(pilot, lambda: isinstance(app.screen, ProgressPanel))
        await until(pilot, lambda: "filas" in "\n".join(picture(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "Cancelando" in "\n".join(picture(app)))
        go.set()
        await until(pilot, lambda: isinstance(app.screen, ReportScreen))
        await until(pilot, lambda: "Se canceló la exportación" in "\n".join(picture(app)))
        assert not list((app.house.settings.home / "exports").iterdir())

    await shown(lite_house(3, 12), Ask("agents", *MONTH), (80, 24), work)
