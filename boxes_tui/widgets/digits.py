"""Answers by one digit: outcomes of a call, reasons of a discard (SCREENS §3, *Panel de llamada*, *Descartar*)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.widgets.safe import cut_segments, safe, segments
from boxes_tui.widgets.tones import tones_of


@dataclass(frozen=True, slots=True)
class Digit:
    """One answer: the key that gives it (``1`` … ``0``, ``o``), its text, what follows from it (*vuelve 18:10*)."""

    key: str
    label: str
    note: str = ""
    enabled: bool = True


class Digits(Widget, can_focus=True):
    """Answers in columns, filled downwards. While focused, its key gives an answer and posts :class:`Chosen`; every
    other key goes on to the dialog.

    ``columns``: (first cell, answers) of each column; an answer too wide for its column takes a second line.
    ``notes``: cell of the first column at which its notes begin; elsewhere they follow the text.
    """

    DEFAULT_CSS = "Digits { height: auto; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False
    ground = "panel"

    class Chosen(Message):
        """An answer was given by its key or by a click."""

        def __init__(self, digits: Digits, key: str) -> None:
            super().__init__()
            self.digits, self.key = digits, key

        @property
        def control(self) -> Digits:
            """The widget."""
            return self.digits

    def __init__(
        self, items: Sequence[Digit], *, columns: Sequence[tuple[int, int]], notes: int = 0, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.items = tuple(items)
        self._columns = tuple(columns)
        self._notes = notes

    def show(self, items: Sequence[Digit]) -> None:
        """Show other answers at the same places."""
        if tuple(items) != self.items:
            self.items = tuple(items)
            self.refresh()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As tall as the tallest column."""
        return max(len(lines) for _first, lines in self._laid_out(width))

    def on_key(self, event: events.Key) -> None:
        """The keys of the answers."""
        for item in self.items:
            if event.character == item.key and item.enabled:
                event.stop()
                event.prevent_default()
                self.post_message(self.Chosen(self, item.key))

    def on_click(self, event: events.Click) -> None:
        """A click gives an answer."""
        for first, lines in reversed(self._laid_out(self.size.width)):
            if event.x >= first and event.y < len(lines):
                item = lines[event.y][0]
                if item.enabled:
                    self.post_message(self.Chosen(self, item.key))
                return

    def _laid_out(self, width: int) -> list[tuple[int, list[tuple[Digit, list[tuple[str, str]]]]]]:
        """Every column's first cell and lines: the answer of the line, and its parts."""
        made = []
        start = 0
        for n, (first, count) in enumerate(self._columns):
            end = self._columns[n + 1][0] - 2 if n + 1 < len(self._columns) else width - 1
            lines: list[tuple[Digit, list[tuple[str, str]]]] = []
            for item in self.items[start : start + count]:
                lines += [(item, parts) for parts in self._lines_of(item, end - first, self._notes if n == 0 else 0)]
            made.append((first, lines))
            start += count
        return made

    def _lines_of(self, item: Digit, room: int, notes: int) -> list[list[tuple[str, str]]]:
        tone = "texto" if item.enabled else "atenuado"
        lines = [""]
        for word in safe(item.label).split(" "):
            joined = f"{lines[-1]} {word}".strip()
            if cell_len(joined) <= room - 2 or not lines[-1]:
                lines[-1] = joined
            else:
                lines.append(word)
        made = [[(item.key, "acento" if item.enabled else "atenuado"), (f" {lines[0]}", tone)]]
        made += [[(f"  {line}", tone)] for line in lines[1:]]
        if item.note:
            used = 2 + cell_len(lines[0])
            made[0].append((" " * max(2, notes - used) + safe(item.note), "atenuado"))
        return made

    def render_line(self, y: int) -> Strip:
        """One line of each column."""
        tones, width = tones_of(self.app), self.size.width
        made: list[Segment] = []
        used = 0
        for first, lines in self._laid_out(width):
            if y >= len(lines):
                continue
            parts = segments([(" " * (first - used), ""), *lines[y][1]], tones, self.ground)
            made += parts
            used += sum(cell_len(s.text) for s in parts)
        return Strip(cut_segments(made, width)).adjust_cell_length(width, tones.style("texto", self.ground))
