"""Appointments after a run: moved, cancelled, arrived; and what agents sold held against them (DMS.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context

RELINK_SECONDS = 3 * 86400
VERIFIED_SECONDS = 15 * 60
CREDIT_DAYS = 5
MISSING_READS = 2
ARRIVED = "('checked_in', 'converted', 'fulfilled')"
TRUE_ORDER = "o.gone_at IS NULL AND NOT o.is_stub AND coalesce(o.status, 'open') NOT IN ('estimate', 'voided')"


def before_write(conn: Connection, staged_fields: Sequence[str]) -> list[dict[str, Any]]:
    """Appointments whose start or cancellation is about to change, as they stand before the update."""
    status = "s.status" if "status" in staged_fields else "t.status"
    starts = "s.starts_at" if "starts_at" in staged_fields else "t.starts_at"
    rows = conn.execute(
        text(
            f"SELECT t.id, t.starts_at, {starts} AS new_start, t.status, {status} AS new_status, t.vehicle_id "
            "FROM boxes_stage s JOIN appointment t ON t.id = s.row_id WHERE s.state IN ('changed', 'revived') AND NOT t.is_stub"
        )
    ).mappings()
    return [dict(r) for r in rows]


def after_write(conn: Connection, ctx: Context, before: Sequence[dict[str, Any]]) -> None:
    """Moved: the confirmation drops, the comment stays. Cancelled: its opportunity returns to the list."""
    for r in before:
        if r["new_start"] != r["starts_at"] and r["new_start"] is not None:
            _moved(conn, ctx, r)
        if r["new_status"] == "cancelled" and r["status"] != "cancelled":
            conn.execute(
                text("UPDATE appointment SET cancelled_seen_at = :now WHERE id = :id"), {"now": ctx.now, "id": r["id"]}
            )
            _event(conn, ctx, "cancelled", r["id"])


def _moved(conn: Connection, ctx: Context, r: dict[str, Any]) -> None:
    conn.execute(
        text(
            "UPDATE appointment SET confirmed_at = NULL, confirmed_by = NULL, confirmed_start = NULL, moved_at = :now, "
            "moved_from = :old, "
            "invite_sequence = invite_sequence + CASE WHEN reminder_state IN ('sent', 'old_date') THEN 1 ELSE 0 END, "
            "reminder_state = CASE WHEN reminder_state IS NOT NULL THEN 'old_date' END WHERE id = :id"
        ),
        {"now": ctx.now, "old": r["starts_at"], "id": r["id"]},
    )
    conn.execute(
        text("UPDATE opportunity SET sold_for = :new WHERE appointment_id = :id AND state = 'sold'"),
        {"new": r["new_start"], "id": r["id"]},
    )
    _event(conn, ctx, "moved", r["id"])


def _event(conn: Connection, ctx: Context, kind: str, row_id: int) -> None:
    conn.execute(
        text(
            "INSERT INTO dms_event (at, run_id, kind, subject, subject_id, branch_id) "
            "SELECT :now, CAST(:run AS INTEGER), CAST(:kind AS TEXT), 'appointment', id, branch_id FROM appointment WHERE id = :id"
        ),
        {"now": ctx.now, "run": ctx.run_id, "kind": kind, "id": row_id},
    )


def relink(conn: Connection, ctx: Context) -> None:
    """Moved as cancel + new key: same vehicle, within three days, exactly one candidate; else both stand."""
    rows = conn.execute(
        text(
            "SELECT id, vehicle_id, starts_at, comment FROM appointment WHERE source_id = :s AND status = 'cancelled' "
            "AND cancelled_seen_at = :now AND vehicle_id IS NOT NULL"
        ),
        {"s": ctx.source_id, "now": ctx.now},
    ).all()
    for row_id, unit, starts_at, comment in rows:
        found = list(
            conn.execute(
                text(
                    "SELECT id FROM appointment WHERE vehicle_id = :v AND id <> :id AND first_seen_run >= :since AND gone_at IS NULL "
                    "AND coalesce(status, 'scheduled') <> 'cancelled' AND previous_id IS NULL AND starts_at BETWEEN :low AND :high"
                ),
                {"v": unit, "id": row_id, "since": ctx.since_run, "low": starts_at - RELINK_SECONDS, "high": starts_at + RELINK_SECONDS},
            ).scalars()
        )  # fmt: skip
        if len(found) == 1:
            conn.execute(
                text(
                    "UPDATE appointment SET previous_id = :old, comment = coalesce(comment, :comment) WHERE id = :new"
                ),
                {"old": row_id, "comment": comment, "new": found[0]},
            )
            conn.execute(
                text(
                    "UPDATE opportunity SET appointment_id = :new, sold_for = (SELECT starts_at FROM appointment WHERE id = :new) "
                    "WHERE appointment_id = :old AND state = 'sold'"
                ),
                {"new": found[0], "old": row_id},
            )
    _return_cancelled(conn, ctx)


def _return_cancelled(conn: Connection, ctx: Context) -> None:
    """A sold opportunity whose appointment was cancelled comes back to the list as *turno cancelado*."""
    conn.execute(
        text(
            "UPDATE opportunity SET state = 'open', flag = 'appointment_cancelled', match = NULL, match_reads = 0, "
            "appointment_id = NULL, due_day = CASE WHEN due_day < :today THEN :today ELSE due_day END "
            "WHERE state = 'sold' AND appointment_id IN (SELECT id FROM appointment WHERE source_id = :s "
            "AND (status = 'cancelled' OR vanished_at IS NOT NULL) AND arrived_at IS NULL) AND NOT EXISTS (SELECT 1 FROM opportunity o "
            "WHERE o.vehicle_id = opportunity.vehicle_id AND o.origin = opportunity.origin AND o.state = 'open')"
        ),
        {"s": ctx.source_id, "today": ctx.today},
    )


def arrivals(conn: Connection, ctx: Context) -> None:
    """An appointment has arrived when the DMS says so, when an order names it, or when an order of its vehicle was opened
    on its day; an order voided later withdraws what it gave."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_arrived"))
    conn.execute(
        text("CREATE TEMP TABLE boxes_arrived (id BIGINT PRIMARY KEY, at BIGINT, basis TEXT, order_id BIGINT)")
    )
    p = {"s": ctx.source_id}
    conn.execute(text(
        "INSERT INTO boxes_arrived SELECT a.id, coalesce(a.dms_arrived_at, a.starts_at), 'dms', NULL FROM appointment a "
        f"WHERE a.source_id = :s AND NOT a.is_stub AND (a.dms_arrived_at IS NOT NULL OR a.status IN {ARRIVED})"
    ), p)  # fmt: skip
    for match, basis in (
        ("o.source_id = a.source_id AND o.appointment_key = a.source_key", "key"),
        ("o.source_id = a.source_id AND o.source_key = a.repair_order_key", "key"),
        ("o.vehicle_id = a.vehicle_id AND o.opened_day = a.start_day", "order"),
    ):
        conn.execute(text(
            f"INSERT INTO boxes_arrived SELECT a.id, min(o.opened_at), '{basis}', min(o.id) FROM appointment a "
            f"JOIN repair_order o ON {match} AND {TRUE_ORDER} WHERE a.source_id = :s AND NOT a.is_stub "
            "AND coalesce(a.status, 'scheduled') <> 'cancelled' AND a.id NOT IN (SELECT id FROM boxes_arrived) GROUP BY a.id"
        ), p)  # fmt: skip
    conn.execute(text(
        "UPDATE appointment AS a SET arrived_at = b.at, arrival_basis = b.basis, arrival_order_id = b.order_id "
        "FROM boxes_arrived b WHERE b.id = a.id AND (a.arrived_at IS DISTINCT FROM b.at OR a.arrival_basis IS DISTINCT FROM b.basis "
        "OR a.arrival_order_id IS DISTINCT FROM b.order_id)"
    ))  # fmt: skip
    conn.execute(text(
        "UPDATE appointment SET arrived_at = NULL, arrival_basis = NULL, arrival_order_id = NULL WHERE source_id = :s "
        "AND arrived_at IS NOT NULL AND id NOT IN (SELECT id FROM boxes_arrived)"
    ), p)  # fmt: skip
    conn.execute(text("DROP TABLE boxes_arrived"))


