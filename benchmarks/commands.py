"""P6: *log a call* through the command, against the same rows written by the raw driver in one transaction.

The yardstick writes what a call of ours left behind, read back from the tables: act, call, audit, the marks of the
reports, the queue state of the row and, on PostgreSQL, the notice.  Waits for the disk are in both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.places import databases
from benchmarks.ratio import Figure
from boxes_tui.data.commands import execute
from boxes_tui.data.engine import is_sqlite
from boxes_tui.desk.calls import LogCall
from tests.support.house import Desk, add_customer, add_opportunity, open_desk

WRITTEN = ("act", "call", "audit", "dirty_month")
STATE = [
    "attempts",
    "attempt_days",
    "last_call_id",
    "last_call_at",
    "last_call_day",
    "last_code",
    "last_user_id",
    "next_at",
    "next_kind",
]


def figures(scale: float) -> Iterator[Figure]:
    """One figure a database."""
    count = max(60, int(400 * scale))
    with databases() as urls:
        for url in urls:
            yield _measured(url, count)


def _measured(url: str, count: int) -> Figure:
    desk = open_desk(url)
    for n in range(count + 1):
        add_customer(desk, f"c{n}", f"351{5_000_000 + n}", f"{20_000_000 + n}")
        add_opportunity(desk, f"op{n}", f"c{n}")
    session = desk.session("ana")
    engine = desk.house.engine

    def ours(n: int) -> None:
        execute(
            engine, session, LogCall(desk.ref("opportunities", f"op{n}"), "no_answer", note="otra vez"), key=f"k{n}"
        )

    ours(0)
    raw: Any = engine.raw_connection()
    yardstick = _yardstick(desk, raw)
    wall: list[tuple[float, float]] = []
    cpu: list[tuple[float, float]] = []
    for n in range(1, count + 1):
        first = _both(ours, n)
        other = _both(yardstick, n)
        if n > 20:
            wall.append((first[0], other[0]))
            cpu.append((first[1], other[1]))
    raw.close()
    engine.dispose()
    a, b = (median(pair[side] for pair in wall) for side in (0, 1))
    work = median(x for x, _y in cpu) / median(y for _x, y in cpu)
    return Figure(
        "P6", f"log a call, {'SQLite' if is_sqlite(engine) else 'PostgreSQL'}", 3, median(x / y for x, y in wall),
        a * 1000, b * 1000, "ms", "same rows, raw driver", f"{count} calls", f"processor of the client alone: {work:.1f}×",
    )  # fmt: skip


def _both(work: Callable[[int], object], n: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work(n)
    return time.perf_counter() - wall, time.process_time() - cpu


def _yardstick(desk: Desk, raw: Any) -> Callable[[int], None]:
    """What writes the rows of the last call again, for another opportunity."""
    sqlite = is_sqlite(desk.house.engine)
    mark = "?" if sqlite else "%s"
    cursor = raw.cursor()
    columns: dict[str, list[str]] = {}
    values: dict[str, list[list[Any]]] = {}
    for name in WRITTEN:
        cursor.execute(f"SELECT * FROM {name}")
        columns[name] = [c[0] for c in cursor.description][1:]
        values[name] = [list(row[1:]) for row in cursor.fetchall()]
    cursor.execute(f"SELECT {', '.join(STATE)} FROM opportunity WHERE id = {desk.ids['op0']}")
    state = cursor.fetchone()
    raw.rollback()
    names = {n: ", ".join(f'"{c}"' for c in columns[n]) for n in WRITTEN}
    inserts = {n: f'INSERT INTO "{n}" ({names[n]}) VALUES ({", ".join([mark] * len(columns[n]))})' for n in WRITTEN}
    change = f"UPDATE opportunity SET {', '.join(f'{c} = {mark}' for c in STATE)} WHERE id = {mark}"
    key, seq, chain = columns["act"].index("key"), columns["audit"].index("seq"), columns["audit"].index("chain")
    act_id = columns["call"].index("act_id")

    def write(n: int) -> None:
        act, call, audit = list(values["act"][0]), list(values["call"][0]), list(values["audit"][0])
        act[key], audit[seq], audit[chain] = f"y{n}", n, "yardstick"
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(inserts["act"] + " RETURNING id", act)
        call[act_id] = cursor.fetchall()[0][0]
        cursor.execute(inserts["call"] + " RETURNING id", call)
        cursor.fetchall()
        cursor.execute(change, [*state, desk.ids[f"op{n}"]])
        cursor.executemany(inserts["dirty_month"], values["dirty_month"])
        cursor.execute(inserts["audit"], audit)
        if not sqlite:
            cursor.execute("NOTIFY boxes")
        raw.commit()

    return write
