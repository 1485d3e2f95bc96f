"""Fields of dialogs and forms: one line each, ``label ▏text reading``. Every change is reported at once, so
that the draft journal has what the screen shows. ``Enter``, ``Tab`` and ``Esc`` always go on to the dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.text import BAD, cut
from boxes_tui.widgets.safe import Line, Part, cut_segments, segments
from boxes_tui.widgets.tones import tones_of

Reading = tuple[bool, Line]
"""Whether a text can be read, and what it is read as (or why not)."""


class FieldBase(Widget, can_focus=True):
    """What fields share: label, error, the place of the parts on the line."""

    DEFAULT_CSS = "FieldBase { height: 1; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False
    ground = "panel"

    class Changed(Message):
        """What the field holds is another; posted at every keystroke."""

        def __init__(self, field: FieldBase, value: str) -> None:
            super().__init__()
            self.field, self.value = field, value

        @property
        def control(self) -> FieldBase:
            """The field."""
            return self.field

    note_at = 0
    """Cell where the note of a choice begins; 0: it ends at the right end."""

    def __init__(self, label: Line, *, label_width: int, id: str | None = None) -> None:
        super().__init__(id=id)
        self.label, self.label_width = label, label_width
        self._note: Line = ""
        self._error: Line = ""

    @property
    def value(self) -> str:
        """What the field holds."""
        raise NotImplementedError

    def set_note(self, note: Line) -> None:
        """The text at the right of the field (*se guarda sola*, *opcional*)."""
        if note != self._note:
            self._note = note
            self.refresh()

    def set_error(self, error: Line) -> None:
        """What is wrong with the value, in the note's place; an empty text takes it away."""
        if error != self._error:
            self._error = error
            self.refresh()

    @property
    def error(self) -> Line:
        """What is wrong with the value."""
        return self._error

    def after(self) -> list[Part]:
        """What stands at the right: the error, else the note."""
        if self._error:
            return [("✗ ", "peligro"), *_toned(self._error, "peligro")]
        return _toned(self._note, "atenuado") if self._note else []

    def lead(self) -> list[Segment]:
        """The edge blank and the label, padded to its width."""
        tones = tones_of(self.app)
        made = cut_segments(segments(self.label, tones, self.ground, "atenuado"), self.label_width)
        fill = " " * max(0, self.label_width - Strip(made).cell_length)
        return [
            Segment(" ", tones.style("texto", self.ground)),
            *made,
            Segment(fill, tones.style("texto", self.ground)),
        ]


def _toned(line: Line, tone: str) -> list[Part]:
    return [(line, tone)] if isinstance(line, str) else list(line)


