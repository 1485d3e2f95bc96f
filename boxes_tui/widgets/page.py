"""Free pages of lines: the board, a customer, help, *Mi día*, a report's head; and the card beside a list."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.widgets.safe import Line, cut_segments, plain, segments
from boxes_tui.widgets.tones import tones_of


class Page(Widget, can_focus=True):
    """Lines one under another, scrolled by keys. Some lines may be choosable: the arrows then go from one
    to the next.

    A line is text or parts with tones, shown literally from column 0 (write the leading blank). While
    focused: arrows and ``j k`` move, PgUp PgDn Home End scroll, ``Enter`` posts :class:`Chosen`. Other keys
    go on to the screen.
    """

    DEFAULT_CSS = "Page { height: 1fr; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False
    ground = "fondo"
    quiet = False
    """Whether the cursor shows only with the focus: a page beside others."""

    class Scrolled(Message):
        """Other lines are in sight."""

    class Highlighted(Message):
        """The cursor stands on another choosable line; ``key`` is the one given to :meth:`Page.show`."""

        def __init__(self, page: Page, key: str) -> None:
            super().__init__()
            self.page, self.key = page, key

        @property
        def control(self) -> Page:
            """The page."""
            return self.page

    class Chosen(Highlighted):
        """``Enter`` or a click on a choosable line."""

    def __init__(self, lines: Sequence[Line] = (), keys: Sequence[str | None] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = list(lines)
        self._keys = list(keys)
        self._top = 0
        self._cursor: str | None = None

    @property
    def cursor(self) -> str | None:
        """Key of the line under the cursor."""
        return self._cursor

    @property
    def hidden_below(self) -> int:
        """Lines that stand under the visible ones (*hay 8 líneas más abajo*)."""
        return max(0, len(self._lines) - self._top - self.size.height)

    def show(self, lines: Sequence[Line], keys: Sequence[str | None] = (), cursor: str | None = None) -> None:
        """Show other lines. ``keys`` names choosable lines by position (None: not choosable); the cursor
        stays on its key where that is still there, or goes to ``cursor``. Only lines that differ are
        painted again."""
        old, self._lines = self._lines, list(lines)
        self._keys = list(keys)
        choosable = [k for k in self._keys if k is not None]
        wanted = cursor or self._cursor
        before, self._cursor = self._cursor, wanted if wanted in choosable else next(iter(choosable), None)
        self._top = max(0, min(self._top, len(self._lines) - max(1, self.size.height)))
        for y in range(self.size.height):
            n = self._top + y
            one = old[n] if n < len(old) else None
            other = self._lines[n] if n < len(self._lines) else None
            if one != other:
                self.refresh(Region(0, y, self.size.width, 1))
        if before != self._cursor:
            self.refresh()

    def go_to(self, key: str) -> None:
        """Put the cursor on a choosable line."""
        if key in self._keys and key != self._cursor:
            self._stand(self._keys.index(key))

    def on_key(self, event: events.Key) -> None:
        """Movement and ``Enter``; everything else goes on to bindings."""
        page = max(1, self.size.height - 1)
        choosable = [n for n, key in enumerate(self._keys) if key is not None]
        if event.key in ("up", "k", "down", "j"):
            step = 1 if event.key in ("down", "j") else -1
            if choosable:
                self._step(choosable, step)
            else:
                self._scroll(self._top + step)
        elif event.key in ("pageup", "pagedown"):
            self._scroll(self._top + (page if event.key == "pagedown" else -page))
        elif event.key in ("home", "end"):
            if choosable:
                self._stand(choosable[0 if event.key == "home" else -1])
            self._scroll(0 if event.key == "home" else len(self._lines))
        elif event.key == "enter" and self._cursor is not None:
            self.post_message(self.Chosen(self, self._cursor))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_focus(self) -> None:
        """The cursor shows."""
        if self.quiet:
            self.refresh()

    def on_blur(self) -> None:
        """The cursor goes."""
        if self.quiet:
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click chooses a choosable line."""
        n = self._top + event.y
        key = self._keys[n] if n < len(self._keys) else None
        if key is not None:
            self._stand(n)
            self.post_message(self.Chosen(self, key))

    def _step(self, choosable: Sequence[int], step: int) -> None:
        now = self._keys.index(self._cursor) if self._cursor in self._keys else choosable[0] - step
        further = [n for n in choosable if (n > now if step > 0 else n < now)]
        if further:
            self._stand(further[0] if step > 0 else further[-1])
        else:
            self._scroll(self._top + step)

    def _stand(self, n: int) -> None:
        old = self._keys.index(self._cursor) if self._cursor in self._keys else None
        self._cursor = self._keys[n]
        height = max(1, self.size.height)
        self._scroll(min(max(self._top, n - height + 1), n))
        for place in (old, n):
            if place is not None and 0 <= place - self._top < height:
                self.refresh(Region(0, place - self._top, self.size.width, 1))
        self.post_message(self.Highlighted(self, str(self._cursor)))

    def _scroll(self, top: int) -> None:
        top = max(0, min(top, len(self._lines) - max(1, self.size.height)))
        if top != self._top:
            self._top = top
            self.refresh()
            self.post_message(self.Scrolled())

    def render_line(self, y: int) -> Strip:
        """One line; the cursor's is a bar."""
        n, width, tones = self._top + y, self.size.width, tones_of(self.app)
        line: Line = self._lines[n] if n < len(self._lines) else ""
        on = self._cursor is not None and n < len(self._keys) and self._keys[n] == self._cursor
        on = on and (self.has_focus or not self.quiet)
        tone = "foco" if on else "texto"
        made = segments(plain(line) if on else line, tones, self.ground, tone)
        return Strip(cut_segments(made, width)).adjust_cell_length(width, tones.style(tone, self.ground))


class Card(Widget):
    """The card of the cursor row at the right of a list: ``│`` and 30 cells, as tall as its text."""

    DEFAULT_CSS = "Card { height: 1fr; width: 32; background: transparent; }"
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines; only those that differ are painted again."""
        old, self._lines = self._lines, list(lines)
        for y in range(max(len(old), len(self._lines))):
            if old[y : y + 1] != self._lines[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """``│`` and the text, nothing under the last one."""
        tones, width = tones_of(self.app), self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, tones.style())
        made = [("│ ", "atenuado"), *([self._lines[y]] if isinstance(self._lines[y], str) else self._lines[y])]
        return Strip(cut_segments(segments(made, tones), width)).adjust_cell_length(width, tones.style())
