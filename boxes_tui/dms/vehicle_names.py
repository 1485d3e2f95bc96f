"""The ways in which rows name a vehicle, and the vehicles that they lead to (DMS.md §3).

A vehicle's name counts in the order key, VIN, chassis, plate: the first that leads to exactly one vehicle decides, and
that vehicle must not contradict the other names.  Vehicles of the row's own source come before those of others, both
before stubs, and those before vehicles that the DMS no longer lists.  Two of the same kind are never guessed between.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.ground import analyze, between_tails, touch

REFERRING: Final = ("sale_delivery", "appointment", "repair_order")
NAMES: Final = ("vehicle_key", "vin", "chassis", "plate")
TAIL_MIN: Final = 6
NAMED = "(t.vehicle_key IS NOT NULL OR t.vin IS NOT NULL OR t.chassis IS NOT NULL OR t.plate IS NOT NULL)"
NAME = (
    "(coalesce(t.vehicle_key, '') || '|' || coalesce(t.vin, '') || '|' || coalesce(t.chassis, '') || '|' || "
    "coalesce(t.plate, '') || '|' || CAST(t.source_id AS TEXT))"
)
_CLASS = "CASE WHEN v.gone_at IS NOT NULL THEN 3 WHEN v.is_stub THEN 2 WHEN v.source_id = r.source_id THEN 0 ELSE 1 END"
_WEIGHT = f"CASE {_CLASS} WHEN 0 THEN 1000000000000000 WHEN 1 THEN 10000000000 WHEN 2 THEN 100000 ELSE 1 END"
_SUM = f"sum({_WEIGHT})"
ONE = (
    f"CASE WHEN {_SUM} >= 1000000000000000 THEN {_SUM} < 2000000000000000 WHEN {_SUM} >= 10000000000 "
    f"THEN {_SUM} < 20000000000 WHEN {_SUM} >= 100000 THEN {_SUM} < 200000 ELSE {_SUM} = 1 END"
)
FIRST = f"min(CAST({_CLASS} AS BIGINT) * 10000000000000 + v.id) % 10000000000000"
_AGREES = (
    "(r.vrev IS NULL OR v.tail_rev IS NULL OR substr(r.vrev, 1, length(v.tail_rev)) = v.tail_rev) "
    "AND (r.rev IS NULL OR v.tail_rev IS NULL OR substr(v.tail_rev, 1, length(r.rev)) = r.rev "
    "OR substr(r.rev, 1, length(v.tail_rev)) = v.tail_rev) "
    "AND (r.k IS NULL OR v.source_key IS NULL OR v.source_id <> r.source_id OR v.source_key = r.k)"
)
_PLATE = "(r.plate IS NULL OR v.plate IS NULL OR v.plate = r.plate)"
_NEW_PLATE = (
    f"({_PLATE} OR NOT EXISTS (SELECT 1 FROM vehicle w WHERE w.plate = r.plate AND w.merged_into_id IS NULL "
    "AND w.id <> v.id AND NOT w.is_stub))"
)
"""A vehicle known by key or VIN may have a new plate, unless another vehicle bears that plate."""


def new_refs(conn: Connection) -> None:
    conn.execute(text("DROP TABLE IF EXISTS boxes_ref"))
    conn.execute(
        text(
            "CREATE TEMP TABLE boxes_ref (name TEXT PRIMARY KEY, source_id BIGINT, k TEXT, vin TEXT, plate TEXT, "
            "vrev TEXT, rev TEXT, held BIGINT, found BIGINT, keep BOOLEAN NOT NULL DEFAULT false)"
        )
    )


def collect(conn: Connection, table: str, where: str) -> None:
    """Into ``boxes_ref``: every distinct way in which rows (alias ``t``) name a vehicle. A chassis of 17 is a VIN."""
    vin = "CASE WHEN length(t.vin) = 17 THEN t.vin WHEN t.vin IS NULL AND length(t.chassis) = 17 THEN t.chassis END"
    tail = "CASE WHEN t.chassis IS NULL AND length(t.vin) <> 17 THEN t.vin ELSE t.chassis END"
    conn.execute(text(
        f"INSERT INTO boxes_ref (name, source_id, k, vin, plate, vrev, rev, held) SELECT {NAME}, t.source_id, "
        f"t.vehicle_key, {vin}, t.plate, reverse({vin}), reverse({tail}), max(t.vehicle_id) FROM {table} t "
        f"WHERE {where} GROUP BY t.source_id, t.vehicle_key, t.vin, t.chassis, t.plate ON CONFLICT (name) DO NOTHING"
    ))  # fmt: skip
    analyze(conn, "boxes_ref")


def look_up(conn: Connection) -> None:
    """Find the vehicle of every reference that has none yet."""
    tails = between_tails(conn, "v.tail_rev", "r.rev")
    steps = [
        ("r.k IS NOT NULL", f"v.source_id = r.source_id AND v.source_key = r.k AND {_NEW_PLATE}"),
        ("r.vin IS NOT NULL", f"v.vin = r.vin AND {_NEW_PLATE}"),
        (f"length(r.rev) >= {TAIL_MIN}", f"{tails} AND {_PLATE}"),
        (f"length(r.rev) < {TAIL_MIN}", f"v.tail_rev = r.rev AND {_PLATE}"),
    ]
    short = "SELECT 1 FROM vehicle WHERE vin IS NULL AND chassis IS NOT NULL AND length(chassis) < 17 LIMIT 1"
    if conn.execute(text(short)).scalar() is not None:  # vehicles of which only the end of the VIN is known
        ends = ", ".join(f"substr(coalesce(r.vrev, r.rev), 1, {n})" for n in range(TAIL_MIN, 17))
        steps.insert(3, ("coalesce(r.vrev, r.rev) IS NOT NULL", f"v.tail_rev IN ({ends}) AND {_PLATE}"))
    steps.append(("r.plate IS NOT NULL", "v.plate = r.plate"))
    for given, match in steps:
        conn.execute(text(
            f"UPDATE boxes_ref AS r SET found = (SELECT CASE WHEN {ONE} THEN {FIRST} END FROM vehicle v WHERE {match} "
            f"AND {_AGREES} AND v.merged_into_id IS NULL) WHERE r.found IS NULL AND {given}"
        ))  # fmt: skip


def _used(name: str, value: str) -> str:
    return f"EXISTS (SELECT 1 FROM vehicle v WHERE v.{name} = {value} AND v.merged_into_id IS NULL)"


def missing_stubs(conn: Connection, ctx: Context) -> int:
    """A stub for each unknown key, VIN and plate, in this order; a name that a vehicle already bears makes none."""
    tail = between_tails(conn, "v.tail_rev", "r.rev")
    conn.execute(text(
        f"UPDATE boxes_ref AS r SET keep = true WHERE r.found IS NULL AND r.held IS NOT NULL AND NOT {_used('vin', 'r.vin')} "
        f"AND NOT {_used('plate', 'r.plate')} AND NOT EXISTS (SELECT 1 FROM vehicle v WHERE {tail} AND v.merged_into_id IS NULL)"
    ))  # fmt: skip
    known_key = (
        "EXISTS (SELECT 1 FROM vehicle v WHERE v.source_id = r.source_id AND v.source_key = r.k)"  # also a merged one
    )
    made = 0
    for given, used, group in (
        ("r.k", known_key, "r.source_id, r.k"),
        ("r.vin", _used("vin", "r.vin"), "r.vin"),
        ("r.plate", _used("plate", "r.plate"), "r.plate"),
    ):
        where = f"r.found IS NULL AND NOT r.keep AND {given} IS NOT NULL AND NOT {used}"
        if conn.execute(text(f"SELECT 1 FROM boxes_ref r WHERE {where} LIMIT 1")).scalar() is None:
            continue
        made += _insert_stubs(conn, ctx, where, group, given)
        look_up(conn)
    return made


def _insert_stubs(conn: Connection, ctx: Context, where: str, group: str, given: str) -> int:
    def only(column: str) -> str:
        return f"CASE WHEN min({column}) = max({column}) THEN min({column}) END"

    free_vin = f"CASE WHEN {_used('vin', 'r.vin')} THEN NULL ELSE r.vin END"
    free_plate = f"CASE WHEN {_used('plate', 'r.plate')} THEN NULL ELSE r.plate END"
    before = conn.execute(text("SELECT coalesce(max(id), 0) FROM vehicle")).scalar_one()
    key = "q.k" if given == "r.k" else "NULL"
    done = conn.execute(
        text(
            "INSERT INTO vehicle (source_id, source_key, vin, chassis, plate, tail_rev, first_seen_run, last_changed_run, "
            f"is_stub) SELECT q.source_id, {key}, q.vin, CASE WHEN q.vin IS NULL THEN reverse(q.rev) END, q.plate, "
            "coalesce(reverse(q.vin), q.rev), CAST(:run AS INTEGER), CAST(:run AS INTEGER), true FROM ("
            f"SELECT min(r.source_id) AS source_id, min(r.k) AS k, {only('r.free_vin')} AS vin, {only('r.free_plate')} AS plate, "
            f"{only('r.rev')} AS rev FROM (SELECT r.*, {free_vin} AS free_vin, {free_plate} AS free_plate FROM boxes_ref r "
            f"WHERE {where}) r GROUP BY {group}) q"
        ),
        {"run": ctx.run_id},
    )
    touch(conn, "vehicle", "SELECT id FROM vehicle WHERE id > :before AND is_stub", {"before": before})
    return int(max(0, done.rowcount))


def enrich(conn: Connection, ctx: Context) -> None:
    """A stub takes over what other rows that mean it say of its names, where no other vehicle bears the name."""
    for column, value, weaker in (
        ("vin", "r.vin", "false"),
        ("plate", "r.plate", "(w.is_stub AND w.vin IS NULL)"),  # such a stub merges into this one afterwards
    ):
        found = (
            f"SELECT r.found AS id, min({value}) AS value FROM boxes_ref r JOIN vehicle v ON v.id = r.found AND v.is_stub "
            f"AND v.{column} IS NULL WHERE {value} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM vehicle w "
            f"WHERE w.{column} = {value} AND w.merged_into_id IS NULL AND NOT {weaker}) GROUP BY r.found "
            f"HAVING min({value}) = max({value})"
        )
        conn.execute(text("DROP TABLE IF EXISTS boxes_more"))
        conn.execute(text(f"CREATE TEMP TABLE boxes_more AS {found}"))
        extra = ", tail_rev = reverse(m.value)" if column == "vin" else ""
        conn.execute(
            text(
                f"UPDATE vehicle AS v SET {column} = m.value{extra}, last_changed_run = :run FROM boxes_more m WHERE m.id = v.id"
            ),
            {"run": ctx.run_id},
        )
        touch(conn, "vehicle", "SELECT id FROM boxes_more")
        conn.execute(text("DROP TABLE boxes_more"))
