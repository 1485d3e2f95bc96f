"""One staged read into its table: compare by hash, insert, update named DMS columns, absence (DMS.md §4, §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.dms.shape import DAY_COLUMN, Shape
from boxes_tui.dms.stage import Staged
from boxes_tui.errors import BoxesError

GONE_READS = 2
"""Complete reads in a row without the row, until it counts as gone."""


@dataclass
class Context:
    """What a run knows while it applies one entity."""

    source_id: int
    run_id: int
    since_run: int
    """The first run whose rows still wait for their derived facts (this one, unless a run was killed before that)."""
    now: int
    today: int
    zone: str
    default_branch_id: int
    allow: frozenset[str] = frozenset()
    first_load: bool = False
    samples: list[str] = field(default_factory=list)
    new_branches: list[str] = field(default_factory=list)


@dataclass
class Counts:
    """The counters of an entity (DMS.md §6); added up over its reads."""

    entity: str
    mode: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicates: int = 0
    rejected: int = 0
    gone: int = 0
    revived: int = 0
    stubs: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    complete: bool = False
    ms_read: int = 0
    ms_merge: int = 0

    def as_json(self) -> dict[str, Any]:
        """The object of ``sync --json``."""
        return {
            "entity": self.entity, "mode": self.mode, "read": self.read, "inserted": self.inserted,
            "updated": self.updated, "unchanged": self.unchanged, "stale": self.stale, "duplicates": self.duplicates,
            "rejected": self.rejected, "gone": self.gone, "revived": self.revived, "stubs": self.stubs,
            "warnings": dict(sorted(self.warnings.items())), "complete": self.complete, "ms_read": self.ms_read,
            "ms_merge": self.ms_merge,
        }  # fmt: skip


def compare(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """Say of every kept row whether it is new, changed, unchanged, stale or revived (``boxes_stage.state``)."""
    t = staged.shape.table.name
    has_version = "source_updated_at" in staged.shape.fields
    conn.execute(
        text(
            f"UPDATE boxes_stage SET row_id = t.id FROM {t} t "
            "WHERE t.source_id = :source AND t.source_key = boxes_stage.key AND boxes_stage.st = 'k'"
        ),
        {"source": ctx.source_id},
    )
    if t in ("customer", "vehicle"):
        conn.execute(
            text(
                "UPDATE boxes_stage SET row_id = a.row_id FROM alias a WHERE a.entity = :entity AND a.source_id = :source "
                "AND a.source_key = boxes_stage.key AND a.undone_at IS NULL AND boxes_stage.row_id IS NULL AND st = 'k'"
            ),
            {"entity": t, "source": ctx.source_id},
        )
    version = (
        "WHEN t.source_updated_at IS NOT NULL AND s.source_updated_at IS NOT NULL "
        "AND s.source_updated_at < t.source_updated_at AND NOT t.is_stub THEN 'stale' "
        if has_version
        else ""
    )
    gone = "t.gone_at IS NOT NULL" + (" OR t.vanished_at IS NOT NULL" if t == "appointment" else "")
    conn.execute(text("UPDATE boxes_stage SET state = 'new' WHERE st = 'k' AND row_id IS NULL"))
    conn.execute(text(
        f"UPDATE boxes_stage AS s SET state = CASE {version}WHEN t.is_stub THEN 'stub' WHEN {gone} THEN 'revived' "
        "WHEN t.row_hash = s.hash THEN 'same' ELSE 'changed' END "
        f"FROM {t} t WHERE t.id = s.row_id AND s.st = 'k'"
    ))  # fmt: skip
    tally = dict(
        conn.execute(text("SELECT state, count(*) FROM boxes_stage WHERE st = 'k' GROUP BY state")).tuples().all()
    )
    counts.inserted += tally.get("new", 0) + tally.get("stub", 0)
    counts.updated += tally.get("changed", 0) + tally.get("revived", 0)
    counts.unchanged += tally.get("same", 0)
    counts.stale += tally.get("stale", 0) + staged.stale
    counts.revived += tally.get("revived", 0)
    counts.duplicates += staged.duplicates


def branches(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """Resolve branch codes; an unknown one makes a branch (``W-BRANCH``)."""
    if "branch_id" not in staged.shape.table.c:
        return
    if "branch" in staged.shape.fields:
        known = {str(code).lower(): i for i, code in conn.execute(text("SELECT id, code FROM branch"))}
        for (code,) in conn.execute(text("SELECT DISTINCT branch FROM boxes_stage WHERE branch IS NOT NULL")).all():
            if code.lower() not in known:
                known[code.lower()] = new_branch(conn, ctx, code)
                counts.warnings["W-BRANCH"] = counts.warnings.get("W-BRANCH", 0) + 1
            conn.execute(
                text("UPDATE boxes_stage SET branch_id = :b WHERE branch = :code"),
                {"b": known[code.lower()], "code": code},
            )
    conn.execute(text("UPDATE boxes_stage SET branch_id = :b WHERE branch_id IS NULL"), {"b": ctx.default_branch_id})


def new_branch(conn: Connection, ctx: Context, code: str) -> int:
    """A branch known by its code only, in the source's zone."""
    ctx.new_branches.append(code)
    default = conn.execute(text("SELECT id FROM branch WHERE code = 'CENTRAL'")).scalar()
    if default is not None and conn.execute(text("SELECT count(*) FROM branch")).scalar_one() == 1:
        # the branch that every empty database begins with was only waiting for its code
        conn.execute(text("UPDATE branch SET code = :code, zone = :zone WHERE id = :id"),
                     {"code": code, "zone": ctx.zone, "id": default})  # fmt: skip
        return int(default)
    return int(
        conn.execute(
            text("INSERT INTO branch (code, name, zone, active) VALUES (:code, :code, :zone, true) RETURNING id"),
            {"code": code, "zone": ctx.zone},
        ).scalar_one()
    )


