"""P5: many at once. Fifty agents who ask for their next call on PostgreSQL; eight writers of one SQLite file.

Yardsticks: the throughput of one claimer; the slowest hundredth of an optimistic update (read who is next, take him
where nobody has, else read again); ``BEGIN IMMEDIATE`` with SQLite's own busy handler.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import BigInteger, Engine, func, literal_column
from sqlalchemy.dialects import postgresql

from benchmarks.places import databases
from benchmarks.ratio import Figure
from boxes_tui.clock import Clock
from boxes_tui.data.engine import make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import app_user, claim
from boxes_tui.desk.candidates import branch_facts, candidates
from boxes_tui.desk.next_call import next_row
from tests.support.house import NOW, TODAY, Desk, add_customer, add_opportunity, open_desk

AGENTS = 50
WRITERS = 8
ASK = Ask("opportunities", "all")


def figures(scale: float) -> Iterator[Figure]:
    """Both."""
    yield from _agents(100, 3 if scale >= 1 else 1)
    yield _writers(max(3.0, 8.0 * scale))


# -- fifty agents ------------------------------------------------------------------------------------


def _agents(count: int, repeats: int) -> Iterator[Figure]:
    with databases() as urls:
        if len(urls) < 2:
            return
        desk = open_desk(urls[1])
        for n in range(count):
            add_customer(desk, f"c{n}", f"351{5_000_000 + n}", f"{20_000_000 + n}")
            add_opportunity(desk, f"op{n}", f"c{n}", TODAY)
        sessions = _sessions(desk)
        engine = _wide(urls[1])
        rounds: list[tuple[float, float, float, float]] = []
        for _n in range(repeats):
            alone, _slow = _claim(engine, sessions[:1], count // 4)
            many, slow = _claim(engine, sessions, count // 2)
            other = _optimists(engine, sessions, count // 2)
            rounds.append((many / alone, slow / other, many, slow))
        engine.dispose()
        desk.house.close()
    share, tail = median(r[0] for r in rounds), median(r[1] for r in rounds)
    many, slow = median(r[2] for r in rounds), median(r[3] for r in rounds)
    scale = f"{AGENTS} agents, {count} opportunities"
    yield Figure(
        "P5a", "50 agents claim: throughput", 0.8, share, many, many / share, "per s", "one claimer", scale, "", True
    )
    yield Figure(
        "P5a", "50 agents claim: p99", 0.1, tail, slow * 1000, slow / tail * 1000, "ms", "optimistic update", scale
    )


def _wide(url: str) -> Engine:
    """An engine with two connections for each agent, as each has in life, where it is a process of its own."""
    from sqlalchemy import create_engine

    return create_engine(parse_url(url), pool_size=2 * AGENTS, max_overflow=0, pool_timeout=120)


def _sessions(desk: Desk) -> list[Session]:
    for n in range(AGENTS):
        desk.add(
            f"a{n}",
            app_user,
            login=f"a{n}",
            name=f"A{n}",
            role="agent",
            created_at=NOW,
            shift="ready",
            all_branches=True,
        )
    with desk.house.engine.connect() as conn:
        return [open_session(conn, Clock(NOW), f"a{n}") for n in range(AGENTS)]


def _claim(engine: Engine, sessions: list[Session], total: int) -> tuple[float, float]:
    """Claims a second, and the slowest hundredth of ``total`` claims that the sessions share."""
    _free(engine)

    def work(session: Session) -> list[float]:
        taken = []
        for _n in range(total // len(sessions)):
            start = time.perf_counter()
            row, _why = next_row(engine, session, ASK)
            assert row is not None
            taken.append(time.perf_counter() - start)
        return taken

    return _measured(work, sessions)


def _measured(work: Callable[[Any], list[float]], workers: list[Any]) -> tuple[float, float]:
    start = time.perf_counter()
    with ThreadPoolExecutor(len(workers)) as pool:
        taken = sorted(t for part in pool.map(work, workers) for t in part)
    return len(taken) / (time.perf_counter() - start), taken[int(len(taken) * 0.99)]


def _free(engine: Engine) -> None:
    with writing(engine) as conn:
        set_scope(conn, None)
        conn.execute(claim.delete())


def _optimists(engine: Engine, sessions: list[Session], total: int) -> float:
    """The slowest hundredth of the same claims by an optimistic update: read who is next as the product does, take him
    where nobody has, else read again."""
    _free(engine)

    def work(session: Session) -> list[float]:
        made = []
        for _n in range(total // len(sessions)):
            start = time.perf_counter()
            while not _took(engine, session):
                pass
            made.append(time.perf_counter() - start)
        return made

    return _measured(work, sessions)[1]


def _took(engine: Engine, session: Session) -> bool:
    with reading(engine) as conn:
        set_scope(conn, session.branch_ids)
        found = next(candidates(conn, session, ASK, "rest", (), branch_facts(conn, session)))
    with writing(engine) as conn:
        set_scope(conn, session.branch_ids)
        values = {"person": found.person, "user_id": session.user_id, "session": session.chain}
        times: dict[str, Any] = {
            "taken_at": literal_column("now()"),
            "expires_at": literal_column("now() + interval '2 minutes'"),
        }
        seconds = {name: func.extract("epoch", cell).cast(BigInteger) for name, cell in times.items()}
        wanted = postgresql.insert(claim).values({**values, **seconds}).on_conflict_do_nothing().returning(claim.c.id)
        return conn.execute(wanted).first() is not None


# -- eight writers -----------------------------------------------------------------------------------


def _writers(seconds: float) -> Figure:
    pairs = []
    with tempfile.TemporaryDirectory(prefix="boxes-bench-") as place:
        for n in range(3):
            pairs.append(
                (_longest(Path(place) / f"o{n}.db", True, seconds), _longest(Path(place) / f"y{n}.db", False, seconds))
            )
    a, b = median(x for x, _y in pairs), median(y for _x, y in pairs)
    return Figure(
        "P5b", "SQLite, 8 writers: longest wait", 0.1, median(x / y for x, y in pairs), a * 1000, b * 1000, "ms",
        "BEGIN IMMEDIATE, own busy handler", f"{WRITERS} processes, 3 × {seconds:g} s",
    )  # fmt: skip


def _longest(path: Path, ours: bool, seconds: float) -> float:
    """The longest wait for the writer's place while all write without a pause."""
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
    context = multiprocessing.get_context("spawn")
    with context.Pool(WRITERS, _together, (context.Barrier(WRITERS),)) as pool:
        return max(pool.starmap(_write, [(str(path), ours, seconds, n) for n in range(WRITERS)], 1))


_gate: Any = None


def _together(gate: Any) -> None:
    global _gate
    _gate = gate


def _write(path: str, ours: bool, seconds: float, seed: int) -> float:
    engine = make_engine(parse_url(f"sqlite:///{path}"))
    raw = sqlite3.connect(path, timeout=60, isolation_level=None)
    raw.execute("PRAGMA synchronous=FULL")
    pause = Random(seed)
    longest = 0.0
    _gate.wait(120)  # all have begun
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        asked = time.perf_counter()
        if ours:
            with writing(engine) as conn:
                longest = max(longest, time.perf_counter() - asked)
                conn.exec_driver_sql("INSERT INTO t (name) VALUES ('x')")
        else:
            raw.execute("BEGIN IMMEDIATE")
            longest = max(longest, time.perf_counter() - asked)
            raw.execute("INSERT INTO t (name) VALUES ('x')")
            raw.execute("COMMIT")
        time.sleep(pause.random() * 0.002)
    return longest
