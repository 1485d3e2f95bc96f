"""The hardened base of the app (RELIABILITY §4.4–4.6): what a desk over SSH must not do, how little it sends, and
what an unexpected error leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding
from textual.driver import Driver
from textual.screen import Screen

from boxes_tui.clock import monotonic
from boxes_tui.guard.crash_hooks import crash_sentence, report_crash
from boxes_tui.guard.environment import in_browser
from boxes_tui.i18n import _
from boxes_tui.widgets.safe import rich_text

if TYPE_CHECKING:
    from boxes_tui.guard.painted import Painted


class HardenedApp(App[None]):
    """No browser, no files, no shell, no actions from texts; only cells that differ are sent; a crash shows a code.

    ``home`` holds the crash folder.  ``savers`` are called, from any thread, when the process has to go: each keeps
    what is typed somewhere without needing the event loop or the terminal.
    """

    BINDINGS = [Binding("ctrl+l", "repaint", show=False, priority=True)]
    ALLOW_SELECT = False

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self.savers: list[Callable[[], None]] = []
        self._painted: Painted | None = None
        self._late = False
        self._still_until = 0.0
        self.animation_level = "none"
        self._disable_tooltips = self._disable_notifications = True  # neither is used: two widgets less per screen

    def save_now(self) -> None:
        """Keep everything that is typed: called by the lifeline from any thread, without loop or terminal."""
        for saver in list(self.savers):
            with suppress(Exception):  # one that fails must not keep the others from saving
                saver()

    def stalled(self) -> float:
        """Seconds that the terminal's line has stood still: claims are not renewed while it does."""
        return float(getattr(self._driver, "stalled", 0.0))

    # -- what a desk over SSH must not do ----------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[Any]:
        """None of Textual's own (screenshots write personal data on the server)."""
        return ()

    async def _broker_event(self, event_name: str, event: events.Event, default_namespace: Any) -> bool:
        """No action ever runs from a text (RELIABILITY §4.1)."""
        return False

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Never a browser on the server; the link is shown to be opened on the agent's side."""
        self.notify(url)

    def deliver_text(self, *args: Any, **kwargs: Any) -> str | None:
        """No files by the back door."""
        return None

    def deliver_binary(self, *args: Any, **kwargs: Any) -> str | None:
        """No files by the back door."""
        return None

    def action_suspend_process(self) -> None:
        """No shell behind the desk."""

    def get_driver_class(self) -> type[Driver]:
        """Our driver on a terminal; never one named by the environment."""
        from boxes_tui.guard.driver import BoxesDriver

        return super().get_driver_class() if in_browser() else BoxesDriver

    # -- painting --------------------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Send only cells that differ from what the terminal shows; while the line is still taking the last picture,
        send nothing and show the latest state afterwards, so that no keystroke waits for a slow line."""
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and not self.is_headless and not self._batch_count:
            if monotonic() < self._still_until:
                return
            if getattr(self._driver, "busy", False):
                if not self._late:
                    self._late = True
                    self.set_timer(0.03, self._catch_up)
                return
            if self._painted is not None:
                renderable = self._painted.changes(renderable, self.size.width, self.console)
                if renderable.nothing and self.cursor_position == self._previous_cursor_position:
                    self.post_display_hook()
                    return
        super()._display(screen, renderable)

    def stand_still(self, limit: float = 1.0) -> None:
        """Leave the picture as it is until :meth:`move_on`, ``limit`` seconds at most: from one dialog to the next."""
        until = self._still_until = monotonic() + limit
        self.set_timer(limit, lambda: self.move_on() if self._still_until == until else None)

    def move_on(self) -> None:
        """Show what there is by now."""
        if self._still_until:
            self._still_until = 0.0
            self._catch_up()

    def _catch_up(self) -> None:
        self._late = False
        for screen in self.screen_stack[-1:]:
            screen.refresh()

    def lines_moved(self, first: int, end: int, up: int) -> None:
        """Lines were scrolled in the terminal (:func:`boxes_tui.widgets.wire.scroll_lines`)."""
        if self._painted is not None:
            self._painted.moved(first, end, up)

    @property
    def may_move_lines(self) -> bool:
        """Whether the terminal shows the latest state, so that its lines may be scrolled."""
        return not self._late and not self._still_until and not getattr(self._driver, "busy", False)

    def _forget_painted(self) -> None:
        if self._painted is not None:
            self._painted.forget()

    def action_repaint(self) -> None:
        """Ctrl+L: paint everything anew, whatever wrote over the screen."""
        self._forget_painted()
        self.screen.refresh()

    def report(self, error: BaseException) -> str:
        """Write the report of an unexpected error that the app survives; the sentence with its code."""
        code, path = report_crash(error, self.home)
        return _("Error inesperado (código {code}). Lo escrito queda. Informe sin datos: {path}").format(
            code=code, path=path
        )

    # -- errors ------------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """A code on the terminal, places and types in a file, never a value; exit status 1."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self.save_now()
            code, path = report_crash(error, self.home)
            self._exit_renderables.append(rich_text(crash_sentence(code, path)))
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        for renderable in self._exit_renderables[:1]:
            self.error_console.print(renderable, soft_wrap=True)
        self._exit_renderables.clear()
