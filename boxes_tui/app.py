"""The app: themes, the hardened base, and the road from the first frame to the house (ARCHITECTURE §2).

Nothing of the database is imported here: the first frame stands before it, the house is opened in a thread
after it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen
from textual.theme import Theme

from boxes_tui.config import Settings, load_settings
from boxes_tui.errors import BoxesError
from boxes_tui.guard.crash_hooks import install_hooks, loop_hook
from boxes_tui.guard.environment import close_back_doors, in_browser, terminal_complaint, told_encoding, wants_mouse
from boxes_tui.guard.hardened import HardenedApp
from boxes_tui.guard.lifeline import Lifeline
from boxes_tui.guard.typeahead import TypeAhead
from boxes_tui.i18n import _, set_language
from boxes_tui.widgets.bars import StatusLine
from boxes_tui.widgets.filters import PLAIN_COLOURS
from boxes_tui.widgets.safe import ARMOUR, rich_text
from boxes_tui.widgets.screen import LEAST, Guarded, HouseReady
from boxes_tui.widgets.signs import ASCII_SIGNS, needs_ascii
from boxes_tui.widgets.tones import PALETTES, Palette, Tones

if TYPE_CHECKING:
    from textual.command import Provider

    from boxes_tui.background import Background
    from boxes_tui.bootstrap import House

T = TypeVar("T")


def theme_of(palette: Palette) -> Theme:
    """A palette as a Textual theme; every tone is a CSS variable (``$boxes-vencida``)."""
    names = ("fondo", "panel", "barra", "texto", "atenuado", "acento", "vencida", "hoy", "proxima", "tomado", "foco")
    return Theme(
        name=palette.name,
        primary=palette.acento,
        accent=palette.acento,
        error=palette.vencida,
        warning=palette.hoy,
        success=palette.proxima,
        foreground=palette.texto,
        background=palette.fondo,
        surface=palette.panel,
        panel=palette.barra,
        dark=palette.dark,
        variables={f"boxes-{name}": getattr(palette, name) for name in names},
    )


class BoxesApp(HardenedApp):
    """The after-sales desk.

    ``open_house`` gives the database's two doors; it runs in a daemon thread after the first frame, then
    ``house`` is set and every screen gets :class:`~boxes_tui.widgets.screen.HouseReady`. ``first_screen``
    makes the first screen (default: the board).
    """

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {lambda: _palette_provider()}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    TITLE = "BOXES"

    def __init__(
        self,
        open_house: Callable[[], House],
        settings: Settings,
        first_screen: Callable[[], Screen[Any]] | None = None,
    ) -> None:
        super().__init__(settings.home)
        self.settings = settings
        self.house: House | None = None
        self.lifeline: Lifeline | None = None
        self._open_house = open_house
        self._first_screen = first_screen or _board
        self._background: Background | None = None
        self._small = False
        self._typed = TypeAhead(self._deliver_key, self)
        self._use_palette()

    # -- colours and signs -------------------------------------------------------------------------

    def _use_palette(self) -> None:
        wanted = self.settings.option("theme", "oscuro")
        palette = PALETTES.get(wanted, PALETTES["oscuro"])
        few = self.console.color_system == "standard"
        spoken = sys.__stderr__.encoding if sys.__stderr__ is not None else "utf-8"
        plain = [name for name in (spoken, told_encoding()) if name and "utf" not in name.lower()]
        ascii_only = needs_ascii(
            plain[0] if plain else "utf-8", os.environ.get("TERM", ""), self.settings.option("ascii", "auto")
        )
        self.tones = Tones(palette, "none" if self.no_color else "16" if few else "full", ascii=ascii_only)
        self.register_theme(theme_of(self.tones.palette))
        self.set_reactive(App.theme, self.tones.palette.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self._last_filters: list[LineFilter] = [ARMOUR, *([ASCII_SIGNS] if ascii_only else [])]

    def use_theme(self, name: str) -> None:
        """Change the theme (``oscuro``, ``claro``, ``contraste``) while running; other names change
        nothing."""
        if name in PALETTES and self.tones.colours == "full":
            self.tones = Tones(PALETTES[name], ascii=self.tones.ascii)
            self.register_theme(theme_of(self.tones.palette))
            self.theme = name

    def get_css_variables(self) -> dict[str, str]:
        """Those of our theme; none while the base class is made, which would be those of a theme nobody sees."""
        return super().get_css_variables() if hasattr(self, "tones") else {}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, no colour at all under NO_COLOR, and the last wall behind them."""
        filters = [PLAIN_COLOURS if isinstance(f, Monochrome) else f for f in super().get_line_filters()]
        return [*filters, *self._last_filters]

    # -- the house ---------------------------------------------------------------------------------

    async def background(self, fn: Callable[..., T], *args: Any, deadline: float = 8.0, lane: str = "reads") -> T:
        """The result of ``fn(*args)`` from a daemon thread (:meth:`Background.run`); lane ``acts`` keeps
        the order."""
        if self._background is None:
            from boxes_tui.background import Background

            self._background = Background()
        return await self._background.run(fn, *args, deadline=deadline, lane=lane)

    def get_default_screen(self) -> Screen[Any]:
        """The first screen is the lowest of the stack."""
        return self._first_screen()

    def on_mount(self) -> None:
        """The first screen is shown: open the house."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(loop_hook(self.settings.home))
        if self.lifeline is not None:
            self.lifeline.watch_loop(loop.call_soon_threadsafe)
        self.call_after_refresh(self._start_house)

    def _start_house(self) -> None:
        from boxes_tui.guard.painted import Painted

        self._painted = Painted()
        self.run_worker(self._house(), exit_on_error=True, group="house")

    async def _house(self) -> None:
        try:
            self.house = await self.background(self._open_house, deadline=60.0)
        except BoxesError as error:
            self._leave_for(error)
            return
        gc.collect()
        gc.freeze()
        gc.enable()
        for screen in self.screen_stack:
            screen.post_message(HouseReady(self.house))
        if self.house is not None:
            from boxes_tui.guard.standing import keep_standing

            self.run_worker(keep_standing(self.house, self.background, self._leave_for), group="standing")

    def _leave_for(self, error: BoxesError) -> None:
        """End with the sentence on the terminal; what is typed lies in the draft journal."""
        self.save_now()
        self.exit(return_code=error.exit_code, message=rich_text(error))

    def let_go(self) -> None:
        """The process ends: what is typed is kept, and whoever is held here is free for the others at once (without
        this, or where the database does not answer, the lease runs out by itself)."""
        self.save_now()
        if self.house is not None:
            from boxes_tui.desk import claims

            with suppress(Exception):
                claims.release(self.house.engine, self.house.session)

    def leave(self, code: int) -> None:
        """End the app with this exit status; from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    # -- keys --------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Keys go one by one, each to the screen that the one before opened; a small window takes only q."""
        if isinstance(event, events.Resize):
            self._forget_painted()
            self._small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if not self._small:
                await self._typed.typed(event)
            elif isinstance(event, events.Key) and event.key in ("q", "ctrl+q"):
                self.exit()
            return
        await super().on_event(event)

    async def _deliver_key(self, event: events.Key | events.Paste) -> None:
        """Before any key: successes leave the status line, acted rows leave the list."""
        if isinstance(event, events.Key):
            for screen in self.screen_stack:
                if isinstance(screen, Guarded):
                    screen.before_key(event.key)
        await super().on_event(event)

    async def keys_flow(self) -> None:
        """Keys that waited for a screen or a verb may go on."""
        await self._typed.flow()

    def action_command_palette(self) -> None:
        """Ctrl+P: the verbs of the screen in front."""
        from boxes_tui.widgets.palette import VerbPalette

        if not isinstance(self.screen, VerbPalette):
            self.push_screen(VerbPalette())

    def drop_keys(self) -> None:
        """Forget the keys that wait: what the one before them asked for did not happen."""
        self._typed.forget()

    def action_help_quit(self) -> None:
        """Ctrl+C: say how to leave."""
        self.notify(_("Para salir: [Esc] hasta el tablero, y [q]. [Ctrl+Q] sale enseguida."))

    def notify(self, message: str, **options: Any) -> None:
        """No toasts: what Textual or an action notifies goes to the status line, literally."""
        for screen in reversed(self.screen_stack):
            for status in screen.query(StatusLine):
                status.ok(message)
                return


