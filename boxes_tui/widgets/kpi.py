"""The figures of a report, one a line; every figure opens into its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.strip import Strip

from boxes_tui.text import cut
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.safe import cut_segments, safe, segments
from boxes_tui.widgets.tones import tones_of

LABEL, NUMBER, RATE, NOTE = 3, 37, 42, 53
"""Cells of a column: label begins, number ends, rate begins, note begins."""

SECOND = 67
"""Cell at which the second column of a wide screen begins."""

SHIFT = -4
"""How much nearer to their label the numbers of the second column stand."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure: ``num`` (a count, a score, or ``—``), for rates ``den`` and ``rate`` (``(85,7 %)``), and a note
    (*en curso: 36*, *den. 0*). All as they are written."""

    code: str
    label: str
    num: str
    den: str = ""
    rate: str = ""
    note: str = ""


class Kpis(Picker):
    """Figures in one column, or in two on a wide screen. Up and down move, left and right change the column,
    ``Enter`` posts ``Picker.Chosen`` with the code. At most ``most`` lines show; the cursor moves them."""

    DEFAULT_CSS = "Kpis { height: auto; width: 1fr; }"

    def __init__(self, left: Sequence[Kpi] = (), right: Sequence[Kpi] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left, self._right = tuple(left), tuple(right)
        self._most, self._top = 0, 0

    def show(self, left: Sequence[Kpi], right: Sequence[Kpi] = (), most: int = 0) -> None:
        """Show other figures; ``right`` only where the screen has 110 columns; ``most`` lines (0 = all)."""
        self._left, self._right, self._most = tuple(left), tuple(right), most
        self.set_keys([k.code for k in (*self._left, *self._right)])
        self._follow()
        self.refresh(layout=True)

    @property
    def hidden(self) -> tuple[int, int]:
        """How many lines stand above and below the visible ones."""
        lines = max(len(self._left), len(self._right))
        return self._top, max(0, lines - self._top - self.lines)

    @property
    def lines(self) -> int:
        """How many lines show."""
        lines = max(len(self._left), len(self._right))
        return min(lines, self._most) if self._most else lines

    def _follow(self) -> None:
        """Keep the cursor's line in sight."""
        columns = ([k.code for k in self._left], [k.code for k in self._right])
        place = next((c.index(self.cursor) for c in columns if self.cursor in c), 0)
        visible = self.lines
        self._top = min(max(self._top, place - visible + 1, 0), place)
        self._top = min(self._top, max(0, max(len(self._left), len(self._right)) - visible))

    def go_to(self, key: str) -> None:
        """Put the cursor on a figure, in sight."""
        super().go_to(key)
        self._follow()

    def on_mount(self) -> None:
        """Choose the first figure."""
        self.set_keys([k.code for k in (*self._left, *self._right)])

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As tall as the longer column, or as it may be."""
        return self.lines

    def on_key(self, event: events.Key) -> None:
        """Left and right change the column; the rest as in :class:`Picker`."""
        if event.key in ("left", "right") and self._right and self.cursor is not None:
            columns = ([k.code for k in self._left], [k.code for k in self._right])
            here, there = (0, 1) if event.key == "right" else (1, 0)
            if self.cursor in columns[here]:
                place = columns[here].index(self.cursor)
                self.go_to(columns[there][min(place, len(columns[there]) - 1)])
                event.stop()
                event.prevent_default()
                return
        super().on_key(event)

    def render_line(self, y: int) -> Strip:
        """A figure of each column."""
        tones, width = tones_of(self.app), self.size.width
        y += self._top
        parts = self._parts(self._left[y], 0) if y < len(self._left) else []
        if y < len(self._right):
            used = sum(cell_len(text) for text, _tone in parts)
            parts.append((" " * max(1, SECOND - used), ""))
            parts += self._parts(self._right[y], SHIFT)
        return Strip(cut_segments(segments(parts, tones), width)).adjust_cell_length(width, tones.style())

    def _parts(self, kpi: Kpi, shift: int) -> list[tuple[str, str]]:
        on = kpi.code == self.cursor
        end = NUMBER + shift + (3 if shift and not kpi.den else 0) - LABEL
        label = cut(safe(kpi.label), end - len(kpi.num) - 1)
        text = label + " " * (end - cell_len(label) - cell_len(kpi.num)) + kpi.num
        if kpi.den:
            text += f"/{kpi.den}"
        text += " " * max(1, RATE + shift - LABEL - cell_len(text)) + kpi.rate if kpi.rate else ""
        made = [(" ▸ " if on else "   ", "acento"), (text, "foco" if on and self.has_focus else "texto")]
        if kpi.note:
            gap = " " * (3 if shift else max(1, NOTE - LABEL - cell_len(text)))
            made.append((gap + safe(kpi.note), "atenuado"))
        return made

    def on_click(self, event: events.Click) -> None:
        """A click opens a figure."""
        column = self._right if event.x >= SECOND and self._right else self._left
        if event.y + self._top < len(column):
            self.pick(column[event.y + self._top].code)
