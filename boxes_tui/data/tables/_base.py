"""The one MetaData, and the groups of columns that several tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    false,
    text,
)

from boxes_tui.data.types import Day, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BIG = BigInteger().with_variant(Integer, "sqlite")
"""Surrogate keys: SQLite makes rowids of INTEGER only."""


def ident() -> Column[Any]:
    """The surrogate key of a table."""
    return Column("id", BIG, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, nullable: bool = True, index: bool = False) -> Column[Any]:
    """A reference to the surrogate key of ``target``."""
    return Column(name, BIG, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def sync_columns() -> list[Column[Any]]:
    """The columns that the sync owns on every DMS row (DMS.md §1).

    ``source_key`` is the DMS's own key (composite: parts joined by "/"); NULL where dotted fields made the row
    without one. ``row_hash`` is over the normalised DMS-owned fields. Presence per read lives in ``missing``.
    """
    return [
        ref("source_id", "source"),
        Column("source_key", Text),
        Column("row_hash", BigInteger),
        Column("source_updated_at", Instant),
        Column("first_seen_run", Integer),
        Column("last_changed_run", Integer),
        Column("gone_at", Instant),
        Column("is_stub", Boolean, nullable=False, server_default=false()),
    ]


def work_columns() -> list[Column[Any]]:
    """The queue state of a row that agents call about; commands keep it, the sync never writes it.

    ``next_at`` is when the row may be handed over again; ``next_kind`` is ``retry`` or ``callback``;
    ``next_user_id`` is set while a callback is *mía*.
    """
    return [
        Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
        Column("attempt_days", SmallInteger, nullable=False, server_default=text("0")),
        Column("last_call_id", BIG),
        Column("last_call_at", Instant),
        Column("last_call_day", Day),
        Column("last_code", Text),
        Column("last_user_id", BIG),
        Column("next_at", Instant),
        Column("next_kind", Text),
        Column("next_user_id", BIG),
        Column("unreachable_at", Instant),
    ]
