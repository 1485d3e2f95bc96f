"""P3a, P3b, P3d: board counts, search anywhere, and pages of a list, on five years of a dealership.

Yardsticks: the counts as anti-joins over the calls with partial indexes made for them; a LIKE scan over the folded
words; the very statements of a page run by the raw driver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, event

from benchmarks.fill import TODAY, fill
from benchmarks.places import databases
from benchmarks.ratio import Figure, paired, timed
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, reading, set_scope
from boxes_tui.data.reads.queues import Ask, all_counts, rows
from boxes_tui.data.reads.search import search
from boxes_tui.data.session import Session
from boxes_tui.domain.queues import COURTESY_DAYS, LEAK_LIMITS, NO_SHOW_DAYS, OPPORTUNITY_DAYS, WELCOME_DAYS

LONG = Ask("appointments", "to_confirm")
"""The longest list: every appointment ahead."""
WORDS = "conpu berez"


def figures(scale: float) -> Iterator[Figure]:
    """All of it on each database."""
    with databases() as urls:
        for url in urls:
            engine = make_engine(parse_url(url), statement_ms=600_000)
            start = time.perf_counter()
            session = fill(engine, scale)
            made = f"{scale:g} of the dealership"
            print(f"  {engine.dialect.name}: {made} in {time.perf_counter() - start:.0f} s", flush=True)
            yield _counts(engine, session, made)
            yield _search(engine, session, made)
            for size, goal in ((50, 4.0), (20_000, 3.0)):
                yield _page(engine, session, size, goal, made)
            engine.dispose()


def _name(engine: Engine) -> str:
    return "SQLite" if is_sqlite(engine) else "PostgreSQL"


def _within(engine: Engine, work: Callable[[Connection], object]) -> float:
    def run() -> None:
        with reading(engine) as conn:
            set_scope(conn, None)
            work(conn)

    return timed(run)


def _counts(engine: Engine, session: Session, made: str) -> Figure:
    with engine.begin() as conn:
        for number, (subject, kind) in enumerate((*CALLED.items(),)):
            conn.exec_driver_sql(
                f"CREATE INDEX bench_call_{number} ON call (subject_id) WHERE subject = '{subject}' "
                f"AND type = '{kind}' AND closes AND annulled_at IS NULL"
            )
        conn.exec_driver_sql("ANALYZE call" if is_sqlite(engine) else "ANALYZE")
    queries = anti_joins()

    def others(conn: Connection) -> None:
        for query in queries:
            conn.exec_driver_sql(query).all()

    ours, other, ratio = paired(
        lambda: _within(engine, lambda conn: all_counts(conn, session)), lambda: _within(engine, others), 7
    )
    with engine.begin() as conn:
        for number in range(len(CALLED)):
            conn.exec_driver_sql(f"DROP INDEX bench_call_{number}")
    return Figure(
        "P3a", f"all board counts, {_name(engine)}", 0.1, ratio, ours * 1000, other * 1000, "ms",
        "anti-joins, partial indexes", made,
    )  # fmt: skip


CALLED = {"sale_delivery": "welcome", "repair_order": "courtesy", "appointment": "no_show"}
ALIVE = "gone_at IS NULL AND NOT is_stub"


def anti_joins() -> list[str]:
    """The counts of the board that tell worked from unworked rows, from the facts alone: a row is done where a closing
    call is found, an appointment has come where its unit's order of the day is found."""
    welcome = _closing("sale_delivery", "d")
    courtesy = _closing("repair_order", "o")
    follow = _closing("appointment", "a")
    come = "EXISTS (SELECT 1 FROM repair_order r WHERE r.vehicle_id = a.vehicle_id AND r.opened_day = a.start_day)"
    delivery = f"SELECT count(*) FROM sale_delivery d WHERE d.{ALIVE} AND d.delivered_day"
    order = f"SELECT count(*) FROM repair_order o WHERE o.{ALIVE} AND o.status NOT IN ('estimate', 'voided')"
    visit = f"SELECT count(*) FROM appointment a WHERE a.{ALIVE} AND a.vanished_at IS NULL AND a.status <> 'cancelled'"
    sale = "SELECT count(*) FROM opportunity p WHERE p.state = 'open' AND p.due_day"
    w = f"BETWEEN {TODAY - WELCOME_DAYS} AND {TODAY}"
    c = f"BETWEEN {TODAY - COURTESY_DAYS} AND {TODAY}"
    leak_w = f"BETWEEN {TODAY - (LEAK_LIMITS['deliveries'] or 0)} AND {TODAY - WELCOME_DAYS - 1}"
    leak_c = f"BETWEEN {TODAY - (LEAK_LIMITS['completed'] or 0)} AND {TODAY - COURTESY_DAYS - 1}"
    leak_n = f"BETWEEN {TODAY - (LEAK_LIMITS['no_shows'] or 0)} AND {TODAY - NO_SHOW_DAYS - 1}"
    return [
        f"{delivery} {w}", f"{delivery} {w} AND {welcome}", f"{delivery} {w} AND NOT {welcome}",
        f"{delivery} {leak_w} AND NOT {welcome}",
        f"{order} AND o.handover_day {c}", f"{order} AND o.handover_day {c} AND {courtesy}",
        f"{order} AND o.handover_day {c} AND NOT {courtesy}", f"{order} AND o.handover_day {leak_c} AND NOT {courtesy}",
        f"{order} AND o.handover_at IS NULL", f"{order} AND o.handover_at IS NULL AND o.opened_day = {TODAY}",
        f"{visit} AND a.start_day >= {TODAY} AND NOT {come}", f"{visit} AND a.start_day = {TODAY} AND NOT {come}",
        f"{visit} AND a.start_day BETWEEN {TODAY - NO_SHOW_DAYS} AND {TODAY - 1} AND NOT {come}",
        f"{visit} AND a.start_day {leak_n} AND NOT {come} AND NOT {follow}",
        f"{sale} BETWEEN {TODAY - OPPORTUNITY_DAYS} AND {TODAY + OPPORTUNITY_DAYS}", f"{sale} = {TODAY}",
        f"{sale} BETWEEN {TODAY - OPPORTUNITY_DAYS} AND {TODAY - 1}", f"{sale} < {TODAY - OPPORTUNITY_DAYS}",
    ]  # fmt: skip


