"""What a grid knows of its rows: all of them, or a few blocks of a source of any size."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence

from boxes_tui.widgets.rows import BLOCK, ListSource, Row, RowSource

KEPT_BLOCKS = 24
"""Blocks kept around the visible rows; the rest is asked for again when it comes into view."""


class MemoryStore:
    """Rows that are all here."""

    def __init__(self, source: ListSource) -> None:
        self.rows: list[Row] = list(source.rows)
        self._places: dict[str, int] | None = None

    @property
    def total(self) -> int:
        """Rows in the list."""
        return len(self.rows)

    def get(self, index: int) -> Row | None:
        """The row at a place, None outside."""
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def index_of(self, key: str) -> int | None:
        """The place of a row."""
        if self._places is None:
            self._places = {row.key: n for n, row in enumerate(self.rows)}
        return self._places.get(key)

    def put(self, row: Row) -> int | None:
        """Replace the row of that key; its place, None where it is not here."""
        index = self.index_of(row.key)
        if index is not None:
            self.rows[index] = row
        return index

    def take(self, index: int) -> None:
        """Take a row out."""
        del self.rows[index]
        self._places = None

    def keys(self) -> list[str]:
        """The keys of all rows in order."""
        return [row.key for row in self.rows if not row.heading]

    def replace(self, rows: Sequence[Row]) -> None:
        """Put other rows in place of all."""
        self.rows = list(rows)
        self._places = None

    def missing(self, first: int, last: int, ahead: int) -> list[int]:
        """Nothing is ever missing here."""
        return []

    def arrived(self, block: int, rows: Sequence[Row]) -> None:
        """Nothing arrives later here."""


class BlockStore:
    """A window on a source: a few blocks of 64 rows, the rest unknown. Constant cost at any size."""

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self._total = source.total
        self._blocks: dict[int, list[Row]] = {}
        self._stale: dict[int, list[Row]] = {}
        self._hidden: list[int] = []

    @property
    def total(self) -> int:
        """Rows of the source without those taken out here."""
        return max(0, self._total - len(self._hidden))

    def get(self, index: int) -> Row | None:
        """The row at a place, None while it is not loaded."""
        place = self._source_place(index)
        number, offset = divmod(place, BLOCK)
        rows = self._blocks.get(number) or self._stale.get(number)
        return rows[offset] if rows is not None and 0 <= offset < len(rows) and index >= 0 else None

    def index_of(self, key: str) -> int | None:
        """The place of a row among the loaded ones."""
        for blocks in (self._blocks, self._stale):
            for number, rows in blocks.items():
                for offset, row in enumerate(rows):
                    if row.key == key:
                        place = number * BLOCK + offset
                        return None if place in self._hidden else place - bisect_right(self._hidden, place)
        return None

    def put(self, row: Row) -> int | None:
        """Replace a loaded row; its place, None where it is not loaded."""
        index = self.index_of(row.key)
        if index is not None:
            number, offset = divmod(self._source_place(index), BLOCK)
            (self._blocks if number in self._blocks else self._stale)[number][offset] = row
        return index

    def take(self, index: int) -> None:
        """Take a row out of sight until the source is read again."""
        insort(self._hidden, self._source_place(index))

    def keys(self) -> list[str]:
        """The keys of all rows, where the source can name them (``keys()``), else of the loaded ones."""
        every = getattr(self.source, "keys", None)
        if every is not None:
            return list(every())
        return [row.key for number in sorted(self._blocks) for row in self._blocks[number] if not row.heading]

    def missing(self, first: int, last: int, ahead: int) -> list[int]:
        """Blocks to ask for so that rows ``first`` … ``last`` show, and one block ``ahead`` (-1, 1, 0 both
        sides)."""
        low, high = self._source_place(first) // BLOCK, self._source_place(max(first, last)) // BLOCK
        wanted = list(range(low, high + 1))
        wanted += [high + 1] if ahead > 0 else [low - 1] if ahead < 0 else [high + 1, low - 1]
        self._forget(low, high)
        end = (self._total - 1) // BLOCK
        return [n for n in wanted if 0 <= n <= end and n not in self._blocks]

    def arrived(self, block: int, rows: Sequence[Row]) -> None:
        """Keep the rows of a block."""
        self._blocks[block] = list(rows)
        self._stale.pop(block, None)

    def again(self) -> None:
        """Read the source anew; what is loaded stays in sight until the fresh rows come."""
        self._stale |= self._blocks
        self._blocks = {}
        self._hidden = []
        self._total = self.source.total

    def _source_place(self, index: int) -> int:
        place = index
        for hidden in self._hidden:
            if hidden > place:
                break
            place += 1
        return place

    def _forget(self, low: int, high: int) -> None:
        for blocks in (self._blocks, self._stale):
            far: Iterable[int] = sorted(blocks, key=lambda n: min(abs(n - low), abs(n - high)))[KEPT_BLOCKS:]
            for number in far:
                del blocks[number]


Store = MemoryStore | BlockStore


def store_for(source: RowSource | None) -> Store:
    """The store that fits a source; none is an empty list."""
    if source is None or isinstance(source, ListSource):
        return MemoryStore(source or ListSource())
    return BlockStore(source)


def merged(present: Sequence[Row], fresh: Sequence[Row], staying: Mapping[str, object]) -> list[Row]:
    """The rows to show after the data changed while somebody stands in the list (SCREENS §8).

    Present rows keep their place with fresh cells; rows that are no longer among the fresh ones go, except
    those ``staying``; new rows come in after the row that precedes them among the fresh ones.
    """
    now = {row.key: row for row in fresh}
    here = {row.key for row in present}
    after: dict[str | None, list[Row]] = {}
    before: str | None = None
    for row in fresh:
        if row.key in here:
            before = row.key
        else:
            after.setdefault(before, []).append(row)
    made = list(after.get(None, ()))
    for row in present:
        if row.key in now:
            made.append(now[row.key])
        elif row.key in staying:
            made.append(row)
        made.extend(after.get(row.key, ()))
    return made
