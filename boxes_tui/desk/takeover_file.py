"""Files of the system before: read by the mapping grammar of DMS.md §3, with fields of the desk instead of the DMS's.

The TOML holds a table ``[import.opportunities]`` (or ``callbacks``, ``blocks``, ``calls``) with the reading settings and a
``map``; without a file of its own, columns bear the names of the fields.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.dms.cells import ERROR, as_text
from boxes_tui.dms.mapping_fields import column_name, known, listed, text
from boxes_tui.dms.moments import Moment, Moments, Unreadable
from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import EntitySpec, Value
from boxes_tui.dms.tabular import read_rows
from boxes_tui.dms.toml_lines import Keys, TomlFile
from boxes_tui.errors import ConfigError, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean, clean_note

PERSON: Final = ("customer_key", "document", "phone", "name")
UNIT: Final = ("vehicle_key", "vin", "chassis", "plate")
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "opportunities": (*PERSON, *UNIT, "branch", "due", "about", "origin", "assigned", "note"),
    "callbacks": (*PERSON, *UNIT, "branch", "at", "agent", "about", "note"),
    "blocks": (*PERSON, "scope", "at", "how"),
    "calls": (*PERSON, *UNIT, "branch", "at", "agent", "type", "disposition", "reason", "score", "note",
              "delivery_key", "order_key", "appointment_key"),
}  # fmt: skip
REQUIRED: Final = {"opportunities": ("due",), "callbacks": ("at",), "blocks": (), "calls": ("at", "disposition")}
DATES: Final = frozenset({"due", "at"})
NOTES: Final = frozenset({"note", "how"})
TABLE_KEYS: Final = frozenset(
    {"encoding", "delimiter", "decimal", "null", "header_row", "skip_blank", "stop_at", "sheet", "timezone", "map"}
)
VALUE_KEYS: Final = frozenset({"from", "join", "format", "values", "coalesce", "const"})


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: its fields (text; ``due`` and ``at`` as (epoch seconds, day only, local day ordinal)), or in
    ``trouble`` why it cannot be used."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a file is read: the reader's settings and the value of each field; ``digest`` stands for all of it."""

    kind: str
    spec: EntitySpec
    digest: str


def load_mapping(kind: str, path: Path | None) -> Mapped:
    """The mapping of a kind of import; :class:`ConfigError` names file, line and key."""
    if kind not in FIELDS:
        raise UsageError(_("Se importan {names}.").format(names=", ".join(FIELDS)))
    if path is None:
        fields = {name: Value(columns=(name,)) for name in FIELDS[kind]}
        return Mapped(kind, _spec(kind, {}, fields, "-"), "-")
    file = TomlFile(path)
    where, table = _table(file, kind)
    known(file, where, table, TABLE_KEYS)
    mapped = table.get("map")
    if not isinstance(mapped, dict) or not mapped:
        raise file.error(where, _("[{names}] no tiene ningún campo (map)").format(names=".".join(where)))
    fields = {}
    for name, raw in mapped.items():
        if name not in FIELDS[kind]:
            names = ", ".join(FIELDS[kind])
            raise file.error(
                (*where, "map", name),
                _("clave desconocida «{name}»; los campos de {kind}: {names}").format(
                    name=name, kind=kind, names=names
                ),
            )
        fields[name] = _value(file, (*where, "map", name), raw)
    digest = hashlib.sha256(file.text.encode()).hexdigest()[:16]
    return Mapped(kind, _spec(kind, table, fields, digest), digest)


def _table(file: TomlFile, kind: str) -> tuple[Keys, Mapping[str, Any]]:
    tables = file.values.get("import", {})
    if isinstance(tables, dict) and isinstance(tables.get(kind), dict):
        return ("import", kind), tables[kind]
    raise ConfigError(_("{path}: no tiene la tabla [import.{kind}]").format(path=file.path, kind=kind))


def _value(file: TomlFile, where: Keys, raw: Any) -> Value:
    if isinstance(raw, str):
        return Value(columns=(column_name(raw),))
    if not isinstance(raw, dict):
        raise file.error(where, _("«{where}» tiene que ser una columna o una tabla").format(where=where[-1]))
    known(file, where, raw, VALUE_KEYS)
    if sum(k in raw for k in ("from", "coalesce", "const")) != 1:
        raise file.error(
            where, _("«{where}» tiene que decir una sola cosa: from, coalesce o const").format(where=where[-1])
        )
    values = raw.get("values")
    if values is not None and not isinstance(values, dict):
        raise file.error((*where, "values"), _("values tiene que ser una tabla"))
    return Value(
        columns=tuple(column_name(c) for c in listed(file, where, raw, "from", [])),
        join=text(file, where, raw, "join", " ") or "",
        formats=tuple(listed(file, where, raw, "format", [])),
        values={unicodedata.normalize("NFC", k).strip(): str(v) for k, v in values.items()} if values else None,
        coalesce=tuple(column_name(c) for c in listed(file, where, raw, "coalesce", [])),
        const=raw.get("const"),
    )


