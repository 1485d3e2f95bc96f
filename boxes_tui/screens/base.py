"""What every screen of the desk shares: the doors, title line, verbs by key, fresh data while in sight."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events

from boxes_tui.background import READS
from boxes_tui.clock import monotonic
from boxes_tui.domain.formats import ago, clock
from boxes_tui.domain.verbs import keys_line, on_screen
from boxes_tui.errors import BoxesError, Unavailable
from boxes_tui.i18n import N_, _
from boxes_tui.screens.row_text import Moment, moment
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.safe import Line
from boxes_tui.widgets.screen import BoxesScreen, HouseReady

if TYPE_CHECKING:  # the first frame stands before the database is imported (QUALITY P1a)
    from boxes_tui.bootstrap import House
    from boxes_tui.data.reads.board import Freshness
    from boxes_tui.data.session import Session
    from boxes_tui.widgets.palette import PaletteItem

T = TypeVar("T")

ROLE_NAMES = {
    "agent": N_("agente"), "supervisor": N_("supervisor"), "admin": N_("administrador"), "viewer": N_("observador"),
}  # fmt: skip
LOOK_SECONDS = 1.0
"""How often a screen in sight asks whether rows changed."""
NEED_BASE = frozenset({"next", "discard", "reschedule", "sell", "confirm"})
"""Verbs that need the truth that all share: without the database they say so; outcomes and notes wait (SCREENS §8)."""
AGE_SECONDS = 20.0
"""How often it reads again anyway: ages, lateness and expired claims move without a commit."""


class DeskScreen(BoxesScreen[None]):
    """A screen over the two doors. Subclasses set ``place`` (the screen's name in the verb table), implement
    :meth:`load`, and one ``verb_<id>`` method per verb that they have; a verb without a method is absent."""

    place: ClassVar[str] = ""
    shows_role: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.freshness: Freshness | None = None
        self._seen = -1
        self._read_at = 0.0
        self._loading = False
        self._again = False
        self._read_once = False
        self._awaited: list[Callable[[], None]] = []
        self.offline_since: str | None = None

    # -- doors -------------------------------------------------------------------------------------

    @property
    def house(self) -> House:
        """The session's doors (the app has them once the database answered)."""
        return cast("House", cast(Any, self.app).house)

    @property
    def session(self) -> Session:
        """Who is here."""
        return self.house.session

    @property
    def ready(self) -> bool:
        """Whether the doors are open yet."""
        return getattr(self.app, "house", None) is not None

    @property
    def at(self) -> Moment:
        """The instant for texts, with the hour of the last DMS read."""
        made = moment(self.session)
        if self.freshness is None or self.freshness.read_at is None:
            return made
        return Moment(made.session, made.now, made.today, clock(made.local(self.freshness.read_at)))

    async def background(self, work: Callable[..., T], *args: Any, deadline: float = 7.0, lane: str = READS) -> T:
        """Run blocking work outside the UI loop; :class:`Unavailable` when it does not end in time."""
        return cast(T, await cast(Any, self.app).background(work, *args, deadline=deadline, lane=lane))

    def wait_for_rows(self) -> None:
        """Keys wait for the next read: they are meant for rows that are not here yet."""
        self._awaited.append(self.hold_keys())

    # -- data --------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read what the screen shows and show it. Called at entry and whenever rows changed."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show what needs no data, and begin to look for changes. Subclasses override :meth:`entered`, not this:
        Textual calls every ``on_mount`` of a class's line."""
        self._look = self.set_interval(LOOK_SECONDS, self._tick)
        below = (getattr(screen, "freshness", None) for screen in reversed(self.app.screen_stack))
        self.freshness = self.freshness or next((found for found in below if found is not None), None)
        self.show_frame()
        self.entered()
        self.reload()

    def entered(self) -> None:
        """The screen was just put up."""

    def on_house_ready(self, event: HouseReady) -> None:
        """The doors are open: read."""
        self.show_frame()
        self.reload()

    def on_screen_suspend(self) -> None:
        """Nothing ticks under another screen."""
        self._look.pause()

    def on_screen_resume(self) -> None:
        """Back in sight: read again."""
        if hasattr(self, "_look"):
            self._look.resume()
            self.reload()

    def _tick(self) -> None:
        if not self.ready:
            return
        changed = self.house.changes.count != self._seen
        if changed or monotonic() - self._read_at > AGE_SECONDS:
            self.reload()

    def reload(self) -> None:
        """Read again, once more when asked for while a read is under way."""
        if not self.ready:
            return
        if self._loading:
            self._again = True
            return
        self._loading = True
        self.run_worker(self._load_safely(), exit_on_error=False)

    async def _load_safely(self) -> None:
        awaited, self._awaited = self._awaited, []
        try:
            self._seen = self.house.changes.count
            self._read_at = monotonic()
            await self.load()
            if self.offline_since is not None:
                self.offline_since = None
                self.back_online()
            self.read_well()
        except Unavailable:
            self.house.let_go()
            if self.offline_since is None:
                self.offline_since = clock(self.house.clock.local())
        except BoxesError as error:
            self.say_error(str(error))
        finally:
            self._loading, first = False, not self._read_once
            self._read_once = True
            for end in awaited:
                end()
        if first:
            self.app.call_later(cast(Any, self.app).keys_flow)
        if self.is_mounted:
            self.show_frame()
        if self._again:
            self._again = False
            self.reload()

    def back_online(self) -> None:
        """The database answers again."""
        if self.frame is not None:
            self.frame.status.clear()

    def read_well(self) -> None:
        """A read has just ended well."""

    # -- frame -------------------------------------------------------------------------------------

    def heading(self) -> Line:
        """The left of the title line."""
        return ""

    def refused(self) -> frozenset[str]:
        """Verbs that the cursor row refuses: grey in the keys line."""
        return frozenset()

    def absent(self) -> frozenset[str]:
        """Verbs that this installation does not have: no key, no help line."""
        from boxes_tui.screens.dialling import can_dial

        return frozenset() if self.ready and can_dial(self.house) else frozenset({"dial"})

    def show_frame(self) -> None:
        """Title and keys lines."""
        if self.frame is None:
            return
        self.frame.title.show(self.heading(), *self.title_rights())
        self.frame.keys.set_keys(self.keys())

    def title_rights(self) -> list[Line]:
        """Who, role, age of the DMS: longest first."""
        if not self.ready:
            return [""]
        if self.offline_since is not None:
            return [[(_("✗ SIN BASE desde {t}").format(t=self.offline_since), "peligro")]]
        name, role = self.session.name, _(ROLE_NAMES.get(self.session.role, self.session.role))
        dms, tone = self.dms_text()
        full: Line = [f"{name} · {role} · ", (dms, tone)]
        short: Line = [f"{name} · ", (dms, tone)]
        only: Line = [(dms, tone)]
        return [full, short, only] if self.shows_role or self.size.width >= 110 else [short, only]

    def dms_text(self) -> tuple[str, str]:
        """*DMS hace 4 min*, amber after 30 min, red with the hour after 4 h."""
        fresh = self.freshness
        if fresh is None or fresh.minutes is None or fresh.read_at is None:
            return (_("DMS sin leer"), "vencida") if fresh is not None else ("", "texto")
        if fresh.level == "stale":
            return _("DMS de las {t}").format(t=clock(moment(self.session).local(fresh.read_at))), "vencida"
        return _("DMS hace {t}").format(t=ago(fresh.minutes)), "hoy" if fresh.level == "old" else "texto"

    def keys(self) -> list[Key]:
        """The keys line: the screen's own verbs that exist and that the role has."""
        if not self.ready:
            return []
        by_key = {v.shown: v for v in on_screen(self.place, self.session.role)}
        return [
            Key(shown, _(label), enabled, press=by_key[shown].key)
            for shown, label, enabled in keys_line(
                self.place, self.session.role, self.refused() | self._without_base(), wide=self.size.width >= 110
            )
            if shown in by_key and self._method(by_key[shown].id) is not None and by_key[shown].id not in self.absent()
        ]

    def say(self, text: Line) -> None:
        """A success in the status line."""
        if self.frame is not None:
            self.frame.status.ok(text)

    def say_error(self, text: Line) -> None:
        """What went wrong, in the status line; what was typed after it had another meaning."""
        self.drop_keys()
        if self.frame is not None:
            self.frame.status.error(text)

    # -- keys --------------------------------------------------------------------------------------

    @property
    def takes_keys(self) -> bool:
        """Not before the doors are open and the first rows are there to act on."""
        return super().takes_keys and self._read_once

    def _method(self, verb: str) -> Callable[[], Awaitable[None] | None] | None:
        return getattr(self, f"verb_{verb}", None)

    def on_key(self, event: events.Key) -> None:
        """A verb of the table, or the screen's own key (:meth:`own_key`)."""
        if not self.ready or self.own_key(event.key, event.character):
            if self.ready:
                event.stop()
            return
        for verb in on_screen(self.place, self.session.role):
            pressed = event.key == verb.key or event.character == verb.shown
            method = self._method(verb.id) if pressed else None
            if method is not None and verb.id not in self.absent():
                event.stop()
                if verb.id in self._without_base():
                    self.say_error(_("Sin base: esa acción la necesita. Llamados y notas se registran y quedan acá."))
                else:
                    self.perform(method)
                return
        if event.character == "b" and (method := self._method("search")):
            event.stop()
            self.perform(method)

    def palette_items(self) -> list[PaletteItem]:
        """The verbs of this screen for Ctrl+P, with their keys."""
        if not self.ready:
            return []
        from boxes_tui.widgets.palette import PaletteItem

        return [
            PaletteItem(f"{_(verb.help)} [{_(verb.shown)}]", "", partial(self.perform, method))
            for verb in on_screen(self.place, self.session.role)
            if verb.id not in self._without_base() | self.absent() and (method := self._method(verb.id)) is not None
        ]

    def _without_base(self) -> frozenset[str]:
        return NEED_BASE if self.offline_since is not None else frozenset()

    def own_key(self, key: str, character: str | None) -> bool:
        """Keys that are no verbs (digits of the board, ``Tab``); True when the key was one."""
        return False

    def perform(self, method: Callable[[], Awaitable[None] | None], *, holds: bool = True) -> None:
        """Run a verb; an expected failure is a sentence in the status line. Keys wait for its end or for the screen
        that it opens; with ``holds`` False (a read that follows the typing) they do not."""
        if holds:
            self.under_way()
        self.run_worker(self._perform(method, holds), exit_on_error=True)

    async def _perform(self, method: Callable[[], Awaitable[None] | None], holds: bool) -> None:
        try:
            done = method()
            if inspect.isawaitable(done):
                await done
        except BoxesError as error:
            self.say_error(str(error))
        finally:
            if holds:
                self.came_to_its_end()

    # -- verbs of every screen ---------------------------------------------------------------------

    def verb_search(self) -> None:
        """Search anywhere."""
        from boxes_tui.screens.search import SearchScreen

        self.app.push_screen(SearchScreen())

    def verb_help(self) -> None:
        """Help of this screen."""
        from boxes_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.place, self.absent()))

    def verb_back(self) -> None:
        """Back to where one came from."""
        if len(self.app.screen_stack) > 1:
            self.dismiss(None)
