"""One field of a mapping to a function that reads it from a row: compiled once per read (DMS.md §1, §3, §5).

Cells that say null give None, a spreadsheet's error cell gives ``W-NUM`` and :data:`UNTOUCHED`, a missing JSON property
gives :data:`UNTOUCHED`. Texts that were read before without a warning are looked up again instead of being cleaned again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text, boolean, looks_broken, number
from boxes_tui.dms.columns import Columns, Rejected, Take
from boxes_tui.dms.moments import Moment, Moments, Unreadable
from boxes_tui.dms.records import ENUMS, FIELDS, REQUIRED, UNTOUCHED, Phone
from boxes_tui.dms.row import GOOD, SPECIAL, Row, contact_of
from boxes_tui.dms.spec import EntitySpec, SourceSpec, Value
from boxes_tui.domain.phones import parse_phone, split_phones
from boxes_tui.i18n import _
from boxes_tui.text import NOTE_LIMIT, clean_checked, clean_note

Read = Callable[["Row"], Any]
Convert = Callable[["Row", Any], Any]

MAX_TEXT: Final = 2000
PLAIN: Final = re.compile(r"[!-~À-ÖØ-öø-ÿ]+(?: [!-~À-ÖØ-öø-ÿ]+)*").fullmatch
"""Text that is clean as it stands: single inner blanks, no control characters, no mojibake."""
REMEMBERED: Final = 8192
MOMENTS: Final = 65_536
_NOTES: Final = frozenset({"notes", "text"})
_ODOMETERS: Final = frozenset({"odometer_km", "odometer_in", "odometer_out"})
_FACTOR: Final = {"int": 1, "money": 100, "milli": 1000}


class Fields:
    """Compiles the values of one entity against one header (column name → place)."""

    def __init__(self, source: SourceSpec, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.source, self.entity, self.header = source, entity, header
        self._columns = Columns(entity, header)
        self.is_null, self.null = self._columns.is_null, self._columns.null

    def reader(self, entity: str, field: str, value: Value) -> Read:
        """The function that reads a field of ``entity`` (that of the mapping, or one that dotted fields feed)."""
        kind = FIELDS[entity][field]
        if kind in ("instant", "day"):
            return self._date(entity, field, kind, value)
        if kind == "phones":
            return self._phones(field, value)
        if kind == "services":
            return self._services(value)
        read = self._plain(field, self._columns.take(value), self._converter(entity, field, kind, value))
        place = self.single(value)
        quick = GOOD.get(field) or (PLAIN if field not in SPECIAL and field != "contact_phone" else None)
        if kind != "text" or value.values is not None or place is None or quick is None:
            return read
        return self._quick(place, quick, read)

    def single(self, value: Value) -> int | None:
        """The place of a field that is one column, None for all others."""
        return self.header[value.columns[0]] if len(value.columns) == 1 else None

    def _plain(self, field: str, take: Take, convert: Convert) -> Read:
        def read(row: Row) -> Any:
            cell = take(row.cells)
            if cell is None or cell is UNTOUCHED:
                return cell
            if cell is ERROR:
                row.warn("W-NUM", field)
                return UNTOUCHED
            return convert(row, cell)

        return read

    def _quick(self, place: int, good: Callable[[str], Any], read: Read) -> Read:
        """Texts that are good as they stand, which is nearly all of them, are taken without further ado."""
        null = self.null

        def quick(row: Row) -> Any:
            cell = row.cells[place]
            if type(cell) is str and good(cell) and len(cell) <= MAX_TEXT and cell not in null:
                return cell
            return read(row)

        return quick

    # -- dates -------------------------------------------------------------------------------------

    def _date(self, entity: str, field: str, kind: str, value: Value) -> Read:
        moments = Moments(self.entity.timezone, value.formats, birth=field == "birth_date")
        required = entity == self.entity.name and REQUIRED.get(entity) == field
        get = self._columns.moment(moments, value)
        known: dict[Any, Moment] = {}
        which = itemgetter(*(self.header[c] for c in value.columns)) if value.columns else None
        at = 2 if kind == "day" else 0

        def read(row: Row) -> Any:
            cells = row.cells
            text = which(cells) if which is not None else None
            found = known.get(text)
            if found is not None:
                row.moments[field] = found
                return found[at]
            try:
                found = get(cells)
            except Unreadable:
                if required:
                    raise Rejected(
                        "E-DATE", field, _("{field} no es una fecha de las declaradas").format(field=field)
                    ) from None
                row.warn("W-DATE-RANGE", field)
                return None
            if found is None or found is UNTOUCHED:
                return found
            if found is ERROR:
                row.warn("W-NUM", field)
                return UNTOUCHED
            if moments.odd(found[2]):
                row.warn("W-DATE-RANGE", field)
                if not required:
                    return None
            elif type(text) is str or (type(text) is tuple and all(type(c) is str for c in text)):
                if len(known) >= MOMENTS:
                    known.clear()
                known[text] = found
            row.moments[field] = found
            return found[at]

        return read

    # -- texts, numbers, enums ---------------------------------------------------------------------

    def _converter(self, entity: str, field: str, kind: str, value: Value) -> Convert:
        if kind in _FACTOR:
            return self._number(field, _FACTOR[kind], value)
        if kind == "enum":
            return self._enum(entity, field, value)
        if kind == "bool":
            return self._bool(field, value)
        return self._text(field, value)

    def _number(self, field: str, factor: int, value: Value) -> Convert:
        decimal = self.entity.decimal

        def convert(row: Row, cell: Any) -> Any:
            if value.values is not None:
                cell = value.values.get(as_text(cell).strip(), "?")
            try:
                found = int((number(cell, decimal) * factor).to_integral_value())
            except (ValueError, ArithmeticError):
                row.warn("W-NUM", field)
                return UNTOUCHED
            if field in _ODOMETERS and not 0 <= found <= 2_000_000:
                row.warn("W-ODO", field)
                return None
            if abs(found) > (2**31 - 1 if factor == 1 else 2**53):
                row.warn("W-NUM", field)
                return UNTOUCHED
            return found

        return convert

    def _enum(self, entity: str, field: str, value: Value) -> Convert:
        allowed = ENUMS[(entity, field)]
        unknown = "other" if "other" in allowed else "unknown"
        table = value.values

        def convert(row: Row, cell: Any) -> Any:
            text = unicodedata.normalize("NFC", as_text(cell)).strip()
            found = table.get(text) if table is not None else text.lower() if text.lower() in allowed else None
            if found is None:
                row.warn("W-ENUM", field)
                return unknown
            return found

        return convert

    def _bool(self, field: str, value: Value) -> Convert:
        def convert(row: Row, cell: Any) -> Any:
            text = as_text(cell).strip()
            found = boolean(value.values.get(text, "") if value.values is not None else text)
            if found is UNTOUCHED:
                row.warn("W-ENUM", field)
            return found

        return convert

    def _text(self, field: str, value: Value) -> Convert:
        note = field in _NOTES
        limit = NOTE_LIMIT if note else MAX_TEXT
        special = contact_of(self.source.area_code) if field == "contact_phone" else SPECIAL.get(field)

        def convert(row: Row, cell: Any) -> Any:
            text = as_text(cell)
            if value.values is not None:
                mapped = value.values.get(unicodedata.normalize("NFC", text).strip())
                if mapped is None:
                    row.warn("W-ENUM", field)
                    return "unknown"
                text = mapped
            cleaned, dropped = clean_checked(text, limit)
            if note and ("\n" in text or "\r" in text):
                cleaned = clean_note(text)
            if dropped:
                row.warn("W-CONTROL", field)
            if not cleaned:
                return None
            if not cleaned.isascii() and looks_broken(cleaned):
                row.warn("W-MOJIBAKE", field)
            return cleaned if special is None else special(row, field, cleaned)

        return convert

    # -- telephones and services -------------------------------------------------------------------

    def _phones(self, field: str, value: Value) -> Read:
        pieces, area = self._columns.pieces(value), self.source.area_code

        def read(row: Row) -> Any:
            said = pieces(row.cells)
            if said is None:
                return UNTOUCHED
            found: dict[str, Phone] = {}
            for cell, declared in said:
                cleaned, dropped = clean_checked(as_text(cell).replace("\n", " / "))
                if dropped:
                    row.warn("W-CONTROL", field)
                for piece in split_phones(cleaned):
                    info = parse_phone(piece, area, declared)
                    if not info.valid:
                        row.warn("W-PHONE", field)
                        if sum(ch.isdigit() for ch in piece) < 6:
                            continue
                    found.setdefault(info.last10 or piece, Phone(piece, info.e164, info.last10, info.kind))
            return tuple(found.values())

        return read

    def _services(self, value: Value) -> Read:
        pieces = self._columns.pieces(value)

        def read(row: Row) -> Any:
            said = pieces(row.cells)
            if said is None:
                return UNTOUCHED
            texts = [clean_checked(as_text(cell), MAX_TEXT) for cell, _kind in said]
            if any(dropped for _text, dropped in texts):
                row.warn("W-CONTROL", "services")
            return tuple((None, text) for text, _dropped in texts if text)

        return read
