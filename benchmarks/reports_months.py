"""P3c: a five-year report by month and branch, unfiltered, against GROUP BY over the rows (QUALITY §1).

Both run in the same process on the same data, alternating; medians.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, insert, select, text

from benchmarks.places import databases
from benchmarks.ratio import Figure
from boxes_tui.clock import Clock
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import branch, repair_order, setting
from boxes_tui.reports.rollups import monthly

NOW = datetime(2026, 11, 24, 17, 10, tzinfo=UTC)
LOW, HIGH = date(2021, 12, 1), date(2026, 11, 24)
GOAL = {"sqlite": 0.01, "postgresql": 0.02}
YARDSTICK = {
    "sqlite": "SELECT strftime('%Y-%m', (opened_day - 719163) * 86400, 'unixepoch'), branch_id, count(*) FROM repair_order "
    "WHERE opened_day BETWEEN :low AND :high AND gone_at IS NULL AND status <> 'voided' GROUP BY 1, 2",
    "postgresql": "SELECT to_char(DATE '0001-01-01' + (opened_day - 1), 'YYYY-MM'), branch_id, count(*) FROM repair_order "
    "WHERE opened_day BETWEEN :low AND :high AND gone_at IS NULL AND status <> 'voided' GROUP BY 1, 2",
}


def fill(engine: Engine, rows: int) -> None:
    """Repair orders of five years in three branches, in the order in which they were opened, as a DMS hands them over."""
    rng = Random(1)
    span = (HIGH - LOW).days
    with writing(engine) as conn:
        set_scope(conn, None)
        for code in ("ROS", "MZA"):
            conn.execute(insert(branch).values(code=code, name=code, zone="America/Argentina/Buenos_Aires"))
        conn.execute(insert(setting).values(name="go_live", value=str(LOW.toordinal())))
        ids = list(conn.execute(select(branch.c.id)).scalars())
        for start in range(0, rows, 20_000):
            made = []
            for n in range(start, min(rows, start + 20_000)):
                day = LOW + timedelta(n * span // rows)
                at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
                made.append(
                    {
                        "branch_id": rng.choice(ids),
                        "opened_day": day,
                        "opened_at": at,
                        "status": "open",
                        "source_key": str(n),
                    }
                )
            conn.execute(insert(repair_order), made)


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def measure(engine: Engine, session: Session, rounds: int = 9) -> tuple[float, float]:
    """Median seconds of the product and of the yardstick."""
    query = text(YARDSTICK["sqlite" if is_sqlite(engine) else "postgresql"])
    bounds = {"low": LOW.toordinal(), "high": HIGH.toordinal()}

    def grouped() -> object:
        with reading(engine) as conn:
            set_scope(conn, None)
            return conn.execute(query, bounds).all()

    def product() -> object:
        return monthly(engine, session, "in_process", LOW, HIGH)

    product()
    grouped()
    pairs = [(timed(product), timed(grouped)) for _n in range(rounds)]
    return median(p for p, _g in pairs), median(g for _p, g in pairs)


def figures(scale: float) -> Iterator[Figure]:
    """One figure a database, on the repair orders of five years."""
    rows = max(10_000, int(1_000_000 * scale))
    with databases() as urls:
        for url in urls:
            engine = make_engine(parse_url(url), statement_ms=600_000)
            ensure(engine, Clock(NOW), "bench")
            fill(engine, rows)
            with engine.connect() as conn:
                if not is_sqlite(conn):
                    conn.execute(text("ANALYZE"))
                session = open_session(conn, Clock(NOW), "bench")
            product, grouped = measure(engine, session)
            kind = engine.dialect.name
            yield Figure(
                "P3c", f"five years by month and branch, {'SQLite' if kind == 'sqlite' else 'PostgreSQL'}", GOAL[kind],
                product / grouped, product * 1000, grouped * 1000, "ms", "GROUP BY over the rows", f"{rows} orders",
            )  # fmt: skip
            engine.dispose()
