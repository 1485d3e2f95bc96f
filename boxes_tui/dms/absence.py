"""Who was not in a complete read (DMS.md §4 *vanished*): counted in ``missing``, gone after two reads in a row.

A row that is seen costs no write.  Lines and incidents are replaced with their order instead (DMS.md §2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.context import Context
from boxes_tui.dms.ground import analyze, touch
from boxes_tui.dms.mapping import EntitySpec
from boxes_tui.dms.shape import CHILDREN, DAY_COLUMN, TABLES
from boxes_tui.dms.stage import Staged
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

GONE_READS = 2
"""Complete reads in a row without the row, until it counts as gone."""
TRUE_ORDER = "o.gone_at IS NULL AND NOT o.is_stub AND coalesce(o.status, 'open') NOT IN ('estimate', 'voided')"


def remember_unseen(conn: Connection, ctx: Context, entity: str, keys: Sequence[str]) -> None:
    """``boxes_possible``: whoever the last read held and this one passes over no line of (``keys``), or was missing then."""
    table = TABLES[entity].name
    conn.execute(text("DROP TABLE IF EXISTS boxes_unseen"))
    conn.execute(text("DROP TABLE IF EXISTS boxes_possible"))
    conn.execute(text("CREATE TEMP TABLE boxes_unseen (key TEXT NOT NULL)"))
    conn.execute(text("CREATE TEMP TABLE boxes_possible (id BIGINT PRIMARY KEY)"))
    if keys:
        conn.execute(text("INSERT INTO boxes_unseen VALUES (:k)"), [{"k": key} for key in keys])
    analyze(conn, "boxes_unseen")
    conn.execute(
        text(
            f"INSERT INTO boxes_possible SELECT w.id FROM boxes_unseen u JOIN {table} w ON w.source_key = u.key "
            "AND w.source_id = :source UNION SELECT row_id FROM missing WHERE entity = :entity"
        ),
        {"source": ctx.source_id, "entity": entity},
    )
    analyze(conn, "boxes_possible")


@dataclass(frozen=True, slots=True)
class Cover:
    """The rows that a complete read covers, as a condition on the table (alias ``t``)."""

    table: str
    where: str
    params: dict[str, Any] = field(default_factory=dict)

    def rows(self, few: bool = False) -> str:
        """FROM and WHERE of the covered rows; ``few``: of those that may be absent where lines were passed over
        (:func:`remember_unseen`). A cross join keeps SQLite from walking through the whole table."""
        if few:
            return f"FROM boxes_possible p CROSS JOIN {self.table} t WHERE t.id = p.id AND {self.where}"
        return f"FROM {self.table} t WHERE {self.where}"

    def count(self, conn: Connection, also: str = "", *, few: bool = False) -> int:
        """How many rows are covered, and fulfil ``also``."""
        query = f"SELECT count(*) {self.rows(few)}{also}"
        return int(conn.execute(text(query), self.params).scalar_one())


SEEN = (
    " AND (EXISTS (SELECT 1 FROM boxes_stage b WHERE b.key = t.source_key) "
    "OR t.source_key IN (SELECT row_key FROM boxes_bad WHERE row_key IS NOT NULL))"
)
"""Rows that stand in the read, be it as a bad row."""
ABSENT = (
    " AND NOT EXISTS (SELECT 1 FROM boxes_stage b WHERE b.key = t.source_key) "
    "AND t.source_key NOT IN (SELECT row_key FROM boxes_bad WHERE row_key IS NOT NULL)"
)
"""The others, in words that PostgreSQL can join by: from NOT (… OR …) it asks the staged rows anew for every row."""


def cover(ctx: Context, entity: EntitySpec, staged: Staged) -> Cover | None:
    """What a read covers; None where nothing may be inferred from it."""
    if not staged.read.complete or entity.mode == "delta" or entity.name in CHILDREN:
        return None
    table = TABLES[entity.name].name
    where = ["t.source_id = :source", "t.source_key IS NOT NULL", "NOT t.is_stub", "t.gone_at IS NULL"]
    params: dict[str, Any] = {"source": ctx.source_id}
    if entity.name == "appointment":
        where.append("t.vanished_at IS NULL")
    if entity.mode == "window":
        day = DAY_COLUMN.get(entity.name)
        if day is None or entity.window_days is None:
            return None
        where.append(f"t.{day} BETWEEN :low AND :high")
        params |= {"low": ctx.today + entity.window_days[0], "high": ctx.today + entity.window_days[1]}
    if entity.scope:
        where.append(_scope(entity, staged.read.scope_values, params))
    return Cover(table, " AND ".join(where), params)


def _scope(entity: EntitySpec, values: set[tuple[str, ...]], params: dict[str, Any]) -> str:
    """Only rows whose scope value the read contains: told by their branch, or by the first parts of their key."""
    mapped = entity.fields.get("branch")
    by_branch = mapped is not None and mapped.columns == entity.scope
    by_key = entity.scope == entity.key[: len(entity.scope)]
    if not by_branch and not by_key:
        raise ConfigError(
            _("{entity}: scope = {scope} tiene que ser lo que dice branch, o el comienzo de key").format(
                entity=entity.name, scope=list(entity.scope)
            )
        )
    parts = []
    for n, value in enumerate(sorted(values)):
        params[f"scope{n}"] = "/".join(value)
        if by_branch:
            parts.append(f"t.branch = :scope{n}")
        elif len(entity.scope) == len(entity.key):
            parts.append(f"t.source_key = :scope{n}")
        else:
            parts.append(f"substr(t.source_key, 1, length(:scope{n}) + 1) = :scope{n} || '/'")
    return "(" + " OR ".join(parts or ["false"]) + ")"


def absence(conn: Connection, ctx: Context, entity: EntitySpec, covered: Cover | None, *, few: bool = False) -> int:
    """Count who was not in this complete read; returns how many rows are missing that were not before. ``few``: some rows
    were passed over because the last read held their lines too."""
    table = TABLES[entity.name].name
    _forget_seen(conn, ctx, entity.name, table)
    if covered is None:
        return 0
    absent = f"SELECT t.id {covered.rows(few)}{ABSENT}"
    fresh = conn.execute(
        text(
            f"SELECT count(*) FROM ({absent}) a WHERE NOT EXISTS "
            "(SELECT 1 FROM missing m WHERE m.entity = :entity AND m.row_id = a.id)"
        ),
        {**covered.params, "entity": entity.name},
    ).scalar_one()
    conn.execute(
        text(
            f"INSERT INTO missing (entity, row_id, times, run_id) SELECT :entity, a.id, 1, :run FROM ({absent}) a "
            "WHERE true ON CONFLICT (entity, row_id) DO UPDATE SET times = missing.times + 1, run_id = excluded.run_id"
        ),
        {**covered.params, "entity": entity.name, "run": ctx.run_id},
    )
    return int(fresh)


def _forget_seen(conn: Connection, ctx: Context, entity: str, table: str) -> None:
    conn.execute(
        text(
            "DELETE FROM missing WHERE entity = :entity AND row_id IN (SELECT m.row_id FROM missing m "
            f"CROSS JOIN {table} t WHERE t.id = m.row_id AND m.entity = :entity AND t.source_id = :source{SEEN})"
        ),
        {"entity": entity, "source": ctx.source_id},
    )


def count_again(conn: Connection, ctx: Context, entity: EntitySpec) -> None:
    """A complete read of the very same bytes: who was missing then is missing once more."""
    some = text("SELECT 1 FROM missing WHERE entity = :e LIMIT 1")
    if conn.execute(some, {"e": entity.name}).scalar() is None:
        return
    table, day = TABLES[entity.name].name, DAY_COLUMN.get(entity.name)
    where, params = "t.source_id = :source", {"source": ctx.source_id, "run": ctx.run_id, "entity": entity.name}
    if entity.mode == "window" and entity.window_days and day:
        where += f" AND t.{day} BETWEEN :low AND :high"
        params |= {"low": ctx.today + entity.window_days[0], "high": ctx.today + entity.window_days[1]}
    conn.execute(
        text(
            "UPDATE missing SET times = times + 1, run_id = :run WHERE entity = :entity "
            f"AND row_id IN (SELECT t.id FROM {table} t WHERE {where})"
        ),
        params,
    )


def settle_gone(conn: Connection, ctx: Context, entity: str) -> int:
    """Rows missing for :data:`GONE_READS` reads: soft delete; appointments by their own rule. Returns how many."""
    table = TABLES[entity].name
    due = text(f"SELECT 1 FROM missing WHERE entity = :entity AND times >= {GONE_READS} LIMIT 1")
    if conn.execute(due, {"entity": entity}).scalar() is None:
        return 0
    base = (
        f"SELECT m.row_id FROM missing m JOIN {table} t ON t.id = m.row_id "
        f"WHERE m.entity = :entity AND m.times >= {GONE_READS} AND t.source_id = :source"
    )
    params = {"entity": entity, "source": ctx.source_id, "now": ctx.now, "run": ctx.run_id}
    if entity == "appointment":
        return _vanish(conn, ctx, base, params)
    touch(conn, table, f"SELECT g.row_id AS id FROM ({base} AND t.gone_at IS NULL) g",
          {"entity": entity, "source": ctx.source_id})  # fmt: skip
    done = conn.execute(
        text(f"UPDATE {table} SET gone_at = :now, last_changed_run = :run WHERE id IN ({base} AND t.gone_at IS NULL)"),
        params,
    )
    return int(done.rowcount)


def _vanish(conn: Connection, ctx: Context, base: str, params: dict[str, Any]) -> int:
    """With an order of its vehicle that day: converted. Else still to come: *desaparecido*. Else as it was."""
    order = (
        "EXISTS (SELECT 1 FROM repair_order o WHERE o.vehicle_id = t.vehicle_id AND o.opened_day = t.start_day "
        f"AND {TRUE_ORDER})"
    )
    alive = f"{base} AND t.vanished_at IS NULL AND t.gone_at IS NULL"
    conn.execute(
        text(
            f"UPDATE appointment SET status = 'converted', row_hash = NULL, last_changed_run = :run WHERE id IN ({alive} AND {order}) "
            "AND coalesce(status, 'scheduled') NOT IN ('converted', 'cancelled')"
        ),
        {k: v for k, v in params.items() if k != "now"},
    )
    to_come = "(t.starts_at > :now OR (t.starts_at_precision = 'day' AND t.start_day >= :today))"
    found = f"{alive} AND {to_come} AND coalesce(t.status, '') <> 'converted'"
    params = {**params, "today": ctx.today}
    touch(conn, "appointment", f"SELECT g.row_id AS id FROM ({found}) g",
          {k: v for k, v in params.items() if k != "run"})  # fmt: skip
    conn.execute(
        text(
            "INSERT INTO dms_event (at, run_id, kind, subject, subject_id, branch_id) "
            f"SELECT :now, CAST(:run AS INTEGER), 'vanished', 'appointment', id, branch_id FROM appointment WHERE id IN ({found})"
        ),
        params,
    )
    done = conn.execute(
        text(f"UPDATE appointment SET vanished_at = :now, last_changed_run = :run WHERE id IN ({found})"), params
    )
    return int(done.rowcount)
