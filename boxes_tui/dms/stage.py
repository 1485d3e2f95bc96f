"""The staging table of one read: filled by the raw driver, then deduplicated by SQL (DMS.md §5 ``E-DUP``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.data.engine import is_sqlite
from boxes_tui.dms.records import FIELDS, Feed, FileRead, Record, Reject
from boxes_tui.dms.shape import Shape

BATCH = 5000
_INTEGERS = frozenset({"instant", "day", "int", "money", "milli"})


@dataclass
class Staged:
    """What a read put into the staging table."""

    read: FileRead
    shape: Shape
    rows: int = 0
    rejects: list[Reject] = field(default_factory=list)
    feeds: list[tuple[str, int, tuple[Feed, ...]]] = field(default_factory=list)
    """(row key, number, feeds) of the rows that carry dotted fields."""
    duplicates: int = 0
    stale: int = 0


def stage(conn: Connection, read: FileRead) -> Staged:
    """Consume a read into ``boxes_stage``; raises :class:`FileRefused` as the read does."""
    shape = Shape.of(read.layout)
    staged = Staged(read, shape)
    _create(conn, shape)
    _fill(conn, shape, _tuples(staged))
    conn.execute(text("CREATE INDEX boxes_stage_key ON boxes_stage (key)"))
    if not is_sqlite(conn):
        conn.execute(text("ANALYZE boxes_stage"))
    _dedupe(conn, staged)
    return staged


def _create(conn: Connection, shape: Shape) -> None:
    conn.execute(text("DROP TABLE IF EXISTS boxes_stage"))
    kinds = FIELDS[shape.entity]
    columns = ["rn INTEGER PRIMARY KEY", "key TEXT NOT NULL", "line INTEGER", "hash BIGINT", "skipped TEXT"]
    for name in shape.fields:
        kind = kinds.get(name, "int" if name.endswith("_day") or name in ("line_no", "seq") else "text")
        columns.append(f"{name} {'BIGINT' if kind in _INTEGERS else 'BOOLEAN' if kind == 'bool' else 'TEXT'}")
    columns += ["st TEXT", "row_id BIGINT", "state TEXT", "branch_id BIGINT"]
    conn.execute(text("CREATE TEMP TABLE boxes_stage (" + ", ".join(columns) + ")"))


def _tuples(staged: Staged) -> Iterator[tuple[Any, ...]]:
    shape = staged.shape
    for item in staged.read.rows:
        if isinstance(item, Reject):
            staged.rejects.append(item)
            continue
        staged.rows += 1
        if item.feeds:
            staged.feeds.append((item.key, staged.rows, item.feeds))
        yield shape.staged(item, staged.rows)


def _fill(conn: Connection, shape: Shape, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ["rn", "key", "line", "hash", "skipped", *shape.fields]
    if is_sqlite(conn):
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO boxes_stage ({', '.join(names)}) VALUES ({marks})"
        raw = conn.connection.dbapi_connection
        assert raw is not None
        cursor = raw.cursor()
        cursor.executemany(sql, rows)
        cursor.close()
        return
    raw = conn.connection.dbapi_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(f"COPY boxes_stage ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _dedupe(conn: Connection, staged: Staged) -> None:
    """Mark each staged row ``k`` kept, ``d`` duplicate, ``s`` stale, ``x`` in conflict (``E-DUP``)."""
    has_version = "source_updated_at" in staged.shape.fields
    version = "coalesce(source_updated_at, -9223372036854775807)" if has_version else "0"
    repeated = conn.execute(text("SELECT 1 FROM boxes_stage GROUP BY key HAVING count(*) > 1 LIMIT 1")).scalar()
    if repeated is None:
        conn.execute(text("UPDATE boxes_stage SET st = 'k'"))
        return
    conn.execute(text(
        "CREATE TEMP TABLE boxes_keys AS SELECT key, count(*) AS n, count(DISTINCT hash) AS hashes, "
        f"max({version}) AS top FROM boxes_stage GROUP BY key"
    ))  # fmt: skip
    conn.execute(text("CREATE INDEX boxes_keys_key ON boxes_keys (key)"))
    conn.execute(text("UPDATE boxes_stage SET st = 'k' WHERE key IN (SELECT key FROM boxes_keys WHERE n = 1)"))
    one = "SELECT min(b.rn) FROM boxes_stage b WHERE b.key = boxes_stage.key"
    conn.execute(text(
        f"UPDATE boxes_stage SET st = CASE WHEN rn = ({one}) THEN 'k' ELSE 'd' END "
        "WHERE st IS NULL AND key IN (SELECT key FROM boxes_keys WHERE hashes = 1)"
    ))  # fmt: skip
    newest = (
        "SELECT b.key FROM boxes_stage b JOIN boxes_keys k ON k.key = b.key AND k.n > 1 "
        f"WHERE {version.replace('source_updated_at', 'b.source_updated_at')} = k.top "
        "GROUP BY b.key HAVING count(DISTINCT b.hash) = 1"
    )
    if has_version:
        conn.execute(text(f"CREATE TEMP TABLE boxes_newest AS {newest}"))
        top = "(SELECT k.top FROM boxes_keys k WHERE k.key = boxes_stage.key)"
        first = f"(SELECT min(b.rn) FROM boxes_stage b WHERE b.key = boxes_stage.key AND {version.replace('source_updated_at', 'b.source_updated_at')} = {top})"  # noqa: E501
        conn.execute(text(
            f"UPDATE boxes_stage SET st = CASE WHEN {version} < {top} THEN 's' WHEN rn = {first} THEN 'k' ELSE 'd' END "
            "WHERE st IS NULL AND key IN (SELECT key FROM boxes_newest)"
        ))  # fmt: skip
        conn.execute(text("DROP TABLE boxes_newest"))
    conn.execute(text("UPDATE boxes_stage SET st = 'x' WHERE st IS NULL"))
    conn.execute(text("DROP TABLE boxes_keys"))
    tally = {st: n for st, n in conn.execute(text("SELECT st, count(*) FROM boxes_stage GROUP BY st"))}
    staged.duplicates, staged.stale = tally.get("d", 0), tally.get("s", 0)
