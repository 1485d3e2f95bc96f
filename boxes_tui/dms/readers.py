"""Rows of a CSV or TSV file with the physical line where each begins (DMS.md §3, RELIABILITY §4.8).

Nothing is lost silently: a line that cannot be a row comes out as a bad one, and a quote that is never closed takes its
own line with it, not the rest of the file. Memory is that of a few rows.
"""

from __future__ import annotations

import codecs
import csv
from array import array
from collections.abc import Generator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from boxes_tui.dms.ladder import AGAIN, Lines, digests_of
from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import EntitySpec
from boxes_tui.errors import why
from boxes_tui.i18n import N_, _

Raw = tuple[int, list[Any], str, str]
"""(line where the row begins, cells, the row as written, why it cannot be read as cells or "")."""

BLOCK: Final = 128
"""Physical lines that are read at once."""
CHUNK: Final = 1 << 20
FIELD_LIMIT: Final = 131_072
LINE_LIMIT: Final = 1 << 20
ROW_LINES: Final = 1_000
UNCLOSED: Final = N_("comilla sin cerrar")


def read_text(path: Path, entity: EntitySpec, lines: Lines | None = None) -> Generator[Raw, None, None]:
    """Every row from the header on, without those that ``lines`` knows; :class:`FileRefused` for bytes that the encoding cannot read."""
    encoding = encoding_of(path, entity.encoding)
    delimiter = entity.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    csv.field_size_limit(FIELD_LIMIT)
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield from _Rows(file, delimiter, lines or Lines("")).rows(entity.header_row)
    except UnicodeError:
        raise refusal(path, encoding) from None
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=why(error))) from None


def encoding_of(path: Path, declared: str | None) -> str:
    """The declared encoding (a BOM is passed over), else BOM → UTF-8 strict → cp1252."""
    name = codecs.lookup(declared).name if declared is not None else None
    if name is not None and name != "utf-16":
        return "utf-8-sig" if name == "utf-8" else name
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise FileRefused("E-READ", _("no se puede leer ({why})").format(why=why(error))) from None
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if name is not None:
        return "utf-16-le"  # as Windows writes it, without its mark
    return "utf-8" if bad_byte(path, "utf-8") is None else "cp1252"


