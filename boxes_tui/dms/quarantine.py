"""Rejected rows (DMS.md §5): de-duplicated with a counter, closed by themselves when a good version arrives."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.records import FileRefused, Reject
from boxes_tui.dms.stage import add_bad, bad_row
from boxes_tui.i18n import N_, _

E_DUP = N_("la misma clave con otro contenido y sin versión que decida")


def conflicts(conn: Connection, name: str, raw_of: Callable[[list[int]], dict[int, str]]) -> None:
    """``E-DUP``: same key with different content and no version to decide; all its rows join the bad ones."""
    rows = conn.execute(text("SELECT key, line FROM boxes_stage WHERE st = 'x' ORDER BY rn")).all()
    raw = raw_of([line for _key, line in rows])
    add_bad(conn, [Reject("E-DUP", "", _(E_DUP), name, line, raw.get(line, key), key) for key, line in rows])


def keep(conn: Connection, ctx: Context, entity: str) -> int:
    """Put the bad rows of a read into quarantine, or count them once more; returns how many rows they are.

    Equal rows of one read are told apart by their order, so that each has its line.
    """
    conn.execute(
        text(
            "INSERT INTO reject (source_id, entity, file, line, code, field, reason, raw, row_key, digest, first_seen, "
            "last_seen, last_run, times) SELECT :source, :entity, b.file, coalesce(b.line, 0), b.code, b.field, b.reason, b.raw, "
            "b.row_key, CASE WHEN b.place > 1 THEN b.digest || ':' || b.place ELSE b.digest END, :now, :now, :run, 1 "
            "FROM (SELECT boxes_bad.*, row_number() OVER (PARTITION BY digest ORDER BY line) AS place FROM boxes_bad) b "
            "WHERE true ON CONFLICT (source_id, entity, digest) DO UPDATE SET file = excluded.file, line = excluded.line, "
            "last_seen = excluded.last_seen, last_run = excluded.last_run, times = reject.times + 1, closed_at = NULL"
        ),
        {"source": ctx.source_id, "entity": entity, "now": ctx.now, "run": ctx.run_id},
    )
    return int(conn.execute(text("SELECT count(*) FROM boxes_bad")).scalar_one())


def keep_refused(conn: Connection, ctx: Context, entity: str, name: str, refused: FileRefused) -> None:
    """A file that could not be read as declared stands in quarantine too, under its name."""
    item = Reject(refused.code, refused.field, refused.reason, name, refused.line, name)
    line, _key, code, field, reason, raw, digest, file = bad_row(item)
    conn.execute(
        text(
            "INSERT INTO reject (source_id, entity, file, line, code, field, reason, raw, digest, first_seen, last_seen, "
            "last_run, times) VALUES (:source, :entity, :file, :line, :code, :field, :reason, :raw, :digest, :now, :now, "
            ":run, 1) ON CONFLICT (source_id, entity, digest) DO UPDATE SET last_seen = excluded.last_seen, "
            "reason = excluded.reason, last_run = excluded.last_run, times = reject.times + 1, closed_at = NULL"
        ),
        {"source": ctx.source_id, "entity": entity, "file": file, "line": line, "code": code, "field": field,
         "reason": reason, "raw": raw, "digest": digest, "now": ctx.now, "run": ctx.run_id},
    )  # fmt: skip


def close_mended(conn: Connection, ctx: Context, entity: str, *, name: str, complete: bool) -> None:
    """Close what a good version has replaced, a refused file that reads well now, and after a complete read what is no
    longer in it."""
    open_ = "source_id = :source AND entity = :entity AND closed_at IS NULL"
    params = {"now": ctx.now, "source": ctx.source_id, "entity": entity}
    conn.execute(
        text(
            f"UPDATE reject SET closed_at = :now WHERE {open_} AND row_key IS NOT NULL "
            "AND row_key IN (SELECT key FROM boxes_stage WHERE st = 'k') "
            "AND row_key NOT IN (SELECT row_key FROM boxes_bad WHERE row_key IS NOT NULL)"
        ),
        params,
    )
    conn.execute(
        text(f"UPDATE reject SET closed_at = :now WHERE {open_} AND raw = :name AND file = :name"),
        {**params, "name": name},
    )
    if complete:
        conn.execute(
            text(f"UPDATE reject SET closed_at = :now WHERE {open_} AND last_run <> :run"),
            {**params, "run": ctx.run_id},
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
