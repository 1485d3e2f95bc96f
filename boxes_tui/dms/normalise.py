"""A source row to a :class:`Record` or a :class:`Reject`: a pure function, compiled once per entity (DMS.md §1–§3, §5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, Dates, Unreadable, as_text, boolean, looks_broken, number
from boxes_tui.dms.mapping import EntitySpec, SourceSpec, Value
from boxes_tui.dms.records import (
    ENUMS,
    FIELDS,
    REQUIRED,
    UNTOUCHED,
    Feed,
    Layout,
    Phone,
    Record,
    Reject,
    Warning_,
)
from boxes_tui.domain.phones import parse_phone, split_phones
from boxes_tui.domain.vehicle_ids import norm_chassis, norm_plate, norm_vin
from boxes_tui.text import clean_checked, clean_note

Cells = Sequence[Any]
Read = Callable[["Row"], Any]

DAY_OF: Final = {"delivery": ("delivered_at", "delivered_day"), "appointment": ("starts_at", "start_day"),
                 "repair_order": ("opened_at", "opened_day")}  # fmt: skip
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}")
_NOTES: Final = frozenset({"notes", "text"})
_VEHICLE: Final = ("vehicle_key", "vin", "chassis", "plate")
MAX_TEXT: Final = 2000


class Rejected(Exception):
    """The row cannot be a record; carries code, field and sentence."""

    def __init__(self, code: str, field: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.field, self.reason = code, field, reason


class Row:
    """The cells of the row being read and what was found odd in them."""

    __slots__ = ("cells", "days", "warnings")

    def __init__(self) -> None:
        self.cells: Cells = ()
        self.warnings: list[Warning_] = []
        self.days: dict[str, int] = {}

    def warn(self, code: str, field: str) -> None:
        self.warnings.append(Warning_(code, field))


class Normaliser:
    """The compiled mapping of one entity for one header."""

    def __init__(self, source: SourceSpec, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.source, self.entity, self.header = source, entity, header
        self._null = frozenset(entity.null) | frozenset(n.strip() for n in entity.null) | {""}
        self._key = [header[name] for name in entity.key]
        self._scope = [header[name] for name in entity.scope]
        fields = list(entity.fields)
        self._reads: list[tuple[str, Read]] = [(f, self._reader(entity.name, f, entity.fields[f])) for f in fields]
        self._feeds = [
            (name, tuple(values), [self._reader(name, f, v) for f, v in values.items()])
            for name, values in entity.feeds.items()
        ]
        self._extra = self._extra_fields(fields)
        self.fields: tuple[str, ...] = (*fields, *self._extra)
        self._place = {f: n for n, f in enumerate(self.fields)}
        self._required = REQUIRED.get(entity.name)
        if self._required and self._required not in entity.fields:
            raise Rejected("E-COLS", self._required, f"el mapeo no dice de dónde sale {self._required}")

    def layout(self) -> Layout:
        """The shape of the read."""
        e = self.entity
        return Layout(self.source.name, e.name, e.mode, self.fields, e.window_days, e.scope)

    def _extra_fields(self, fields: list[str]) -> list[str]:
        kinds = FIELDS[self.entity.name]
        extra = [f"{f}_precision" for f in fields if kinds[f] == "instant" and f != "source_updated_at"]
        if "status" in fields and self.entity.name in ("delivery", "appointment", "repair_order"):
            extra.append("status_raw")
        if self.entity.name in DAY_OF and DAY_OF[self.entity.name][0] in fields:
            extra.append(DAY_OF[self.entity.name][1])
        if "vin" in kinds and "chassis" in fields and "vin" not in fields:
            extra.append("vin")
        feed = self.entity.feeds.get("vehicle", {})
        if "vehicle_key" in kinds:
            extra += [f for f in ("vin", "chassis", "plate") if f in feed and f not in fields and f not in extra]
            if "chassis" in extra and "vin" not in fields and "vin" not in extra:
                extra.append("vin")
        if self.entity.name == "repair_order_line" and "line_no" not in fields:
            extra.append("line_no")
        if self.entity.name == "incident" and "seq" not in fields:
            extra.append("seq")
        return extra

    # -- one row -----------------------------------------------------------------------------------

    def row(self, cells: Cells, line: int, file: str, raw: str) -> Record | Reject:
        """The record of a row, or why it is none."""
        row = Row()
        row.cells = cells
        key: str | None = None
        try:
            key = self._read_key(row)
            values = [read(row) for _f, read in self._reads]
            feeds = self._read_feeds(row)
            values += self._finish(row, values, feeds, key)
            self._check(values, feeds)
            if key is None:
                key = self._synthetic(values)
        except Rejected as error:
            return Reject(error.code, error.field, error.reason, file, line, raw, key)
        return Record(key, line, tuple(values), feeds, tuple(row.warnings))

    def scope_of(self, cells: Cells) -> tuple[str, ...]:
        """The values of the scope columns."""
        return tuple(as_text(cells[n]).strip() for n in self._scope)

    def _is_null(self, cell: Any) -> bool:
        if cell is None:
            return True
        return isinstance(cell, str) and (cell in self._null or cell.strip() in self._null)

    def _read_key(self, row: Row) -> str | None:
        if not self._key:
            return None
        parts = []
        for name, place in zip(self.entity.key, self._key, strict=True):
            cell = row.cells[place]
            if self._is_null(cell):
                raise Rejected("E-KEY", name, f"falta la clave ({name})")
            if not isinstance(cell, (str, int, float)) and hasattr(cell, "isoformat"):
                raise Rejected("E-KEY", name, f"la clave {name} es una fecha: revisar el formato de la celda")
            if cell is ERROR:
                raise Rejected("E-KEY", name, f"la clave {name} es una celda con error")
            text, dropped = clean_checked(as_text(cell))
            if dropped:
                row.warn("W-CONTROL", name)
            if not text:
                raise Rejected("E-KEY", name, f"falta la clave ({name})")
            parts.append(text)
        return "/".join(parts)

    def _synthetic(self, values: Sequence[Any]) -> str:
        """The key of a delivery that the DMS gives none: source, vehicle and date (DMS.md §2)."""
        named = [str(self._get(values, f)) for f in (*_VEHICLE, "delivered_at") if self._get(values, f) is not None]
        return "~" + hashlib.sha256("|".join((self.source.name, *named)).encode()).hexdigest()[:24]

    def _get(self, values: Sequence[Any], field: str) -> Any:
        place = self._place.get(field)
        if place is None or place >= len(values):
            return None
        value = values[place]
        return None if value is UNTOUCHED else value

    def _read_feeds(self, row: Row) -> tuple[Feed, ...]:
        made = []
        for name, fields, reads in self._feeds:
            values = tuple(read(row) for read in reads)
            if any(v not in (None, UNTOUCHED, ()) for v in values):
                made.append(Feed(name, fields, values))  # type: ignore[arg-type]
        return tuple(made)

    def _finish(self, row: Row, values: list[Any], feeds: Sequence[Feed], key: str | None) -> list[Any]:
        """The derived fields, in the order of ``self._extra``."""
        named = dict(zip(self.entity.fields, values, strict=True))
        vehicle = next((dict(zip(f.fields, f.values, strict=True)) for f in feeds if f.entity == "vehicle"), {})
        made: list[Any] = []
        for field in self._extra:
            if field.endswith("_precision"):
                base = field.removesuffix("_precision")
                value = named[base]
                made.append(None if value in (None, UNTOUCHED) else "day" if row.days.get(base, 0) < 0 else "time")
            elif field == "status_raw":
                made.append(self._status_raw(row))
            elif field.endswith("_day"):
                made.append(abs(row.days.get(DAY_OF[self.entity.name][0], 0)) or None)
            elif field == "vin":
                chassis = named.get("chassis") or vehicle.get("chassis")
                made.append(vehicle.get("vin") or (chassis if chassis and len(chassis) == 17 else None))
            elif field in ("chassis", "plate"):
                made.append(vehicle.get(field))
            else:  # line_no, seq: the last part of the key; without digits there, the order of appearance
                tail = (key or "").rpartition("/")[2]
                made.append(int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 10 else None)
        return made

    def _status_raw(self, row: Row) -> str | None:
        value = self.entity.fields["status"]
        if not value.columns:
            return None
        cells = [row.cells[self.header[c]] for c in value.columns]
        text = " ".join(as_text(c) for c in cells if not self._is_null(c))
        return clean_checked(text)[0] or None

    def _check(self, values: Sequence[Any], feeds: Sequence[Feed]) -> None:
        name = self.entity.name
        if self._required and self._get(values, self._required) is None:
            raise Rejected("E-REQ", self._required, f"falta {self._required}")
        if name == "vehicle":
            if not any(self._get(values, f) for f in ("vin", "chassis", "plate")):
                raise Rejected("E-REQ", "vin", "la unidad no trae chasis, VIN ni patente")
        elif name in ("repair_order_line", "incident"):
            if self._get(values, "repair_order_key") is None:
                raise Rejected("E-REF", "repair_order_key", "no dice de qué orden es")
        elif name in REQUIRED:
            who = any(self._get(values, f) for f in ("customer_key", "contact_name", "contact_phone", "buyer_name"))
            unit = any(self._get(values, f) for f in _VEHICLE)
            fed = {f.entity for f in feeds}
            if not who and not unit and not fed:
                raise Rejected("E-REF", "customer_key", "no dice ni cliente ni unidad")

    # -- fields ------------------------------------------------------------------------------------

    def _reader(self, entity: str, field: str, value: Value) -> Read:
        kind = FIELDS[entity][field]
        if kind == "phones":
            return self._phones(field, value)
        if kind == "services":
            return self._services(value)
        take = self._taker(value)
        convert = self._converter(entity, field, kind, value)
        required = field == REQUIRED.get(self.entity.name) and entity == self.entity.name

        def read(row: Row) -> Any:
            cell, partial = take(row)
            if cell is None:
                return None
            if cell is ERROR:
                row.warn("W-NUM", field)
                return UNTOUCHED
            return convert(row, cell, partial, required)

        return read

    def _taker(self, value: Value) -> Callable[[Row], tuple[Any, bool]]:
        """The cell of a value before conversion, and whether a later joined column was null."""
        if value.const is not None:
            return lambda row: (value.const, False)
        if value.coalesce:
            places = [self.header[c] for c in value.coalesce]

            def first(row: Row) -> tuple[Any, bool]:
                for place in places:
                    if not self._is_null(row.cells[place]):
                        return row.cells[place], False
                return None, False

            return first
        places = [self.header[c] for c in value.columns]
        if len(places) == 1:
            place = places[0]
            return lambda row: (None if self._is_null(row.cells[place]) else row.cells[place], False)
        return self._joiner(places, value.join)

    def _joiner(self, places: list[int], join: str) -> Callable[[Row], tuple[Any, bool]]:
        def joined(row: Row) -> tuple[Any, bool]:
            cells = [row.cells[p] for p in places]
            if self._is_null(cells[0]):
                return None, False
            if len(cells) == 2 and hasattr(cells[0], "isoformat"):
                return (cells[0] if self._is_null(cells[1]) else _Pair((cells[0], cells[1]))), self._is_null(cells[1])
            kept = [as_text(c).strip() for c in cells if not self._is_null(c)]
            return join.join(kept), len(kept) < len(cells)

        return joined

    def _converter(self, entity: str, field: str, kind: str, value: Value) -> Callable[[Row, Any, bool, bool], Any]:
        if kind in ("instant", "day"):
            return self._date(field, kind, value)
        if kind in ("int", "money", "milli"):
            return self._number(field, kind)
        if kind == "enum":
            return self._enum(entity, field, value)
        if kind == "bool":
            return lambda row, cell, partial, required: self._bool(row, field, value, cell)
        return self._text(field, value)

    def _date(self, field: str, kind: str, value: Value) -> Callable[[Row, Any, bool, bool], Any]:
        dates = Dates(self.source.timezone, value.formats)

        def convert(row: Row, cell: Any, partial: bool, required: bool) -> Any:
            if isinstance(cell, _Pair):
                cell = dates.join(cell)
            if hasattr(cell, "hour") and not hasattr(
                cell, "year"
            ):  # a bare time in a date column: 0 formatted as a date
                return None
            try:
                seconds, day_only, day = dates.read(cell, partial)
            except Unreadable:
                if required:
                    raise Rejected("E-DATE", field, f"{field}: no es una fecha de las declaradas") from None
                row.warn("W-DATE-RANGE", field)
                return None
            if dates.odd(day):
                row.warn("W-DATE-RANGE", field)
            row.days[field] = -day if day_only else day
            return day if kind == "day" else seconds

        return convert

    def _number(self, field: str, kind: str) -> Callable[[Row, Any, bool, bool], Any]:
        decimal = self.entity.decimal
        factor = {"int": 1, "money": 100, "milli": 1000}[kind]
        odometer = field in ("odometer_km", "odometer_in", "odometer_out")

        def convert(row: Row, cell: Any, partial: bool, required: bool) -> Any:
            try:
                found = int((number(cell, decimal) * factor).to_integral_value())
            except (Unreadable, ArithmeticError):
                row.warn("W-NUM", field)
                return UNTOUCHED
            if odometer and not 0 <= found <= 2_000_000:
                row.warn("W-ODO", field)
                return None
            if abs(found) > 2**53:
                row.warn("W-NUM", field)
                return UNTOUCHED
            return found

        return convert

    def _enum(self, entity: str, field: str, value: Value) -> Callable[[Row, Any, bool, bool], Any]:
        allowed = ENUMS[(entity, field)]
        unknown = "unknown" if "unknown" in allowed else "other" if "other" in allowed else allowed[0]
        table = value.values

        def convert(row: Row, cell: Any, partial: bool, required: bool) -> Any:
            text = as_text(cell).strip()
            found = table.get(text) if table is not None else (text.lower() if text.lower() in allowed else None)
            if found is None:
                row.warn("W-ENUM", field)
                return unknown
            return found

        return convert

    def _bool(self, row: Row, field: str, value: Value, cell: Any) -> Any:
        text = as_text(cell).strip()
        found = boolean(value.values.get(text, "") if value.values is not None else text)
        if found is UNTOUCHED:
            row.warn("W-ENUM", field)
        return found

    def _text(self, field: str, value: Value) -> Callable[[Row, Any, bool, bool], Any]:
        note = field in _NOTES
        special = {"vin": self._vin, "plate": self._plate, "email": self._email}.get(field)

        def convert(row: Row, cell: Any, partial: bool, required: bool) -> Any:
            text = as_text(cell)
            if value.values is not None:
                mapped = value.values.get(text.strip())
                if mapped is None:
                    row.warn("W-ENUM", field)
                    return "unknown"
                text = mapped
            if note and "\n" in text:
                cleaned: str = clean_note(text)
            else:
                cleaned, dropped = clean_checked(text, MAX_TEXT)
                if dropped:
                    row.warn("W-CONTROL", field)
            if not cleaned:
                return None
            if not cleaned.isascii() and looks_broken(cleaned):
                row.warn("W-MOJIBAKE", field)
            if special is not None:
                return special(row, field, cleaned)
            if field == "chassis":
                return norm_chassis(cleaned)
            return cleaned

        return convert

    @staticmethod
    def _vin(row: Row, field: str, text: str) -> str | None:
        vin, good = norm_vin(text)
        if not good:
            row.warn("W-VIN", field)
        return vin

    @staticmethod
    def _plate(row: Row, field: str, text: str) -> str | None:
        plate, good = norm_plate(text)
        if not good:
            row.warn("W-PLATE", field)
        return plate

    @staticmethod
    def _email(row: Row, field: str, text: str) -> str | None:
        if _EMAIL.fullmatch(text):
            return text.lower()
        row.warn("W-EMAIL", field)
        return None

    def _phones(self, field: str, value: Value) -> Read:
        places = [(self.header[c], kind) for c, kind in value.parts]
        area = self.source.area_code

        def read(row: Row) -> Any:
            found: list[Phone] = []
            seen: set[str] = set()
            for place, declared in places:
                cell = row.cells[place]
                if self._is_null(cell) or cell is ERROR:
                    continue
                for piece in split_phones(clean_checked(as_text(cell))[0]):
                    info = parse_phone(piece, area, declared)  # type: ignore[arg-type]
                    if not info.valid:
                        row.warn("W-PHONE", field)
                        if sum(ch.isdigit() for ch in piece) < 6:
                            continue
                    if (info.last10 or piece) not in seen:
                        seen.add(info.last10 or piece)
                        found.append(Phone(piece, info.e164, info.last10, info.kind))
            return tuple(found)

        return read

    def _services(self, value: Value) -> Read:
        places = [self.header[c] for c, _kind in value.parts]

        def read(row: Row) -> Any:
            cells = [row.cells[p] for p in places]
            texts = [clean_checked(as_text(c))[0] for c in cells if not self._is_null(c)]
            return tuple((None, t) for t in texts if t)

        return read


class _Pair(tuple[Any, Any]):
    """A date cell and a time cell that become one moment."""


def make_header(names: Sequence[str], entity: EntitySpec) -> dict[str, int]:
    """Column name → place; raises :class:`Rejected` for a mapped name that is missing or stands twice."""
    header: dict[str, int] = {}
    twice: set[str] = set()
    for place, name in enumerate(names):
        if name and name in header:
            twice.add(name)
        header.setdefault(name, place)
    for name in entity.columns():
        if name not in header:
            raise Rejected("E-COLS", name, f"falta la columna «{name}»")
        if name in twice:
            raise Rejected("E-COLS", name, f"la columna «{name}» está dos veces")
    return header
