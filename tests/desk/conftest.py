"""The desk on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import Desk, open_desk


@pytest.fixture
def desk(db_url: str, home: Path) -> Iterator[Desk]:
    """A small house with known rows, on both databases."""
    made = open_desk(db_url)
    yield made
    made.house.close()


@pytest.fixture
def lite(tmp_path: Path, home: Path) -> Iterator[Desk]:
    """The same on SQLite alone, for what no database can change."""
    made = open_desk(f"sqlite:///{tmp_path / 'boxes.db'}")
    yield made
    made.house.close()