class TextField(FieldBase):
    """A line of text. Pasted line breaks become blanks, control characters go, ``limit`` characters at
    most.

    ``on_change`` is called with the value at every keystroke, before the screen is painted. ``read`` gives
    the live reading at the right (a date entry: ``TextField(…, read=lambda text: (True, "lun 30/11/2026
    15:30"))``).
    """

    def __init__(
        self,
        label: Line = "",
        value: str = "",
        *,
        label_width: int = 0,
        width: int = 0,
        limit: int = 8000,
        read: Callable[[str], Reading] | None = None,
        on_change: Callable[[str], None] | None = None,
        note: Line = "",
        id: str | None = None,
    ) -> None:
        super().__init__(label, label_width=label_width or cell_len(plain_label(label)) + (1 if label else 0), id=id)
        self._value, self._place = value, len(value)
        self._width, self._limit = width, limit
        self._read, self._on_change = read, on_change
        self._first = 0
        self._note = note

    @property
    def value(self) -> str:
        """The text."""
        return self._value

    @value.setter
    def value(self, text: str) -> None:
        self._value = text
        self._place = len(text)
        self.refresh()

    @property
    def reading(self) -> Reading:
        """What ``read`` says of the text now."""
        return self._read(self._value) if self._read is not None else (True, "")

    def insert(self, text: str) -> None:
        """Put text at the cursor as if it were typed."""
        text = BAD.sub("", text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\t", " "))
        text = text[: max(0, self._limit - len(self._value))]
        if text:
            self._set(self._value[: self._place] + text + self._value[self._place :], self._place + len(text))

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text goes in as one line."""
        event.stop()
        self.insert(event.text)

    def on_key(self, event: events.Key) -> None:
        """Typing and the editing keys; ``Enter``, ``Tab``, ``Esc``, up and down go on to the dialog."""
        key, value, place = event.key, self._value, self._place
        if key == "backspace":
            self._set(value[: _left(value, place)] + value[place:], _left(value, place))
        elif key == "delete":
            self._set(value[:place] + value[_right(value, place) :], place)
        elif key in ("left", "right"):
            self._set(value, _left(value, place) if key == "left" else _right(value, place))
        elif key in ("home", "ctrl+a", "end", "ctrl+e"):
            self._set(value, 0 if key in ("home", "ctrl+a") else len(value))
        elif key == "ctrl+u":
            self._set(value[place:], 0)
        elif key == "ctrl+k":
            self._set(value[:place], place)
        elif key == "ctrl+w":
            start = value[:place].rstrip().rfind(" ") + 1
            self._set(value[:start] + value[place:], start)
        elif event.is_printable and event.character:
            self.insert(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def _set(self, value: str, place: int) -> None:
        changed = value != self._value
        self._value, self._place = value, place
        if changed:
            self._error = ""
            if self._on_change is not None:
                self._on_change(value)
            self.post_message(self.Changed(self, value))
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Label, ``▏``, the text around the cursor, reading or note or error."""
        tones, width = tones_of(self.app), self.size.width
        text_style = tones.style("texto", self.ground)
        lead = [*self.lead(), Segment("▏", tones.style("acento", self.ground))]
        used = Strip(lead).cell_length
        after: Line = self.after()
        if self._read is not None and not self._error and self._value:
            fine, said = self._read(self._value)
            after = _toned(said, "texto" if fine else "peligro")
        tail = segments(after, tones, self.ground)
        taken = Strip(tail).cell_length
        room = max(4, self._width or width - used - (taken + 1 if taken else 1))
        room = min(room, max(4, width - used - 1))
        field = self._window(room)
        self._put_cursor(used, field[0])
        before, under, rest = field
        made = [*lead, Segment(before, text_style)]
        made.append(Segment(under, tones.style("foco") if self.has_focus else text_style))
        made.append(Segment(rest, text_style))
        have = Strip(made).cell_length
        fixed = used + room + 1 if self._width else width - taken
        made.append(Segment(" " * max(1, fixed - have), text_style))
        strip = Strip([s for s in made + tail if s.text])
        return Strip(cut_segments(strip, width)).adjust_cell_length(width, text_style)

    def _window(self, room: int) -> tuple[str, str, str]:
        """The visible piece: text before the cursor, under it, after it; without the focus the beginning, cut."""
        value = BAD.sub("", self._value)
        if not self.has_focus and cell_len(value) > room:
            return cut(value, room), "", ""
        place = min(self._place, len(value))
        first = min(self._first, place)
        while cell_len(value[first : place + 1]) + (1 if place == len(value) else 0) > room:
            first += 1
        self._first = first
        under = value[place : _right(value, place)] or " "
        rest = ""
        for ch in value[place + len(under) if place < len(value) else place :]:
            if cell_len(value[first:place] + under + rest + ch) > room:
                break
            rest += ch
        return value[first:place], under, rest

    def _put_cursor(self, used: int, before: str) -> None:
        if self.has_focus:
            self.app.cursor_position = Offset(self.region.x + used + cell_len(before), self.region.y)


def plain_label(line: Line) -> str:
    """The characters of a label."""
    return line if isinstance(line, str) else "".join(p if isinstance(p, str) else p[0] for p in line)


def _left(text: str, place: int) -> int:
    place = max(0, place - 1)
    while place > 0 and cell_len(text[place]) == 0:
        place -= 1
    return place


def _right(text: str, place: int) -> int:
    place = min(len(text), place + 1)
    while place < len(text) and cell_len(text[place]) == 0:
        place += 1
    return place


class ChoiceField(FieldBase):
    """One of a few: ``▸ mía cualquiera``. Left, right and the space bar change it while it has the focus; a
    dialog whose ``Tab`` changes it calls :meth:`cycle`."""

    def __init__(
        self,
        label: Line,
        choices: Sequence[tuple[str, str]],
        value: str | None = None,
        *,
        label_width: int = 0,
        note: Line = "",
        gap: int = 3,
        note_at: int = 0,
        on_change: Callable[[str], None] | None = None,
        focusable: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(label, label_width=label_width or cell_len(plain_label(label)) + (1 if label else 0), id=id)
        self.choices = tuple(choices)
        self._value = value if value is not None else self.choices[0][0]
        self._note, self._gap, self._on_change = note, gap, on_change
        self.note_at = note_at
        self.can_focus = focusable

    @property
    def value(self) -> str:
        """The code chosen."""
        return self._value

    @value.setter
    def value(self, code: str) -> None:
        if code != self._value:
            self._value = code
            if self._on_change is not None:
                self._on_change(code)
            self.post_message(self.Changed(self, code))
            self.refresh()

    def cycle(self, step: int = 1) -> None:
        """Choose the next one, round about."""
        codes = [code for code, _label in self.choices]
        self.value = codes[(codes.index(self._value) + step) % len(codes)]

    def on_key(self, event: events.Key) -> None:
        """Left, right and the space bar."""
        if event.key not in ("left", "right", "space"):
            return
        event.stop()
        event.prevent_default()
        self.cycle(-1 if event.key == "left" else 1)

    def on_focus(self) -> None:
        """Show the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the focus."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Label, choices with ``▸`` before the chosen one, the note at the right end."""
        tones, width = tones_of(self.app), self.size.width
        text_style = tones.style("texto", self.ground)
        made = self.lead()
        for n, (code, label) in enumerate(self.choices):
            on = code == self._value
            gap = " " * (self._gap - (2 if on and n else 0)) if n else ""
            mark = "▸ " if on else ("  " if n == 0 else "")
            tone = "foco" if on and self.has_focus else "acento" if on else "texto"
            made += [Segment(gap, text_style), *segments([(mark, "acento"), (label, tone)], tones, self.ground)]
        tail = segments(self.after(), tones, self.ground)
        have = Strip(made).cell_length
        fill = (self.note_at or width - Strip(tail).cell_length - 1) - have
        made = [*made, Segment(" " * max(1, fill), text_style), *tail] if tail else made
        strip = Strip([s for s in made if s.text])
        return Strip(cut_segments(strip, width)).adjust_cell_length(width, text_style)
