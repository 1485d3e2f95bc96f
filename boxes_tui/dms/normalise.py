"""A source row to a :class:`Record` or a :class:`Reject`: a pure function, compiled once per read (DMS.md §1–§3, §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text, shown
from boxes_tui.dms.columns import Cells, Rejected
from boxes_tui.dms.fields import REMEMBERED, Fields, Read, Row
from boxes_tui.dms.records import FIELDS, REQUIRED, UNTOUCHED, Feed, Layout, Record, Reject
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.text import clean_checked

Said = dict[str, dict[str, Any]]
"""What the dotted fields of a row say: entity → field → value."""
Add = Callable[[Row, list[Any], Said, "str | None"], Any]
Check = Callable[[list[Any], Said], None]

DAY_OF: Final = {"delivery": ("delivered_at", "delivered_day"), "appointment": ("starts_at", "start_day"),
                 "repair_order": ("opened_at", "opened_day")}  # fmt: skip
_NAMES: Final = ("vin", "chassis", "plate")
_WHO: Final = ("customer_key", "contact_name", "contact_phone", "buyer_name")
_FED_WHO: Final = ("display_name", "given_name", "family_name", "company_name", "doc_number", "phones", "email")
_PERSON: Final = ("display_name", "company_name", "given_name", "family_name")
_CACHED: Final = frozenset({"text", "enum", "int", "money", "milli", "bool"})
_MISS: Final = object()
KEY_LIMIT: Final = 200


class Normaliser:
    """The compiled mapping of one entity for one header. Raises :class:`Rejected` where the mapping cannot be read."""

    def __init__(self, source: SourceSpec, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.source, self.entity = source, entity
        needed = REQUIRED.get(entity.name)
        if needed and needed not in entity.fields:
            raise Rejected("E-COLS", needed, f"el mapeo no dice de dónde sale {needed}")
        self._compile = compiled = Fields(source, entity, header)
        self._key = [(name, header[name]) for name in entity.key]
        self._scope = [header[name] for name in entity.scope]
        self._header = header
        self._plan: list[tuple[int, dict[Any, Any], Read]] = []
        for field, value in entity.fields.items():
            place = compiled.single(value) if FIELDS[entity.name][field] in _CACHED else None
            self._plan.append((-1 if place is None else place, {}, compiled.reader(entity.name, field, value)))
        self._feeds = [
            (name, tuple(values), [compiled.reader(name, f, v) for f, v in values.items()])
            for name, values in entity.feeds.items()
        ]
        self._place = {field: n for n, field in enumerate(entity.fields)}
        self._add: list[tuple[str, Add]] = []
        self._fill: list[tuple[int, Add]] = []
        self._add_fields()
        self.fields: tuple[str, ...] = (*entity.fields, *(name for name, _make in self._add))
        self._place = {field: n for n, field in enumerate(self.fields)}
        self._check = self._checks()
        self._row = Row()

    def layout(self) -> Layout:
        """The shape of the read."""
        e = self.entity
        return Layout(self.source.name, e.name, e.mode, self.fields, e.window_days, e.scope)

    def scope_of(self, cells: Cells) -> tuple[str, ...] | None:
        """The values of the scope columns; None where one is null."""
        if any(self._compile.is_null(cells[n]) for n in self._scope):
            return None
        return tuple(clean_checked(as_text(cells[n]))[0] for n in self._scope)

    # -- one row -----------------------------------------------------------------------------------

    def row(self, cells: Cells, line: int, file: str, raw: str = "") -> Record | Reject:
        """The record of a row, or why it is none. ``raw`` is the row as written, else it is shown cell by cell."""
        row = self._row
        row.cells = cells
        if row.warnings:
            row.warnings = []
        if row.moments:
            row.moments.clear()
        key: str | None = None
        try:
            key = self._read_key(row)
            values = self._read(row)
            feeds = self._read_feeds(row) if self._feeds else ()
            said: Said = {f.entity: dict(zip(f.fields, f.values, strict=True)) for f in feeds} if feeds else {}
            for place, find in self._fill:
                if values[place] is None:
                    values[place] = find(row, values, said, key)
            for _name, make in self._add:
                values.append(make(row, values, said, key))
            self._check(values, said)
            if key is None:
                key = self._synthetic(values)
        except Rejected as error:
            return Reject(error.code, error.field, error.reason, file, line, raw.rstrip("\r\n") or shown(cells), key)
        return Record(key, line, tuple(values), feeds, tuple(row.warnings) if row.warnings else ())

    def _read(self, row: Row) -> list[Any]:
        """The mapped fields; texts of single columns are looked up among those read before."""
        values: list[Any] = []
        cells = row.cells
        for place, known, read in self._plan:
            if place < 0:
                values.append(read(row))
                continue
            cell = cells[place]
            value = known.get(cell, _MISS)
            if value is _MISS:
                before = len(row.warnings)
                value = read(row)
                if len(row.warnings) == before and type(cell) is str:
                    if len(known) >= REMEMBERED:
                        known.clear()
                    known[cell] = value
            values.append(value)
        return values

    def _read_key(self, row: Row) -> str | None:
        if not self._key:
            return None
        parts = []
        for name, place in self._key:
            cell = row.cells[place]
            if type(cell) is not str:
                _check_key_cell(name, cell)
            if cell is UNTOUCHED or self._compile.is_null(cell):
                raise Rejected("E-KEY", name, f"falta la clave ({name})")
            text, dropped = clean_checked(as_text(cell))
            if dropped:
                row.warn("W-CONTROL", name)
            if not text:
                raise Rejected("E-KEY", name, f"falta la clave ({name})")
            if len(text) > KEY_LIMIT:
                raise Rejected("E-KEY", name, f"la clave {name} pasa de {KEY_LIMIT} caracteres")
            parts.append(text)
        return parts[0] if len(parts) == 1 else "/".join(parts)

    def _read_feeds(self, row: Row) -> tuple[Feed, ...]:
        made = []
        moments = dict(row.moments)
        for name, fields, reads in self._feeds:
            values = tuple(read(row) for read in reads)
            if any(v is not None and v is not UNTOUCHED and v != () for v in values):
                made.append(Feed(name, fields, values))  # type: ignore[arg-type]
        row.moments = moments  # a fed record's dates are not those of the row
        return tuple(made)

    # -- fields that no column holds -----------------------------------------------------------------

    def _add_fields(self) -> None:
        """Precisions, days, the status as written, and names of the vehicle that other columns give."""
        entity, fields = self.entity.name, self.entity.fields
        kinds = FIELDS[entity]
        for field in fields:
            if kinds[field] == "instant" and field != "source_updated_at":
                self._add.append((f"{field}_precision", _precision(field, self._place[field])))
        if "status" in fields and entity in DAY_OF:
            self._add.append(("status_raw", self._status_raw()))
        if entity in DAY_OF and DAY_OF[entity][0] in fields:
            own, day = DAY_OF[entity]
            self._add.append(
                (day, lambda row, _values, _said, _key: row.moments[own][2] if own in row.moments else None)
            )
        if "vin" in kinds:
            self._add_names()
        if entity in ("repair_order_line", "incident"):
            number = "line_no" if entity == "repair_order_line" else "seq"
            if number not in fields:
                self._add.append((number, lambda _row, _values, _said, key: _tail_number(key)))
            if "repair_order_key" not in fields and len(self._key) > 1:
                self._add.append(("repair_order_key", lambda _row, _values, _said, key: (key or "").rpartition("/")[0]))
        if entity == "customer" and "display_name" not in fields and set(_PERSON) & set(fields):
            self._add.append(("display_name", lambda _row, values, _said, _key: self._full_name(values)))

    def _add_names(self) -> None:
        """``vin``, ``chassis``, ``plate``: mapped, else dotted; a chassis of 17 characters is a VIN (DMS.md §3)."""
        mapped, fed = self.entity.fields, self.entity.feeds.get("vehicle", {})
        short = "chassis" in mapped or "chassis" in fed
        for name in _NAMES:
            if name in fed or (name == "vin" and short):
                find = _vehicle_name(name, self._place.get("chassis"))
                if name in mapped:
                    self._fill.append((self._place[name], find))
                else:
                    self._add.append((name, find))

    def _status_raw(self) -> Add:
        places = [self._header[c] for c in self.entity.fields["status"].columns]

        def written(row: Row, _values: list[Any], _said: Said, _key: str | None) -> str | None:
            cells = [row.cells[p] for p in places]
            text = " ".join(as_text(c) for c in cells if c is not UNTOUCHED and not self._compile.is_null(c))
            return clean_checked(text, 80)[0] or None

        return written

    def _full_name(self, values: list[Any]) -> str | None:
        company, given, family = (self._get(values, f) for f in ("company_name", "given_name", "family_name"))
        return company or " ".join(part for part in (given, family) if part) or None

    # -- what a record has to have -------------------------------------------------------------------

    def _get(self, values: Sequence[Any], field: str) -> Any:
        place = self._place.get(field)
        if place is None or place >= len(values) or values[place] is UNTOUCHED:
            return None
        return values[place]

    def _checks(self) -> Check:
        """The check of the entity: raises :class:`Rejected` with ``E-REQ`` or ``E-REF`` (DMS.md §2, §5)."""
        entity = self.entity.name
        if entity in REQUIRED:
            return self._check_dated(REQUIRED[entity])
        if entity == "vehicle":
            return self._check_vehicle
        if entity in ("repair_order_line", "incident"):
            return self._check_child
        return self._check_customer

    def _check_dated(self, needed: str) -> Check:
        when = self._place[needed]
        places = [self._place[f] for f in (*_WHO, "vehicle_key", *_NAMES) if f in self._place]

        def check(values: list[Any], said: Said) -> None:
            if values[when] is None or values[when] is UNTOUCHED:
                raise Rejected("E-REQ", needed, f"falta {needed}")
            for place in places:
                if values[place] and values[place] is not UNTOUCHED:
                    return
            customer = said.get("customer", {})
            if not any(customer.get(f) not in (None, (), UNTOUCHED) for f in _FED_WHO):
                raise Rejected("E-REF", "customer_key", "no dice ni cliente ni unidad")

        return check

    def _check_vehicle(self, values: list[Any], _said: Said) -> None:
        if not any(self._get(values, name) for name in _NAMES):
            raise Rejected("E-REQ", "vin", "la unidad no trae VIN, chasis ni patente")

    def _check_child(self, values: list[Any], _said: Said) -> None:
        if not self._get(values, "repair_order_key"):
            raise Rejected("E-REQ", "repair_order_key", "no dice de qué orden es")

    def _check_customer(self, values: list[Any], _said: Said) -> None:
        place = self._place.get("display_name")
        if place is None or values[place]:
            return
        values[place] = values[place] if values[place] is UNTOUCHED else self._full_name(values)
        if values[place] is None:
            raise Rejected("E-REQ", "display_name", "el cliente no trae nombre")

    def _synthetic(self, values: Sequence[Any]) -> str:
        """The key of a delivery that the DMS gives none: source, vehicle and day (DMS.md §2)."""
        unit = next(
            (v for f in ("vehicle_key", *_NAMES, "customer_key", "buyer_name") if (v := self._get(values, f))), ""
        )
        parts = (self.source.name, str(unit), str(self._get(values, "delivered_day")))
        return "~" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def _precision(field: str, place: int) -> Add:
    def precision(row: Row, values: list[Any], _said: Said, _key: str | None) -> Any:
        value = values[place]
        if value is None or value is UNTOUCHED:
            return value
        return "day" if row.moments[field][1] else "time"

    return precision


def _vehicle_name(name: str, chassis: int | None) -> Add:
    """What dotted fields, or a chassis of 17 characters, tell of a vehicle's name."""

    def find(_row: Row, values: list[Any], said: Said, _key: str | None) -> Any:
        fed = said.get("vehicle", {})
        found = fed.get(name)
        if found is None and name == "vin":
            for tail in (values[chassis] if chassis is not None else None, fed.get("chassis")):
                if isinstance(tail, str) and len(tail) == 17:
                    return tail
        return None if found is UNTOUCHED else found

    return find


def _tail_number(key: str | None) -> int | None:
    """The number at the end of a key; without one, the order of appearance is counted after staging (DMS.md §2)."""
    tail = (key or "").rpartition("/")[2]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 10 else None


def _check_key_cell(name: str, cell: Any) -> None:
    """A typed cell that cannot be a key."""
    if cell is ERROR:
        raise Rejected("E-KEY", name, f"la clave {name} es una celda con error")
    if isinstance(cell, (date, time, timedelta)):
        raise Rejected("E-KEY", name, f"la clave {name} es una fecha: revisar el formato de la celda en la planilla")
