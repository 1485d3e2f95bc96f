"""The BODIDs that a STAR source has brought before (DMS.md §3, adapter 3): a document that comes once more is not read again.

The memory is the database's: it outlives the process, and is kept with the entity's commit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context

PAGES: Final = "http"
"""What stands for the file where a BOD came over HTTP."""
KEPT_DAYS: Final = 365


def known(conn: Connection, ctx: Context, entity: str) -> Mapping[str, str]:
    """BODID → digest of the file that carried it."""
    rows = conn.execute(
        text("SELECT bodid, digest FROM star_bod WHERE source_id = :s AND entity = :e"),
        {"s": ctx.source_id, "e": entity},
    )
    return {str(bodid): str(digest) for bodid, digest in rows}


def keep(conn: Connection, ctx: Context, entity: str, digest: str, brought: Collection[str]) -> None:
    """Remember what a read has brought, and forget what is older than a year."""
    if not brought:
        return
    conn.execute(
        text(
            "INSERT INTO star_bod (source_id, entity, bodid, digest, run_id) VALUES (:s, :e, :b, :d, :run) "
            "ON CONFLICT (source_id, entity, bodid) DO UPDATE SET digest = excluded.digest, run_id = excluded.run_id"
        ),
        [{"s": ctx.source_id, "e": entity, "b": b, "d": digest or PAGES, "run": ctx.run_id} for b in sorted(brought)],
    )
    conn.execute(
        text(
            "DELETE FROM star_bod WHERE source_id = :s AND entity = :e AND run_id IN "
            "(SELECT id FROM sync_run WHERE source_id = :s AND business_day < :day)"
        ),
        {"s": ctx.source_id, "e": entity, "day": ctx.today - KEPT_DAYS},
    )
