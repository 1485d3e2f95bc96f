"""What happens to a grid's rows while somebody stands in the list (SCREENS §8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from boxes_tui.i18n import _
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.grid_base import GridBase
from boxes_tui.widgets.rows import ListSource, Result, Row, RowSource
from boxes_tui.widgets.safe import Line
from boxes_tui.widgets.store import BlockStore, MemoryStore, merged, store_for


class GridChanges(GridBase):
    """Other rows, fresh cells, acts of one's own and of others, marks."""

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; the rows' cells have to stand in their order."""
        self.columns = tuple(columns)
        self._column = 0
        self._repaint()

    def set_empty(self, *lines: Line) -> None:
        """The sentence of the empty list: what there is not, then a line with keys."""
        self._empty = lines
        self._repaint()

    def set_source(self, source: RowSource | None, cursor: str | None = None, index: int = 0) -> None:
        """Show other rows (another filter, another order). The cursor goes to row ``cursor`` if it is
        loaded, else to place ``index``. Marks of rows that are no longer there stay until
        :meth:`mark_none`."""
        self._generation += 1
        self._asked = {}
        self._store = store_for(source)
        self._results, self._gone, self._anchor = {}, {}, None
        found = self._store.index_of(cursor) if cursor else None
        self._cursor = max(0, min(index if found is None else found, self.total - 1))
        self._top = max(0, min(self._cursor, self.total - self.height_of_rows))
        self._key = cursor if found is not None else None
        self._repaint()
        self._highlight(always=True)

    def reload(self) -> None:
        """Read a block source again; what is in sight stays until the fresh rows are here, the cursor by
        key."""
        if isinstance(self._store, BlockStore):
            self._generation += 1
            self._asked = {}
            self._store.again()
            self._cursor = max(0, min(self._cursor, self.total - 1))
            self._repaint()

    def update_rows(self, rows: Mapping[str, Row]) -> None:
        """Give rows fresh cells, by key; nothing moves. Keys that are not loaded are passed over."""
        for row in rows.values():
            index = self._store.put(row)
            if index is not None:
                self._refresh_row(index)

    def merge(self, rows: Sequence[Row], reasons: Mapping[str, str] | None = None) -> None:
        """The whole list read again (list sources only): fresh cells, new rows at their place, gone rows
        out.

        Nobody's place changes; the cursor row keeps its screen line; a cursor row that is gone stays, grey,
        with its reason, until the next movement (SCREENS §8).
        """
        if not isinstance(self._store, MemoryStore):
            self.set_source(ListSource(rows), self._key)
            return
        fresh = {row.key for row in rows}
        for key in self._gone.keys() & fresh:
            del self._gone[key]
            self._refresh_row(self._cursor)
        if self._key is not None and self._key not in fresh and self._key not in self._results:
            self._refresh_row(self._cursor)
            self._gone[self._key] = (reasons or {}).get(self._key) or _("Ya no está en esta lista.")
        before = self._store.rows
        made = merged(before, rows, {**self._results, **self._gone})
        if [r.key for r in made] == [r.key for r in before]:
            changed = {new.key: new for new, old in zip(made, before, strict=True) if new != old}
            self.update_rows(changed)
            return
        line = self._cursor - self._top
        self._store.replace(made)
        place = self._store.index_of(self._key) if self._key else None
        self._cursor = max(0, min(self._cursor if place is None else place, self.total - 1))
        self._top = max(0, self._cursor - line)
        self._repaint()
        self._highlight()

    def show_result(self, key: str, result: Result, advance: bool = True) -> None:
        """Own act: the row shows its result in place and leaves at the next key; the cursor goes to the
        next row."""
        index = self._store.index_of(key)
        if index is None:
            return
        self._results[key] = result
        self._refresh_row(index)
        if advance and index == self._cursor:
            self._move(index + 1 if index + 1 < self.total else index - 1)

    def row_gone(self, key: str, reason: str) -> None:
        """A row left this list by another's act or the sync. The cursor row stays, grey, with the reason."""
        index = self._store.index_of(key)
        if index is None or key in self._results:
            return
        if key == self._key:
            self._gone[key] = reason
            self._refresh_row(index)
        else:
            self._take(index, keep_line=True)

    def key_pressed(self, key: str = "") -> None:
        """The next key came: acted rows are taken out and the rows under them move up once. Screens built on
        :class:`boxes_tui.widgets.screen.BoxesScreen` do this by themselves."""
        done, self._results = self._results, {}
        for row_key, result in done.items():
            index = self._store.index_of(row_key)
            if index is None:
                continue
            if result.leaves:
                self._take(index, keep_line=False)
            else:
                self._refresh_row(index)

    def go_to(self, place: int | str) -> None:
        """Put the cursor on a place or a key; an unknown key changes nothing."""
        index = place if isinstance(place, int) else self._store.index_of(place)
        if index is not None:
            self._move(index)

    def mark(self, keys: Iterable[str], on: bool = True) -> None:
        """Mark or unmark rows by key."""
        if on != self._inverted:
            self._marked |= set(keys)
        else:
            self._marked -= set(keys)
        self._repaint()
        self._tell_marks()

    def mark_all(self) -> None:
        """Mark every row of the list."""
        if self._all_but and self.everything:
            self._marked, self._inverted = set(), True
            self.mark(())
        else:
            self.mark(self._store.keys())

    def mark_none(self) -> None:
        """Unmark everything, rows of other filters too."""
        self._marked, self._inverted = set(), False
        self.mark(())

    def _tell_marks(self) -> None:
        raise NotImplementedError
