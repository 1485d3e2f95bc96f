"""What somebody met who had never seen the screens: said in full, asked once, no key that does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from boxes_tui.app import BoxesApp
from boxes_tui.data.drafts import Journal
from boxes_tui.data.engine import writing
from boxes_tui.data.tables import customer, note, opportunity
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.opportunities import Reschedule
from boxes_tui.screens.board import BoardScreen
from boxes_tui.screens.dialogs.call_panel import CallPanel
from boxes_tui.screens.dialogs.forms import AskForm, DateForm, ReasonForm
from boxes_tui.screens.my_day import MyDayScreen
from boxes_tui.screens.pending import keep_pending
from boxes_tui.screens.queue import QueueScreen
from tests.screens.test_meanwhile import app_of, text_of, wait_for
from tests.support.house import NOW, Desk, open_desk


def absent(app: BoxesApp, text: str) -> bool:
    return text not in text_of(app)


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()


@pytest.mark.parametrize(("keys", "front"), [("l74", CallPanel), ("d4", ReasonForm)])
async def test_a_sold_unit_asks_who_has_it(desk: Desk, keys: str, front: type) -> None:
    """PRODUCT §5; digits are text there."""
    app = app_of(desk, lambda: QueueScreen("opportunities", None, desk.ref("opportunities", "op_pena")))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: getattr(app.screen, "row", None) is not None)
        for key in keys:
            await pilot.press(key)
            await wait_for(pilot, lambda: isinstance(app.screen, front))
            await wait_for(pilot, lambda: getattr(app.screen, "sheet", True) is not None)
        await wait_for(pilot, lambda: "quién tiene ahora la unidad" in text_of(app))
        await pilot.press(*"Gil 5", "enter")
        await wait_for(pilot, lambda: "Se " in text_of(app) and isinstance(app.screen, QueueScreen))
    assert desk.row(opportunity, desk.ids["op_pena"])["reason"] == "vehicle_sold"
    assert [n["text"] for n in desk.rows(note)] == ["La unidad la tiene ahora: Gil 5"]


async def test_a_long_name_cuts_itself_alone(desk: Desk) -> None:
    """The verdict over the panel, the hour at which the row is back and the keys of the note stay in sight."""
    with writing(desk.house.engine) as conn:
        who = customer.update().where(customer.c.id == desk.ids["pena"])
        conn.execute(who.values(display_name="FERNÁNDEZ IBARGÜENGOITIA ACHÁVAL, MARÍA DE LOS ÁNGELES S.R.L."))
    app = app_of(desk, lambda: QueueScreen("opportunities", None, desk.ref("opportunities", "op_pena")))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: getattr(app.screen, "row", None) is not None)
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, DateForm))
        assert "Tab" not in text_of(app).splitlines()[23], "one field has no other"
        await pilot.press(*"3/12", "enter")
        await wait_for(pilot, lambda: "Se replanificó" in text_of(app))
        await pilot.press("up", "l")
        await wait_for(pilot, lambda: "· oferta permitida ─" in text_of(app))
        await pilot.press("N")
        await wait_for(pilot, lambda: "las cifras son texto acá" in text_of(app))
        await pilot.press("escape", "1")
        await wait_for(pilot, lambda: "; vuelve 18:10. [u] deshacer" in text_of(app))


async def test_what_was_typed_can_be_thrown_away(desk: Desk) -> None:
    """Otherwise the board reminds of it for good: a draft, and an act that was refused."""
    journal, ref = Journal(desk.house.settings.home), desk.ref("opportunities", "op_pena")
    journal.save("ana", "call", ref, {"text": "a medias"})
    keep_pending(journal, desk.session(), Reschedule(ref, "3/12"), "k", NOW)
    journal.refuse(journal.waiting("ana")[0].id, "Ya está vendida.")
    app = app_of(desk, MyDayScreen)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "[d] descarta" in text_of(app))
        for gone in ("a medias", "Ya está vendida."):
            assert gone in text_of(app)
            await pilot.press("d")
            await wait_for(pilot, lambda: isinstance(app.screen, AskForm))
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, MyDayScreen))
            await wait_for(pilot, partial(absent, app, gone))
    assert journal.drafts("ana") == [] and journal.waiting("ana", refused=None) == []


async def test_the_title_stands_at_once(desk: Desk) -> None:
    """The age of the DMS is known from the screen before: the name does not move when the rows arrive."""
    app = app_of(desk, lambda: QueueScreen("opportunities", None, desk.ref("opportunities", "op_pena")))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "PENA" in text_of(app))
        opened = QueueScreen("deliveries")
        await app.push_screen(opened)
        assert opened.freshness is not None and opened.freshness == app.screen_stack[-2].freshness  # type: ignore[attr-defined]


async def test_the_board_hands_over_what_was_promised_first(desk: Desk) -> None:
    """A callback that is due, though deliveries stand before opportunities."""
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "4", at="14:30"))
    app = app_of(desk.later(minutes=30), BoardScreen)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "A devolver: 1" in text_of(app))
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(app.screen, CallPanel))
        assert isinstance(app.screen, CallPanel) and app.screen.row.ref == desk.ref("opportunities", "op_pena")
