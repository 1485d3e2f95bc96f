"""Marks of the report months that a run touches (QUALITY §1): readers count those months again."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, text

DAYS: Final = {
    "sale_delivery": (("delivered_day", ("deliveries", "retention")),),
    "appointment": (("start_day", ("appointments",)),),
    "repair_order": (("opened_day", ("in_process", "retention")), ("handover_day", ("completed",))),
    "opportunity": (("due_day", ("opportunities",)), ("state_day", ("reconciliation",))),
}
"""Which days of a row move which reports (PRODUCT §9)."""


def mark(conn: Connection, table: str, ids: str, params: dict[str, Any] | None = None) -> None:
    """Mark the months of rows as they stand now; ``ids`` is SQL for the set of their ids, in parentheses. Called before rows move and after,
    so that the month that a row leaves is marked too."""
    marks: set[tuple[str, int, int]] = set()
    for column, reports in DAYS.get(table, ()):
        query = (
            f"SELECT DISTINCT {column}, coalesce(branch_id, 0) FROM {table} WHERE id IN {ids} AND {column} IS NOT NULL"
        )
        for day, branch in conn.execute(text(query), params or {}):
            when = date.fromordinal(day)
            marks.update((report, when.year * 12 + when.month - 1, int(branch)) for report in reports)
    if marks:
        conn.execute(
            text("INSERT INTO dirty_month (report, month, branch_id) VALUES (:r, :m, :b)"),
            [{"r": r, "m": m, "b": b} for r, m, b in sorted(marks)],
        )
