"""Records that turn out to be one: stubs into the vehicle that bears their name, customers that the DMS has merged
(DMS.md §3, §4).  Everything follows to the survivor; an alias row keeps what agents own, so that it can be taken back."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, text

from boxes_tui.data.search_words import remove
from boxes_tui.data.tables import metadata
from boxes_tui.dms.context import Context
from boxes_tui.dms.fed import move_fed
from boxes_tui.dms.ground import between_tails, touch, touched
from boxes_tui.dms.vehicle_names import FIRST, ONE, TAIL_MIN

DMS_TABLES: Final = ("sale_delivery", "appointment", "repair_order")
LEFT: Final = frozenset({"search_entry", "vehicle_owner", "claim", "person_secret", "subject_request", "alias"})
"""Tables that name a customer or vehicle and are not repointed row by row."""


def _tables(column: str) -> list[str]:
    return [t.name for t in metadata.sorted_tables if column in t.c and t.name not in LEFT]


def merge_stubs(conn: Connection, ctx: Context) -> int:
    """Stubs among the touched vehicles and their kin (``boxes_kin``) into the one vehicle that bears their VIN, their
    plate, or alone their tail. Returns how many were merged."""
    conn.execute(text("DROP TABLE IF EXISTS boxes_merge"))
    conn.execute(text("CREATE TEMP TABLE boxes_merge (old BIGINT PRIMARY KEY, new BIGINT)"))
    tails = between_tails(conn, "v.tail_rev", "r.tail_rev")
    agree = (
        "(r.tail_rev IS NULL OR v.tail_rev IS NULL OR substr(v.tail_rev, 1, length(r.tail_rev)) = r.tail_rev "
        "OR substr(r.tail_rev, 1, length(v.tail_rev)) = v.tail_rev) AND (r.plate IS NULL OR v.plate IS NULL OR v.plate = r.plate)"
    )
    stronger = "(NOT v.is_stub OR (v.vin IS NOT NULL AND r.vin IS NULL) OR v.id < r.id)"
    for given, match in (
        ("r.vin IS NOT NULL", "v.vin = r.vin"),
        ("r.vin IS NULL AND r.plate IS NOT NULL", "v.plate = r.plate"),
        (f"r.vin IS NULL AND r.plate IS NULL AND length(r.tail_rev) >= {TAIL_MIN}", tails),
    ):
        conn.execute(text(
            f"INSERT INTO boxes_merge (old, new) SELECT r.id, (SELECT CASE WHEN {ONE} THEN {FIRST} END FROM vehicle v "
            f"WHERE {match} AND {agree} AND {stronger} AND v.id <> r.id AND v.merged_into_id IS NULL) FROM vehicle r "
            f"WHERE r.id IN (SELECT id FROM boxes_kin) AND r.is_stub AND r.source_key IS NULL AND r.merged_into_id IS NULL "
            f"AND {given}"
        ))  # fmt: skip
    _settle_chains(conn)
    return _unite(conn, ctx, "vehicle", "vehicle_id")


def merge_customers(conn: Connection, ctx: Context) -> bool:
    """``merged_into_key``: everything to the survivor; a key taken away again gives it back. True when any was moved."""
    parted = _part_again(conn, ctx)
    conn.execute(text("DROP TABLE IF EXISTS boxes_merge"))
    conn.execute(text("CREATE TEMP TABLE boxes_merge (old BIGINT PRIMARY KEY, new BIGINT)"))
    conn.execute(
        text(
            "INSERT INTO boxes_merge (old, new) SELECT c.id, coalesce(k.merged_into_id, k.id) FROM customer c JOIN customer k "
            "ON k.source_id = c.source_id AND k.source_key = c.merged_into_key WHERE c.merged_into_key IS NOT NULL "
            f"AND c.id IN {touched('customer')} AND c.merged_into_id IS NULL AND coalesce(k.merged_into_id, k.id) <> c.id"
        )
    )
    _settle_chains(conn)
    united = _unite(conn, ctx, "customer", "customer_id")
    if united:
        conn.execute(text(
            "UPDATE customer AS c SET merged_into_id = m.new FROM boxes_merge m WHERE c.merged_into_id = m.old"
        ))  # fmt: skip
        for column in ("owner_id", "driver_id"):
            conn.execute(text(f"UPDATE vehicle AS v SET {column} = m.new FROM boxes_merge m WHERE v.{column} = m.old"))
    return bool(united or parted)


def _settle_chains(conn: Connection) -> None:
    """Old → new where new is itself going: straight to the last one; circles stay as they are."""
    for _ in range(8):
        done = conn.execute(text(
            "UPDATE boxes_merge AS b SET new = m.new FROM boxes_merge m WHERE m.old = b.new AND m.new IS NOT NULL AND m.new <> b.old"
        ))  # fmt: skip
        if not done.rowcount:
            break
    conn.execute(text("DELETE FROM boxes_merge WHERE new IS NULL"))
    conn.execute(text("DELETE FROM boxes_merge WHERE new IN (SELECT old FROM boxes_merge)"))


def _unite(conn: Connection, ctx: Context, entity: str, column: str) -> int:
    pairs = {int(old): int(new) for old, new in conn.execute(text("SELECT old, new FROM boxes_merge"))}
    if not pairs:
        return 0
    moved: dict[int, dict[str, list[int]]] = {}
    for table in _tables(column):
        if table in ("opportunity", "campaign_unit") and entity == "vehicle":
            _make_room(conn, table)
        if table in DMS_TABLES:
            touch(conn, table, f"SELECT id FROM {table} WHERE {column} IN (SELECT old FROM boxes_merge)")
        else:
            for row_id, old in conn.execute(
                text(f"SELECT id, {column} FROM {table} WHERE {column} IN (SELECT old FROM boxes_merge)")
            ):
                moved.setdefault(int(old), {}).setdefault(table, []).append(int(row_id))
        conn.execute(text(f"UPDATE {table} AS t SET {column} = m.new FROM boxes_merge m WHERE t.{column} = m.old"))
    _owners(conn, entity, column)
    conn.execute(text(f"UPDATE {entity} AS t SET merged_into_id = m.new FROM boxes_merge m WHERE t.id = m.old"))
    touch(conn, entity, "SELECT new AS id FROM boxes_merge")
    if entity == "vehicle":
        move_fed(conn, ctx, entity, pairs)
    remove(conn, entity, list(pairs))
    sql = (
        "INSERT INTO alias (entity, source_id, source_key, old_id, row_id, moved, run_id) "
        f"SELECT CAST(:e AS TEXT), source_id, source_key, id, merged_into_id, CAST(:moved AS TEXT), CAST(:run AS INTEGER) FROM {entity} WHERE id = :id"
    )
    rows = [{"e": entity, "id": old, "moved": json.dumps(moved.get(old, {})), "run": ctx.run_id} for old in pairs]
    for start in range(0, len(rows), 5000):
        conn.execute(text(sql), rows[start : start + 5000])
    return len(pairs)


def _make_room(conn: Connection, table: str) -> None:
    """One open opportunity per vehicle and origin, one unit per campaign: the survivor's own, else the oldest, stays."""
    what, open_ = ("origin", "t.state = 'open'") if table == "opportunity" else ("campaign_id", "true")
    rows: list[Any] = list(conn.execute(text(
        f"SELECT t.id, coalesce(m.new, t.vehicle_id), t.{what}, m.old IS NULL FROM {table} t LEFT JOIN boxes_merge m ON m.old = t.vehicle_id "
        f"WHERE {open_} AND (m.old IS NOT NULL OR t.vehicle_id IN (SELECT new FROM boxes_merge)) ORDER BY 2, 3, 4 DESC, 1"
    )))  # fmt: skip
    seen, extra = set(), []
    for row_id, unit, group, _own in rows:
        if (unit, group) in seen:
            extra.append(int(row_id))
        seen.add((unit, group))
    if not extra:
        return
    marks = ", ".join(map(str, extra))
    if table == "opportunity":
        conn.execute(text(f"UPDATE opportunity SET state = 'cancelled', reason = 'duplicate' WHERE id IN ({marks})"))
    else:
        conn.execute(text(f"DELETE FROM campaign_unit WHERE id IN ({marks})"))


