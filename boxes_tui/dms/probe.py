"""Reach a source, check its columns, count its rows, propose a mapping; writes nothing (DMS.md §3 ``probe``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any, Final

from boxes_tui.dms.cells import as_text
from boxes_tui.dms.folder import Folder
from boxes_tui.dms.mapping_fields import column_name
from boxes_tui.dms.propose import propose
from boxes_tui.dms.records import FileRead, FileRefused, Reject
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _

SAMPLE: Final = 50
Table = tuple[list[str], list[list[str]]]


def probe(spec: SourceSpec) -> list[dict[str, Any]]:
    """One finding per entity: whether it can be read, how many rows and bad rows wait, and a mapping that its columns
    suggest (``toml``, None where there are none to see)."""
    made = []
    files, trouble = _files(spec)
    for entity in spec.entities.values():
        mine = [p for p in files if entity.files and fnmatchcase(p.name, entity.files)]
        try:
            if trouble:
                raise BoxesError(trouble)
            ok, said = _count(spec, entity, mine)
        except FileRefused as error:
            ok, said = False, f"{error.code}: {error.reason}"
        except BoxesError as error:
            ok, said = False, str(error)
        made.append({"source": spec.name, "entity": entity.name, "mode": entity.mode, "ok": ok, "text": said,
                     "toml": _proposed(spec, entity, mine)})  # fmt: skip
    return made


def _files(spec: SourceSpec) -> tuple[list[Path], str]:
    if spec.path is None:
        return [], ""
    folder = Folder(spec)
    try:
        folder.check()
        return folder.waiting_any(list(spec.entities.values())), ""
    except BoxesError as error:
        return [], str(error)


def _count(spec: SourceSpec, entity: EntitySpec, files: Sequence[Path]) -> tuple[bool, str]:
    if spec.path is not None and not files:
        return True, _("ningún archivo espera ({files})").format(files=entity.files)
    rows = bad = 0
    for read in _reads(spec, entity, files):
        for item in read.rows:
            rows += 1
            bad += isinstance(item, Reject)
    return True, _("{rows} filas, {bad} no valen").format(rows=rows, bad=bad)


def _reads(spec: SourceSpec, entity: EntitySpec, files: Sequence[Path]) -> Iterable[FileRead]:
    if spec.path is not None:
        from boxes_tui.dms.tabular import open_file

        return (open_file(spec, entity, path) for path in files)
    if spec.kind == "sql":
        from boxes_tui.clock import clock_from_env
        from boxes_tui.dms.sql import SqlSource

        return [SqlSource(spec).read(entity, clock_from_env().today(spec.timezone))]
    from boxes_tui.clock import clock_from_env
    from boxes_tui.dms.star import StarHttp

    return [StarHttp(spec).read(entity, clock_from_env().today(spec.timezone))]


def _proposed(spec: SourceSpec, entity: EntitySpec, files: Sequence[Path]) -> str | None:
    try:
        header, rows = _table(spec, entity, files)
    except (FileRefused, BoxesError):
        return None
    return propose(spec.name, entity.name, header, rows) if header else None


def _table(spec: SourceSpec, entity: EntitySpec, files: Sequence[Path]) -> Table:
    """The column names and the first rows of what waits."""
    if spec.kind == "sql":
        from boxes_tui.clock import clock_from_env
        from boxes_tui.dms.sql import SqlSource

        return SqlSource(spec).sample(entity, clock_from_env().today(spec.timezone), SAMPLE)
    if spec.kind != "folder" or not files:
        return [], []
    from boxes_tui.dms.tabular import read_rows

    rows = [cells for _line, cells, _text, trouble in islice(read_rows(files[-1], entity), SAMPLE) if not trouble]
    texts = [[as_text(c) for c in cells] for cells in rows]
    return ([column_name(c) for c in texts[0]] if texts else []), texts[1:]
