"""The one way from data to the screen (RELIABILITY §4.1–4.3, §5.2).

Data is never markup: every function here takes plain ``str`` values literally, and control, bidi,
zero-width and tag characters never come out. :data:`ARMOUR` is the last wall behind all of it: the app puts
it among its line filters, and a hit there means that a text went round this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from boxes_tui.text import BAD, OUR_LINK, cut
from boxes_tui.widgets.tones import Tones

Part = str | tuple[str, str] | tuple[str, str, str]
"""A text, a text with its tone, or these with a link of ours (``wa.me``, ``tel:``, ``sip:``) that a terminal may open."""

Line = str | Sequence[Part]
"""One line of a screen: a plain text or parts. A ``str`` is shown literally, whatever it holds."""

_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]")


def safe(value: object) -> str:
    """The text of a value as a line may show it: harmless characters only, one line.

    Line breaks and tabs become blanks, what had a width becomes ``·``, what had none goes.
    """
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\n", " ").replace("\t", " ").replace("\u00ad", "-")
    if BAD.search(text):
        text = BAD.sub("", text)
    return _FLAGS.sub("·", text) if _FLAGS.search(text) else text


def t(value: object) -> Content:
    """A value for any Textual widget that takes content: ``Static(t(name))``, ``Button(t(label))``."""
    return Content(safe(value))


def rich_text(value: object) -> Text:
    """A value for what takes Rich text: ``DataTable`` cells, ``Tree`` labels."""
    return Text(safe(value))


def plain(line: Line) -> str:
    """The characters of a line, made safe, without tones."""
    return safe(line) if isinstance(line, str) else "".join(safe(p if isinstance(p, str) else p[0]) for p in line)


def width_of(line: Line) -> int:
    """Cells that a line takes."""
    return cell_len(plain(line))


def segments(line: Line, tones: Tones, ground: str = "fondo", tone: str = "texto") -> list[Segment]:
    """Segments of a line; ``tone`` is that of the parts that name none."""
    if isinstance(line, str):
        return [Segment(safe(line), tones.style(tone, ground))] if line else []
    made: list[Segment] = []
    for part in line:
        text, own = (part, tone) if isinstance(part, str) else (part[0], part[1] or tone)
        if text:
            style = tones.style(own, ground)
            if not isinstance(part, str) and len(part) == 3 and OUR_LINK.match(part[2]):
                style += _link(part[2])
            made.append(Segment(safe(text), style))
    return made


@lru_cache(maxsize=64)
def _link(url: str) -> Style:
    """One style for one link, so that its lines are one link to the terminal too."""
    return Style(link=url)


def cut_segments(made: Iterable[Segment], width: int) -> list[Segment]:
    """At most ``width`` cells of segments, ``…`` where something was cut."""
    parts = list(made)
    if sum(cell_len(s.text) for s in parts) <= width:
        return parts
    kept: list[Segment] = []
    for segment in parts:
        size = cell_len(segment.text)
        if size >= width:
            kept.append(Segment(cut(segment.text + " ", width), segment.style))
            break
        kept.append(segment)
        width -= size
    return kept


class Armour(LineFilter):
    """Deletes what a terminal could obey and every hyperlink but our own (:data:`boxes_tui.text.OUR_LINK`), keeping the
    columns (RELIABILITY §4.3)."""

    def __init__(self) -> None:
        super().__init__()
        self.hits = 0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without bad characters and foreign links. ``hits`` counts segments that needed it."""
        made: list[Segment] = []
        for segment in segments:
            text, style, control = segment
            if control:
                continue
            if (not text.isascii() or not text.isprintable()) and BAD.search(text):
                self.hits += 1
                text = _keep_width(text)
                segment = Segment(text, style)
            if style is not None and style.link is not None and not OUR_LINK.match(style.link):
                segment = Segment(text, style.update_link(None))
            made.append(segment)
        return made


def _keep_width(text: str) -> str:
    stripped = BAD.sub(lambda m: "·" * cell_len(m[0]), text)
    return stripped + "·" * max(0, cell_len(text) - cell_len(stripped))


ARMOUR = Armour()
"""The one shared instance: Textual caches filtered strips by filter."""
