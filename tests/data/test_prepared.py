"""Statements that the driver runs: they bind, read and fail as SQLAlchemy's own do (QUALITY §1, P6)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from boxes_tui.data.engine import reading, writing
from boxes_tui.data.prepared import Prepared, padded
from boxes_tui.data.tables import act, customer
from tests.support.house import Desk

ACT = {
    "key": "k1", "args_digest": "d", "verb": "call", "at": datetime(2026, 11, 24, 17, 10, tzinfo=UTC),
    "day": date(2026, 11, 24), "undoable": False, "result": {"ñ": [1, None]},
}  # fmt: skip
MAKE = Prepared(insert(act).returning(act.c.id), tuple(ACT))
FIND = Prepared(select(act).where(act.c.key == bindparam("wanted")))


def test_types_are_bound_and_read_as_everywhere(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        made = MAKE.scalar(conn, ACT)
    with reading(desk.house.engine) as conn:
        ours = FIND.first(conn, {"wanted": "k1"})
        theirs = conn.execute(select(act).where(act.c.id == made)).mappings().one()
    assert ours == dict(theirs)
    assert ours is not None and ours["at"] == ACT["at"] and ours["day"] == ACT["day"] and ours["undoable"] is False


def test_nothing_found_is_none(desk: Desk) -> None:
    with reading(desk.house.engine) as conn:
        assert FIND.first(conn, {"wanted": "none"}) is None
        assert FIND.scalar(conn, {"wanted": "none"}) is None


def test_errors_of_the_driver_are_sqlalchemys_and_tell_no_value(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        MAKE.run(conn, ACT)
    with pytest.raises(IntegrityError) as caught, writing(desk.house.engine) as conn:
        MAKE.run(conn, {**ACT, "result": {"phone": "3515123456"}})
    assert "3515123456" not in str(caught.value)
    with reading(desk.house.engine) as conn:  # the connection is good for the next
        assert FIND.first(conn, {"wanted": "k1"}) is not None


def test_what_a_block_wrote_is_rolled_back_with_it(desk: Desk) -> None:
    with pytest.raises(RuntimeError), writing(desk.house.engine) as conn:
        MAKE.run(conn, ACT)
        raise RuntimeError
    with reading(desk.house.engine) as conn:
        assert FIND.first(conn, {"wanted": "k1"}) is None


def test_a_read_alone_opens_a_snapshot(desk: Desk) -> None:
    """Without its own BEGIN a read on SQLite would see each statement's instant (mutant: no ``conn.begin()``)."""
    who = select(customer.c.id).where(customer.c.display_name == bindparam("name"))
    with reading(desk.house.engine) as conn:
        assert Prepared(who).scalar(conn, {"name": "PENA"}) is not None
        assert conn.in_transaction()


def test_lists_are_padded_to_powers_of_two() -> None:
    assert padded("n", []) == (1, {"n0": None})
    assert padded("n", [7]) == (1, {"n0": 7})
    assert padded("n", [1, 2, 3]) == (4, {"n0": 1, "n1": 2, "n2": 3, "n3": 3})


def test_a_list_of_unknown_length_is_refused(desk: Desk) -> None:
    query = Prepared(select(act.c.id).where(act.c.id.in_(bindparam("ids", expanding=True))))
    with reading(desk.house.engine) as conn, pytest.raises(ValueError, match="unknown length"):
        query.all(conn, {"ids": [1]})