def _closing(subject: str, row: str) -> str:
    kind = CALLED[subject]
    return (
        f"EXISTS (SELECT 1 FROM call k WHERE k.subject = '{subject}' AND k.subject_id = {row}.id AND k.type = '{kind}' "
        "AND k.closes AND k.annulled_at IS NULL)"
    )


def _search(engine: Engine, session: Session, made: str) -> Figure:
    scan = " AND ".join(f"(words || '') LIKE '%%{w}%%'" for w in WORDS.split())
    scan = scan.replace("%%", "%") if is_sqlite(engine) else scan
    query = f"SELECT row_id, words FROM search_entry WHERE {scan}"
    found: list[int] = []

    def ours(conn: Connection) -> None:
        found.append(len(search(conn, session, WORDS, 50)))

    a, b, ratio = paired(
        lambda: _within(engine, ours), lambda: _within(engine, lambda conn: conn.exec_driver_sql(query).all()), 7
    )
    return Figure(
        "P3b", f"search anywhere, {_name(engine)}", 0.01, ratio, a * 1000, b * 1000, "ms", "LIKE scan", made,
        f"«{WORDS}», {found[-1]} hits with their phones, units and last calls",
    )  # fmt: skip


def _page(engine: Engine, session: Session, size: int, goal: float, made: str) -> Figure:
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        statements.append((sql, values))

    event.listen(engine, "before_cursor_execute", note)
    with reading(engine) as conn:
        set_scope(conn, None)
        statements.clear()
        count = len(rows(conn, session, LONG, size))
    event.remove(engine, "before_cursor_execute", note)

    def raw(conn: Connection) -> None:
        cursor: Any = conn.connection.cursor()
        for sql, values in statements:
            cursor.execute(sql, values)
            cursor.fetchall()

    a, b, ratio = paired(
        lambda: _within(engine, lambda conn: rows(conn, session, LONG, size)), lambda: _within(engine, raw), 7
    )
    return Figure(
        "P3d", f"{'a page of 50' if size == 50 else 'a list of 20k'}, {_name(engine)}", goal, ratio, a * 1000, b * 1000,
        "ms", "same statements, raw driver", made, f"{count} rows, {len(statements)} statements",
    )  # fmt: skip
