"""A grid's lines as strips: column heads, rows, the empty sentence. As few segments as the colours need,
since every segment costs bytes on the agent's line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from boxes_tui.text import cut
from boxes_tui.widgets.columns import LEAD, Column, Placed, place
from boxes_tui.widgets.rows import Result, Row
from boxes_tui.widgets.safe import Line, cut_segments, safe
from boxes_tui.widgets.safe import segments as line_segments
from boxes_tui.widgets.tones import Tones

RESULT_CELLS = 24
"""Cells that a result or a reason may take at the end of its row, over columns that the agent has just read."""

LEAST_CUT = 4
"""Cells that a cuttable cell keeps when its neighbour needs its room."""


class Painter:
    """Paints for one set of columns, one width, one set of tones."""

    def __init__(self, columns: Sequence[Column], width: int, tones: Tones) -> None:
        self.width = width
        self.tones = tones
        self.placed: list[Placed] = place(columns, width)

    def head(self, chosen: str | None = None) -> Strip:
        """The line of column titles; ``chosen`` is the column under the column cursor (``▸`` after its
        title)."""
        text = " " * LEAD
        for column, _index, width in self.placed:
            title = cut(safe(column.title), width)
            fill = " " * (width - cell_len(title))
            mark = "▸" if column.id == chosen else " "
            if column is self.placed[-1].column and mark == "▸" and not fill:
                text = text[:-1] + "▸" + title
            elif column.align == "right":
                text += fill + title + mark
            else:
                text += title + mark + fill
        text = text.rstrip()
        return self._strip([Segment(text, self.tones.style("atenuado"))], "atenuado")

    def row(self, row: Row, cursor: bool, marked: bool, result: Result | None = None, gone: str | None = None) -> Strip:
        """One row. ``gone`` greys it and says why in its last column."""
        if row.heading:
            tone = "foco" if cursor else "acento"
            return self._strip([Segment(f"    {safe(row.heading)}", self.tones.style(tone))], tone)
        last: str | None = None
        sign, sign_tone = row.sign, row.sign_tone
        if result is not None:
            sign, sign_tone, last = result.sign, result.tone, result.text
        elif gone is not None:
            sign, sign_tone, last = "✓", "atenuado", gone
        lead = [
            ("●" if marked else " ", "marca"),
            (sign[:1] or " ", sign_tone),
            ((row.third + "  ")[:2], row.third_tone),
        ]
        base = "atenuado" if row.dim or gone is not None else "texto"
        cells = self._cells(row, last)
        if cursor:
            text = "".join(p for p, _ in lead) + "".join(text for _, text in cells)
            return self._strip([Segment(text, self.tones.style("foco"))], "foco")
        runs: list[tuple[str, str]] = [(text, (tone or base) if text.strip() else base) for text, tone in lead]
        for column, text in cells:
            own = "" if row.dim else row.tones.get(column.id, column.tone)
            if last is not None and column is self.placed[-1].column:
                own = result.tone if result is not None else ""
            runs.append((text, own or base))
        return self._strip(self._join(runs, base), base)

    def waiting(self) -> Strip:
        """A row that is not here yet."""
        return self._strip([Segment("    ·", self.tones.style("atenuado"))], "texto")

    def line(self, line: Line) -> Strip:
        """A line of the empty sentence, under the first column."""
        made = [Segment(" " * LEAD, self.tones.style("texto")), *line_segments(line, self.tones)]
        return self._strip(made, "texto")

    def blank(self) -> Strip:
        """An empty line."""
        return Strip.blank(self.width, self.tones.style("texto"))

    def _cells(self, row: Row, last: str | None) -> list[tuple[Column, str]]:
        """Every cell padded to its place, its gap after it; a cell that may not be cut takes room from the
        next."""
        made: list[tuple[Column, str]] = []
        debt = 0
        end = len(self.placed) - 1
        taken = self._taken(last) if last is not None else 0
        for n, (column, index, width) in enumerate(self.placed):
            own = row.cells[index] if index < len(row.cells) else ""
            if taken:
                reach = sum(w for _c, _i, w in self.placed[n + 1 : end])
                width += taken if n == end else -max(0, min(width, taken - reach))
                own = "" if width <= 0 or (not column.cut and cell_len(own) > width) else own
            text = safe(own if last is None or n != end else last)
            size = len(text) if text.isascii() else cell_len(text)
            room = width - debt
            debt = 0
            if size > room and (column.cut or (n == end and last is not None)):
                kept = max(room, min(size, LEAST_CUT))
                text, size = cut(text, kept), kept
                size = cell_len(text)
            if size > room:
                debt = size - room
            fill = " " * max(0, room - size)
            made.append(
                (
                    column,
                    (fill + text if column.align == "right" else text + fill) + (" " if n != end else ""),
                )
            )
        return made

    def _taken(self, last: str) -> int:
        """Cells that a result needs beyond the last column; it takes them from the columns before it."""
        return max(0, min(cell_len(safe(last)), RESULT_CELLS) - self.placed[-1][2])

    def _join(self, runs: list[tuple[str, str]], base: str) -> list[Segment]:
        """Neighbours of one tone become one segment; blanks take the tone before them."""
        made: list[Segment] = []
        text, tone = "", ""
        for piece, own in runs:
            own = tone if text.strip() and not piece.strip() else own
            if own == tone or not text.strip():
                text, tone = text + piece, own
            else:
                made.append(Segment(text, self.tones.style(tone)))
                text, tone = piece, own
        made.append(Segment(text, self.tones.style(tone or base)))
        return made

    def _strip(self, made: list[Segment], tone: str) -> Strip:
        made = cut_segments(made, self.width)
        used = sum(cell_len(s.text) for s in made)
        if used < self.width:
            fill, style = " " * (self.width - used), self.tones.style(tone)
            if made and made[-1].style == style:
                made[-1] = Segment(made[-1].text + fill, style)
            else:
                made.append(Segment(fill, style))
        return Strip(made, self.width)
