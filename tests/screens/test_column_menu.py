"""The column menu of a list (PRODUCT §11 ``m``): what stays, in which order, in which columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.app import BoxesApp
from boxes_tui.domain.queues import QUEUES
from boxes_tui.domain.verbs import LISTS
from boxes_tui.screens.list_view import ListView, groups, sort_value
from boxes_tui.screens.queue import QueueScreen
from boxes_tui.widgets.rows import Row
from tests.support.house import Desk, open_desk


def fake(n: int, day: date | None, about: str) -> tuple[Any, Row]:
    row = SimpleNamespace(ref=f"opportunities:{n}", day=day, about=about, stage="opportunities", due_minute=None,
                          when=None, work=None)  # fmt: skip
    return row, Row(row.ref, (f"{day:%d/%m}" if day else "—", "—", f"CLIENTE {n}", "AA", about, "—"))


ROWS = st.lists(
    st.tuples(
        st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sampled_from(["Frenos", "frénos", "Service"])
    ),
    max_size=30,
)


@given(ROWS, st.booleans(), st.sampled_from(["due", "about", "customer"]))
def test_what_stays_is_exactly_what_was_asked(made: list[tuple[date | None, str]], down: bool, column: str) -> None:
    pairs = [fake(n, day, about) for n, (day, about) in enumerate(made)]
    rows, painted = [p[0] for p in pairs], [p[1] for p in pairs]
    view = ListView({"about": ("Frenos",)}, (column, down), frozenset({"plate"}))
    shown = view.arrange("opportunities", rows, painted)
    assert {s.key for s in shown} == {r.ref for r in rows if r.about == "Frenos"}
    assert all(len(s.cells) == 5 for s in shown)
    values = [sort_value(next(r for r in rows if r.ref == s.key), column) for s in shown]
    known = [v for v in values if v is not None]
    assert known == sorted(known, reverse=down) and values[len(known) :] == [None] * (len(values) - len(known))
    assert sum(n for _text, n in groups("opportunities", "about", painted)) == len(rows)


@pytest.mark.parametrize("queue", LISTS)
def test_every_column_can_be_sorted(queue: str, migrated_sqlite: str, home: Path) -> None:
    from boxes_tui.data.reads.queues import Ask, rows

    desk = open_desk(migrated_sqlite)
    try:
        for flt in QUEUES[queue].filters:
            with desk.house.engine.connect() as conn:
                found = rows(conn, desk.session("luis"), Ask(queue, flt.code))
            for column in QUEUES[queue].columns:
                known = [v for v in (sort_value(r, column.id) for r in found) if v is not None]
                assert sorted(known) is not None
    finally:
        desk.house.close()


async def wait_for(pilot: Any, fine: Any) -> None:
    for _ in range(200):
        if fine():
            return
        await pilot.pause(0.05)
    raise AssertionError("the screen did not come to show it")


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Any:
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()


async def test_filter_sort_pie_and_back(desk: Desk) -> None:
    """By keys: a value is kept, the order turned, the pie's slice opened; ``Esc`` gives the queue back."""
    app = BoxesApp(lambda: desk.house, desk.house.settings, lambda: QueueScreen("appointments"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        shown: QueueScreen = screen
        await wait_for(pilot, lambda: screen.loaded is not None and screen.grid.total)
        before, total = screen.grid.keys_in_sight(), screen.grid.total
        await pilot.press("right", "right", "right", "m", "3")
        await wait_for(pilot, lambda: screen.view.order is not None)
        assert screen.view.order == (screen.queue.columns[2].id, True)
        await pilot.press("m", "5")
        await wait_for(pilot, lambda: type(app.screen).__name__ == "ListPie")
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is screen and bool(shown.view.kept))
        kept = next(iter(screen.view.kept.values()))
        await wait_for(pilot, lambda: 0 < screen.grid.total <= total)
        assert all(kept[0] in (screen.grid.row(k) or Row("", ())).cells for k in screen.grid.keys_in_sight())
        await pilot.press("escape")
        await wait_for(pilot, lambda: screen.view == ListView() and screen.grid.total == total)
        assert screen.grid.keys_in_sight() == before
