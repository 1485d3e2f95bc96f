"""What agents sold held against the DMS (DMS.md §4 *turno vendido*, PRODUCT §6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context

VERIFIED_SECONDS: Final = 15 * 60
CREDIT_DAYS: Final = 5
MISSING_READS: Final = 2
LOOK_BACK_DAYS: Final = 60
"""Sales older than this are settled or a person's to settle."""


def bookings_reads(conn: Connection, ctx: Context, window: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The days (ordinals) that complete reads of appointments covered since facts were last derived: one per run, those of
    a killed run included."""
    low, high = window or (-36500, 36500)
    days = conn.execute(
        text(
            "SELECT max(day) FROM sync_read WHERE source_id = :s AND entity = 'appointment' AND complete "
            "AND run_id >= :since GROUP BY run_id"
        ),
        {"s": ctx.source_id, "since": ctx.since_run},
    ).scalars()
    return [(int(day) + low, int(day) + high) for day in days]


def sold(conn: Connection, ctx: Context, covered: Sequence[tuple[int, int]]) -> None:
    """±15 min of an appointment of the vehicle: verified; within ±5 days: differs; none after two complete reads that
    cover the day: missing."""
    rows = conn.execute(
        text(
            "SELECT id, vehicle_id, customer_id, sold_for, match, match_reads, appointment_id FROM opportunity "
            "WHERE state = 'sold' AND sold_for IS NOT NULL AND coalesce(match, 'waiting') <> 'credited' "
            "AND (vehicle_id IS NOT NULL OR customer_id IS NOT NULL) AND (state_day IS NULL OR state_day >= :since)"
        ),
        {"since": ctx.today - LOOK_BACK_DAYS},
    ).mappings().all()  # fmt: skip
    for r in rows:
        day = datetime.fromtimestamp(r["sold_for"], ZoneInfo(ctx.zone)).toordinal()
        found = _nearest(conn, r, day)
        reads = r["match_reads"]
        if found is not None:
            state, appointment_id = ("verified" if found[1] <= VERIFIED_SECONDS else "differs"), found[0]
        else:
            reads += sum(low <= day <= high for low, high in covered)
            state, appointment_id = ("missing" if reads >= MISSING_READS else "waiting"), None
        if (state, reads, appointment_id) != (r["match"], r["match_reads"], r["appointment_id"]):
            conn.execute(
                text("UPDATE opportunity SET match = :m, match_reads = :n, appointment_id = :a WHERE id = :id"),
                {"m": state, "n": reads, "a": appointment_id, "id": r["id"]},
            )


def _nearest(conn: Connection, r: Any, day: int) -> Any:
    """(appointment, seconds away) of the nearest one that no other sale is credited with; None where there is none."""
    who = "a.vehicle_id = :who" if r["vehicle_id"] is not None else "a.customer_id = :who"
    return conn.execute(
        text(
            f"SELECT a.id, abs(a.starts_at - :at) AS away FROM appointment a WHERE {who} AND a.gone_at IS NULL "
            "AND a.vanished_at IS NULL AND NOT a.is_stub AND coalesce(a.status, 'scheduled') <> 'cancelled' "
            f"AND abs(a.start_day - :day) <= {CREDIT_DAYS} AND NOT EXISTS (SELECT 1 FROM opportunity o "
            "WHERE o.appointment_id = a.id AND o.state = 'sold' AND o.id <> :id) ORDER BY 2, 1 LIMIT 1"
        ),
        {"at": r["sold_for"], "day": day, "who": r["vehicle_id"] or r["customer_id"], "id": r["id"]},
    ).first()
