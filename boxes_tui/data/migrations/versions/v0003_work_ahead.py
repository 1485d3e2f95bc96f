"""Counts and lists read what is still to be worked from indexes that hold nothing else; an order is found by its number.

The columns behind the day are those that the conditions ask for: the count reads no row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WORK_AHEAD = (
    ("ix_repair_order_open", "repair_order", ("opened_day", "branch_id", "status", "gone_at", "is_stub", "delivery_basis",
                                              "handover_at"), "handover_at IS NULL"),
    ("ix_repair_order_uncalled", "repair_order", ("handover_day", "branch_id", "status", "gone_at", "is_stub",
                                                  "courtesy_call_id"), "courtesy_call_id IS NULL"),
    ("ix_sale_delivery_uncalled", "sale_delivery", ("delivered_day", "branch_id", "status", "gone_at", "is_stub",
                                                    "last_call_id", "welcome_call_id"), "welcome_call_id IS NULL"),
    ("ix_appointment_ahead", "appointment", ("start_day", "branch_id", "status", "gone_at", "is_stub", "vanished_at",
                                             "confirmed_at", "rebooked_id", "follow_call_id", "arrived_at"),
     "arrived_at IS NULL"),
)  # fmt: skip


def upgrade() -> None:
    op.drop_index("ix_repair_order_open", "repair_order")
    for name, table, columns, where in WORK_AHEAD:
        op.create_index(name, table, list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_repair_order_number", "repair_order", ["number"])
