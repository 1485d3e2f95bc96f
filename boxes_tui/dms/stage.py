"""The staging tables of one read: filled by the raw driver in blocks, then deduplicated by SQL (DMS.md §5 ``E-DUP``).

``boxes_stage`` holds the rows, ``boxes_feed`` what their dotted fields say, ``boxes_bad`` the rejects. Memory is that of
one block, whatever the length of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.data.engine import is_sqlite
from boxes_tui.dms.ground import analyze
from boxes_tui.dms.records import FileRead, Reject
from boxes_tui.dms.shape import Shape, feed_body
from boxes_tui.text import clean, clean_note

BLOCK = 5000
RAW_LIMIT = 4000
_BAD = ("line", "row_key", "code", "field", "reason", "raw", "digest", "file")


@dataclass
class Staged:
    """What a read put into the staging tables."""

    read: FileRead
    shape: Shape
    rows: int = 0
    bad: int = 0
    fed: set[str] = field(default_factory=set)
    """Which of customer and vehicle the rows feed by dotted fields."""
    feeds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What they feed: record → its fields."""
    branches: set[str] = field(default_factory=set)
    duplicates: int = 0
    stale: int = 0
    conflicts: int = 0
    skipped: int = 0
    """Rows whose lines the last read held too: they are as they were and are not staged."""
    first: bool = False
    """The source had no such rows before: nothing is compared, nobody can be absent."""


def stage(conn: Connection, read: FileRead, area_code: str | None = None) -> Staged:
    """Consume a read; raises :class:`~boxes_tui.dms.records.FileRefused` as the read does."""
    shape = Shape.of(read.layout, area_code)
    staged = Staged(read, shape)
    _create(conn, shape)
    names = ("rn", "key", "line", "hash", "skipped", *shape.fields)
    rows = iter(read.rows)
    branch = 5 + shape.fields.index("branch") if "branch" in shape.fields else None
    while block := list(islice(rows, BLOCK)):
        kept, bad, fed = _sort(staged, block)
        _load(conn, "boxes_stage", names, kept)
        _load(conn, "boxes_bad", _BAD, bad)
        _load(conn, "boxes_feed", ("rn", "kind", "body"), fed)
        if branch is not None:
            staged.branches.update(r[branch] for r in kept if r[branch] is not None)
    conn.execute(text("CREATE INDEX boxes_stage_key ON boxes_stage (key)"))
    analyze(conn, "boxes_stage", "boxes_feed")
    _dedupe(conn, staged)
    return staged


def _create(conn: Connection, shape: Shape) -> None:
    for table in ("boxes_stage", "boxes_feed", "boxes_bad"):
        conn.execute(text(f"DROP TABLE IF EXISTS {table}"))
    number = "rn INTEGER PRIMARY KEY" if is_sqlite(conn) else "rn INTEGER NOT NULL"
    columns = [number, "key TEXT NOT NULL", "line INTEGER", "hash BIGINT", "skipped TEXT", *shape.column_types(),
               "st TEXT NOT NULL DEFAULT 'k'", "row_id BIGINT", "state TEXT NOT NULL DEFAULT 'new'"]  # fmt: skip
    conn.execute(text("CREATE TEMP TABLE boxes_stage (" + ", ".join(columns) + ")"))
    conn.execute(text("CREATE TEMP TABLE boxes_feed (rn INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)"))
    conn.execute(
        text(
            "CREATE TEMP TABLE boxes_bad (line INTEGER, row_key TEXT, code TEXT, field TEXT, reason TEXT, raw TEXT, "
            "digest TEXT, file TEXT)"
        )
    )


