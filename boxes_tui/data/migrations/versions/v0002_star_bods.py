"""The BODIDs of STAR documents are remembered: a repetition is known after the process has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "star_bod",
        sa.Column("source_id", key, sa.ForeignKey("source.id", name="fk_star_bod_source_id"), nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("bodid", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "entity", "bodid", name="pk_star_bod"),
    )
