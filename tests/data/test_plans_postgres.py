"""What an agent does all day must find its rows by an index at five years of rows too: asked of PostgreSQL's planner.

With ``enable_seqscan`` off it reads a whole table only where no index helps.  The board's and the lists' counts over
what still waits are held by ``test_plans``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from boxes_tui.data.commands import Command
from boxes_tui.data.engine import reading, set_scope
from boxes_tui.data.reads import board, card_phones, customers, my_day, queues, reach, reconciliation, search, wallboard
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import Session
from boxes_tui.data.tables.waiting import metadata
from boxes_tui.desk import gate
from boxes_tui.desk.appointments import Comment, Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.next_call import next_row, peek
from boxes_tui.desk.notes import Note
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.undo import Undo
from boxes_tui.domain.queues import QUEUES
from tests.support.house import TODAY, Desk, local, open_desk

BIG = frozenset({
    "act", "appointment", "audit", "call", "campaign_unit", "claim_log", "contact_log", "customer", "customer_phone",
    "dnc_number", "note", "opportunity", "order_line", "outbox", "repair_order", "sale_delivery", "search_entry",
    "vehicle", "vehicle_owner",
})  # fmt: skip

INDEXES = {
    str(index.name): table.name for table in metadata.tables.values() for index in table.indexes
    if index.dialect_options["postgresql"]["where"] is None
}  # fmt: skip
"""Those that hold every row of their table."""

Found = list[tuple[str, str]]


@pytest.fixture
def desk(migrated_pg: str, home: Any) -> Iterator[Desk]:
    made = open_desk(migrated_pg)
    yield made
    made.house.close()


def read_whole(plan: str) -> Iterator[str]:
    """Tables that a plan reads from end to end: without an index, or along one with no condition on it but the branch.
    Along an index of the rows that still wait for something is no such thing."""
    lines = plan.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if step := re.search(r"Seq Scan on (\w+)", line):
            yield step[1]
        elif (step := re.search(r"Scan(?: Backward)? (?:using|on) (\w+)", line)) and step[1] in INDEXES:
            _, _, condition = below.partition("Index Cond: ")
            if not set(re.findall(r"\b[a-z]\w+(?= (?:=|<|>|~|IS|@))", condition)) - {"branch_id"}:
                yield INDEXES[step[1]]


@pytest.fixture
def whole_tables(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The statements, from here on, that could only be answered by reading all of a big table: (table, statement)."""
    found: Found = []
    run = psycopg.Cursor.execute

    def explained(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        sql = query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else ""
        if re.match(r"(?i)\s*(select|update|delete|insert|with)\b", sql) and "set_config" not in sql:
            with self.connection.cursor() as asking:
                run(asking, "SET LOCAL enable_seqscan = off")
                run(asking, f"EXPLAIN {sql}", params)
                plan = "\n".join(row[0] for row in asking.fetchall())
                run(asking, "SET LOCAL enable_seqscan = on")
            found.extend((name, sql) for name in read_whole(plan) if name in BIG)
        return run(self, query, params, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", explained)
    return found


def reads(desk: Desk) -> Iterator[Callable[[Connection, Session], Any]]:
    customer_id = desk.ids["pena"]
    yield board.board
    yield queues.all_counts
    for queue in QUEUES.values():
        for flt in queue.filters:
            ask = Ask(queue.code, flt.code)
            yield partial(queues.rows, ask=ask, limit=50)
            yield partial(peek, ask=ask)
    yield lambda conn, session: customers.card(conn, session, customer_id)
    yield lambda conn, session: card_phones.card_phones(conn, customer_id)
    yield lambda conn, session: reach.contacts_of(conn, customer_id)
    yield my_day.my_day
    yield wallboard.wallboard
    yield lambda conn, session: reconciliation.reconciliation(conn, session, "unmatched")
    yield lambda conn, session: gate.verdict(
        conn, session, customer_id=customer_id, branch_id=desk.ids["cba"], purpose="offer", numbers=("3515123456",)
    )
    for words in ("pena", "nunez mar", "4821", "3515123456", "AB123CD", "8AP00012", "OT-5012", "20001234"):
        yield partial(search.search, query=words)


def acts(desk: Desk) -> Iterator[Command]:
    later = local(TODAY.replace(day=30), 10)
    yield LogCall(desk.ref("opportunities", "op_pena"), "no_answer")
    yield LogCall(desk.ref("deliveries", "delivery"), "attended", note="todo bien")
    yield LogCall(desk.ref("completed", "service"), "attended", score=9)
    yield LogCall(desk.ref("opportunities", "op_baez"), "callback", at=later)
    yield Reschedule(desk.ref("opportunities", "op_baez"), later)
    yield Sell(desk.ref("opportunities", "op_baez"), later)
    yield Discard(desk.ref("opportunities", "op_pena"), "price")
    yield Confirm(desk.ref("appointments", "turno"))
    yield Comment(desk.ref("appointments", "turno"), "viene con grúa")
    yield Rebook(desk.ref("appointments", "no_show"))
    yield CreateOpportunity(desk.ref("completed", "service"), later, "Service 20.000 km")
    yield Deliver(desk.ref("in_process", "order"))
    yield Note(desk.ref("customers", "pena"), "prefiere la tarde")


def test_reads_find_their_rows_by_an_index(desk: Desk, whole_tables: Found) -> None:
    """Mutants: no ``ix_vehicle_driver_id``; the gate's question for the person as an OR with a subquery."""
    session = desk.session()
    for read in reads(desk):
        with reading(desk.house.engine) as conn:
            set_scope(conn, session.branch_ids)
            read(conn, session)
    assert whole_tables == []


def test_acts_find_their_rows_by_an_index(desk: Desk, whole_tables: Found) -> None:
    for n, command in enumerate(acts(desk)):
        done = desk.do(command, key=f"k{n}")
        if n % 3 == 0:
            desk.do(Undo(done.act))
    for queue in ("deliveries", "opportunities", "completed", "leaks"):
        next_row(desk.house.engine, desk.session(), Ask(queue, "all"))
    assert whole_tables == []
