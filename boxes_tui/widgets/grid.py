"""The list of every queue, search, wizard step and report: a virtual grid whose cost does not grow with its
rows.

It asks its source only for what is in sight (blocks of 64 rows, the next one ahead), outside the UI loop;
late answers are dropped. The cursor is kept by row key. What changes while somebody stands in the list
follows SCREENS §8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from boxes_tui.i18n import _
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.grid_paint import Painter
from boxes_tui.widgets.rows import BLOCK, ListSource, Result, Row, RowSource
from boxes_tui.widgets.safe import Line
from boxes_tui.widgets.store import BlockStore, MemoryStore, merged, store_for
from boxes_tui.widgets.tones import tones_of
from boxes_tui.widgets.wire import scroll_lines

HEAD = 1
"""Lines of the grid before its rows."""


class Grid(Widget, can_focus=True):
    """Rows under column heads. Line 0 is the head line, the rest are rows; no border, no scroll bar.

    Keys while focused: arrows, ``j k``, PgUp PgDn Home End move; ``Enter`` posts :class:`RowChosen`; with
    ``marks`` the space bar marks and, with ``mark_all_keys``, ``+ - .`` mark all, none, and up to here;
    with ``column_cursor`` the left and right arrows choose a column. Every other key goes on to the
    screen's bindings.
    """

    DEFAULT_CSS = "Grid { height: 1fr; width: 1fr; background: transparent; }"
    ALLOW_SELECT = False

    class RowHighlighted(Message):
        """The cursor stands on another row; ``key`` is None in an empty list or while the row is still to
        come."""

        def __init__(self, grid: Grid, key: str | None, index: int) -> None:
            super().__init__()
            self.grid, self.key, self.index = grid, key, index

        @property
        def control(self) -> Grid:
            """The grid."""
            return self.grid

    class RowChosen(RowHighlighted):
        """``Enter`` or a second click on a row."""

    class MarksChanged(Message):
        """Other rows are marked; ``marked`` are their keys."""

        def __init__(self, grid: Grid, marked: frozenset[str]) -> None:
            super().__init__()
            self.grid, self.marked = grid, marked

    class ColumnHighlighted(Message):
        """The column cursor stands on another column."""

        def __init__(self, grid: Grid, column: str) -> None:
            super().__init__()
            self.grid, self.column = grid, column

    class SourceFailed(Message):
        """The source raised ``error`` (or did not answer in time); what is loaded stays."""

        def __init__(self, grid: Grid, error: BaseException) -> None:
            super().__init__()
            self.grid, self.error = grid, error

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource | None = None,
        *,
        empty: Sequence[Line] = (),
        marks: bool = True,
        mark_all_keys: bool = False,
        column_cursor: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self._empty = tuple(empty)
        self._store = store_for(source)
        self._marks_on, self._mark_all_keys, self._column_cursor = marks, mark_all_keys, column_cursor
        self._column = 0
        self._top = self._cursor = 0
        self._key: str | None = None
        self._anchor: int | None = None
        self._marked: set[str] = set()
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
        """Keys of the marked rows."""
        return frozenset(self._marked)

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

    # -- what screens tell -------------------------------------------------------------------------

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
        if self._key is not None and self._key not in fresh and self._key not in self._results:
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
        self._marked = self._marked | set(keys) if on else self._marked - set(keys)
        self._repaint()
        self.post_message(self.MarksChanged(self, self.marked))

    def mark_all(self) -> None:
        """Mark every row of the list."""
        self.mark(self._store.keys())

    def mark_none(self) -> None:
        """Unmark everything, rows of other filters too."""
        self.mark(self._marked.copy(), on=False)

    # -- keys and mouse ----------------------------------------------------------------------------

    _STEPS: ClassVar[dict[str, str]] = {
        "up": "-1", "k": "-1", "down": "+1", "j": "+1", "pageup": "-p", "pagedown": "+p", "home": "0", "end": "end",
    }  # fmt: skip

    def on_key(self, event: events.Key) -> None:
        """Movement, marks and the column cursor; everything else goes on to bindings."""
        step = self._STEPS.get(event.key)
        if step is not None:
            self._step(step)
        elif event.key == "enter":
            if self.total:
                self.post_message(self.RowChosen(self, self._key, self._cursor))
        elif event.key == "space" and self._marks_on:
            self._toggle_mark()
        elif event.character in ("+", "-", ".") and self._mark_all_keys:
            {"+": self.mark_all, "-": self.mark_none, ".": self._mark_range}[event.character]()
        elif event.key in ("left", "right") and self._column_cursor:
            self._move_column(-1 if event.key == "left" else 1)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self._move(self._cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self._move(self._cursor - 3)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; on the cursor row it chooses; on a mark's place it marks."""
        index = self._top + event.y - HEAD
        if event.y < HEAD or index >= self.total:
            return
        if event.x == 0 and self._marks_on:
            self._move(index)
            self._toggle_mark()
        elif index == self._cursor:
            self.post_message(self.RowChosen(self, self._key, self._cursor))
        else:
            self._move(index)

    def _step(self, step: str) -> None:
        if self._key in self._gone:
            self._take(self._cursor, keep_line=False)
            return
        page = self.height_of_rows
        moves = {"-1": self._cursor - 1, "+1": self._cursor + 1, "0": 0, "end": self.total - 1}
        moves |= {"-p": self._cursor - page, "+p": self._cursor + page}
        self._move(moves[step])

    def _toggle_mark(self) -> None:
        if self._key is not None:
            self._anchor = self._cursor
            self.mark([self._key], on=self._key not in self._marked)

    def _mark_range(self) -> None:
        first, last = sorted((self._anchor if self._anchor is not None else 0, self._cursor))
        rows = (self._store.get(n) for n in range(first, last + 1))
        self.mark([row.key for row in rows if row is not None and not row.heading])

    def _move_column(self, step: int) -> None:
        self._column = max(0, min(self._column + step, len(self._paint.placed) - 1))
        self.refresh(Region(0, 0, self.size.width, HEAD))
        self.post_message(self.ColumnHighlighted(self, self.column.id))

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
            self.post_message(self.RowHighlighted(self, key, self._cursor))

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
                self.post_message(self.SourceFailed(self, error))
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
            row, index == self._cursor, row.key in self._marked, self._results.get(row.key), self._gone.get(row.key),
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
