"""One entity of a run, from its waiting reads to its counters, inside the caller's transaction (DMS.md §6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.clock import monotonic
from boxes_tui.dms import apply, bookings, guards, people, quarantine, resolve, vehicle_facts
from boxes_tui.dms.apply import Context, Counts
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.records import FileRead, FileRefused
from boxes_tui.dms.shape import TABLES, Shape
from boxes_tui.dms.stage import Staged, stage

CHILDREN = ("repair_order_line", "incident")
_OWN_DATE = {"delivery": "delivered_at", "appointment": "starts_at", "repair_order": "opened_at"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A read that waits: its name, the digest of its bytes ("" where it has none), how to open it, and how to fetch raw
    lines of it again."""

    name: str
    digest: str
    open: Callable[[], FileRead]
    raw: Callable[[list[int]], dict[int, str]]
    already_read: bool = False
    """A killed run has committed this entity's share of the file before it could move it."""


@dataclass
class Outcome:
    """What became of an entity."""

    counts: Counts
    refused: list[tuple[str, FileRefused]] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    read_any: bool = False


def run_entity(
    conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, waiting: list[Waiting], *, full: bool
) -> Outcome:
    """Apply every waiting read of an entity. Raises :class:`~boxes_tui.dms.guards.GuardTripped`; refused files are
    left out and named in the outcome."""
    out = Outcome(Counts(entity.name, entity.mode))
    ctx.first_load = not conn.execute(
        text("SELECT loaded FROM sync_cursor WHERE source_id = :s AND entity = :e"),
        {"s": ctx.source_id, "e": entity.name},
    ).scalar()
    for item in waiting:
        known = None if full else _known(conn, ctx, entity, item.digest)
        if known is not None or item.already_read:
            _again(conn, ctx, entity, item, known or _last(conn, ctx, entity, item.digest), out)
            continue
        savepoint = conn.begin_nested()
        try:
            counts = _one(conn, ctx, source, entity, item, out)
        except guards.GuardTripped:
            savepoint.rollback()
            raise
        except FileRefused as error:
            savepoint.rollback()
            out.refused.append((item.name, error))
            continue
        savepoint.commit()
        _add(out.counts, counts)
        out.read_any = True
        _remember(conn, ctx, entity, item, counts)
    if out.read_any:
        _cursor(conn, ctx, entity, out)
    return out


def _one(conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, item: Waiting, out: Outcome) -> Counts:
    counts = Counts(entity.name, entity.mode)
    begun = monotonic()
    read = item.open()
    staged = stage(conn, read)
    counts.ms_read = int((monotonic() - begun) * 1000)
    begun = monotonic()
    counts.complete = read.complete and entity.mode != "delta"
    rejects = [*staged.rejects, *quarantine.conflicts(conn, item.name, item.raw(quarantine.conflict_lines(conn)))]
    counts.read = int(read.counted.get("read", staged.rows + len(staged.rejects)))
    counts.rejected = len(rejects)
    counts.warnings = {k: n for k, n in read.counted.items() if k != "read"}
    apply.compare(conn, ctx, staged, counts)
    apply.branches(conn, ctx, staged, counts)
    out.warned += guards.before_write(conn, ctx, staged, len(rejects), _last_rows(conn, ctx, entity))
    apply.sample(conn, ctx, staged)
    _write(conn, ctx, source, staged, counts)
    missing = apply.absence(conn, ctx, staged, [r.key for r in rejects if r.key])
    guards.after_absence(conn, ctx, staged, missing)
    if staged.shape.entity in CHILDREN:
        counts.gone += _replace_children(conn, ctx, staged)
    else:
        counts.gone += apply.settle_gone(conn, ctx, staged.shape) if counts.complete else 0
    quarantine.keep(conn, ctx, entity.name, rejects)
    quarantine.close_mended(conn, ctx, entity.name, rejects, entity.mode == "snapshot" and counts.complete)
    counts.ms_merge = int((monotonic() - begun) * 1000)
    return counts


