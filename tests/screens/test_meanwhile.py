"""What others do while somebody stands in a list or speaks (SCREENS §8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.data.commands import Command
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.tables import appointment, call, opportunity
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal
from boxes_tui.desk.next_call import next_row
from boxes_tui.desk.opportunities import Discard, Reschedule
from boxes_tui.screens.dialogs.call_panel import CallPanel
from boxes_tui.screens.dialogs.forms import DateForm, ReasonForm
from boxes_tui.screens.queue import QueueScreen
from tests.support.house import TODAY, Desk, local, open_desk


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


def app_of(desk: Desk, screen: Callable[[], Any]) -> BoxesApp:
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


async def called(desk: Desk, queue: str, flt: str | None, name: str, keys: Sequence[str], act: Command) -> list[str]:
    """Open the panel on a row, let Luis act on it, type (``?`` waits for the question); what the status line said."""
    said: list[str] = []
    app = app_of(desk, lambda: QueueScreen(queue, flt, desk.ref(queue, name)))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: getattr(app.screen, "row", None) is not None)
        await pilot.press("l")
        await wait_for(pilot, lambda: isinstance(app.screen, CallPanel) and app.screen.sheet is not None)
        desk.do(act, "luis")
        for key in keys:
            if key == "?":
                await wait_for(pilot, lambda: "▸ Guardar sólo la llamada" in text_of(app))
                said.append(text_of(app).splitlines()[22].strip())
            else:
                await pilot.press(key)
        await wait_for(pilot, lambda: isinstance(app.screen, QueueScreen))
        await wait_for(pilot, lambda: "Se guardó" in text_of(app))
        return [*said, text_of(app).splitlines()[22].strip()]


TOMORROW = ("4", *"mañana 10", "enter")


@pytest.mark.parametrize(
    ("keys", "callback", "note"),
    [
        ((*TOMORROW, "?", "5", "enter"), None, "Volver a llamar 25/11/2026 10:00 · ojo"),
        ((*TOMORROW, "?", "tab", "enter"), local(TODAY + timedelta(1), 10), "ojo"),
        ((*TOMORROW, "?", "escape", "enter", "?", "escape", "escape", "1"), None, "ojo"),
    ],
)  # fmt: skip
async def test_a_promise_on_what_another_confirmed_is_asked_about(
    desk: Desk, keys: Sequence[str], callback: Any, note: str
) -> None:
    """The call alone first, with what was typed in its note; a digit answers nothing, and Esc is back in the form."""
    keys = ("N", *"ojo", "enter", *keys)
    said = await called(desk, "appointments", "to_confirm", "turno", keys, Confirm(desk.ref("appointments", "turno")))
    assert said[0] == "Ya está confirmado. ▸ Guardar sólo la llamada   Guardar también el cambio"
    made = desk.rows(call)
    assert [(c["callback_at"], c["note"]) for c in made] == [(callback, note)]
    assert desk.row(appointment, desk.ids["turno"])["confirmed_by"] == desk.ids["luis"]


async def test_only_the_call_is_offered_where_the_life_cycle_ends(desk: Desk) -> None:
    """There is no other answer on a discarded opportunity; the reason stays with the call."""
    ref = desk.ref("opportunities", "op_pena")
    said = await called(desk, "opportunities", None, "op_pena", ("7", "2", "?", "tab", "enter"), Discard(ref, "price"))
    assert said[0] == "Ya está descartada. ▸ Guardar sólo la llamada"
    assert "Se guardó sólo la llamada (No le interesa)" in said[1]
    assert [c["reason"] for c in desk.rows(call)] == ["done_elsewhere"]
    assert desk.row(opportunity, desk.ids["op_pena"])["reason"] == "price"


async def test_the_change_goes_too_where_the_life_cycle_permits(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    keys = ("6", *"3/12", "enter", "?", "tab", "enter")
    await called(desk, "opportunities", None, "op_pena", keys, Reschedule(ref, "28/11 10:00"))
    assert desk.row(opportunity, desk.ids["op_pena"])["due_day"] == date(2026, 12, 3)


async def test_what_is_no_contradiction_is_not_asked(desk: Desk) -> None:
    """A call that nobody answered happened, whatever another did meanwhile."""
    said = await called(desk, "appointments", "to_confirm", "turno", ("1",), Confirm(desk.ref("appointments", "turno")))
    assert "Se guardó No atiende" in said[0]


async def test_a_form_asks_again_when_its_value_moved(desk: Desk) -> None:
    """Both values on the first Enter, the act on the second; what was typed stays."""
    ref = desk.ref("opportunities", "op_pena")
    app = app_of(desk, lambda: QueueScreen("opportunities", None, ref))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: getattr(app.screen, "row", None) is not None)
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, DateForm))
        desk.do(Reschedule(ref, "28/11 10:00"), "luis")
        await pilot.press(*"3/12", "enter")
        await wait_for(pilot, lambda: "era 20/11, ahora 28/11 10:00" in text_of(app))
        assert desk.row(opportunity, desk.ids["op_pena"])["due_day"] == date(2026, 11, 28)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Se replanificó" in text_of(app))
    assert desk.row(opportunity, desk.ids["op_pena"])["due_day"] == date(2026, 12, 3)


async def test_a_reason_is_asked_again_when_the_row_moved(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    app = app_of(desk, lambda: QueueScreen("opportunities", None, ref))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: getattr(app.screen, "row", None) is not None)
        await pilot.press("d")
        await wait_for(pilot, lambda: isinstance(app.screen, ReasonForm))
        desk.do(Reschedule(ref, "28/11"), "luis")
        await pilot.press("2")
        await wait_for(pilot, lambda: "era 20/11, ahora 28/11" in text_of(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Se descartó" in text_of(app))
    assert desk.row(opportunity, desk.ids["op_pena"])["reason"] == "done_elsewhere"


def test_nobody_to_call_says_when_the_next_comes_back(desk: Desk) -> None:
    for name in ("op_pena", "op_baez"):
        desk.do(LogCall(desk.ref("opportunities", name), "no_answer"))
    row, why = next_row(desk.house.engine, desk.session(), Ask("opportunities", "all"))
    assert row is None and why == "Nada para llamar ahora; lo próximo vuelve 18:10."
