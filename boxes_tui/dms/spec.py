"""What a mapping says, once read: sources, their entities, and how each field is taken from columns (DMS.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Mode = Literal["snapshot", "window", "delta"]
SourceKind = Literal["folder", "sql", "star"]
DELIVERED: Final = ("delivered_at", "picked_up_at", "status", "closed_at", "invoiced_at")
"""What may say that an order was delivered, in the order of DMS.md §4; a source may choose by ``delivered_from``."""


@dataclass(frozen=True, slots=True)
class Value:
    """How one field is read: ``columns`` joined by ``join``, or the first of ``coalesce`` that is not null, or
    ``const``; ``parts`` for telephones and services."""

    columns: tuple[str, ...] = ()
    join: str = " "
    formats: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    coalesce: tuple[str, ...] = ()
    const: Any = None
    parts: tuple[tuple[str, str | None], ...] = ()
    """For ``phones`` and ``services``: (column, declared kind)."""
    kind: str | None = None
    """Of a telephone that ``coalesce`` chooses: its declared kind."""

    def names(self) -> tuple[str, ...]:
        """Every column that the value needs."""
        return (*self.columns, *self.coalesce, *(column for column, _kind in self.parts))


@dataclass(frozen=True, slots=True)
class EntitySpec:
    """One entity of a source. ``timezone`` is the zone of its local dates."""

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
    timezone: str
    fields: Mapping[str, Value]
    feeds: Mapping[str, Mapping[str, Value]]
    digest: str
    """Of everything above: the same bytes under another mapping are read again."""

    def columns(self) -> list[str]:
        """Every column that the mapping names, each once."""
        found: dict[str, None] = dict.fromkeys([*self.key, *self.scope])
        for values in (self.fields, *self.feeds.values()):
            for value in values.values():
                found.update(dict.fromkeys(value.names()))
        return list(found)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source. ``base`` is the folder of its TOML file: relative paths begin there. ``timeout`` in seconds."""

    name: str
    kind: SourceKind
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
