"""What BOXES owns: calls, opportunities, claims, complaints, blocks, campaigns."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from boxes_tui.data.tables._base import BIG, ident, metadata, ref, work_columns
from boxes_tui.data.types import CleanNote, CleanText, Day, Instant, Json

call = Table(
    "call",
    metadata,
    ident(),
    Column("act_id", BIG, index=True),
    Column("at", Instant, nullable=False),
    Column("day", Day, nullable=False),
    Column("opened_at", Instant),  # when the panel opened: handle time
    ref("user_id", "app_user"),
    ref("branch_id", "branch"),
    Column("type", Text, nullable=False),  # welcome courtesy opportunity campaign appointment no_show in_process
    Column("purpose", Text, nullable=False),  # operational, offer
    Column("subject", Text),  # table of the row: sale_delivery, opportunity, appointment, repair_order
    Column("subject_id", BIG),
    Column("customer_id", BIG),
    Column("vehicle_id", BIG),
    Column("phone_id", BIG),
    Column("phone", Text),
    Column("code", Text, nullable=False),  # disposition
    Column("contact", Boolean, nullable=False),
    Column("productive", Boolean, nullable=False),
    Column("closes", Boolean, nullable=False),
    Column("note", CleanNote),
    Column("reason", Text),
    Column("score", SmallInteger),
    Column("incident_note", CleanNote),
    Column("callback_at", Instant),
    ref("callback_user_id", "app_user"),  # NULL = anyone
    Column("retry_at", Instant),
    Column("outside_rules", CleanText),  # why the gate would have refused (fuera de norma)
    Column("imported", Boolean, nullable=False, server_default=false()),
    Column("annulled_at", Instant),
    Index("ix_call_subject", "subject", "subject_id"),
    Index("ix_call_customer_id", "customer_id"),
    Index("ix_call_user_day", "user_id", "day"),
    Index("ix_call_day", "day", "branch_id"),
)

opportunity = Table(
    "opportunity",
    metadata,
    ident(),
    ref("branch_id", "branch", nullable=False),
    Column("customer_id", BIG, index=True),
    Column("vehicle_id", BIG, index=True),
    Column("origin", Text, nullable=False),  # delivery appointment no_show in_process completed customer campaign
    Column("origin_subject", Text),
    Column("origin_id", BIG),
    Column("campaign_id", BIG, index=True),
    Column("state", Text, nullable=False),  # open sold discarded cancelled
    Column("due_day", Day, nullable=False),
    Column("due_minute", SmallInteger),  # of the local day; NULL = any time
    Column("about", CleanText, nullable=False),
    ref("assigned_user_id", "app_user"),  # NULL = anyone
    Column("created_at", Instant, nullable=False),
    Column("created_day", Day, nullable=False),
    ref("created_by", "app_user"),
    Column("state_at", Instant),
    Column("state_day", Day),
    ref("state_by", "app_user"),
    Column("reason", Text),
    Column("reason_text", CleanText),
    Column("reschedules", SmallInteger, nullable=False, server_default=text("0")),
    Column("contacted_at", Instant),
    Column("sold_for", Instant),  # the appointment's time that the agent gave in the DMS
    Column("sold_call_id", BIG),
    Column("appointment_id", BIG, index=True),  # the DMS appointment that it was matched with
    Column("match", Text),  # waiting verified differs missing credited
    Column("match_reads", SmallInteger, nullable=False, server_default=text("0")),
    Column("show_order_id", BIG),  # credited repair order
    Column("flag", Text),  # owner_changed, appointment_cancelled
    Column("imported", Boolean, nullable=False, server_default=false()),
    *work_columns(),
    Index("ix_opportunity_due", "due_day", "branch_id"),
)  # fmt: skip

claim = Table(
    "claim",
    metadata,
    ident(),
    Column("person", Text, nullable=False, unique=True),  # "p:<person_id>", "v:<vehicle_id>", "r:<subject>:<id>"
    ref("user_id", "app_user", nullable=False, index=True),
    ref("branch_id", "branch"),
    Column("subject", Text),
    Column("subject_id", BIG),
    Column("customer_id", BIG, index=True),
    Column("vehicle_id", BIG),
    Column("session", Text, nullable=False),
    Column("taken_at", Instant, nullable=False),  # machine's / database's clock, never BOXES_NOW
    Column("expires_at", Instant, nullable=False),
)

claim_log = Table(
    "claim_log",
    metadata,
    ident(),
    Column("person", Text, nullable=False),
    ref("user_id", "app_user"),
    ref("branch_id", "branch"),
    Column("subject", Text),
    Column("subject_id", BIG),
    Column("day", Day, nullable=False),
    Column("ended", Text, nullable=False),  # disposed, released, expired, stolen
)
"""One row per ended claim: the KPI ``undisposed`` counts those that ended without an outcome."""

complaint = Table(
    "complaint",
    metadata,
    ident(),
    Column("call_id", BIG),
    ref("branch_id", "branch"),
    Column("customer_id", BIG),
    Column("vehicle_id", BIG),
    Column("order_id", BIG),
    Column("opened_at", Instant, nullable=False),
    Column("opened_day", Day, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("score", SmallInteger),
    Column("text", CleanNote),
    *work_columns(),
    Column("closed_at", Instant),
    ref("closed_by", "app_user"),
    Column("owner_call_id", BIG),  # first contacted call after it was opened
    Column("annulled_at", Instant),
)  # fmt: skip

block = Table(
    "block",
    metadata,
    ident(),
    Column("customer_id", BIG, index=True),
    Column("last10", Text, index=True),
    Column("doc_digits", Text, index=True),
    Column("scope", Text, nullable=False),  # offer, operational (= also for appointments)
    Column("at", Instant, nullable=False),
    ref("user_id", "app_user"),
    Column("how", CleanText),  # how it was asked: call, e-mail, list, import
    Column("call_id", BIG),
    Column("lifted_at", Instant),
)
"""The dealership's own do-not-contact list (art. 27.3): by customer, and by phone or document where known."""

