"""Other dealerships in other dialects: every queue against answers that are known, and a second run that changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from boxes_tui.data.reads import queues
from boxes_tui.data.tables import reject
from tests.dms import dealer, dialects, house

Writer = Callable[[Path, dealer.Dealer], Path]


def undated(folder: Path, d: dealer.Dealer) -> Path:
    """Orders of which only the status is told."""
    return dialects.sur(folder, d, dated=False)


@pytest.mark.parametrize(
    ("write", "rejected", "dated"),
    [
        (dialects.sur, dialects.SUR_REJECTED, True),
        (undated, dialects.SUR_REJECTED, False),
        (dialects.sql, dialects.SQL_REJECTED, True),
    ],
    ids=["cp1252-denormalised", "statuses-only", "sql-views"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_queue_of_a_foreign_dealership(
    tmp_path: Path, url: str | None, write: Writer, rejected: dict[str, int], dated: bool, seed: int
) -> None:
    truth = dealer.make(seed)
    toml = write(tmp_path, truth)
    desk = house.desk(tmp_path / "home", dealer.NOW, url)
    wanted = dealer.expected(truth, dated=dated)
    exits = []
    for again in (False, True):
        reports = house.sync(desk, toml)
        found = house.entities(reports)
        house.adds_up(found)
        exits.append(reports[0].exit)
        assert {k: e["rejected"] for k, e in found.items() if e["rejected"]} == rejected
        if again:
            assert not any(e["inserted"] or e["updated"] or e["gone"] for e in found.values())
        with desk.engine.connect() as conn:
            open_ = conn.execute(
                select(func.count()).select_from(reject).where(reject.c.closed_at.is_(None))
            ).scalar_one()
        assert open_ == sum(rejected.values())
        counts = desk.read(queues.all_counts)
        for name, keys in wanted.items():
            assert house.keys(desk, name) == keys, name
            queue, _slash, flt = name.partition("/")
            assert counts[queue][flt] == len(keys), name
        if (tmp_path / "in").is_dir():
            shutil.rmtree(tmp_path / "in")
            write(tmp_path, truth)
    assert exits == [3, 3]
    desk.close()