def _owners(conn: Connection, entity: str, column: str) -> None:
    if entity == "vehicle":
        conn.execute(text(
            "DELETE FROM vehicle_owner WHERE vehicle_id IN (SELECT old FROM boxes_merge b WHERE EXISTS "
            "(SELECT 1 FROM vehicle_owner o WHERE o.vehicle_id = b.new))"
        ))  # fmt: skip
    conn.execute(text(f"UPDATE vehicle_owner AS o SET {column} = m.new FROM boxes_merge m WHERE o.{column} = m.old"))


def _part_again(conn: Connection, ctx: Context) -> int:
    """Customers whose ``merged_into_key`` the DMS has taken back: rows return by their keys, agents' by the alias. Returns
    how many."""
    rows = conn.execute(
        text(
            "SELECT a.id, a.old_id, a.row_id, a.moved FROM alias a JOIN customer c ON c.id = a.old_id "
            f"WHERE a.entity = 'customer' AND a.undone_at IS NULL AND a.run_id IS NOT NULL AND c.id IN {touched('customer')} "
            "AND c.merged_into_key IS NULL AND c.merged_into_id IS NOT NULL AND NOT c.is_stub"
        )
    ).all()
    for alias_id, old, new, moved in rows:
        for table, ids in json.loads(moved or "{}").items():
            marks = ", ".join(str(int(i)) for i in ids)
            conn.execute(
                text(f"UPDATE {table} SET customer_id = :old WHERE id IN ({marks}) AND customer_id = :new"),
                {"old": old, "new": new},
            )
        conn.execute(text("UPDATE customer SET merged_into_id = NULL WHERE id = :id"), {"id": old})
        conn.execute(text("UPDATE alias SET undone_at = :now WHERE id = :id"), {"now": ctx.now, "id": alias_id})
        for table in DMS_TABLES:
            touch(
                conn, table,
                f"SELECT t.id FROM {table} t JOIN customer c ON c.source_id = t.source_id AND c.source_key = t.customer_key "
                "WHERE c.id = :old", {"old": old},
            )  # fmt: skip
        touch(
            conn, "vehicle",
            "SELECT v.id FROM vehicle v JOIN customer c ON c.source_id = v.source_id AND c.source_key IN (v.owner_key, v.driver_key) "
            "WHERE c.id = :old", {"old": old},
        )  # fmt: skip
    return len(rows)