def _sort(staged: Staged, block: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """The rows, the rejects and the dotted fields of a block, as tuples for their tables."""
    shape, kept, bad, fed = staged.shape, [], [], []
    for item in block:
        if isinstance(item, Reject):
            bad.append(bad_row(item))
            continue
        staged.rows += 1
        kept.append(shape.staged(item, staged.rows))
        for feed in item.feeds:
            staged.fed.add(feed.entity)
            staged.feeds[feed.entity] = feed.fields
            fed.append((staged.rows, feed.entity, feed_body(feed)))
    staged.bad += len(bad)
    return kept, bad, fed


def bad_row(item: Reject) -> tuple[Any, ...]:
    """A reject as ``boxes_bad`` holds it; the digest stands for code, field and raw text."""
    digest = hashlib.sha256("\x1f".join((item.code, item.field, item.raw)).encode("utf-8", "replace")).hexdigest()
    return (item.line, clean(item.key) if item.key else None, item.code, clean(item.field) or None, clean(item.reason),
            clean_note(item.raw, RAW_LIMIT), digest, clean(item.file))  # fmt: skip


def _load(conn: Connection, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows by the raw driver: executemany on SQLite, COPY on PostgreSQL."""
    if not rows:
        return
    raw = conn.connection.dbapi_connection
    assert raw is not None
    cursor: Any = raw.cursor()
    if is_sqlite(conn):
        cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
    else:
        with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    cursor.close()


def add_bad(conn: Connection, rejects: Sequence[Reject]) -> None:
    """More rejects, found after staging."""
    _load(conn, "boxes_bad", _BAD, [bad_row(item) for item in rejects])


def _dedupe(conn: Connection, staged: Staged) -> None:
    """Mark staged rows: ``k`` kept (the default), ``d`` duplicate, ``s`` stale, ``x`` in conflict (``E-DUP``).

    Byte-equal repeats are duplicates of the first; with a version the newest wins; else all rows of the key are out.
    """
    conn.execute(text("DROP TABLE IF EXISTS boxes_keys"))
    conn.execute(text("CREATE TEMP TABLE boxes_keys AS SELECT key FROM boxes_stage GROUP BY key HAVING count(*) > 1"))
    if conn.execute(text("SELECT 1 FROM boxes_keys LIMIT 1")).scalar() is not None:
        _judge(conn, staged)
    conn.execute(text("DROP TABLE boxes_keys"))


def _judge(conn: Connection, staged: Staged) -> None:
    version = "s.source_updated_at" if "source_updated_at" in staged.shape.fields else "NULL"
    conn.execute(text("DROP TABLE IF EXISTS boxes_same"))
    conn.execute(text(
        "CREATE TEMP TABLE boxes_same AS SELECT w.rn, CASE WHEN w.v < w.top THEN 's' WHEN w.low <> w.high THEN 'x' "
        "WHEN w.place > 1 THEN 'd' ELSE 'k' END AS st FROM (SELECT u.*, "
        "min(u.hash) OVER (PARTITION BY u.key, u.v) AS low, max(u.hash) OVER (PARTITION BY u.key, u.v) AS high, "
        "max(u.v) OVER (PARTITION BY u.key) AS top, "
        "row_number() OVER (PARTITION BY u.key, u.v ORDER BY u.rn) AS place FROM ("
        f"SELECT s.rn, s.key, s.hash, coalesce({version}, -9223372036854775807) AS v FROM boxes_stage s "
        "WHERE s.key IN (SELECT key FROM boxes_keys)) u) w"
    ))  # fmt: skip
    # a conflict at the newest version decides nothing: every row of the key is out
    conn.execute(text(
        "UPDATE boxes_same SET st = 'x' WHERE rn IN (SELECT s.rn FROM boxes_stage s WHERE s.key IN "
        "(SELECT b.key FROM boxes_same m JOIN boxes_stage b ON b.rn = m.rn WHERE m.st = 'x'))"
    ))  # fmt: skip
    conn.execute(text("UPDATE boxes_stage AS s SET st = m.st FROM boxes_same m WHERE m.rn = s.rn AND m.st <> 'k'"))
    conn.execute(text("DROP TABLE boxes_same"))
    rows = conn.execute(text("SELECT st, count(*) FROM boxes_stage WHERE st <> 'k' GROUP BY st")).all()
    tally: dict[str, int] = {str(st): int(n) for st, n in rows}
    staged.duplicates, staged.stale = tally.get("d", 0), tally.get("s", 0)
    staged.conflicts = tally.get("x", 0)
