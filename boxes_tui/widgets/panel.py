"""The opaque panel of lines 8–24: call panel, forms, questions; the list stays above with the row in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.widgets.bars import EDGE, Bar, KeysLine, StatusLine
from boxes_tui.widgets.safe import Line, cut_segments, segments, width_of
from boxes_tui.widgets.screen import BoxesModal
from boxes_tui.widgets.tones import tones_of

Answer = TypeVar("Answer")

LIST_LINES = 7
"""Lines of the list that stay in sight above the tallest panel: title, filters, heads, four rows."""


class Rule(Bar):
    """The panel's first line: ``─ LLAMADA · name ──── 4 Volver a llamar ─``."""

    ground = "panel"

    def render_line(self, y: int) -> Strip:
        """The title in a line that crosses the screen."""
        left, rights = self._lines[0] if self._lines else ("", ())
        width, tones = self.size.width, tones_of(self.app)
        right: Line = rights[0] if rights else ""
        line, text = tones.style("atenuado", "panel"), segments(left, tones, "panel", "acento")
        room = width - 4 - (width_of(right) + 3 if right else 0)
        text = cut_segments(text, max(0, room))
        used = sum(len(s) for s in (segment.text for segment in text))
        used = Strip(text).cell_length
        made = [*segments([("─ ", "atenuado")], tones, "panel"), *text]
        tail = segments(right, tones, "panel", "acento") if right else []
        dashes = width - 2 - used - 1 - (width_of(right) + 3 if right else 0)
        made += segments([(" " + "─" * max(0, dashes), "atenuado")], tones, "panel")
        if right:
            made += [
                *segments([(" ", "atenuado")], tones, "panel"),
                *tail,
                *segments([(" ─", "atenuado")], tones, "panel"),
            ]
        return Strip(made).adjust_cell_length(width, line)


class PanelBlank(Bar):
    """The empty lines between the body and the last two lines."""

    DEFAULT_CSS = "PanelBlank { height: 1fr; }"
    ground = "panel"


class Gap(Widget):
    """The room above a panel, through which the list is seen."""

    DEFAULT_CSS = "Gap { visibility: hidden; height: 7; }"


class PanelStatus(StatusLine):
    """Line 23 of a panel."""

    ground = "panel"


class BottomPanel(BoxesModal[Answer]):
    """A dialog from line ``top`` (8, counted from 1) to the bottom, over the list.

    Subclasses override :meth:`compose_body` and speak to ``rule``, ``status``, ``keys``. ``lines`` is the
    panel's height at 24 lines (17 for the call panel; less leaves more list); taller screens keep that
    height and show more of the list. ``Esc``
    leaves with None: what was typed is in the draft journal by then, since fields report every keystroke.
    """

    lines = 17

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._gap = Gap()
        self.rule = Rule()
        self.status = PanelStatus()
        self.keys = KeysLine()

    def compose(self) -> Iterator[Widget]:
        """Rule, body, status line, keys line."""
        self._stand(self.app.size.height)
        yield self._gap
        yield self.rule
        yield from self.compose_body()
        yield PanelBlank()
        yield self.status
        yield self.keys

    def compose_body(self) -> Iterator[Widget]:
        """The panel's own widgets; they stand one under another."""
        yield from ()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the panel's height, less where the window is short."""
        self.fit_size(event.size.width, event.size.height)
        self._stand(event.size.height)

    def _stand(self, height: int) -> None:
        top = max(0, min(height - self.lines, height - 8, height - 3))
        if self._gap.styles.height is None or self._gap.styles.height.value != top:
            self._gap.styles.height = top


class Text(Widget):
    """Lines of text inside a panel, as tall as they are: ``Text("…", "…")``; :meth:`show` replaces them."""

    DEFAULT_CSS = "Text { height: auto; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False
    ground = "panel"

    def __init__(self, *lines: Line, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = list(lines)

    def show(self, *lines: Line) -> None:
        """Show other lines."""
        if list(lines) != self._lines:
            taller = len(lines) != len(self._lines)
            self._lines = list(lines)
            self.refresh(layout=taller)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as given."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """One line after the edge blank."""
        tones, width = tones_of(self.app), self.size.width
        line: Line = self._lines[y] if y < len(self._lines) else ""
        made = segments([(" " * EDGE, ""), *([line] if isinstance(line, str) else line)], tones, self.ground)
        return Strip(cut_segments(made, width)).adjust_cell_length(width, tones.style("texto", self.ground))