def sold(conn: Connection, ctx: Context, complete_read: bool) -> None:
    """*Turno vendido* against the DMS: verified, differs, or missing after two complete reads."""
    rows = conn.execute(
        text(
            "SELECT id, vehicle_id, sold_for, match, match_reads FROM opportunity WHERE state = 'sold' AND sold_for IS NOT NULL "
            "AND vehicle_id IS NOT NULL AND coalesce(match, 'waiting') IN ('waiting', 'missing', 'differs')"
        )
    ).all()
    for row_id, unit, sold_for, match, reads in rows:
        found = conn.execute(
            text(
                "SELECT a.id, abs(a.starts_at - :at) AS away FROM appointment a WHERE a.vehicle_id = :v AND a.gone_at IS NULL "
                "AND a.vanished_at IS NULL AND NOT a.is_stub AND coalesce(a.status, 'scheduled') <> 'cancelled' "
                "AND abs(a.starts_at - :at) <= :span AND NOT EXISTS (SELECT 1 FROM opportunity o WHERE o.appointment_id = a.id "
                "AND o.state = 'sold' AND o.id <> :id) ORDER BY 2, 1 LIMIT 1"
            ),
            {"at": sold_for, "v": unit, "span": (CREDIT_DAYS + 1) * 86400, "id": row_id},
        ).first()
        if found is not None and _days_apart(conn, found[0], sold_for, ctx) <= CREDIT_DAYS:
            new = "verified" if found[1] <= VERIFIED_SECONDS else "differs"
            appointment_id, count = found[0], reads
        else:
            count = reads + (1 if complete_read else 0)
            new, appointment_id = ("missing" if count >= MISSING_READS else "waiting"), None
        if (new, count) != (match, reads):
            conn.execute(
                text("UPDATE opportunity SET match = :m, match_reads = :n, appointment_id = :a WHERE id = :id"),
                {"m": new, "n": count, "a": appointment_id, "id": row_id},
            )


