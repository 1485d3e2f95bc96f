"""The indexes of the rows that still wait for something: the queues, the footer and *Mi día* read no others.

With every column of its conditions in the index a count reads no row.  Apart from the tables, for SQLAlchemy loads
every dialect that an index has an option of, and a start waits for it (QUALITY P1b).
"""

from __future__ import annotations

from sqlalchemy import Index, text

from boxes_tui.data.tables import metadata as metadata


def still(name: str, table: str, *columns: str, where: str, unique: bool = False) -> None:
    """An index of the rows of ``table`` for which ``where`` holds."""
    of = metadata.tables[table]
    Index(
        name, *(of.c[column] for column in columns), unique=unique, sqlite_where=text(where),
        postgresql_where=text(where),
    )  # fmt: skip


still("ix_opportunity_open", "opportunity", "due_day", "branch_id", where="state = 'open'")
still("ix_opportunity_sold", "opportunity", "state_day", "branch_id", where="state = 'sold'")
still("uq_opportunity_open_vehicle_origin", "opportunity", "vehicle_id", "origin", unique=True,
      where="state = 'open' AND vehicle_id IS NOT NULL")  # fmt: skip
still("ix_complaint_open", "complaint", "due_at", where="closed_at IS NULL")
still("ix_sale_delivery_uncalled", "sale_delivery", "delivered_day", "branch_id", "status", "gone_at", "is_stub",
      "last_call_id", "welcome_call_id", where="welcome_call_id IS NULL")  # fmt: skip
still("ix_appointment_ahead", "appointment", "start_day", "branch_id", "status", "gone_at", "is_stub", "vanished_at",
      "confirmed_at", "rebooked_id", "follow_call_id", "arrived_at", where="arrived_at IS NULL")  # fmt: skip
still("ix_repair_order_open", "repair_order", "opened_day", "branch_id", "status", "gone_at", "is_stub",
      "delivery_basis", "handover_at", where="handover_at IS NULL")  # fmt: skip
still("ix_repair_order_uncalled", "repair_order", "handover_day", "branch_id", "status", "gone_at", "is_stub",
      "courtesy_call_id", where="courtesy_call_id IS NULL")  # fmt: skip
still("ix_call_retry", "call", "retry_at", where="retry_at IS NOT NULL")
still("ix_call_callback", "call", "callback_user_id", "callback_at", where="callback_at IS NOT NULL")
still("ix_customer_without_phone", "customer", "without_phone_at", where="without_phone_at IS NOT NULL")
still("ix_vehicle_driver_id", "vehicle", "driver_id", where="driver_id IS NOT NULL")
for worked in ("sale_delivery", "appointment", "repair_order", "opportunity", "complaint"):
    still(f"ix_{worked}_promised", worked, "next_at", where="next_kind = 'callback'")
