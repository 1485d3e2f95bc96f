"""References as written → rows (DMS.md §3): customers and orders by key, vehicles by any of their names.

A vehicle's name counts in the order key, VIN, chassis, plate: the first that leads to exactly one vehicle decides, and
that vehicle must not contradict the other names.  Vehicles of the row's own source come before those of others, both
before stubs, and those before vehicles that the DMS no longer lists.  Two of the same kind are never guessed between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.dms.context import WRITTEN, Context, Counts
from boxes_tui.dms.ground import analyze, between_tails, touch, touched
from boxes_tui.dms.stage import Staged

REFERRING: Final = ("sale_delivery", "appointment", "repair_order")
NAMES: Final = ("vehicle_key", "vin", "chassis", "plate")
TAIL_MIN: Final = 6
_NAMED = "(t.vehicle_key IS NOT NULL OR t.vin IS NOT NULL OR t.chassis IS NOT NULL OR t.plate IS NOT NULL)"
_NAME = (
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


@dataclass(frozen=True, slots=True)
class Link:
    """A reference column that is written with the staged rows (alias ``s``): how it is joined, and its values for new and
    for changed rows (alias ``t`` is the stored row)."""

    column: str
    join: str
    new: str
    changed: str


def customer_links(staged: Staged, source_id: int) -> list[Link]:
    """The customers that staged rows name by key; every key has a row, be it a stub (:func:`key_stubs`). A merged
    customer's rows go to the survivor."""
    made = []
    names = {"customer_key": "customer_id", "owner_key": "owner_id", "driver_key": "driver_id"}
    for n, (key, column) in enumerate(names.items()):
        if key in staged.shape.fields and column in staged.shape.table.c:
            join = f"LEFT JOIN customer c{n} ON c{n}.source_id = {source_id} AND c{n}.source_key = s.{key}"
            found = f"coalesce(c{n}.merged_into_id, c{n}.id)"
            loose = f"t.{column}" if "customer" in staged.fed else "CAST(NULL AS BIGINT)"
            made.append(Link(column, join, found, f"CASE WHEN s.{key} IS NOT NULL THEN {found} ELSE {loose} END"))
    return made


