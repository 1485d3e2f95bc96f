"""Reports over random dealerships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxes_tui.bootstrap import House
from boxes_tui.clock import Clock
from boxes_tui.config import load_settings
from boxes_tui.data.engine import make_engine, parse_url, set_scope, writing
from boxes_tui.data.schema import ensure
from tests.reports.dealership import NOW, Dealership

Made = Callable[..., House]


@pytest.fixture
def make_house(migrated_db_url: str, home: Path) -> Iterator[Made]:
    """Makes the house of a random dealership by its seed; its boss sees all branches."""
    yield from _houses(migrated_db_url)


@pytest.fixture
def lite_house(migrated_sqlite: str, home: Path) -> Iterator[Made]:
    """The same on SQLite alone, for what no database tells apart."""
    yield from _houses(migrated_sqlite)


def _houses(url: str) -> Iterator[Made]:
    made: list[House] = []

    def build(seed: int, size: int = 30) -> House:
        engine = make_engine(parse_url(url), statement_ms=60_000)
        ensure(engine, Clock(NOW), "boss")
        with writing(engine) as conn:
            set_scope(conn, None)
            Dealership(conn, seed, size)
        made.append(House(load_settings(), Clock(NOW), engine, "boss"))
        return made[-1]

    yield build
    for house in made:
        house.close()
