"""The campaign wizard over a million units: how long its searches take, beside a plain scan of the same table.

Usage: ``python -m benchmarks.campaign_units [--units N] [--url URL]`` (URL of an empty PostgreSQL database; without it a
SQLite file in a temporary folder).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from sqlalchemy import Connection, Engine, func, insert, select, text

from boxes_tui.clock import Clock
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import customer, vehicle
from boxes_tui.desk.campaign_match import load_units
from boxes_tui.desk.campaign_plan import Choice, plan
from boxes_tui.desk.campaign_segment import Segment, segment_count, segment_ids, unit_rows

NOW, TODAY = datetime(2026, 11, 24, 17, 10, tzinfo=UTC), date(2026, 11, 24)
MODELS = ("SIENA EL 1.4", "CRONOS 1.3", "ARGO", "TORO", "MOBI", "AMAROK V6", "GOL", "POLO", "VENTO")


def fill(engine: Engine, units: int) -> None:
    """Vehicles with owners, of nine models and sixteen years."""
    rng = Random(1)
    with writing(engine) as conn:
        set_scope(conn, None)
        for start in range(0, units, 20_000):
            some = range(start, min(units, start + 20_000))
            conn.execute(
                insert(customer), [{"display_name": f"CLIENTE {n}", "name_fold": f"cliente {n}"} for n in some]
            )
            conn.execute(insert(vehicle), [_unit(n, rng) for n in some])


def _unit(n: int, rng: Random) -> dict[str, object]:
    vin = f"9BD{n:014d}"
    return {
        "vin": vin, "tail_rev": vin[::-1], "model": MODELS[rng.randrange(9)], "model_year": 2010 + n % 16,
        "owner_id": n + 1, "last_km": rng.randrange(200_000), "predicted_due": TODAY + timedelta(rng.randrange(400)),
        "last_service_day": TODAY - timedelta(rng.randrange(1500)),
    }  # fmt: skip


def timed(label: str, work: Callable[[], object]) -> None:
    """Print what one call takes."""
    start = perf_counter()
    made = work()
    size = f"{len(made):>9,}" if isinstance(made, (list, dict, tuple)) else f"{made!s:>9}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{label:44} {size} {1000 * (perf_counter() - start):9.0f} ms   peak {peak} MB", flush=True)


def measure(conn: Connection, session: Session) -> None:
    """The steps of the wizard for a narrow, a wide and the widest filter."""
    scan = select(func.count()).select_from(vehicle).where(vehicle.c.last_km + 0 >= 0)
    timed("yardstick: a scan of the table", lambda: int(conn.execute(scan).scalar_one()))
    wanted = {
        "one model, two years": Segment(model="SIENA", year_from=2017, year_to=2018),
        "one model": Segment(model="SIENA"),
        "everything": Segment(year_from=2000),
    }
    for name, segment in wanted.items():
        timed(f"step 1, count: {name}", lambda s=segment: segment_count(conn, session, s))  # type: ignore[misc]
        ids: list[int] = []
        timed(f"step 1, ids: {name}", lambda s=segment, i=ids: i.extend(segment_ids(conn, session, s)) or i)  # type: ignore[misc]
        block = ids[-64:]
        timed(f"step 2, a block: {name}", lambda b=block: unit_rows(conn, session, b))  # type: ignore[misc]
        timed(f"step 2, its wishes: {name}", lambda b=block: load_units(conn, session, b, "recall"))  # type: ignore[misc]
        choice = Choice(None, segment)
        timed(
            f"step 3, dry run: {name}",
            lambda c=choice: plan(conn, session, c, "recall", date(2026, 12, 1), 500).chosen,  # type: ignore[misc]
        )


def main() -> None:
    """Fill, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--url")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        engine = make_engine(parse_url(asked.url or f"sqlite:///{Path(place) / 'boxes.db'}"), statement_ms=600_000)
        ensure(engine, Clock(NOW), "bench")
        fill(engine, asked.units)
        with engine.connect() as conn:
            if not is_sqlite(conn):
                conn.execute(text("ANALYZE"))
            set_scope(conn, None)
            measure(conn, open_session(conn, Clock(NOW), "bench"))
        engine.dispose()


if __name__ == "__main__":
    main()