dnc_list = Table(
    "dnc_list",
    metadata,
    ident(),
    Column("name", CleanText, nullable=False),  # "No Llame", "CABA 2014", …
    Column("as_of", Day, nullable=False),
    Column("imported_at", Instant, nullable=False),
    ref("imported_by", "app_user"),
    Column("digest", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("current", Boolean, nullable=False, server_default=true()),
)

dnc_number = Table(
    "dnc_number",
    metadata,
    Column("list_id", BIG, primary_key=True),
    Column("last10", Text, primary_key=True),
    Index("ix_dnc_number_last10", "last10"),
)

gate_override = Table(
    "gate_override",
    metadata,
    ident(),
    Column("customer_id", BIG),  # NULL = the age of the list, for everybody
    ref("branch_id", "branch"),
    ref("user_id", "app_user", nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("lifted_at", Instant),
)

campaign = Table(
    "campaign",
    metadata,
    ident(),
    ref("branch_id", "branch"),
    Column("name", CleanText, nullable=False),
    Column("type", Text, nullable=False),  # technical_note recall service offer
    Column("created_at", Instant, nullable=False),
    Column("created_day", Day, nullable=False),
    ref("created_by", "app_user"),
    Column("script", Text),
    Column("due_day", Day),
    Column("per_day", Integer),
    Column("agents", Json),
    Column("segment", Json),  # what step 1 asked
    Column("operation_codes", Json),  # line codes whose order completes a unit
    Column("act_id", BIG),
    Column("undone_at", Instant),
    Column("closed_at", Instant),
)

campaign_unit = Table(
    "campaign_unit",
    metadata,
    ident(),
    ref("campaign_id", "campaign", nullable=False),
    ref("branch_id", "branch"),
    Column("vehicle_id", BIG, nullable=False, index=True),
    Column("customer_id", BIG),
    Column("opportunity_id", BIG, index=True),
    Column("state", Text, nullable=False),  # open, blocked, done, undone
    Column("joined", Boolean, nullable=False, server_default=false()),
    Column("match", Text),
    Column("blocked_why", CleanText),
    Column("assigned_at", Instant),
    Column("assigned_day", Day),
    ref("assigned_user_id", "app_user"),
    Column("done_at", Instant),
    Column("done_day", Day),
    Column("done_order_id", BIG),
    UniqueConstraint("campaign_id", "vehicle_id"),
)
