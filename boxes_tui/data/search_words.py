"""The one writer of what search anywhere finds: the entries and, on SQLite, their trigram index beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.data.engine import is_sqlite

CHUNK = 400


def put(conn: Connection, kind: str, rows: Sequence[dict[str, Any]]) -> None:
    """Set entries of a kind: ``{"i": row id, "c": customer id, "v": vehicle id, "w": folded words}``."""
    for start in range(0, len(rows), CHUNK):
        chunk = [{**row, "k": kind} for row in rows[start : start + CHUNK]]
        ids = ", ".join(str(int(row["i"])) for row in chunk)
        _unindex(conn, kind, ids)
        conn.execute(
            text(
                "INSERT INTO search_entry (kind, row_id, customer_id, vehicle_id, words) VALUES (:k, :i, :c, :v, :w) "
                "ON CONFLICT (kind, row_id) DO UPDATE SET customer_id = excluded.customer_id, "
                "vehicle_id = excluded.vehicle_id, words = excluded.words"
            ),
            chunk,
        )
        if is_sqlite(conn):
            conn.execute(
                text(
                    "INSERT INTO search_fts (rowid, words) SELECT id, words FROM search_entry "
                    f"WHERE kind = :k AND row_id IN ({ids})"
                ),
                {"k": kind},
            )


def add(conn: Connection, rows: Sequence[tuple[str, int, int | None, int | None, str]]) -> None:
    """New entries by the raw driver, for rows that have none yet, as a first load has them by the million:
    ``(kind, row id, customer id, vehicle id, folded words)``."""
    if not rows:
        return
    raw = conn.connection.dbapi_connection
    assert raw is not None
    cursor: Any = raw.cursor()
    columns = "kind, row_id, customer_id, vehicle_id, words"
    if is_sqlite(conn):
        last = cursor.execute("SELECT coalesce(max(id), 0) FROM search_entry").fetchone()[0]
        cursor.executemany(f"INSERT INTO search_entry ({columns}) VALUES (?, ?, ?, ?, ?)", rows)
        cursor.execute("INSERT INTO search_fts (rowid, words) SELECT id, words FROM search_entry WHERE id > ?", (last,))
    else:
        with cursor.copy(f"COPY search_entry ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    cursor.close()


def remove(conn: Connection, kind: str, row_ids: Sequence[int]) -> None:
    """Take entries out."""
    for start in range(0, len(row_ids), CHUNK):
        ids = ", ".join(str(int(i)) for i in row_ids[start : start + CHUNK])
        _unindex(conn, kind, ids)
        conn.execute(text(f"DELETE FROM search_entry WHERE kind = :k AND row_id IN ({ids})"), {"k": kind})


def _unindex(conn: Connection, kind: str, ids: str) -> None:
    if is_sqlite(conn):
        conn.execute(
            text(
                "INSERT INTO search_fts (search_fts, rowid, words) SELECT 'delete', id, words FROM search_entry "
                f"WHERE kind = :k AND row_id IN ({ids})"
            ),
            {"k": kind},
        )