def _days_apart(conn: Connection, appointment_id: int, sold_for: int, ctx: Context) -> int:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    day = conn.execute(text("SELECT start_day FROM appointment WHERE id = :id"), {"id": appointment_id}).scalar_one()
    return abs(int(day) - datetime.fromtimestamp(sold_for, ZoneInfo(ctx.zone)).toordinal())


def contacts(conn: Connection, ctx: Context, area_code: str | None) -> None:
    """Normalise the contact telephone of changed appointments, which overrides the customer's."""
    from boxes_tui.domain.phones import parse_phone

    rows = conn.execute(
        text("SELECT id, contact_phone FROM appointment WHERE last_changed_run >= :since AND source_id = :s"),
        {"since": ctx.since_run, "s": ctx.source_id},
    ).all()
    updates = []
    for row_id, raw in rows:
        info = parse_phone(raw, area_code) if raw else None
        good = info is not None and info.valid
        updates.append({"id": row_id, "e": info.e164 if good and info else None, "n": info.last10 if good and info else None,
                        "k": info.kind if info else None})  # fmt: skip
    for start in range(0, len(updates), 5000):
        conn.execute(
            text("UPDATE appointment SET contact_e164 = :e, contact_last10 = :n, contact_kind = :k WHERE id = :id"),
            updates[start : start + 5000],
        )
