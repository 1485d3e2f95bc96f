"""The lines of a screen that never move: title, filters, totals, details, status, keys (SCREENS §1, §3).

Each is one widget of one or two lines without border. They take plain texts or parts with tones
(:data:`boxes_tui.widgets.safe.Line`), which are shown literally, and repaint only when what they show
changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.i18n import _
from boxes_tui.widgets.safe import Line, cut_segments, segments, width_of
from boxes_tui.widgets.tones import Tones, tones_of

EDGE = 1
"""Blank cells at both ends of a line."""


def two_ends(
    left: Line, right: Line, width: int, tones: Tones, ground: str = "fondo", tone: str = "texto", right_tone: str = ""
) -> Strip:
    """A line with a text at the left and one at the right end; the left one is cut where both do not fit."""
    at_right = cut_segments(segments(right, tones, ground, right_tone or tone), max(0, width - EDGE))
    taken = sum(cell_len(s.text) for s in at_right)
    room = width - EDGE - (taken + 1 if taken else 0)
    at_left = cut_segments(segments(left, tones, ground, tone), max(0, room))
    used = sum(cell_len(s.text) for s in at_left)
    blank = tones.style(tone, ground)
    edge = EDGE if EDGE + used + 2 + taken + EDGE <= width else 0
    gap = max(0, width - EDGE - used - taken - edge)
    made = [Segment(" " * EDGE, blank), *at_left, Segment(" " * gap, blank), *at_right, Segment(" " * edge, blank)]
    joined: list[Segment] = []
    for segment in made:
        if not segment.text:
            continue
        if joined and (joined[-1].style == segment.style or not segment.text.strip()):
            joined[-1] = Segment(joined[-1].text + segment.text, joined[-1].style)
        else:
            joined.append(segment)
    return Strip(joined).adjust_cell_length(width, blank)


class Bar(Widget):
    """One or more lines with a left and a right end."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False
    ground = "fondo"
    tone = "texto"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[tuple[Line, Sequence[Line]]] = []

    def show(self, left: Line = "", *rights: Line) -> None:
        """Show one line: ``left``, and at the right end the first of ``rights`` that fits beside it."""
        self.show_lines((left, rights))

    def show_lines(self, *lines: tuple[Line, Sequence[Line]]) -> None:
        """Show several lines, each a left text and its right ends (longest first)."""
        new = list(lines)
        if new == self._lines:
            return
        old, self._lines = self._lines, new
        for y in range(max(len(old), len(new))):
            if y >= len(old) or y >= len(new) or old[y] != new[y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One line."""
        left, rights = self._lines[y] if y < len(self._lines) else ("", ())
        width = self.size.width
        fitting = (r for r in rights if width_of(left) + width_of(r) + 2 <= width - EDGE)
        right = next(fitting, rights[-1] if rights else "")
        return two_ends(left, right, width, tones_of(self.app), self.ground, self.tone)


class TitleBar(Bar):
    """Line 1: where, branch; at the right who, role, age of the DMS: ``show(left, *rights)``, longest right
    first."""

    ground = "barra"


class TotalsLine(Bar):
    """Line 20: chosen rows at the left; totals, shown and place at the right."""

    tone = "atenuado"


class DetailLines(Bar):
    """Lines 21–22: what the cursor row is. ``show_lines((text, ()), (text, ()))``."""

    DEFAULT_CSS = "DetailLines { height: 2; }"

    def show_texts(self, *texts: Line) -> None:
        """The lines without right ends."""
        self.show_lines(*[(text, ()) for text in texts])


class StatusLine(Bar):
    """Line 23, the one line that speaks. A success stays until the next key, an error until ``Esc`` or
    until what it asked for is done (:meth:`clear`); a lasting hint shows while neither speaks."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hint: Line = ""
        self._kind = ""

    @property
    def speaking(self) -> str:
        """``ok``, ``error`` or nothing."""
        return self._kind

    def ok(self, text: Line) -> None:
        """Say what was done; it stays until the next key."""
        self._say("ok", text, "exito")

    def error(self, text: Line) -> None:
        """Say what went wrong (led by ``✗``); it stays until ``Esc`` or :meth:`clear`."""
        lead: Line = [("✗ ", "peligro"), *([text] if isinstance(text, str) else text)]
        self._say("error", lead, "peligro")

    def warn(self, text: Line) -> None:
        """Say what needs to be known, until ``Esc`` or :meth:`clear`, without calling it an error."""
        self._say("error", text, "hoy")

    def hint(self, text: Line) -> None:
        """A sentence that shows whenever nothing else speaks (*Sin lista No Llame…*)."""
        self._hint = text
        if not self._kind:
            self.show(text)

    def clear(self) -> None:
        """Say nothing but the hint."""
        self._kind = ""
        self.show(self._hint)

    def key_pressed(self, key: str) -> None:
        """The next key came: a success goes, an error goes with ``Esc``."""
        if self._kind == "ok" or (self._kind == "error" and key == "escape"):
            self.clear()

    def _say(self, kind: str, text: Line, tone: str) -> None:
        self._kind = kind
        self.show([(text, tone)] if isinstance(text, str) else text)


@dataclass(frozen=True, slots=True)
class FilterItem:
    """A filter of line 2: its code, label, the shorter label of a narrow line, and how many rows it has."""

    code: str
    label: str
    count: int | None = None
    short: str = ""

    def text(self, short: bool) -> str:
        """*Vencidas 9*."""
        label = self.short if short and self.short else self.label
        return label if self.count is None else f"{label} {self.count}"


class FilterBar(Bar):
    """Line 2: filters with their counts, the active one in brackets; at the right the further filters."""

    class Chosen(Message):
        """A filter was clicked; ``Tab`` and ``Shift+Tab`` are the screen's (:meth:`FilterBar.after`)."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.items: tuple[FilterItem, ...] = ()
        self.active = ""
        self._rights: tuple[Line, ...] = ()

    def set_filters(self, items: Sequence[FilterItem], active: str, *rights: Line) -> None:
        """Show the filters; ``rights`` as in :meth:`Bar.show`, longest first (``f: todos``)."""
        new = (tuple(items), active, rights)
        if new != (self.items, self.active, self._rights):
            self.items, self.active, self._rights = new
            self.refresh()

    def after(self, step: int = 1) -> str:
        """The code ``step`` places after the active filter, round about."""
        codes = [item.code for item in self.items]
        if not codes:
            return self.active
        place = codes.index(self.active) if self.active in codes else 0
        return codes[(place + step) % len(codes)]

    def render_line(self, y: int) -> Strip:
        """The line in the longest form that fits: long labels before short ones, with the right end before
        without."""
        width = self.size.width
        forms = [(short, right) for right in self._rights for short in (False, True)] + [(False, ""), (True, "")]
        for short, right in forms:
            left = self._left(short)
            needed = width_of(left) + (width_of(right) + 2 if right else 0)
            if EDGE + needed <= width:
                break
        else:
            left, right = self._around_active(width), ""
        return two_ends(left, right, width, tones_of(self.app), right_tone="atenuado")

    def _left(self, short: bool, items: Sequence[FilterItem] | None = None) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        for item in self.items if items is None else items:
            text, on = item.text(short), item.code == self.active
            made.append((("  " if made else "") + (f"[{text}]" if on else text), "acento" if on else "texto"))
        return made

    def _around_active(self, width: int) -> list[tuple[str, str]]:
        """On a very narrow line: the active filter and what fits after it."""
        codes = [item.code for item in self.items]
        first = codes.index(self.active) if self.active in codes else 0
        made = self._left(True, self.items[first:])
        return [("… ", "atenuado"), *made] if first else made

    def on_click(self, event: events.Click) -> None:
        """A click chooses a filter."""
        text = self.render_line(0).text
        for item in self.items:
            for short in (False, True):
                start = text.find(item.text(short))
                if 0 <= start <= event.x < start + cell_len(item.text(short)):
                    self.post_message(self.Chosen(item.code))
                    return


class Key(NamedTuple):
    """A key of line 24: what to press as shown, what it does, whether this row allows it; ``wide``: the
    label from 110 columns on; ``press``: the key as Textual names it, where a click should press it."""

    key: str
    label: str
    enabled: bool = True
    wide: str = ""
    press: str = ""


class KeysLine(Bar):
    """Line 24: the screen's own verbs in the order of use. A verb that this row refuses is grey."""

    ground = "barra"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.keys: tuple[Key, ...] = ()
        self._right: Line = ""
        self._gap = 2

    def set_keys(self, keys: Sequence[Key], right: Line = "", gap: int = 2) -> None:
        """Show the keys, ``gap`` blanks between them; ``right`` stands at the right end (*d r t n: sin
        base*)."""
        new = (tuple(keys), right, gap)
        if new != (self.keys, self._right, self._gap):
            self.keys, self._right, self._gap = new
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The keys that fit; the last one (*? más*) always stays."""
        width = self.size.width
        keys = list(self.keys)
        taken = width_of(self._right) + 2 if self._right else 0
        while len(keys) > 1 and width_of(self._parts(keys)) + taken > width - EDGE:
            del keys[-2]
        return two_ends(self._parts(keys), self._right, width, tones_of(self.app), self.ground, right_tone="atenuado")

    def _parts(self, keys: Sequence[Key]) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        wide = self.app.size.width >= 110
        for n, key in enumerate(keys):
            gap = " " * self._gap if n else ""
            label = key.wide if wide and key.wide else key.label
            made.append((gap + key.key, "acento" if key.enabled else "atenuado"))
            if label:
                made.append((f" {label}", "texto" if key.enabled else "atenuado"))
        return made

    def on_click(self, event: events.Click) -> None:
        """A click presses the key."""
        text = self.render_line(0).text
        for key in self.keys:
            start = text.find(f"{key.key} {key.label}".strip())
            if key.press and key.enabled and 0 <= start <= event.x < start + cell_len(f"{key.key} {key.label}"):
                self.app.simulate_key(key.press)
                return


class SmallWindow(Widget):
    """What a window under 60×15 shows instead of everything."""

    DEFAULT_CSS = "SmallWindow { display: none; layer: small; dock: top; width: 100%; height: 100%; }"
    """Above everything, since a part that was shown by its own style is not hidden by a rule."""

    def render_line(self, y: int) -> Strip:
        """The sentence, in as many lines as it takes."""
        width = max(1, self.size.width)
        lines: list[str] = [""]
        for word in _("Ventana chica: hace falta 60×15 o más. q salir").split(" "):
            joined = f"{lines[-1]} {word}".strip()
            if cell_len(joined) <= width or not lines[-1]:
                lines[-1] = joined
            else:
                lines.append(word)
        tones = tones_of(self.app)
        text = lines[y] if y < len(lines) else ""
        return Strip(cut_segments(segments(text, tones), width)).adjust_cell_length(width, tones.style())
