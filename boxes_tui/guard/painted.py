"""What the terminal shows, so that only cells that differ are sent (the agent's line is slow; QUALITY.md §1, P2).

Textual repaints whole regions, and opening a dialog paints most lines several times.  :class:`Painted` stands between
the compositor and the driver: it remembers every line as it was last sent, and turns an update into the spans of
cells that are not on the terminal yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Ink = tuple[str, str, str, str]
"""Attributes, foreground and background of a cell as SGR parameters, and the OSC 8 parameters of its link."""

Cells = tuple[str, list[Ink]]
"""The characters of a line and the ink of each."""

_PLAIN: Ink = ("", "", "", "")

GAP = 8
"""Equal cells between two differences that are sent along, since a jump would cost as much."""


class Painted:
    """The lines on the terminal. ``changes`` wraps an update; ``forget`` when the terminal may show something else."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Segment]] = {}
        self._width = 0

    def forget(self) -> None:
        """Nothing is known: the next update is sent whole."""
        self._lines.clear()

    def moved(self, first: int, end: int, up: int) -> None:
        """Lines ``first`` … ``end - 1`` were scrolled up by ``up`` in the terminal; those that came in are unknown."""
        old = {y: self._lines.pop(y) for y in range(first, end) if y in self._lines}
        for y, line in old.items():
            if first <= y - up < end:
                self._lines[y - up] = line

    def changes(self, update: LayoutUpdate | ChopsUpdate, width: int, console: Console) -> Changes:
        """What has to be sent of an update. It has to be sent: the lines count as shown from now on."""
        if width != self._width:
            self.forget()
            self._width = width
        return Changes(self.render(update, width, console))

    def render(self, update: LayoutUpdate | ChopsUpdate, width: int, console: Console) -> str:
        """The sequences that bring the terminal from what it shows to what the update shows."""
        system = console._color_system or ColorSystem.TRUECOLOR
        sent: list[str] = []
        for y, line in _whole_lines(update, width):
            if line is None:
                self._lines.pop(y, None)
                continue
            old = self._lines.get(y)
            if old == line:
                continue
            self._lines[y] = line
            sent += _line(y, old, line, width, system)
        rest = _partial(update, width)
        if rest is not None:
            sent.append(rest.render_segments(console))
        return "".join(sent) + ("\x1b[0m" if sent else "")


class Changes(CompositorUpdate):
    """An update that is already the sequences to send."""

    def __init__(self, sequences: str) -> None:
        self._sequences = sequences

    @property
    def nothing(self) -> bool:
        """Whether the terminal shows all of it already."""
        return not self._sequences

    def render_segments(self, console: Console) -> str:
        """The sequences."""
        return self._sequences


def _whole_lines(update: LayoutUpdate | ChopsUpdate, width: int) -> Iterable[tuple[int, list[Segment] | None]]:
    """Lines that the update paints from edge to edge; None for lines of which it paints a part."""
    if isinstance(update, LayoutUpdate):
        whole = update.region.width == width
        for y, line in enumerate(update.strips, update.region.y):
            yield y, [segment for strip in line for segment in strip] if whole else None
        return
    for y, x1, x2 in update.spans:
        strips: list[Strip | None] = list(update.chops[y].values())
        whole = x1 == 0 and x2 >= width and all(strip is not None for strip in strips)
        yield y, [segment for strip in strips if strip is not None for segment in strip] if whole else None


def _partial(update: LayoutUpdate | ChopsUpdate, width: int) -> CompositorUpdate | None:
    """What of the update does not go from edge to edge."""
    if isinstance(update, LayoutUpdate):
        return None if update.region.width == width else update
    spans = [
        (y, x1, x2)
        for y, x1, x2 in update.spans
        if not (x1 == 0 and x2 >= width and all(strip is not None for strip in update.chops[y].values()))
    ]
    return ChopsUpdate(update.chops, spans, update.chop_ends) if spans else None


def _line(y: int, old: Sequence[Segment] | None, new: Sequence[Segment], width: int, system: ColorSystem) -> list[str]:
    """Sequences for one line: the cells that differ where both are known cell by cell, else the whole line."""
    now = _cells(new, width, system)
    before = _cells(old, width, system) if old is not None else None
    if now is None or before is None:
        runs = [(segment.text, _ink(segment.style, system)) for segment in new if segment.text]
        return [f"\x1b[{y + 1};1H", _inked(runs)]
    sent: list[str] = []
    (text, inks), (old_text, old_inks) = now, before
    for first, end in _spans(text, inks, old_text, old_inks):
        runs = []
        start = first
        for x in range(first + 1, end + 1):
            if x == end or inks[x] != inks[start]:
                runs.append((text[start:x], inks[start]))
                start = x
        sent += [f"\x1b[{y + 1};{first + 1}H", _inked(runs)]
    return sent


def _spans(text: str, inks: list[Ink], old_text: str, old_inks: list[Ink]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for x, (char, ink, old_char, old_ink) in enumerate(zip(text, inks, old_text, old_inks, strict=True)):
        if char == old_char and ink == old_ink:
            continue
        if spans and x - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], x + 1)
        else:
            spans.append((x, x + 1))
    return spans


def _cells(line: Sequence[Segment], width: int, system: ColorSystem) -> Cells | None:
    """A line cell by cell, None where a character is not known to take exactly one cell."""
    text = "".join(segment.text for segment in line)
    if len(text) != width or not _one_cell_each().match(text):
        return None
    inks: list[Ink] = []
    for segment in line:
        inks += [_ink(segment.style, system)] * len(segment.text)
    return text, inks


def _inked(runs: Iterable[tuple[str, Ink]]) -> str:
    """Text with the fewest colour changes; the first run says everything."""
    made: list[str] = []
    last: Ink | None = None
    for text, ink in runs:
        if ink[3] != (last[3] if last else ""):
            made.append(f"\x1b]8;{ink[3] or ';'}\x1b\\")
        if last is None or ink[0] != last[0]:
            made.append("\x1b[" + ";".join(["0", *[part for part in ink[:3] if part]]) + "m")
        elif ink[:3] != last[:3]:
            changed = [ink[1] or "39"] if ink[1] != last[1] else []
            changed += [ink[2] or "49"] if ink[2] != last[2] else []
            made.append("\x1b[" + ";".join(changed) + "m")
        made.append(text)
        last = ink
    if last is not None and last[3]:
        made.append("\x1b]8;;\x1b\\")
    return "".join(made)


@cache
def _one_cell_each() -> re.Pattern[str]:
    """Texts of characters that take exactly one cell in every terminal."""
    return re.compile(
        r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc]*\Z"
    )


@lru_cache(2048)
def _ink(style: Style | None, system: ColorSystem) -> Ink:
    if style is None:
        return _PLAIN
    attributes = Style(
        bold=style.bold, dim=style.dim, italic=style.italic, underline=style.underline, reverse=style.reverse
    ).render("x", color_system=system)
    found = re.match(r"\x1b\[([0-9;]*)m", attributes)
    fore = ";".join(style.color.downgrade(system).get_ansi_codes()) if style.color else ""
    back = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)) if style.bgcolor else ""
    link = f"id={style._link_id};{style._link}" if style._link else ""  # the last wall has let only ours through
    return (found[1] if found else "", fore, back, link)
