"""One field of a mapping to a function that reads it from a row: compiled once per read (DMS.md §1, §3, §5).

Cells that say null give None, a spreadsheet's error cell gives ``W-NUM`` and :data:`UNTOUCHED`, a missing JSON property
gives :data:`UNTOUCHED`. Texts that were read before without a warning are looked up again instead of being cleaned again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text, boolean, looks_broken, number
from boxes_tui.dms.columns import Cells, Columns, Rejected, Take
from boxes_tui.dms.moments import Moment, Moments, Unreadable
from boxes_tui.dms.records import ENUMS, FIELDS, REQUIRED, UNTOUCHED, Phone, Warning_
from boxes_tui.dms.spec import EntitySpec, SourceSpec, Value
from boxes_tui.domain.phones import parse_phone, split_phones
from boxes_tui.domain.vehicle_ids import norm_chassis, norm_plate, norm_vin
from boxes_tui.text import NOTE_LIMIT, clean_checked, clean_note

Read = Callable[["Row"], Any]
Convert = Callable[["Row", Any], Any]

MAX_TEXT: Final = 2000
REMEMBERED: Final = 8192
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}")
_NOTES: Final = frozenset({"notes", "text"})
_ODOMETERS: Final = frozenset({"odometer_km", "odometer_in", "odometer_out"})
_FACTOR: Final = {"int": 1, "money": 100, "milli": 1000}


class Row:
    """The cells of the row being read and what was found in them."""

    __slots__ = ("cells", "moments", "warnings")

    def __init__(self) -> None:
        self.cells: Cells = ()
        self.warnings: list[Warning_] = []
        self.moments: dict[str, Moment] = {}

    def warn(self, code: str, field: str) -> None:
        """Note a field-level warning; the row goes on."""
        self.warnings.append(Warning_(code, field))


class Fields:
    """Compiles the values of one entity against one header (column name → place)."""

    def __init__(self, source: SourceSpec, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.source, self.entity, self.header = source, entity, header
        self._columns = Columns(entity, header)
        self.is_null = self._columns.is_null

    def reader(self, entity: str, field: str, value: Value) -> Read:
        """The function that reads a field of ``entity`` (that of the mapping, or one that dotted fields feed)."""
        kind = FIELDS[entity][field]
        if kind in ("instant", "day"):
            return self._date(entity, field, kind, value)
        if kind == "phones":
            return self._phones(field, value)
        if kind == "services":
            return self._services(value)
        return self._plain(field, self._columns.take(value), self._converter(entity, field, kind, value))

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

    # -- dates -------------------------------------------------------------------------------------

    def _date(self, entity: str, field: str, kind: str, value: Value) -> Read:
        moments = Moments(self.entity.timezone, value.formats, birth=field == "birth_date")
        required = entity == self.entity.name and REQUIRED.get(entity) == field
        get = self._columns.moment(moments, value)

        def read(row: Row) -> Any:
            try:
                found = get(row.cells)
            except Unreadable:
                if required:
                    raise Rejected("E-DATE", field, f"{field} no es una fecha de las declaradas") from None
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
            row.moments[field] = found
            return found[2] if kind == "day" else found[0]

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
        special = _contact(self.source.area_code) if field == "contact_phone" else _SPECIAL.get(field)

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


def _vin(row: Row, field: str, text: str) -> str | None:
    vin, good = norm_vin(text)
    if not good:
        row.warn("W-VIN", field)
    return vin


def _chassis(row: Row, field: str, text: str) -> str | None:
    """What the DMS calls chasis; of 17 characters it is a VIN and is looked at as one."""
    chassis = norm_chassis(text)
    if chassis is None or (len(chassis) == 17 and not norm_vin(chassis)[1]):
        row.warn("W-VIN", field)
    return chassis


def _plate(row: Row, field: str, text: str) -> str | None:
    plate, good = norm_plate(text)
    if not good:
        row.warn("W-PLATE", field)
    return plate


def _email(row: Row, field: str, text: str) -> str | None:
    if _EMAIL.fullmatch(text):
        return text.lower()
    row.warn("W-EMAIL", field)
    return None


def _contact(area: str | None) -> Callable[[Row, str, str], str | None]:
    def contact(row: Row, field: str, text: str) -> str | None:
        if not any(parse_phone(piece, area).valid for piece in split_phones(text)):
            row.warn("W-PHONE", field)
        return text

    return contact


_SPECIAL: Final[dict[str, Callable[[Row, str, str], str | None]]] = {
    "vin": _vin, "plate": _plate, "chassis": _chassis, "email": _email,
}  # fmt: skip
