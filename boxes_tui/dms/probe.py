"""Reach a source, check its columns, count its rows; writes nothing (DMS.md §3 ``probe``)."""

from __future__ import annotations

from typing import Any

from boxes_tui.dms.folder import Folder
from boxes_tui.dms.records import FileRefused, Reject
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.errors import BoxesError


def probe(spec: SourceSpec) -> list[dict[str, Any]]:
    """One finding per entity: whether it can be read, and how many rows and bad rows wait."""
    made = []
    for entity in spec.entities.values():
        try:
            ok, said = _probe(spec, entity)
        except FileRefused as error:
            ok, said = False, f"{error.code}: {error.reason}"
        except BoxesError as error:
            ok, said = False, str(error)
        made.append({"source": spec.name, "entity": entity.name, "mode": entity.mode, "ok": ok, "text": said})
    return made


def _probe(spec: SourceSpec, entity: EntitySpec) -> tuple[bool, str]:
    if spec.path is not None:
        from boxes_tui.dms.tabular import open_file

        folder = Folder(spec)
        folder.check()
        files = folder.waiting(entity)
        reads = [open_file(spec, entity, path) for path in files]
        if not reads:
            return True, f"ningún archivo espera ({entity.files})"
    elif spec.kind == "sql":
        from boxes_tui.clock import clock_from_env
        from boxes_tui.dms.sql import SqlSource

        reads = [SqlSource(spec).read(entity, clock_from_env().today(spec.timezone))]
    else:
        from boxes_tui.dms.star import StarHttp

        reads = [StarHttp(spec).read(entity, None)]
    rows = bad = 0
    for read in reads:
        for item in read.rows:
            rows += 1
            bad += isinstance(item, Reject)
    return True, f"{rows} filas, {bad} no valen"