def _write(conn: Connection, ctx: Context, source: SourceSpec, staged: Staged, counts: Counts) -> None:
    """Rows, then what hangs on them: children's parents, telephones, stubs, dotted fields, references."""
    entity = staged.shape.entity
    before = bookings.before_write(conn, staged.shape.fields) if entity == "appointment" else []
    if entity in CHILDREN:
        _order_of_appearance(conn, entity)
    apply.write(conn, ctx, staged)
    if entity == "customer":
        people.phones_of_masters(conn, staged)
    people.key_stubs(conn, ctx, staged, counts)
    _feeds(conn, ctx, staged, counts)
    if entity == "vehicle":
        resolve.tails(conn, ctx)
    if entity in _OWN_DATE:
        counts.stubs += resolve.vehicles(conn, ctx, everything=False, tables=(staged.shape.table.name,))
    fed = _fed(conn, staged, "vehicle")
    vehicle_facts.feed_vehicles(conn, ctx, staged.shape.table.name, [(i, feed, when) for i, _k, feed, when in fed])
    if entity in CHILDREN:
        counts.stubs += resolve.orders(conn, ctx)
    if entity == "appointment":
        bookings.contacts(conn, ctx, source.area_code)
        bookings.after_write(conn, ctx, before)


def _feeds(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    fed = _fed(conn, staged, "customer")
    if fed:
        people.feed_customers(conn, ctx, staged, counts, fed)


def _fed(conn: Connection, staged: Staged, kind: str) -> list[tuple[int, str, Any, int]]:
    """(row id, customer key, feed, own date) of the rows that are new or changed and carry such dotted fields."""
    if not any(feed.entity == kind for _k, _n, feeds in staged.feeds for feed in feeds):
        return []
    fields = staged.shape.fields
    key = "customer_key" if "customer_key" in fields else "owner_key" if "owner_key" in fields else None
    dated = next((f for f in ("source_updated_at", _OWN_DATE.get(staged.shape.entity, "")) if f in fields), None)
    rows = conn.execute(
        text(
            f"SELECT rn, row_id, {key or 'NULL'}, {dated or '0'} FROM boxes_stage "
            "WHERE state IN ('new', 'changed', 'revived', 'stub')"
        )
    )
    found = {rn: (row_id, who or "", when or 0) for rn, row_id, who, when in rows}
    made = []
    for _key, number, feeds in staged.feeds:
        if number in found:
            row_id, who, when = found[number]
            made += [(row_id, who, feed, when) for feed in feeds if feed.entity == kind]
    return made


def _order_of_appearance(conn: Connection, entity: str) -> None:
    """Lines and incidents without a number take their place in the file, per order."""
    column = "line_no" if entity == "repair_order_line" else "seq"
    conn.execute(
        text(
            f"UPDATE boxes_stage SET {column} = (SELECT count(*) FROM boxes_stage b WHERE b.repair_order_key = "
            f"boxes_stage.repair_order_key AND b.rn <= boxes_stage.rn) WHERE {column} IS NULL AND st = 'k'"
        )
    )


def _replace_children(conn: Connection, ctx: Context, staged: Staged) -> int:
    """An order that appears in the file has its lines replaced by it; one that does not keeps them."""
    t = staged.shape.table.name
    done = conn.execute(
        text(
            f"UPDATE {t} SET gone_at = :now, last_changed_run = :run WHERE source_id = :s AND gone_at IS NULL "
            "AND repair_order_key IN (SELECT repair_order_key FROM boxes_stage) "
            "AND source_key NOT IN (SELECT key FROM boxes_stage)"
        ),
        {"now": ctx.now, "run": ctx.run_id, "s": ctx.source_id},
    )
    return done.rowcount


# -- known bytes -----------------------------------------------------------------------------------


def _known(conn: Connection, ctx: Context, entity: EntitySpec, digest: str) -> dict[str, Any] | None:
    """The counters of the last read, when it was of the very same bytes under the same mapping (and, for a window, on
    the same day)."""
    row = conn.execute(
        text(
            "SELECT digest, mapping_digest, counts, day FROM sync_read WHERE source_id = :s AND entity = :e "
            "ORDER BY id DESC LIMIT 1"
        ),
        {"s": ctx.source_id, "e": entity.name},
    ).first()
    if row is None or not digest or row[0] != digest or row[1] != entity.digest:
        return None
    if entity.mode == "window" and row[3] != ctx.today:
        return None
    return dict(json.loads(row[2]))


def _last(conn: Connection, ctx: Context, entity: EntitySpec, digest: str) -> dict[str, Any]:
    found = conn.execute(
        text(
            "SELECT counts FROM sync_read WHERE source_id = :s AND entity = :e AND digest = :d ORDER BY id DESC LIMIT 1"
        ),
        {"s": ctx.source_id, "e": entity.name, "d": digest},
    ).scalar()
    return dict(json.loads(found)) if found else {}


def _again(
    conn: Connection, ctx: Context, entity: EntitySpec, item: Waiting, earlier: dict[str, Any], out: Outcome
) -> None:
    c = Counts(entity.name, entity.mode)
    c.read, c.duplicates, c.rejected = (int(earlier.get(k, 0)) for k in ("read", "duplicates", "rejected"))
    c.unchanged = c.read - c.duplicates - c.rejected
    c.warnings = dict(earlier.get("warnings", {}))
    c.complete = bool(earlier.get("complete", False))
    if not item.already_read:
        shape = _shape(entity.name)
        if c.complete and entity.name not in CHILDREN:
            apply.count_again(conn, ctx, shape, entity.mode, entity.window_days)
            c.gone = apply.settle_gone(conn, ctx, shape)
        quarantine.seen_again(conn, ctx, entity.name, item.name)
        _remember(conn, ctx, entity, item, c)
        out.read_any = True
    _add(out.counts, c)


def _last_rows(conn: Connection, ctx: Context, entity: EntitySpec) -> int | None:
    """Rows of the last complete read."""
    found = conn.execute(
        text("SELECT counts FROM sync_read WHERE source_id = :s AND entity = :e AND complete ORDER BY id DESC LIMIT 1"),
        {"s": ctx.source_id, "e": entity.name},
    ).scalar()
    return int(json.loads(found)["read"]) if found else None


def _shape(entity: str) -> Shape:
    return Shape(entity, TABLES[entity], (), ())


def _remember(conn: Connection, ctx: Context, entity: EntitySpec, item: Waiting, counts: Counts) -> None:
    conn.execute(
        text(
            "INSERT INTO sync_read (run_id, source_id, entity, name, digest, mapping_digest, complete, counts, day) "
            "VALUES (:run, :s, :e, :n, :d, :m, :c, :counts, :day)"
        ),
        {"run": ctx.run_id, "s": ctx.source_id, "e": entity.name, "n": item.name, "d": item.digest, "m": entity.digest,
         "c": counts.complete, "counts": json.dumps(counts.as_json(), ensure_ascii=False), "day": ctx.today},
    )  # fmt: skip


def _cursor(conn: Connection, ctx: Context, entity: EntitySpec, out: Outcome) -> None:
    rows = out.counts.read if out.counts.complete else None
    conn.execute(
        text(
            "INSERT INTO sync_cursor (source_id, entity, loaded, last_complete_rows, read_at) VALUES (:s, :e, true, :rows, :now) "
            "ON CONFLICT (source_id, entity) DO UPDATE SET loaded = true, read_at = excluded.read_at, "
            "last_complete_rows = coalesce(excluded.last_complete_rows, sync_cursor.last_complete_rows)"
        ),
        {"s": ctx.source_id, "e": entity.name, "rows": rows, "now": ctx.now},
    )


def _add(total: Counts, one: Counts) -> None:
    for name in ("read", "inserted", "updated", "unchanged", "stale", "duplicates", "rejected", "gone", "revived",
                 "stubs", "ms_read", "ms_merge"):  # fmt: skip
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.complete = one.complete
    for code, n in one.warnings.items():
        total.warnings[code] = total.warnings.get(code, 0) + n
