"""When an order counts as delivered (DMS.md §4 *order delivered*), manual deliveries, re-opened orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context

DELIVERED = frozenset({"delivered", "closed"})
FIELDS = ("delivered_at", "picked_up_at", "closed_at", "invoiced_at")
SILENT_SECONDS = 48 * 3600


def handovers(conn: Connection, ctx: Context, order: Sequence[str], invoiced_hours: int | None) -> None:
    """Recompute the effective delivery of the orders that this run changed, and of those delivered by hand."""
    rows = conn.execute(
        text(
            "SELECT id, status, delivered_at, picked_up_at, closed_at, invoiced_at, source_updated_at, first_delivered_day, "
            "first_seen_run, last_changed_run, handover_at, handover_day, delivery_basis, manual_delivered_at, manual_marked_at, "
            "manual_review, reopened_at, branch_id FROM repair_order WHERE source_id = :s AND NOT is_stub AND "
            "(last_changed_run >= :since OR manual_delivered_at IS NOT NULL)"
        ),
        {"s": ctx.source_id, "since": ctx.since_run},
    ).mappings()
    zone = ZoneInfo(ctx.zone)
    updates, events = [], []
    for r in rows:
        new = _effective(r, ctx, zone, order, invoiced_hours)
        old = {k: r[k] for k in new}
        if r["handover_at"] is not None and r["delivery_basis"] != "manual" and new["handover_at"] is None:
            new["reopened_at"] = ctx.now
            events.append({"now": ctx.now, "run": ctx.run_id, "kind": "reopened", "id": r["id"], "b": r["branch_id"]})
        if new != old:
            updates.append({**new, "id": r["id"]})
        if new["manual_review"] and new["manual_review"] != r["manual_review"]:
            events.append({"now": ctx.now, "run": ctx.run_id, "kind": "review", "id": r["id"], "b": r["branch_id"]})
    if updates:
        sets = ", ".join(f"{k} = :{k}" for k in updates[0] if k != "id")
        for start in range(0, len(updates), 5000):
            conn.execute(text(f"UPDATE repair_order SET {sets} WHERE id = :id"), updates[start : start + 5000])
    if events:
        conn.execute(
            text(
                "INSERT INTO dms_event (at, run_id, kind, subject, subject_id, branch_id) "
                "VALUES (:now, :run, :kind, 'repair_order', :id, :b)"
            ),
            events,
        )


def _effective(r: Any, ctx: Context, zone: ZoneInfo, order: Sequence[str], hours: int | None) -> dict[str, Any]:
    at, basis, first = _by_dms(r, ctx, order, hours, zone)
    review = r["manual_review"]
    if r["manual_delivered_at"] is not None:
        if at is None and basis is None:
            at, basis = r["manual_delivered_at"], "manual"
            marked = r["manual_marked_at"] or r["manual_delivered_at"]
            if r["last_changed_run"] == ctx.run_id and marked < ctx.now and r["first_seen_run"] != ctx.run_id:
                review = "changed"
            elif review is None and ctx.now - marked > SILENT_SECONDS:
                review = "silent"
        else:
            review = None
    day = datetime.fromtimestamp(at, zone).toordinal() if at is not None else None
    return {
        "handover_at": at, "handover_day": day, "delivery_basis": basis, "first_delivered_day": first,
        "manual_review": review, "reopened_at": None if at is not None else r["reopened_at"],
    }  # fmt: skip


def _by_dms(
    r: Any, ctx: Context, order: Sequence[str], hours: int | None, zone: ZoneInfo
) -> tuple[int | None, str | None, int | None]:
    first = r["first_delivered_day"]
    for name in order:
        if name == "status":
            if r["status"] not in DELIVERED:
                continue
            for dated in ("closed_at", "invoiced_at", "picked_up_at", "source_updated_at"):
                if r[dated] is not None:
                    return r[dated], "status", first
            if first is None:
                if ctx.first_load:
                    return None, "history", None
                if r["delivery_basis"] == "history":
                    return None, "history", None
                first = ctx.today
            local = datetime.fromordinal(first).replace(tzinfo=zone)
            return int(local.timestamp()), "status", first
        if name == "invoiced_at":
            if hours is not None and r["invoiced_at"] is not None:
                return r["invoiced_at"] + hours * 3600, name, first
        elif r[name] is not None:
            return r[name], name, first
    return None, None, first
