"""The desk on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import Desk, open_desk


@pytest.fixture
def desk(migrated_db_url: str, home: Path) -> Iterator[Desk]:
    """A small house with known rows, on both databases."""
    made = open_desk(migrated_db_url)
    yield made
    made.house.close()


@pytest.fixture
def lite(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    """The same on SQLite alone, for what no database can change."""
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()
