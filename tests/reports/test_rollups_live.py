"""Roll-ups beside random work: after any commands and undos, read at any moment, they equal a recomputation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from boxes_tui.data.engine import set_scope
from boxes_tui.data.tables import opportunity
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaign_undo import UndoCampaign
from boxes_tui.desk.campaigns import campaign_from_lines
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.undo import Undo
from boxes_tui.errors import BoxesError
from boxes_tui.reports.rollups import ROLLED, count_facts, differences, monthly
from tests.support.house import Desk, open_desk

LOW, HIGH = date(2024, 1, 1), date(2027, 12, 31)


@pytest.fixture
def desk(migrated_db_url: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_db_url)
    yield made
    made.house.close()


def command(desk: Desk, rng: Random) -> Any:
    """A random act over a random row."""
    opened = [r["id"] for r in desk.rows(opportunity, opportunity.c.state == "open")]
    row = f"opportunities:{rng.choice(opened)}" if opened else "opportunities:1"
    when = f"+{rng.randint(1, 60)}d"
    return rng.choice([
        LogCall(row, rng.choice(("no_answer", "busy", "attended"))),
        LogCall(desk.ref("deliveries", "delivery"), "attended"),
        CreateOpportunity(desk.ref("deliveries", "delivery"), when, "Service"),
        Reschedule(row, when), Discard(row, "price"), Sell(row, f"{when} 10:00"), Undo(),
        Confirm(desk.ref("appointments", "turno")), Deliver(desk.ref("in_process", "order")),
        campaign_from_lines(desk.house.engine, "NT", "recall", [f"AB{n:03d}CD" for n in range(200)], due=when, per_day=1),
        UndoCampaign(rng.randint(1, 3)),
    ])  # fmt: skip


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_after_any_work_they_equal_a_recomputation(desk: Desk, seed: int) -> None:
    rng, done = Random(seed), 0
    boss = desk.session("rosa")  # sees every branch
    for n in range(60):
        desk.later(minutes=rng.randint(1, 600))
        try:
            desk.do(command(desk, rng), "luis")
            done += 1
        except BoxesError:
            continue
        if n % 6 == 0:
            check(desk, boss)
    assert done > 20
    check(desk, boss)


def check(desk: Desk, boss: Any) -> None:
    for report in ROLLED:
        found = monthly(desk.house.engine, boss, report, LOW, HIGH)
        with desk.house.engine.connect() as conn:
            set_scope(conn, None)
            facts = count_facts(conn, boss, report, LOW, HIGH)
            assert sum(m.n for m in found) == sum(facts.values()), report
            assert not differences(conn, boss, report), report
