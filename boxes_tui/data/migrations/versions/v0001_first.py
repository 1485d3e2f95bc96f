"""The first schema: every table, the search index, and PostgreSQL's row-level security."""

from alembic import op

from boxes_tui.data.tables import metadata

revision = "0001"
down_revision = None

BRANCH_TABLES = (
    "sale_delivery", "appointment", "repair_order", "call", "opportunity", "campaign_unit", "audit", "note",
    "complaint", "act", "outbox", "contact_log",
)  # fmt: skip
"""Tables of a branch (PRODUCT §12); customers, vehicles, phones and search are the dealer's."""

VISIBLE = (
    "branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY("
    "(SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])"
)


def upgrade() -> None:
    bind = op.get_bind()
    metadata.create_all(bind)
    if bind.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_fts USING fts5("
            "words, content='search_entry', content_rowid='id', tokenize='trigram')"
        )
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE INDEX ix_search_entry_words ON search_entry USING gin (words gin_trgm_ops)")
    for table in ("customer_phone.last10_rev", "vehicle.tail_rev", "vehicle.plate"):
        name, column = table.split(".")
        op.execute(f"CREATE INDEX ix_{name}_{column}_like ON {name} ({column} text_pattern_ops)")
    for name in BRANCH_TABLES:
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY branch_scope ON {name} USING ({VISIBLE}) WITH CHECK ({VISIBLE})")
