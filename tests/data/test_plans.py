"""At five years of rows the board and search must not read whole tables: asked of SQLite's own plan (QUALITY P3a, P3b)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from boxes_tui.data.reads.queues import all_counts
from boxes_tui.data.reads.search import search
from tests.support.house import Desk

BIG = (
    "customer",
    "customer_phone",
    "vehicle",
    "sale_delivery",
    "appointment",
    "repair_order",
    "opportunity",
    "call",
    "search_entry",
)


def plans(desk: Desk, read: Any) -> list[str]:
    """What SQLite would do for every statement of a read."""
    made: list[tuple[str, Any]] = []
    engine = desk.house.engine

    def note(_conn: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        made.append((sql, values))

    event.listen(engine, "before_cursor_execute", note)
    desk.house.read(read)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as conn:
        raw: Any = conn.connection
        return [
            f"{row[3]}   in   {sql}"
            for sql, values in made
            for row in raw.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        ]


def scans(found: list[str]) -> list[str]:
    return [line for line in found if line.startswith("SCAN ") and line.split()[1] in BIG and "USING" not in line]


def test_the_counts_read_what_is_still_to_be_worked(lite: Desk) -> None:
    """Mutant: without ``ix_repair_order_open`` the orders older than a week are looked for among all of five years."""
    found = plans(lite, all_counts)
    assert scans(found) == []
    steps = {line.partition("   in   ")[0] for line in found}
    for index in ("repair_order_open", "repair_order_uncalled", "sale_delivery_uncalled", "appointment_ahead"):
        assert any(f"COVERING INDEX ix_{index}" in step for step in steps), index
    assert not any("ix_repair_order_opened (opened_day<?)" in step for step in steps)


@pytest.mark.parametrize(
    "words", ["pena", "nunez mar", "4821", "3515123456", "AB123CD", "8AP00012", "OT-5012", "20001234"]
)
def test_search_reads_no_whole_table(lite: Desk, words: str) -> None:
    """Mutant: LIKE on SQLite takes no index, and a DMS key alone is no beginning of the unique one."""
    assert scans(plans(lite, lambda conn, session: search(conn, session, words))) == []
