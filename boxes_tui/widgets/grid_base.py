"""The state of a grid: what it shows, where it stands, how its lines are painted and its rows fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.grid_paint import Painter
from boxes_tui.widgets.rows import BLOCK, Result, Row, RowSource
from boxes_tui.widgets.safe import Line
from boxes_tui.widgets.store import BlockStore, MemoryStore, store_for
from boxes_tui.widgets.tones import tones_of
from boxes_tui.widgets.wire import scroll_lines

HEAD = 1
"""Lines of the grid before its rows."""


class GridBase(Widget, can_focus=True):
    """Rows under column heads, a cursor, a place in the list."""

    ALLOW_SELECT = False

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource | None = None,
        *,
        empty: Sequence[Line] = (),
        marks: bool = True,
        mark_all_keys: bool = False,
        column_cursor: bool = False,
        all_but: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self._all_but, self.everything = all_but, True
        self._empty = tuple(empty)
        self._store = store_for(source)
        self._marks_on, self._mark_all_keys, self._column_cursor = marks, mark_all_keys, column_cursor
        self._column = 0
        self._top = self._cursor = 0
        self._key: str | None = None
        self._anchor: int | None = None
        self._marked: set[str] = set()
        self._inverted = False
        self._results: dict[str, Result] = {}
        self._gone: dict[str, str] = {}
        self._asked: dict[int, int] = {}
        self._generation = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._painter: Painter | None = None
        self._strips: dict[str, tuple[object, ...]] = {}

    # -- what screens ask --------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """Rows in the list (*Visualizados*)."""
        return self._store.total

    @property
    def cursor_index(self) -> int:
        """Place of the cursor row, from 0."""
        return self._cursor

    @property
    def cursor_key(self) -> str | None:
        """Key of the cursor row; None in an empty list or while the row is still to come."""
        return self._key

    @property
    def cursor_row(self) -> Row | None:
        """The cursor row."""
        return self._store.get(self._cursor)

    @property
    def marked(self) -> frozenset[str]:
        """Keys of the marked rows (none are named where :attr:`unmarked` says which are not)."""
        return frozenset() if self._inverted else frozenset(self._marked)

    @property
    def unmarked(self) -> frozenset[str] | None:
        """All rows are marked but these; None where the marked ones are named. Only with ``all_but``: a million marks cost
        nothing then."""
        return frozenset(self._marked) if self._inverted else None

    def is_marked(self, key: str) -> bool:
        """Whether a row is marked."""
        return (key in self._marked) != self._inverted

    @property
    def column(self) -> Column:
        """The column under the column cursor."""
        shown = self._paint.placed
        return shown[min(self._column, len(shown) - 1)].column

    @property
    def height_of_rows(self) -> int:
        """Rows that fit in sight."""
        return max(1, self.size.height - HEAD)

    def row(self, key: str) -> Row | None:
        """A row by key, if it is loaded."""
        index = self._store.index_of(key)
        return None if index is None else self._store.get(index)

    def index_of(self, key: str) -> int | None:
        """The place of a row, if it is loaded."""
        return self._store.index_of(key)

    def keys_in_sight(self) -> list[str]:
        """Keys of the rows that are visible now."""
        rows = (self._store.get(n) for n in range(self._top, self._top + self.height_of_rows))
        return [row.key for row in rows if row is not None]

    def gone_reason(self, key: str | None) -> str | None:
        """Why a row that is still shown is no longer in this list; verbs on it answer with this sentence."""
        return self._gone.get(key) if key else None

    # -- cursor and scrolling ----------------------------------------------------------------------

    def _move(self, index: int) -> None:
        index = max(0, min(index, self.total - 1))
        if index == self._cursor or not self.total:
            return
        if self._key in self._gone:
            gone = self._cursor
            self._take(gone, keep_line=False)
            return
        old, self._cursor = self._cursor, index
        height = self.height_of_rows
        self._show_from(min(max(self._top, index - height + 1), index), index - old)
        self._refresh_row(old)
        self._refresh_row(index)
        self._highlight()

    def _show_from(self, top: int, towards: int) -> None:
        """Show rows from ``top`` on; whole lines move in the terminal where it can."""
        up, self._top = top - self._top, top
        if not up:
            return
        self._load(towards)
        height = self.height_of_rows
        region = Region(self.region.x, self.region.y + HEAD, self.region.width, height)
        pending = set(self._repaint_regions)
        if abs(up) >= height or not scroll_lines(self, region, up):
            self.refresh(Region(0, HEAD, self.size.width, height))
            return
        self._styles_cache.clear()
        came = Region(0, HEAD + (height - up if up > 0 else 0), self.size.width, abs(up))
        rows = Region(0, HEAD, self.size.width, height)
        moved = [r.intersection(rows).translate((0, -up)).intersection(rows) for r in pending]
        self.refresh(came, *[r for r in moved if r])

    def _highlight(self, always: bool = False) -> None:
        row = self._store.get(self._cursor)
        key = row.key if row is not None else None
        if always or key != self._key or key is None:
            self._key = key
            self._tell_cursor()

    def _take(self, index: int, keep_line: bool) -> None:
        """Take a row out; ``keep_line``: the cursor row keeps its screen line, else the rows under it move
        up."""
        row = self._store.get(index)
        if row is not None:
            self._gone.pop(row.key, None)
            self._marked.discard(row.key)
        self._store.take(index)
        if index < self._cursor:
            self._cursor -= 1
            self._top -= 1 if keep_line or index < self._top else 0
        self._cursor = max(0, min(self._cursor, self.total - 1))
        self._top = max(0, min(self._top, self._cursor))
        self._repaint()
        self._highlight()

    # -- rows that come later ----------------------------------------------------------------------

    def _load(self, towards: int = 0) -> None:
        """Ask for what is in sight and not here, and for the block ahead."""
        if not self.is_attached or isinstance(self._store, MemoryStore) or not self.total:
            return
        last = min(self.total, self._top + self.height_of_rows) - 1
        for number in self._store.missing(self._top, last, (towards > 0) - (towards < 0)):
            if self._asked.get(number) != self._generation:
                self._asked[number] = self._generation
                task = asyncio.create_task(self._fetch(number, self._generation, self._store))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _fetch(self, number: int, generation: int, store: BlockStore) -> None:
        background = getattr(self.app, "background", None)
        try:
            if background is not None:
                rows = await background(store.source.block, number * BLOCK, BLOCK)
            else:
                rows = await asyncio.to_thread(store.source.block, number * BLOCK, BLOCK)
        except Exception as error:
            if generation == self._generation:
                self._asked.pop(number, None)
                self._tell_failure(error)
            return
        if generation != self._generation or not self.is_attached:
            return
        self._asked.pop(number, None)
        store.arrived(number, rows)
        self._settle(number)

    def _settle(self, number: int) -> None:
        """Rows of a block came: keep the cursor by key, paint what is in sight."""
        if self._key is not None:
            place = self._store.index_of(self._key)
            if place is not None and place != self._cursor:
                self._top = max(0, self._top + place - self._cursor)
                self._cursor = place
        if number * BLOCK < self._top + self.height_of_rows and (number + 1) * BLOCK > self._top:
            self.refresh(Region(0, HEAD, self.size.width, self.height_of_rows))
        if self._key is None:
            self._highlight()

    # -- painting ----------------------------------------------------------------------------------

    @property
    def _paint(self) -> Painter:
        tones = tones_of(self.app)
        if self._painter is None or self._painter.width != self.size.width or self._painter.tones is not tones:
            self._painter = Painter(self.columns, self.size.width, tones)
            self._strips = {}
        return self._painter

    def render_line(self, y: int) -> Strip:
        """One line of the grid."""
        paint = self._paint
        if y < HEAD:
            return paint.head(self.column.id if self._column_cursor else None)
        if not self.total:
            return paint.line(self._empty[y - 2]) if 0 <= y - 2 < len(self._empty) else paint.blank()
        index = self._top + y - HEAD
        if index >= self.total:
            return paint.blank()
        row = self._store.get(index)
        if row is None:
            return paint.waiting()
        state = (
            row, index == self._cursor, self.is_marked(row.key), self._results.get(row.key), self._gone.get(row.key),
        )  # fmt: skip
        kept = self._strips.get(row.key)
        if kept is not None and kept[1:] == state and kept[1] is row:
            strip = kept[0]
            assert isinstance(strip, Strip)
            return strip
        if len(self._strips) > 512:
            self._strips = {}
        strip = paint.row(*state)
        self._strips[row.key] = (strip, *state)
        return strip

    def on_mount(self) -> None:
        """Ask for the first rows."""
        self._load()
        self._highlight(always=True)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight."""
        height = self.height_of_rows
        self._top = max(0, min(max(self._top, self._cursor - height + 1), self._cursor))
        self._load()

    def _refresh_row(self, index: int) -> None:
        y = index - self._top
        if 0 <= y < self.height_of_rows:
            self.refresh(Region(0, HEAD + y, self.size.width, 1))

    def _repaint(self) -> None:
        self._painter = None
        self._load()
        self.refresh()

    def _tell_cursor(self) -> None:
        raise NotImplementedError

    def _tell_failure(self, error: BaseException) -> None:
        raise NotImplementedError
