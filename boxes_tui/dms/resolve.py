"""References as written → rows (DMS.md §3): customers by key, orders by key, vehicles by any of their names; stubs and
their merging.  Resolved again at the end of every run, for old rows too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.data.search_words import remove
from boxes_tui.dms.apply import Context

REFERRING = ("sale_delivery", "appointment", "repair_order")
NAMES = ("vehicle_key", "vin", "chassis", "plate")
TAIL_MIN = 6
VEHICLE_OWNED = ("sale_delivery", "appointment", "repair_order", "opportunity", "campaign_unit", "call", "note",
                 "complaint", "claim", "search_entry")  # fmt: skip

Name = tuple[str | None, str | None, str | None, str | None]


def customers(conn: Connection, ctx: Context) -> None:
    """Customer keys of deliveries, appointments and orders, owners and drivers of vehicles."""
    for table, key, column in (
        *((t, "customer_key", "customer_id") for t in REFERRING),
        ("vehicle", "owner_key", "owner_id"),
        ("vehicle", "driver_key", "driver_id"),
    ):
        conn.execute(
            text(
                f"UPDATE {table} AS t SET {column} = c.id FROM customer c WHERE t.source_id = :s AND t.{key} IS NOT NULL "
                f"AND c.source_id = t.source_id AND c.source_key = t.{key} AND c.merged_into_id IS NULL "
                f"AND t.{column} IS DISTINCT FROM c.id"
            ),
            {"s": ctx.source_id},
        )
        conn.execute(
            text(
                f"UPDATE {table} AS t SET {column} = a.row_id FROM alias a WHERE t.source_id = :s AND t.{key} IS NOT NULL "
                f"AND a.entity = 'customer' AND a.source_id = t.source_id AND a.source_key = t.{key} "
                f"AND a.undone_at IS NULL AND t.{column} IS DISTINCT FROM a.row_id"
            ),
            {"s": ctx.source_id},
        )


def orders(conn: Connection, ctx: Context) -> int:
    """Orders of lines and incidents, and of the appointments that name one; a missing parent becomes a stub."""
    made = 0
    for table in ("repair_order_line", "incident"):
        done = conn.execute(
            text(
                "INSERT INTO repair_order (source_id, source_key, first_seen_run, last_changed_run, is_stub) "
                f"SELECT DISTINCT t.source_id, t.repair_order_key, CAST(:run AS INTEGER), CAST(:run AS INTEGER), true FROM {table} t "
                "WHERE t.source_id = :s AND t.order_id IS NULL AND t.gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM repair_order o "
                "WHERE o.source_id = t.source_id AND o.source_key = t.repair_order_key)"
            ),
            {"s": ctx.source_id, "run": ctx.run_id},
        )
        made += max(0, done.rowcount)
        conn.execute(
            text(
                f"UPDATE {table} AS t SET order_id = o.id FROM repair_order o WHERE t.source_id = :s AND o.source_id = t.source_id "
                "AND o.source_key = t.repair_order_key AND t.order_id IS DISTINCT FROM o.id"
            ),
            {"s": ctx.source_id},
        )
    return made


def vehicles(conn: Connection, ctx: Context, *, everything: bool, tables: Iterable[str] = REFERRING) -> int:
    """Resolve vehicle references; returns how many stubs were made.

    ``everything``: vehicles appeared or changed, so old rows are looked at again; else only rows of this run and those
    without a vehicle.
    """
    finder = _Finder(conn, ctx)
    made = 0
    for table in tables:
        where = "t.source_id = :s AND (t.vehicle_key IS NOT NULL OR t.vin IS NOT NULL OR t.chassis IS NOT NULL OR t.plate IS NOT NULL)"
        if not everything:
            where += " AND (t.last_changed_run >= :since OR t.vehicle_id IS NULL)"
        rows = conn.execute(
            text(
                f"SELECT t.id, t.vehicle_id, t.vehicle_key, t.vin, t.chassis, t.plate FROM {table} t WHERE {where} ORDER BY t.id"
            ),
            {"s": ctx.source_id, "since": ctx.since_run},
        ).all()
        finder.prepare({_names(r[2:]) for r in rows})
        updates = []
        for row_id, now, *names in rows:
            found = finder.find(_names(names))
            if found is None:
                found, new = finder.stub(_names(names))
                made += new
            if found != now:
                updates.append({"id": row_id, "v": found})
        for start in range(0, len(updates), 5000):
            conn.execute(text(f"UPDATE {table} SET vehicle_id = :v WHERE id = :id"), updates[start : start + 5000])
    return made


def _names(values: Iterable[Any]) -> Name:
    key, vin, chassis, plate = values
    if chassis and len(chassis) == 17 and not vin:
        vin, chassis = chassis, None
    return key, vin, chassis, plate


class _Finder:
    """Candidates of vehicle names: real vehicles before stubs; all that are given must agree."""

    def __init__(self, conn: Connection, ctx: Context) -> None:
        self.conn, self.ctx = conn, ctx
        self._found: dict[tuple[str, str], dict[int, bool]] = {}
        self._stubs: dict[Name, int] = {}

    def prepare(self, names: set[Name]) -> None:
        """Look up every name of a batch."""
        for place, column in ((0, "source_key"), (1, "vin"), (3, "plate")):
            wanted = sorted({n[place] for n in names if n[place] and (column, n[place]) not in self._found})  # type: ignore[type-var]
            for value in wanted:
                self._found[(column, str(value))] = {}
            for start in range(0, len(wanted), 500):
                chunk = wanted[start : start + 500]
                marks = ", ".join(f":p{n}" for n in range(len(chunk)))
                scope = "AND source_id = :s" if column == "source_key" else ""
                rows = self.conn.execute(
                    text(
                        f"SELECT {column}, id, is_stub FROM vehicle WHERE {column} IN ({marks}) {scope} "
                        "AND merged_into_id IS NULL AND gone_at IS NULL"
                    ),
                    {"s": self.ctx.source_id, **{f"p{n}": v for n, v in enumerate(chunk)}},
                )
                for value, row_id, is_stub in rows:
                    self._found[(column, value)][row_id] = bool(is_stub)
        for n in names:
            if n[2] and ("chassis", n[2]) not in self._found:
                self._found[("chassis", n[2])] = self._tail(n[2])
            if n[1] and len(n[1]) < 17 and not self._found.get(("vin", n[1])) and ("tail", n[1]) not in self._found:
                self._found[("tail", n[1])] = self._tail(n[1])

    def _tail(self, chassis: str) -> dict[int, bool]:
        if len(chassis) < TAIL_MIN:
            return {}
        rev = chassis[::-1]
        rows = self.conn.execute(
            text(
                "SELECT id, is_stub FROM vehicle WHERE tail_rev >= :low AND tail_rev < :high AND merged_into_id IS NULL "
                "AND gone_at IS NULL LIMIT 20"
            ),
            {"low": rev, "high": rev + "~"},
        )
        return {i: bool(stub) for i, stub in rows}

    def find(self, name: Name) -> int | None:
        """The one vehicle that every given name allows, None where there is none or more than one."""
        key, vin, chassis, plate = name
        sets = []
        for column, value in (("source_key", key), ("vin", vin), ("chassis", chassis), ("plate", plate)):
            if not value:
                continue
            candidates = self._found.get((column, value)) or (
                self._found.get(("tail", value)) if column == "vin" else None
            )
            if candidates:
                real = {i for i, stub in candidates.items() if not stub}
                sets.append(real or set(candidates))
        if not sets:
            return None
        common = set.intersection(*sets)
        if len(common) == 1:
            return next(iter(common))
        if not common and all(len(s) == 1 for s in sets):
            real_only = [s for s in sets if not any(self._is_stub(i) for i in s)]
            if len(real_only) == 1:
                return next(iter(real_only[0]))
        return None

    def _is_stub(self, row_id: int) -> bool:
        return any(c.get(row_id, False) for c in self._found.values())

    def stub(self, name: Name) -> tuple[int | None, int]:
        """A stub for a name with a VIN, a plate or an unknown key; (id or None, how many were made)."""
        key, vin, chassis, plate = name
        if name in self._stubs:
            return self._stubs[name], 0
        existing = self._existing_stub(name)
        if existing is not None:
            self._stubs[name] = existing
            return existing, 0
        unknown_key = key and not self._found.get(("source_key", key))
        if not (vin or plate or unknown_key):
            return None, 0
        made = self.conn.execute(
            text(
                "INSERT INTO vehicle (source_id, source_key, vin, chassis, plate, tail_rev, first_seen_run, last_changed_run, "
                "is_stub) VALUES (:s, :k, :vin, :chassis, :plate, :rev, :run, :run, true) RETURNING id"
            ),
            {"s": self.ctx.source_id, "k": key if unknown_key else None, "vin": vin, "chassis": chassis, "plate": plate,
             "rev": (vin or chassis or "")[::-1] or None, "run": self.ctx.run_id},
        ).scalar_one()  # fmt: skip
        self._stubs[name] = int(made)
        for column, value in (("source_key", key if unknown_key else None), ("vin", vin), ("plate", plate)):
            if value:
                self._found.setdefault((column, value), {})[int(made)] = True
        return int(made), 1

    def _existing_stub(self, name: Name) -> int | None:
        """A stub that was made for just these names before."""
        _key, vin, chassis, plate = name
        for column, value in (("vin", vin), ("plate", plate)):
            for row_id, stub in self._found.get((column, value), {}).items() if value else ():
                if stub:
                    row = self.conn.execute(
                        text("SELECT vin, chassis, plate FROM vehicle WHERE id = :id"), {"id": row_id}
                    ).one()
                    if (row[0], row[1], row[2]) == (vin, chassis, plate):
                        return row_id
        return None


def tails(conn: Connection, ctx: Context) -> None:
    """``tail_rev`` of vehicles that changed: the VIN, else the chassis, backwards."""
    rows = conn.execute(
        text(
            "SELECT id, coalesce(vin, chassis), tail_rev FROM vehicle WHERE last_changed_run >= :since "
            "AND (vin IS NOT NULL OR chassis IS NOT NULL)"
        ),
        {"since": ctx.since_run},
    )
    updates = [{"id": i, "rev": name[::-1]} for i, name, rev in rows if rev != name[::-1]]
    for start in range(0, len(updates), 5000):
        conn.execute(text("UPDATE vehicle SET tail_rev = :rev WHERE id = :id"), updates[start : start + 5000])


def merge_stubs(conn: Connection, ctx: Context) -> int:
    """A stub known by plate, VIN or tail merges into the real vehicle that bears it now; agent data follows."""
    stubs = conn.execute(
        text(
            "SELECT id, vin, chassis, plate FROM vehicle WHERE source_id = :s AND is_stub AND merged_into_id IS NULL "
            "AND source_key IS NULL"
        ),
        {"s": ctx.source_id},
    ).all()
    merged = 0
    finder = _Finder(conn, ctx)
    finder.prepare({(None, vin, chassis, plate) for _i, vin, chassis, plate in stubs})
    for row_id, vin, chassis, plate in stubs:
        found = finder.find((None, vin, chassis, plate))
        if found is not None and found != row_id and not finder._is_stub(found):
            _merge(conn, ctx, row_id, found)
            merged += 1
    return merged


def _merge(conn: Connection, ctx: Context, old: int, new: int) -> None:
    moved: dict[str, list[int]] = {}
    for table in VEHICLE_OWNED:
        if table == "opportunity":  # one open per vehicle and origin: the stub's copy stays where both have one
            clash = (
                " AND NOT (state = 'open' AND EXISTS (SELECT 1 FROM opportunity o WHERE o.vehicle_id = :new AND o.state = 'open' "
                "AND o.origin = opportunity.origin))"
            )
        elif table == "campaign_unit":
            clash = " AND campaign_id NOT IN (SELECT campaign_id FROM campaign_unit u WHERE u.vehicle_id = :new)"
        else:
            clash = ""
        ids = list(
            conn.execute(
                text(f"SELECT id FROM {table} WHERE vehicle_id = :old{clash}"), {"old": old, "new": new}
            ).scalars()
        )
        if ids:
            conn.execute(
                text(f"UPDATE {table} SET vehicle_id = :new WHERE vehicle_id = :old{clash}"), {"old": old, "new": new}
            )
            moved[table] = ids[:1000]
    remove(conn, "vehicle", [old])
    conn.execute(text("UPDATE vehicle SET merged_into_id = :new WHERE id = :old"), {"old": old, "new": new})
    conn.execute(
        text(
            "INSERT INTO alias (entity, source_id, old_id, row_id, moved, run_id) VALUES ('vehicle', :s, :old, :new, :moved, :run)"
        ),
        {"s": ctx.source_id, "old": old, "new": new, "moved": json.dumps(moved), "run": ctx.run_id},
    )


def merge_customers(conn: Connection, ctx: Context) -> None:
    """``merged_into_key``: everything repointed to the survivor, the old key kept as an alias (DMS.md §4)."""
    rows = conn.execute(
        text(
            "SELECT c.id, c.source_key, k.id FROM customer c JOIN customer k ON k.source_id = c.source_id "
            "AND k.source_key = c.merged_into_key WHERE c.source_id = :s AND c.merged_into_key IS NOT NULL "
            "AND c.merged_into_id IS NULL AND k.id <> c.id"
        ),
        {"s": ctx.source_id},
    ).all()
    tables = ("sale_delivery", "appointment", "repair_order", "call", "opportunity", "note", "complaint", "block", "claim",
              "campaign_unit", "outbox", "contact_log", "search_entry", "act")  # fmt: skip
    for old, key, new in rows:
        moved: dict[str, list[int]] = {}
        for table in tables:
            ids = list(conn.execute(text(f"SELECT id FROM {table} WHERE customer_id = :old"), {"old": old}).scalars())
            if ids:
                conn.execute(
                    text(f"UPDATE {table} SET customer_id = :new WHERE customer_id = :old"), {"old": old, "new": new}
                )
                moved[table] = ids[:1000]
        for column in ("owner_id", "driver_id"):
            conn.execute(text(f"UPDATE vehicle SET {column} = :new WHERE {column} = :old"), {"old": old, "new": new})
        conn.execute(
            text("UPDATE vehicle_owner SET customer_id = :new WHERE customer_id = :old"), {"old": old, "new": new}
        )
        remove(conn, "customer", [old])
        conn.execute(text("UPDATE customer SET merged_into_id = :new WHERE id = :old"), {"old": old, "new": new})
        conn.execute(
            text(
                "INSERT INTO alias (entity, source_id, source_key, old_id, row_id, moved, run_id) "
                "VALUES ('customer', :s, :key, :old, :new, :moved, :run)"
            ),
            {"s": ctx.source_id, "key": key, "old": old, "new": new, "moved": json.dumps(moved), "run": ctx.run_id},
        )
