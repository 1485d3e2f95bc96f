"""What a run stands on: its one connection, SQL functions that both databases share, and the rows it has touched.

``boxes_touched (kind, id)`` is a temporary table of the run's connection: rows that this run inserted or changed, by
table name. It lives in the transactions like any table: a guard that rolls an entity back takes its rows out again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from boxes_tui.data.engine import is_sqlite, write_connection

KINDS: Final = ("customer", "vehicle", "sale_delivery", "appointment", "repair_order")

_PG_SETTINGS: Final = (
    "statement_timeout = '1h'",
    "lock_timeout = '60s'",
    "idle_in_transaction_session_timeout = '15min'",
    "client_connection_check_interval = '1s'",  # a killed run's statement ends, and with it its locks
    "jit = off",  # without statistics of a new table its costs look high enough for a compiler that gains nothing
    "work_mem = '32MB'",
)


@contextmanager
def run_connection(engine: Engine) -> Iterator[Connection]:
    """The connection of a run; every transaction of the run is begun on it."""
    with write_connection(engine) as conn:
        raw = conn.connection.dbapi_connection
        if isinstance(raw, sqlite3.Connection):
            raw.execute("PRAGMA temp_store=FILE")  # staging must not grow with the file, nor the mapped database
            raw.execute("PRAGMA mmap_size=0")
            raw.execute("PRAGMA analysis_limit=200")
            raw.create_function("reverse", 1, _reverse, deterministic=True)
            raw.create_function("boxes_day", 2, _Days(), deterministic=True)
        with conn.begin():
            if not is_sqlite(conn):
                for setting in _PG_SETTINGS:
                    conn.execute(text(f"SET {setting}"))
            conn.execute(text("DROP TABLE IF EXISTS boxes_touched"))
            conn.execute(
                text("CREATE TEMP TABLE boxes_touched (kind TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (kind, id))")
            )
        try:
            yield conn
        finally:
            if isinstance(raw, sqlite3.Connection) and not conn.closed:
                conn.rollback()
                raw.execute("DROP TABLE IF EXISTS temp.boxes_touched")
                raw.execute("PRAGMA temp_store=MEMORY")
            elif not conn.closed and not conn.invalidated:
                conn.invalidate()  # its settings and temporary tables end with it


@contextmanager
def reading_only(conn: Connection) -> Iterator[None]:
    """Transactions begun meanwhile take no writer's place: they write temporary tables only."""
    conn.execution_options(boxes_write=False)
    try:
        yield
    finally:
        conn.execution_options(boxes_write=True)


def touch(conn: Connection, kind: str, query: str, params: dict[str, Any] | None = None) -> None:
    """Note rows of a table as touched; ``query`` selects their ids."""
    conn.execute(
        text(
            f"INSERT INTO boxes_touched (kind, id) SELECT '{kind}', q.id FROM ({query}) q "
            "WHERE q.id IS NOT NULL ON CONFLICT (kind, id) DO NOTHING"
        ),
        params or {},
    )


def touch_since(conn: Connection, run_id: int) -> None:
    """Note what runs from ``run_id`` on have changed: a run was killed before it could derive from it."""
    for kind in KINDS:
        touch(conn, kind, f"SELECT id FROM {kind} WHERE last_changed_run >= :run", {"run": run_id})


def touched(kind: str) -> str:
    """SQL for the ids touched in a table."""
    return f"(SELECT id FROM boxes_touched WHERE kind = '{kind}')"


def any_touched(conn: Connection, *kinds: str) -> bool:
    """Whether a run has touched any row of these tables."""
    names = ", ".join(f"'{k}'" for k in kinds)
    return conn.execute(text(f"SELECT 1 FROM boxes_touched WHERE kind IN ({names}) LIMIT 1")).scalar() is not None


def analyze(conn: Connection, *tables: str) -> None:
    """Let the planner know temporary tables that were just filled: it begins with the smaller one then."""
    for table in tables:
        conn.execute(text(f"ANALYZE {table}"))


def day_sql(conn: Connection, at: str, zone: str) -> str:
    """SQL for the local calendar day (ordinal) of an instant in epoch seconds; ``zone`` is an SQL expression."""
    if is_sqlite(conn):
        return f"boxes_day({at}, {zone})"
    return f"((to_timestamp({at}) AT TIME ZONE {zone})::date - DATE '0001-01-01' + 1)"


def between_tails(conn: Connection, column: str, prefix: str) -> str:
    """SQL: ``column`` begins with ``prefix``, so that an index on it serves."""
    low, high = (">=", "<") if is_sqlite(conn) else ("~>=~", "~<~")
    return f"({column} {low} {prefix} AND {column} {high} ({prefix} || '~'))"


def _reverse(value: str | None) -> str | None:
    return None if value is None else value[::-1]


class _Days:
    """Local days of instants, remembered by hour: zones change their offset at full hours or halves, never within."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], int] = {}

    def __call__(self, at: int | None, zone: str | None) -> int | None:
        if at is None or zone is None:
            return None
        key = (at // 900, zone)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found = self._known[key] = datetime.fromtimestamp(at, ZoneInfo(zone)).toordinal()
        return found
