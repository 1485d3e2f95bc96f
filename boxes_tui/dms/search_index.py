"""What search anywhere finds: folded words of the customers, vehicles, orders and appointments that a run touched."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.data.search_words import add, put
from boxes_tui.text import fold

BLOCK: Final = 5000
_QUERIES: Final = {
    "customer": ("customer", "t.id, NULL, coalesce(t.display_name, '') || ' ' || coalesce(t.company_name, '') || ' ' || "
                 "coalesce(t.doc_digits, '') || ' ' || coalesce(t.email, '')",
                 "t.merged_into_id IS NULL AND t.erased_at IS NULL"),
    "vehicle": ("vehicle", "t.owner_id, t.id, coalesce(t.plate, '') || ' ' || coalesce(t.vin, t.chassis, '')",
                "t.merged_into_id IS NULL"),
    "order": ("repair_order", "t.customer_id, t.vehicle_id, coalesce(t.source_key, '') || ' ' || coalesce(t.number, '')",
              "NOT t.is_stub"),
    "appointment": ("appointment", "t.customer_id, t.vehicle_id, coalesce(t.source_key, '') || ' ' || coalesce(t.contact_name, '')",
                    "NOT t.is_stub"),
}  # fmt: skip


def index(conn: Connection) -> None:
    """Bring the search entries of the touched rows up to date; rows whose entry would stay as it is are left alone."""
    for kind, (table, columns, where) in _QUERIES.items():
        query = (
            f"SELECT t.id, {columns}, e.words, e.customer_id, e.vehicle_id FROM boxes_touched b JOIN {table} t ON t.id = b.id "
            f"LEFT JOIN search_entry e ON e.kind = '{kind}' AND e.row_id = t.id WHERE b.kind = '{table}' AND b.id > :last "
            f"AND {where} ORDER BY b.id LIMIT {BLOCK}"
        )
        last = 0
        while rows := conn.execute(text(query), {"last": last}).all():
            fresh, changed = [], []
            for row_id, who, unit, words, old, old_who, old_unit in rows:
                new = " " + fold(words)
                if old is None:
                    fresh.append((kind, row_id, who, unit, new))
                elif (old, old_who, old_unit) != (new, who, unit):
                    changed.append({"i": row_id, "c": who, "v": unit, "w": new})
            add(conn, fresh)
            put(conn, kind, changed)
            last = rows[-1][0]
