"""The app on a house of the tests, without a terminal: keys in, lines of text out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.clock import monotonic

PATIENCE = 60.0
"""Seconds that a condition may take on a loaded machine."""


class Front:
    """The app in front of the agent."""

    def __init__(self, app: BoxesApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    def lines(self) -> list[str]:
        """What the screen shows, dialogs included."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(s.text for s in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it; the screen is the message where it never comes."""
        deadline = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < deadline, self.text
            await self.pilot.pause()
            await asyncio.sleep(0.02)

    async def sees(self, *words: str) -> None:
        """Wait until all words are on the screen."""
        await self.until(lambda: all(w in self.text for w in words))

    async def misses(self, word: str) -> None:
        """Wait until a word is gone from the screen."""
        await self.until(lambda: word not in self.text)

    async def press(self, *keys: str) -> None:
        """Keys one after the other, as typed."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str) -> None:
        """A text into the focused field."""
        await self.press(*(" ".join(text).replace("   ", " space ").split()))


@asynccontextmanager
async def front(house: House, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Front]:
    """The app opened on ``house``; the board is there and read."""
    app = BoxesApp(lambda: house, house.settings)
    async with app.run_test(size=size) as pilot:
        made = Front(app, pilot)
        await made.until(lambda: app.house is not None)
        await made.until(lambda: getattr(app.screen, "board", None) is not None)
        yield made
