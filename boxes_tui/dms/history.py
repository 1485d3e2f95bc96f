"""What became of the runs: history, freshness, quarantine (reads for ``sync runs|status|rejects``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from boxes_tui.data.session import Session
from boxes_tui.data.tables import reject, source, sync_cursor, sync_entity, sync_run


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def runs(conn: Connection, session: Session, limit: int | None) -> list[dict[str, Any]]:
    """The last runs, newest first, with their entities."""
    c = sync_run.c
    rows = conn.execute(
        select(c.id, source.c.name, c.started_at, c.finished_at, c.status, c.exit, c.message)
        .join(source, source.c.id == c.source_id)
        .order_by(c.id.desc())
        .limit(limit)
    ).all()
    made = []
    for run_id, name, started, finished, status, code, message in rows:
        counts = list(conn.execute(select(sync_entity.c.counts).where(sync_entity.c.run_id == run_id)).scalars())
        made.append(
            {
                "run": str(run_id), "source": name, "started": _iso(started), "finished": _iso(finished), "status": status,
                "exit": code, "message": message, "entities": counts,
                "changes": sum(int(e.get("inserted", 0)) + int(e.get("updated", 0)) for e in counts),
            }
        )  # fmt: skip
    return made


def rejects(conn: Connection, session: Session, name: str | None, entity: str | None) -> list[dict[str, Any]]:
    """Open rejects in the order of file and line (PRODUCT §10)."""
    c = reject.c
    query = (
        select(
            source.c.name, c.entity, c.file, c.line, c.code, c.field, c.reason, c.raw, c.first_seen, c.times, c.row_key
        )
        .join(source, source.c.id == c.source_id)
        .where(c.closed_at.is_(None))
        .order_by(source.c.name, c.entity, c.file, c.line, c.id)
    )
    if name:
        query = query.where(source.c.name == name)
    if entity:
        query = query.where(c.entity == entity)
    return [
        {"source": s, "entity": e, "file": f, "line": line, "code": code, "field": field, "reason": reason, "raw": raw,
         "first_seen": _iso(seen), "times": times, "key": key}
        for s, e, f, line, code, field, reason, raw, seen, times, key in conn.execute(query)
    ]  # fmt: skip


def status(conn: Connection, session: Session) -> dict[str, Any]:
    """When each entity was read, and the runs under way."""
    c = sync_cursor.c
    rows = conn.execute(
        select(source.c.name, c.entity, c.read_at, c.last_complete_rows)
        .join(source, source.c.id == c.source_id)
        .order_by(source.c.name, c.entity)
    )
    running = conn.execute(
        select(source.c.name, sync_run.c.holder, sync_run.c.started_at)
        .join(source, source.c.id == sync_run.c.source_id)
        .where(sync_run.c.status == "running")
    )
    return {
        "entities": [{"source": s, "entity": e, "read_at": _iso(at), "rows": n} for s, e, at, n in rows],
        "running": [{"source": s, "holder": h, "started": _iso(at)} for s, h, at in running],
    }
