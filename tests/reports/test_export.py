"""Exports (S8): nothing becomes a formula, what is read again is what was written, cancelled ones leave nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from boxes_tui.errors import BoxesError
from boxes_tui.reports.charts_svg import bars, pie
from boxes_tui.reports.export import DANGEROUS, Cancelled, Sheet, guard, save, unguard, write_csv, write_xlsx
from boxes_tui.text import clean

PIECES = (
    "=", "+", "-", "@", "'", '"', ";", ",", "|cmd", "HYPERLINK(\"http://x\")", "SUM(A1)", "<script>", "&amp;", "]]>",
    "ñ", "é", "_x0041_", "_x000D_", "0351", "1E5", "true", "NULL", " ", "ab", "http://a.b", "{=1}", "😀", "mailto:x@y",
)  # fmt: skip


def hostile(n: int) -> list[str]:
    rng = Random(8)
    made: list[str] = []
    while len(made) < n:
        text = clean("".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6))))
        if text:
            made.append(text)
    return made


def test_five_thousand_hostile_strings_in_a_spreadsheet() -> None:
    texts = hostile(5000)
    buffer = io.BytesIO()
    assert write_xlsx(Sheet("Prueba", ["=a"], [[t] for t in texts], None), buffer) == 5000
    page = load_workbook(io.BytesIO(buffer.getvalue()))["Prueba"]
    cells = [row[0] for row in page.iter_rows(min_row=2)]
    assert not [c for c in cells if c.data_type == "f"]
    assert not [c for c in cells if c.hyperlink]
    # "_x0041_" is written escaped, as the format asks; openpyxl hands it over as it stands in the file
    assert [unescape(c.value) for c in cells] == texts


def test_five_thousand_hostile_strings_in_csv() -> None:
    texts = hostile(5000)
    buffer = io.BytesIO()
    write_csv(Sheet("Prueba", ["=a", "b"], [[t, 1] for t in texts]), buffer)
    raw = buffer.getvalue()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == 5001
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]
    assert not [r for r in rows if r[0].startswith(tuple(d for d in DANGEROUS if d != "'"))]
    assert [unguard(r[0]) for r in rows] == texts


@given(st.text())
def test_a_guarded_text_is_harmless_and_comes_back(text: str) -> None:
    assert guard(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\0")
    assert unguard(guard(text)) == text


def test_cells_of_a_spreadsheet_are_typed() -> None:
    buffer = io.BytesIO()
    row: list[Any] = [date(2026, 11, 24), datetime(2026, 11, 24, 15, 30), 42, Decimal("-412300.50"), None, "x"]
    write_xlsx(Sheet("a/b", list("abcdef"), [row]), buffer)
    page = load_workbook(io.BytesIO(buffer.getvalue())).worksheets[0]
    cells = next(iter(page.iter_rows(min_row=2)))
    assert [c.data_type for c in cells] == ["d", "d", "n", "n", "n", "s"]
    assert [c.value for c in cells] == [datetime(2026, 11, 24), row[1], 42, -412300.5, None, "x"]
    assert cells[0].number_format == "dd/mm/yyyy" and cells[3].number_format == "#,##0.00"


def test_csv_writes_days_and_amounts_as_people_read_them(tmp_path: Path) -> None:
    row = [date(2026, 11, 24), datetime(2026, 11, 24, 9, 5), 1234, Decimal("-1234.5"), None]
    path = tmp_path / "a.csv"
    assert save(Sheet("a", list("abcde"), [row]), path) == 1
    assert path.read_text("utf-8-sig").splitlines()[1] == "24/11/2026;24/11/2026 09:05;1234;'-1234,50;"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_cancelled_export_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    seen: list[int] = []

    def progress(done: int, _total: int | None) -> bool:
        seen.append(done)
        return done < 1000

    def rows() -> Iterator[list[int]]:
        yield from ([n] for n in range(5000))

    with pytest.raises(Cancelled):
        save(Sheet("a", ["n"], rows(), 5000), tmp_path / f"a.{suffix}", progress)
    assert seen == [0, 500, 1000] and not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BoxesError):
        save(Sheet("a", ["n"], []), tmp_path / "none" / "a.csv")
    with pytest.raises(BoxesError):
        save(Sheet("a", ["n"], []), tmp_path / "a.pdf")


def test_charts_escape_their_labels() -> None:
    for drawn in (pie([("<script>", 1), ("b", 2)]), bars([("<script>", 3)]), pie([("<script>", 1)]), pie([]), bars([])):
        assert "<script>" not in drawn and drawn.startswith("<svg")
