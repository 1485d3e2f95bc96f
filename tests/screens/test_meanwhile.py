"""What others do while somebody stands in a list or speaks (SCREENS §8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.data.reads.queues import Ask
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal
from boxes_tui.desk.next_call import next_row
from boxes_tui.screens.dialogs.call_panel import CallPanel
from boxes_tui.screens.queue import QueueScreen
from tests.support.house import Desk, open_desk


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()


async def wait_for(pilot: Any, fine: Callable[[], object]) -> None:
    for _ in range(400):
        if fine():
            return
        await pilot.pause(0.05)
    raise AssertionError("the screen did not come to show it")


def app_of(desk: Desk, screen: Callable[[], QueueScreen]) -> BoxesApp:
    house = House(desk.house.settings, desk.clock, desk.house.engine, "ana")
    return BoxesApp(lambda: house, desk.house.settings, screen)


def text_of(app: BoxesApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_a_row_that_another_confirmed_says_who_and_when(desk: Desk) -> None:
    """It stays under the cursor with the reason, until the next movement (caught by a merge without reasons)."""
    app = app_of(desk, lambda: QueueScreen("appointments", "to_confirm", desk.ref("appointments", "turno")))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "PENA" in text_of(app) and app.screen.row is not None)  # type: ignore[attr-defined]
        desk.do(Confirm(desk.ref("appointments", "turno")), "luis")
        await wait_for(pilot, lambda: "✓ Luis, Confirmar turno" in text_of(app))
        await pilot.press("down")
        await wait_for(pilot, lambda: "✓ Luis" not in text_of(app))


async def test_a_call_goes_on_when_the_customer_is_taken(desk: Desk) -> None:
    """The panel stays, says who took the customer, and the outcome is still recorded."""
    app = app_of(desk, lambda: QueueScreen("opportunities", None, desk.ref("opportunities", "op_pena")))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "PENA" in text_of(app))
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(app.screen, CallPanel) and "Por qué ahora" in text_of(app))
        desk.do(Steal(desk.ref("opportunities", "op_pena")), "luis")
        await wait_for(pilot, lambda: "Luis tomó este cliente" in text_of(app))
        assert "Lo escrito queda." in text_of(app)
        await pilot.press("1")
        await wait_for(pilot, lambda: "No at." in text_of(app))


def test_nobody_to_call_says_when_the_next_comes_back(desk: Desk) -> None:
    for name in ("op_pena", "op_baez"):
        desk.do(LogCall(desk.ref("opportunities", name), "no_answer"))
    row, why = next_row(desk.house.engine, desk.session(), Ask("opportunities", "all"))
    assert row is None and why == "Nada para llamar ahora; lo próximo vuelve 18:10."
