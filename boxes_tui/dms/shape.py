"""How a layout lies in the database: entity → table, DMS field → column, record → staged tuple (DMS.md §1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
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
from boxes_tui.dms.records import UNTOUCHED, Layout, Record

TABLES: Final[dict[str, Table]] = {
    "customer": customer,
    "vehicle": vehicle,
    "delivery": sale_delivery,
    "appointment": appointment,
    "repair_order": repair_order,
    "repair_order_line": repair_order_line,
    "incident": incident,
}
DAY_COLUMN: Final = {"delivery": "delivered_day", "appointment": "start_day", "repair_order": "opened_day"}
RENAMED: Final = {
    ("appointment", "arrived_at"): "dms_arrived_at",
    ("appointment", "arrived_at_precision"): "dms_arrived_at_precision",
}
NO_COLUMN: Final = frozenset({"phones"})
"""Fields that are staged but live in tables of their own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of one read: ``fields`` as staged, ``columns`` those that the target table has."""

    entity: str
    table: Table
    fields: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """(staged field, target column), without the version column."""

    @classmethod
    def of(cls, layout: Layout) -> Shape:
        """The shape of a layout."""
        table = TABLES[layout.entity]
        pairs = []
        for field in layout.fields:
            name = RENAMED.get((layout.entity, field), field)
            if field not in NO_COLUMN and name in table.c:
                pairs.append((field, name))
        return cls(layout.entity, table, layout.fields, tuple(pairs))

    def staged(self, record: Record, number: int) -> tuple[Any, ...]:
        """(rn, key, line, hash, skipped fields, …values) of a record."""
        values = record.values
        skipped: str | None = None
        if UNTOUCHED in values:
            skipped = "," + ",".join(f for f, v in zip(self.fields, values, strict=True) if v is UNTOUCHED) + ","
        return (number, record.key, record.line, row_hash((values, record.feeds)), skipped, *map(_plain, values))


def row_hash(values: Sequence[Any]) -> int:
    """A signed 64-bit digest of the normalised DMS-owned fields."""
    return int.from_bytes(blake2b(repr(values).encode(), digest_size=8).digest(), "big", signed=True)


def _plain(value: Any) -> Any:
    if value is UNTOUCHED or value is None:
        return None
    if isinstance(value, tuple):
        return json.dumps([list(v) if isinstance(v, tuple) else [v.raw, v.e164, v.last10, v.kind] for v in value],
                          ensure_ascii=False)  # fmt: skip
    return value
