"""A pie in quadrant blocks, without them in the slices' numbers, with its legend; every slice opens into its rows
(SCREENS §3, *6 Reportes*)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, tau

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from boxes_tui.domain.formats import percent
from boxes_tui.i18n import _
from boxes_tui.text import cut
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.safe import Line, cut_segments, safe, segments
from boxes_tui.widgets.tones import tones_of

FILLS = "█▓▒░·"
"""Fill of slices 1 to 5; further ones repeat the last."""

FILL_TONES = ("acento", "hoy", "proxima", "tomado", "atenuado")

_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""By bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: its key, name, count, and its percentage as it is written (``60,1 %``; they sum to 100,0)."""

    key: str
    label: str
    count: int
    pct: str


SLICES = 5
REST = "rest"
"""The key of *otros*."""


def five(parts: Sequence[tuple[str, int, int]]) -> list[Slice]:
    """At most five slices of (name, count, tenths of a percent), largest first: the last is *otros* where there are more.
    Keys are places in ``parts``."""
    shown = parts if len(parts) <= SLICES else parts[: SLICES - 1]
    made = [Slice(str(n), name, count, percent(tenths)) for n, (name, count, tenths) in enumerate(shown)]
    if rest := parts[len(shown) :]:
        made.append(Slice(REST, _("otros"), sum(p[1] for p in rest), percent(sum(p[2] for p in rest))))
    return made


@lru_cache(64)
def disc(counts: tuple[int, ...], height: int) -> tuple[tuple[tuple[str, int], ...], ...]:
    """The pie as lines of (glyph, slice): clockwise from twelve o'clock; slice -1 is outside.

    A cell is twice as tall as wide, so ``height`` lines take ``2 × height - 2`` cells.
    """
    width, total = 2 * height - 2, sum(counts)
    ends = [sum(counts[: n + 1]) for n in range(len(counts))]

    def slice_at(x: float, y: float) -> int:
        across, down = (x - width / 2) / (width / 2), (y - height / 2) / (height / 2)
        if across * across + down * down > 1 or not total:
            return -1
        turned = (atan2(across, -down) % tau) / tau * total
        return next((n for n, end in enumerate(ends) if turned < end), len(counts) - 1)

    lines = []
    for row in range(height):
        line = []
        for column in range(width):
            parts = [slice_at(column + dx, row + dy) for dy in (0.25, 0.75) for dx in (0.25, 0.75)]
            inside = [p for p in parts if p >= 0]
            if not inside:
                line.append((" ", -1))
                continue
            most = max(set(inside), key=lambda p: (inside.count(p), -p))
            bits = sum(1 << n for n, p in enumerate(parts) if p >= 0)
            line.append((FILLS[min(most, len(FILLS) - 1)] if bits == 15 else _QUADRANTS[bits], most))
        lines.append(tuple(line))
    return tuple(lines)


class Pie(Picker):
    """The pie at the left, the legend at its right. Up and down go through the slices; ``Enter`` posts
    ``Picker.Chosen`` with the slice's key."""

    DEFAULT_CSS = "Pie { height: auto; width: 1fr; }"

    def __init__(
        self, title: str = "", slices: Sequence[Slice] = (), *, height: int = 7, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._heading, self.slices, self._height = title, tuple(slices), height

    def show(self, title: str, slices: Sequence[Slice]) -> None:
        """Show other slices, at most five (the rest belongs in *otros*); the cursor stays on its key."""
        self._heading, self.slices = title, tuple(slices)
        self.set_keys([s.key for s in self.slices])
        self.refresh(layout=True)

    def on_mount(self) -> None:
        """Choose the first slice."""
        self.set_keys([s.key for s in self.slices])

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """The heading and the pie, or the legend where that is longer."""
        return 1 + max(self._height, len(self.slices) + 1)

    def render_line(self, y: int) -> Strip:
        """The heading; then a line of the pie and one of the legend."""
        tones, width = tones_of(self.app), self.size.width
        if y == 0:
            parts: Line = [" ", (safe(self._heading).upper(), "atenuado")]
        else:
            parts = [*self._pie(y - 1), *self._legend(y - 1)]
        return Strip(cut_segments(segments(parts, tones), width)).adjust_cell_length(width, tones.style())

    def _pie(self, y: int) -> list[tuple[str, str]]:
        lines = disc(tuple(s.count for s in self.slices), self._height)
        if y >= len(lines):
            return [(" " * (2 * self._height + 6), "")]
        made = [("   ", "")]
        numbered = tones_of(self.app).ascii
        made += [
            (str(n + 1) if numbered and n >= 0 else glyph, FILL_TONES[min(n, 4)] if n >= 0 else "")
            for glyph, n in lines[y]
        ]
        return [*made, (" " * 5, "")]

    def _legend(self, y: int) -> list[tuple[str, str]]:
        wide = max((cell_len(safe(s.label)) for s in self.slices), default=0)
        counts = [s.count for s in self.slices]
        digits = max(3, len(str(sum(counts))), len(str(max(counts, default=0))) + 1)
        room = self.size.width - (2 * self._height + 6) - len("1 █ ") - digits - len("  100,0 %")
        wide = max(min(15, room), min(wide, room, 24))
        if y < len(self.slices):
            item = self.slices[y]
            on = item.key == self.cursor and self.has_focus
            name = cut(safe(item.label), wide)
            name += " " * (wide - cell_len(name))
            text = f"{name}{item.count:>{digits}}{item.pct:>9}"
            fill = str(y + 1) if tones_of(self.app).ascii else FILLS[min(y, 4)]
            lead = [(f"{y + 1} ", "atenuado"), (fill + " ", FILL_TONES[min(y, 4)])]
            return [*lead, (text, "foco" if on else "texto")]
        if y == len(self.slices) and self.slices:
            total = sum(s.count for s in self.slices)
            return [(f"    {_('Total'):<{wide}}{total:>{digits}}{percent(1000) if total else '—':>9}", "atenuado")]
        return []

    def on_click(self, event: events.Click) -> None:
        """A click on a legend line or on a slice opens it."""
        y, x = event.y - 1, event.x - 3
        if event.x >= 2 * self._height + 6 and 0 <= y < len(self.slices):
            self.pick(self.slices[y].key)
        elif 0 <= y < self._height and 0 <= x < 2 * self._height - 2:
            n = disc(tuple(s.count for s in self.slices), self._height)[y][x][1]
            if n >= 0:
                self.pick(self.slices[n].key)
