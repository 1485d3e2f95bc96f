"""The base of every screen: its frame, the size guard, and what happens before each key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from boxes_tui.clock import monotonic
from boxes_tui.widgets.bars import SmallWindow, StatusLine
from boxes_tui.widgets.frame import Frame

Answer = TypeVar("Answer")

LEAST = (60, 15)
"""The smallest window that shows a screen; a smaller one shows one sentence."""


class HouseReady(Message):
    """The database's doors are open; every screen gets it once (``on_house_ready``). Screens made later find
    ``app.house`` set."""

    def __init__(self, house: object) -> None:
        super().__init__()
        self.house = house


FRAME = 1 / 60
"""Seconds between paintings in a burst."""


class Guarded:
    """What screens and dialogs share: nothing but one sentence in a small window, and the hook before each
    key."""

    _painted_at = 0.0
    _in_front = False
    _verbs = 0

    @property
    def takes_keys(self) -> bool:
        """Whether a key typed now would reach what the user means: the screen is up, and no verb of it is under way
        that may open another (:class:`~boxes_tui.guard.typeahead.TypeAhead`)."""
        return self._in_front and not self._verbs

    @property
    def opens(self) -> bool:
        """Whether a verb is under way that may open another screen."""
        return self._verbs > 0

    def on_screen_resume(self: Any) -> None:
        """Up, once the first part has its focus."""
        self.app.call_later(self._up)

    async def _up(self: Any) -> None:
        self._in_front = True
        await self.app.keys_flow()

    def under_way(self) -> None:
        """A verb begins: keys wait for the screen that it may open."""
        self._verbs += 1

    def came_to_its_end(self: Any) -> None:
        """A verb ended: keys go on."""
        self._verbs = max(0, self._verbs - 1)
        self.app.call_later(self.app.keys_flow)

    def hold_keys(self: Any) -> Callable[[], None]:
        """As :meth:`under_way`; what is returned ends it, once, whoever calls it how often."""
        self.under_way()
        held = True

        def end() -> None:
            nonlocal held
            if held:
                held = False
                self.came_to_its_end()

        return end

    def drop_keys(self: Any) -> None:
        """What a key asked for did not happen: keys typed after it had another meaning."""
        if self._verbs:
            self.app.drop_keys()

    def before_key(self: Any, key: str) -> None:
        """Called before any key is handled, also while another screen stands above: a success goes from the
        status line, acted rows leave the list. Add to it, keep this."""
        for widget in self.query(StatusLine):
            widget.key_pressed(key)
        for grid in self.query("Grid"):
            grid.key_pressed(key)

    def on_worker_state_changed(self: Any, event: Worker.StateChanged) -> None:
        """A worker started with ``exit_on_error=False`` failed: a code in the status line, a report in a file; the
        screen goes on (RELIABILITY §4.5). Expected errors are the worker's own to catch."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None and not event.worker.exit_on_error:
            told = self.app.report(error)
            for status in self.query(StatusLine):
                status.error(told)

    def on_idle(self: Any) -> None:
        """Paint at once what is waiting, if nothing was painted in the last frame's time: a key is answered without
        waiting for the next tick of Textual's paint timer; bursts still share a tick."""
        now = monotonic()
        if now - self._painted_at > FRAME and self.is_current and not self.app._batch_count:
            self._painted_at = now
            self._on_timer_update()

    def fit_size(self: Any, width: int, height: int) -> None:
        """Show the one sentence where the window is too small."""
        small = width < LEAST[0] or height < LEAST[1]
        if small and not self.query(SmallWindow):
            self.mount(SmallWindow())
        if self.has_class("-small") != small:
            self.set_class(small, "-small")


class BoxesScreen(Guarded, Screen[Answer]):
    """A full screen. Set ``self.frame`` in ``__init__`` (or override ``compose``); the first focusable part
    of the body gets the focus."""

    DEFAULT_CSS = """
    BoxesScreen {
        background: $background; color: $foreground; layout: vertical; overflow: hidden; layers: default small;
    }
    BoxesScreen.-small > * { display: none; }
    BoxesScreen.-small > SmallWindow { display: block; }
    """
    ALLOW_SELECT: ClassVar[bool] = False
    frame: Frame[Any] | None = None

    def compose(self) -> Iterator[Widget]:
        """The frame's parts."""
        if self.frame is not None:
            yield from self.frame.compose()

    def on_resize(self, event: events.Resize) -> None:
        """Arrange frame and guard for the size."""
        self.fit_size(event.size.width, event.size.height)
        if self.frame is not None:
            self.frame.fit(event.size.width, event.size.height)


class BoxesModal(Guarded, ModalScreen[Answer]):
    """A dialog over a screen. ``Esc`` leaves it without an answer; it never throws typed text away by
    itself."""

    DEFAULT_CSS = """
    BoxesModal { background: transparent; overflow: hidden; layers: default small; }
    BoxesModal.-small { background: $background; }
    BoxesModal.-small > * { display: none; }
    BoxesModal.-small > SmallWindow { display: block; }
    """
    BINDINGS = [("escape", "leave", "")]
    ALLOW_SELECT: ClassVar[bool] = False

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        """Guard the size."""
        self.fit_size(event.size.width, event.size.height)
