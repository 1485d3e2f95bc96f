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
from boxes_tui.i18n import _

Typed = events.Key | events.Paste

PATIENCE = 2.5
"""Seconds after which the way out is open anyway: a verb that waits for a mute database must not hold ``Esc``."""

LIMIT = 20.0
"""Seconds after which the other keys are given up, and that is told; what a verb asks of the database fails earlier. They
are never handed to a screen that they were not typed for: there they would be other verbs."""

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
        elif self._stuck() and isinstance(event, events.Key) and event.key == "escape":
            self.forget()
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
            while self._waiting and (self._free() or (self._stuck() and self._leads_out(self._waiting[0]))):
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
        if self._waiting and not self._free() and monotonic() - self._since > LIMIT:
            self.forget()
            self._app.notify(_("Lo escrito mientras no respondía no se tomó: hay que repetirlo."))
        await self.flow()

    def _free(self) -> bool:
        return not self._travels and getattr(self._app.screen, "takes_keys", True)

    def _stuck(self) -> bool:
        return monotonic() - self._since > PATIENCE

    def _leads_out(self, event: Typed) -> bool:
        """``Esc``; and ``q`` where no verb is under way that may open a field for it."""
        if not isinstance(event, events.Key):
            return False
        opening = self._travels or getattr(self._app.screen, "opens", False)
        return event.key == "escape" or (event.key == "q" and not opening)

    def _follow(self, node: MessagePump | None) -> None:
        """Come after the key in the queue of everything it may bubble through; then the next one goes."""
        while isinstance(node, DOMNode) and node is not self._app:
            parent = node.parent
            if node.call_later(self._follow, parent):
                return
            node = parent
        self._travels = False
        self._app.call_later(self.flow)
