"""A small bar chart of counts over days, weeks or months; every bar opens into its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from textual import events
from textual.strip import Strip

from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.safe import Line, cut_segments, safe, segments
from boxes_tui.widgets.tones import tones_of


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its key (the period), its label of two characters, its count, and its name in full."""

    key: str
    label: str
    count: int
    name: str = ""


class BarChart(Picker):
    """Bars of two cells with one between; left and right go through them, ``Enter`` posts ``Picker.Chosen``.

    ``rows``: lines of the bars; each counts for two by half blocks. Where not all fit, the last ones show, and the
    cursor, which begins on the last, brings the earlier ones into sight; the heading counts what stands outside.
    """

    DEFAULT_CSS = "BarChart { height: auto; width: 1fr; }"
    BACK = frozenset({"left"})
    ON = frozenset({"right"})

    def __init__(self, title: str = "", bars: Sequence[Bar] = (), *, rows: int = 3, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heading, self.bars, self._rows = title, tuple(bars), rows
        self._from: int | None = None

    def set_keys(self, keys: Sequence[str]) -> None:
        """The periods in order; the cursor begins on the last."""
        if self.cursor not in keys:
            self.cursor = keys[-1] if keys else None
        super().set_keys(keys)

    def show(self, title: str, bars: Sequence[Bar]) -> None:
        """Show other bars."""
        self._heading, self.bars = title, tuple(bars)
        self.set_keys([b.key for b in self.bars])

    def on_mount(self) -> None:
        """Choose the last bar."""
        self.set_keys([b.key for b in self.bars])

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Heading, bars, axis, labels."""
        return self._rows + 3

    @property
    def _window(self) -> tuple[int, int]:
        """The first visible bar and the one after the last."""
        room = max(1, (self.size.width - self._axis - 1) // 3)
        latest = max(0, len(self.bars) - room)
        first = latest if self._from is None else min(self._from, latest)
        place = next((n for n, b in enumerate(self.bars) if b.key == self.cursor), len(self.bars) - 1)
        first = max(0, min(max(first, place - room + 1), place))
        self._from = first
        return first, min(len(self.bars), first + room)

    @property
    def _visible(self) -> tuple[Bar, ...]:
        first, end = self._window
        return self.bars[first:end]

    @property
    def _axis(self) -> int:
        return max(2, len(str(self._top))) + 2

    @property
    def _top(self) -> int:
        return max((b.count for b in self.bars), default=0)

    def render_line(self, y: int) -> Strip:
        """One line: heading, a level of the bars, the axis, the labels."""
        tones, width = tones_of(self.app), self.size.width
        made = segments(self._line(y), tones)
        return Strip(cut_segments(made, width)).adjust_cell_length(width, tones.style())

    def _line(self, y: int) -> Line:
        axis, rows, visible = self._axis, self._rows, self._visible
        if y == 0:
            return [" ", (self._title(), "atenuado")]
        if y <= rows:
            level = rows - y
            mark, over = (ceil(self._top * (n + 1) / rows) for n in (level, level + 1))
            label = f"{mark if self._top and (mark < over or level == rows - 1) else '':>{axis - 1}}"
            bars = [(" " + self._cell(b, level) * 2, "acento") for b in visible]
            return [(f"{label}┤", "atenuado"), *bars]
        if y == rows + 1:
            return [(f"{'0':>{axis - 1}}┼" + "─" * (3 * len(visible) + 1), "atenuado")]
        parts: list[tuple[str, str]] = [(" " * axis, "")]
        for b in visible:
            on = b.key == self.cursor and self.has_focus
            parts += [(" ", ""), (f"{safe(b.label)[:2]:>2}", "foco" if on else "atenuado")]
        return parts

    def _title(self) -> str:
        """The heading; with the focus what the cursor stands on, and how many bars stand outside."""
        first, end = self._window
        said = [safe(self._heading).upper()]
        chosen = next((b for b in self.bars if b.key == self.cursor), None)
        if self.has_focus and chosen is not None:
            said.append(f"{safe(chosen.name or chosen.label)}: {chosen.count}")
        if first:
            said.append(f"←{first}")
        if end < len(self.bars):
            said.append(f"{len(self.bars) - end}→")
        return "  ".join(said)

    def _cell(self, b: Bar, level: int) -> str:
        halves = round(b.count / self._top * self._rows * 2) if self._top else 0
        halves = max(halves, 1) if b.count else 0
        left = halves - 2 * level
        return "█" if left >= 2 else "▄" if left == 1 else " "

    def on_click(self, event: events.Click) -> None:
        """A click opens a bar."""
        n = (event.x - self._axis) // 3
        if event.y > 0 and 0 <= n < len(self._visible):
            self.pick(self._visible[n].key)