def sample(conn: Connection, ctx: Context, staged: Staged) -> None:
    """Up to ten differences for ``--dry-run``: key, field, stored and new value."""
    t = staged.shape.table.name
    for field_, column in staged.shape.columns:
        if len(ctx.samples) >= 10:
            return
        rows = conn.execute(
            text(
                f"SELECT s.key, t.{column}, s.{field_} FROM boxes_stage s JOIN {t} t ON t.id = s.row_id "
                f"WHERE s.state IN ('changed', 'revived') AND (t.{column} IS DISTINCT FROM s.{field_}) LIMIT :n"
            ),
            {"n": 10 - len(ctx.samples)},
        )
        for key, old, new in rows:
            ctx.samples.append(f"{staged.shape.entity} {key}: {field_} «{old}» → «{new}»")


def write(conn: Connection, ctx: Context, staged: Staged) -> None:
    """Insert new rows and update changed ones: named DMS columns only, never what agents own."""
    shape = staged.shape
    t = shape.table.name
    pairs = [(f, c) for f, c in shape.columns if c not in ("branch",)]
    if "branch_id" in shape.table.c:
        pairs.append(("branch_id", "branch_id"))
    if ("branch", "branch") in shape.columns:
        pairs.append(("branch", "branch"))
    if "doc_number" in shape.fields:
        pairs.append(("doc_number", "doc_digits"))
    params: dict[str, Any] = {"source": ctx.source_id, "run": ctx.run_id}
    columns = ", ".join(c for _f, c in pairs)
    values = ", ".join(_incoming(f, c) for f, c in pairs)
    conn.execute(
        text(
            f"INSERT INTO {t} (source_id, source_key, row_hash, first_seen_run, last_changed_run, is_stub, {columns}) "
            f"SELECT :source, s.key, s.hash, :run, :run, false, {values} FROM boxes_stage s WHERE s.state = 'new' ORDER BY s.rn"
        ),
        params,
    )
    conn.execute(
        text(
            f"UPDATE boxes_stage SET row_id = t.id FROM {t} t WHERE boxes_stage.state = 'new' "
            "AND t.source_id = :source AND t.source_key = boxes_stage.key"
        ),
        params,
    )
    masked = conn.execute(text("SELECT 1 FROM boxes_stage WHERE skipped IS NOT NULL LIMIT 1")).scalar() is not None
    sets = ", ".join(f"{c} = {_masked(f, c, masked)}" for f, c in pairs)
    vanished = ", vanished_at = NULL" if t == "appointment" else ""
    conn.execute(
        text(
            f"UPDATE {t} AS t SET {sets}, row_hash = s.hash, last_changed_run = :run, gone_at = NULL{vanished}, is_stub = false "
            f"FROM boxes_stage s WHERE s.row_id = t.id AND s.state IN ('changed', 'revived', 'stub')"
        ),
        params,
    )


