"""Line filters of the app besides the armour and the ASCII signs."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


class PlainColours(LineFilter):
    """``NO_COLOR``: no colour at all; bold and reverse stay, since they carry focus and keys (SCREENS §2)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colours."""
        return [
            Segment(text, None if style is None else style.without_color, control) for text, style, control in segments
        ]


PLAIN_COLOURS = PlainColours()
"""One shared instance: Textual caches filtered strips by filter."""
