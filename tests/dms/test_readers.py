"""CSV, TSV: every file of the world, nothing lost silently (DMS.md §3, RELIABILITY §4.8)."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest

from boxes_tui.dms.readers import FIELD_LIMIT, Raw, read_text
from boxes_tui.dms.records import FileRefused, Record, Reject
from boxes_tui.dms.spec import EntitySpec
from boxes_tui.dms.tabular import open_file, raw_lines
from tests.dms import reading

MAP = 'display_name = "b"\ncity = "c"'
KEY = 'key = "a"'


def entity(folder: Path, settings: str = KEY) -> EntitySpec:
    return reading.source(folder, "customer", settings, MAP)[1]


def raw(folder: Path, text: str | bytes, settings: str = KEY) -> list[Raw]:
    path = folder / "f.csv"
    spec = entity(folder, settings)
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return list(read_text(path, spec))


@pytest.mark.parametrize("name", ["comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines",
                                  "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
                                  "location_coordinates"])  # fmt: skip
def test_csv_spectrum(feeds: Path, tmp_path: Path, name: str) -> None:
    body = (feeds / "csv_spectrum" / "csvs" / f"{name}.csv").read_bytes()
    wanted = json.loads((feeds / "csv_spectrum" / "json" / f"{name}.json").read_text("utf-8"))
    if name.endswith("_crlf") and b"\r" not in body:  # the feed's copy has lost its line ends, its answers have not
        body = body.replace(b"\n", b"\r\n")
    rows = [cells for _line, cells, _text, trouble in raw(tmp_path, body) if not trouble]
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    if name == "location_coordinates":  # the number in the answers is not the one in the file
        wanted = [{**wanted, "Contact Phone Number": "2095257564"}]
    assert found == wanted


RECALLS = 'display_name = "Make"\ncity = "Concern"'


def test_a_file_that_is_not_what_it_was_declared(feeds: Path, tmp_path: Path) -> None:
    path = feeds / "recalls_dvsa" / "RecallsFileSmall.csv"
    spec, e = reading.source(tmp_path, "customer", 'key = "Recalls Number"\nencoding = "utf-8"', RECALLS)
    with pytest.raises(FileRefused) as caught:
        list(open_file(spec, e, path).rows)
    line = path.read_bytes()[:68432].count(b"\n") + 1
    assert caught.value.line == line
    assert "0x92" in caught.value.reason and "68432" in caught.value.reason and f"línea {line}" in caught.value.reason


@pytest.mark.parametrize("encoding", ['encoding = "cp1252"', ""])
def test_cp1252_declared_or_found(feeds: Path, tmp_path: Path, encoding: str) -> None:
    spec, e = reading.source(tmp_path, "customer", f'key = "Recalls Number"\n{encoding}', RECALLS)
    found, records, rejects = reading.read(spec, e, feeds / "recalls_dvsa" / "RecallsFileSmall.csv")
    assert found.counted["read"] == len(records) == 555 and not rejects


@pytest.mark.parametrize("name", ["testDataCRLF.csv", "testData.csv", "testData-Before.csv", "testData-After.csv"])
def test_the_other_recall_files_are_read_whole(feeds: Path, tmp_path: Path, name: str) -> None:
    path = feeds / "recalls_dvsa" / name
    with path.open(encoding="cp1252", newline="") as file:
        wanted = [row for row in csv.reader(file) if row]
    found = [cells for _l, cells, _t, trouble in read_text(path, entity(tmp_path)) if cells != [""] and not trouble]
    assert found == wanted


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        ("a,b,c\n1,Ñandú,É\n".encode("utf-8-sig"), ""),
        ("a,b,c\n1,Ñandú,É\n".encode(), ""),
        ("a,b,c\n1,Ñandú,É\n".encode("cp1252"), ""),
        ("a,b,c\n1,Ñandú,É\n".encode("utf-16"), ""),
        ("a,b,c\n1,Ñandú,É\n".encode("utf-32"), ""),
        ("a,b,c\n1,Ñandú,É\n".encode("utf-8-sig"), 'encoding = "utf-8"'),
        ("a,b,c\n1,Ñandú,É\n".encode("utf-16-le"), 'encoding = "utf-16-le"'),
    ],
)
def test_encodings(tmp_path: Path, body: bytes, declared: str) -> None:
    found, records, _bad = reading.rows(tmp_path, body, "customer", f"{KEY}\n{declared}", MAP)
    assert reading.named(found, records[0]) == {"display_name": "Ñandú", "city": "É"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_physical_ones(tmp_path: Path, end: str) -> None:
    text = end.join(["a,b,c", '1,"two', 'lines",x', "", "2,y,z", '3,"q""q",w'])
    assert [(n, cells) for n, cells, _t, _x in raw(tmp_path, text)] == [
        (1, ["a", "b", "c"]), (2, ["1", f"two{end}lines", "x"]), (4, [""]), (5, ["2", "y", "z"]), (6, ["3", 'q"q', "w"]),
    ]  # fmt: skip


def test_an_unclosed_quote_takes_one_line_only(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,y\n2,Ana,z\n3,"Eva","w"\n4,"last\n'
    found, records, rejects = reading.rows(tmp_path, text, "customer", KEY, MAP)
    assert [(r.line, r.key) for r in records] == [(3, "2"), (4, "3")]
    assert [(r.code, r.line, r.raw) for r in rejects] == [("E-COLS", 2, '1,"x,y'), ("E-COLS", 5, '4,"last')]
    assert found.counted["read"] == 4


def test_a_swallowed_row_is_given_back(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"x,y\n2,Ana,z\n3,15",w,q\n4,Leo,v\n'
    _found, records, rejects = reading.rows(tmp_path, text, "customer", KEY, MAP)
    assert [r.key for r in records] == ["2", "4"]
    assert [r.line for r in rejects] == [2, 4]


def test_quotes_in_the_middle_of_a_text_are_text(tmp_path: Path) -> None:
    text = 'a,b,c\n1,PEREZ "EL TIO",x\n2,"JUAN "TITO" DIAZ",y\n'
    found, records, rejects = reading.rows(tmp_path, text, "customer", KEY, MAP)
    assert not rejects and len(records) == 2
    assert reading.named(found, records[0])["display_name"] == 'PEREZ "EL TIO"'
    assert "TITO" in reading.named(found, records[1])["display_name"]


def test_wrong_number_of_fields(tmp_path: Path) -> None:
    text = "a,b,c,\n1,x,y\n2,x,y,\n3,x,y,,,\n4,x,y,z\n5,x\n6,x,y,z,w\n"
    _found, records, rejects = reading.rows(tmp_path, text, "customer", KEY, MAP)
    assert [r.key for r in records] == ["1", "2", "3", "4"]
    assert [(r.code, r.line) for r in rejects] == [("E-COLS", 6), ("E-COLS", 7)]
    assert rejects[0].raw == "5,x" and "2 campos" in rejects[0].reason


def test_blank_rows_total_and_title(tmp_path: Path) -> None:
    text = 'Listado "de clientes\n\na;b;c\n1;x;y\n;;\n   \n2;x;y\n;TOTAL;2\n3;x;y\n'
    settings = f'{KEY}\nheader_row = 3\ndelimiter = ";"\nstop_at = "^TOTAL"'
    found, records, rejects = reading.rows(tmp_path, text, "customer", settings, MAP)
    assert [r.key for r in records] == ["1", "2"] and not rejects and found.counted["read"] == 2
    assert [r.line for r in records] == [4, 7]
    found, records, rejects = reading.rows(tmp_path, text, "customer", settings + "\nskip_blank = false", MAP)
    assert [r.code for r in rejects] == ["E-KEY", "E-COLS"] and found.counted["read"] == 4


def test_header_names(tmp_path: Path) -> None:
    decomposed = "a, Nómina ,c\n1,x,y\n"
    found, records, _bad = reading.rows(tmp_path, decomposed, "customer", KEY, 'display_name = "Nómina"')
    assert reading.named(found, records[0])["display_name"] == "x"
    for text, word in (("a,B,c\n1,x,y\n", "«b»"), ("a,b,c,b\n1,x,y,z\n", "«b»"), ("a,c\n", "«b»"), ("", "encabezado")):
        with pytest.raises(FileRefused) as caught:
            reading.rows(tmp_path, text, "customer", KEY, MAP)
        assert word in caught.value.reason and caught.value.code == "E-COLS"
    _found, records, _bad = reading.rows(tmp_path, "a,b,c,d,d\n1,x,y,z,z\n", "customer", KEY, MAP)
    assert len(records) == 1  # a name that nobody asks for may stand twice


def test_nul_huge_fields_and_huge_lines(tmp_path: Path) -> None:
    huge = "x" * (FIELD_LIMIT + 1)
    endless = ",".join(["y" * 1000] * 1200)
    text = f'a,b,c\n1,n\0l,y\n2,{huge},y\n3,"{huge}",y\n4,{endless}\n5,ok,y\n'
    _found, records, rejects = reading.rows(tmp_path, text, "customer", KEY, MAP)
    assert [r.key for r in records] == ["1", "5"]
    assert [w.code for w in records[0].warnings] == ["W-CONTROL"]
    assert [(r.code, r.line) for r in rejects] == [("E-COLS", 3), ("E-COLS", 4), ("E-COLS", 5)]


def test_what_is_no_table(tmp_path: Path) -> None:
    for name, body, word in (
        ("a.xlsx", b"not a zip", "XLSX"), ("b.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx", "XLS"),
        ("c.csv", b"PK\x03\x04garbage", "XLSX"),
    ):  # fmt: skip
        with pytest.raises(FileRefused) as caught:
            reading.rows(tmp_path, body, "customer", KEY, MAP, name=name)
        assert word in caught.value.reason
    spec, e = reading.source(tmp_path, "customer", KEY, MAP)
    with pytest.raises(FileRefused, match="no se puede leer"):
        open_file(spec, e, tmp_path / "gone.csv")


def test_raw_lines_are_found_again(tmp_path: Path) -> None:
    _found, _records, _bad = reading.rows(tmp_path, 'a,b,c\n1,"x\ny",z\n2,x,y\n', "customer", KEY, MAP)
    assert raw_lines(tmp_path / "f.csv", entity(tmp_path), [2, 4]) == {2: '1,"x\ny",z', 4: "2,x,y"}


def test_clean_files_are_read_as_python_reads_them(tmp_path: Path) -> None:
    rng = random.Random(7)
    alphabet = ['"', ",", "\n", "\r\n", " ", "ñ", "x", "Ü", "\t", ";"]
    for _n in range(60):
        wanted = [[f"{i}", *("".join(rng.choices(alphabet, k=rng.randrange(6))) for _c in range(3))] for i in range(20)]
        text = io.StringIO()
        csv.writer(text, lineterminator=rng.choice(["\n", "\r\n"])).writerows(wanted)
        assert [cells for _l, cells, _t, _x in raw(tmp_path, text.getvalue())] == wanted


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_never_crash_and_lose_nothing(tmp_path: Path, seed: int) -> None:
    _mutate(tmp_path, seed, 50)


@pytest.mark.long
def test_mutated_files_long(tmp_path: Path) -> None:
    _mutate(tmp_path, 99, 10_000)


def _mutate(folder: Path, seed: int, times: int) -> None:
    rng = random.Random(seed)
    good = "a;b;c\r\n" + "".join(f'{i};"N ""{i}""";"línea\r\ndos"\r\n{i}x;Ñandú {i};\r\n' for i in range(8))
    spec, e = reading.source(folder, "customer", f'{KEY}\ndelimiter = ";"', MAP)
    path = folder / "f.csv"
    for _n in range(times):
        body = bytearray(good.encode(rng.choice(["utf-8", "cp1252", "utf-16"])))
        for _m in range(rng.randrange(1, 6)):
            place = rng.randrange(len(body))
            kind = rng.randrange(4)
            if kind == 0:
                body[place] = rng.randrange(256)
            elif kind == 1:
                del body[place : place + rng.randrange(1, 30)]
            elif kind == 2:
                body[place:place] = bytes(rng.choices(b'";\r\n\0\xff\x92\x1b', k=rng.randrange(1, 6)))
            else:
                body[place:place] = body[: rng.randrange(1, 40)]
        path.write_bytes(bytes(body))
        try:
            read = open_file(spec, e, path)
            items = list(read.rows)
        except FileRefused as error:
            assert error.reason
            continue
        assert all(isinstance(i, (Record, Reject)) for i in items) and read.counted["read"] == len(items)
        _nothing_lost(path, e, body)


def _nothing_lost(path: Path, e: EntitySpec, body: bytearray) -> None:
    """The rows as written, one after the other, are the file."""
    with path.open("rb") as file:
        head = file.read(2)
    if head in (b"\xff\xfe", b"\xfe\xff"):
        return
    found = "".join(text for _line, _cells, text, _trouble in read_text(path, e))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            assert found == bytes(body).decode(encoding)
        except UnicodeDecodeError:
            continue
        return
