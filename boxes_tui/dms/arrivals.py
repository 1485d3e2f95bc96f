"""When an appointment counts as arrived (DMS.md §4 *arrival*, PRODUCT §4).

The DMS says so, or an order names it, or an order of the same vehicle was opened on its day; estimates and voided
orders never count, and an order voided later withdraws the arrival that it gave.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.dms.absence import TRUE_ORDER
from boxes_tui.dms.context import Context
from boxes_tui.dms.ground import analyze, any_touched, between_tails, touch, touched

TAIL: Final = 7
"""A chassis tells a vehicle of the day from this many characters on."""
_SAID: Final = "(a.dms_arrived_at IS NOT NULL OR a.status IN ('checked_in', 'converted', 'fulfilled'))"
_OPEN: Final = "NOT a.is_stub AND coalesce(a.status, 'scheduled') <> 'cancelled'"
_SHORT_ONLY: Final = (
    f"(a.vehicle_key IS NULL AND a.vin IS NULL AND a.plate IS NULL AND coalesce(length(a.chassis), 0) < {TAIL})"
)


def arrivals(conn: Connection, ctx: Context) -> None:
    """Arrivals of the appointments that this run concerns."""
    _due(conn)
    if conn.execute(text("SELECT 1 FROM boxes_due LIMIT 1")).scalar() is None:
        conn.execute(text("DROP TABLE boxes_due"))
        return
    conn.execute(text("DROP TABLE IF EXISTS boxes_arrived"))
    conn.execute(
        text("CREATE TEMP TABLE boxes_arrived (id BIGINT PRIMARY KEY, at BIGINT, basis TEXT, order_id BIGINT)")
    )
    conn.execute(text(
        "INSERT INTO boxes_arrived SELECT a.id, coalesce(a.dms_arrived_at, a.starts_at), 'dms', NULL FROM boxes_due d "
        f"JOIN appointment a ON a.id = d.id WHERE NOT a.is_stub AND {_SAID}"
    ))  # fmt: skip
    if conn.execute(text("SELECT 1 FROM repair_order WHERE NOT is_stub LIMIT 1")).scalar() is not None:
        _by_orders(conn)
    _write(conn, ctx)


def _by_orders(conn: Connection) -> None:
    for match, basis in (
        ("o.source_id = a.source_id AND o.appointment_key = a.source_key", "key"),
        ("o.source_id = a.source_id AND o.source_key = a.repair_order_key", "key"),
        (f"o.vehicle_id = a.vehicle_id AND o.opened_day = a.start_day AND NOT {_SHORT_ONLY}", "order"),
    ):
        conn.execute(text(
            f"INSERT INTO boxes_arrived SELECT a.id, min(o.opened_at), '{basis}', min(o.id) FROM boxes_due d "
            f"JOIN appointment a ON a.id = d.id JOIN repair_order o ON {match} WHERE {TRUE_ORDER} AND {_OPEN} "
            "AND NOT EXISTS (SELECT 1 FROM boxes_arrived b WHERE b.id = a.id) GROUP BY a.id"
        ))  # fmt: skip
    _by_written_names(conn)


def _due(conn: Connection) -> None:
    """``boxes_due``: touched appointments, and those of the vehicle and day, or of the keys, of touched orders."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_due"))
    conn.execute(text("CREATE TEMP TABLE boxes_due (id BIGINT PRIMARY KEY)"))
    orders = touched("repair_order")
    analyze(conn, "boxes_touched")
    queries = [f"SELECT x.id FROM {touched('appointment')} x"]
    if any_touched(conn, "repair_order"):
        queries += _due_by_orders(orders)
    for query in queries:
        conn.execute(text(f"INSERT INTO boxes_due SELECT q.id FROM ({query}) q WHERE true ON CONFLICT DO NOTHING"))
    analyze(conn, "boxes_due")


def _due_by_orders(orders: str) -> tuple[str, ...]:
    return (
        f"SELECT a.id FROM repair_order o JOIN appointment a ON a.vehicle_id = o.vehicle_id AND a.start_day = o.opened_day WHERE o.id IN {orders}",
        f"SELECT a.id FROM appointment a WHERE a.arrival_order_id IN {orders}",
        f"SELECT a.id FROM repair_order o JOIN appointment a ON a.source_id = o.source_id AND a.source_key = o.appointment_key WHERE o.id IN {orders}",
        "SELECT a.id FROM appointment a JOIN repair_order o ON o.source_id = a.source_id AND o.source_key = a.repair_order_key "
        f"WHERE a.repair_order_key IS NOT NULL AND o.id IN {orders}",
        "SELECT a.id FROM repair_order o JOIN appointment a ON a.start_day = o.opened_day AND (a.vehicle_id IS NULL OR o.vehicle_id IS NULL) "
        f"WHERE o.id IN {orders}",
    )


