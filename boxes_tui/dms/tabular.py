"""Rows of a table-like file to records: header, blanks, ``stop_at``, number of fields, then the normaliser (DMS.md §3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from boxes_tui.dms.cells import ERROR, as_text, shown
from boxes_tui.dms.columns import Rejected, make_header
from boxes_tui.dms.ladder import Lines
from boxes_tui.dms.mapping_fields import column_name
from boxes_tui.dms.normalise import Normaliser
from boxes_tui.dms.readers import Raw, read_text
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.dms.sheets import read_sheet
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.errors import why
from boxes_tui.i18n import _

Items = Iterator[Record | Reject]


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes; "" when it cannot be read (its read is refused then)."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


def open_file(
    source: SourceSpec,
    entity: EntitySpec,
    path: Path,
    digest: str | None = None,
    known: Mapping[str, str] | None = None,
) -> FileRead:
    """A file as a read: its header is checked now, its rows come as they are consumed. ``known``: BODIDs that STAR files
    brought before. Raises :class:`FileRefused`."""
    if source.kind == "star":
        from boxes_tui.dms.star import open_star

        return open_star(source, entity, path, digest, known or {})
    lines = Lines("")
    rows = read_rows(path, entity, lines)
    try:
        normaliser, width = _header(source, entity, rows, lines)
    except Rejected as error:
        raise FileRefused(error.code, error.reason, entity.header_row, error.field) from None
    read = FileRead(normaliser.layout(), path.name, sha256_of(path) if digest is None else digest, None, path=str(path))
    read.lines = lines if lines.header else None
    read.rows = counted(read, _records(read, normaliser, rows, entity, width))
    return read


def read_rows(path: Path, entity: EntitySpec, lines: Lines | None = None) -> Generator[Raw, None, None]:
    """Every row from the header on: a spreadsheet is told by its bytes, everything else is text. Lines that ``lines`` knows
    are passed over."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=why(error))) from None
    if head.startswith(b"PK\x03\x04") or path.suffix.lower() in (".xlsx", ".xlsm"):
        return read_sheet(path, entity)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise FileRefused("E-READ", _("es una planilla XLS antigua o con clave; exportar como XLSX o CSV"))
    return read_text(path, entity, lines)


def _header(
    source: SourceSpec, entity: EntitySpec, rows: Generator[Raw, None, None], lines: Lines
) -> tuple[Normaliser, tuple[int, int]]:
    found = next(rows, None)
    if found is None:
        raise Rejected(
            "E-COLS", "", _("no tiene la fila de encabezado ({header_row})").format(header_row=entity.header_row)
        )
    _line, cells, lines.header, trouble = found
    if trouble:
        raise Rejected("E-COLS", "", _("el encabezado no se puede leer: {trouble}").format(trouble=trouble))
    names = [column_name("" if c is ERROR else as_text(c)) for c in cells]
    full = len(names)
    while names and not names[-1]:
        names.pop()
    return Normaliser(source, entity, make_header(names, entity)), (len(names), full)


def _records(
    read: FileRead, normaliser: Normaliser, rows: Generator[Raw, None, None], entity: EntitySpec, width: tuple[int, int]
) -> Items:
    names, full = width
    stop = re.compile(entity.stop_at) if entity.stop_at else None
    scoped, file, row = bool(entity.scope), read.name, normaliser.row
    noted = read.lines or Lines("")
    with closing(rows):
        for line, cells, text, trouble in rows:
            if not trouble:
                first = cells[0] if cells else ""
                if stop is not None or not first or not str(first).strip():
                    filled = next((as_text(c).strip() for c in cells if not _blank(c)), None)
                    if filled is None and entity.skip_blank:
                        continue
                    if stop is not None and filled is not None and stop.search(filled):
                        return
                if len(cells) != full and (len(cells) < names or any(not _blank(c) for c in cells[full:])):
                    trouble = _("{found} campos en lugar de {wanted}").format(found=len(cells), wanted=names)
            if trouble:
                yield Reject("E-COLS", "", trouble, file, line, text.rstrip("\r\n") or shown(cells))
                continue
            if len(cells) < full:
                cells = [*cells, *[""] * (full - len(cells))]
            if scoped and (values := normaliser.scope_of(cells)) is not None:
                read.scope_values.add(values)
            item = row(cells, line, file, text)
            if noted.active:
                noted.note(item)
            yield item


def counted(read: FileRead, items: Iterable[Record | Reject]) -> Items:
    """The items of a read, counted as they pass: rows, and warnings by code."""
    tally = read.counted
    rows = 0
    tally["read"] = 0
    try:
        for item in items:
            rows += 1
            if type(item) is Record and item.warnings:
                for warning in item.warnings:
                    tally[warning.code] = tally.get(warning.code, 0) + 1
            yield item
    finally:
        tally["read"] = rows


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def raw_lines(path: Path, entity: EntitySpec, wanted: Sequence[int]) -> dict[int, str]:
    """The raw text of some lines of a file, for rejects that are found after staging (``E-DUP``)."""
    if entity.resource is not None:  # a STAR document
        from boxes_tui.dms.star import raw_of_star

        return raw_of_star(entity, path, wanted)
    left = set(wanted)
    found: dict[int, str] = {}
    for line, cells, text, _trouble in read_rows(path, entity):
        if line in left:
            found[line] = text.rstrip("\r\n") or shown(cells)
            left.discard(line)
            if not left:
                break
    return found
