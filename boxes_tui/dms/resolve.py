"""References as written → rows (DMS.md §3): customers and orders by key, vehicles by any of their names.

They are written with the rows of a read, and looked at again at the end of a run for old rows that they may concern."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from boxes_tui.dms.context import WRITTEN, Context, Counts
from boxes_tui.dms.ground import analyze, between_tails, touch, touched
from boxes_tui.dms.stage import Staged
from boxes_tui.dms.vehicle_names import (
    NAME,
    NAMED,
    NAMES,
    REFERRING,
    TAIL_MIN,
    collect,
    enrich,
    look_up,
    missing_stubs,
    new_refs,
)


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
    new_refs(conn)
    collect(conn, rows, NAMED)
    look_up(conn)
    counts.stubs += missing_stubs(conn, ctx)
    enrich(conn, ctx)
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
    new_refs(conn)
    for table in tables:
        collect(conn, table, _rows(table, old_rows))
    if conn.execute(text("SELECT 1 FROM boxes_ref LIMIT 1")).scalar() is None:
        return 0
    look_up(conn)
    made = missing_stubs(conn, ctx)
    enrich(conn, ctx)
    for table in tables:
        _point(conn, table, old_rows)
    return made


def _point(conn: Connection, table: str, old_rows: bool) -> None:
    """Point the rows of a table to the vehicles found; those that change count as touched."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_moved"))
    conn.execute(text(
        f"CREATE TEMP TABLE boxes_moved AS SELECT t.id, r.found FROM {table} t JOIN boxes_ref r ON r.name = {NAME} "
        f"WHERE {_rows(table, old_rows)} AND t.vehicle_id IS DISTINCT FROM r.found AND NOT (r.found IS NULL AND r.keep)"
    ))  # fmt: skip
    analyze(conn, "boxes_moved")
    conn.execute(text(f"UPDATE {table} AS t SET vehicle_id = m.found FROM boxes_moved m WHERE m.id = t.id"))
    touch(conn, table, "SELECT id FROM boxes_moved")
    conn.execute(text("DROP TABLE boxes_moved"))


def _rows(table: str, old_rows: bool) -> str:
    """Touched rows; or rows without a vehicle, those that late stubs may concern, and old rows that any may."""
    if not old_rows:
        return f"{NAMED} AND t.id IN {touched(table)}"
    return (
        f"{NAMED} AND (t.vehicle_id IS NULL OR t.vehicle_id IN (SELECT id FROM boxes_kin WHERE late) "
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
