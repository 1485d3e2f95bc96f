"""Branches, people who work here, settings, commands' ledger, audit, change marks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from boxes_tui.data.tables._base import BIG, ident, metadata, ref
from boxes_tui.data.types import CleanNote, CleanText, Day, Instant, Json

branch = Table(
    "branch",
    metadata,
    ident(),
    Column("code", CleanText, nullable=False, unique=True),
    Column("name", CleanText, nullable=False),
    Column("zone", Text, nullable=False),
    Column("area_code", Text),
    Column("address", CleanText),
    Column("city", CleanText),
    Column("phone", CleanText),
    Column("email", CleanText),
    Column("hours", Json),  # {"1": ["09:00", "20:00"], …} ISO weekdays; NULL = the defaults of the contact gate
    Column("workshop_hours", CleanText),
    Column("active", Boolean, nullable=False, server_default=true()),
)

holiday = Table(
    "holiday",
    metadata,
    ident(),
    ref("branch_id", "branch"),  # NULL = every branch
    Column("day", Day, nullable=False),
    Column("name", CleanText, nullable=False),
)

app_user = Table(
    "app_user",
    metadata,
    ident(),
    Column("login", CleanText, nullable=False, unique=True),
    Column("name", CleanText, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("all_branches", Boolean, nullable=False, server_default=false()),  # else those of user_branch
    Column("shift", Text, nullable=False, server_default="off"),  # ready on_call wrap_up paused off
    Column("shift_since", Instant),
    Column("created_at", Instant, nullable=False),
)

user_branch = Table(
    "user_branch",
    metadata,
    Column("user_id", BIG, ForeignKey("app_user.id"), primary_key=True),
    Column("branch_id", BIG, ForeignKey("branch.id"), primary_key=True),
)

shift_log = Table(
    "shift_log",
    metadata,
    ident(),
    ref("user_id", "app_user", nullable=False, index=True),
    Column("shift", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
)

ssh_key = Table(
    "ssh_key",
    metadata,
    ident(),
    ref("user_id", "app_user", nullable=False),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("public_key", CleanText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),  # go_live (day ordinal), install_id, …
    Column("value", CleanText, nullable=False),
)

disposition = Table(
    "disposition",
    metadata,
    Column("code", Text, primary_key=True),
    Column("digit", Text, nullable=False, unique=True),
    Column("label", CleanText, nullable=False),
    Column("contact", Boolean, nullable=False),
    Column("productive", Boolean, nullable=False),
    Column("closes", Boolean, nullable=False),
    Column("retry_minutes", Integer),  # NULL = none, -1 = next day
)
"""Only what an admin changed: rows here win over the defaults of ``domain.dispositions``."""

discard_reason = Table(
    "discard_reason",
    metadata,
    Column("code", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("label", CleanText, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
)
"""As ``disposition``: only what an admin changed."""

act = Table(
    "act",
    metadata,
    ident(),
    Column("key", Text, unique=True),  # idempotency key of the caller
    Column("args_digest", Text),
    Column("verb", Text, nullable=False),
    Column("subject", Text),  # table name of the row acted on
    Column("subject_id", BIG),
    Column("row_ref", Text),
    ref("user_id", "app_user"),
    ref("branch_id", "branch"),
    Column("customer_id", BIG),
    Column("at", Instant, nullable=False),
    Column("day", Day, nullable=False),
    Column("title", CleanText),  # "Descartar por precio · AC345TT": what undo shows, without personal data
    Column("result", Json),
    Column("images", Json),  # [{"t": table, "id": n, "b": {before} | null, "a": {after}}] in order of writing
    Column("undoable", Boolean, nullable=False),
    Column("undo_of", BIG, ForeignKey("act.id")),
    Column("undone_by", BIG),
    Index("ix_act_user_day", "user_id", "day"),
    Index("ix_act_subject", "subject", "subject_id"),
)

audit = Table(
    "audit",
    metadata,
    ident(),
    Column("chain", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("user_id", BIG),
    ref("branch_id", "branch"),
    Column("verb", Text, nullable=False),
    Column("subject", Text),
    Column("subject_id", BIG),
    Column("act_id", BIG),
    Column("detail", Json),  # codes and HMACs only, never a personal value
    UniqueConstraint("chain", "seq"),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    ident(),
    Column("at", Instant, nullable=False),
    Column("chain", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

person_secret = Table(
    "person_secret",
    metadata,
    Column("customer_id", BIG, primary_key=True),
    Column("secret", Text, nullable=False),
)
"""Key of the HMACs that stand for a person's values in the audit; erasure destroys it (RELIABILITY §5.12)."""

dirty_month = Table(
    "dirty_month",
    metadata,
    ident(),
    Column("report", Text, nullable=False),
    Column("month", Integer, nullable=False),  # year * 12 + month - 1
    Column("branch_id", BIG, nullable=False),
)
"""Append-only marks; a reader rebuilds the month's roll-up, then deletes the marks it saw (QUALITY §1)."""

rollup = Table(
    "rollup",
    metadata,
    Column("report", Text, primary_key=True),
    Column("month", Integer, primary_key=True),
    Column("branch_id", BIG, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("num", BigInteger, nullable=False),
    Column("den", BigInteger),
)

saved_view = Table(
    "saved_view",
    metadata,
    ident(),
    ref("user_id", "app_user"),
    Column("kind", Text, nullable=False),  # segment, report, columns
    Column("name", CleanText, nullable=False),
    Column("body", Json, nullable=False),
    UniqueConstraint("user_id", "kind", "name"),
)

note = Table(
    "note",
    metadata,
    ident(),
    Column("at", Instant, nullable=False),
    ref("user_id", "app_user"),
    ref("branch_id", "branch"),
    Column("subject", Text),
    Column("subject_id", BIG),
    Column("customer_id", BIG, index=True),
    Column("vehicle_id", BIG),
    Column("text", CleanNote, nullable=False),
    Column("kind", SmallInteger, nullable=False, server_default="0"),  # 0 note, 1 confirmation comment
    Column("annulled_at", Instant),
)
