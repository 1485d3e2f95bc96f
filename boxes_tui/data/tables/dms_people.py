"""Whom and what the DMS knows: customers with their telephones, vehicles with their owners, and the words by which search
finds them and their papers.  Columns and writers as in ``tables.dms``.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Table, Text, UniqueConstraint, text, true

from boxes_tui.data.tables._base import BIG, ident, metadata, ref, sync_columns
from boxes_tui.data.types import CleanText, Day, Instant

customer = Table(
    "customer",
    metadata,
    ident(),
    *sync_columns(),
    Column("kind", Text),
    Column("display_name", CleanText),
    Column("given_name", CleanText),
    Column("family_name", CleanText),
    Column("company_name", CleanText),
    Column("doc_type", CleanText),
    Column("doc_number", CleanText),  # as given
    Column("doc_digits", Text),  # digits only: match key
    Column("email", CleanText),
    Column("address", CleanText),
    Column("city", CleanText),
    Column("province", CleanText),
    Column("postal_code", CleanText),
    Column("birth_date", Day),
    Column("language", CleanText),
    Column("contact_consent", Boolean),
    Column("merged_into_key", Text),
    Column("active", Boolean),
    # kept by BOXES
    Column("feed_key", Text),  # identity of a customer made by dotted fields without a key: doc / phone+name / row
    Column("person_id", BIG, index=True),  # smallest customer id that shares a document or a phone (PRODUCT §5)
    Column("merged_into_id", BIG),
    Column("name_fold", Text),
    Column("without_phone_at", Instant),  # the last phone was marked wrong: list "sin teléfono"
    Column("wa_opt_in_at", Instant),
    Column("wa_opt_in_source", CleanText),
    Column("blocked_review", Boolean, nullable=False, server_default=text("false")),  # "en revisión" (art. 16)
    Column("erased_at", Instant),
    UniqueConstraint("source_id", "source_key"),
    Index("ix_customer_doc_digits", "doc_digits"),
    Index("ix_customer_feed_key", "source_id", "feed_key", unique=True),
)

customer_phone = Table(
    "customer_phone",
    metadata,
    ident(),
    ref("customer_id", "customer", nullable=False, index=True),
    Column("raw", CleanText, nullable=False),
    Column("e164", Text),
    Column("last10", Text, index=True),
    Column("last10_rev", Text),  # reversed digits: suffix search is a prefix scan
    Column("kind", Text, nullable=False),  # mobile fixed unknown
    Column("origin", Text, nullable=False),  # dms, appointment, agent
    Column("position", SmallInteger, nullable=False),
    Column("present", Boolean, nullable=False, server_default=true()),  # false: the DMS dropped it
    Column("confirmed_kind", Text),  # an agent's answer to ¿celular?
    Column("wrong_at", Instant),
    ref("wrong_by", "app_user"),
    Index("ix_customer_phone_last10_rev", "last10_rev"),
)

vehicle = Table(
    "vehicle",
    metadata,
    ident(),
    *sync_columns(),
    Column("vin", Text),
    Column("chassis", Text),
    Column("plate", Text),
    Column("make", CleanText),
    Column("model", CleanText),
    Column("version", CleanText),
    Column("model_year", Integer),
    Column("color", CleanText),
    Column("engine_no", CleanText),
    Column("sold_on", Day),
    Column("warranty_end", Day),
    Column("odometer_km", Integer),
    Column("owner_key", Text),
    Column("driver_key", Text),
    # kept by BOXES
    ref("owner_id", "customer", index=True),
    ref("driver_id", "customer"),
    Column("tail_rev", Text),  # vin or chassis, reversed: tails and suffixes are prefix scans
    Column("merged_into_id", BIG),
    Column("last_service_day", Day),
    Column("last_km", Integer),
    Column("last_km_day", Day),
    Column("km_per_day_milli", Integer),
    Column("predicted_due", Day),
    Column("relation_ended_at", Instant),  # vehicle_sold: until the DMS names a new owner
    Column("relation_ended_owner_id", BIG),
    UniqueConstraint("source_id", "source_key"),
    Index("ix_vehicle_vin", "vin"),
    Index("ix_vehicle_plate", "plate"),
    Index("ix_vehicle_tail_rev", "tail_rev"),
    Index("ix_vehicle_model", "model", "model_year"),
)

vehicle_owner = Table(
    "vehicle_owner",
    metadata,
    ident(),
    ref("vehicle_id", "vehicle", nullable=False, index=True),
    ref("customer_id", "customer", nullable=False, index=True),
    Column("since", Day),  # NULL = as far back as the DMS tells
    Column("until", Day),
)

search_entry = Table(
    "search_entry",
    metadata,
    ident(),
    Column("kind", Text, nullable=False),  # customer, vehicle, order, appointment
    Column("row_id", BIG, nullable=False),
    Column("customer_id", BIG),
    Column("vehicle_id", BIG),
    Column("words", Text, nullable=False),  # folded by text.fold, with a leading blank: " pena nunez maria"
    UniqueConstraint("kind", "row_id"),
)
"""Folded text of what search anywhere finds; indexed by FTS5 trigram (SQLite) or pg_trgm (PostgreSQL)."""
