"""When an order counts as delivered (DMS.md §4 *order delivered*), manual deliveries, re-opened orders.

One statement computes the effective delivery of all touched orders into ``boxes_hand``; another writes what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.ground import day_sql, touch, touched

_BY_STATUS: Final = "o.status IN ('delivered', 'closed')"
_DATED: Final = "coalesce(o.closed_at, o.invoiced_at, o.picked_up_at, o.source_updated_at)"
SILENT_SECONDS: Final = 48 * 3600


def handovers(conn: Connection, ctx: Context, order: Sequence[str], invoiced_hours: int | None) -> None:
    """Recompute the delivery of this source's touched orders, and of those that an agent delivered by hand."""
    first_run = conn.execute(
        text("SELECT first_run FROM sync_cursor WHERE source_id = :s AND entity = 'repair_order'"), {"s": ctx.source_id}
    ).scalar()
    start = datetime.combine(date.fromordinal(ctx.today), datetime.min.time(), ZoneInfo(ctx.zone))
    params = {"s": ctx.source_id, "today": ctx.today, "midnight": int(start.timestamp()), "first": first_run or 0,
              "now": ctx.now, "run": ctx.run_id, "zone": ctx.zone, "hours": (invoiced_hours or 0) * 3600}  # fmt: skip
    _compute(conn, order, invoiced_hours, params)
    _review(conn, params)
    different = (
        "SELECT h.id FROM boxes_hand h JOIN repair_order o ON o.id = h.id WHERE o.handover_at IS DISTINCT FROM h.at "
        "OR o.delivery_basis IS DISTINCT FROM h.basis OR o.first_delivered_day IS DISTINCT FROM h.first_day "
        "OR o.manual_review IS DISTINCT FROM h.review"
    )
    reopened = "o.handover_at IS NOT NULL AND coalesce(o.delivery_basis, '') <> 'manual' AND h.at IS NULL"
    conn.execute(
        text(
            "INSERT INTO dms_event (at, run_id, kind, subject, subject_id, branch_id) SELECT CAST(:now AS BIGINT), "
            f"CAST(:run AS INTEGER), CASE WHEN {reopened} THEN 'reopened' ELSE 'review' END, 'repair_order', o.id, o.branch_id "
            f"FROM boxes_hand h JOIN repair_order o ON o.id = h.id WHERE ({reopened}) OR (h.review IS NOT NULL "
            "AND o.manual_review IS DISTINCT FROM h.review)"
        ),
        {"now": ctx.now, "run": ctx.run_id},
    )
    touch(conn, "repair_order", different)
    day = day_sql(conn, "h.at", "h.zone")
    conn.execute(
        text(
            f"UPDATE repair_order AS o SET handover_at = h.at, handover_day = {day}, delivery_basis = h.basis, "
            "first_delivered_day = h.first_day, manual_review = h.review, reopened_at = CASE WHEN h.at IS NOT NULL THEN NULL "
            f"WHEN {reopened} THEN :now ELSE o.reopened_at END FROM boxes_hand h WHERE h.id = o.id AND o.id IN ({different})"
        ),
        {"now": ctx.now},
    )
    conn.execute(text("DROP TABLE boxes_hand"))


def _compute(conn: Connection, order: Sequence[str], hours: int | None, params: dict[str, Any]) -> None:
    """``boxes_hand``: id, instant, basis, day first seen delivered, review, zone."""
    instants, bases = [], []
    for name in order:
        if name == "status":
            instants.append(
                f"WHEN {_BY_STATUS} THEN coalesce({_DATED}, CASE WHEN h.history THEN NULL WHEN o.first_delivered_day IS NULL "
                "THEN CAST(:midnight AS BIGINT) ELSE coalesce(o.handover_at, CAST(:midnight AS BIGINT)) END)"
            )
            bases.append(
                f"WHEN {_BY_STATUS} THEN CASE WHEN {_DATED} IS NULL AND h.history THEN 'history' ELSE 'status' END"
            )
        elif name == "invoiced_at":
            if hours is not None:
                due = "o.invoiced_at + :hours <= :now"  # until then it is still in the workshop
                instants.append(f"WHEN {due} THEN o.invoiced_at + :hours")
                bases.append(f"WHEN {due} THEN 'invoiced_at'")
        else:
            instants.append(f"WHEN o.{name} IS NOT NULL THEN o.{name}")
            bases.append(f"WHEN o.{name} IS NOT NULL THEN '{name}'")
    at = f"CASE {' '.join(instants)} END" if instants else "CAST(NULL AS BIGINT)"
    basis = f"CASE {' '.join(bases)} END" if bases else "CAST(NULL AS TEXT)"
    # seen delivered without any date, and not changed since the first load: history, neither queue nor leak
    history = "(o.delivery_basis = 'history' OR (o.first_delivered_day IS NULL AND o.last_changed_run = :first))"
    waiting = " OR (o.invoiced_at IS NOT NULL AND o.handover_at IS NULL)" if hours is not None else ""
    conn.execute(text("DROP TABLE IF EXISTS boxes_hand"))
    conn.execute(
        text(
            "CREATE TEMP TABLE boxes_hand (id BIGINT PRIMARY KEY, at BIGINT, basis TEXT, first_day INTEGER, review TEXT, zone TEXT)"
        )
    )
    conn.execute(
        text(
            f"INSERT INTO boxes_hand (id, at, basis, first_day, review, zone) SELECT o.id, {at}, {basis}, "
            f"CASE WHEN {_BY_STATUS} AND {_DATED} IS NULL AND NOT h.history THEN coalesce(o.first_delivered_day, "
            "CAST(:today AS INTEGER)) END, o.manual_review, coalesce(b.zone, CAST(:zone AS TEXT)) FROM repair_order o JOIN (SELECT id, "
            f"{history} AS history FROM repair_order o WHERE o.source_id = :s AND NOT o.is_stub AND (o.id IN {touched('repair_order')} "
            f"OR o.manual_delivered_at IS NOT NULL{waiting})) h ON h.id = o.id LEFT JOIN branch b ON b.id = o.branch_id"
        ),
        {k: v for k, v in params.items() if k in at + basis or k in ("s", "first", "today", "zone")},
    )


def _review(conn: Connection, params: dict[str, Any]) -> None:
    """A manual delivery stands until the DMS agrees; silence of 48 h is reported, a changed row that is still open goes to
    the review list, and nothing is reverted by itself."""
    changed = (
        "o.last_changed_run = :run AND o.first_seen_run <> :run AND coalesce(o.manual_marked_at, o.manual_delivered_at) < :now "
        f"AND o.id IN {touched('repair_order')}"
    )
    conn.execute(
        text(
            "UPDATE boxes_hand AS h SET at = o.manual_delivered_at, basis = 'manual', first_day = NULL, review = CASE "
            f"WHEN {changed} THEN 'changed' WHEN o.manual_review IS NOT NULL THEN o.manual_review "
            f"WHEN :now - coalesce(o.manual_marked_at, o.manual_delivered_at) > {SILENT_SECONDS} THEN 'silent' END "
            "FROM repair_order o WHERE o.id = h.id AND o.manual_delivered_at IS NOT NULL AND h.at IS NULL AND h.basis IS NULL"
        ),
        {"run": params["run"], "now": params["now"]},
    )
    conn.execute(text(
        "UPDATE boxes_hand SET review = NULL WHERE review IS NOT NULL AND coalesce(basis, '') <> 'manual'"
    ))  # fmt: skip
