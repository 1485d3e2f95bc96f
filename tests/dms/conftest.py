"""The two databases of the sync's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dms.mini import Mini


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """A database of the test's own: None = a SQLite file in its home, else the URL of a PostgreSQL
    database with the schema and no row."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("migrated_pg"))


@pytest.fixture
def mini(tmp_path: Path, url: str | None) -> Iterator[Mini]:
    """The small dealership over one of the databases."""
    made = Mini(tmp_path, url)
    yield made
    made.house.close()
