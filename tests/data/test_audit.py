"""The audit only grows, and whoever changes it all the same is found (RELIABILITY S7)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from boxes_tui.clock import wall
from boxes_tui.data.audit import GENESIS, append_audit, digest, seal, seal_hourly, verify
from boxes_tui.data.commands import execute
from boxes_tui.data.engine import reading, set_scope, writing
from boxes_tui.data.tables import act, audit, audit_seal
from boxes_tui.data.types import epoch
from boxes_tui.desk.notes import Note
from tests.support.house import Desk, open_desk

SESSIONS, EACH = 4, 8


@pytest.fixture
def desk(migrated_db_url: str, home: Path) -> Iterator[Desk]:
    """Four sessions that wrote eight notes each; the first half of each is sealed."""
    made = open_desk(migrated_db_url)
    for half in range(2):
        for n in range(SESSIONS):
            session = replace(made.session("luis"), chain=f"chain {n}")
            for _note in range(EACH // 2):
                execute(made.house.engine, session, Note(made.ref("opportunities", "op_pena"), "x"))
        if half == 0:
            with writing(made.house.engine) as conn:
                set_scope(conn, None)
                assert seal(conn, wall()) == SESSIONS
    yield made
    made.house.close()


def unlocked(conn: Connection) -> None:
    """What only the owner of the database can do: take the triggers away."""
    set_scope(conn, None)
    for table in ("audit", "audit_seal"):
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql(f"DROP TRIGGER {table}_no_update")
            conn.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
        else:
            conn.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


@pytest.mark.parametrize("table", [audit, audit_seal], ids=["audit", "seals"])
def test_nobody_changes_an_entry(desk: Desk, table: Any) -> None:
    """Not even the owner, with an ordinary statement."""
    column = "verb" if table is audit else "hash"
    statements = [f"UPDATE {table.name} SET {column} = 'x'", f"DELETE FROM {table.name}"]
    if desk.house.engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table.name}")
    for statement in statements:
        with pytest.raises(DBAPIError, match="only grows"), desk.house.engine.begin() as conn:
            set_scope(conn, None)
            conn.exec_driver_sql(statement)
    assert len(desk.rows(table)) == (SESSIONS * EACH if table is audit else SESSIONS)


# --- ways to tamper, each by somebody who owns the database -------------------------------------------------------


def edit(conn: Connection, rng: random.Random) -> None:
    """Another value in any column of any entry."""
    row = rng.choice(conn.execute(select(audit)).mappings().all())
    column = rng.choice([c for c in audit.c if c.name != "id"])
    old = row[column.name]
    new: Any = {"detail": {"x": 1}, "at": 7}.get(column.name, rng.choice([99, 98]) if isinstance(old, int) else "other")
    new = 97 if column.name in ("user_id", "branch_id", "subject_id", "act_id", "seq") else new
    if column.name == "branch_id":
        new = None if old is not None else conn.execute(select(audit.c.branch_id).where(audit.c.branch_id > 0)).scalar()
    conn.execute(audit.update().where(audit.c.id == row["id"]).values({column.name: new}))


def forge(conn: Connection, rng: random.Random) -> None:
    """Another verb with a hash that fits it, in an entry that a seal or the next entry holds."""
    row = dict(rng.choice(conn.execute(select(audit).where(audit.c.seq < EACH)).mappings().all()))
    row["at"], row["verb"] = epoch(row["at"]), "discard"
    conn.execute(audit.update().where(audit.c.id == row["id"]).values(verb="discard", hash=digest(row)))


def delete(conn: Connection, rng: random.Random) -> None:
    """Some entries less, anywhere."""
    ids = conn.execute(select(audit.c.id)).scalars().all()
    conn.execute(audit.delete().where(audit.c.id.in_(rng.sample(ids, rng.randint(1, 3)))))


def cut(conn: Connection, rng: random.Random) -> None:
    """The end of a chain less, sealed or not."""
    chain = f"chain {rng.randrange(SESSIONS)}"
    conn.execute(audit.delete().where(audit.c.chain == chain, audit.c.seq > rng.randrange(EACH)))


def cut_all(conn: Connection, rng: random.Random) -> None:
    """A whole chain less, and the acts that it tells of: its seal stays."""
    chain = f"chain {rng.randrange(SESSIONS)}"
    acts = conn.execute(select(audit.c.act_id).where(audit.c.chain == chain)).scalars().all()
    conn.execute(audit.delete().where(audit.c.chain == chain))
    conn.execute(act.delete().where(act.c.id.in_(acts)))


def reorder(conn: Connection, rng: random.Random) -> None:
    """Two entries of a chain change places."""
    chain = f"chain {rng.randrange(SESSIONS)}"
    one, other = rng.sample(range(1, EACH + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        conn.execute(audit.update().where(audit.c.chain == chain, audit.c.seq == old).values(seq=new))


def move(conn: Connection, rng: random.Random) -> None:
    """An entry goes over to another chain's end."""
    row = rng.choice(conn.execute(select(audit.c.id, audit.c.chain)).all())
    other = rng.choice([n for n in range(SESSIONS) if f"chain {n}" != row.chain])
    conn.execute(audit.update().where(audit.c.id == row.id).values(chain=f"chain {other}", seq=EACH + 1))