def _incoming(field_: str, column: str) -> str:
    if column == "doc_digits":
        return _digits("s.doc_number")
    return f"s.{field_}"


def _digits(value: str) -> str:
    for ch in (" ", ".", "-", "/", "_"):
        value = f"replace({value}, '{ch}', '')"
    return f"nullif({value}, '')"


def _masked(field_: str, column: str, masked: bool) -> str:
    new = _incoming(field_, column)
    if not masked:
        return new
    return f"CASE WHEN s.skipped IS NOT NULL AND s.skipped LIKE '%,{field_},%' THEN t.{column} ELSE {new} END"


# -- absence ---------------------------------------------------------------------------------------


def covered(shape: Shape, staged: Staged, ctx: Context) -> str | None:
    """SQL for the rows that a complete read covers (alias ``t``); None where nothing may be inferred."""
    layout = staged.read.layout
    if not staged.read.complete or layout.mode == "delta" or layout.entity in ("repair_order_line", "incident"):
        return None  # lines are replaced with their order, never by their absence
    where = [f"t.source_id = {ctx.source_id}", "t.source_key IS NOT NULL", "NOT t.is_stub", "t.gone_at IS NULL"]
    if layout.entity == "appointment":
        where.append("t.vanished_at IS NULL")
    if layout.mode == "window":
        day = DAY_COLUMN.get(layout.entity)
        if day is None or layout.window_days is None:
            return None
        low, high = layout.window_days
        where.append(f"t.{day} BETWEEN {ctx.today + low} AND {ctx.today + high}")
    return " AND ".join(where)


def scope_condition(staged: Staged, conn: Connection) -> str:
    """With ``scope``: only rows whose scope value the read contains. The scope columns name branch codes."""
    layout = staged.read.layout
    if not layout.scope_fields:
        return ""
    if "branch_id" not in staged.shape.table.c:
        raise BoxesError(f"scope no vale para {layout.entity}: no tiene sucursal")
    codes = sorted({values[0].lower() for values in staged.read.scope_values})
    ids = [i for i, code in conn.execute(text("SELECT id, code FROM branch")) if str(code).lower() in codes]
    return f" AND t.branch_id IN ({', '.join(map(str, ids)) or 'NULL'})"


