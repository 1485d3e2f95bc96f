"""Spreadsheets: typed cells, errors, bombs (DMS.md §3, RELIABILITY §4.8)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from boxes_tui.dms.records import UNTOUCHED, FileRefused
from tests.dms import reading

SETTINGS = 'key = ["SUC", "NRO"]\nheader_row = 3\nstop_at = "^TOTAL"'
MAP = """
opened_at = "ABIERTA"
promised_at = { from = ["DIA", "HORA"], format = "%d/%m/%Y %H:%M" }
delivered_at = "ENTREGA"
odometer_in = "KM"
total = "TOTAL_OR"
notes = "OBS"
vin = "VIN"
"""
HEAD = ["SUC", "NRO", "ABIERTA", "DIA", "HORA", "ENTREGA", "KM", "TOTAL_OR", "OBS", "VIN"]
VIN = "8APY526WYK0000144"
MOMENT = datetime(2026, 11, 24, 8, 30)


def book(path: Path, write: Callable[[Any, Any], object]) -> Path:
    """A workbook whose first sheet ``write(workbook, sheet)`` fills."""
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet("Datos")
    write(made, sheet)
    made.close()
    return path


def orders(folder: Path, *rows: dict[str, Any], settings: str = SETTINGS, mapping: str = MAP) -> Any:
    """Work orders under a title and an empty row; values of type datetime, date and time are typed cells."""

    def write(made: Any, sheet: Any) -> None:
        forms = {datetime: "dd/mm/yyyy hh:mm", date: "dd/mm/yyyy", time: "hh:mm"}
        formats = {kind: made.add_format({"num_format": form}) for kind, form in forms.items()}
        sheet.write(0, 0, "Listado de órdenes")
        sheet.write_row(2, 0, HEAD)
        for y, row in enumerate(rows, 3):
            for x, name in enumerate(HEAD):
                value = row.get(name)
                if isinstance(value, (datetime, date, time)):
                    sheet.write_datetime(y, x, value, formats[type(value)])
                elif value == "#N/A":
                    sheet.write_formula(y, x, "=NA()", None, "#N/A")
                elif value == "0 as date":
                    sheet.write_number(y, x, 0, formats[date])
                elif value is not None:
                    sheet.write(y, x, value)
        sheet.write(len(rows) + 3, 0, "TOTAL")
        sheet.write(len(rows) + 3, 1, len(rows))

    folder.mkdir(parents=True, exist_ok=True)
    path = book(folder / "f.xlsx", write)
    spec, e = reading.source(folder, "repair_order", settings, mapping)
    return reading.read(spec, e, path)


def one(folder: Path, **cells: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    found, records, rejects = orders(folder, {"SUC": "CBA", "NRO": 5001, "ABIERTA": MOMENT, "VIN": VIN, **cells})
    assert not rejects, rejects
    return reading.named(found, records[0]), [(w.code, w.field) for w in records[0].warnings]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text + "-03:00").timestamp())


def test_typed_cells_need_no_format(tmp_path: Path) -> None:
    found, records, rejects = orders(
        tmp_path,
        {"SUC": "CBA", "NRO": 5001, "ABIERTA": MOMENT, "KM": 109071, "TOTAL_OR": 835752.5, "VIN": VIN, "OBS": 12},
        {"SUC": "CBA", "NRO": "0007", "ABIERTA": date(2026, 11, 23), "KM": "1,500", "VIN": VIN},
    )
    first, second = (reading.named(found, r) for r in records)
    assert [r.key for r in records] == ["CBA/5001", "CBA/0007"] and not rejects
    assert [r.line for r in records] == [4, 5] and found.counted["read"] == 2
    assert first["opened_at"] == at("2026-11-24T08:30") and first["opened_at_precision"] == "time"
    assert (first["odometer_in"], first["total"], first["notes"]) == (109071, 83575250, "12")
    assert second["opened_at"] == at("2026-11-23T00:00") and second["opened_at_precision"] == "day"
    assert second["odometer_in"] == 1500 and second["delivered_at"] is None


def test_a_date_cell_and_a_time_cell_are_one_moment(tmp_path: Path) -> None:
    for day, hour in ((date(2026, 11, 25), time(9, 45)), ("25/11/2026", time(9, 45)), (date(2026, 11, 25), "9:45"),
                      (datetime(2026, 11, 25), 0.40625), ("25/11/2026", "09:45")):  # fmt: skip
        row, warnings = one(tmp_path, DIA=day, HORA=hour)
        assert row["promised_at"] == at("2026-11-25T09:45") and not warnings, (day, hour)
        assert row["promised_at_precision"] == "time"
    row, _warnings = one(tmp_path, DIA=date(2026, 11, 25))
    assert (row["promised_at"], row["promised_at_precision"]) == (at("2026-11-25T00:00"), "day")
    row, warnings = one(tmp_path, DIA=date(2026, 11, 25), HORA="a confirmar")
    assert row["promised_at"] is None and warnings == [("W-DATE-RANGE", "promised_at")]


def test_zero_in_a_date_column_is_null(tmp_path: Path) -> None:
    row, warnings = one(tmp_path, ENTREGA="0 as date")
    assert row["delivered_at"] is None and not warnings
    _found, _records, rejects = orders(tmp_path, {"SUC": "CBA", "NRO": 1, "ABIERTA": "0 as date", "VIN": VIN})
    assert [r.code for r in rejects] == ["E-REQ"]


def test_a_date_where_none_belongs(tmp_path: Path) -> None:
    _found, _records, rejects = orders(tmp_path, {"SUC": "CBA", "NRO": date(1913, 9, 9), "ABIERTA": MOMENT, "VIN": VIN})
    assert [(r.code, r.field) for r in rejects] == [("E-KEY", "NRO")] and "formato de la celda" in rejects[0].reason
    assert rejects[0].raw.startswith("CBA\t1913-09-09")
    row, warnings = one(tmp_path, KM=date(1913, 9, 9))
    assert row["odometer_in"] is UNTOUCHED and warnings == [("W-NUM", "odometer_in")]


def test_an_error_cell_is_left_untouched(tmp_path: Path) -> None:
    for name, field in (("ENTREGA", "delivered_at"), ("KM", "odometer_in"), ("OBS", "notes")):
        row, warnings = one(tmp_path, **{name: "#N/A"})
        assert row[field] is UNTOUCHED and warnings == [("W-NUM", field)]
    _found, _records, rejects = orders(tmp_path, {"SUC": "CBA", "NRO": "#N/A", "ABIERTA": MOMENT, "VIN": VIN})
    assert [(r.code, r.field) for r in rejects] == [("E-KEY", "NRO")]


def test_a_table_away_from_the_corner(tmp_path: Path) -> None:
    def write(_made: Any, sheet: Any) -> None:
        sheet.write_row(4, 2, ["a", "b"])
        sheet.write_row(5, 2, [1, "Ana"])
        sheet.write_row(8, 2, [2, "Eva"])

    path = book(tmp_path / "f.xlsx", write)
    spec, e = reading.source(tmp_path, "customer", 'key = "a"\nheader_row = 5', 'display_name = "b"')
    _found, records, rejects = reading.read(spec, e, path)
    assert [(r.key, r.line) for r in records] == [("1", 6), ("2", 9)] and not rejects


def test_another_sheet_and_its_own_errors(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    first, second = made.add_worksheet("Uno"), made.add_worksheet("Dos")
    first.write_row(0, 0, ["a", "b"])
    first.write_formula(1, 1, "=NA()", None, "#N/A")
    second.write_row(0, 0, ["a", "b"])
    second.write_row(1, 0, [7, "Ana"])
    made.close()
    for sheet in ('"Dos"', "2"):
        spec, e = reading.source(tmp_path, "customer", f'key = "a"\nsheet = {sheet}', 'display_name = "b"')
        _found, records, _rejects = reading.read(spec, e, tmp_path / "f.xlsx")
        assert [r.key for r in records] == ["7"] and not records[0].warnings
    spec, e = reading.source(tmp_path, "customer", 'key = "a"\nsheet = "Tres"', 'display_name = "b"')
    with pytest.raises(FileRefused, match="Tres"):
        reading.read(spec, e, tmp_path / "f.xlsx")


def _rewritten(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one member changed."""
    target = path.with_name("bomb.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            body = old.read(member)
            new.writestr(member, change(body) if member == name else body)
    return target


def _simple(folder: Path) -> Path:
    return book(folder / "f.xlsx", lambda _m, s: (s.write_row(0, 0, ["a", "b"]), s.write_row(1, 0, [1, "Ana"])))


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            lambda b: b.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
            "lejos",
        ),
        (lambda b: b.replace(b"</sheetData>", b" " * 60_000_000 + b"</sheetData>"), "demasiado grande"),
        (lambda b: b[:200], "XLSX"),
    ],
    ids=["far cell", "blown up", "cut"],
)
def test_bombs_are_refused(tmp_path: Path, change: Callable[[bytes], bytes], word: str) -> None:
    path = _rewritten(_simple(tmp_path), SHEET, change)
    spec, e = reading.source(tmp_path, "customer", 'key = "a"', 'display_name = "b"')
    with pytest.raises(FileRefused) as caught:
        reading.read(spec, e, path)
    assert word in caught.value.reason


def test_entities_in_the_workbook_are_refused(tmp_path: Path) -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    path = _rewritten(_simple(tmp_path), "xl/workbook.xml", lambda b: evil + b.partition(b"?>")[2])
    spec, e = reading.source(tmp_path, "customer", 'key = "a"', 'display_name = "b"')
    with pytest.raises(FileRefused):
        reading.read(spec, e, path)


def test_mutated_books_never_crash(tmp_path: Path) -> None:
    import random

    rng = random.Random(3)
    good = _simple(tmp_path).read_bytes()
    spec, e = reading.source(tmp_path, "customer", 'key = "a"', 'display_name = "b"')
    path = tmp_path / "m.xlsx"
    for n in range(150):
        body = bytearray(good)
        for _m in range(rng.randrange(1, 5)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        path.write_bytes(bytes(body[: rng.randrange(len(body)) if n % 5 == 0 else len(body)]))
        try:
            reading.read(spec, e, path)
        except FileRefused as error:
            assert error.reason
