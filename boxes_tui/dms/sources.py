"""Reads that wait in sources without files: SQL and STAR (DMS.md §3)."""

from __future__ import annotations

from collections.abc import Callable

from boxes_tui.clock import Clock
from boxes_tui.dms.apply import Context
from boxes_tui.dms.mapping import SourceSpec
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.records import FileRead

Watch = Callable[[str, FileRead, int | None], FileRead]


def waiting_of(spec: SourceSpec, ctx: Context, clock: Clock, watch: Watch) -> dict[str, list[Waiting]]:
    """One read per entity."""
    if spec.kind == "sql":
        from boxes_tui.dms.sql import SqlSource

        sql = SqlSource(spec)
        return {name: [sql.waiting(entity, ctx, watch)] for name, entity in spec.entities.items()}
    from boxes_tui.dms.star import StarSource

    star = StarSource(spec)
    return {name: star.waiting(entity, ctx, watch) for name, entity in spec.entities.items()}
