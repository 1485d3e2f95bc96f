"""The ``map`` of an entity: field names on the left, columns on the right (DMS.md §3, *Values*)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from boxes_tui.dms.records import ENUMS, FIELDS
from boxes_tui.dms.spec import Value
from boxes_tui.dms.toml_lines import Keys, TomlFile
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

VALUE_KEYS: Final = frozenset({"from", "join", "format", "values", "coalesce", "const"})
LIST_KEYS: Final = frozenset({"from", "kind", "coalesce", "const"})
FEEDS: Final = {
    "vehicle": ("customer",),
    "delivery": ("customer", "vehicle"),
    "appointment": ("customer", "vehicle"),
    "repair_order": ("customer", "vehicle"),
}
"""Which records the dotted fields of an entity may feed: those that its rows name."""
PHONE_KINDS: Final = (None, "mobile", "fixed", "unknown")


def mapped(
    file: TomlFile, where: Keys, entity: str, table: Mapping[str, Any]
) -> tuple[dict[str, Value], dict[str, dict[str, Value]]]:
    """The fields of an entity, and those of the customer and the vehicle that its rows feed."""
    fields: dict[str, Value] = {}
    feeds: dict[str, dict[str, Value]] = {}
    for name, raw in table.items():
        if name in FIELDS[entity]:
            fields[name] = _value(file, (*where, name), entity, name, raw)
        elif name in FEEDS.get(entity, ()) and isinstance(raw, dict):
            for inner, value in raw.items():
                if inner not in FIELDS[name]:
                    raise unknown(file, (*where, name, inner), f"{name}.{inner}", [f"{name}.{f}" for f in FIELDS[name]])
                feeds.setdefault(name, {})[inner] = _value(file, (*where, name, inner), name, inner, value)
        else:
            raise unknown(file, (*where, name), name, [*FIELDS[entity], *FEEDS.get(entity, ())])
    return fields, feeds


def _value(file: TomlFile, where: Keys, entity: str, name: str, raw: Any) -> Value:
    if FIELDS[entity][name] in ("phones", "services"):
        return _list_value(file, where, FIELDS[entity][name], raw)
    if isinstance(raw, str):
        return Value(columns=(_column(file, where, raw),))
    if not isinstance(raw, dict):
        raise file.error(where, _("«{name}» tiene que ser una columna o una tabla").format(name=name))
    known(file, where, raw, VALUE_KEYS)
    _one_way(file, where, raw)
    allowed = ENUMS.get((entity, name))
    const = raw.get("const")
    if isinstance(const, (list, dict)) or (allowed is not None and const is not None and const not in allowed):
        raise file.error(
            (*where, "const"), _("const = {const!r} no es un valor de {name}").format(const=const, name=name)
        )
    return Value(
        columns=tuple(_columns(file, where, raw, "from")),
        join=text(file, where, raw, "join", " ") or "",
        formats=tuple(listed(file, where, raw, "format", [])),
        values=_values(file, where, name, raw, allowed),
        coalesce=tuple(_columns(file, where, raw, "coalesce")),
        const=const,
    )


def _values(
    file: TomlFile, where: Keys, name: str, raw: Mapping[str, Any], allowed: tuple[str, ...] | None
) -> dict[str, str] | None:
    table = raw.get("values")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise file.error((*where, "values"), _("values tiene que ser una tabla"))
    for written, target in table.items():
        if isinstance(target, (list, dict)) or (allowed is not None and target not in allowed):
            raise file.error(
                (*where, "values", written),
                _("«{target}» no es un valor de {name}{list}").format(
                    target=target, name=name, list=f": {', '.join(allowed)}" if allowed else ""
                ),
            )
    return {unicodedata.normalize("NFC", k).strip(): str(v) for k, v in table.items()}


def _list_value(file: TomlFile, where: Keys, kind: str, raw: Any) -> Value:
    """Telephones or services: a column, a list of them, or a table; ``kind`` declares that of a telephone."""
    if isinstance(raw, dict):
        known(file, where, raw, LIST_KEYS)
        _one_way(file, where, raw)
        if "const" in raw:
            return Value(const=text(file, where, raw, "const"))
        if "coalesce" in raw:
            return Value(coalesce=tuple(_columns(file, where, raw, "coalesce")), kind=_kind(file, where, raw))
        raw = [{**raw, "from": column} for column in listed(file, where, raw, "from", [])]
    items = raw if isinstance(raw, list) else [raw]
    return Value(parts=tuple(_part(file, where, kind, item) for item in items))


def _part(file: TomlFile, where: Keys, kind: str, item: Any) -> tuple[str, str | None]:
    if isinstance(item, str):
        return _column(file, where, item), None
    if not isinstance(item, dict) or not isinstance(item.get("from"), str):
        raise file.error(
            where, _("«{name}»: cada elemento es una columna o {{ from = …, kind = … }}").format(name=where[-1])
        )
    known(file, where, item, frozenset({"from", "kind"}) if kind == "phones" else frozenset({"from"}))
    return _column(file, where, item["from"]), _kind(file, where, item)


def _kind(file: TomlFile, where: Keys, item: Mapping[str, Any]) -> str | None:
    """The kind of telephone that a mapping declares."""
    declared: str | None = item.get("kind")
    if declared not in PHONE_KINDS:
        raise file.error(
            (*where, "kind"), _("kind = {declared!r}: tiene que ser mobile, fixed o unknown").format(declared=declared)
        )
    return declared


def _one_way(file: TomlFile, where: Keys, raw: Mapping[str, Any]) -> None:
    if sum(key in raw for key in ("from", "coalesce", "const")) != 1:
        raise file.error(
            where, _("«{name}» tiene que decir una sola cosa: from, coalesce o const").format(name=where[-1])
        )


def _columns(file: TomlFile, where: Keys, raw: Mapping[str, Any], key: str) -> list[str]:
    if key not in raw:
        return []
    found = listed(file, where, raw, key, [])
    if not found:
        raise file.error((*where, key), _("{key} no nombra ninguna columna").format(key=key))
    return [_column(file, (*where, key), name) for name in found]


def _column(file: TomlFile, where: Keys, name: str) -> str:
    """A column name as it is compared: trimmed, NFC, case kept."""
    plain = column_name(name)
    if not plain:
        raise file.error(where, _("«{name}» nombra una columna vacía").format(name=where[-1]))
    return plain


def column_name(name: str) -> str:
    """A column name as it is compared: NFC, trimmed, case kept (DMS.md §3)."""
    return unicodedata.normalize("NFC", name.replace("\ufeff", "")).strip()


def known(file: TomlFile, where: Keys, table: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Raise for the first key that the grammar does not know, at its line."""
    for key in table:
        if key not in allowed:
            raise unknown(file, (*where, key), key, sorted(allowed))


def unknown(file: TomlFile, where: Keys, key: str, allowed: Sequence[str]) -> ConfigError:
    """The error of a key that the grammar does not know, with the nearest one that it knows."""
    said = _("clave desconocida «{key}»").format(key=key)
    if len(where) > 1:
        place = ".".join(where[: -1 - key.count(".")])
        said = _("clave desconocida «{key}» en {place}").format(key=key, place=place)
    near = get_close_matches(key, allowed, 1)
    return file.error(where, said + (_("; ¿es «{near}»?").format(near=near[0]) if near else ""))


def text(file: TomlFile, where: Keys, table: Mapping[str, Any], key: str, default: str | None = None) -> str | None:
    """A text setting, ``default`` where it is not said."""
    value = table.get(key, default)
    if value is not None and not isinstance(value, str):
        raise file.error((*where, key), _("{key} tiene que ser un texto").format(key=key))
    return value


def listed(file: TomlFile, where: Keys, table: Mapping[str, Any], key: str, default: list[str]) -> list[str]:
    """A setting that is a text or a list of texts."""
    value = table.get(key, default)
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise file.error((*where, key), _("{key} tiene que ser un texto o una lista de textos").format(key=key))
    return list(items)
