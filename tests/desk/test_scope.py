"""Branches and roles (RELIABILITY S5): the session's scope, and PostgreSQL's row-level security behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from boxes_tui.data.engine import make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.grants import grant
from boxes_tui.data.reads.queues import Ask, rows
from boxes_tui.data.tables import act, call, opportunity
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.next_call import next_row
from boxes_tui.desk.opportunities import CreateOpportunity, Discard
from boxes_tui.desk.undo import Undo
from boxes_tui.domain.roles import LEAST, ROLES, may
from boxes_tui.errors import Refused
from tests.support.house import TODAY, Desk, add_opportunity, open_desk


@pytest.fixture
def ruled(migrated_pg: str, home: Path) -> Iterator[Desk]:
    """A desk whose commands run as a database role that row-level security holds for."""
    desk = open_desk(migrated_pg)
    role = f"app_{desk.house.engine.url.database}"
    with writing(desk.house.engine) as conn:
        conn.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        grant(conn, role)
    owner = desk.house.engine
    desk.house.engine = make_engine(parse_url(migrated_pg).set(username=role))
    yield desk
    desk.house.engine.dispose()
    desk.house.engine = owner
    with writing(owner) as conn:
        conn.exec_driver_sql(f"DROP OWNED BY {role}")
        conn.exec_driver_sql(f"DROP ROLE {role}")
    desk.house.close()


def visible(desk: Desk, login: str) -> int:
    with reading(desk.house.engine) as conn:
        set_scope(conn, desk.session(login).branch_ids)
        return int(conn.exec_driver_sql("SELECT count(*) FROM opportunity").scalar_one())


def test_acts_run_under_row_level_security(ruled: Desk) -> None:
    assert (visible(ruled, "ana"), visible(ruled, "rocio")) == (2, 0)
    done = ruled.do(LogCall(ruled.ref("opportunities", "op_pena"), "4", at="mañana 10"))
    ruled.do(Undo(done.act))
    for command in (
        LogCall(ruled.ref("opportunities", "op_pena"), "1"), Discard(ruled.ref("opportunities", "op_pena"), "price"),
        Undo(done.act),
    ):  # fmt: skip
        with pytest.raises(Refused):
            ruled.do(command, "rocio")


def test_one_open_per_vehicle_holds_across_branches(ruled: Desk) -> None:
    """The other branch's opportunity is not seen, yet the refusal is a sentence."""
    with pytest.raises(Refused, match="Ya tiene una abierta"):
        ruled.do(CreateOpportunity(ruled.ref("vehicles", "pena_unit"), "+3d", "Service"), "rocio")
    later = ruled.do(LogCall(ruled.ref("customers", "baez"), "6", due="+3d"), "rocio").result
    assert later["opportunity"], "without a unit there is no twin"


def test_spoken_to_in_another_branch_counts(ruled: Desk) -> None:
    ruled.do(LogCall(ruled.ref("customers", "pena"), "0"), "rocio")
    row, _why = next_row(ruled.house.engine, ruled.session(), Ask("opportunities", "all"))
    assert row is not None and row.ref == ruled.ref("opportunities", "op_baez")


def test_the_mark_of_an_open_opportunity_is_the_dealers(ruled: Desk) -> None:
    ruled.do(CreateOpportunity(ruled.ref("vehicles", "rios_unit"), "+3d", "Service"), "rocio")
    with reading(ruled.house.engine) as conn:
        set_scope(conn, ruled.session("ana").branch_ids)
        found = rows(conn, ruled.session("ana"), Ask("deliveries", "all"))
        assert [r.open_opportunity for r in found] == [TODAY + timedelta(3)]
        assert len(rows(conn, ruled.session("ana"), Ask("opportunities", "all"))) == 2, "the row itself stays hidden"


def test_every_verb_of_the_desk_has_its_role(lite: Desk) -> None:
    """The commands of the desk are enumerated: none without a policy, a viewer has none, an agent the desk's."""
    import importlib
    import inspect
    import pkgutil

    import boxes_tui.desk as room
    from boxes_tui.data.commands import Command

    found = {}
    for module in pkgutil.iter_modules(room.__path__):
        for name, item in inspect.getmembers(importlib.import_module(f"boxes_tui.desk.{module.name}"), inspect.isclass):
            if issubclass(item, Command) and not inspect.isabstract(item):
                found[name] = item.verb
    assert len(found) > 25
    assert set(found.values()) <= set(LEAST)
    for verb in found.values():
        assert not may("viewer", verb) and may("admin", verb)
        assert [may(r, verb) for r in ROLES] == sorted(may(r, verb) for r in ROLES), "more rank, never less"
    assert {v for v in found.values() if may("agent", v)} >= {
        "call",
        "opportunity",
        "discard",
        "confirm",
        "deliver",
        "undo",
    }
    assert not {"assign", "steal", "unblock", "override", "import", "user"} & {
        v for v in found.values() if may("agent", v)
    }
    add_opportunity(lite, "ros", "rios", TODAY, branch_id=lite.ids["ros"], origin="delivery")
    with pytest.raises(Refused):
        lite.do(LogCall(lite.ref("opportunities", "ros"), "1"))
    lite.do(LogCall(lite.ref("opportunities", "ros"), "1"), "rocio")
    assert len(lite.rows(call)) == 1 and len(lite.rows(act)) == 1
    assert lite.rows(opportunity)[2]["attempts"] == 1
