"""How far something long is; ``Esc`` cancels it, and nothing of it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, TypeVar

from textual.widget import Widget

from boxes_tui.domain.formats import number, percent
from boxes_tui.i18n import _
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.panel import BottomPanel, Text

if TYPE_CHECKING:
    from boxes_tui.screens.base import DeskScreen

HOURS, PATIENCE, REFRESH = 6 * 3600.0, 0.7, 0.5
"""Seconds that it may take, after which it shows how far it is, and between two looks."""

T = TypeVar("T")


async def awaited(screen: DeskScreen, panel: ProgressPanel, work: Awaitable[T]) -> T:
    """What the work brings; where it takes longer the panel shows meanwhile."""
    job = asyncio.ensure_future(work)
    done, _waiting = await asyncio.wait((job,), timeout=PATIENCE)
    if not done:
        job.add_done_callback(lambda _job: panel.ended())
        await screen.app.push_screen_wait(panel)
    return await job


class ProgressPanel(BottomPanel[None]):
    """Rows written of all rows; renewed by itself, taken away by :meth:`ended`."""

    lines = 8

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self._heading, self._far = f"{title} · {name}", Text("")
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
        self.rule.show(self._heading)
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