def _board() -> Screen[Any]:
    screen: Screen[Any] = import_module("boxes_tui.screens.board").BoardScreen()
    return screen


def _palette_provider() -> type[Provider]:
    from boxes_tui.widgets.palette import VerbCommands

    return VerbCommands


def run(open_house: Callable[[], House] | None = None, first_screen: Callable[[], Screen[Any]] | None = None) -> int:
    """Run the app on this terminal; the exit status (PRODUCT §10; 128 + signal where one ended it)."""
    try:
        settings = load_settings()
    except BoxesError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    set_language(settings.lang)
    complaint = None if in_browser() else terminal_complaint()
    if complaint:
        print(complaint, file=sys.stderr)
        return 1
    gc.disable()
    close_back_doors()
    install_hooks(settings.home)
    if sys.__stderr__ is not None:
        sys.__stderr__.reconfigure(errors="replace")
    app = BoxesApp(open_house or (lambda: _open(settings)), settings, first_screen)
    lifeline = Lifeline(app.let_go, app.leave, app.stalled)
    lifeline.install()
    app.lifeline = lifeline
    app.run(mouse=wants_mouse(settings.option("mouse", "auto")))
    code = app.return_code or 0
    last = Thread(target=app.let_go, name="boxes-let-go", daemon=True)
    last.start()
    last.join(1.0)
    lifeline.last_resort(code)
    return code


def _open(settings: Settings) -> House:
    from boxes_tui.bootstrap import open_house

    made = open_house(settings)
    _ = made.session  # read here, in this thread: the screens ask for it in theirs
    return made
