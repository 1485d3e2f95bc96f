"""A small framed menu over a screen: *Más opciones* of a column, values to filter by (SCREENS §3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.i18n import _
from boxes_tui.text import cut
from boxes_tui.widgets.bars import Key, KeysLine
from boxes_tui.widgets.safe import safe
from boxes_tui.widgets.screen import BoxesModal
from boxes_tui.widgets.tones import tones_of


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line: its code, text, the key that takes it at once, and what stands at its right (``▸``, a count)."""

    code: str
    label: str
    key: str = ""
    right: str = ""


class MenuBox(Widget, can_focus=True):
    """The frame and its lines."""

    DEFAULT_CSS = "MenuBox { background: transparent; }"
    ALLOW_SELECT = False

    def __init__(self, title: str, items: Sequence[MenuItem], several: bool, chosen: frozenset[str]) -> None:
        super().__init__()
        self.heading, self.items, self.several = title, tuple(items), several
        self.chosen = set(chosen)
        self.cursor = self._top = 0

    def move(self, step: int) -> None:
        """Move the cursor, within the lines."""
        self.cursor = max(0, min(self.cursor + step, len(self.items) - 1))
        rows = max(1, self.size.height - 2)
        self._top = min(max(self._top, self.cursor - rows + 1), self.cursor)
        self.refresh()

    def toggle(self) -> None:
        """Mark or unmark the line under the cursor."""
        self.chosen ^= {self.items[self.cursor].code}
        self.refresh(Region(0, self.cursor - self._top + 1, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A line of the frame or an item."""
        tones, width = tones_of(self.app), self.size.width
        edge, text_style = tones.style("atenuado", "panel"), tones.style("texto", "panel")
        from rich.segment import Segment

        inner = width - 2
        if y == 0:
            title = cut(safe(self.heading), inner - 4)
            return Strip([
                Segment("┌ ", edge), Segment(title, tones.style("acento", "panel")),
                Segment(" " + "─" * (inner - 2 - cell_len(title)) + "┐", edge),
            ])  # fmt: skip
        if y == self.size.height - 1:
            return Strip([Segment("└" + "─" * inner + "┘", edge)])
        n = self._top + y - 1
        item = self.items[n] if n < len(self.items) else None
        text = ""
        if item is not None:
            mark = ("● " if item.code in self.chosen else "○ ") if self.several else ""
            text = cut(
                f" {item.key + ' ' if item.key else ''}{mark}{safe(item.label)}", inner - cell_len(item.right) - 2
            )
            text += " " * (inner - 1 - cell_len(text) - cell_len(item.right)) + item.right
        style = tones.style("foco") if item is not None and n == self.cursor else text_style
        return Strip([Segment("│", edge), Segment(text + " " * (inner - cell_len(text)), style), Segment("│", edge)])


class Menu(BoxesModal[tuple[str, ...]]):
    """Dismisses with the codes taken (one, or with ``several`` those marked), or with None on ``Esc``.

    ``line`` and ``right``: the screen line of its top edge and the cell of its right edge.  Arrows and ``j k`` move,
    an item's key takes it, the space bar marks (``several``), ``Enter`` accepts.
    """

    DEFAULT_CSS = "Menu { layout: vertical; } Menu > MenuBox { dock: left; } Menu > KeysLine { dock: bottom; }"

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem],
        *,
        line: int = 3,
        right: int = 80,
        width: int = 26,
        several: bool = False,
        chosen: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self._box = MenuBox(title, items, several, chosen)
        self._place = (line, right, width)
        self._keys = KeysLine()
        digits = [item.key for item in items if item.key]
        self._keys.set_keys([
            *([Key(f"{digits[0]}-{digits[-1]}", _("opción"))] if len(digits) > 1 and not several else []),
            Key("↑↓", _("mover")), *([Key(_("espacio"), _("marca"))] if several else []),
            Key("Enter", _("aceptar"), press="enter"), Key("Esc", _("cerrar"), press="escape"),
        ])  # fmt: skip

    def compose(self) -> Iterator[Widget]:
        """The box, and in the place of the screen's keys its own."""
        yield self._box
        yield self._keys

    def on_resize(self, event: events.Resize) -> None:
        """Stand under the column, within the screen."""
        self.fit_size(event.size.width, event.size.height)
        line, right, width = self._place
        width = min(width, event.size.width)
        styles = self._box.styles
        styles.width, styles.height = width, min(len(self._box.items) + 2, max(3, event.size.height - line - 1))
        styles.offset = (max(0, min(right, event.size.width) - width), line)

    def on_key(self, event: events.Key) -> None:
        """Movement, marks, taking."""
        box = self._box
        steps = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -8, "pagedown": 8, "home": -9999, "end": 9999}
        taken = [item.code for item in box.items if item.key and event.character == item.key]
        if taken and not box.several:
            self.dismiss((taken[0],))
        elif event.key in steps:
            box.move(steps[event.key])
        elif event.key == "space" and box.several:
            box.toggle()
        elif event.key == "enter" and box.items:
            codes = [i.code for i in box.items if i.code in box.chosen] if box.several else [box.items[box.cursor].code]
            self.dismiss(tuple(codes))
        else:
            return
        event.stop()
        event.prevent_default()
