"""What search anywhere finds: folded words of the customers, vehicles, orders and appointments that a run touched."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from boxes_tui.data.search_words import add, put
from boxes_tui.dms.ground import touched
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
        last = 0
        while True:
            rows = conn.execute(
                text(
                    f"SELECT t.id, {columns}, e.words, e.customer_id, e.vehicle_id FROM {table} t LEFT JOIN search_entry e "
                    f"ON e.kind = '{kind}' AND e.row_id = t.id WHERE t.id IN {touched(table)} AND {where} AND t.id > :last "
                    f"ORDER BY t.id LIMIT {BLOCK}"
                ),
                {"last": last},
            ).all()
            if not rows:
                break
            made = [(i, who, unit, " " + fold(words), old) for i, who, unit, words, *old in rows]
            fresh = [old[0] is None for *_row, old in made]
            entries = [{"i": i, "c": c, "v": v, "w": w} for i, c, v, w, _old in made]
            add(conn, kind, [e for e, new in zip(entries, fresh, strict=True) if new])
            put(conn, kind, [e for e, row in zip(entries, made, strict=True)
                             if row[4][0] is not None and [e["w"], e["c"], e["v"]] != row[4]])  # fmt: skip
            last = rows[-1][0]
