"""Typed ahead: on a slow line several keys arrive at once, the second meant for the screen that the first one opens.
Each is delivered when the one before is done with and the screen in front takes keys; none is lost, none goes astray."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump

from boxes_tui.clock import monotonic

Typed = events.Key | events.Paste

PATIENCE = 2.5
"""Seconds after which a waiting key is delivered anyway: a verb that waits for a mute database must not hold ``Esc``."""

AT_ONCE = frozenset({"ctrl+q", "ctrl+c"})


class TypeAhead:
    """The keys typed and not yet delivered. ``deliver`` hands one to Textual; ``front`` is the screen in front, which
    says by ``takes_keys`` whether it does (a screen without that word does)."""

    def __init__(self, deliver: Callable[[Typed], Awaitable[None]], app: Any) -> None:
        self._deliver, self._app = deliver, app
        self._waiting: deque[Typed] = deque()
        self._travels = False
        self._since = 0.0
        self._delivering = self._timed = False

    async def typed(self, event: Typed) -> None:
        """A key came from the terminal; the one that ends the app waits for nothing."""
        if isinstance(event, events.Key) and event.key in AT_ONCE:
            await self._deliver(event)
            return
        if not self._waiting and not self._travels:
            self._since = monotonic()
        self._waiting.append(event)
        await self.flow()

    def forget(self) -> None:
        """What a key asked for did not happen: keys typed after it had another meaning."""
        self._waiting.clear()

    async def flow(self) -> None:
        """Deliver what may be delivered now. Runs among the app's messages only."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting and self._free():
                event = self._waiting.popleft()
                target = self._app.focused or self._app.screen
                self._travels, self._since = True, monotonic()
                await self._deliver(event)
                self._follow(target)
        finally:
            self._delivering = False
        if self._waiting and not self._timed:
            self._timed = True
            self._app.set_timer(PATIENCE, self._again)

    async def _again(self) -> None:
        self._timed = False
        await self.flow()

    def _free(self) -> bool:
        if monotonic() - self._since > PATIENCE:
            return True
        return not self._travels and getattr(self._app.screen, "takes_keys", True)

    def _follow(self, node: MessagePump | None) -> None:
        """Come after the key in the queue of everything it may bubble through; then the next one goes."""
        while isinstance(node, DOMNode) and node is not self._app:
            parent = node.parent
            if node.call_later(self._follow, parent):
                return
            node = parent
        self._travels = False
        self._app.call_later(self.flow)
