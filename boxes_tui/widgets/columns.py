"""Columns of a list and how they share a width (SCREENS §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

LEAD = 4
"""Cells before the first column: mark, state, third sign, and a blank."""

WIDE = 88
"""From this width on a list takes its wide column widths."""

NARROW_UNIT = 8
"""What Unidad may shrink to where nothing more can leave."""

_NEVER_CUT = frozenset(
    {"plate", "order", "vin", "chassis", "due", "day", "time", "delivered", "opened", "promised", "since"}
)
_AS_TEXT = frozenset({"time", "day"})
"""Always five cells wide or a dash: their titles and dashes stand at the left (SCREENS §3)."""

_STRETCH = {"customer": 24, "unit": 12, "about": 12, "campaign": 12, "last": 12}


class QueueColumn(Protocol):
    """A column as ``domain.queues`` declares it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def wide(self) -> int: ...
    @property
    def align(self) -> Literal["left", "right"]: ...
    @property
    def leaves(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its id, its title (translated), cells at 80 and at 120 screen columns.

    ``leaves`` > 0: leaves under 80 columns, lowest first. ``cut``: its texts may end in ``…``; a cell of
    another column that is too long (a date with its year) takes the room from the text beside it.
    ``stretch``: cells that it may grow where the list is wider than 88. ``tone``: of all its cells.
    """

    id: str
    title: str
    width80: int
    width120: int = 0
    align: Literal["left", "right"] = "left"
    leaves: int = 0
    cut: bool = True
    tone: str = ""
    stretch: int = 0

    @classmethod
    def of(cls, column: QueueColumn, title: str | None = None) -> Column:
        """The column of a queue; ``title`` is its translated title."""
        return cls(
            column.id,
            title or column.title,
            column.width,
            column.wide,
            "left" if column.id in _AS_TEXT else column.align,
            column.leaves,
            cut=column.align == "left" and column.id not in _NEVER_CUT,
            stretch=_STRETCH.get(column.id, 0),
        )


class Placed(NamedTuple):
    """A column that is shown: the place of its cell in a row, and its width in cells."""

    column: Column
    cell: int
    width: int


def place(columns: Sequence[Column], width: int) -> list[Placed]:
    """Which columns a list of ``width`` cells shows, and how wide (SCREENS §5: leaves first, then Unidad
    narrows)."""
    wide = width >= WIDE
    shown = [Placed(c, n, (c.width120 or c.width80) if wide else c.width80) for n, c in enumerate(columns)]
    for leaving in sorted((p for p in shown if p.column.leaves), key=lambda p: p.column.leaves):
        if _needed(shown) <= width:
            break
        shown.remove(leaving)
    over = _needed(shown) - width
    for ids, least in (({"unit"}, NARROW_UNIT), (None, 10), (None, 4)):
        for n, (column, cell, size) in enumerate(shown):
            if over > 0 and column.cut and (ids is None or column.id in ids) and size > least:
                taken = min(over, size - least)
                shown[n] = Placed(column, cell, size - taken)
                over -= taken
    spare = -over if width > WIDE else 0
    for n, (column, cell, size) in enumerate(shown):
        given = min(spare, column.stretch)
        shown[n] = Placed(column, cell, size + given)
        spare -= given
    return shown


def _needed(shown: Sequence[Placed]) -> int:
    return LEAD + sum(p.width for p in shown) + max(0, len(shown) - 1)