def _spec(kind: str, table: Mapping[str, Any], fields: Mapping[str, Value], digest: str) -> EntitySpec:
    null = table.get("null", [""])
    return EntitySpec(
        name=kind, files=None, select=None, resource=None, mode="delta", window_days=None,
        encoding=table.get("encoding"), delimiter=table.get("delimiter"), decimal=str(table.get("decimal", ".")),
        header_row=int(table.get("header_row", 1)), skip_blank=bool(table.get("skip_blank", True)),
        stop_at=table.get("stop_at"), sheet=table.get("sheet"), key=(), scope=(), feeds={}, fields=fields,
        null=tuple(null if isinstance(null, list) else [null]), timezone=str(table.get("timezone", DEFAULT_ZONE)),
        digest=digest,
    )  # fmt: skip


def read_file(path: Path, mapped: Mapped) -> tuple[list[Row], str]:
    """Every row of a file, and its digest; :class:`UsageError` for a file that cannot be read or lacks a column."""
    if not path.is_file():
        raise UsageError(_("{path}: no existe ese archivo.").format(path=path))
    raw = path.read_bytes()
    if mapped.digest == "-":  # nothing declares the delimiter: the header tells it
        first = raw.partition(b"\n")[0].decode("latin-1")
        sign = max((";", "\t", ","), key=first.count)
        mapped = replace(mapped, spec=replace(mapped.spec, delimiter=sign))
    try:
        return list(_rows(path, mapped)), hashlib.sha256(raw).hexdigest()
    except FileRefused as error:
        raise UsageError(f"{path}: {error.reason}") from None


class _Written(Moments):
    """Dates of a file without a mapping: ISO, or the day as it is written here (FORMATS.md)."""

    def __init__(self, zone: str, formats: Sequence[str]) -> None:
        super().__init__(zone, formats)
        self.here = Moments(zone, ("%d/%m/%Y %H:%M", "%d/%m/%Y"))

    def read(self, cell: Any, day_only: bool = False) -> Moment:
        try:
            return super().read(cell, day_only)
        except Unreadable:
            return self.here.read(cell, day_only)


def _rows(path: Path, mapped: Mapped) -> Iterator[Row]:
    spec = mapped.spec
    header: dict[str, int] = {}
    reader = _Written if mapped.digest == "-" else Moments
    dates = {name: reader(spec.timezone, spec.fields[name].formats) for name in DATES & set(spec.fields)}
    null = {n.strip() for n in spec.null} | {""}
    stop = re.compile(spec.stop_at) if spec.stop_at else None
    for line, cells, _text, trouble in read_rows(path, spec):
        texts = ["" if c is ERROR else as_text(c).strip() for c in cells]
        first = next((t for t in texts if t), None)
        if trouble:
            yield Row(line, code="E-COLS", trouble=trouble)
        elif not header:
            header = {column_name(t): place for place, t in enumerate(texts)}
            _complete(path, mapped, header)
        elif first is not None:
            if stop is not None and stop.search(first):
                return
            yield _row(mapped, header, dates, null, line, [None if c is ERROR else c for c in cells])


def _complete(path: Path, mapped: Mapped, header: Mapping[str, int]) -> None:
    """Refuse a file that lacks a mapped column; without a mapping only the required fields are asked for."""
    wanted = mapped.spec.columns() if mapped.digest != "-" else list(REQUIRED[mapped.kind])
    missing = [name for name in wanted if name not in header]
    if missing:
        raise UsageError(_("{path}: le falta la columna «{name}».").format(path=path, name=missing[0]))


def _row(
    mapped: Mapped, header: Mapping[str, int], dates: Mapping[str, Moments], null: set[str], line: int, cells: Any
) -> Row:
    values: dict[str, Any] = {}
    for name, value in mapped.spec.fields.items():
        try:
            found = _field(name, value, header, dates, null, cells)
        except Unreadable:
            return Row(line, code="E-DATE", trouble=_("la fecha de {name} no se entiende").format(name=name))
        if found is None and name in REQUIRED[mapped.kind]:
            return Row(line, code="E-REQ", trouble=_("falta {name}").format(name=name))
        values[name] = found
    return Row(line, values)


def _field(
    name: str, value: Value, header: Mapping[str, int], dates: Mapping[str, Moments], null: set[str], cells: Any
) -> Any:
    def cell(column: str) -> Any:
        place = header.get(column)
        found = cells[place] if place is not None and place < len(cells) else None
        return None if found is None or as_text(found).strip() in null else found

    if value.const is not None:
        return str(value.const)
    parts = [cell(c) for c in value.columns] or [next((x for c in value.coalesce if (x := cell(c)) is not None), None)]
    if not parts or parts[0] is None:
        return None
    given = [p for p in parts if p is not None]
    if name in dates:
        if len(given) == 2 and not all(isinstance(p, str) for p in given):
            return dates[name].join(given[0], given[1])
        whole = given[0] if len(given) == 1 else value.join.join(as_text(p).strip() for p in given)
        return dates[name].read(whole, day_only=len(given) < len(parts))
    written = value.join.join(as_text(p).strip() for p in given)
    if value.values is not None:
        written = value.values.get(unicodedata.normalize("NFC", written).strip(), written)
    return (clean_note(written) if name in NOTES else clean(written)) or None
