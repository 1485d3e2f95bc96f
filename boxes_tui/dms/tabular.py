"""Rows of a table-like file to records: header, blanks, ``stop_at``, number of fields, then the normaliser."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from boxes_tui.dms.cells import as_text
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.normalise import Normaliser, Rejected, make_header
from boxes_tui.dms.readers import Raw, read_rows
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def header_name(cell: Any) -> str:
    """A column name as it is compared: NFC, trimmed, case kept."""
    return unicodedata.normalize("NFC", as_text(cell)).replace("\ufeff", "").strip()


def open_file(source: SourceSpec, entity: EntitySpec, path: Path, digest: str | None = None) -> FileRead:
    """A file as a read: its header is checked now, its rows come when they are consumed."""
    rows = read_rows(path, entity)
    try:
        normaliser, width = _header(source, entity, rows)
    except Rejected as error:
        raise FileRefused(error.code, error.reason, entity.header_row, error.field) from None
    read = FileRead(normaliser.layout(), path.name, digest or sha256_of(path), None, path=str(path))
    read.rows = _records(read, normaliser, rows, entity, width)
    return read


def _header(source: SourceSpec, entity: EntitySpec, rows: Iterator[Raw]) -> tuple[Normaliser, tuple[int, int]]:
    for n, raw in enumerate(rows, 1):
        if n < entity.header_row:
            continue
        if raw.trouble:
            raise Rejected("E-COLS", "", f"el encabezado no se puede leer: {raw.trouble}")
        names = [header_name(c) for c in raw.cells]
        full = len(names)
        while names and not names[-1]:
            names.pop()
        return Normaliser(source, entity, make_header(names, entity)), (len(names), full)
    raise Rejected("E-COLS", "", f"no tiene la fila de encabezado ({entity.header_row})")


def _records(
    read: FileRead, normaliser: Normaliser, rows: Iterator[Raw], entity: EntitySpec, width: tuple[int, int]
) -> Iterator[Record | Reject]:
    counted = read.counted
    counted["read"] = 0
    stop = re.compile(entity.stop_at) if entity.stop_at else None
    for raw in rows:
        if not raw.trouble:
            filled = next((as_text(c).strip() for c in raw.cells if not _blank(c)), None)
            if filled is None and entity.skip_blank:
                continue
            if stop is not None and filled is not None and stop.search(filled):
                break
        elif not raw.text.strip() and entity.skip_blank:
            continue
        counted["read"] += 1
        item = _one(read, normaliser, raw, width)
        if isinstance(item, Record):
            for warning in item.warnings:
                counted[warning.code] = counted.get(warning.code, 0) + 1
        yield item


def _one(read: FileRead, normaliser: Normaliser, raw: Raw, width: tuple[int, int]) -> Record | Reject:
    if raw.trouble:
        return Reject("E-COLS", "", raw.trouble, read.name, raw.line, raw.text)
    cells = raw.cells
    names, full = width
    if len(cells) < names or any(not _blank(c) for c in cells[full:]):
        reason = f"{len(cells)} campos en lugar de {names}"
        return Reject("E-COLS", "", reason, read.name, raw.line, raw.text)
    if read.layout.scope_fields:
        read.scope_values.add(normaliser.scope_of(cells))
    return normaliser.row(cells, raw.line, read.name, raw.text)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def raw_lines(path: Path, entity: EntitySpec, wanted: Sequence[int]) -> dict[int, str]:
    """The raw text of some lines of a file, for rejects that are found after staging (``E-DUP``)."""
    lines = set(wanted)
    return {raw.line: raw.text for raw in read_rows(path, entity) if raw.line in lines}
