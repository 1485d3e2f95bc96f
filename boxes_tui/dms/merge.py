"""One entity of a run, from its waiting reads to its counters, inside the caller's transaction (DMS.md §6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.clock import monotonic
from boxes_tui.dms import absence, apply, bods, bookings, guards, ladder, people, quarantine, resolve, vehicle_facts
from boxes_tui.dms.context import Context, Counts
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.records import FileRead, FileRefused
from boxes_tui.dms.shape import CHILDREN
from boxes_tui.dms.stage import Staged, stage


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A read that was staged before the entity's transaction began, or the refusal that it met."""

    item: Waiting
    staged: Staged | None
    refused: FileRefused | None
    ms_read: int


@dataclass
class Outcome:
    """What became of an entity."""

    counts: Counts
    refused: list[tuple[str, FileRefused]] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    read_any: bool = False


def prepare(
    conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, waiting: list[Waiting], *, full: bool
) -> Prepared | None:
    """Parse and stage the first read that is not known yet. It touches temporary tables only, so that nobody who writes
    waits while a long file is parsed; what comes after happens in the entity's transaction."""
    unread = [w for w in waiting if not w.already_read]
    if not unread or (not full and _known(conn, ctx, entity, unread)):
        return None
    begun = monotonic()
    staged, refused = None, None
    try:
        staged = _staged(conn, ctx, source, entity, unread[0], alone=len(waiting) == 1 and not full)
    except FileRefused as error:
        refused = error
    return Prepared(unread[0], staged, refused, int((monotonic() - begun) * 1000))


def run_entity(
    conn: Connection,
    ctx: Context,
    source: SourceSpec,
    entity: EntitySpec,
    waiting: list[Waiting],
    *,
    full: bool,
    prepared: Prepared | None = None,
) -> Outcome:
    """Apply every waiting read of an entity. Raises :class:`~boxes_tui.dms.guards.GuardTripped`; refused files are
    left out and named in the outcome."""
    out = Outcome(Counts(entity.name, entity.mode))
    ctx.first_load = not conn.execute(
        text("SELECT loaded FROM sync_cursor WHERE source_id = :s AND entity = :e"),
        {"s": ctx.source_id, "e": entity.name},
    ).scalar()
    known = {} if full else _known(conn, ctx, entity, [w for w in waiting if not w.already_read])
    for item in waiting:
        if item.already_read:
            _again(out, _last(conn, ctx, entity, item.digest))
        elif item.name in known:
            _remember(conn, ctx, entity, item, _again(out, known[item.name]))
            quarantine.seen_again(conn, ctx, entity.name, item.name)
            out.read_any = True
        else:
            mine = prepared if prepared is not None and prepared.item is item else None
            _read(conn, ctx, source, entity, item, out, mine, alone=len(waiting) == 1 and not full)
    if known and _counts_again(entity, len(known)):
        absence.count_again(conn, ctx, entity)
        out.counts.gone += absence.settle_gone(conn, ctx, entity.name)
    if out.read_any and not ctx.retry:
        _cursor(conn, ctx, entity, out)
    return out


def _counts_again(entity: EntitySpec, reads: int) -> bool:
    """Whether reading the very same bytes once more counts for who is missing (DMS.md §4).

    Of several files in a row, a row that only the last one lacks was in the one before: it is missing once each time.
    """
    return entity.mode != "delta" and entity.name not in CHILDREN and (reads == 1 or bool(entity.scope))


def _read(
    conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, item: Waiting, out: Outcome,
    prepared: Prepared | None, *, alone: bool,
) -> None:  # fmt: skip
    savepoint = conn.begin_nested()
    try:
        counts = _one(conn, ctx, source, entity, item, out, prepared, alone=alone)
    except guards.GuardTripped:
        savepoint.rollback()
        raise
    except FileRefused as error:
        savepoint.rollback()
        out.refused.append((item.name, error))
        quarantine.keep_refused(conn, ctx, entity.name, item.name, error)
        return
    savepoint.commit()
    _add(out.counts, counts)
    out.read_any = True
    _remember(conn, ctx, entity, item, counts)


