"""Appointments that change in the DMS (DMS.md §4): moved, cancelled, cancelled and booked anew under another key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.dms import months
from boxes_tui.dms.context import WRITTEN, Context
from boxes_tui.dms.ground import any_touched, touch, touched

RELINK_DAYS: Final = 3
RELINK_SECONDS: Final = RELINK_DAYS * 86400


def before_write(conn: Connection, staged_fields: Sequence[str]) -> None:
    """Remember, in ``boxes_before``, appointments whose start or cancellation is about to change."""
    start = "s.starts_at" if "starts_at" in staged_fields else "t.starts_at"
    status = "s.status" if "status" in staged_fields else "t.status"
    conn.execute(text("DROP TABLE IF EXISTS boxes_before"))
    conn.execute(text(
        f"CREATE TEMP TABLE boxes_before AS SELECT t.id, t.starts_at AS old_start, {start} AS new_start, "
        f"({status} = 'cancelled' AND coalesce(t.status, '') <> 'cancelled') AS cancelled FROM boxes_stage s "
        f"JOIN appointment t ON t.id = s.row_id WHERE {WRITTEN} AND s.state IN ('changed', 'revived') AND NOT t.is_stub "
        f"AND ({start} IS DISTINCT FROM t.starts_at OR {status} IS DISTINCT FROM t.status)"
    ))  # fmt: skip


def after_write(conn: Connection, ctx: Context) -> None:
    """Moved: the confirmation drops, the comment stays, a mailed reminder tells an old date, what was sold follows.
    Cancelled: noted, so that its opportunity can return."""
    moved = (
        "SELECT id FROM boxes_before WHERE new_start IS NOT NULL AND old_start IS NOT NULL AND new_start <> old_start"
    )
    cancelled = "SELECT id FROM boxes_before WHERE cancelled"
    if conn.execute(text("SELECT 1 FROM boxes_before LIMIT 1")).scalar() is not None:
        conn.execute(
            text(
                "UPDATE appointment AS a SET confirmed_at = NULL, confirmed_by = NULL, confirmed_start = NULL, moved_at = :now, "
                "moved_from = b.old_start, invite_sequence = a.invite_sequence "
                "+ CASE WHEN a.reminder_state IN ('sent', 'old_date') THEN 1 ELSE 0 END, "
                "reminder_state = CASE WHEN a.reminder_state IS NOT NULL THEN 'old_date' END FROM boxes_before b "
                f"WHERE b.id = a.id AND a.id IN ({moved})"
            ),
            {"now": ctx.now},
        )
        conn.execute(text(
            "UPDATE opportunity AS o SET sold_for = b.new_start FROM boxes_before b WHERE b.id = o.appointment_id "
            f"AND o.state = 'sold' AND b.id IN ({moved})"
        ))  # fmt: skip
        conn.execute(
            text(f"UPDATE appointment SET cancelled_seen_at = :now WHERE id IN ({cancelled})"), {"now": ctx.now}
        )
        for kind, ids in (("moved", moved), ("cancelled", cancelled)):
            conn.execute(
                text(
                    "INSERT INTO dms_event (at, run_id, kind, subject, subject_id, branch_id) SELECT CAST(:now AS BIGINT), "
                    f"CAST(:run AS INTEGER), '{kind}', 'appointment', id, branch_id FROM appointment WHERE id IN ({ids})"
                ),
                {"now": ctx.now, "run": ctx.run_id},
            )
    conn.execute(text("DROP TABLE boxes_before"))


def relink(conn: Connection, ctx: Context) -> None:
    """Moved as cancel + new key: same vehicle, within three days of each other, exactly one candidate on either side; or
    the DMS names the earlier key itself. Then sold opportunities of what stays cancelled come back."""
    if not any_touched(conn, "appointment"):
        return
    if _may_pair(conn, ctx):
        _relink(conn, ctx)
    _return_cancelled(conn, ctx)


def _may_pair(conn: Connection, ctx: Context) -> bool:
    """Whether a touched appointment names an earlier one, was cancelled lately, or came after one of its vehicle that was;
    told from the touched rows, of which there are few, and not from all appointments."""
    mine = "FROM boxes_touched x CROSS JOIN appointment a"
    first = "(SELECT source_id, min(id) AS run FROM sync_run GROUP BY source_id) f ON f.source_id = a.source_id"
    where = "WHERE x.kind = 'appointment' AND a.id = x.id"
    for query in (
        f"SELECT 1 {mine} {where} AND (a.cancelled_seen_at >= :since OR a.rescheduled_from_key IS NOT NULL) LIMIT 1",
        f"SELECT 1 {mine} JOIN {first} {where} AND a.first_seen_run > f.run AND EXISTS (SELECT 1 FROM appointment p "
        "WHERE p.vehicle_id = a.vehicle_id AND p.cancelled_seen_at >= :since) LIMIT 1",
    ):
        if conn.execute(text(query), {"since": ctx.now - RELINK_SECONDS}).scalar() is not None:
            return True
    return False


def _relink(conn: Connection, ctx: Context) -> None:
    conn.execute(text("DROP TABLE IF EXISTS boxes_pairs"))
    conn.execute(text("CREATE TEMP TABLE boxes_pairs (old BIGINT, new BIGINT)"))
    conn.execute(text(
        "INSERT INTO boxes_pairs SELECT p.id, a.id FROM appointment a JOIN appointment p ON p.source_id = a.source_id "
        f"AND p.source_key = a.rescheduled_from_key WHERE a.id IN {touched('appointment')} AND a.previous_id IS NULL AND p.id <> a.id"
    ))  # fmt: skip
    conn.execute(
        text(
            "INSERT INTO boxes_pairs SELECT c.old, c.new FROM (SELECT p.id AS old, a.id AS new, count(*) OVER (PARTITION BY p.id) AS olds, "
            "count(*) OVER (PARTITION BY a.id) AS news FROM appointment p JOIN appointment a ON a.vehicle_id = p.vehicle_id "
            "AND a.source_id = p.source_id AND a.id <> p.id AND a.first_seen_run > p.first_seen_run "
            "AND a.first_seen_run IN (SELECT id FROM sync_run WHERE business_day >= :lately) "
            f"AND abs(a.starts_at - p.starts_at) <= {RELINK_SECONDS} WHERE p.status = 'cancelled' "
            f"AND p.cancelled_seen_at >= :since AND (p.id IN {touched('appointment')} OR a.id IN {touched('appointment')}) "
            "AND p.gone_at IS NULL AND a.gone_at IS NULL AND a.vanished_at IS NULL AND NOT a.is_stub AND a.previous_id IS NULL "
            "AND coalesce(a.status, 'scheduled') <> 'cancelled' AND NOT EXISTS (SELECT 1 FROM appointment n WHERE n.previous_id = p.id)) c "
            "WHERE c.olds = 1 AND c.news = 1 AND c.new NOT IN (SELECT new FROM boxes_pairs)"
        ),
        {"since": ctx.now - RELINK_SECONDS, "lately": ctx.today - RELINK_DAYS},
    )
    conn.execute(
        text(
            "UPDATE appointment AS a SET previous_id = p.id, comment = coalesce(a.comment, p.comment), "
            "moved_at = CASE WHEN p.starts_at <> a.starts_at THEN :now END, moved_from = p.starts_at "
            "FROM boxes_pairs b JOIN appointment p ON p.id = b.old WHERE b.new = a.id"
        ),
        {"now": ctx.now},
    )
    touch(conn, "appointment", "SELECT new AS id FROM boxes_pairs")
    conn.execute(text(
        "UPDATE opportunity AS o SET appointment_id = a.id, sold_for = a.starts_at FROM boxes_pairs b JOIN appointment a ON a.id = b.new "
        "WHERE o.appointment_id = b.old AND o.state = 'sold'"
    ))  # fmt: skip
    conn.execute(text("DROP TABLE boxes_pairs"))


def _return_cancelled(conn: Connection, ctx: Context) -> None:
    """A sold opportunity whose appointment was cancelled or has vanished comes back to the list as *turno cancelado*."""
    sold = f"(SELECT id FROM opportunity WHERE state = 'sold' AND appointment_id IN {touched('appointment')})"
    months.mark(conn, "opportunity", sold)
    conn.execute(
        text(
            "UPDATE opportunity SET state = 'open', flag = 'appointment_cancelled', match = NULL, match_reads = 0, "
            "appointment_id = NULL, state_at = :now, state_day = :today, "
            "due_day = CASE WHEN due_day < :today THEN :today ELSE due_day END WHERE state = 'sold' AND appointment_id IN "
            f"(SELECT id FROM appointment WHERE id IN {touched('appointment')} "
            "AND (status = 'cancelled' OR vanished_at IS NOT NULL) AND arrived_at IS NULL) "
            "AND NOT EXISTS (SELECT 1 FROM opportunity o WHERE o.vehicle_id = opportunity.vehicle_id "
            "AND o.origin = opportunity.origin AND o.state = 'open')"
        ),
        {"today": ctx.today, "now": ctx.now},
    )
    back = "(SELECT id FROM opportunity WHERE flag = 'appointment_cancelled' AND state_at = :now)"
    months.mark(conn, "opportunity", back, {"now": ctx.now})
