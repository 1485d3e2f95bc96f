"""A source row to a :class:`Record` or a :class:`Reject`: a pure function, compiled once per read (DMS.md §1–§3, §5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text, shown
from boxes_tui.dms.columns import Cells, Rejected
from boxes_tui.dms.fields import REMEMBERED, Fields, Read
from boxes_tui.dms.records import FIELDS, REQUIRED, UNTOUCHED, Feed, Layout, Record, Reject
from boxes_tui.dms.required import NAMES, PERSON, Said, check_of, full_name, said_of
from boxes_tui.dms.row import Row
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.i18n import _
from boxes_tui.text import clean_checked

Add = Callable[[Row, list[Any], Said, "str | None"], Any]

DAY_OF: Final = {"delivery": ("delivered_at", "delivered_day"), "appointment": ("starts_at", "start_day"),
                 "repair_order": ("opened_at", "opened_day")}  # fmt: skip
_CACHED: Final = frozenset({"text", "enum", "int", "money", "milli", "bool"})
_MISS: Final = object()
_BLACK: Final = re.compile("[!-~À-ÖØ-öø-ÿ]+").fullmatch
"""A key without blanks and nothing to clean."""
KEY_LIMIT: Final = 200


class Normaliser:
    """The compiled mapping of one entity for one header. Raises :class:`Rejected` where the mapping cannot be read."""

    def __init__(self, source: SourceSpec, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.source, self.entity = source, entity
        needed = REQUIRED.get(entity.name)
        if needed and needed not in entity.fields:
            raise Rejected("E-COLS", needed, _("el mapeo no dice de dónde sale {needed}").format(needed=needed))
        self._compile = compiled = Fields(source, entity, header)
        self._key = [(name, header[name]) for name in entity.key]
        self._scope = [header[name] for name in entity.scope]
        self._header = header
        self._plan: list[tuple[int, dict[Any, Any] | None, Read]] = []
        for field, value in entity.fields.items():
            place = compiled.single(value) if FIELDS[entity.name][field] in _CACHED else None
            known: dict[Any, Any] | None = None if place is None else {}
            self._plan.append((place or 0, known, compiled.reader(entity.name, field, value)))
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
        self._check = check_of(entity.name, self._place)
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
        for n, (place, known, read) in enumerate(self._plan):
            if known is None:
                values.append(read(row))
                continue
            value = known.get(cells[place], _MISS)
            values.append(self._learn(n, row) if value is _MISS else value)
        return values

    def _learn(self, n: int, row: Row) -> Any:
        """Read a text for the first time; a column of ever new texts is not looked up any more."""
        place, known, read = self._plan[n]
        before = len(row.warnings)
        value = read(row)
        cell = row.cells[place]
        if type(cell) is str and len(row.warnings) == before and known is not None:
            if len(known) >= REMEMBERED:
                self._plan[n] = (place, None, read)
            else:
                known[cell] = value
        return value

    def _read_key(self, row: Row) -> str | None:
        if not self._key:
            return None
        cells = row.cells
        parts = [cells[place] for _name, place in self._key]
        try:
            key = "/".join(parts)
        except TypeError:
            return self._slow_key(row)
        if len(key) <= KEY_LIMIT and self._compile.null.isdisjoint(parts) and _BLACK(key):
            return key
        return self._slow_key(row)

    def _slow_key(self, row: Row) -> str:
        parts = []
        for name, place in self._key:
            cell = row.cells[place]
            if type(cell) is not str:
                _check_key_cell(name, cell)
            if cell is UNTOUCHED or self._compile.is_null(cell):
                raise Rejected("E-KEY", name, _("falta la clave ({name})").format(name=name))
            text, dropped = clean_checked(as_text(cell))
            if dropped:
                row.warn("W-CONTROL", name)
            if not text:
                raise Rejected("E-KEY", name, _("falta la clave ({name})").format(name=name))
            if len(text) > KEY_LIMIT:
                raise Rejected(
                    "E-KEY",
                    name,
                    _("la clave {name} pasa de {KEY_LIMIT} caracteres").format(name=name, KEY_LIMIT=KEY_LIMIT),
                )
            parts.append(text)
        return "/".join(parts)

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
        if entity == "customer" and "display_name" not in fields and set(PERSON) & set(fields):
            self._add.append(("display_name", lambda _row, values, _said, _key: full_name(self._place, values)))

    def _add_names(self) -> None:
        """``vin``, ``chassis``, ``plate``: mapped, else dotted; a chassis of 17 characters is a VIN (DMS.md §3)."""
        mapped, fed = self.entity.fields, self.entity.feeds.get("vehicle", {})
        short = "chassis" in mapped or "chassis" in fed
        for name in NAMES:
            if name in fed or (name == "vin" and short):
                find = _vehicle_name(name, self._place.get("chassis"))
                if name in mapped:
                    self._fill.append((self._place[name], find))
                else:
                    self._add.append((name, find))

    def _status_raw(self) -> Add:
        """The status as written."""
        places = [self._header[c] for c in self.entity.fields["status"].columns]
        known: dict[Any, str | None] = {}

        def remembered(row: Row, values: list[Any], said: Said, key: str | None) -> str | None:
            cell = row.cells[places[0]]
            found = known.get(cell, "")
            if found == "":
                found = written(row, values, said, key)
                if type(cell) is str and len(known) < REMEMBERED:
                    known[cell] = found
            return found

        def written(row: Row, _values: list[Any], _said: Said, _key: str | None) -> str | None:
            cells = [row.cells[p] for p in places]
            text = " ".join(as_text(c) for c in cells if c is not UNTOUCHED and not self._compile.is_null(c))
            return clean_checked(text, 80)[0] or None

        return remembered if len(places) == 1 else written

    def _synthetic(self, values: Sequence[Any]) -> str:
        """The key of a delivery that the DMS gives none: source, vehicle and day (DMS.md §2)."""
        unit = next(
            (
                v
                for f in ("vehicle_key", *NAMES, "customer_key", "buyer_name")
                if (v := said_of(self._place, values, f))
            ),
            "",
        )
        parts = (self.source.name, str(unit), str(said_of(self._place, values, "delivered_day")))
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
        raise Rejected("E-KEY", name, _("la clave {name} es una celda con error").format(name=name))
    if isinstance(cell, (date, time, timedelta)):
        raise Rejected(
            "E-KEY",
            name,
            _("la clave {name} es una fecha: revisar el formato de la celda en la planilla").format(name=name),
        )
