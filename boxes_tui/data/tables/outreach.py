"""Mails, links, and the rights of the data subject."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, Text, text

from boxes_tui.data.tables._base import BIG, ident, metadata, ref
from boxes_tui.data.types import CleanNote, CleanText, Day, Instant, Json

outbox = Table(
    "outbox",
    metadata,
    ident(),
    Column("act_id", BIG),
    ref("branch_id", "branch"),
    Column("kind", Text, nullable=False),  # reminder, update, cancel
    Column("appointment_id", BIG, index=True),
    Column("customer_id", BIG),
    Column("for_start", Instant),  # the time that the message tells; another time now = not sent
    Column("recipient", CleanText, nullable=False),
    Column("subject", CleanText, nullable=False),
    Column("body_text", CleanNote, nullable=False),
    Column("body_html", CleanNote),
    Column("ics", CleanNote),
    Column("template", CleanText),
    Column("sequence", SmallInteger, nullable=False, server_default=text("0")),
    Column("message_id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),  # queued sending sent unknown failed cancelled
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("unknowns", SmallInteger, nullable=False, server_default=text("0")),  # times that the answer was lost
    Column("next_at", Instant),
    Column("lease_until", Instant),
    Column("error", CleanText),
    Column("created_at", Instant, nullable=False),
    ref("created_by", "app_user"),
    Column("sent_at", Instant),
    Index("ix_outbox_due", "state", "next_at"),
)

contact_log = Table(
    "contact_log",
    metadata,
    ident(),
    Column("act_id", BIG),
    Column("at", Instant, nullable=False),
    Column("day", Day, nullable=False),
    Column("channel", Text, nullable=False),  # whatsapp, tel, email_reply
    ref("user_id", "app_user"),
    ref("branch_id", "branch"),
    Column("subject", Text),
    Column("subject_id", BIG),
    Column("customer_id", BIG, index=True),
    Column("phone_last4", Text),
    Column("template", CleanText),
    Column("detail", Json),
    Column("annulled_at", Instant),
)

subject_request = Table(
    "subject_request",
    metadata,
    ident(),
    Column("kind", Text, nullable=False),  # access, rectify, erase, block
    Column("customer_id", BIG),
    Column("requested_at", Instant, nullable=False),
    Column("due_day", Day, nullable=False),
    Column("done_at", Instant),
    ref("user_id", "app_user"),
    Column("detail", Json),
)

suppression = Table(
    "suppression",
    metadata,
    ident(),
    Column("kind", Text, nullable=False),  # key, doc, phone, email
    Column("digest", Text, nullable=False, unique=True),  # HMAC with the installation's key
    Column("at", Instant, nullable=False),
)
"""Erased persons: asked by the importer and by restore, so that nobody comes back (RELIABILITY §5.13)."""
