"""Vehicles after a run: what dotted fields tell of them, who owns them since when, last service, expected next one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context, Counts
from boxes_tui.dms.fed import apply_fed, blocks, restore
from boxes_tui.dms.ground import touched
from boxes_tui.dms.shape import OWN_DATE
from boxes_tui.dms.stage import Staged
from boxes_tui.domain.due_date import (
    DEFAULT_KM,
    DEFAULT_KM_PER_DAY,
    DEFAULT_MONTHS,
    add_months,
    km_per_day,
    next_target,
)
from boxes_tui.domain.working_days import argentina_calendar


def feed_vehicles(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """Dotted vehicle fields to the vehicle of their row (DMS.md §3); rows without a vehicle feed nothing."""
    if "vehicle" not in staged.fed:
        return
    table = staged.shape.table.name
    dated = next(
        (f for f in (OWN_DATE.get(staged.shape.entity, ""), "source_updated_at") if f in staged.shape.fields), "0"
    )
    unit = f"(SELECT t.vehicle_id FROM {table} t WHERE t.id = s.row_id)"
    for rows in blocks(conn, "vehicle", unit, dated):
        said = [(int(u), json.loads(body), when or 0) for _rn, _row, u, body, when in rows if u is not None]
        if said:
            apply_fed(conn, ctx, "vehicle", said)
    _fed_owners(conn, ctx, staged, counts)


def _fed_owners(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """The customers that dotted ``vehicle.owner_key`` and ``vehicle.driver_key`` name, be they stubs."""
    named = {name for feed, fields in staged.feeds.items() if feed == "vehicle" for name in fields}
    for key, column in (("owner_key", "owner_id"), ("driver_key", "driver_id")):
        if key not in named:
            continue
        units = f"FROM vehicle v WHERE v.id IN {touched('vehicle')} AND v.source_id = :s AND v.{key} IS NOT NULL"
        made = conn.execute(
            text(
                "INSERT INTO customer (source_id, source_key, first_seen_run, last_changed_run, is_stub) "
                f"SELECT DISTINCT v.source_id, v.{key}, CAST(:run AS INTEGER), CAST(:run AS INTEGER), true {units} AND NOT EXISTS "
                f"(SELECT 1 FROM customer c WHERE c.source_id = v.source_id AND c.source_key = v.{key})"
            ),
            {"s": ctx.source_id, "run": ctx.run_id},
        )
        counts.stubs += max(0, made.rowcount)
        conn.execute(
            text(
                f"UPDATE vehicle AS v SET {column} = coalesce(c.merged_into_id, c.id) FROM customer c "
                f"WHERE v.id IN {touched('vehicle')} AND c.source_id = v.source_id AND c.source_key = v.{key} "
                f"AND v.{column} IS DISTINCT FROM coalesce(c.merged_into_id, c.id)"
            )
        )


def after_masters(conn: Connection, staged: Staged) -> None:
    """Where the vehicles' own rows are empty, what was fed stands again."""
    restore(conn, "vehicle", [name for name, _column in staged.shape.columns])


def owners(conn: Connection, ctx: Context) -> None:
    """Dated intervals of ownership; a change flags the old owner's open opportunities *cambió de titular*.

    A vehicle whose DMS row names no owner belongs to the customer of its last delivery.
    """
    units = touched("vehicle")
    sold_units = f"(SELECT vehicle_id FROM sale_delivery WHERE id IN {touched('sale_delivery')})"
    conn.execute(text(
        "UPDATE vehicle AS v SET owner_id = (SELECT d.customer_id FROM sale_delivery d WHERE d.vehicle_id = v.id "
        "AND d.customer_id IS NOT NULL AND d.gone_at IS NULL AND NOT d.is_stub AND coalesce(d.status, 'delivered') <> 'annulled' "
        f"ORDER BY d.delivered_at DESC, d.id DESC LIMIT 1) WHERE (v.id IN {units} OR v.id IN {sold_units}) "
        "AND v.owner_key IS NULL AND v.merged_into_id IS NULL AND EXISTS (SELECT 1 FROM sale_delivery d WHERE d.vehicle_id = v.id "
        "AND d.customer_id IS NOT NULL AND d.gone_at IS NULL AND NOT d.is_stub AND coalesce(d.status, 'delivered') <> 'annulled')"
    ))  # fmt: skip
    conn.execute(text("DROP TABLE IF EXISTS boxes_owner"))
    conn.execute(text(
        "CREATE TEMP TABLE boxes_owner AS SELECT v.id AS unit, v.owner_id AS owner, o.id AS interval_id, o.customer_id AS before_id "
        "FROM vehicle v LEFT JOIN vehicle_owner o ON o.vehicle_id = v.id AND o.until IS NULL WHERE v.owner_id IS NOT NULL "
        f"AND v.merged_into_id IS NULL AND (v.id IN {units} OR v.id IN {sold_units}) "
        "AND (o.customer_id IS NULL OR o.customer_id <> v.owner_id)"
    ))  # fmt: skip
    p = {"today": ctx.today}
    conn.execute(text("UPDATE vehicle_owner SET until = :today WHERE id IN (SELECT interval_id FROM boxes_owner)"), p)
    conn.execute(
        text(
            "INSERT INTO vehicle_owner (vehicle_id, customer_id, since) SELECT unit, owner, "
            "CASE WHEN max(interval_id) IS NULL THEN NULL ELSE CAST(:today AS INTEGER) END FROM boxes_owner GROUP BY unit, owner"
        ),
        p,
    )
    changed = "SELECT unit FROM boxes_owner WHERE interval_id IS NOT NULL"
    if conn.execute(text(changed + " LIMIT 1")).scalar() is not None:
        conn.execute(text(
            "UPDATE opportunity SET flag = 'owner_changed' WHERE state = 'open' AND EXISTS (SELECT 1 FROM boxes_owner b "
            "WHERE b.unit = opportunity.vehicle_id AND b.before_id = opportunity.customer_id)"
        ))  # fmt: skip
        conn.execute(text(
            f"UPDATE vehicle SET relation_ended_at = NULL, relation_ended_owner_id = NULL WHERE id IN ({changed})"
        ))  # fmt: skip
        conn.execute(
            text(
                "INSERT INTO dms_event (at, run_id, kind, subject, subject_id) "
                f"SELECT CAST(:now AS BIGINT), CAST(:run AS INTEGER), 'owner_changed', 'vehicle', unit FROM ({changed}) c"
            ),
            {"now": ctx.now, "run": ctx.run_id},
        )
    conn.execute(text("DROP TABLE boxes_owner"))


