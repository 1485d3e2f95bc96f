"""The simulated dealership: a world made from a seed, a size and the instant at which the demo begins
(DMS.md §3).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.population import DENSE_DAYS, populate
from boxes_tui.dms.demo.pulse import pulse
from boxes_tui.dms.demo.staging import stage

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
_KEPT_CELLS = 8


def local(moment: datetime) -> datetime:
    """Wall time of the dealership, naive, whole seconds; a naive moment is taken as such."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZONE).replace(tzinfo=None)
    return moment.replace(microsecond=0)


class World:
    """A dealership of ``scale`` × about 500 vehicles, whose queues are all full at ``anchor``.

    ``anchor`` is the business instant (aware, or wall time of the dealership) at which the demo begins. The
    same seed, scale and anchor give the same rows at every instant, however many steps :meth:`advance`
    takes. A new world stands 77 days before its anchor. Above scale 8 cells are made anew on every walk, so
    memory stays that of one.
    """

    def __init__(self, seed: int = 1, scale: float = 1.0, *, anchor: datetime) -> None:
        if scale <= 0:
            raise ValueError("scale")
        self.seed = seed
        self.scale = scale
        self.anchor = local(anchor).replace(second=0)
        self.now = self.anchor - timedelta(days=DENSE_DAYS)
        self.size = ceil(scale)
        """Number of cells."""
        self.streamed = self.size > _KEPT_CELLS
        """Whether cells are made anew on every walk."""
        self._kept: list[Cell] = []
        if not self.streamed:
            self._kept = [self._make(n) for n in range(self.size)]

    def _make(self, index: int) -> Cell:
        cell = Cell(self.seed, index, self.scale / self.size, self.anchor)
        populate(cell)
        stage(cell)
        cell.at(self.anchor + timedelta(seconds=40), pulse)
        return cell

    def advance(self, to: datetime) -> int:
        """Play what happens up to an instant (aware, or wall time) and return how many events that were.

        Raises ValueError when asked to go back. Cells that are not kept (scale above 8) are played when
        walked.
        """
        moment = local(to)
        if moment < self.now:
            raise ValueError("the world cannot go back")
        self.now = moment
        return sum(cell.advance(moment) for cell in self._kept)

    def cells(self) -> Iterator[Cell]:
        """The cells at :attr:`now`, one after the other."""
        if self._kept:
            yield from self._kept
            return
        for index in range(self.size):
            cell = self._make(index)
            cell.advance(self.now)
            yield cell
