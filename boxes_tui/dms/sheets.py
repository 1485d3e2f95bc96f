"""Rows of an XLSX file by calamine, behind guards against bombs (DMS.md §3, RELIABILITY §4.8)."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from boxes_tui.dms.cells import ERROR
from boxes_tui.dms.readers import CHUNK, Raw
from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import EntitySpec
from boxes_tui.i18n import N_, _

MAX_BYTES: Final = 100_000_000
MAX_RATIO: Final = 100
MAX_MEMBERS: Final = 200
MAX_CELLS: Final = 3_000_000
"""Cells that are written, and those of the table around them: what fits in memory."""
MAX_AREA: Final = 4_000_000
BOOK_BYTES: Final = 1_000_000
SMALL: Final = 10_000_000
_NOT_A_BOOK: Final = N_("no es una planilla XLSX que se pueda leer")
_ERROR: Final = re.compile(rb'<(?:\w+:)?c\s[^<>]*\bt\s*=\s*["\']e["\'][^<>]*>')
_PLACE: Final = re.compile(rb'\br\s*=\s*["\']([A-Z]{1,3})(\d{1,7})["\']')
_FAR: Final = re.compile(rb'r="([A-Za-z]{2,}|[A-Za-z](?=\d{5,}")|(?=\d{5,}"))(\d*)"')
"""Cells from the 27th column or the 10,000th row on, and rows from there on, in the form in which spreadsheets write them."""
_ODD: Final = tuple(b"r" + sign + b"=" for sign in (b" ", b"\t", b"\r", b"\n")) + tuple(b"r=" + sign for sign in (b"'", b" ", b"\t", b"\r", b"\n"))  # fmt: skip
_ANY: Final = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]*)(\d*)")
"""Places in whatever form."""


def read_sheet(path: Path, entity: EntitySpec) -> Generator[Raw, None, None]:
    """Every row of the sheet from its header on, cells typed; :class:`FileRefused` when it cannot be read."""
    _guard(path)
    try:
        yield from _rows(path, entity)
    except (FileRefused, GeneratorExit):
        raise
    except BaseException as error:  # whatever a parser says of broken bytes, its panics included
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise FileRefused("E-READ", _(_NOT_A_BOOK)) from None
        raise


def _rows(path: Path, entity: EntitySpec) -> Generator[Raw, None, None]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    name = _sheet_name(book.sheet_names, entity.sheet)
    errors = _look_at_cells(path, name)
    sheet = book.get_sheet_by_name(name)
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for number, filled in enumerate(sheet.iter_rows(), 1):
        if number < entity.header_row:
            continue
        cells: list[Any] = [*before, *filled]
        for column in errors.get(number, ()):
            if column < len(cells):
                cells[column] = ERROR
        yield number, cells, "", ""


def _sheet_name(names: list[str], wanted: str | int | None) -> str:
    if isinstance(wanted, str):
        if wanted not in names:
            raise FileRefused("E-COLS", _("no tiene una hoja «{wanted}»").format(wanted=wanted))
        return wanted
    number = wanted or 1
    if number > len(names):
        raise FileRefused("E-COLS", _("no tiene una hoja {number}").format(number=number))
    return names[number - 1]


def _guard(path: Path) -> None:
    """Refuse what would unpack beyond measure, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileRefused("E-READ", _(_NOT_A_BOOK)) from None
    total = sum(m.file_size for m in members)
    packed = max(1, sum(m.compress_size for m in members))
    book = sum(m.file_size for m in members if m.filename.lower() == "xl/workbook.xml")
    if (
        len(members) > MAX_MEMBERS
        or total > MAX_BYTES
        or book > BOOK_BYTES
        or (total > SMALL and total / packed > MAX_RATIO)
    ):
        raise FileRefused(
            "E-READ",
            _("la planilla es demasiado grande ({megabytes} MB); exportar como CSV").format(
                megabytes=total // 1_000_000
            ),
        )


def _look_at_cells(path: Path, sheet: str) -> dict[int, list[int]]:
    """The error cells of a sheet (row → columns), which the parser shows as empty. Refuses a sheet whose cells lie so far
    apart that the table between them would not fit in memory."""
    errors: dict[int, list[int]] = {}
    reach = _Reach()
    tail = b""
    with zipfile.ZipFile(path) as archive, archive.open(_member(archive, sheet)) as file:
        while chunk := file.read(CHUNK):
            data = tail + chunk
            cut = data.rfind(b"<") if len(data) > CHUNK // 2 else len(data)
            data, tail = (data[:cut], data[cut:]) if cut > 0 else (data, b"")
            reach.look(data, len(chunk))
            if b'"e"' in data or b"'e'" in data:
                for cell in _ERROR.finditer(data):
                    if place := _PLACE.search(cell[0]):
                        errors.setdefault(int(place[2]), []).append(_column(place[1]))
        reach.look(tail, 0)
    return errors


class _Reach:
    """How far the cells of a sheet reach, and how many they are: the table that the parser makes of them has to fit in
    memory, so a sheet that is too wide, too long or too full is refused before it is parsed."""

    def __init__(self) -> None:
        self.widest, self.last, self.cells, self.bytes = 0, 9_999, 0, 0

    def look(self, data: bytes, size: int) -> None:
        """See some more of the sheet; raises :class:`FileRefused`."""
        self.bytes += size
        self.cells += data.count(b"<c ") + data.count(b"<c>") + data.count(b":c ") + data.count(b":c>")
        far = _ANY if any(form in data for form in _ODD) else _FAR
        for column in range(26, self.widest, -1):
            if b'r="%c' % (64 + column) in data or b'r="%c' % (96 + column) in data:
                self.widest = column
                break
        for letters, digits in far.findall(data):
            if len(letters) > 3 or len(digits) > 7:
                self._refuse()
            self.widest = max(self.widest, _column(letters.upper()) + 1)
            self.last = max(self.last, int(digits or b"0"))
        self.last = max(self.last, self.cells // 16_384, data.count(b"<row"))
        if self.bytes > MAX_BYTES or self.cells > MAX_CELLS:
            raise FileRefused("E-READ", _("la planilla es demasiado grande; exportar como CSV"))
        if self.widest * self.last > MAX_AREA and self.widest * self.last > 4 * self.cells:
            self._refuse()

    def _refuse(self) -> None:
        raise FileRefused("E-READ", _("la planilla tiene celdas demasiado lejos unas de otras; exportar como CSV"))


def _member(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet, by the workbook's own relations."""
    from defusedxml.ElementTree import fromstring

    root = "xl/workbook.xml"
    book = fromstring(archive.read(root), forbid_dtd=True)
    named = [node for node in book.iter() if node.tag.endswith("}sheet") and node.get("name") == sheet]
    relation = next(value for node in named for name, value in node.attrib.items() if name.endswith("}id"))
    relations = fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    target: Any = next(node.get("Target") for node in relations if node.get("Id") == relation)
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target))


def _column(letters: bytes) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + letter - 64
    return found - 1