def services(conn: Connection, ctx: Context) -> None:
    """Last service, last odometer, use per day, expected next service of the vehicles that this run concerns."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_units"))
    conn.execute(text(
        f"CREATE TEMP TABLE boxes_units AS SELECT id FROM {touched('vehicle')} v UNION "
        f"SELECT vehicle_id FROM repair_order WHERE id IN {touched('repair_order')} AND vehicle_id IS NOT NULL UNION "
        f"SELECT vehicle_id FROM sale_delivery WHERE id IN {touched('sale_delivery')} AND vehicle_id IS NOT NULL"
    ))  # fmt: skip
    conn.execute(text("CREATE INDEX boxes_units_id ON boxes_units (id)"))
    last = 0
    while True:
        block = list(
            conn.execute(
                text("SELECT id FROM boxes_units WHERE id > :last ORDER BY id LIMIT 500"), {"last": last}
            ).scalars()
        )
        if not block:
            break
        _services(conn, ctx, block)
        last = block[-1]
    conn.execute(text("DROP TABLE boxes_units"))


def _services(conn: Connection, ctx: Context, block: Sequence[int]) -> None:
    ids = ", ".join(map(str, block))
    readings: dict[int, list[tuple[date, int]]] = {}
    last: dict[int, int] = {}
    for unit, day, km in conn.execute(
        text(
            "SELECT vehicle_id, opened_day, coalesce(odometer_in, odometer_out) FROM repair_order "
            f"WHERE vehicle_id IN ({ids}) AND gone_at IS NULL AND NOT is_stub AND opened_day IS NOT NULL "
            "AND coalesce(status, 'open') NOT IN ('estimate', 'voided') ORDER BY opened_day"
        )
    ):
        last[unit] = day
        if km is not None:
            readings.setdefault(unit, []).append((date.fromordinal(day), km))
    sold: dict[int, int] = {
        int(unit): int(day)
        for unit, day in conn.execute(
            text(
                f"SELECT vehicle_id, max(delivered_day) FROM sale_delivery WHERE vehicle_id IN ({ids}) AND gone_at IS NULL "
                "AND coalesce(status, 'delivered') <> 'annulled' AND delivered_day IS NOT NULL GROUP BY vehicle_id"
            )
        )
    }
    updates: list[dict[str, Any]] = []
    for unit, odometer, sold_on in conn.execute(
        text(f"SELECT id, odometer_km, sold_on FROM vehicle WHERE id IN ({ids})")
    ):
        own = list(readings.get(unit, []))
        base = last.get(unit) or sold.get(unit) or sold_on
        delivered = sold.get(unit) or sold_on
        if delivered:
            own.insert(0, (date.fromordinal(delivered), 0))
        use = km_per_day(own)
        km_day, km = (own[-1][0].toordinal(), own[-1][1]) if own else (None, odometer)
        if km is None or (odometer is not None and odometer > km):
            km = odometer if odometer is not None else km
        updates.append(
            {
                "id": unit, "day": last.get(unit), "km": km, "km_day": km_day,
                "use": round(use * 1000) if use else None, "due": _due(base, own, km, use),
            }
        )  # fmt: skip
    if updates:
        conn.execute(
            text(
                "UPDATE vehicle SET last_service_day = :day, last_km = :km, last_km_day = :km_day, km_per_day_milli = :use, "
                "predicted_due = :due WHERE id = :id"
            ),
            updates,
        )


def _due(base: int | None, own: list[tuple[date, int]], km: int | None, use: float | None) -> int | None:
    """What comes first: the interval of months after the last service or delivery, or the kilometres of the next service
    at the known use; Sundays and national holidays are skipped."""
    candidates = []
    if base:
        candidates.append(add_months(date.fromordinal(base), DEFAULT_MONTHS).toordinal())
    if own and km is not None:
        read_on, read = own[-1]
        target = next_target(read) if read_on.toordinal() == base else (km // DEFAULT_KM + 1) * DEFAULT_KM
        candidates.append(read_on.toordinal() + round(max(0, target - read) / (use or DEFAULT_KM_PER_DAY)))
    if not candidates:
        return None
    due = date.fromordinal(min(candidates))
    return argentina_calendar(due.year).next_open(due).toordinal()
