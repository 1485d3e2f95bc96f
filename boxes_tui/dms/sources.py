"""Reads that wait in sources without files: SQL views and STAR over HTTP (DMS.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

from boxes_tui.clock import Clock
from boxes_tui.dms.context import Context
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.records import FileRead
from boxes_tui.dms.spec import EntitySpec, SourceSpec

Watch = Callable[[str, FileRead, int | None], FileRead]
Known = Callable[[str], Mapping[str, str]]
OVERLAP = timedelta(days=1)
DAILY_OVERLAP = timedelta(days=10)
"""The first delta of a business day reads further back: at least the days that the board shows of the past."""


def waiting_of(
    spec: SourceSpec,
    ctx: Context,
    clock: Clock,
    watch: Watch,
    read_at: Mapping[str, int] | None = None,
    known: Known = lambda _entity: {},
) -> dict[str, list[Waiting]]:
    """One read per entity. ``read_at`` says when each was last read (epoch seconds); without it a delta reads all. ``known``
    tells the BODIDs that an entity has brought before: what a delta shows again because it overlaps is not read again."""
    today = date.fromordinal(ctx.today)
    since = {name: since_of(ctx, clock, spec, (read_at or {}).get(name)) for name in spec.entities}
    if spec.kind == "sql":
        return {name: [_sql(spec, e, today, since[name], watch)] for name, e in spec.entities.items()}
    return {name: [_star(spec, e, today, since[name], watch, known)] for name, e in spec.entities.items()}


def since_of(ctx: Context, clock: Clock, spec: SourceSpec, read_at: int | None) -> datetime | None:
    """From when on a delta re-reads: with overlap, and once a business day with more of it."""
    if read_at is None:
        return None
    last = datetime.fromtimestamp(read_at, UTC)
    same_day = Clock(last).today(spec.timezone).toordinal() == ctx.today
    return last - (OVERLAP if same_day else DAILY_OVERLAP)


def _sql(spec: SourceSpec, entity: EntitySpec, today: date, since: datetime | None, watch: Watch) -> Waiting:
    from boxes_tui.dms.sql import SqlSource

    source = SqlSource(spec)

    def opened() -> FileRead:
        return watch(entity.name, source.read(entity, today, since), None)

    def raw(lines: list[int]) -> dict[int, str]:
        return source.raw_lines(entity, today, lines, since) if lines else {}

    return Waiting(entity.name, "", opened, raw)


def _star(
    spec: SourceSpec, entity: EntitySpec, today: date, since: datetime | None, watch: Watch, known: Known
) -> Waiting:
    from boxes_tui.dms.star import StarHttp

    pages = StarHttp(spec)

    def opened() -> FileRead:
        again = known(entity.name) if entity.mode == "delta" and since is not None else {}
        return watch(entity.name, pages.read(entity, today, since, again), None)

    return Waiting(entity.name, "", opened, partial(pages.raw_lines, entity, today, since))
