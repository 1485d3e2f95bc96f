"""Sources, runs, what each read saw, quarantine (DMS.md §3, §5, §6)."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from boxes_tui.data.tables._base import BIG, ident, metadata, ref
from boxes_tui.data.types import CleanNote, CleanText, Day, Instant, Json

source = Table(
    "source",
    metadata,
    ident(),
    Column("name", CleanText, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
)

sync_run = Table(
    "sync_run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    ref("source_id", "source", nullable=False, index=True),
    Column("started_at", Instant, nullable=False),  # machine's clock
    Column("business_day", Day),
    Column("finished_at", Instant),
    Column("status", Text, nullable=False),  # running ok rejects failed guard locked abandoned
    Column("exit", Integer),
    Column("holder", CleanText),  # host:pid
    Column("beat_at", Instant),
    Column("token", Integer, nullable=False),  # fencing
    Column("message", CleanText),
)

sync_entity = Table(
    "sync_entity",
    metadata,
    Column("run_id", Integer, ForeignKey("sync_run.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("mode", Text),
    Column("counts", Json, nullable=False),  # the JSON object of DMS.md §6
    Column("guard", Text),
    Column("message", CleanText),
    Column("read_at", Instant),  # when the last file or page was read; NULL = nothing waiting
    Column("committed", Boolean, nullable=False, server_default=false()),
)

sync_read = Table(
    "sync_read",
    metadata,
    ident(),
    Column("run_id", Integer, nullable=False, index=True),
    ref("source_id", "source", nullable=False),
    Column("entity", Text, nullable=False),
    Column("name", CleanText, nullable=False),
    Column("digest", Text, nullable=False),
    Column("mapping_digest", Text, nullable=False),  # known bytes under another mapping are read again
    Column("complete", Boolean, nullable=False),
    Column("counts", Json, nullable=False),
    Column("window_from", Day),
    Column("window_to", Day),
    Column("day", Day),
    Index("ix_sync_read_digest", "source_id", "entity", "digest"),
)

sync_cursor = Table(
    "sync_cursor",
    metadata,
    Column("source_id", BIG, ForeignKey("source.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("cursor", Text),
    Column("loaded", Boolean, nullable=False, server_default=false()),  # the first load is done
    Column("first_run", Integer),  # the run of the first load
    Column("last_complete_rows", Integer),
    Column("read_at", Instant),
    Column("window_read_day", Day),
)

move_pending = Table(
    "move_pending",
    metadata,
    ident(),
    ref("source_id", "source", nullable=False),
    Column("run_id", Integer, nullable=False),
    Column("path", CleanText, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("day", Day, nullable=False),
    UniqueConstraint("source_id", "path", "sha256"),
)

star_bod = Table(
    "star_bod",
    metadata,
    Column("source_id", BIG, ForeignKey("source.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("bodid", CleanText, primary_key=True),
    Column("digest", Text, nullable=False),  # of the file that carried it
    Column("run_id", Integer, nullable=False),
)
"""Business object documents that a STAR source has brought: the same one again, in another file, is a repetition."""

missing = Table(
    "missing",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("row_id", BIG, primary_key=True),
    Column("times", Integer, nullable=False),  # consecutive complete reads that did not hold the row
    Column("run_id", Integer, nullable=False),
)
"""Rows that the last complete reads covering them did not hold; a row that is seen costs no write."""

fed = Table(
    "fed",
    metadata,
    Column("entity", Text, primary_key=True),  # customer, vehicle
    Column("row_id", BIG, primary_key=True),
    Column("body", Json, nullable=False),  # {field: [value, own date of the row that said it, shown]}
)
"""What dotted fields said of a customer or vehicle (DMS.md §3): the master's own row wins over it field by field, and
where that row tells nothing (``shown``) the latest of these stands on the record."""

alias = Table(
    "alias",
    metadata,
    ident(),
    Column("entity", Text, nullable=False),  # customer, vehicle
    Column("source_id", BIG),
    Column("source_key", Text),
    Column("old_id", BIG, nullable=False),
    Column("row_id", BIG, nullable=False),  # the survivor
    Column("moved", Json),  # what was repointed, so that a merge can be taken back
    Column("run_id", Integer),
    Column("undone_at", Instant),
    Index("ix_alias_key", "entity", "source_id", "source_key"),
)

reject = Table(
    "reject",
    metadata,
    ident(),
    ref("source_id", "source", nullable=False),
    Column("entity", Text, nullable=False),
    Column("file", CleanText, nullable=False),
    Column("line", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("field", CleanText),
    Column("reason", CleanText, nullable=False),
    Column("raw", CleanNote, nullable=False),
    Column("row_key", Text),
    Column("digest", Text, nullable=False),  # of code + raw: one entry however often it comes back
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("last_run", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("closed_at", Instant),
    UniqueConstraint("source_id", "entity", "digest"),
    Index("ix_reject_open", "source_id", "entity", "closed_at"),
)

line_block = Table(
    "line_block",
    metadata,
    Column("source_id", BIG, ForeignKey("source.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("mapping", Text, nullable=False),
    Column("digests", LargeBinary, nullable=False),  # 8 bytes a line, in the order of the file
    Column("keys", LargeBinary, nullable=False),  # of their rows, packed
)
"""Digests of the raw lines of the last complete read: the second step of the detection ladder (QUALITY §1)."""

dms_event = Table(
    "dms_event",
    metadata,
    ident(),
    Column("at", Instant, nullable=False),
    Column("run_id", Integer),
    Column("kind", Text, nullable=False),  # moved cancelled vanished revived reopened owner_changed review …
    Column("subject", Text, nullable=False),
    Column("subject_id", BIG, nullable=False),
    Column("branch_id", BIG),
    Column("detail", Json),
    Index("ix_dms_event_subject", "subject", "subject_id"),
)
"""What the sync noticed and an agent has to see (DMS.md §4); personal values stay out of ``detail``."""
