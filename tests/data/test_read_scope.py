"""Every read by somebody of another branch: nothing of Casa Central's rows comes back (RELIABILITY S5).

Commands have ``test_matrix``; on PostgreSQL row-level security stands behind.  Customers, vehicles and the services on a
card are the dealer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from boxes_tui.data.engine import reading, set_scope, writing
from boxes_tui.data.reads import board, customers, my_day, queues, reconciliation, search, wallboard
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import Session
from boxes_tui.data.tables import appointment, call, complaint, note, opportunity, repair_order, sale_delivery
from boxes_tui.desk import undo
from boxes_tui.desk.appointments import Comment
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.next_call import peek
from boxes_tui.domain.queues import QUEUES
from boxes_tui.outreach import followup, ladder, mails
from boxes_tui.reports import campaign_progress, figures, grid
from boxes_tui.reports.population import REPORTS
from boxes_tui.reports.population import Ask as ReportAsk
from tests.support.house import TODAY, Desk, open_desk

SECRET = "De Casa Central"
MARKED = {
    opportunity: "about", appointment: "comment", repair_order: "advisor", sale_delivery: "salesperson", call: "note",
    complaint: "text", note: "text",
}  # fmt: skip
Read = Callable[[Connection, Session], Any]


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_sqlite)
    made.do(LogCall(made.ref("completed", "service"), "attended", score=2, incident="ruido"))
    made.do(LogCall(made.ref("opportunities", "op_baez"), "callback", at="hoy 18:00", mine=False))
    made.do(Comment(made.ref("appointments", "turno"), "x"))
    with writing(made.house.engine) as conn:
        for table, column in MARKED.items():
            conn.execute(update(table).values({column: SECRET}))
    yield made
    made.house.close()


def reads(desk: Desk) -> Iterator[tuple[str, Read]]:
    """Each public read, by the name of its function."""
    for queue in QUEUES.values():
        for flt in queue.filters:
            ask = Ask(queue.code, flt.code)
            yield "queues.rows", partial(queues.rows, ask=ask)
            yield "queues.row_keys", partial(queues.row_keys, ask=ask)
            yield "queues.count", partial(queues.count, ask=ask)
            yield "next_call.peek", partial(peek, ask=ask)
    for report in REPORTS:
        of = ReportAsk(report, TODAY.replace(day=1), TODAY)
        yield "figures.figures", partial(figures.figures, ask=of)
        yield "grid.rows", partial(grid.rows, ask=of)
        yield "grid.count", partial(grid.count, ask=of)
    yield from (
        ("board.board", board.board), ("queues.all_counts", queues.all_counts), ("my_day.my_day", my_day.my_day),
        ("wallboard.wallboard", wallboard.wallboard), ("followup.follow_up_counts", followup.follow_up_counts),
        ("ladder.reminders_due", ladder.reminders_due), ("ladder.unanswered", ladder.unanswered),
        ("ladder.not_sent", ladder.not_sent), ("ladder.cancelled", ladder.cancelled),
        ("ladder.no_show_ladder", ladder.no_show_ladder), ("mails.mails", mails.mails),
        ("campaign_progress.campaign_list", campaign_progress.campaign_list), ("undo.preview", undo.preview),
    )  # fmt: skip
    for code, _label in reconciliation.FILTERS:
        yield "reconciliation.reconciliation", partial(reconciliation.reconciliation, flt=code)
    for who in ("pena", "baez", "rios"):
        yield "customers.card", partial(customers.card, customer_id=desk.ids[who])
        yield "search.search", partial(search.search, query=who)
    yield "search.search", partial(search.search, query=SECRET)


def answers(desk: Desk, login: str) -> list[tuple[str, str]]:
    session = desk.session(login)
    made = []
    for name, read in reads(desk):
        with reading(desk.house.engine) as conn:
            set_scope(conn, session.branch_ids)
            made.append((name, repr(read(conn, session))))
    return made


def test_no_read_tells_of_another_branch(desk: Desk) -> None:
    """Mutant: a queue's part without ``session.scope``."""
    telling = {name for name, answer in answers(desk, "ana") if SECRET in answer}
    assert {"queues.rows", "grid.rows", "customers.card", "my_day.my_day"} <= telling, "the test could not fail"
    assert [(name, answer) for name, answer in answers(desk, "rocio") if SECRET in answer] == []


def test_counts_of_another_branch_are_nought(desk: Desk) -> None:
    session = desk.session("rocio")
    with reading(desk.house.engine) as conn:
        counts = queues.all_counts(conn, session)
        wall = wallboard.wallboard(conn, session)
        reported = [grid.count(conn, session, ReportAsk(r, TODAY.replace(day=1), TODAY)) for r in REPORTS]
    assert {n for flts in counts.values() for n in flts.values()} == {0}
    assert sum(reported) == 0 and sum(a.calls + a.held for a in wall.agents) == 0
