"""What a card, *Mi día* and the wall ask by person and by agent is found by an index, at five years of rows too."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    partial("ix_vehicle_driver_id", "vehicle", ["driver_id"], "driver_id IS NOT NULL")
    partial("ix_opportunity_sold", "opportunity", ["state_day", "branch_id"], "state = 'sold'")
    for table in ("sale_delivery", "appointment", "repair_order", "opportunity", "complaint"):
        partial(f"ix_{table}_promised", table, ["next_at"], "next_kind = 'callback'")
    partial("ix_call_callback", "call", ["callback_user_id", "callback_at"], "callback_at IS NOT NULL")
    partial("ix_call_retry", "call", ["retry_at"], "retry_at IS NOT NULL")
    partial("ix_customer_without_phone", "customer", ["without_phone_at"], "without_phone_at IS NOT NULL")


def partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
