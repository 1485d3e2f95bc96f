"""What the column menu does to a list: values kept, order, hidden columns (PRODUCT §11 ``m``). Pure: rows in, rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from boxes_tui.domain.queues import QUEUES
from boxes_tui.text import fold

if TYPE_CHECKING:
    from boxes_tui.data.reads.details import QueueRow
    from boxes_tui.widgets.rows import Row

MOST = 20_000
"""Rows up to which a list is filtered and sorted by column; a longer one wants a filter first."""


@dataclass(frozen=True, slots=True)
class ListView:
    """``kept``: the texts of a column that stay; ``order``: a column and whether it goes from Z to A; ``hidden``:
    columns that are not shown. Empty: the queue's own order, every row, every column."""

    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[str, bool] | None = None
    hidden: frozenset[str] = frozenset()

    @property
    def rearranges(self) -> bool:
        """Whether rows leave or move, so that all of them have to be read."""
        return bool(self.kept or self.order)

    def keeping(self, column: str, values: Sequence[str]) -> ListView:
        """Only these texts of a column; none = all."""
        others = {k: v for k, v in self.kept.items() if k != column}
        return replace(self, kept={**others, **({column: tuple(values)} if values else {})})

    def arrange(self, queue: str, rows: Sequence[QueueRow], painted: Sequence[Row]) -> list[Row]:
        """The rows that stay, in order, with the columns that are shown."""
        ids = [c.id for c in QUEUES[queue].columns]
        pairs = list(zip(rows, painted, strict=True))
        for column, values in self.kept.items():
            place = ids.index(column)
            pairs = [(r, p) for r, p in pairs if p.cells[place] in values]
        if self.order is not None:
            column, down = self.order
            known = [(r, p) for r, p in pairs if sort_value(r, column) is not None]
            known.sort(key=lambda pair: sort_value(pair[0], column), reverse=down)
            pairs = known + [(r, p) for r, p in pairs if sort_value(r, column) is None]
        shown = [n for n, column in enumerate(ids) if column not in self.hidden]
        if len(shown) == len(ids):
            return [p for _r, p in pairs]
        return [replace(p, cells=tuple(p.cells[n] for n in shown)) for _r, p in pairs]


def groups(queue: str, column: str, painted: Sequence[Row]) -> list[tuple[str, int]]:
    """Each text of a column with its number of rows, the most frequent first."""
    place = [c.id for c in QUEUES[queue].columns].index(column)
    found = Counter(p.cells[place] for p in painted)
    return sorted(found.items(), key=lambda item: (-item[1], fold(item[0])))


def sort_value(row: QueueRow, column: str) -> Any:
    """What a column is sorted by: days and numbers as such, texts without case and accents; None = no datum, last."""
    if column in ("due", "day", "delivered", "opened"):
        return row.day
    if column == "since":
        return None if row.day is None and row.leaves_on is None else (row.leaves_on or row.day or date.max)
    if column == "days":
        day = row.leaves_on + timedelta(1) if row.stage != "in_process" and row.leaves_on else row.day
        return None if day is None else -day.toordinal()
    if column == "time":
        if row.due_minute is not None:
            return row.due_minute
        return row.when.hour * 60 + row.when.minute if isinstance(row.when, datetime) else None
    if column == "delay":
        return -row.when.timestamp() if row.late and isinstance(row.when, datetime) else None
    if column == "last":
        return row.last_at
    if column in ("promised", "attempts"):
        return getattr(row, column)
    value = {"work": row.work or row.about}.get(column, getattr(row, column, None))
    return fold(str(value)) if value not in (None, "") else None
