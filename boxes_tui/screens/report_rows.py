"""The rows of a report's grid: their widths, how they are read by blocks, what stands behind each number of a rate."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.i18n import N_
from boxes_tui.reports import grid as rows_of
from boxes_tui.reports.columns import ReportColumn
from boxes_tui.reports.grid import ReportRow, View
from boxes_tui.reports.kpi_sql import RULES
from boxes_tui.reports.labels import Labels, labels
from boxes_tui.reports.population import Ask
from boxes_tui.widgets.rows import Row

if TYPE_CHECKING:
    from boxes_tui.screens.report_grid import ReportGridScreen

WIDTHS = {
    "customer": (24, 26), "plate": (8, 8), "model": (14, 18), "vin": (17, 17), "about": (14, 20), "advisor": (6, 8),
    "attempts": (3, 3), "branch": (8, 12), "agent": (8, 12), "order": (9, 9),
}  # fmt: skip
BY_TYPE = {"day": (5, 8), "instant": (11, 14), "int": (5, 6), "money": (12, 13), "text": (10, 14)}


SIDES = (("num", N_("Numerador"), N_("Num.")), ("den", N_("Denominador"), N_("Den.")),
         ("waiting", N_("En curso"), N_("En curso")))  # fmt: skip
"""The three numbers of a rate: ``Tab`` goes from the rows of one to those of the next."""


def read_sides(conn: Connection, session: Session, ask: Ask, view: View) -> dict[str, int]:
    """How many rows stand behind each number of the KPI that was opened; none where it has one number only."""
    chosen = view.selection
    if not chosen.kpi or chosen.part != "":
        return {}
    rule = RULES[ask.report][chosen.kpi]
    there = {"num": True, "den": rule.den is not None, "waiting": rule.waiting is not None}
    if sum(there.values()) < 2:
        return {}
    sides = {s: replace(view, selection=replace(chosen, side=s)) for s, on in there.items() if on}
    return {s: rows_of.count(conn, session, ask, v) for s, v in sides.items()}


def read_grid(
    conn: Connection, session: Session, ask: Ask, view: View
) -> tuple[tuple[ReportColumn, ...], Labels, int, int, Freshness]:
    """Columns, words, rows of the view, rows of the whole report, age of the DMS."""
    patient(conn)
    return (
        rows_of.columns(conn, session, ask, view.selection), labels(conn, session), rows_of.count(conn, session, ask, view),
        rows_of.count(conn, session, ask), freshness(conn, session),
    )  # fmt: skip


def read_keys(conn: Connection, session: Session, ask: Ask, view: View) -> array[int] | None:
    """The keys of the view's rows in its order; None where they have none."""
    patient(conn)
    return rows_of.row_keys(conn, session, ask, view)


def read_block(
    conn: Connection, session: Session, ask: Ask, view: View, keys: array[int] | None, start: int, count: int
) -> list[ReportRow]:
    """Rows of the view by position."""
    patient(conn)
    if keys is None:
        return rows_of.rows(conn, session, ask, view, count, start)
    return rows_of.rows_by_key(conn, session, ask, view, keys[start : start + count])


class ReportSource:
    """Rows of a view by blocks, in its order."""

    def __init__(self, screen: ReportGridScreen, total: int) -> None:
        self._screen, self._total = screen, total
        self._keys: array[int] | None = None
        self._asked, self._lock = False, Lock()

    def _order(self) -> array[int] | None:
        """The order of the rows, read once."""
        with self._lock:
            if not self._asked:
                s = self._screen
                self._keys, self._asked = s.house.read(read_keys, s.ask, s.view), True
            return self._keys

    @property
    def total(self) -> int:
        """How many rows."""
        return self._total

    def block(self, start: int, count: int) -> list[Row]:
        """Rows by position; called from another thread."""
        s = self._screen
        found = s.house.read(read_block, s.ask, s.view, self._order(), start, count)
        made = []
        for n, row in enumerate(found):
            key = f"{start + n}:{row.ref}"
            s.rows[key] = row
            shown = ((c, v) for c, v in zip(s.columns, row.values, strict=True) if c.id not in s.hidden)
            made.append(Row(key, tuple(cell_text(s.words, c, v, s.at.today) for c, v in shown)))
        return made


def cell_text(words: Labels | None, column: ReportColumn, value: Any, today: date) -> str:
    """A cell on screen: as in the lists, a year shows only when it is not this one (SCREENS §5)."""
    if isinstance(value, datetime):
        return f"{show_day(value.date(), today)} {clock(value)}"
    if isinstance(value, date):
        return show_day(value, today)
    return words.cell(column, value) if words is not None else ""