def vehicle_link(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> Link | None:
    """The vehicles that staged rows name, looked up before the rows are written; makes the stubs that are missing."""
    table, fields = staged.shape.table.name, staged.shape.fields
    if table not in REFERRING or not any(f in fields for f in NAMES):
        return None
    names = ", ".join(f"s.{f} AS {f}" if f in fields else f"CAST(NULL AS TEXT) AS {f}" for f in NAMES)
    rows = (
        f"(SELECT s.rn AS id, CAST({ctx.source_id} AS BIGINT) AS source_id, x.vehicle_id, {names} FROM boxes_stage s "
        f"LEFT JOIN {table} x ON x.id = s.row_id WHERE {WRITTEN})"
    )
    _new_refs(conn)
    _collect(conn, rows, _NAMED)
    _look_up(conn)
    counts.stubs += _stubs(conn, ctx)
    _enrich(conn, ctx)
    parts = [f"coalesce(s.{f}, '')" if f in fields else "''" for f in NAMES]
    name = " || '|' || ".join([*parts, f"'{ctx.source_id}'"])
    return Link(
        "vehicle_id", f"LEFT JOIN boxes_ref r ON r.name = ({name})", "r.found",
        "CASE WHEN s.skipped IS NOT NULL OR (r.found IS NULL AND r.keep) THEN t.vehicle_id ELSE r.found END",
    )  # fmt: skip


def customer_refs(conn: Connection, tables: tuple[str, ...] = (*REFERRING, "vehicle")) -> None:
    """Customers of the touched rows by their keys; a merged customer's rows go to the survivor."""
    keys = {"vehicle": (("owner_key", "owner_id"), ("driver_key", "driver_id"))}
    for table, key, column in ((t, k, c) for t in tables for k, c in keys.get(t, (("customer_key", "customer_id"),))):
        conn.execute(text(
            f"UPDATE {table} AS t SET {column} = coalesce(c.merged_into_id, c.id) FROM customer c "
            f"WHERE t.id IN {touched(table)} AND c.source_id = t.source_id AND c.source_key = t.{key} "
            f"AND t.{column} IS DISTINCT FROM coalesce(c.merged_into_id, c.id)"
        ))  # fmt: skip


def key_stubs(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """A stub for every customer that this read names by a key which nobody knows yet."""
    for column in ("customer_key", "owner_key", "driver_key", "merged_into_key"):
        if column not in staged.shape.fields:
            continue
        before = conn.execute(text("SELECT coalesce(max(id), 0) FROM customer")).scalar_one()
        done = conn.execute(
            text(
                "INSERT INTO customer (source_id, source_key, first_seen_run, last_changed_run, is_stub) "
                f"SELECT DISTINCT CAST(:s AS BIGINT), s.{column}, CAST(:run AS INTEGER), CAST(:run AS INTEGER), true "
                f"FROM boxes_stage s WHERE s.st = 'k' AND s.{column} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM customer c WHERE c.source_id = :s AND c.source_key = s.{column})"
            ),
            {"s": ctx.source_id, "run": ctx.run_id},
        )
        counts.stubs += max(0, done.rowcount)
        touch(conn, "customer", "SELECT id FROM customer WHERE id > :before AND source_id = :s AND is_stub",
              {"before": before, "s": ctx.source_id})  # fmt: skip


def order_refs(conn: Connection, ctx: Context) -> int:
    """Orders of lines and incidents; a missing parent becomes a stub. Returns how many stubs were made."""
    made = 0
    for table in ("repair_order_line", "incident"):
        done = conn.execute(
            text(
                "INSERT INTO repair_order (source_id, source_key, first_seen_run, last_changed_run, is_stub) "
                "SELECT DISTINCT t.source_id, t.repair_order_key, CAST(:run AS INTEGER), CAST(:run AS INTEGER), true "
                f"FROM {table} t WHERE t.source_id = :s AND t.order_id IS NULL AND t.gone_at IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM repair_order o WHERE o.source_id = t.source_id AND o.source_key = t.repair_order_key)"
            ),
            {"s": ctx.source_id, "run": ctx.run_id},
        )
        made += max(0, done.rowcount)
        conn.execute(
            text(
                f"UPDATE {table} AS t SET order_id = o.id FROM repair_order o WHERE t.source_id = :s "
                "AND (t.order_id IS NULL OR t.last_changed_run = :run) AND o.source_id = t.source_id "
                "AND o.source_key = t.repair_order_key AND t.order_id IS DISTINCT FROM o.id"
            ),
            {"s": ctx.source_id, "run": ctx.run_id},
        )
    return made


def vehicle_refs(conn: Connection, ctx: Context, tables: tuple[str, ...] = REFERRING, *, old_rows: bool = False) -> int:
    """Vehicles of the touched rows of these tables; with ``old_rows`` instead of all rows that the vehicles of
    ``boxes_kin`` may concern.  Rows whose vehicle changes count as touched. Returns how many stubs were made."""
    _new_refs(conn)
    for table in tables:
        _collect(conn, table, _rows(table, old_rows))
    if conn.execute(text("SELECT 1 FROM boxes_ref LIMIT 1")).scalar() is None:
        return 0
    _look_up(conn)
    made = _stubs(conn, ctx)
    _enrich(conn, ctx)
    for table in tables:
        _point(conn, table, old_rows)
    return made


def _point(conn: Connection, table: str, old_rows: bool) -> None:
    """Point the rows of a table to the vehicles found; those that change count as touched."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_moved"))
    conn.execute(text(
        f"CREATE TEMP TABLE boxes_moved AS SELECT t.id, r.found FROM {table} t JOIN boxes_ref r ON r.name = {_NAME} "
        f"WHERE {_rows(table, old_rows)} AND t.vehicle_id IS DISTINCT FROM r.found AND NOT (r.found IS NULL AND r.keep)"
    ))  # fmt: skip
    analyze(conn, "boxes_moved")
    conn.execute(text(f"UPDATE {table} AS t SET vehicle_id = m.found FROM boxes_moved m WHERE m.id = t.id"))
    touch(conn, table, "SELECT id FROM boxes_moved")
    conn.execute(text("DROP TABLE boxes_moved"))


def _rows(table: str, old_rows: bool) -> str:
    """Touched rows; or rows without a vehicle, those that late stubs may concern, and old rows that any may."""
    if not old_rows:
        return f"{_NAMED} AND t.id IN {touched(table)}"
    return (
        f"{_NAMED} AND (t.vehicle_id IS NULL OR t.vehicle_id IN (SELECT id FROM boxes_kin WHERE late) "
        f"OR (t.vehicle_id IN (SELECT id FROM boxes_kin) AND t.id NOT IN {touched(table)}))"
    )


def gather_kin(conn: Connection) -> None:
    """``boxes_kin``: the touched vehicles and those that share a plate or the end of the chassis with one of them; ``late``
    where that one is a stub, which may have come after the rows of this run were resolved."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_kin"))
    conn.execute(text("CREATE TEMP TABLE boxes_kin (id BIGINT PRIMARY KEY, late BOOLEAN NOT NULL)"))
    tail = between_tails(conn, "k.tail_rev", f"substr(v.tail_rev, 1, {TAIL_MIN})")
    analyze(conn, "boxes_touched")
    for late in ("v.is_stub", "NOT v.is_stub"):
        mine = f"v.id IN {touched('vehicle')} AND {late}"
        for query in (
            f"SELECT v.id FROM vehicle v WHERE {mine}",
            f"SELECT k.id FROM vehicle v JOIN vehicle k ON k.plate = v.plate WHERE {mine}",
            f"SELECT k.id FROM vehicle v JOIN vehicle k ON {tail} WHERE {mine} AND length(v.tail_rev) >= {TAIL_MIN}",
        ):
            conn.execute(text(
                f"INSERT INTO boxes_kin SELECT DISTINCT q.id, {'true' if late == 'v.is_stub' else 'false'} FROM ({query}) q "
                "WHERE true ON CONFLICT (id) DO NOTHING"
            ))  # fmt: skip
    analyze(conn, "boxes_kin")