def _one(
    conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, item: Waiting, out: Outcome,
    prepared: Prepared | None, *, alone: bool,
) -> Counts:  # fmt: skip
    counts = Counts(entity.name, entity.mode)
    begun = monotonic()
    if prepared is not None and prepared.refused is not None:
        raise prepared.refused
    staged = prepared.staged if prepared is not None else None
    if staged is None:
        staged = _staged(conn, ctx, source, entity, item, alone=alone)
    read = staged.read
    if staged.conflicts:
        quarantine.conflicts(conn, item.name, item.raw)
    counts.ms_read = int((monotonic() - begun) * 1000) + (prepared.ms_read if prepared is not None else 0)
    begun = monotonic()
    counts.complete = read.complete and entity.mode != "delta"
    counts.read, counts.rejected = staged.rows + staged.bad + staged.skipped, staged.bad + staged.conflicts
    counts.warnings = {code: n for code, n in read.counted.items() if code != "read"}
    apply.compare(conn, ctx, staged, counts)
    counts.unchanged += staged.skipped
    covered = absence.cover(ctx, entity, staged)
    out.warned += guards.before_write(conn, ctx, entity, staged, covered, _last_rows(conn, ctx, entity))
    _write(conn, ctx, staged, counts)
    missing = 0 if staged.first else absence.absence(conn, ctx, entity, covered, few=staged.skipped > 0)
    guards.after_absence(conn, ctx, covered, missing)
    if entity.name in CHILDREN:
        counts.gone += apply.replace_children(conn, ctx, staged)
    elif covered is not None and not staged.first:
        counts.gone += absence.settle_gone(conn, ctx, entity.name)
    quarantine.keep(conn, ctx, entity.name)
    if read.lines is not None and read.lines.active:
        ladder.keep(conn, ctx, entity.name, _line_mapping(entity, read), read.lines)
    elif not ctx.retry:
        ladder.forget(conn, ctx, entity.name)
    bods.keep(conn, ctx, entity.name, read.digest, read.bods)
    quarantine.close_mended(conn, ctx, entity.name, name=item.name, complete=counts.complete and not entity.scope)
    counts.ms_merge = int((monotonic() - begun) * 1000)
    return counts


def _staged(
    conn: Connection, ctx: Context, source: SourceSpec, entity: EntitySpec, item: Waiting, *, alone: bool
) -> Staged:
    """Stage a read, without the lines that the last one held too where that one covered just the same."""
    read = item.open()
    if read.lines is None or ctx.retry or entity.mode == "delta" or entity.scope or entity.name in CHILDREN:
        return stage(conn, read, source.area_code)
    usable = alone and (entity.mode == "snapshot" or _read_today(conn, ctx, entity))
    read.lines.begin(ladder.known(conn, ctx, entity.name, _line_mapping(entity, read)) if usable else ())
    staged = stage(conn, read, source.area_code)
    unseen = ladder.unseen(conn, staged) if read.lines.skipped else []
    if unseen is None:  # a row has a line that is known and another one: only the whole file can tell which holds
        read = item.open()
        read.lines.begin(())
        return stage(conn, read, source.area_code)
    staged.skipped = read.lines.skipped
    absence.remember_unseen(conn, ctx, entity.name, unseen)
    return staged


def _line_mapping(entity: EntitySpec, read: FileRead) -> str:
    """What has to be the same for a line to mean the same: the mapping and the header."""
    return f"{entity.digest}:{ladder.digests_of([read.lines.header])[0]}"


def _read_today(conn: Connection, ctx: Context, entity: EntitySpec) -> bool:
    """Whether the last read of a window covered the same days."""
    day = conn.execute(
        text("SELECT day FROM sync_read WHERE source_id = :s AND entity = :e ORDER BY id DESC LIMIT 1"),
        {"s": ctx.source_id, "e": entity.name},
    ).scalar()
    return day == ctx.today


