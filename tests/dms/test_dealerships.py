"""Dealerships in dialects of their own, on two days, held against what DMS.md says of the same truth: every queue and
filter, every bad row once with file, line, code and reason, counters that add up, a second run that changes nothing.

Seen to fail when a null later column of a joined date makes the whole null, when ``scope`` is forgotten, when an older
version is written over a newer one, and when a vanished turno leaves after one read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from boxes_tui.bootstrap import House
from boxes_tui.clock import Clock
from boxes_tui.data.reads import queues
from boxes_tui.data.tables import reject
from boxes_tui.dms.runs import Report
from tests.dms import dealer, house
from tests.dms.dealers import costa, diario, libro, nord, papeles, vistas

Write = Callable[[dealer.Dealer, set[str], bool], Path]


class Town:
    """One dealership before one desk; ``plain`` takes a key back to that of the truth."""

    def __init__(self, desk: House, write: Write, like: ModuleType) -> None:
        self.desk, self.write, self.like = desk, write, like
        self.plain: Callable[[str], str] = getattr(like, "plain", str)

    def sync(self, truth: dealer.Dealer, gone: set[str], later: bool) -> Report:
        """Drop the export of a day, read it; the run ends with the rejects that it has to have."""
        [report] = house.sync(self.desk, self.write(truth, gone, later))
        found = house.entities([report])
        house.adds_up(found)
        assert {k: e["rejected"] for k, e in found.items() if e["rejected"]} == self.like.REJECTED, report.said
        assert report.exit == 3, report.said
        self.rejects()
        return report

    def rejects(self) -> None:
        """Every bad row stands once, with what mends it."""
        with self.desk.engine.connect() as conn:
            rows = conn.execute(select(reject).where(reject.c.closed_at.is_(None))).mappings().all()
        assert sorted(r["code"] for r in rows) == self.like.CODES
        assert all(r["file"] and r["line"] > 0 and r["reason"] and r["raw"] for r in rows)

    def holds(self, wanted: dict[str, list[str]]) -> None:
        """Every queue and filter, and the board's counts of them."""
        counts = self.desk.read(queues.all_counts)
        for name, keys in wanted.items():
            queue, _slash, flt = name.partition("/")
            found = sorted(self.plain(k) for k in house.keys(self.desk, name))
            assert found == keys, name
            assert counts[queue][flt] == len(keys), name


def both_days(town: Town, seed: int, *, sees_absence: bool = True) -> list[Report]:
    """Day one, the same bytes again, and the day after twice."""
    truth = dealer.make(seed)
    first = town.sync(truth, set(), False)
    town.holds(dealer.expected(truth))
    again = town.sync(truth, set(), False)
    assert not any(c.inserted or c.updated or c.gone for c in again.entities)
    town.holds(dealer.expected(truth))
    town.desk.clock = Clock(datetime.fromisoformat(dealer.NOW) + timedelta(days=1))
    later, gone = dealer.tomorrow(truth, seed)
    today = dealer.TODAY + timedelta(days=1)
    runs = [first, again]
    for reads in (1, 2):
        runs.append(town.sync(later, gone, True))
        town.holds(dealer.expected(later, today=today, gone=gone if sees_absence else (), reads=reads))
    return runs


@pytest.fixture
def desk(tmp_path: Path, url: str | None) -> Iterator[House]:
    made = house.desk(tmp_path / "home", dealer.NOW, url)
    yield made
    made.close()


@pytest.mark.parametrize("like", [nord, costa, libro, diario, papeles], ids=lambda m: m.__name__.rpartition(".")[2])
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_a_dealership_of_files(tmp_path: Path, desk: House, like: Any, seed: int) -> None:
    def write(truth: dealer.Dealer, gone: set[str], later: bool) -> Path:
        for old in tmp_path.glob("*/*.*"):
            if old.is_file() and old.parent.name != "home":
                old.unlink()
        return Path(like.write(tmp_path, truth, gone, later))

    runs = both_days(Town(desk, write, like), seed)
    if like is costa:
        people = next(c for c in runs[2].entities if c.entity == "customer")
        assert people.stale == 60  # the late copy
        warned = {code for c in runs[0].entities for code in c.warnings}
        assert warned >= {"W-ENUM", "W-EMAIL", "W-ODO"}
    if like is libro:
        assert next(c for c in runs[0].entities if c.entity == "vehicle").warnings["W-NUM"] == 60


def test_views_of_postgresql(tmp_path: Path, desk: House, pg_server: str) -> None:
    import psycopg

    name = f"dms_{uuid4().hex[:10]}"
    with psycopg.connect(pg_server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    url = "postgresql+psycopg://" + pg_server.rpartition("/")[0].partition("://")[2] + f"/{name}"
    town = Town(desk, lambda truth, gone, _later: vistas.write(tmp_path, truth, gone, url), vistas)
    both_days(town, 1)
    with psycopg.connect(pg_server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_views_of_mariadb(tmp_path: Path, desk: House) -> None:
    """``BOXES_TEST_MARIADB_URL`` names an empty database that may be filled (``mariadb+pymysql://…``)."""
    url = os.environ.get("BOXES_TEST_MARIADB_URL")
    if not url:
        pytest.skip("BOXES_TEST_MARIADB_URL is not set: no MariaDB to ask")
    both_days(Town(desk, lambda truth, gone, _later: vistas.write(tmp_path, truth, gone, url), vistas), 1)