def _new_refs(conn: Connection) -> None:
    conn.execute(text("DROP TABLE IF EXISTS boxes_ref"))
    conn.execute(
        text(
            "CREATE TEMP TABLE boxes_ref (name TEXT PRIMARY KEY, source_id BIGINT, k TEXT, vin TEXT, plate TEXT, "
            "vrev TEXT, rev TEXT, held BIGINT, found BIGINT, keep BOOLEAN NOT NULL DEFAULT false)"
        )
    )


def _collect(conn: Connection, table: str, where: str) -> None:
    """Into ``boxes_ref``: every distinct way in which rows (alias ``t``) name a vehicle. A chassis of 17 is a VIN."""
    vin = "CASE WHEN length(t.vin) = 17 THEN t.vin WHEN t.vin IS NULL AND length(t.chassis) = 17 THEN t.chassis END"
    tail = "CASE WHEN t.chassis IS NULL AND length(t.vin) <> 17 THEN t.vin ELSE t.chassis END"
    conn.execute(text(
        f"INSERT INTO boxes_ref (name, source_id, k, vin, plate, vrev, rev, held) SELECT {_NAME}, t.source_id, "
        f"t.vehicle_key, {vin}, t.plate, reverse({vin}), reverse({tail}), max(t.vehicle_id) FROM {table} t "
        f"WHERE {where} GROUP BY t.source_id, t.vehicle_key, t.vin, t.chassis, t.plate ON CONFLICT (name) DO NOTHING"
    ))  # fmt: skip
    analyze(conn, "boxes_ref")


def _look_up(conn: Connection) -> None:
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


def _stubs(conn: Connection, ctx: Context) -> int:
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
        made += _make_stubs(conn, ctx, where, group, given)
        _look_up(conn)
    return made


def _make_stubs(conn: Connection, ctx: Context, where: str, group: str, given: str) -> int:
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


def _enrich(conn: Connection, ctx: Context) -> None:
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
        rows = conn.execute(text(found)).all()
        for start in range(0, len(rows), 5000):
            block = [{"id": i, "value": v, "run": ctx.run_id} for i, v in rows[start : start + 5000]]
            extra = ", tail_rev = reverse(CAST(:value AS TEXT))" if column == "vin" else ""
            conn.execute(
                text(f"UPDATE vehicle SET {column} = :value{extra}, last_changed_run = :run WHERE id = :id"), block
            )
        _touch_ids(conn, [int(i) for i, _v in rows])


def _touch_ids(conn: Connection, ids: list[int]) -> None:
    """Note vehicles as touched."""
    for start in range(0, len(ids), 500):
        marks = ", ".join(map(str, ids[start : start + 500]))
        touch(conn, "vehicle", f"SELECT id FROM vehicle WHERE id IN ({marks})")
