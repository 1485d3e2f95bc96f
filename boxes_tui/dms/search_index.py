"""What search anywhere finds: folded words of the customers, vehicles, orders and appointments that a run changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from boxes_tui.data.search_words import put
from boxes_tui.dms.apply import Context
from boxes_tui.text import fold

_QUERIES = {
    "customer": "SELECT id, id, NULL, coalesce(display_name, '') || ' ' || coalesce(company_name, '') || ' ' || "
    "coalesce(doc_digits, '') || ' ' || coalesce(email, '') FROM customer WHERE last_changed_run >= :since "
    "AND merged_into_id IS NULL AND erased_at IS NULL",
    "vehicle": "SELECT id, owner_id, id, coalesce(plate, '') || ' ' || coalesce(vin, '') || ' ' || coalesce(chassis, '') "
    "FROM vehicle WHERE last_changed_run >= :since AND merged_into_id IS NULL",
    "order": "SELECT id, customer_id, vehicle_id, coalesce(source_key, '') || ' ' || coalesce(number, '') "
    "FROM repair_order WHERE last_changed_run >= :since AND NOT is_stub",
    "appointment": "SELECT id, customer_id, vehicle_id, coalesce(source_key, '') || ' ' || coalesce(contact_name, '') "
    "FROM appointment WHERE last_changed_run >= :since AND NOT is_stub",
}


def index(conn: Connection, ctx: Context) -> None:
    """Bring the search entries of this run's rows up to date."""
    for kind, query in _QUERIES.items():
        rows: list[dict[str, Any]] = []
        for row_id, who, unit, words in conn.execute(text(query), {"since": ctx.since_run}):
            rows.append({"i": row_id, "c": who, "v": unit, "w": " " + fold(words)})
        put(conn, kind, rows)
