"""The signs of SCREENS §2 and what stands for them on terminals without the glyphs. All are one cell wide."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from boxes_tui.plain import ascii_signs

OVERDUE, TODAY, UPCOMING, DONE, BAD_PHONE = "▲", "■", "▷", "✓", "✗"
OPPORTUNITY, CHOSEN, NOT_CHOSEN, PICKED, FIELD, STAR = "◆", "●", "○", "▸", "▏", "★"


class AsciiSigns(LineFilter):
    """The last step before a terminal without the glyphs (its encoding is not UTF-8, or ``ascii`` is set)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with ASCII signs."""
        return [
            segment if segment.text.isascii() else Segment(ascii_signs(segment.text), segment.style, segment.control)
            for segment in segments
        ]


ASCII_SIGNS = AsciiSigns()
"""One shared instance: Textual caches filtered strips by filter."""


def needs_ascii(encoding: str | None, term: str, choice: str = "auto") -> bool:
    """Whether signs go as ASCII: ``choice`` (setting ``ascii``: 1, 0, auto) first, then encoding and the
    Linux console."""
    if choice.lower() in ("1", "true", "yes", "sí", "si"):
        return True
    if choice.lower() in ("0", "false", "no"):
        return False
    return term == "linux" or "utf" not in (encoding or "").lower()
