"""How a layout lies in the database: entity → table, DMS field → column, record → staged tuple (DMS.md §1)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Table

from boxes_tui.data.tables import (
    appointment,
    customer,
    incident,
    repair_order,
    repair_order_line,
    sale_delivery,
    vehicle,
)
from boxes_tui.dms.records import FIELDS, UNTOUCHED, Feed, Layout, Record
from boxes_tui.domain.phones import parse_phone
from boxes_tui.text import fold

TABLES: Final[dict[str, Table]] = {
    "customer": customer,
    "vehicle": vehicle,
    "delivery": sale_delivery,
    "appointment": appointment,
    "repair_order": repair_order,
    "repair_order_line": repair_order_line,
    "incident": incident,
}
GROUPS: Final = (
    ("customer",),
    ("vehicle",),
    ("delivery",),
    ("appointment",),
    ("repair_order", "repair_order_line", "incident"),
)
"""Entities that share a transaction: lines and incidents go with their orders."""
DAY_COLUMN: Final = {"delivery": "delivered_day", "appointment": "start_day", "repair_order": "opened_day"}
OWN_DATE: Final = {"delivery": "delivered_at", "appointment": "starts_at", "repair_order": "opened_at"}
CHILDREN: Final = ("repair_order_line", "incident")
RENAMED: Final = {
    ("appointment", "arrived_at"): "dms_arrived_at",
    ("appointment", "arrived_at_precision"): "dms_arrived_at_precision",
}
NO_COLUMN: Final = frozenset({"phones"})
"""Fields that are staged but live in tables of their own."""
_NAMES: Final = ("display_name", "given_name", "family_name", "company_name")
_INTEGERS: Final = frozenset({"instant", "day", "int", "money", "milli"})


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one read: ``fields`` as staged, ``columns`` those that the target table has."""

    entity: str
    table: Table
    fields: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """(staged field, target column)."""
    salt: str = ""
    lists: tuple[int, ...] = field(default=())
    """Places of the fields that are staged as JSON."""
    extra: tuple[str, ...] = ()
    """Fields made here: the shown and the folded name of a customer, the contact telephone of an appointment."""
    area_code: str | None = None

    @classmethod
    def of(cls, layout: Layout, area_code: str | None = None) -> Shape:
        """The shape of a layout; ``area_code`` completes local telephones."""
        table = TABLES[layout.entity]
        pairs = []
        for name in layout.fields:
            column = RENAMED.get((layout.entity, name), name)
            if name not in NO_COLUMN and column in table.c:
                pairs.append((name, column))
        extra: tuple[str, ...] = ()
        if layout.entity == "customer" and any(n in layout.fields for n in _NAMES):
            extra = ("name_fold",) if "display_name" in layout.fields else ("name_fold", "display_name")
        if layout.entity == "appointment" and "contact_phone" in layout.fields:
            extra = ("contact_e164", "contact_last10", "contact_kind")
        pairs += [(n, n) for n in extra]
        kinds = FIELDS[layout.entity]
        lists = tuple(n for n, name in enumerate(layout.fields) if kinds.get(name) in ("phones", "services"))
        return cls(
            layout.entity, table, (*layout.fields, *extra), tuple(pairs), repr(layout.fields), lists, extra, area_code
        )

    def column_types(self) -> list[str]:
        """``name TYPE`` of the staged fields."""
        kinds = FIELDS[self.entity]
        made = []
        for name in self.fields:
            kind = kinds.get(name, "int" if name.endswith("_day") or name in ("line_no", "seq") else "text")
            made.append(f"{name} {'BIGINT' if kind in _INTEGERS else 'BOOLEAN' if kind == 'bool' else 'TEXT'}")
        return made

    def staged(self, record: Record, number: int) -> tuple[Any, ...]:
        """(rn, key, line, hash, skipped fields, …values) of a record."""
        values = record.values
        text = repr(values) if not record.feeds else repr((values, record.feeds))
        digest = blake2b((self.salt + text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        hash_ = int.from_bytes(digest, "big", signed=True)
        if self.extra:
            values = (*values, *(self._names(values) if self.entity == "customer" else self._contact(values)))
        if UNTOUCHED not in values and not self.lists:
            return (number, record.key, record.line, hash_, None, *values)
        skipped = [f for f, v in zip(self.fields, values, strict=True) if v is UNTOUCHED]
        plain = [None if v is UNTOUCHED else v for v in values]
        for place in self.lists:
            if plain[place] is not None:
                plain[place] = json.dumps(as_lists(plain[place]), ensure_ascii=False)
        return (number, record.key, record.line, hash_, f",{','.join(skipped)}," if skipped else None, *plain)

    def _names(self, values: tuple[Any, ...]) -> list[Any]:
        """The extra fields of a customer: untouched where a name could not be read."""
        said = {n: v for n, v in zip(self.fields, values, strict=False) if n in _NAMES}
        if UNTOUCHED in said.values():
            return [UNTOUCHED] * len(self.extra)
        joined = ", ".join(said[n] for n in ("family_name", "given_name") if said.get(n))
        name = said.get("display_name") or joined or said.get("company_name")
        return [fold(name) if name else None, name][: len(self.extra)]

    def _contact(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """E.164, last ten digits and kind of the contact telephone, which overrides the customer's (DMS.md §2)."""
        raw = values[self.fields.index("contact_phone")]
        if raw is None or raw is UNTOUCHED:
            return (raw, raw, raw)
        info = parse_phone(raw, self.area_code)
        return (info.e164, info.last10, info.kind) if info.valid else (None, None, info.kind)


def as_lists(items: Any) -> list[list[Any]]:
    """Phones and services as lists of plain values."""
    return [list(v) if isinstance(v, tuple) else [v.raw, v.e164, v.last10, v.kind] for v in items]


def feed_body(feed: Feed) -> str:
    """The dotted fields of a row as JSON; what is untouched or empty is left out."""
    body: dict[str, Any] = {}
    for name, value in zip(feed.fields, feed.values, strict=True):
        if value is not UNTOUCHED and value is not None and value != ():
            body[name] = as_lists(value) if isinstance(value, tuple) else value
    return json.dumps(body, ensure_ascii=False)
