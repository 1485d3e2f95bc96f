"""The list of every queue, search, wizard step and report: a virtual grid whose cost does not grow with its
rows.

It asks its source only for what is in sight (blocks of 64 rows, the next one ahead), outside the UI loop;
late answers are dropped. The cursor is kept by row key. What changes while somebody stands in the list
follows SCREENS §8.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message

from boxes_tui.widgets.grid_base import HEAD
from boxes_tui.widgets.grid_changes import GridChanges


class Grid(GridChanges):
    """Rows under column heads. Line 0 is the head line, the rest are rows; no border, no scroll bar.

    Keys while focused: arrows, ``j k``, PgUp PgDn Home End move; ``Enter`` posts :class:`RowChosen`; with
    ``marks`` the space bar marks and, with ``mark_all_keys``, ``+ - .`` mark all, none, and up to here;
    with ``column_cursor`` the left and right arrows choose a column. Every other key goes on to the
    screen's bindings.
    """

    DEFAULT_CSS = "Grid { height: 1fr; width: 1fr; background: transparent; }"

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
            self.mark([self._key], on=not self.is_marked(self._key))

    def _mark_range(self) -> None:
        first, last = sorted((self._anchor if self._anchor is not None else 0, self._cursor))
        rows = [self._store.get(n) for n in range(first, last + 1)]
        if all(row is not None for row in rows):
            self.mark([row.key for row in rows if row is not None and not row.heading])
        else:  # some stand outside the blocks that are here
            self.mark(self._store.keys()[first : last + 1])

    def choose_column(self, step: int) -> None:
        """Show the column cursor; move it by ``step`` where it was in sight."""
        if self._column_cursor:
            self._move_column(step)
        else:
            self._column_cursor = True
            self._move_column(0)

    def hide_column(self) -> bool:
        """Take the column cursor out of sight; whether it was."""
        was, self._column_cursor = self._column_cursor, False
        self.refresh(Region(0, 0, self.size.width, HEAD))
        return was

    def _move_column(self, step: int) -> None:
        self._column = max(0, min(self._column + step, len(self._paint.placed) - 1))
        self.refresh(Region(0, 0, self.size.width, HEAD))
        self.post_message(self.ColumnHighlighted(self, self.column.id))

    def _tell_cursor(self) -> None:
        self.post_message(self.RowHighlighted(self, self._key, self._cursor))

    def _tell_marks(self) -> None:
        self.post_message(self.MarksChanged(self, self.marked))

    def _tell_failure(self, error: BaseException) -> None:
        self.post_message(self.SourceFailed(self, error))