def unseal(conn: Connection, rng: random.Random) -> None:
    """A seal that says something else."""
    row = rng.choice(conn.execute(select(audit_seal.c.id)).scalars().all())
    conn.execute(audit_seal.update().where(audit_seal.c.id == row).values(hash=GENESIS))


WAYS: list[Callable[[Connection, random.Random], None]] = [
    edit, forge, delete, cut, cut_all, reorder, move, unseal,
]  # fmt: skip


@pytest.mark.parametrize("times", [15, pytest.param(130, marks=pytest.mark.long)])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_tampering_is_found(desk: Desk, way: Callable[[Connection, random.Random], None], times: int) -> None:
    """In the long form over a thousand on each database.

    Seen to fail: without the acts held against their entries (``cut`` after the last seal); without the seals
    (``cut_all``, ``unseal``); with a digest that leaves ``branch_id`` or ``detail`` out (``edit``).
    """
    rng = random.Random(f"{way.__name__} {times}")
    for n in range(times):
        with desk.house.engine.connect().execution_options(boxes_write=True) as conn:
            unlocked(conn)
            way(conn, rng)
            found = verify(conn)
            assert not found.ok and found.first_bad is not None, (way.__name__, n)
            conn.rollback()
    with reading(desk.house.engine) as conn:
        set_scope(conn, None)
        assert verify(conn).ok


def test_seals_are_made_hourly_and_name_the_rest(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        set_scope(conn, None)
        assert verify(conn).unsealed == SESSIONS * EACH // 2
        assert seal_hourly(conn, wall()) == 0, "the fixture sealed a moment ago"
        assert seal(conn, wall()) == SESSIONS and verify(conn).unsealed == 0
        assert seal(conn, wall()) == 0, "no chain grew"


def long_audit(desk: Desk, entries: int) -> float:
    """Seconds to verify a chain of so many entries."""
    values: list[dict[str, Any]] = []
    prev = GENESIS
    for n in range(1, entries + 1):
        row: dict[str, Any] = {
            "chain": "long", "seq": n, "prev": prev, "at": 1_795_540_200 + n, "user_id": 1, "branch_id": 1, "verb": "call",
            "subject": "opportunity", "subject_id": n, "act_id": None, "detail": {"code": "no_answer"},
        }  # fmt: skip
        prev = digest(row)
        values.append({**row, "hash": prev})
    with writing(desk.house.engine) as conn:
        set_scope(conn, None)
        conn.execute(insert(audit), values)
    with reading(desk.house.engine) as conn:
        set_scope(conn, None)
        began = time.perf_counter()
        assert verify(conn).entries == entries + SESSIONS * EACH
        return time.perf_counter() - began


def test_verifying_costs_as_much_as_reading_and_hashing(desk: Desk) -> None:
    """Linear, and a small multiple of what the hashes alone cost in the same run."""
    seconds = long_audit(desk, 5_000)
    row = dict.fromkeys(
        ("chain", "seq", "prev", "at", "user_id", "branch_id", "verb", "subject", "subject_id", "act_id"), 1
    )
    began = time.perf_counter()
    for _n in range(5_000):
        digest({**row, "detail": {"code": "no_answer"}, "prev": GENESIS})
    alone = time.perf_counter() - began
    print(f"verify {seconds / alone:.1f} times the hashes alone")
    assert seconds < 25 * alone


@pytest.mark.long
def test_a_hundred_thousand_entries(desk: Desk) -> None:
    seconds = long_audit(desk, 100_000)
    print(f"{seconds:.1f} s")
    assert seconds < 30, "under 10 s on a quiet machine"


def test_an_entry_tells_of_its_own_chain(desk: Desk) -> None:
    """A session whose entries come in is verified as it grows."""
    session = replace(desk.session("luis"), chain="another")
    with writing(desk.house.engine) as conn:
        set_scope(conn, None)
        for _n in range(3):
            append_audit(conn, session, "note", None, None, None)
        assert verify(conn).ok
