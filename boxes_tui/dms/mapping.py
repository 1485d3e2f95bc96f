"""The TOML grammar of sources (DMS.md §3), to the letter: every unknown key is an error with its file and line."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.dms.records import ENTITIES, ENUMS, FIELDS
from boxes_tui.errors import ConfigError

Mode = Literal["snapshot", "window", "delta"]

READING: Final = frozenset(
    {"encoding", "delimiter", "decimal", "null", "header_row", "skip_blank", "stop_at", "mode", "window_days", "sheet"}
)
"""Keys that stand on an entity, or once on the source as the default of its entities."""

SOURCE_KEYS: Final = READING | {
    "kind", "path", "url", "base_url", "timezone", "branch", "entity", "area_code", "delivered_from",
    "invoiced_hours", "timeout", "headers", "dialect",
}  # fmt: skip
ENTITY_KEYS: Final = READING | {"files", "select", "resource", "key", "scope", "map", "timezone", "branch"}
VALUE_KEYS: Final = frozenset({"from", "join", "format", "values", "coalesce", "const", "kind"})
DELIVERED: Final = ("delivered_at", "picked_up_at", "status", "closed_at", "invoiced_at")
KINDS: Final = ("folder", "sql", "star")


@dataclass(frozen=True, slots=True)
class Value:
    """How one field is read. ``columns`` are joined; ``coalesce`` takes the first that is not null."""

    columns: tuple[str, ...] = ()
    join: str = " "
    formats: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    coalesce: tuple[str, ...] = ()
    const: Any = None
    parts: tuple[tuple[str, str | None], ...] = ()
    """For ``phones`` and ``services``: (column, declared kind)."""

    def names(self) -> tuple[str, ...]:
        """Every column that the value needs."""
        return (*self.columns, *self.coalesce, *(c for c, _kind in self.parts))


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One entity of a source."""

    name: str
    files: str | None
    select: str | None
    resource: str | None
    mode: Mode
    window_days: tuple[int, int] | None
    encoding: str | None
    delimiter: str | None
    decimal: str
    header_row: int
    skip_blank: bool
    stop_at: str | None
    sheet: str | int | None
    key: tuple[str, ...]
    null: tuple[str, ...]
    scope: tuple[str, ...]
    fields: Mapping[str, Value]
    feeds: Mapping[str, Mapping[str, Value]]
    digest: str
    """Of everything above: the same bytes under another mapping are read again."""

    def columns(self) -> list[str]:
        """Every column of the file that the mapping names."""
        found: dict[str, None] = dict.fromkeys([*self.key, *self.scope])
        for values in (self.fields, *self.feeds.values()):
            for value in values.values():
                found.update(dict.fromkeys(value.names()))
        return list(found)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source. ``base`` is the folder of its TOML file: relative paths begin there."""

    name: str
    kind: Literal["folder", "sql", "star"]
    base: Path
    file: Path
    timezone: str
    branch: str | None
    entities: Mapping[str, EntitySpec]
    path: Path | None = None
    url: str | None = None
    base_url: str | None = None
    area_code: str | None = None
    delivered_from: tuple[str, ...] = DELIVERED
    invoiced_hours: int | None = None
    timeout: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)
    dialect: str | None = None


def load_sources(path: Path) -> dict[str, SourceSpec]:
    """The sources of a TOML file (and of those it includes), by name; :class:`ConfigError` with file:line."""
    reader = _File(path)
    found = {name: _source(reader, name, table) for name, table in reader.table("source").items()}
    include = reader.values.get("include", [])
    for other in [include] if isinstance(include, str) else include:
        found |= load_sources((path.parent / str(other)).absolute())
    if not found:
        raise ConfigError(f"{path}: no hay ninguna fuente ([source.NOMBRE])")
    return found


class _File:
    """A TOML file that can say on which line a key stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise ConfigError(f"{path}: no se puede leer ({error.strerror})") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: no es UTF-8 (byte {error.start})") from None
        try:
            self.values: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: TOML inválido: {error}") from None

    def table(self, name: str) -> dict[str, Any]:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.error((name,), f"[{name}] tiene que ser una tabla")
        return value

    def error(self, keys: tuple[str, ...], text: str) -> ConfigError:
        return ConfigError(f"{self.path}:{self.line(keys)}: {text}")

    def line(self, keys: tuple[str, ...]) -> int:
        """The line of the deepest key of a path that can be found."""
        inside: tuple[str, ...] = ()
        best, depth = 1, 0
        for n, row in enumerate(self.text.splitlines(), 1):
            bare = row.strip()
            if header := re.match(r"\[\[?\s*([^\]]+?)\s*\]\]?", bare):
                inside = _dotted(header[1])
                place = inside
            elif assigned := re.match(
                r"((?:[\w\-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w\-]+|\"[^\"]*\"|'[^']*'))*)\s*=", bare
            ):
                place = (*inside, *_dotted(assigned[1]))
                rest = keys[len(place) :]
                if place == keys[: len(place)] and rest and re.search(rf"\b{re.escape(rest[-1])}\b", bare):
                    place = keys
            else:
                continue
            same = len(place) if place == keys[: len(place)] else 0
            if same > depth:
                best, depth = n, same
        return best


