"""The reasons to discard, as lines with their keys (SCREENS *Descartar*)."""

from __future__ import annotations

from boxes_tui.domain.dispositions import REASONS
from boxes_tui.i18n import _
from boxes_tui.text import pad
from boxes_tui.widgets.safe import Line

WIDTHS = (28, 26, 23)


def reason_lines() -> list[Line]:
    """Three columns of reasons, four lines."""
    by_key = {r.key: r for r in REASONS}
    lines: list[Line] = []
    for row in (("1", "5", "9"), ("2", "6", "0"), ("3", "7", "o"), ("4", "8", "")):
        parts: list[str | tuple[str, str]] = []
        for key, width in zip(row, WIDTHS, strict=True):
            if key:
                extra = _(" (pide texto)") if by_key[key].needs_text else ""
                parts += [(f"{key} ", "acento"), pad(_(by_key[key].label) + extra, width - 2)]
        lines.append(parts)
    return lines