def _write(conn: Connection, ctx: Context, staged: Staged, counts: Counts) -> None:
    """Rows, then what hangs on them: telephones, stubs, references, dotted fields."""
    entity = staged.shape.entity
    branches = apply.branch_ids(conn, ctx, staged, counts)
    if ctx.dry_run:
        apply.sample(conn, ctx, staged)
    apply.number_children(conn, entity)
    if entity == "appointment":
        bookings.before_write(conn, staged.shape.fields)
    if entity != "customer":  # a customer's own file may hold the survivor that it names
        resolve.key_stubs(conn, ctx, staged, counts)
    links = resolve.customer_links(staged, ctx.source_id)
    if (link := resolve.vehicle_link(conn, ctx, staged, counts)) is not None:
        links.append(link)
    apply.write(conn, ctx, staged, branches, links)
    apply.local_days(conn, ctx, entity)
    if entity == "customer":
        resolve.key_stubs(conn, ctx, staged, counts)
        people.after_masters(conn, staged)
    if entity == "vehicle":
        vehicle_facts.after_masters(conn, staged)
    people.feed_customers(conn, ctx, staged, counts)
    vehicle_facts.feed_vehicles(conn, ctx, staged, counts)
    if entity in CHILDREN:
        counts.stubs += resolve.order_refs(conn, ctx)
    if entity == "appointment":
        bookings.after_write(conn, ctx)
    people.name_stubs(conn, ctx, staged)


def _last_rows(conn: Connection, ctx: Context, entity: EntitySpec) -> int | None:
    found = conn.execute(
        text("SELECT last_complete_rows FROM sync_cursor WHERE source_id = :s AND entity = :e"),
        {"s": ctx.source_id, "e": entity.name},
    ).scalar()
    return None if found is None else int(found)


# -- known bytes -----------------------------------------------------------------------------------


def _known(conn: Connection, ctx: Context, entity: EntitySpec, waiting: Sequence[Waiting]) -> dict[str, dict[str, Any]]:
    """Name → counters of the earlier read, when the waiting bytes are just what was read last, under the same mapping
    (and, for a window, on the same day): nothing else has changed the rows since."""
    if not waiting or any(not w.digest for w in waiting):
        return {}
    rows = conn.execute(
        text(
            "SELECT digest, mapping_digest, counts, day FROM sync_read WHERE source_id = :s AND entity = :e "
            "ORDER BY id DESC LIMIT :n"
        ),
        {"s": ctx.source_id, "e": entity.name, "n": len(waiting)},
    ).all()
    rows = rows[::-1]
    if [r[0] for r in rows] != [w.digest for w in waiting] or any(r[1] != entity.digest for r in rows):
        return {}
    if entity.mode == "window" and any(r[3] != ctx.today for r in rows):
        return {}
    return {w.name: dict(json.loads(r[2])) for w, r in zip(waiting, rows, strict=True)}


def _last(conn: Connection, ctx: Context, entity: EntitySpec, digest: str) -> dict[str, Any]:
    found = conn.execute(
        text(
            "SELECT counts FROM sync_read WHERE source_id = :s AND entity = :e AND digest = :d ORDER BY id DESC LIMIT 1"
        ),
        {"s": ctx.source_id, "e": entity.name, "d": digest},
    ).scalar()
    return dict(json.loads(found)) if found else {}


def _again(out: Outcome, earlier: dict[str, Any]) -> Counts:
    """The rows of an earlier read, reported as unchanged, duplicates and rejected (DMS.md §6)."""
    c = Counts(out.counts.entity, out.counts.mode)
    c.read, c.duplicates, c.rejected = (int(earlier.get(k, 0)) for k in ("read", "duplicates", "rejected"))
    c.unchanged = c.read - c.duplicates - c.rejected
    c.warnings = dict(earlier.get("warnings", {}))
    c.complete = bool(earlier.get("complete", False))
    _add(out.counts, c)
    return c


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
            "INSERT INTO sync_cursor (source_id, entity, loaded, first_run, last_complete_rows, read_at) "
            "VALUES (:s, :e, true, :run, :rows, :now) ON CONFLICT (source_id, entity) DO UPDATE SET loaded = true, "
            "read_at = excluded.read_at, first_run = coalesce(sync_cursor.first_run, excluded.first_run), "
            "last_complete_rows = coalesce(excluded.last_complete_rows, sync_cursor.last_complete_rows)"
        ),
        {"s": ctx.source_id, "e": entity.name, "rows": rows, "now": ctx.now, "run": ctx.run_id},
    )


def _add(total: Counts, one: Counts) -> None:
    for name in ("read", "inserted", "updated", "unchanged", "stale", "duplicates", "rejected", "gone", "revived",
                 "stubs", "ms_read", "ms_merge"):  # fmt: skip
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.complete = one.complete
    for code, n in one.warnings.items():
        total.warnings[code] = total.warnings.get(code, 0) + n