def _by_written_names(conn: Connection) -> None:
    """Where one of the two has no vehicle: the names as written, VIN before chassis before plate, of one vehicle only."""
    one_side = "(a.vehicle_id IS NULL OR o.vehicle_id IS NULL)"
    pair = (
        "boxes_due d JOIN appointment a ON a.id = d.id LEFT JOIN vehicle av ON av.id = a.vehicle_id "
        f"JOIN repair_order o ON o.opened_day = a.start_day AND {one_side} LEFT JOIN vehicle ov ON ov.id = o.vehicle_id"
    )
    a_tail = "coalesce(av.tail_rev, reverse(coalesce(a.vin, a.chassis)))"
    o_tail = "coalesce(ov.tail_rev, reverse(coalesce(o.vin, o.chassis)))"
    several = (
        "(SELECT count(*) FROM (SELECT 1 AS one FROM vehicle w WHERE "
        + between_tails(conn, "w.tail_rev", "reverse(a.chassis)")
        + " AND w.merged_into_id IS NULL LIMIT 2) n) > 1"
    )
    for match, alone in (
        (f"length({a_tail}) = 17 AND {a_tail} = {o_tail}", "true"),
        (
            f"length({a_tail}) >= {TAIL} AND length({o_tail}) >= {TAIL} AND (substr({a_tail}, 1, length({o_tail})) = {o_tail} "
            f"OR substr({o_tail}, 1, length({a_tail})) = {a_tail}) AND NOT (a.vehicle_id IS NULL AND {several})",
            f"count(DISTINCT coalesce(CAST(o.vehicle_id AS TEXT), {o_tail})) = 1",
        ),
        (
            "coalesce(av.plate, a.plate) = coalesce(ov.plate, o.plate) AND (a.chassis IS NULL OR o.chassis IS NULL) "
            "AND (a.vin IS NULL OR o.vin IS NULL)",
            "count(DISTINCT coalesce(CAST(o.vehicle_id AS TEXT), o.plate)) = 1",
        ),
    ):
        conn.execute(text(
            f"INSERT INTO boxes_arrived SELECT a.id, min(o.opened_at), 'order', min(o.id) FROM {pair} WHERE {TRUE_ORDER} AND {_OPEN} "
            f"AND {match} AND NOT EXISTS (SELECT 1 FROM boxes_arrived b WHERE b.id = a.id) GROUP BY a.id HAVING {alone}"
        ))  # fmt: skip


def _write(conn: Connection, ctx: Context) -> None:
    different = (
        "SELECT a.id FROM boxes_due d JOIN appointment a ON a.id = d.id LEFT JOIN boxes_arrived b ON b.id = d.id "
        "WHERE a.arrived_at IS DISTINCT FROM b.at OR a.arrival_basis IS DISTINCT FROM b.basis "
        "OR a.arrival_order_id IS DISTINCT FROM b.order_id"
    )
    touch(conn, "appointment", different)
    conn.execute(text(
        "UPDATE appointment AS a SET arrived_at = b.at, arrival_basis = b.basis, arrival_order_id = b.order_id FROM boxes_due d "
        f"LEFT JOIN boxes_arrived b ON b.id = d.id WHERE d.id = a.id AND a.id IN ({different})"
    ))  # fmt: skip
    conn.execute(
        text(
            "UPDATE appointment SET vanished_at = NULL, status = 'converted', row_hash = NULL, last_changed_run = :run "
            "WHERE vanished_at IS NOT NULL AND arrived_at IS NOT NULL AND id IN (SELECT id FROM boxes_due)"
        ),
        {"run": ctx.run_id},
    )
    conn.execute(text(
        "UPDATE repair_order AS o SET appointment_id = a.id FROM appointment a WHERE a.source_id = o.source_id "
        f"AND a.source_key = o.appointment_key AND o.id IN {touched('repair_order')} AND o.appointment_id IS DISTINCT FROM a.id"
    ))  # fmt: skip
    conn.execute(text("DROP TABLE boxes_arrived"))
    conn.execute(text("DROP TABLE boxes_due"))