def absence(conn: Connection, ctx: Context, staged: Staged, seen_keys: list[str]) -> int:
    """Count who was not in this complete read; returns how many rows went missing for the first time.

    ``seen_keys`` are keys of rejected rows: a bad row is there all the same.
    """
    shape = staged.shape
    where = covered(shape, staged, ctx)
    entity, t = shape.entity, shape.table.name
    conn.execute(
        text(
            f"DELETE FROM missing WHERE entity = :e AND row_id IN (SELECT row_id FROM boxes_stage WHERE row_id IS NOT NULL)"
        ),
        {"e": entity},
    )
    if where is None:
        return 0
    where += scope_condition(staged, conn)
    conn.execute(text("DROP TABLE IF EXISTS boxes_seen"))
    conn.execute(text("CREATE TEMP TABLE boxes_seen (key TEXT PRIMARY KEY)"))
    conn.execute(text("INSERT INTO boxes_seen SELECT DISTINCT key FROM boxes_stage"))
    if seen_keys:
        conn.execute(
            text("INSERT INTO boxes_seen VALUES (:key) ON CONFLICT (key) DO NOTHING"), [{"key": k} for k in seen_keys]
        )
    absent = (
        f"SELECT t.id FROM {t} t WHERE {where} AND NOT EXISTS (SELECT 1 FROM boxes_seen b WHERE b.key = t.source_key)"
    )
    fresh = conn.execute(
        text(f"SELECT count(*) FROM ({absent}) a WHERE a.id NOT IN (SELECT row_id FROM missing WHERE entity = :e)"),
        {"e": entity},
    ).scalar_one()
    conn.execute(
        text(
            f"INSERT INTO missing (entity, row_id, times, run_id) SELECT :e, a.id, 1, :run FROM ({absent}) a WHERE true "
            "ON CONFLICT (entity, row_id) DO UPDATE SET times = missing.times + 1, run_id = excluded.run_id"
        ),
        {"e": entity, "run": ctx.run_id},
    )
    conn.execute(text("DROP TABLE boxes_seen"))
    return int(fresh)


def count_again(conn: Connection, ctx: Context, shape: Shape, mode: str, window: tuple[int, int] | None) -> None:
    """A complete read of the very same bytes: who was missing then is missing once more."""
    t, day = shape.table.name, DAY_COLUMN.get(shape.entity)
    where = f"t.source_id = {ctx.source_id}"
    if mode == "window" and window and day:
        where += f" AND t.{day} BETWEEN {ctx.today + window[0]} AND {ctx.today + window[1]}"
    conn.execute(
        text(
            f"UPDATE missing SET times = times + 1, run_id = :run WHERE entity = :e "
            f"AND row_id IN (SELECT t.id FROM {t} t WHERE {where})"
        ),
        {"e": shape.entity, "run": ctx.run_id},
    )


def settle_gone(conn: Connection, ctx: Context, shape: Shape) -> int:
    """Rows missing for :data:`GONE_READS` reads: soft delete; appointments by their own rule (DMS.md §4)."""
    t, entity = shape.table.name, shape.entity
    base = f"SELECT m.row_id FROM missing m JOIN {t} t ON t.id = m.row_id WHERE m.entity = '{entity}' AND m.times >= {GONE_READS} AND t.source_id = {ctx.source_id}"  # noqa: E501
    if entity == "appointment":
        order_that_day = (
            "EXISTS (SELECT 1 FROM repair_order o WHERE o.vehicle_id = t.vehicle_id AND o.opened_day = t.start_day "
            "AND o.gone_at IS NULL AND NOT o.is_stub AND coalesce(o.status, 'open') NOT IN ('estimate', 'voided'))"
        )
        conn.execute(
            text(
                "UPDATE appointment SET status = 'converted' WHERE id IN "
                f"({base} AND t.vanished_at IS NULL AND t.vehicle_id IS NOT NULL AND {order_that_day}) "
                "AND coalesce(status, 'scheduled') NOT IN ('converted', 'cancelled')"
            )
        )
        done = conn.execute(
            text(
                f"UPDATE appointment SET vanished_at = :now, last_changed_run = :run WHERE id IN ({base} "
                f"AND t.vanished_at IS NULL AND t.start_day >= :today AND coalesce(t.status, '') <> 'converted')"
            ),
            {"now": ctx.now, "run": ctx.run_id, "today": ctx.today},
        )
        return done.rowcount
    done = conn.execute(
        text(f"UPDATE {t} SET gone_at = :now, last_changed_run = :run WHERE id IN ({base} AND t.gone_at IS NULL)"),
        {"now": ctx.now, "run": ctx.run_id},
    )
    return done.rowcount
