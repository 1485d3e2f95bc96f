"""Rows into files: CSV and XLSX (PRODUCT §9, RELIABILITY S8). What is written is what the screen shows, in its order.

No cell can become a formula: CSV text that begins with ``= + - @``, tab, return or NUL (or with ``'`` itself) gets a
leading ``'``, of which a reader takes one away; XLSX cells are typed and texts are written as texts.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from boxes_tui.errors import BoxesError, why
from boxes_tui.i18n import _

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "'")
XLSX_TEXT: Final = 32_767
"""Characters that a spreadsheet's cell holds."""
STEP: Final = 500
"""Rows between two reports of progress."""

Row = TypeVar("Row")
Progress = Callable[[int, int | None], bool]
"""Called with rows written and rows in all (None = unknown); a false answer cancels."""


class Cancelled(BoxesError):
    """The export was cancelled; no file is left."""


@dataclass(frozen=True)
class Sheet:
    """A table to write: ``titles``, and rows of values in their order. ``total`` is only for the progress."""

    title: str
    titles: Sequence[str]
    rows: Iterable[Sequence[Any]]
    total: int | None = None


def guard(text: str) -> str:
    """CSV text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(DANGEROUS) else text


def unguard(text: str) -> str:
    """What :func:`guard` was given."""
    return text[1:] if text.startswith("'") else text


def csv_cell(value: Any) -> str:
    """A value as CSV: ``24/11/2026 15:30``, ``1234,50``; nothing where unknown."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return guard(f"{value:.2f}".replace(".", ","))
    return guard(str(value))


def write_csv(sheet: Sheet, target: IO[bytes], progress: Progress | None = None) -> int:
    """UTF-8 with BOM, ``;``, CRLF; returns the rows written."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    try:
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow([guard(t) for t in sheet.titles])
        done = 0
        for row in watched(sheet.rows, sheet.total, progress):
            writer.writerow([csv_cell(v) for v in row])
            done += 1
        return done
    finally:
        text.flush()
        text.detach()


def write_xlsx(sheet: Sheet, target: IO[bytes], progress: Progress | None = None) -> int:
    """One sheet with typed cells: dates, instants, numbers, amounts, texts; returns the rows written."""
    import xlsxwriter

    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_date_format": "dd/mm/yyyy",
    }  # fmt: skip
    book = xlsxwriter.Workbook(target, options)
    try:
        page = book.add_worksheet(_sheet_name(sheet.title))
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {
            "day": book.add_format({"num_format": "dd/mm/yyyy"}),
            "instant": book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "quoted": book.add_format({"quote_prefix": True}),
        }
        page.freeze_panes(1, 0)
        page.set_column(0, max(0, len(sheet.titles) - 1), 16)
        for n, title in enumerate(sheet.titles):
            page.write_string(0, n, title, head)
        done = 0
        for done, row in enumerate(watched(sheet.rows, sheet.total, progress), 1):
            for n, value in enumerate(row):
                _cell(page, done, n, value, formats)
        if sheet.titles and done:
            page.autofilter(0, 0, done, len(sheet.titles) - 1)
        return done
    finally:
        book.close()


def _cell(page: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        page.write_datetime(row, column, value.replace(tzinfo=None), formats["instant"])
    elif isinstance(value, date):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["day"])
    elif isinstance(value, Decimal):
        page.write_number(row, column, float(value), formats["money"])
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        page.write_number(row, column, value)
    else:
        text = str(value)[:XLSX_TEXT]
        page.write_string(row, column, text, formats["quoted"] if text.startswith(DANGEROUS) else None)


def _sheet_name(title: str) -> str:
    kept = "".join(ch for ch in title if ch not in "[]:*?/\\'")
    return kept[:31] or "Hoja"


def watched(rows: Iterable[Row], total: int | None, progress: Progress | None) -> Iterator[Row]:
    """The rows, told to ``progress`` every :data:`STEP`; :class:`Cancelled` where it says no."""
    for n, row in enumerate(rows):
        if progress is not None and n % STEP == 0 and not progress(n, total):
            raise Cancelled(_("Se canceló la exportación; no quedó ningún archivo."))
        yield row
    if progress is not None:
        progress(total or 0, total)


WRITERS: Final[dict[str, Callable[[Sheet, IO[bytes], Progress | None], int]]] = {"csv": write_csv, "xlsx": write_xlsx}


def save(sheet: Sheet, path: Path, progress: Progress | None = None) -> int:
    """Write a sheet to a file of mode 0600 by its suffix (.csv, .xlsx), whole or not at all; returns the rows written.

    Raises :class:`Cancelled`, and :class:`BoxesError` where the file cannot be written.
    """
    writer = WRITERS.get(path.suffix.lower().lstrip("."))
    if writer is None:
        raise BoxesError(_("«{name}» no es .csv ni .xlsx.").format(name=path.name))
    with whole_file(path) as target:
        return writer(sheet, target, progress)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A new file of mode 0600 that takes its name only when it is complete."""
    part = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BoxesError(_("No se puede escribir {path}: {why}").format(path=path, why=why(error))) from None
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
