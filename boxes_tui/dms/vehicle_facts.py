"""Vehicles after a run: what dotted fields tell of them, who owns them since when, last service, expected next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.apply import Context
from boxes_tui.dms.records import UNTOUCHED, Feed
from boxes_tui.domain.due_date import DEFAULT_KM, DEFAULT_KM_PER_DAY, DEFAULT_MONTHS, add_months, km_per_day

FED = ("vin", "chassis", "plate", "make", "model", "version", "model_year", "color", "engine_no", "sold_on",
       "warranty_end", "odometer_km")  # fmt: skip


def feed_vehicles(conn: Connection, ctx: Context, table: str, fed: Sequence[tuple[int, Feed, int]]) -> None:
    """Dotted vehicle fields to the vehicle of their row: the master's own row wins field by field, of several fed rows
    the one with the latest own date."""
    if not fed:
        return
    of_row: dict[int, int | None] = {}
    ids = [row_id for row_id, _feed, _when in fed]
    for start in range(0, len(ids), 500):
        chunk = ", ".join(map(str, ids[start : start + 500]))
        column = "id" if table == "vehicle" else "vehicle_id"
        of_row.update(conn.execute(text(f"SELECT id, {column} FROM {table} WHERE id IN ({chunk})")).tuples().all())
    best: dict[int, tuple[int, dict[str, Any]]] = {}
    for row_id, feed, when in fed:
        unit = of_row.get(row_id)
        if unit is None:
            continue
        values = {f: v for f, v in zip(feed.fields, feed.values, strict=True) if v not in (None, UNTOUCHED)}
        before = best.get(unit)
        if before is None:
            best[unit] = (when, values)
        else:
            newer, older = (values, before[1]) if when >= before[0] else (before[1], values)
            best[unit] = (max(when, before[0]), {**older, **newer})
    for unit, (when, values) in best.items():
        row = conn.execute(
            text(f"SELECT is_stub, source_updated_at, {', '.join(FED)} FROM vehicle WHERE id = :id"), {"id": unit}
        ).mappings().one()  # fmt: skip
        newer_ = row["is_stub"] and when >= (row["source_updated_at"] or 0)
        changed = {f: v for f, v in values.items() if f in FED and v != row[f] and (row[f] is None or newer_)}
        if newer_ and when and (changed or row["source_updated_at"] is None):
            changed["source_updated_at"] = when
        if changed:
            if "vin" in changed or "chassis" in changed:
                name = changed.get("vin") or row["vin"] or changed.get("chassis") or row["chassis"]
                changed["tail_rev"] = str(name)[::-1]
            sets = ", ".join(f"{c} = :{c}" for c in changed)
            conn.execute(
                text(f"UPDATE vehicle SET {sets}, last_changed_run = :run WHERE id = :id"),
                {**changed, "run": ctx.run_id, "id": unit},
            )


def owners(conn: Connection, ctx: Context) -> None:
    """Dated intervals of ownership; a change flags the old owner's open opportunities *cambió de titular*."""
    rows = conn.execute(
        text(
            "SELECT v.id, v.owner_id, o.id, o.customer_id, v.relation_ended_at, v.relation_ended_owner_id FROM vehicle v "
            "LEFT JOIN vehicle_owner o ON o.vehicle_id = v.id AND o.until IS NULL "
            "WHERE v.source_id = :s AND v.owner_id IS NOT NULL AND v.merged_into_id IS NULL "
            "AND (o.customer_id IS NULL OR o.customer_id <> v.owner_id)"
        ),
        {"s": ctx.source_id},
    ).all()
    fresh, closed, changed = [], [], []
    for unit, owner, interval, before, _ended, _who in rows:
        if interval is None:
            fresh.append({"v": unit, "c": owner, "since": None})
        else:
            closed.append({"id": interval, "until": ctx.today})
            fresh.append({"v": unit, "c": owner, "since": ctx.today})
            changed.append({"v": unit, "old": before, "now": ctx.now, "run": ctx.run_id})
    if closed:
        conn.execute(text("UPDATE vehicle_owner SET until = :until WHERE id = :id"), closed)
    if fresh:
        conn.execute(text("INSERT INTO vehicle_owner (vehicle_id, customer_id, since) VALUES (:v, :c, :since)"), fresh)
    if changed:
        conn.execute(
            text(
                "UPDATE opportunity SET flag = 'owner_changed' WHERE vehicle_id = :v AND customer_id = :old AND state = 'open'"
            ),
            [{"v": c["v"], "old": c["old"]} for c in changed],
        )
        conn.execute(
            text("UPDATE vehicle SET relation_ended_at = NULL, relation_ended_owner_id = NULL WHERE id = :v"),
            [{"v": c["v"]} for c in changed],
        )
        conn.execute(
            text(
                "INSERT INTO dms_event (at, run_id, kind, subject, subject_id) VALUES (:now, :run, 'owner_changed', 'vehicle', :v)"
            ),
            [{"v": c["v"], "now": c["now"], "run": c["run"]} for c in changed],
        )


def services(conn: Connection, ctx: Context) -> None:
    """Last service, last odometer, use per day, expected next service of the vehicles that this run touched."""
    units = list(
        conn.execute(
            text(
                "SELECT id FROM vehicle WHERE last_changed_run >= :since AND merged_into_id IS NULL UNION "
                "SELECT vehicle_id FROM repair_order WHERE last_changed_run >= :since AND vehicle_id IS NOT NULL UNION "
                "SELECT vehicle_id FROM sale_delivery WHERE last_changed_run >= :since AND vehicle_id IS NOT NULL"
            ),
            {"since": ctx.since_run},
        ).scalars()
    )
    for start in range(0, len(units), 500):
        chunk = units[start : start + 500]
        _services(conn, ctx, ", ".join(map(str, chunk)))


def _services(conn: Connection, ctx: Context, ids: str) -> None:
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
    sold = dict(
        conn.execute(
            text(
                f"SELECT vehicle_id, max(delivered_day) FROM sale_delivery WHERE vehicle_id IN ({ids}) AND gone_at IS NULL "
                "AND coalesce(status, 'delivered') <> 'annulled' GROUP BY vehicle_id"
            )
        ).tuples().all()
    )  # fmt: skip
    updates = []
    rows: Iterable[Any] = conn.execute(text(f"SELECT id, odometer_km, sold_on FROM vehicle WHERE id IN ({ids})"))
    for unit, odometer, sold_on in rows:
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
                "use": round(use * 1000) if use else None, "due": _due(base, own, km, use, ctx.today),
            }
        )  # fmt: skip
    conn.execute(
        text(
            "UPDATE vehicle SET last_service_day = :day, last_km = :km, last_km_day = :km_day, km_per_day_milli = :use, "
            "predicted_due = :due WHERE id = :id"
        ),
        updates,
    )


def _due(base: int | None, own: list[tuple[date, int]], km: int | None, use: float | None, today: int) -> int | None:
    """The day that comes first: interval of months after the last service or delivery, or of km at the known use."""
    candidates = []
    if base:
        candidates.append(add_months(date.fromordinal(base), DEFAULT_MONTHS).toordinal())
    if own and km is not None:
        left = (km // DEFAULT_KM + 1) * DEFAULT_KM - own[-1][1]
        candidates.append(own[-1][0].toordinal() + round(max(0, left) / (use or DEFAULT_KM_PER_DAY)))
    return min(candidates) if candidates else None
