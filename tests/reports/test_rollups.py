"""Roll-ups by dirty months: equal to a recomputation, rebuilt when marked, right for people of one branch."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from boxes_tui.bootstrap import House
from boxes_tui.data.engine import set_scope, writing
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import app_user, branch, dirty_month, rollup, sale_delivery, user_branch
from boxes_tui.errors import UsageError
from boxes_tui.reports.months import month_index
from boxes_tui.reports.rollups import ROLLED, Counts, MonthCount, count_facts, differences, monthly
from tests.reports.conftest import Made
from tests.reports.dealership import TODAY

LOW, HIGH = date(2020, 3, 17), TODAY + timedelta(40)


def counts(house: House, session: Session, report: str) -> list[MonthCount]:
    return monthly(house.engine, session, report, LOW, HIGH)


def of_facts(house: House, session: Session, report: str) -> Counts:
    with house.engine.connect() as conn:
        set_scope(conn, session.branch_ids)
        return count_facts(conn, session, report, LOW, HIGH)


def as_counts(found: list[MonthCount]) -> Counts:
    return {(month_index(m.month), m.branch_id or 0): m.n for m in found}


def test_months_equal_a_recomputation_for_everybody(make_house: Made) -> None:
    house = make_house(11)
    boss = house.session
    with writing(house.engine) as conn:
        home = conn.execute(select(branch.c.id).order_by(branch.c.id)).scalars().first()
        who = conn.execute(select(app_user.c.id).where(app_user.c.login == "ana")).scalar_one()
        conn.execute(insert(user_branch).values(user_id=who, branch_id=home))
    with house.engine.connect() as conn:
        ana = open_session(conn, house.clock, "ana")
    for session in (ana, boss):
        for report in ROLLED:
            assert as_counts(counts(house, session, report)) == of_facts(house, session, report), report


def test_a_marked_month_is_counted_again_and_an_unmarked_one_is_found_out(make_house: Made) -> None:
    house = make_house(12)
    boss = house.session
    before = counts(house, boss, "deliveries")
    moved, old, new = _move(house)
    assert counts(house, boss, "deliveries") == before  # nobody marked anything
    assert house.read(differences, "deliveries")
    with writing(house.engine) as conn:
        for day in (old, new):
            conn.execute(
                insert(dirty_month).values(report="deliveries", month=month_index(day), branch_id=moved)
            )  # fmt: skip
    assert as_counts(counts(house, boss, "deliveries")) == of_facts(house, boss, "deliveries")
    assert not house.read(differences, "deliveries")
    with house.engine.connect() as conn:
        assert conn.execute(select(dirty_month.c.id)).first() is None


def test_another_day_counts_everything_again(make_house: Made) -> None:
    house = make_house(13)
    counts(house, house.session, "deliveries")
    _move(house)
    with writing(house.engine) as conn:
        conn.execute(update(rollup).where(rollup.c.code == "built").values(num=rollup.c.num - 1))
    counts(house, house.session, "deliveries")
    assert not house.read(differences, "deliveries")


def test_leaks_and_retention_do_not_add_up_by_month(make_house: Made) -> None:
    house = make_house(14, 5)
    for report in ("leaks", "retention"):
        with pytest.raises(UsageError):
            counts(house, house.session, report)


def _move(house: House) -> tuple[int, date, date]:
    """Move a delivery of an old month to another one."""
    c = sale_delivery.c
    with writing(house.engine) as conn:
        set_scope(conn, None)
        row = conn.execute(
            select(c.id, c.branch_id, c.delivered_day).where(
                c.delivered_day < TODAY - timedelta(90), c.branch_id.is_not(None), c.gone_at.is_(None),
                c.is_stub.is_(False), c.status == "delivered",
            ).limit(1)
        ).one()  # fmt: skip
        new = row[2] - timedelta(62)
        conn.execute(update(sale_delivery).where(c.id == row[0]).values(delivered_day=new))
    return int(row[1]), row[2], new
