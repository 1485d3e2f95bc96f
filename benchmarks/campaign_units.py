"""P7: the campaign wizard over a million units, step by step, beside a plain pass over the same tables."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import Connection, Engine, func, insert, select, text

from benchmarks.places import databases
from benchmarks.ratio import Figure, paired, timed
from boxes_tui.clock import Clock
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import customer, vehicle
from boxes_tui.desk.campaign_plan import Choice, plan
from boxes_tui.desk.campaign_segment import Segment, segment_count, segment_ids, unit_rows
from boxes_tui.desk.campaign_units import load

ROUNDS = 5
DUE = date(2026, 12, 1)
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


def peak_mb() -> float:
    """The largest the process has been."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(conn: Connection, session: Session, scale: str) -> Iterator[Figure]:
    """The steps of the wizard over everything, each beside one pass over the units with a look at every owner."""
    name = "SQLite" if is_sqlite(conn) else "PostgreSQL"
    c, v = customer.c, vehicle.c
    owners = vehicle.outerjoin(customer, c.id == v.owner_id)
    scan = select(func.count()).select_from(owners).where(v.last_km >= 0, c.name_fold.is_distinct_from("x"))
    everything = Segment(year_from=2000)
    ids = segment_ids(conn, session, everything)
    block = ids[-64:]
    steps: list[tuple[str, float, Callable[[], object]]] = [
        ("step 1, how many", 1.0, lambda: segment_count(conn, session, everything)),
        ("step 2, a block of rows", 0.2, lambda: unit_rows(conn, session, block)),
        ("step 2, its wishes", 0.2, lambda: load(conn, session, block, "offer")),
        ("step 3, dry run", 6.0, lambda: plan(conn, session, Choice(None, everything), "offer", DUE, 500)),
    ]
    for what, goal, work in steps:
        ours, yardstick, ratio = paired(
            lambda w=work: timed(w), lambda: timed(lambda: conn.execute(scan).scalar_one()), ROUNDS  # type: ignore[misc]
        )  # fmt: skip
        yield Figure(
            "P7", f"{what}, {name}", goal, ratio, 1000 * ours, 1000 * yardstick, "ms", "a pass over units and owners", scale,
            f"peak {peak_mb():.0f} MB",
        )  # fmt: skip


def figures(scale: float) -> Iterator[Figure]:
    """The wizard on both databases."""
    count = max(5_000, int(1_000_000 * scale))
    with databases() as urls:
        for url in urls:
            engine = make_engine(parse_url(url), statement_ms=600_000)
            ensure(engine, Clock(NOW), "bench")
            fill(engine, count)
            with engine.connect() as conn:
                if not is_sqlite(conn):
                    conn.execute(text("ANALYZE"))
                set_scope(conn, None)
                yield from measure(conn, open_session(conn, Clock(NOW), "bench"), f"{count} units")
            engine.dispose()
