"""What the DMS owns (DMS.md §2), beside the derived facts and queue state that BOXES keeps on the same rows.

Columns under "as written" are the DMS's words; the sync resolves them again to the ``…_id`` columns at the end of every
run.  An upsert's SET list holds DMS columns only; derived facts and queue state have other writers (DMS.md §4).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from boxes_tui.data.tables._base import BIG, ident, metadata, ref, sync_columns, work_columns
from boxes_tui.data.types import CleanNote, CleanText, Day, Instant, Json, Money


def _vehicle_reference() -> list[Column[Any]]:
    return [
        Column("vehicle_key", Text),
        Column("vin", Text),
        Column("chassis", Text),
        Column("plate", Text),
        ref("vehicle_id", "vehicle"),
    ]


sale_delivery = Table(
    "sale_delivery",
    metadata,
    ident(),
    *sync_columns(),
    *_vehicle_reference(),
    Column("customer_key", Text),
    ref("customer_id", "customer"),
    Column("buyer_name", CleanText),
    Column("sold_on", Day),
    Column("delivered_at", Instant),
    Column("delivered_at_precision", Text),
    Column("condition", Text),
    Column("salesperson", CleanText),
    Column("branch", CleanText),
    ref("branch_id", "branch"),
    Column("status", Text),
    Column("status_raw", CleanText),
    # derived
    Column("delivered_day", Day),
    # queue state
    *work_columns(),
    Column("welcome_call_id", BIG),  # the welcome call that closes
    UniqueConstraint("source_id", "source_key"),
    Index("ix_sale_delivery_day", "delivered_day", "branch_id"),
    Index("ix_sale_delivery_vehicle_id", "vehicle_id"),
    Index("ix_sale_delivery_customer_id", "customer_id"),
)

appointment = Table(
    "appointment",
    metadata,
    ident(),
    *sync_columns(),
    *_vehicle_reference(),
    Column("customer_key", Text),
    ref("customer_id", "customer"),
    Column("contact_name", CleanText),
    Column("contact_phone", CleanText),
    Column("vehicle_text", CleanText),
    Column("starts_at", Instant),
    Column("starts_at_precision", Text),
    Column("duration_min", Integer),
    Column("booked_at", Instant),
    Column("booked_at_precision", Text),
    Column("advisor", CleanText),
    Column("branch", CleanText),
    ref("branch_id", "branch"),
    Column("status", Text),
    Column("status_raw", CleanText),
    Column("services", Json),  # [[code|null, text], …]
    Column("notes", CleanNote),
    Column("dms_arrived_at", Instant),
    Column("dms_arrived_at_precision", Text),
    Column("repair_order_key", Text),
    Column("rescheduled_from_key", Text),
    # derived
    Column("start_day", Day),
    Column("contact_e164", Text),
    Column("contact_last10", Text),
    Column("contact_kind", Text),
    Column("arrived_at", Instant),
    Column("arrival_basis", Text),  # dms, key, order
    Column("arrival_order_id", BIG),
    Column("vanished_at", Instant),
    Column("moved_at", Instant),  # event reprogramado
    Column("moved_from", Instant),
    Column("previous_id", BIG),  # the cancelled one that this replaces (cancel + new key)
    Column("cancelled_seen_at", Instant),
    # queue state and agent-owned
    *work_columns(),
    Column("confirmed_at", Instant),
    ref("confirmed_by", "app_user"),
    Column("confirmed_start", Instant),
    Column("comment", CleanNote),
    Column("rebooked_id", BIG),  # opportunity made from the no-show
    Column("follow_call_id", BIG),  # a call that closed the no-show
    Column("reminder_state", Text),  # queued sent failed old_date
    Column("reminder_at", Instant),
    Column("invite_sequence", SmallInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("source_id", "source_key"),
    Index("ix_appointment_day", "start_day", "branch_id"),
    Index("ix_appointment_vehicle_id", "vehicle_id", "start_day"),
    Index("ix_appointment_customer_id", "customer_id"),
)

repair_order = Table(
    "repair_order",
    metadata,
    ident(),
    *sync_columns(),
    *_vehicle_reference(),
    Column("number", CleanText),
    Column("appointment_key", Text),
    Column("customer_key", Text),
    ref("customer_id", "customer"),
    Column("opened_at", Instant),
    Column("opened_at_precision", Text),
    Column("promised_at", Instant),
    Column("promised_at_precision", Text),
    Column("completed_at", Instant),
    Column("completed_at_precision", Text),
    Column("invoiced_at", Instant),
    Column("invoiced_at_precision", Text),
    Column("closed_at", Instant),
    Column("closed_at_precision", Text),
    Column("picked_up_at", Instant),
    Column("picked_up_at_precision", Text),
    Column("delivered_at", Instant),
    Column("delivered_at_precision", Text),
    Column("status", Text),
    Column("status_raw", CleanText),
    Column("odometer_in", Integer),
    Column("odometer_out", Integer),
    Column("order_type", CleanText),
    Column("pay_type", Text),
    Column("advisor", CleanText),
    Column("branch", CleanText),
    ref("branch_id", "branch"),
    Column("result", CleanText),
    Column("total", Money),
    Column("currency", CleanText),
    Column("notes", CleanNote),
    # derived
    Column("opened_day", Day),
    Column("appointment_id", BIG),
    Column("handover_at", Instant),  # effective delivery, whatever its basis
    Column("handover_day", Day),
    Column("delivery_basis", Text),  # delivered_at picked_up_at status closed_at invoiced_at manual history
    Column("first_delivered_day", Day),  # day first seen delivered (status without any date)
    Column("reopened_at", Instant),
    # queue state and agent-owned
    *work_columns(),
    Column("manual_delivered_at", Instant),
    ref("manual_delivered_by", "app_user"),
    Column("manual_marked_at", Instant),
    Column("manual_review", Text),  # "silent" (48 h without the DMS agreeing), "changed" (changed and still open)
    Column("courtesy_call_id", BIG),
    UniqueConstraint("source_id", "source_key"),
    Index("ix_repair_order_handover", "handover_day", "branch_id"),
    Index("ix_repair_order_opened", "opened_day", "branch_id"),
    Index("ix_repair_order_number", "number"),
    Index("ix_repair_order_vehicle_id", "vehicle_id", "opened_day"),
    Index("ix_repair_order_customer_id", "customer_id"),
)  # fmt: skip

repair_order_line = Table(
    "repair_order_line",
    metadata,
    ident(),
    *sync_columns(),
    Column("repair_order_key", Text),
    Column("order_id", BIG, ForeignKey("repair_order.id"), index=True),
    Column("line_no", Integer),
    Column("kind", Text),
    Column("code", CleanText),
    Column("description", CleanText),
    Column("quantity", BigInteger),  # thousandths
    Column("hours", BigInteger),  # thousandths
    Column("amount", Money),
    Column("pay_type", Text),
    Column("technician", CleanText),
    Column("status", CleanText),
    UniqueConstraint("source_id", "source_key"),
)

incident = Table(
    "incident",
    metadata,
    ident(),
    *sync_columns(),
    Column("repair_order_key", Text),
    Column("order_id", BIG, ForeignKey("repair_order.id"), index=True),
    Column("seq", Integer),
    Column("kind", Text),
    Column("text", CleanNote),
    Column("code", CleanText),
    Column("occurred_at", Instant),
    Column("occurred_at_precision", Text),
    Column("severity", CleanText),
    UniqueConstraint("source_id", "source_key"),
)
