"""Files made to exhaust their reader (RELIABILITY S10), and what reading each one costs: ``python -m tests.dms.bombs FOLDER``
prints a JSON line per bomb. Every bomb is read in a child with hard limits, forked from one that has nothing loaded twice.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

MB = 1_000_000
Make = Callable[[], bytes]

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>{more}'
    "</Relationships>"
)
_BOOK = (
    '<?xml version="1.0"?>{dtd}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>'
)
_SHEET = '<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_HEAD = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
    '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>x</t></is></c></row>'
)


def book(
    rows: str = "", *, dtd: str = "", sheet_dtd: str = "", before: str = "", sheets: str = _SHEET.format(n=1),
    more: dict[str, str] | None = None, encoding: str = "utf-8",
) -> bytes:  # fmt: skip
    """A small workbook by hand, with what a bomb adds to it."""
    out = io.BytesIO()
    strings = (
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" '
        'Target="sharedStrings.xml"/>'
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", _TYPES)
        z.writestr("_rels/.rels", _RELS.format(kind="officeDocument", target="xl/workbook.xml", more=""))
        z.writestr("xl/workbook.xml", _BOOK.format(dtd=dtd, sheets=sheets))
        z.writestr("xl/_rels/workbook.xml.rels",
                   _RELS.format(kind="worksheet", target="worksheets/sheet1.xml", more=strings if more else ""))  # fmt: skip
        sheet = f"{sheet_dtd}<worksheet {_MAIN}>{before}<sheetData>{_HEAD}{rows}</sheetData></worksheet>"
        z.writestr("xl/worksheets/sheet1.xml", f'<?xml version="1.0" encoding="{encoding}"?>{sheet}'.encode(encoding))
        for name, body in (more or {}).items():
            z.writestr(name, body)
    return out.getvalue()


def _lying() -> bytes:
    """A member that says it holds ten bytes and unpacks to 150 MB."""
    honest = io.BytesIO()
    with zipfile.ZipFile(honest, "w", zipfile.ZIP_DEFLATED) as z:
        with zipfile.ZipFile(io.BytesIO(book())) as good:
            for name in good.namelist():
                if name != "xl/worksheets/sheet1.xml":
                    z.writestr(name, good.read(name))
        with z.open("xl/worksheets/sheet1.xml", "w") as member:
            member.write(f"<worksheet {_MAIN}><sheetData>{_HEAD}".encode())
            for _n in range(150):
                member.write(b" " * MB)
            member.write(b"</sheetData></worksheet>")
        size = z.getinfo("xl/worksheets/sheet1.xml").file_size
    return honest.getvalue().replace(struct.pack("<L", size), struct.pack("<L", 10))


def _many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n in range(20_000):
            z.writestr(f"xl/x{n}", b"")
    return out.getvalue()


LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ja'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
DTD = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'

BOMBS: dict[str, Make] = {
    "ratio.xlsx": lambda: book(" " * 90 * MB),
    "far_cell.xlsx": lambda: book('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "far_cell_no_row_number.xlsx": lambda: book('<row><c r="XFD1048576"><v>1</v></c></row>'),
    "far_cell_quotes.xlsx": lambda: book("<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"),
    "far_cell_attributes.xlsx": lambda: book('<row r="1048576"><c s="0"  r="XFD1048576"><v>1</v></c></row>'),
    "far_cell_prefix.xlsx": lambda: book(f'<m:row xmlns:m="{_MAIN[7:-1]}" r="1048576"><m:c r="XFD1048576"/></m:row>'),
    "far_row.xlsx": lambda: book('<row r="1048576"><c r="Z1048576"><v>1</v></c></row>'),
    "far_small_letters.xlsx": lambda: book('<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>'),
    "far_cell_utf16.xlsx": lambda: book('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', encoding="utf-16"),
    "many_cells.xlsx": lambda: book('<row r="3">' + "<c><v>1</v></c>" * 6 * MB + "</row>"),
    "far_dimension.xlsx": lambda: book(before='<dimension ref="A1:XFD1048576"/>'),
    "no_such_cell.xlsx": lambda: book('<row r="99999999"><c r="ZZZZZZ99999999"><v>1</v></c></row>'),
    "giant_cell.xlsx": lambda: book(f'<row r="3"><c r="A3" t="inlineStr"><is><t>{"x" * 200 * MB}</t></is></c></row>'),
    "giant_shared.xlsx": lambda: book(
        more={"xl/sharedStrings.xml": f"<sst {_MAIN}><si><t>{'x' * 95 * MB}</t></si></sst>"}
    ),
    "many_rows.xlsx": lambda: book("<row/>" * 12_000_000),
    "many_sheets.xlsx": lambda: book(sheets="".join(_SHEET.format(n=n) for n in range(1, 200_000))),
    "members.xlsx": _many,
    "lying.xlsx": _lying,
    "laughs_book.xlsx": lambda: book(dtd=LAUGHS, sheets='<sheet name="&a11;" sheetId="1" r:id="rId1"/>'),
    "laughs_sheet.xlsx": lambda: book(
        '<row r="3"><c r="A3" t="inlineStr"><is><t>&a11;</t></is></c></row>', sheet_dtd=LAUGHS
    ),
    "deep_sheet.xlsx": lambda: book("<row><c>" * 500_000),
    "one_line.csv": lambda: b"a,b\n" + b"x" * 60 * MB,
    "unclosed.csv": lambda: b'a,b\n"' + b"x\n" * 150_000,
    "nul.csv": lambda: b"a,b\n" + b"\0" * 30 * MB,
    "quote_storm.csv": lambda: b"a,b\n" + b'"x\n' * 100_000,
    "quote_pairs.csv": lambda: b"a,b\n" + b'"x,""y\n' * 60_000,
    "wide.csv": lambda: b"a," * 400_000 + b"\n" + b"1," * 400_000 + b"\n",
    "deep.json": lambda: b"[" * 200_000,
    "deep_object.json": lambda: b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "digits.json": lambda: b'[{"a": ' + b"9" * 5_000 + b', "b": "x"}]',
    "exponent.json": lambda: b'[{"a": 1e999999999, "b": "x"}, {"a": 1, "b": 1e-999999999}]',
    "elements.json": lambda: b"[" + b"[]," * 15 * MB + b"[]]",
    "giant_text.json": lambda: b'[{"a": "1", "b": "' + b"x" * 90 * MB + b'"}]',
    "laughs.xml": lambda: f"<?xml version='1.0'?>{LAUGHS}<x>&a11;</x>".encode(),
    "outside.xml": lambda: f"<?xml version='1.0'?>{OUTSIDE}<x>&e;</x>".encode(),
    "dtd.xml": lambda: f"<?xml version='1.0'?>{DTD}<x/>".encode(),
    "deep.xml": lambda: b"<a>" * 300_000,
    "elements.xml": lambda: b"<a>" + b"<b/>" * 12 * MB + b"</a>",
    "attributes.xml": lambda: b"<a " + b" ".join(b'x%d="1"' % n for n in range(300_000)) + b"/>",
}


def _read(path: Path) -> dict[str, object]:
    """Read one file by the mapping that fits its kind, as the sync does."""
    from boxes_tui.dms.records import FileRefused, Reject
    from boxes_tui.dms.tabular import open_file
    from tests.dms import reading

    settings, kind = 'key = ["a"]', "folder"
    if path.suffix in (".json", ".xml"):
        settings, kind = 'key = ["a"]\nresource = "customer"', "star"
    spec, entity = reading.source(path.parent / f"{path.name}.d", "customer", settings, 'display_name = "b"', kind=kind)
    good = bad = 0
    try:
        for item in open_file(spec, entity, path).rows:
            bad, good = bad + isinstance(item, Reject), good + (not isinstance(item, Reject))
    except FileRefused as error:
        return {"refused": error.reason, "good": 0}
    return {"refused": "", "bad": bad, "good": good}


def _measured(path: Path, out: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2_000 * MB, 2_000 * MB))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 25))
    begun = time.process_time()
    try:
        found = _read(path)
    except BaseException as error:  # whatever escapes is the finding
        found = {"escaped": repr(error)[:200]}
    found |= {"bomb": path.name, "seconds": round(time.process_time() - begun, 2),
              "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000}  # fmt: skip
    os.write(out, json.dumps(found).encode())


def main(folder: Path) -> None:
    """Make and read every bomb, one at a time."""
    import python_calamine  # noqa: F401  # loaded once, before the forks

    import boxes_tui.dms.sheets
    import boxes_tui.dms.star
    import boxes_tui.dms.tabular  # noqa: F401
    import tests.dms.reading  # noqa: F401

    for name, make in BOMBS.items():
        path = folder / name
        if (maker := os.fork()) == 0:
            path.write_bytes(make())
            os._exit(0)
        os.waitpid(maker, 0)
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            _measured(path, writer)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as answer:
            said = answer.read()
        status = os.waitpid(child, 0)[1]
        print(said.decode() or json.dumps({"bomb": name, "escaped": f"status {status}"}), flush=True)
        path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
