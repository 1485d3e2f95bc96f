"""P3d: rows of a report through the data layer, a page of 50 and 20,000 rows, against the raw driver (QUALITY §1).

The yardstick runs the very statements that the report runs, through the driver's own cursor, and keeps its tuples; both in the
same process on the same data, alternating; medians.  Usage: ``python -m benchmarks.reports_rows [--rows N] [--url URL]``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, event, text

from benchmarks.reports_months import HIGH, LOW, NOW, fill, timed
from boxes_tui.clock import Clock
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, set_scope
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.reports import grid
from boxes_tui.reports.population import Ask

ROUNDS = 9
CASES = ((50, 4.0), (20_000, 3.0))
"""Rows, and how many times as long as the driver they may take."""


def statements(conn: Connection, session: Session, ask: Ask, count: int) -> list[tuple[str, Any]]:
    """The statements of that read as the driver got them."""
    seen: list[tuple[str, Any]] = []

    def keep(_c: Any, _cur: Any, sql: str, bound: Any, _ctx: Any, _many: bool) -> None:
        seen.append((sql, bound))

    event.listen(conn, "before_cursor_execute", keep)
    grid.rows(conn, session, ask, None, count)
    event.remove(conn, "before_cursor_execute", keep)
    return seen


def measure(conn: Connection, session: Session, count: int) -> tuple[float, float]:
    """Median seconds of the product and of the driver."""
    ask = Ask("in_process", LOW, HIGH)
    asked = statements(conn, session, ask, count)
    raw: Any = conn.connection.dbapi_connection

    def product() -> object:
        return grid.rows(conn, session, ask, None, count)

    def driver() -> object:
        cursor = raw.cursor()
        found = [cursor.execute(sql, bound).fetchall() for sql, bound in asked]
        cursor.close()
        return found

    product()
    driver()
    pairs = [(timed(product), timed(driver)) for _n in range(ROUNDS)]
    return median(p for p, _d in pairs), median(d for _p, d in pairs)


def main() -> None:
    """Print a line of the table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--url")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        engine = make_engine(parse_url(asked.url or f"sqlite:///{Path(place) / 'boxes.db'}"), statement_ms=600_000)
        ensure(engine, Clock(NOW), "bench")
        fill(engine, asked.rows)
        with engine.connect() as conn:
            if not is_sqlite(conn):
                conn.execute(text("ANALYZE"))
            set_scope(conn, None)
            session = open_session(conn, Clock(NOW), "bench")
            for count, goal in CASES:
                ours, theirs = measure(conn, session, count)
                said = "ok" if ours <= goal * theirs else "MISSED"
                print(
                    f"P3d {engine.dialect.name} {count} of {asked.rows} orders: {1000 * ours:.1f} ms against "
                    f"{1000 * theirs:.1f} ms = {ours / theirs:.2f}x (goal {goal:g}x) {said}"
                )
        engine.dispose()


if __name__ == "__main__":
    main()
