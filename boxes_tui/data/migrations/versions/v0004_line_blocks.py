"""The lines of the last complete read, in blocks: what stands there already is not parsed again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.drop_table("line_digest")
    op.create_table(
        "line_block",
        sa.Column("source_id", key, sa.ForeignKey("source.id", name="fk_line_block_source_id"), nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("digests", sa.LargeBinary, nullable=False),
        sa.Column("keys", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "entity", "n", name="pk_line_block"),
    )
