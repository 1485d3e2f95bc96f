"""Rows of a CSV, TSV or XLSX file with the line where each begins (DMS.md §3, RELIABILITY §4.8). Nothing is ever lost
silently: a line that cannot be a row comes out as a bad one."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from boxes_tui.dms.cells import ERROR
from boxes_tui.dms.mapping import EntitySpec
from boxes_tui.dms.records import FileRefused

CHUNK: Final = 1 << 20
FIELD_LIMIT: Final = 131_072
XLSX_BYTES: Final = 1 << 30
XLSX_RATIO: Final = 200
XLSX_MEMBERS: Final = 500


@dataclass(frozen=True, slots=True)
class Raw:
    """One row as it stands in the file; ``trouble`` says why it cannot be read as cells."""

    cells: Sequence[Any]
    line: int
    text: str
    trouble: str = ""


def read_rows(path: Path, entity: EntitySpec) -> Iterator[Raw]:
    """Every row of a file from its first line on, headers included; :class:`FileRefused` for a file-level failure."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _xlsx(path, entity)
    return _csv(path, entity)


# -- text files ----------------------------------------------------------------------------------


def encoding_of(path: Path, declared: str | None) -> str:
    """The declared encoding (a BOM is passed over), else BOM → UTF-8 strict → cp1252."""
    with path.open("rb") as file:
        head = file.read(4)
    if declared is not None:
        name = codecs.lookup(declared).name
        return "utf-8-sig" if name == "utf-8" else declared
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return "utf-8" if bad_byte(path, "utf-8") is None else "cp1252"


def bad_byte(path: Path, encoding: str) -> tuple[int, int, int] | None:
    """(byte, offset from 0, line from 1) of the first byte that the encoding cannot read; None when there is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = lines = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                place = done - pending + error.start
                with path.open("rb") as again:
                    before = again.read(place)
                    byte = again.read(1)
                return (byte[0] if byte else 0), place, before.count(b"\n") + 1
            if not chunk:
                return None
            done += len(chunk)
            lines += chunk.count(b"\n")


class _Lines:
    """Physical lines for the CSV reader: remembers those of the row under way, and takes lines back."""

    def __init__(self, file: IO[str]) -> None:
        self._file = iter(file)
        self._back: list[str] = []
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._file)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._back.extend(reversed(lines))
        self.number -= len(lines)


def _csv(path: Path, entity: EntitySpec) -> Iterator[Raw]:
    encoding = encoding_of(path, entity.encoding)
    delimiter = entity.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    if len(delimiter) != 1:
        raise FileRefused("E-COLS", f"el delimitador «{delimiter}» tiene que ser un carácter")
    csv.field_size_limit(FIELD_LIMIT)
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield from _records(_Lines(file), delimiter)
    except UnicodeError:
        found = bad_byte(path, encoding)
        if found is None:
            raise FileRefused("E-ENCODING", f"no se puede leer como {encoding}") from None
        byte, offset, line = found
        raise FileRefused(
            "E-ENCODING", f"no es {encoding}: byte 0x{byte:02x} en la posición {offset}, línea {line}", line
        ) from None
    except OSError as error:
        raise FileRefused("E-READ", f"no se puede leer ({error.strerror})") from None


def _records(lines: _Lines, delimiter: str) -> Iterator[Raw]:
    """Rows; where a quote is never closed, its first line is a bad row and reading goes on at the next line."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.taken = []
        start = lines.number + 1
        try:
            cells = next(reader)
            trouble = ""
        except StopIteration:
            if not lines.taken:
                return
            cells, trouble = [], "comilla sin cerrar"
        except csv.Error as error:
            cells, trouble = [], f"CSV mal formado ({error})"
        text = "".join(lines.taken)
        if not trouble and len(lines.taken) > 1 and text.count('"') % 2 and _at_end(lines):
            trouble = "comilla sin cerrar"
        if trouble and len(lines.taken) > 1:
            lines.give_back(lines.taken[1:])
            text = lines.taken[0]
            reader = csv.reader(lines, delimiter=delimiter)
        elif trouble:
            reader = csv.reader(lines, delimiter=delimiter)
        yield Raw(cells, start, text.rstrip("\r\n"), trouble)


def _at_end(lines: _Lines) -> bool:
    try:
        ahead = next(lines)
    except StopIteration:
        return True
    lines.taken.pop()
    lines.give_back([ahead])
    return False


# -- spreadsheets --------------------------------------------------------------------------------


def _xlsx(path: Path, entity: EntitySpec) -> Iterator[Raw]:
    from python_calamine import CalamineError, CalamineWorkbook

    errors = _guard_xlsx(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        wanted = entity.sheet
        if isinstance(wanted, str) and wanted not in names:
            raise FileRefused("E-COLS", f"no tiene una hoja «{wanted}»")
        index = wanted if isinstance(wanted, int) else names.index(wanted) if wanted else 0
        sheet = book.get_sheet_by_index(index)
        rows = sheet.to_python(skip_empty_area=False)
    except FileRefused:
        raise
    except (CalamineError, ValueError, IndexError, OSError):
        raise FileRefused("E-READ", "no es una planilla XLSX que se pueda leer") from None
    for number, cells in enumerate(rows, 1):
        if errors and number in errors:
            for column in errors[number]:
                if column < len(cells):
                    cells[column] = ERROR
        yield Raw(cells, number, "\t".join("#ERROR" if c is ERROR else _shown(c) for c in cells).rstrip("\t"))


def _shown(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _guard_xlsx(path: Path) -> dict[int, list[int]]:
    """Refuse bombs before parsing; returns the error cells (row → columns), which the parser shows as empty."""
    errors: dict[int, list[int]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(m.file_size for m in members)
            packed = max(1, sum(m.compress_size for m in members))
            if (
                len(members) > XLSX_MEMBERS
                or total > XLSX_BYTES
                or (total > 50_000_000 and total / packed > XLSX_RATIO)
            ):
                raise FileRefused("E-READ", "la planilla es demasiado grande para su tamaño en disco")
            for member in members:
                if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", member.filename):
                    _error_cells(archive, member, errors)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise FileRefused("E-READ", "no es una planilla XLSX que se pueda leer") from None
    return errors


def _error_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo, errors: dict[int, list[int]]) -> None:
    pattern = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})(\d+)"[^>]*?t="e"|<c [^>]*?t="e"[^>]*?r="([A-Z]{1,3})(\d+)"')
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(CHUNK):
            data = tail + chunk
            for found in pattern.finditer(data):
                letters, digits = (found[1], found[2]) if found[1] else (found[3], found[4])
                column = 0
                for letter in letters:
                    column = column * 26 + letter - 64
                columns = errors.setdefault(int(digits), [])
                if column - 1 not in columns:
                    columns.append(column - 1)
            tail = data[-200:]
