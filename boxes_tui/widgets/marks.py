"""Fields of several answers and of several lines: agents to assign to, a pasted list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from boxes_tui.i18n import _
from boxes_tui.text import BAD, cut
from boxes_tui.widgets.fields import FieldBase, plain_label
from boxes_tui.widgets.safe import Line, Part, cut_segments, safe, segments, width_of
from boxes_tui.widgets.tones import tones_of


class MarksField(FieldBase):
    """Any of a few or of many: ``● Ana   ● Luis   ○ Marta``. Left and right move, the space bar marks; where not all fit,
    those about the cursor show, and how many stand at either side."""

    def __init__(
        self,
        label: Line,
        choices: Sequence[tuple[str, str]],
        marked: Iterable[str] = (),
        *,
        label_width: int = 0,
        note: Line = "",
        on_change: Callable[[str], None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(label, label_width=label_width or cell_len(plain_label(label)) + 1, id=id)
        self.choices = tuple(choices)
        self._marked = set(marked)
        self._place = self._first = 0
        self._note, self._on_change = note, on_change

    @property
    def marked(self) -> tuple[str, ...]:
        """The codes marked, in the order shown."""
        return tuple(code for code, _label in self.choices if code in self._marked)

    @property
    def value(self) -> str:
        """The codes marked, joined by commas (for the draft journal)."""
        return ",".join(self.marked)

    @value.setter
    def value(self, text: str) -> None:
        self._marked = set(text.split(",")) - {""}
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Left, right, the space bar."""
        if event.key in ("left", "right"):
            self._place = max(0, min(self._place + (1 if event.key == "right" else -1), len(self.choices) - 1))
        elif event.key == "space" and self.choices:
            self._marked ^= {self.choices[self._place][0]}
            if self._on_change is not None:
                self._on_change(self.value)
            self.post_message(self.Changed(self, self.value))
        else:
            return
        event.stop()
        event.prevent_default()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Label, choices with their marks, the note where it has room."""
        tones, width = tones_of(self.app), self.size.width
        made = self.lead()
        room = width - Strip(made).cell_length - 1
        first, last = self._window(room)
        parts: list[Part] = [(f"←{first}  ", "atenuado")] if first else []
        for n in range(first, last):
            code, label = self.choices[n]
            on = code in self._marked
            tone = "foco" if self.has_focus and n == self._place else "texto"
            parts += [
                "   " if n > first else "",
                ("● " if on else "○ ", "marca" if on else "atenuado"),
                (safe(label), tone),
            ]
        more = len(self.choices) - last
        parts += [(f"  {more}→", "atenuado")] if more else []
        note = self.after()
        if note and width_of([*parts, "   ", *note]) <= room:
            parts += [" " * min(9, room - width_of([*parts, *note])), *note]
        made += segments(parts, tones, self.ground)
        return Strip(cut_segments(made, width)).adjust_cell_length(width, tones.style("texto", self.ground))

    def _window(self, room: int) -> tuple[int, int]:
        """The first visible choice and the one after the last: all, or those about the cursor."""
        wide = [cell_len(safe(label)) + 5 for _code, label in self.choices]
        if sum(wide) - 3 <= room:
            return 0, len(wide)
        room -= 2 * len("←99  ")
        first = min(self._first, self._place)
        while sum(wide[first : self._place + 1]) > room and first < self._place:
            first += 1
        last = first + 1
        while last < len(wide) and sum(wide[first : last + 1]) <= room:
            last += 1
        self._first = first
        return first, last


class LinesField(FieldBase):
    """A list of short lines, pasted or typed: VINs, plates. The last lines show, and how many there are.

    ``Enter`` begins a new line only where the last one has text; on an empty last line it goes on to the dialog.
    """

    DEFAULT_CSS = "LinesField { height: 5; }"

    def __init__(
        self,
        value: str = "",
        *,
        limit: int = 200_000,
        on_change: Callable[[str], None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__("", label_width=0, id=id)
        self._lines = value.split("\n")
        self._limit, self._on_change = limit, on_change

    @property
    def value(self) -> str:
        """All lines, joined by line breaks."""
        return "\n".join(self._lines)

    @value.setter
    def value(self, text: str) -> None:
        self._lines = text.split("\n")
        self.refresh()

    @property
    def count(self) -> int:
        """Lines that are not blank."""
        return sum(1 for line in self._lines if line.strip())

    def insert(self, text: str) -> None:
        """Put text at the end as if it were pasted."""
        pieces = [
            "\t".join(BAD.sub("", part) for part in piece.split("\t"))  # tabs part the fields of an export
            for piece in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        ]
        self._lines[-1] += pieces[0]
        self._lines += pieces[1:]
        del self._lines[self._limit :]
        self._changed()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted list goes in line by line, under what is there: it never lengthens a line that names a unit."""
        event.stop()
        listed = "\n" in event.text or "\r" in event.text
        self.insert(("\n" if listed and self._lines[-1].strip() else "") + event.text)

    def on_key(self, event: events.Key) -> None:
        """Typing at the end; ``Ctrl+U`` empties the list."""
        if event.key == "backspace":
            if self._lines[-1]:
                self._lines[-1] = self._lines[-1][:-1]
            elif len(self._lines) > 1:
                self._lines.pop()
            self._changed()
        elif event.key == "ctrl+u":
            self._lines = [""]
            self._changed()
        elif event.key == "enter" and self._lines[-1].strip():
            self._lines.append("")
            self._changed()
        elif event.is_printable and event.character:
            self.insert(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change(self.value)
        self.post_message(self.Changed(self, self.value))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The first lines; where not all fit, how many there are, then the last one with the cursor."""
        tones, width, height = tones_of(self.app), self.size.width, max(1, self.size.height)
        shown = list(self._lines)
        if len(shown) > height:
            count = _("… {n} líneas").format(n=self.count)
            shown = [*shown[: max(0, height - 2)], count, shown[-1]][-height:]
        text = cut(safe(shown[y]), max(1, width - 3)) if y < len(shown) else ""
        last = y == len(shown) - 1 and self.has_focus
        plain = tones.style("texto", self.ground)
        made = [Segment("▏", tones.style("acento", self.ground)), Segment(text, plain)]
        made.append(Segment(" ", tones.style("foco") if last else plain))
        return Strip(cut_segments([s for s in made if s.text], width)).adjust_cell_length(width, plain)
