"""Roll-ups beside random readings of the DMS: after any exports, acts and undos between them, they equal a recomputation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from boxes_tui.data.engine import set_scope
from boxes_tui.data.tables import appointment, opportunity, repair_order, sale_delivery
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaign_undo import UndoCampaign
from boxes_tui.desk.campaigns import campaign_from_lines
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.undo import Undo
from boxes_tui.errors import BoxesError
from boxes_tui.reports.rollups import ROLLED, count_facts, differences, monthly
from tests.dms.mini import Mini, day

LOW, HIGH = date(2024, 1, 1), date(2027, 12, 31)
CARS = 14
Row = dict[str, Any]


class Feed:
    """What the DMS exports: rows that come, move, change state, and go."""

    def __init__(self, seed: int) -> None:
        self.rng, self.last = Random(seed), 0
        self.files: dict[str, dict[str, Row]] = {name: {} for name in ("sales", "agenda", "orders")}

    def step(self, mini: Mini, today: int) -> None:
        """Some rows change, one may go, some come; then everything is exported."""
        for name, rows in self.files.items():
            for row in rows.values():
                if self.rng.random() < 0.3:
                    row.update(self._row(name, today))
            if len(rows) > 8 and self.rng.random() < 0.5:
                del rows[self.rng.choice(list(rows))]
            for _n in range(self.rng.randint(1, 4)):
                self.last += 1
                rows[f"{name}{self.last}"] = {"id": f"{name}{self.last}", **self._row(name, today)}
            mini.put(name, *rows.values())

    def _row(self, name: str, today: int) -> Row:
        car, when = self.rng.randrange(CARS), today + self.rng.randint(-45, 8)
        who = {"plate": f"AB{car:03d}CD", "customer": f"c{car % 9}"}
        if name == "sales":
            return {**who, "at": day(min(when, today)), "state": self.rng.choice("EEEA")}
        if name == "agenda":
            return {**who, "start": day(max(when, today - 5)), "state": self.rng.choice("PPXIN")}
        opened = min(when, today)
        ended = self.rng.choice(("AB", "TE", "EN", "EN", "AN"))
        gone = day(min(today, opened + self.rng.randint(0, 20)), "11:00") if ended == "EN" else ""
        return {**who, "opened": day(opened, "09:00"), "closed": gone, "delivered": gone, "state": ended}


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Mini]:
    made = Mini(tmp_path, None)
    yield made
    made.house.close()


@pytest.fixture
def mini(tmp_path: Path, migrated_db_url: str) -> Iterator[Mini]:
    made = Mini(tmp_path, migrated_db_url)
    yield made
    made.house.close()


def acted(mini: Mini, rng: Random) -> Any:
    """A random act over random rows of the base."""
    ids: dict[str, list[int]] = {}
    with mini.house.engine.connect() as conn:
        set_scope(conn, None)
        for table in (opportunity, appointment, repair_order, sale_delivery):
            ids[table.name] = list(conn.execute(select(table.c.id)).scalars()) or [1]
    row, when = f"opportunities:{rng.choice(ids['opportunity'])}", f"+{rng.randint(1, 60)}d"
    sale, order = f"deliveries:{rng.choice(ids['sale_delivery'])}", f"in_process:{rng.choice(ids['repair_order'])}"
    plates = [f"AB{n:03d}CD" for n in range(CARS)]
    return rng.choice([
        LogCall(row, rng.choice(("no_answer", "busy", "attended"))), LogCall(sale, "attended"),
        CreateOpportunity(sale, when, "Service"), CreateOpportunity(order, when, "Frenos"), Reschedule(row, when),
        Discard(row, "price"), Sell(row, f"{when} 10:00"), Undo(), Deliver(order),
        Confirm(f"appointments:{rng.choice(ids['appointment'])}"),
        campaign_from_lines(mini.house.engine, "NT", "recall", plates, due=when, per_day=2),
        UndoCampaign(rng.randint(1, 3)),
    ])  # fmt: skip


def work(mini: Mini, seed: int, rounds: int) -> None:
    feed, rng = Feed(seed), Random(seed)
    mini.put("customers", *[{"id": f"c{n}", "name": f"CLIENTE {n}", "phone": f"351555{n:04d}"} for n in range(9)])
    mini.put("vehicles", *[
        {"id": f"v{n}", "vin": f"9BD{n:014d}", "plate": f"AB{n:03d}CD", "model": "SIENA", "owner": f"c{n % 9}"}
        for n in range(CARS)
    ])  # fmt: skip
    done = 0
    check(mini)
    for reading in range(rounds):  # several a business day: at the first look of a day everything is counted anew
        today, hour = 3 * (reading // 4), reading % 4 / 10
        feed.step(mini.at(today + hour), today)
        mini.run()
        check(mini)
        for n in range(6):
            mini.at(today + hour + n / 100)
            mini.house.refresh()
            try:
                mini.house.execute(acted(mini, rng))
                done += 1
            except BoxesError:
                continue
        check(mini)
    assert done > rounds


def check(mini: Mini) -> None:
    house = mini.house
    for report in ROLLED:
        found = monthly(house.engine, house.session, report, LOW, HIGH)
        with house.engine.connect() as conn:
            set_scope(conn, None)
            facts = count_facts(conn, house.session, report, LOW, HIGH)
            assert sum(m.n for m in found) == sum(facts.values()), report
            assert not differences(conn, house.session, report), report


def test_after_any_readings_and_acts_they_equal_a_recomputation(lite: Mini) -> None:
    work(lite, 1, 7)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_after_many_readings_and_acts_on_both_databases(mini: Mini, seed: int) -> None:
    work(mini, seed, 14)
