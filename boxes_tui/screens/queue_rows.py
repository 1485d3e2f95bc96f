"""How a list reads its rows: whole up to :data:`WHOLE`, longer ones by blocks in the order of the entry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.reads.queues import Ask, Key, QueueRow, campaign_filters, count, row_keys, rows_by_key
from boxes_tui.data.session import Session
from boxes_tui.domain.queues import QUEUES
from boxes_tui.screens.list_view import ListView
from boxes_tui.screens.row_text import Moment, row_text
from boxes_tui.widgets.rows import Row

if TYPE_CHECKING:
    from boxes_tui.screens.queue import QueueScreen

WHOLE = 2000
"""Up to so many rows a list is read whole; longer ones by blocks."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One read of a list: keys in order, full rows (all of them up to :data:`WHOLE`), counts, DMS age."""

    keys: list[Key]
    rows: list[QueueRow]
    counts: dict[str, int]
    campaigns: list[tuple[str, str]]
    freshness: Freshness


def read_list(conn: Connection, session: Session, ask: Ask) -> Loaded:
    """Everything that a list needs, in one snapshot."""
    keys = row_keys(conn, session, ask)
    named = campaign_filters(conn, session) if ask.queue == "campaign_opportunities" else []
    codes = [f.code for f in QUEUES[ask.queue].filters] + [code for code, _name in named]
    counts = {code: count(conn, session, replace(ask, filter=code, text=None)) for code in codes if code != "all"}
    if "all" in codes:
        counts["all"] = count(conn, session, replace(ask, filter="all", text=None))
    rows = rows_by_key(conn, session, ask, keys[:WHOLE])
    return Loaded(keys, rows, counts, named, freshness(conn, session))


class BlockSource:
    """Rows of a long list, read from the database by blocks in the order that the list had at entry."""

    def __init__(self, screen: QueueScreen, ask: Ask, keys: list[Key], at: Moment, view: ListView) -> None:
        self._screen, self._ask, self._keys, self._at, self._view = screen, ask, keys, at, view

    @property
    def total(self) -> int:
        """How many rows."""
        return len(self._keys)

    def keys(self) -> list[str]:
        """Refs of every row."""
        return [f"{stage}:{row_id}" for stage, row_id in self._keys]

    def block(self, start: int, count: int) -> list[Row]:
        """Rows by position; called from another thread."""
        house = self._screen.house
        rows = house.read(rows_by_key, self._ask, self._keys[start : start + count])
        self._screen.rows.update({r.ref: r for r in rows})
        painted = [to_row(self._ask.queue, self._ask.filter, r, self._at) for r in rows]
        return self._view.arrange(self._ask.queue, rows, painted)


def to_row(queue: str, flt: str, row: QueueRow, at: Moment) -> Row:
    """A queue row as the grid paints it."""
    shown = row_text(queue, flt, row, at)
    cells = tuple(shown.cells.get(c.id, "") for c in QUEUES[queue].columns)
    return Row(
        row.ref, cells, shown.state_sign, shown.state_tone, shown.sign, shown.sign_tone, shown.tones,
    )  # fmt: skip
