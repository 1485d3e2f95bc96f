"""A pasted list, line by line (PRODUCT §8): what of each line names a vehicle. Pure; nothing is looked up here.

A line is a VIN, a short chassis, the last 6 to 16 characters of one, a plate, or a range of them (``A..B``, ``A-B``),
alone or as fields of an export (``;``, ``,``, tab, quotes).  Fields of different kinds on one line describe one vehicle;
several of the same kind are a list, and each counts as a line with the same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from boxes_tui.domain.vehicle_ids import norm_plate
from boxes_tui.errors import UsageError, why
from boxes_tui.i18n import _
from boxes_tui.text import clean

Kind = Literal["vin", "plate", "tail"]

VIN_LENGTH: Final = 17
TAIL: Final = (6, 16)
"""Lengths of a chassis tail that can be looked up."""
TEXT_LIMIT: Final = 200

_BREAK = re.compile(r"\r\n|\n|\r")
_FIELDS = re.compile(r"[,;\t|]")
_RANGE = re.compile(r"\.\.+|…|\s+[-–—aA]\s+|\s+(?:to|hasta)\s+|[-–—]")


@dataclass(frozen=True, slots=True)
class Token:
    """One name of a vehicle, upper case without blanks and dashes."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A range of VINs or of tails, both ends included; ``*`` in an end stands for any character."""

    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list by its physical number from 1. No tokens and no span: nothing on it names a vehicle."""

    line: int
    text: str
    tokens: tuple[Token, ...] = ()
    span: Span | None = None


def entries(text: str) -> list[Entry]:
    """Every line that is not blank."""
    made: list[Entry] = []
    for number, raw in enumerate(_BREAK.split(text.removeprefix("\ufeff")), 1):
        line = clean(raw, TEXT_LIMIT)
        if line.strip(" \t;,|\"'"):
            made.extend(_entries(number, line, raw))
    return made


def _entries(number: int, line: str, raw: str) -> Iterator[Entry]:
    fields = [f for f in (clean(f.strip().strip("\"'")) for f in _FIELDS.split(raw)) if f]
    spans = [s for s in map(_span, fields) if s]
    if spans:
        for span in spans:
            yield Entry(number, line if len(spans) == 1 else f"{span.low}..{span.high}", (), span)
        return
    found: dict[str, Token] = {}
    for field in fields:
        for token in _tokens(field):
            found.setdefault(token.text, token)
    by_kind: dict[str, list[Token]] = {}
    for token in found.values():
        by_kind.setdefault(token.kind, []).append(token)
    listed = next((kind for kind in ("vin", "plate", "tail") if len(by_kind.get(kind, ())) > 1), None)
    if listed is None or (listed == "tail" and len(by_kind) > 1):
        yield Entry(number, line, tuple(found.values()))
        return
    for token in by_kind[listed]:
        yield Entry(number, token.text, (token,))


def _tokens(field: str) -> Iterator[Token]:
    """A field as one name; a field of several words, each of which is a whole VIN or plate, as several."""
    whole = _token(field)
    words = field.split()
    several = [t for t in map(_token, words) if t and t.kind != "tail"] if len(words) > 1 else []
    if several and len(several) == len(words) and (whole is None or len(whole.text) > 8):
        yield from several
    elif whole:
        yield whole
    else:
        yield from (t for t in several if t.kind == "vin")


def _token(text: str) -> Token | None:
    compact = "".join(ch for ch in text.upper() if ch.isascii() and ch.isalnum())
    if not any(ch.isdigit() for ch in compact):
        return None
    if len(compact) == VIN_LENGTH:
        return Token("vin", compact)
    plate, known = norm_plate(compact)
    if plate and known:
        return Token("plate", compact)
    low, high = TAIL
    return Token("tail", compact) if low <= len(compact) <= high else None


def _span(field: str) -> Span | None:
    parts = [p for p in _RANGE.split(field, maxsplit=1) if p]
    if len(parts) != 2:
        return None
    low, high = (_end(p) for p in parts)
    if len(low) != len(high) or len(low) < TAIL[0]:
        return None
    if min(sum(ch.isdigit() for ch in end) for end in (low, high)) < 4:
        return None
    return Span(low, high)


def _end(text: str) -> str:
    """An end of a range; makers write ``#``, ``*`` or (in a whole VIN) ``.`` for characters that do not matter."""
    bare = "".join(text.split()).upper()
    wild = "#*?." if len(bare) == VIN_LENGTH else "#*?"
    return "".join("*" if ch in wild else ch for ch in bare if ch.isalnum() or ch in wild)


def read_list(path: Path) -> str:
    """The text of a list file: UTF-8 with or without BOM, else cp1252; the cells of an XLSX joined by tabs.

    Raises :class:`UsageError` where it cannot be read.
    """
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
            return _workbook(path)
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(_("{path}: no se puede leer ({why})").format(path=path, why=why(error))) from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _workbook(path: Path) -> str:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except CalamineError:
        raise UsageError(_("{path}: no es una planilla que se pueda leer.").format(path=path.name)) from None
    return "\n".join("\t".join(_cell(v) for v in row) for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).replace("\n", " ").replace("\t", " ")
