"""How far a long export is; ``Esc`` cancels it, and no file is left."""

from __future__ import annotations

from collections.abc import Iterator

from textual.widget import Widget

from boxes_tui.domain.formats import number, percent
from boxes_tui.i18n import _
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.panel import BottomPanel, Text

REFRESH = 0.5
"""Seconds between two looks at how far it is."""


class ProgressPanel(BottomPanel[None]):
    """Rows written of all rows; renewed by itself, taken away by :meth:`ended`."""

    lines = 8

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._far = name, Text("")
        self._done, self._total = 0, 0
        self._cancelled = self._over = False

    def told(self, done: int, total: int | None) -> bool:
        """The writer's report, from its own thread; False asks it to stop."""
        self._done, self._total = done, total or 0
        return not self._cancelled

    def ended(self) -> None:
        """The writer has ended, in whatever way."""
        self._over = True
        if self.is_mounted and self.is_current:
            self.dismiss(None)

    def on_mount(self) -> None:
        """Begin to look."""
        self.rule.show(_("EXPORTAR") + f" · {self._name}")
        self.keys.set_keys([Key("Esc", _("cancelar"), press="escape")])
        self.set_interval(REFRESH, self._show)
        self._show()

    def compose_body(self) -> Iterator[Widget]:
        """One line."""
        yield Text("")
        yield self._far

    def _show(self) -> None:
        if self._over:
            self.dismiss(None)
            return
        share = percent(1000 * self._done // self._total) if self._total else "—"
        said = _("Escribiendo: {n} de {m} filas ({pct})").format(n=number(self._done), m=number(self._total), pct=share)
        self._far.show(" " + (_("Cancelando…") if self._cancelled else said))

    def action_leave(self) -> None:
        """``Esc``: ask the writer to stop; the panel goes when it has."""
        self._cancelled = True
        self._show()
