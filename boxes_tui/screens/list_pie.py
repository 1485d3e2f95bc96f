"""The pie of a list's column; ``Enter`` on a slice keeps exactly its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual import events
from textual.widget import Widget

from boxes_tui.domain.formats import largest_remainder
from boxes_tui.i18n import _
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.pie import REST, SLICES, Pie, five
from boxes_tui.widgets.screen import BoxesScreen


class ListPie(BoxesScreen[tuple[str, ...]]):
    """At most five slices, the largest first; the rest is *otros*. Dismisses with the texts of the slice taken."""

    def __init__(self, title: str, column: str, found: Sequence[tuple[str, int]]) -> None:
        super().__init__()
        self._title, self._column, self._found = title, column, list(found)
        self.pie = Pie(height=11)
        self.frame: Frame[Any] = Frame(self.pie, filters=False, totals=False, details=False)

    def compose(self) -> Iterator[Widget]:
        """Title, pie, keys."""
        assert self.frame is not None
        yield self.frame.title
        yield self.pie
        blank = Page()
        blank.can_focus = False
        yield blank
        yield self.frame.status
        yield self.frame.keys

    def on_mount(self) -> None:
        """Show the slices."""
        assert self.frame is not None
        self.frame.title.show(f"{self._title} · {_('TORTA')}", "")
        shares = largest_remainder([n for _text, n in self._found])
        self.pie.show(
            _("POR {column}").format(column=self._column.upper()),
            five([(text, n, share) for (text, n), share in zip(self._found, shares, strict=True)]),
        )
        self.frame.status.hint(_("Enter sobre una porción deja exactamente sus filas."))
        self.frame.keys.set_keys([Key("↑↓", _("elegir")), Key("Enter", _("filas")), Key("Esc", _("volver"))])
        self.pie.focus()

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """A slice was taken."""
        texts = [text for text, _count in self._found]
        self.dismiss(tuple(texts[SLICES - 1 :]) if event.key == REST else (texts[int(event.key)],))

    def on_key(self, event: events.Key) -> None:
        """``Esc`` leaves the list as it is."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
