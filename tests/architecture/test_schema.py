"""The frozen migrations make what the tables say: the quick half of ``tests/data/test_migrations.py``, on a file."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from boxes_tui.data.engine import make_engine, parse_url, reading, writing
from boxes_tui.data.schema import upgrade
from boxes_tui.data.tables.waiting import metadata
from tests.data.shape import shape


def test_a_table_that_changes_has_a_migration(tmp_path: Path) -> None:
    """A column more in ``data/tables`` needs a file in ``data/migrations/versions`` (docs/adr/0007)."""

    def made(name: str) -> Engine:
        return make_engine(parse_url(f"sqlite:///{tmp_path / name}"))

    told, migrated = made("told.db"), made("migrated.db")
    with writing(told) as conn:
        metadata.create_all(conn)
    upgrade(migrated)
    with reading(told) as one, reading(migrated) as other:
        wanted, found = shape(one), shape(other)
    told.dispose()
    migrated.dispose()
    for kind in ("columns", "constraints", "indexes"):
        here = {n: v for n, v in found[kind].items() if not n.startswith("alembic_version")}
        assert here == wanted[kind], f"{kind}: write a migration, see docs/adr/0007"
