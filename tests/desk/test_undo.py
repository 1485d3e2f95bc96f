"""Undo sets back only what still is as the act made it, and can be undone itself (PRODUCT §5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from boxes_tui.data.commands import Command
from boxes_tui.data.engine import writing
from boxes_tui.data.tables import act, appointment, block, call, complaint, note, opportunity, repair_order
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.checks import recompute
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.rollback import DMS_TABLES
from boxes_tui.desk.undo import Undo, last_act, preview
from boxes_tui.domain.queues import REF_SUBJECTS
from boxes_tui.errors import Refused
from tests.support.house import TODAY, Desk

WORK = ("sale_delivery", "opportunity", "appointment", "repair_order", "complaint")
ACTS: list[tuple[str, str, Any]] = [
    ("opportunities", "op_pena", lambda r: LogCall(r, "1")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "4", at="mañana 10")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "5", at="lu 15:30", note="x")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "6", due="+9d")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "7", reason="vehicle_sold")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "8")),
    ("opportunities", "op_pena", lambda r: LogCall(r, "9")),
    ("deliveries", "delivery", lambda r: LogCall(r, "0")),
    ("deliveries", "delivery", lambda r: LogCall(r, "6", due="+9d")),
    ("completed", "service", lambda r: LogCall(r, "0", score=3)),
    ("appointments", "no_show", lambda r: LogCall(r, "5", at="lu 9:00")),
    ("opportunities", "op_pena", lambda r: Discard(r, "price", "caro")),
    ("opportunities", "op_pena", lambda r: Reschedule(r, "+3d")),
    ("opportunities", "op_pena", lambda r: Sell(r, "lu 10:00")),
    ("deliveries", "delivery", lambda r: CreateOpportunity(r, "+9d", "Service")),
    ("appointments", "no_show", lambda r: Rebook(r)),
    ("appointments", "turno", lambda r: Confirm(r, "llega tarde")),
    ("in_process", "order", lambda r: Deliver(r)),
]


def everything(desk: Desk) -> dict[str, Any]:
    """All rows that agents work on, without what is annulled."""
    from boxes_tui.data.tables import metadata

    found: dict[str, Any] = {}
    for name in (*WORK, "customer", "customer_phone", "vehicle"):
        for row in desk.rows(metadata.tables[name]):
            if row.get("annulled_at") is None and row.get("state") != "cancelled" and row.get("present", True):
                found[f"{name}:{row['id']}"] = row
    for table, column in ((call, "annulled_at"), (note, "annulled_at"), (block, "lifted_at")):
        for row in desk.rows(table):
            if row[column] is None:
                found[f"{table.name}:{row['id']}"] = row
    return found


@pytest.mark.parametrize("n", range(len(ACTS)))
def test_undo_and_undo_of_undo(desk: Desk, n: int) -> None:
    queue, name, make = ACTS[n]
    before = everything(desk)
    done = desk.do(make(desk.ref(queue, name)))
    after = everything(desk)
    assert after != before
    first = desk.do(Undo(done.act))
    assert everything(desk) == before
    assert (first.row, first.result["changed"]) == (done.row, [])
    with pytest.raises(Refused, match="ya se deshizo"):
        desk.do(Undo(done.act))
    desk.do(Undo(first.act))
    assert everything(desk) == after
    desk.do(Undo(done.act))
    assert everything(desk) == before
    with desk.house.engine.connect() as conn:
        assert recompute(conn) == []


def test_rows_are_annulled_not_deleted(desk: Desk) -> None:
    done = desk.do(LogCall(desk.ref("completed", "service"), "0", score=2, note="ruido"))
    made = desk.do(CreateOpportunity(desk.ref("deliveries", "delivery"), "+9d", "Service"))
    desk.do(Undo(done.act))
    desk.do(Undo(made.act))
    assert desk.rows(call)[0]["annulled_at"] and desk.rows(complaint)[0]["annulled_at"]
    assert desk.row(opportunity, int(made.result["opportunity"]))["state"] == "cancelled"


def test_what_changed_since_stays(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    moved = desk.do(Reschedule(ref, "+3d"))
    sold = desk.do(Sell(ref, "lu 10:00"))
    shown = desk.house.read(lambda conn, _s: preview(conn, desk.session(), moved.act))
    assert shown is not None and shown.changed == (f"opportunity:{desk.ids['op_pena']}",)
    with pytest.raises(Refused, match="Cambió después"):
        desk.do(Undo(moved.act))
    desk.do(Undo(sold.act))
    desk.do(Undo(moved.act))
    assert desk.row(opportunity, desk.ids["op_pena"])["due_day"] == TODAY - timedelta(4)


def test_an_earlier_call_is_taken_out_of_the_middle(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    first = desk.do(LogCall(ref, "1"))
    desk.later(minutes=10).do(LogCall(ref, "4", at="mañana 10"))
    desk.do(Undo(first.act))
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["attempts"], row["last_code"], row["next_kind"]) == (1, "callback", "callback")


def test_the_dms_matched_sale_goes_back_with_the_sale(desk: Desk) -> None:
    sold = desk.do(Sell(desk.ref("opportunities", "op_pena"), "vi 15:00"))
    with writing(desk.house.engine) as conn:
        conn.execute(update(opportunity).values(match="verified", appointment_id=desk.ids["turno"], match_reads=1))
    desk.do(Undo(sold.act))
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["state"], row["match"], row["appointment_id"], row["sold_for"]) == ("open", None, None, None)


def test_the_sync_undid_the_confirmation_first(desk: Desk) -> None:
    done = desk.do(Confirm(desk.ref("appointments", "turno")))
    with writing(desk.house.engine) as conn:
        conn.execute(update(appointment).values(confirmed_at=None, confirmed_by=None, confirmed_start=None))
    with pytest.raises(Refused):
        desk.do(Undo(done.act))


def test_whose_acts_may_be_undone(desk: Desk) -> None:
    mine = desk.do(Discard(desk.ref("opportunities", "op_pena"), "price"))
    with pytest.raises(Refused, match="supervisor"):
        desk.do(Undo(mine.act), "marta")
    with pytest.raises(Refused):
        desk.do(Undo(mine.act), "rocio")
    desk.later(days=1)
    with pytest.raises(Refused, match="supervisor"):
        desk.do(Undo(mine.act))
    desk.do(Undo(mine.act), "luis")
    assert desk.row(opportunity, desk.ids["op_pena"])["state"] == "open"


def test_the_last_act_is_meant_without_a_number(desk: Desk) -> None:
    with pytest.raises(Refused, match="Nada que deshacer"):
        desk.do(Undo())
    one = desk.do(Discard(desk.ref("opportunities", "op_pena"), "price"))
    two = desk.do(Discard(desk.ref("opportunities", "op_baez"), "price"))
    assert desk.do(Undo()).result["undone"] == str(two.act)
    assert desk.do(Undo()).result["undone"] == str(one.act)
    with desk.house.engine.connect() as conn:
        latest = last_act(conn, desk.session())
    assert desk.rows(act, act.c.id == latest)[0]["verb"] == "undo", "then my latest undo"


def test_a_closed_place_is_not_opened_twice(desk: Desk) -> None:
    done = desk.do(Discard(desk.ref("opportunities", "op_pena"), "price"))
    desk.do(CreateOpportunity(desk.ref("vehicles", "pena_unit"), "+9d", "Otra"))
    with pytest.raises(Refused):
        desk.do(Undo(done.act))


def test_no_act_writes_a_column_of_the_dms(desk: Desk) -> None:
    for queue, name, make in ACTS:
        command: Command = make(desk.ref(queue, name))
        try:
            desk.do(command)
        except Refused:
            continue
    for made in desk.rows(act):
        for image in made["images"] or []:
            allowed = DMS_TABLES.get(image["t"])
            if allowed is not None and image["b"]:
                from boxes_tui.desk.rollback import DERIVED

                assert set(image["b"]) <= allowed | DERIVED.get(image["t"], frozenset()), image
    assert set(REF_SUBJECTS.values()) <= set(WORK)
    assert desk.rows(repair_order)
