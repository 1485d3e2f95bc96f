"""Rejected rows (DMS.md §5): de-duplicated with a counter, closed by themselves when a good version arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context
from boxes_tui.dms.records import Reject
from boxes_tui.text import clean, clean_note

RAW_LIMIT = 4000


def digest_of(reject: Reject) -> str:
    """One entry however often the same bad row comes back: code, field and raw text."""
    return hashlib.sha256("\x1f".join((reject.code, reject.field, reject.raw)).encode("utf-8", "replace")).hexdigest()


def keep(conn: Connection, ctx: Context, entity: str, rejects: Sequence[Reject]) -> None:
    """Put rejects into quarantine, or count them once more."""
    rows: dict[str, dict[str, Any]] = {}
    for item in rejects:
        digest = digest_of(item)
        if digest in rows:
            rows[digest]["times"] += 1
            continue
        rows[digest] = {
            "source": ctx.source_id, "entity": entity, "file": clean(item.file), "line": item.line, "code": item.code,
            "field": clean(item.field) or None, "reason": clean(item.reason), "raw": clean_note(item.raw, RAW_LIMIT),
            "key": clean(item.key) if item.key else None, "digest": digest, "now": ctx.now, "run": ctx.run_id, "times": 1,
        }  # fmt: skip
    if rows:
        conn.execute(
            text(
                "INSERT INTO reject (source_id, entity, file, line, code, field, reason, raw, row_key, digest, first_seen, "
                "last_seen, last_run, times) VALUES (:source, :entity, :file, :line, :code, :field, :reason, :raw, :key, "
                ":digest, :now, :now, :run, :times) ON CONFLICT (source_id, entity, digest) DO UPDATE SET "
                "file = excluded.file, line = excluded.line, last_seen = excluded.last_seen, last_run = excluded.last_run, "
                "times = reject.times + excluded.times, closed_at = NULL"
            ),
            list(rows.values()),
        )


def close_mended(conn: Connection, ctx: Context, entity: str, rejects: Sequence[Reject], snapshot: bool) -> None:
    """Close what a good version has replaced, and after a complete snapshot what is no longer in the file."""
    params: dict[str, Any] = {"now": ctx.now, "source": ctx.source_id, "entity": entity, "run": ctx.run_id}
    conn.execute(
        text(
            "UPDATE reject SET closed_at = :now WHERE source_id = :source AND entity = :entity AND closed_at IS NULL "
            "AND row_key IS NOT NULL AND last_run <> :run AND row_key IN (SELECT key FROM boxes_stage WHERE st = 'k')"
        ),
        params,
    )
    if snapshot:
        conn.execute(
            text(
                "UPDATE reject SET closed_at = :now WHERE source_id = :source AND entity = :entity "
                "AND closed_at IS NULL AND last_run <> :run"
            ),
            params,
        )


def seen_again(conn: Connection, ctx: Context, entity: str, file: str) -> None:
    """The same bytes were there again: so are their bad rows."""
    conn.execute(
        text(
            "UPDATE reject SET times = times + 1, last_seen = :now, last_run = :run WHERE source_id = :source "
            "AND entity = :entity AND file = :file AND closed_at IS NULL"
        ),
        {"now": ctx.now, "run": ctx.run_id, "source": ctx.source_id, "entity": entity, "file": file},
    )


def conflicts(conn: Connection, name: str, raw: dict[int, str]) -> list[Reject]:
    """``E-DUP``: same key with different content and no version to decide."""
    rows = conn.execute(text("SELECT key, line FROM boxes_stage WHERE st = 'x' ORDER BY rn")).all()
    return [
        Reject(
            "E-DUP",
            "",
            "la misma clave con otro contenido y sin versión que decida",
            name,
            line,
            raw.get(line, key),
            key,
        )
        for key, line in rows
    ]


def conflict_lines(conn: Connection) -> list[int]:
    """Lines of the rows in conflict."""
    return list(conn.execute(text("SELECT line FROM boxes_stage WHERE st = 'x'")).scalars())