def _dotted(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", text))


def _source(file: _File, name: str, table: Any) -> SourceSpec:
    where = ("source", name)
    if not isinstance(table, dict):
        raise file.error(where, f"[source.{name}] tiene que ser una tabla")
    _known(file, where, table, SOURCE_KEYS)
    kind = table.get("kind")
    if kind not in KINDS:
        raise file.error((*where, "kind"), f"kind = {kind!r}: tiene que ser {', '.join(KINDS)}")
    zone = _text(file, where, table, "timezone", DEFAULT_ZONE)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise file.error((*where, "timezone"), f"no existe el huso «{zone}»") from None
    entities_ = table.get("entity", {})
    if not isinstance(entities_, dict) or not entities_:
        raise file.error(where, f"la fuente {name} no tiene ninguna entidad ([source.{name}.entity.…])")
    base = file.path.absolute().parent
    path = _text(file, where, table, "path", "")
    if kind == "folder" and not path:
        raise file.error(where, f"la fuente {name} no dice su carpeta (path)")
    if kind == "sql" and not table.get("url"):
        raise file.error(where, f"la fuente {name} no dice su base (url)")
    delivered = tuple(_list(file, where, table, "delivered_from", list(DELIVERED)))
    for item in delivered:
        if item not in DELIVERED:
            raise file.error((*where, "delivered_from"), f"delivered_from: «{item}» no es de {', '.join(DELIVERED)}")
    defaults = {k: table[k] for k in READING & set(table)}
    made = {}
    for entity in sorted(entities_, key=lambda e: ENTITIES.index(e) if e in ENTITIES else 99):
        made[entity] = _entity(file, (*where, "entity", entity), entity, entities_[entity], defaults, kind)
    return SourceSpec(
        name, kind, base, file.path, zone, _optional(file, where, table, "branch"), made,
        (base / path) if path else None, _optional(file, where, table, "url"),
        _optional(file, where, table, "base_url"), _optional(file, where, table, "area_code"), delivered,
        _number(file, where, table, "invoiced_hours"), float(table.get("timeout", 60)),
        {str(k): str(v) for k, v in table.get("headers", {}).items()}, _optional(file, where, table, "dialect"),
    )  # fmt: skip


def _entity(
    file: _File, where: tuple[str, ...], name: str, table: Any, defaults: Mapping[str, Any], kind: str
) -> EntitySpec:
    if name not in ENTITIES:
        raise file.error(where, f"no hay una entidad «{name}»; las que hay: {', '.join(ENTITIES)}")
    if not isinstance(table, dict):
        raise file.error(where, f"[{'.'.join(where)}] tiene que ser una tabla")
    _known(file, where, table, ENTITY_KEYS)
    table = {**defaults, **table}
    mode = table.get("mode", "delta")
    if mode not in ("snapshot", "window", "delta"):
        raise file.error((*where, "mode"), f"mode = {mode!r}: tiene que ser snapshot, window o delta")
    needed = {"folder": "files", "sql": "select", "star": "resource"}[kind]
    if not table.get(needed) and not (kind == "star" and table.get("files")):
        raise file.error(where, f"la entidad {name} no dice de dónde se lee ({needed})")
    fields, feeds = _map(file, (*where, "map"), name, table.get("map", {}))
    if not fields and kind != "star":
        raise file.error(where, f"la entidad {name} no tiene ningún campo (map)")
    key = tuple(_list(file, where, table, "key", []))
    stop_at = _optional(file, where, table, "stop_at")
    if stop_at is not None:
        try:
            re.compile(stop_at)
        except re.error as error:
            raise file.error((*where, "stop_at"), f"stop_at no es una expresión válida: {error}") from None
    encoding = _optional(file, where, table, "encoding")
    if encoding is not None:
        try:
            "".encode(encoding)
        except LookupError:
            raise file.error((*where, "encoding"), f"no existe la codificación «{encoding}»") from None
    if not key and kind != "star" and name not in ("delivery",):
        raise file.error(where, f"la entidad {name} no dice su clave (key)")
    plain = json.dumps(table, sort_keys=True, default=str)
    return EntitySpec(
        name, _optional(file, where, table, "files"), _optional(file, where, table, "select"),
        _optional(file, where, table, "resource"), mode, _window(file, where, table), encoding,
        _optional(file, where, table, "delimiter"), _text(file, where, table, "decimal", "."),
        _number(file, where, table, "header_row") or 1, bool(table.get("skip_blank", True)), stop_at,
        table.get("sheet"), key, tuple(str(n) for n in _list(file, where, table, "null", [""])),
        tuple(_list(file, where, table, "scope", [])), fields, feeds,
        hashlib.sha256(plain.encode()).hexdigest()[:16],
    )  # fmt: skip


def _map(
    file: _File, where: tuple[str, ...], entity: str, table: Any
) -> tuple[dict[str, Value], dict[str, dict[str, Value]]]:
    if not isinstance(table, dict):
        raise file.error(where, "map tiene que ser una tabla")
    fields: dict[str, Value] = {}
    feeds: dict[str, dict[str, Value]] = {}
    for name, raw in table.items():
        if name in ("customer", "vehicle") and isinstance(raw, dict) and name not in FIELDS[entity]:
            if entity == name:
                raise file.error((*where, name), f"{name}.… no va en la entidad {entity}")
            for inner, value in raw.items():
                if inner not in FIELDS[name]:
                    raise file.error((*where, name, inner), f"clave desconocida «{name}.{inner}»")
                feeds.setdefault(name, {})[inner] = _value(file, (*where, name, inner), name, inner, value)
        elif name in FIELDS[entity]:
            fields[name] = _value(file, (*where, name), entity, name, raw)
        else:
            raise file.error((*where, name), f"clave desconocida «{name}» en {'.'.join(where[1:])}")
    return fields, feeds


def _value(file: _File, where: tuple[str, ...], entity: str, name: str, raw: Any) -> Value:
    kind = FIELDS[entity][name]
    if kind in ("phones", "services"):
        items = raw if isinstance(raw, list) else [raw]
        return Value(parts=tuple(_part(file, where, item) for item in items))
    if isinstance(raw, str):
        return Value(columns=(raw,))
    if not isinstance(raw, dict):
        raise file.error(where, f"«{where[-1]}» tiene que ser una columna o una tabla")
    _known(file, where, raw, VALUE_KEYS - {"kind"})
    ways = [k for k in ("from", "coalesce", "const") if k in raw]
    if len(ways) != 1:
        raise file.error(where, f"«{where[-1]}» tiene que decir una sola cosa: from, coalesce o const")
    values = raw.get("values")
    if values is not None:
        if not isinstance(values, dict):
            raise file.error((*where, "values"), "values tiene que ser una tabla")
        allowed = ENUMS.get((entity, name))
        for target in values.values():
            if allowed is not None and target not in allowed:
                raise file.error((*where, "values"), f"«{target}» no es un valor de {name}: {', '.join(allowed)}")
        values = {str(k).strip(): str(v) for k, v in values.items()}
    return Value(
        columns=tuple(_list(file, where, raw, "from", [])),
        join=str(raw.get("join", " ")),
        formats=tuple(_list(file, where, raw, "format", [])),
        values=values,
        coalesce=tuple(_list(file, where, raw, "coalesce", [])),
        const=raw.get("const"),
    )


def _part(file: _File, where: tuple[str, ...], item: Any) -> tuple[str, str | None]:
    if isinstance(item, str):
        return item, None
    if isinstance(item, dict) and isinstance(item.get("from"), str):
        _known(file, where, item, frozenset({"from", "kind"}))
        kind = item.get("kind")
        if kind not in (None, "mobile", "fixed", "unknown"):
            raise file.error(where, f"kind = {kind!r}: tiene que ser mobile, fixed o unknown")
        return item["from"], kind
    raise file.error(where, f"«{where[-1]}»: cada elemento es una columna o {{ from = …, kind = … }}")


def _known(file: _File, where: tuple[str, ...], table: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for key in table:
        if key not in allowed:
            raise file.error((*where, key), f"clave desconocida «{key}» en {'.'.join(where)}")


def _text(file: _File, where: tuple[str, ...], table: Mapping[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise file.error((*where, key), f"{key} tiene que ser un texto")
    return value


def _optional(file: _File, where: tuple[str, ...], table: Mapping[str, Any], key: str) -> str | None:
    return _text(file, where, table, key, "") if key in table else None


def _number(file: _File, where: tuple[str, ...], table: Mapping[str, Any], key: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise file.error((*where, key), f"{key} tiene que ser un número entero")
    return value


def _list(file: _File, where: tuple[str, ...], table: Mapping[str, Any], key: str, default: list[str]) -> list[str]:
    value = table.get(key, default)
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise file.error((*where, key), f"{key} tiene que ser un texto o una lista de textos")
    return list(items)


def _window(file: _File, where: tuple[str, ...], table: Mapping[str, Any]) -> tuple[int, int] | None:
    value = table.get("window_days")
    if value is None:
        if table.get("mode") == "window":
            raise file.error(where, "mode = window necesita window_days = [desde, hasta]")
        return None
    if not (
        isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value) and value[0] <= value[1]
    ):
        raise file.error((*where, "window_days"), "window_days tiene que ser [desde, hasta] en días")
    return value[0], value[1]
