"""The first schema, frozen: every table, the search index, the audit that only grows, PostgreSQL's row-level security.

The statements stand beside this file, one text for each database; they ask nothing of the tables of today.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    bind = op.get_bind()
    script = Path(__file__).with_name(f"v0001_{bind.dialect.name}.sql").read_text("utf-8")
    for statement in script.split("\n\n"):
        bind.exec_driver_sql(statement)
