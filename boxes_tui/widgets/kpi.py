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


NOTE_CELLS = 16
"""Cells of the longest note (*en curso: 109*) for which labels make room."""


@dataclass(frozen=True, slots=True)
class Places:
    """Cells of a column of figures from its beginning: where numbers end, rates and notes begin, and room for notes."""

    number: int
    rate: int
    note: int
    room: int

    @classmethod
    def natural(cls, column: Sequence[Kpi]) -> Places:
        """As wide as its texts."""
        number = LABEL + max((cell_len(k.label) + 1 + len(k.num) for k in column), default=0)
        rate = number + max((len(k.den) + 1 if k.den else 0 for k in column), default=0) + 1
        note = rate + max((len(k.rate) for k in column), default=0) + 2
        return cls(number, rate, note, max((cell_len(k.note) for k in column), default=0))

    def narrower(self, cells: int) -> Places:
        """With that many cells less for the labels."""
        cells = max(0, min(cells, self.number - LABEL - 16))
        return Places(self.number - cells, self.rate - cells, self.note - cells, self.room)


def share(left: Sequence[Kpi], right: Sequence[Kpi], width: int) -> tuple[Places, Places, int]:
    """Two columns side by side and where the second begins: long notes are cut before labels, which always leave a short
    note its room."""
    one, two = Places.natural(left), Places.natural(right)
    short, other = _short_notes(left), _short_notes(right)
    needed = one.note + short + 2 + two.note + other
    over = max(0, needed + 1 - width)
    one, two = one.narrower(over // 2), two.narrower(over - over // 2)
    first = min(one.room, max(short, width - 3 - one.note - two.note - two.room))
    second = max(one.note + first + 2, min(SECOND, width - 1 - two.note - two.room))
    rest = max(0, width - 1 - second - two.note)
    return Places(one.number, one.rate, one.note, first), Places(two.number, two.rate, two.note, rest), second


def _short_notes(column: Sequence[Kpi]) -> int:
    """Cells of the longest note that is not a long one."""
    return max((n for k in column if (n := cell_len(k.note)) <= NOTE_CELLS), default=0)


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
        parts = self._line(y + self._top)
        return Strip(cut_segments(segments(parts, tones), width)).adjust_cell_length(width, tones.style())

    @property
    def whole(self) -> str:
        """The cursor's figure in full, where its line does not show all of it; else nothing."""
        kpi = next((k for k in (*self._left, *self._right) if k.code == self.cursor), None)
        if kpi is None:
            return ""
        column = self._left if kpi in self._left else self._right
        shown = cut("".join(text for text, _tone in self._line(column.index(kpi))), self.size.width)
        if safe(kpi.label) in shown and safe(kpi.note) in shown:
            return ""
        number = kpi.num + (f"/{kpi.den}" if kpi.den else "") + (f" {kpi.rate}" if kpi.rate else "")
        return " · ".join(text for text in (f"{safe(kpi.label)}: {number}", safe(kpi.note)) if text)

    def _line(self, y: int) -> list[tuple[str, str]]:
        """The parts of a line: as drawn where everything fits so, else by what the texts take."""
        if not self._right or self._fits_drawn:
            return self._drawn(y)
        one, two, second = share(self._left, self._right, self.size.width)
        parts = self._placed(self._left[y], one) if y < len(self._left) else []
        if y < len(self._right):
            used = sum(cell_len(text) for text, _tone in parts)
            parts = [*parts, (" " * max(1, second - used), ""), *self._placed(self._right[y], two)]
        return parts

    @property
    def _fits_drawn(self) -> bool:
        """Whether every figure of both columns shows whole at the places of the drawing."""
        for y in range(max(len(self._left), len(self._right))):
            text = "".join(text for text, _tone in self._drawn(y))
            told = [k[y] for k in (self._left, self._right) if y < len(k)]
            if cell_len(text) >= self.size.width or not all(safe(k.label) in text for k in told):
                return False
        return True

    def _drawn(self, y: int) -> list[tuple[str, str]]:
        parts = self._parts(self._left[y], 0) if y < len(self._left) else []
        if y < len(self._right):
            used = sum(cell_len(text) for text, _tone in parts)
            parts = [*parts, (" " * max(1, SECOND - used), ""), *self._parts(self._right[y], SHIFT)]
        return parts

    def _parts(self, kpi: Kpi, shift: int) -> list[tuple[str, str]]:
        number = NUMBER + shift + (3 if shift and not kpi.den else 0)
        note = 0 if shift else NOTE
        return self._placed(kpi, Places(number, RATE + shift, note, cell_len(safe(kpi.note))))

    def _placed(self, kpi: Kpi, at: Places) -> list[tuple[str, str]]:
        """A figure at the places of its column; notes without a place stand three cells after it."""
        on = kpi.code == self.cursor
        end = at.number - LABEL
        label = cut(safe(kpi.label), end - len(kpi.num) - 1)
        text = label + " " * (end - cell_len(label) - cell_len(kpi.num)) + kpi.num
        if kpi.den:
            text += f"/{kpi.den}"
        text += " " * max(1, at.rate - LABEL - cell_len(text)) + kpi.rate if kpi.rate else ""
        made = [(" ▸ " if on else "   ", "acento"), (text, "foco" if on and self.has_focus else "texto")]
        if kpi.note:
            gap = " " * (max(1, at.note - LABEL - cell_len(text)) if at.note else 3)
            made.append((gap + cut(safe(kpi.note), at.room), "atenuado"))
        return made

    def on_click(self, event: events.Click) -> None:
        """A click opens a figure."""
        second = SECOND if self._fits_drawn else share(self._left, self._right, self.size.width)[2]
        column = self._right if event.x >= second and self._right else self._left
        if event.y + self._top < len(column):
            self.pick(column[event.y + self._top].code)
