"""P3d: rows of a report through the data layer, a page of 50 and 20,000 rows, against the raw driver (QUALITY §1).

The yardstick runs the very statements that the report runs, through the driver's own cursor, and keeps its tuples; both in the
same process on the same data, alternating; medians.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from sqlalchemy import Connection, event, text

from benchmarks.places import databases
from benchmarks.ratio import Figure
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


def figures(scale: float) -> Iterator[Figure]:
    """A figure for each size and database, over the repair orders of five years."""
    orders = max(25_000, int(1_000_000 * scale))
    with databases() as urls:
        for url in urls:
            engine = make_engine(parse_url(url), statement_ms=600_000)
            ensure(engine, Clock(NOW), "bench")
            fill(engine, orders)
            name = "SQLite" if is_sqlite(engine) else "PostgreSQL"
            with engine.connect() as conn:
                if not is_sqlite(conn):
                    conn.execute(text("ANALYZE"))
                set_scope(conn, None)
                session = open_session(conn, Clock(NOW), "bench")
                for count, goal in CASES:
                    ours, theirs = measure(conn, session, count)
                    yield Figure(
                        "P3d", f"{count} rows of a report, {name}", goal, ours / theirs, 1000 * ours, 1000 * theirs, "ms",
                        "same statements, raw driver", f"{orders} orders",
                    )  # fmt: skip
            engine.dispose()
