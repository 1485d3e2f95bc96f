"""The TOML grammar of sources (DMS.md §3), to the letter: every unknown key is an error with its file and line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.config import KNOWN
from boxes_tui.dms.mapping_fields import column_name, known, listed, mapped, text, unknown
from boxes_tui.dms.records import ENTITIES, FIELDS
from boxes_tui.dms.spec import DELIVERED, EntitySpec, Mode, SourceKind, SourceSpec, Value
from boxes_tui.dms.toml_lines import Keys, TomlFile
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

__all__ = ["DELIVERED", "EntitySpec", "Mode", "SourceSpec", "Value", "load_sources"]

READING: Final = frozenset(
    {
        "encoding", "delimiter", "decimal", "null", "header_row", "skip_blank", "stop_at", "mode", "window_days",
        "scope", "sheet",
    }
)  # fmt: skip
"""Keys that stand on an entity, or once on the source as the default of its entities."""

SOURCE_KEYS: Final = READING | {
    "kind", "path", "url", "base_url", "timezone", "branch", "entity", "area_code", "delivered_from",
    "invoiced_hours", "timeout", "headers", "dialect",
}  # fmt: skip
ENTITY_KEYS: Final = READING | {"files", "select", "resource", "key", "map", "timezone", "branch"}
KINDS: Final[tuple[SourceKind, ...]] = ("folder", "sql", "star")
MODES: Final[tuple[Mode, ...]] = ("snapshot", "window", "delta")
STAR_FILES: Final = "*.[jx][sm][ol]*"
"""JSON and XML: what a folder of STAR documents holds where the entity does not say."""
_NEEDED: Final = {"folder": "files", "sql": "select", "star": "resource"}


def load_sources(path: Path) -> dict[str, SourceSpec]:
    """The sources of a TOML file and of those it includes, by name; :class:`ConfigError` names file, line and key."""
    found = _load(path, ())
    if not found:
        raise ConfigError(_("{path}: no hay ninguna fuente ([source.NOMBRE])").format(path=path))
    return found


def _load(path: Path, within: tuple[Path, ...]) -> dict[str, SourceSpec]:
    file = TomlFile(path)
    known(file, (), file.values, frozenset(KNOWN))
    found = {name: _source(file, name, raw) for name, raw in _table(file, (), file.values, "source").items()}
    for name in listed(file, (), file.values, "include", []):
        other = (path.parent / name).absolute()
        if other in (path.absolute(), *within):
            raise file.error(("include",), _("include: {name} se incluye a sí mismo").format(name=name))
        for source, spec in _load(other, (*within, path.absolute())).items():
            if source in found:
                raise file.error(
                    ("include",),
                    _("include: la fuente «{source}» de {name} ya está dicha").format(source=source, name=name),
                )
            found[source] = spec
    return found


def _source(file: TomlFile, name: str, raw: Any) -> SourceSpec:
    where = ("source", name)
    if not isinstance(raw, dict):
        raise file.error(where, _("[source.{name}] tiene que ser una tabla").format(name=name))
    known(file, where, raw, SOURCE_KEYS)
    kind = next((k for k in KINDS if k == raw.get("kind")), None)
    if kind is None:
        raise file.error(
            (*where, "kind"),
            _("kind = {said!r}: tiene que ser {list}").format(said=raw.get("kind"), list=", ".join(KINDS)),
        )
    path = text(file, where, raw, "path")
    url, base_url = text(file, where, raw, "url"), text(file, where, raw, "base_url")
    if kind == "folder" and not path:
        raise file.error(where, _("la fuente {name} no dice su carpeta (path)").format(name=name))
    if kind == "sql" and not url:
        raise file.error(where, _("la fuente {name} no dice su base (url)").format(name=name))
    if kind == "star" and bool(path) == bool(base_url):
        raise file.error(where, _("la fuente {name} tiene que decir una de las dos: path o base_url").format(name=name))
    delivered = tuple(listed(file, where, raw, "delivered_from", list(DELIVERED)))
    for item in delivered:
        if item not in DELIVERED:
            raise file.error(
                (*where, "delivered_from"),
                _("delivered_from: «{item}» no es de {list}").format(item=item, list=", ".join(DELIVERED)),
            )
    base = file.path.absolute().parent
    return SourceSpec(
        name=name, kind=kind, base=base, file=file.path, timezone=_zone(file, where, raw, DEFAULT_ZONE),
        branch=text(file, where, raw, "branch"), entities=_entities(file, where, raw, kind),
        path=base / path if path else None, url=url, base_url=base_url, area_code=text(file, where, raw, "area_code"),
        delivered_from=delivered, invoiced_hours=_number(file, where, raw, "invoiced_hours"),
        timeout=float(_number(file, where, raw, "timeout") or 60),
        headers={k: str(v) for k, v in _table(file, where, raw, "headers").items()},
        dialect=text(file, where, raw, "dialect"),
    )  # fmt: skip


def _entities(file: TomlFile, where: Keys, raw: Mapping[str, Any], kind: SourceKind) -> dict[str, EntitySpec]:
    tables = _table(file, where, raw, "entity")
    if not tables:
        raise file.error(
            where,
            _("la fuente {name} no tiene ninguna entidad ([source.{name}.entity.…])").format(name=where[-1]),
        )
    for name in tables:
        if name not in ENTITIES:
            raise unknown(file, (*where, "entity", name), name, ENTITIES)
    return {e: _entity(file, (*where, "entity", e), tables[e], raw, kind) for e in ENTITIES if e in tables}


def _entity(file: TomlFile, where: Keys, raw: Any, source: Mapping[str, Any], kind: SourceKind) -> EntitySpec:
    name = where[-1]
    if not isinstance(raw, dict):
        raise file.error(where, _("[{list}] tiene que ser una tabla").format(list=".".join(where)))
    known(file, where, raw, ENTITY_KEYS)
    own = _Own(file, where, raw, source)
    mode = next((m for m in MODES if m == own.get("mode", "delta")), None)
    if mode is None:
        raise own.error(
            "mode", _("mode = {said!r}: tiene que ser snapshot, window o delta").format(said=own.get("mode"))
        )
    if not raw.get(_NEEDED[kind]):
        raise file.error(
            where, _("la entidad {name} no dice de dónde se lee ({key})").format(name=name, key=_NEEDED[kind])
        )
    files = text(file, where, raw, "files")
    if files and ("/" in files or "\\" in files):
        raise file.error((*where, "files"), _("files es el nombre de los archivos, sin carpetas"))
    if kind == "star" and source.get("path"):
        files = files or STAR_FILES
    fields, feeds = mapped(file, (*where, "map"), name, _table(file, where, raw, "map"))
    branch = text(file, where, raw, "branch")
    if branch and "branch" in FIELDS[name] and "branch" not in fields:
        fields["branch"] = Value(const=branch)
    key = own.columns("key")
    if kind != "star" and not fields:
        raise file.error(where, _("la entidad {name} no tiene ningún campo (map)").format(name=name))
    if kind != "star" and not key and name != "delivery":
        raise file.error(where, _("la entidad {name} no dice su clave (key)").format(name=name))
    zone = _zone(file, where, raw, str(source.get("timezone", DEFAULT_ZONE)))
    settings = {**{k: source[k] for k in source if k in READING}, **raw}
    plain = json.dumps([settings, zone, source.get("area_code")], sort_keys=True, default=str)
    return EntitySpec(
        name=name, files=files, select=text(file, where, raw, "select"), resource=text(file, where, raw, "resource"),
        mode=mode, window_days=own.window(mode), encoding=own.encoding(), delimiter=own.delimiter(),
        decimal=own.decimal(), header_row=own.number("header_row") or 1, skip_blank=own.flag("skip_blank", True),
        stop_at=own.pattern("stop_at"), sheet=own.sheet(), key=key, null=tuple(own.listed("null", [""])),
        scope=own.columns("scope"), timezone=zone, fields=fields, feeds=feeds,
        digest=hashlib.sha256(plain.encode()).hexdigest()[:16],
    )  # fmt: skip


class _Own:
    """The settings of an entity over the defaults of its source; errors name the line of the one that said it."""

    def __init__(self, file: TomlFile, where: Keys, raw: Mapping[str, Any], source: Mapping[str, Any]) -> None:
        self.file, self.where, self.raw, self.source = file, where, raw, source

    def _of(self, key: str) -> tuple[Keys, Mapping[str, Any]]:
        return (self.where, self.raw) if key in self.raw else (self.where[:2], self.source)

    def get(self, key: str, default: Any = None) -> Any:
        return self._of(key)[1].get(key, default)

    def error(self, key: str, said: str) -> ConfigError:
        return self.file.error((*self._of(key)[0], key), said)

    def text(self, key: str) -> str | None:
        where, raw = self._of(key)
        return text(self.file, where, raw, key)

    def listed(self, key: str, default: list[str]) -> list[str]:
        where, raw = self._of(key)
        return listed(self.file, where, raw, key, default)

    def columns(self, key: str) -> tuple[str, ...]:
        found = tuple(column_name(name) for name in self.listed(key, []))
        if not all(found):
            raise self.error(key, _("{key} nombra una columna vacía").format(key=key))
        return found

    def number(self, key: str) -> int | None:
        where, raw = self._of(key)
        return _number(self.file, where, raw, key)

    def flag(self, key: str, default: bool) -> bool:
        found = self.get(key, default)
        if not isinstance(found, bool):
            raise self.error(key, _("{key} tiene que ser true o false").format(key=key))
        return found

    def encoding(self) -> str | None:
        name = self.text("encoding")
        if name is not None:
            try:
                "".encode(name)
            except LookupError:
                raise self.error("encoding", _("no existe la codificación «{name}»").format(name=name)) from None
        return name

    def delimiter(self) -> str | None:
        sign = self.text("delimiter")
        if sign is not None and (len(sign) != 1 or sign in '"\r\n'):
            raise self.error("delimiter", _("delimiter tiene que ser un solo carácter"))
        return sign

    def decimal(self) -> str:
        sign = self.text("decimal") or "."
        if sign not in (".", ","):
            raise self.error("decimal", _('decimal tiene que ser "." o ","'))
        return sign

    def pattern(self, key: str) -> str | None:
        found = self.text(key)
        if found is not None:
            try:
                re.compile(found)
            except re.error as error:
                raise self.error(
                    key, _("{key} no es una expresión válida: {error}").format(key=key, error=error)
                ) from None
        return found

    def sheet(self) -> str | int | None:
        found = self.get("sheet")
        if found is None or isinstance(found, str) or (isinstance(found, int) and found >= 1):
            return found
        raise self.error("sheet", _("sheet es el nombre de la hoja, o su número desde 1"))

    def window(self, mode: str) -> tuple[int, int] | None:
        found = self.get("window_days")
        if found is None:
            if mode == "window":
                raise self.error("mode", _("mode = window necesita window_days = [desde, hasta]"))
            return None
        if isinstance(found, list) and len(found) == 2 and all(type(n) is int for n in found) and found[0] <= found[1]:
            return found[0], found[1]
        raise self.error("window_days", _("window_days tiene que ser [desde, hasta] en días"))


def _zone(file: TomlFile, where: Keys, raw: Mapping[str, Any], default: str) -> str:
    name = text(file, where, raw, "timezone") or default
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise file.error((*where, "timezone"), _("no existe el huso «{name}»").format(name=name)) from None
    return name


def _table(file: TomlFile, where: Keys, raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = raw.get(key, {})
    if not isinstance(found, dict):
        raise file.error((*where, key), _("{key} tiene que ser una tabla").format(key=key))
    return found


def _number(file: TomlFile, where: Keys, raw: Mapping[str, Any], key: str) -> int | None:
    found = raw.get(key)
    if found is None:
        return None
    if type(found) is not int or found < (1 if key in ("header_row", "timeout") else 0):
        raise file.error((*where, key), _("{key} tiene que ser un número entero").format(key=key))
    return found