def bad_byte(path: Path, encoding: str) -> tuple[int, int, int] | None:
    """(byte, offset from 0, line from 1) of the first byte that the encoding cannot read; None when there is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                start = error.start if isinstance(error, UnicodeDecodeError) else 0
                return _place(path, done - pending + start)
            if not chunk:
                return None
            done += len(chunk)


def _place(path: Path, offset: int) -> tuple[int, int, int]:
    line, left, last = 1, offset, b""
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            line += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
            line -= last == b"\r" and chunk[:1] == b"\n"
            last = chunk[-1:]
            left -= len(chunk)
        byte = file.read(1)
    return (byte[0] if byte else 0), offset, line


def refusal(path: Path, encoding: str) -> FileRefused:
    """Why a file cannot be read in an encoding: the first bad byte, its place and its line."""
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    found = bad_byte(path, encoding)
    if found is None:
        return FileRefused("E-ENCODING", _("no se puede leer como {name}").format(name=name))
    byte, offset, line = found
    return FileRefused(
        "E-ENCODING",
        _("no es {name}: byte 0x{byte:02x} en la posición {offset}, línea {line}").format(
            name=name, byte=byte, offset=offset, line=line
        ),
        line,
    )


class _Rows:
    """Physical lines to rows. Lines without a quote are split at once; the others go through the CSV reader."""

    def __init__(self, file: IO[str], delimiter: str, lines: Lines) -> None:
        self.delimiter, self.lines = delimiter, lines
        self.width: int | None = None
        self._source = iter(partial(file.readline, LINE_LIMIT), "")
        self._block: list[str] = []
        self._place = 0
        self._digests: array[int] = array("q")

    def rows(self, header_row: int) -> Generator[Raw, None, None]:
        """Rows from the physical line ``header_row`` on, numbered from 1."""
        number, delimiter, lines = 0, self.delimiter, self.lines
        while True:
            if lines.active:
                number += self._pass_over()
            if (line := self._next()) is None:
                return
            number += 1
            if number < header_row:
                if len(line) >= LINE_LIMIT:
                    self._skip_line(line)
                continue
            if len(line) > FIELD_LIMIT and (len(line) >= LINE_LIMIT or '"' not in line):
                trouble = self._skip_line(line)
                if trouble or any(len(cell) > FIELD_LIMIT for cell in line.split(delimiter)):
                    yield number, [], line[:4000], trouble or _("un campo pasa del tamaño permitido")
                    continue
            if '"' not in line:
                cells: list[Any] = line.rstrip("\r\n").split(delimiter)
                if self.width is None:
                    self.width = len(cells)
                yield number, cells, line, ""
                continue
            cells, text, trouble, used = self._quoted(line)
            if self.width is None and not trouble:
                self.width = len(cells)
            if used == 1 or not self._known(text):
                yield number, cells, text, trouble
            number += used - 1

    def _pass_over(self) -> int:
        """Pass over lines that the last read held too, and note the digest of the one where that ends; returns how many.
        A line that was a row by itself is one again, so that it need not be split to be known."""
        passed = 0
        while self._place < len(self._block) or self._fill():
            if len(self._digests) != len(self._block):
                self._digests.extend(digests_of(self._block[len(self._digests) :]))
            length = self.lines.run(self._digests, self._place)
            self._place += length
            passed += length
            if self._place < len(self._block):
                self.lines.digest = self._digests[self._place]
                break
        return passed

    def _known(self, text: str) -> bool:
        """Whether the last read held this very row of several lines."""
        if not self.lines.active:
            return False
        digests = digests_of([text])
        self.lines.digest = digests[0]
        return self.lines.run(digests, 0) == 1

    def _next(self, keep: bool = False) -> str | None:
        """The next physical line; ``keep``: the lines before it may be given back."""
        if self._place == len(self._block) and not self._fill(keep):
            return None
        self._place += 1
        return self._block[self._place - 1]

    def _fill(self, keep: bool = False) -> bool:
        """Have more physical lines in the block, after those that it holds or instead of them."""
        if not keep:
            self._block, self._place, self._digests = [], 0, array("q")
        more = list(islice(self._source, BLOCK))
        self._block += more
        return bool(more)

    def _skip_line(self, line: str) -> str:
        """The rest of a line that is too long to be one; returns why it is bad, or ""."""
        if len(line) < LINE_LIMIT or line.endswith(("\n", "\r")):
            return ""
        while (more := self._next()) is not None and not more.endswith(("\n", "\r")):
            continue
        return _("la línea pasa del tamaño permitido")

    def _quoted(self, line: str) -> tuple[list[str], str, str, int]:
        """A row that begins with a line with quotes: (cells, text, trouble, physical lines used)."""
        taken = [line]
        found, open_ = self._parse(taken)
        while open_ and len(taken) < ROW_LINES:
            more = self._next(keep=True)
            if more is None:
                break
            taken.append(more)
            if '"' in more:
                found, open_ = self._parse(taken)
        if found is not None and not self._swallowed(taken, found):
            return found, "".join(taken), "", len(taken)
        self._place -= len(taken) - 1
        if open_ or len(taken) > 1:  # what this line is depends on those that follow it
            self.lines.digest = AGAIN
        return self._sloppy(line)

    def _parse(self, taken: list[str]) -> tuple[list[str] | None, bool]:
        """The cells of a row whose quotes are all closed, else None; and whether one is still open, so that more lines may
        close it: where quotes are out of place nothing does."""
        try:
            rows = list(csv.reader(taken, delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            return None, "unexpected end of data" in str(error)
        return (rows[0], False) if len(rows) == 1 else (None, False)

    def _swallowed(self, taken: list[str], cells: list[str]) -> bool:
        """Whether an unclosed quote has eaten whole rows: the cells do not fit and a line within would have."""
        if len(taken) == 1 or self.width is None or len(cells) == self.width:
            return False
        return any(line.count(self.delimiter) == self.width - 1 for line in taken[1:])

    def _sloppy(self, line: str) -> tuple[list[str], str, str, int]:
        """One line whose quotes are out of place: as it stands when that gives the right number of cells."""
        try:
            cells = next(csv.reader([line], delimiter=self.delimiter), [])
        except csv.Error as error:
            return [], line, _("CSV mal formado ({why})").format(why=error), 1
        if any("\n" in cell or "\r" in cell for cell in cells) or len(cells) != self.width:
            return [], line, _(UNCLOSED), 1
        return cells, line, "", 1
