"""Opportunities, appointments, orders and notes: what the rules allow and what they refuse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from boxes_tui.data.commands import Command
from boxes_tui.data.tables import act, appointment, dirty_month, note, opportunity, repair_order
from boxes_tui.desk.appointments import Comment, Confirm
from boxes_tui.desk.notes import Note
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.errors import Refused, UsageError
from tests.support.house import NOW, TODAY, Desk, add_opportunity, local


def refused(desk: Desk, command: Command, kind: type[Exception] = Refused, login: str = "ana") -> str:
    """The command is refused and leaves nothing behind."""
    before = len(desk.rows(act))
    with pytest.raises(kind) as caught:
        desk.do(command, login)
    assert len(desk.rows(act)) == before
    return str(caught.value)


@pytest.mark.parametrize("state", ["open", "sold", "discarded", "cancelled"])
@pytest.mark.parametrize("verb", ["sell", "discard", "reschedule"])
def test_the_life_cycle_decides(lite: Desk, state: str, verb: str) -> None:
    ref = f"opportunities:{add_opportunity(lite, 'one', 'rios', state=state, origin='delivery')}"
    commands: dict[str, Command] = {
        "sell": Sell(ref, "lu 10:00"), "discard": Discard(ref, "price"), "reschedule": Reschedule(ref, "+3d"),
    }  # fmt: skip
    if state == "open":
        lite.do(commands[verb])
    else:
        assert "no se puede" in refused(lite, commands[verb])


def test_discard_needs_its_reason(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    assert "price" in refused(desk, Discard(ref, None), UsageError)
    refused(desk, Discard(ref, "nada"), UsageError)
    refused(desk, Discard(ref, "other"), UsageError)
    refused(desk, Discard(desk.ref("deliveries", "delivery"), "price"), UsageError)
    done = desk.do(Discard(ref, "5", "se mudó"))
    assert (done.row, done.result["reason"]) == (ref, "distance")
    assert desk.rows(note)[0]["text"] == "se mudó"
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["state"], row["state_by"], row["state_at"]) == ("discarded", desk.ids["ana"], NOW)
    months = {(d["report"], d["month"]) for d in desk.rows(dirty_month)}
    assert ("opportunities", 2026 * 12 + 10) in months


def test_reschedule_counts_and_refuses_the_past(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    refused(desk, Reschedule(ref, None), UsageError)
    refused(desk, Reschedule(ref, "no sé cuándo"), UsageError)
    refused(desk, Reschedule(ref, "2026-11-23"))
    assert "domingo" in desk.do(Reschedule(ref, "2026-11-29 10:30")).result["warnings"][0]
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["due_day"], row["due_minute"], row["reschedules"]) == (date(2026, 11, 29), 630, 1)


def test_a_sale_needs_day_and_hour(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    for at in (None, "", "2026-11-30", "el lunes que viene"):
        refused(desk, Sell(ref, at), UsageError)
    refused(desk, Sell(ref, "2026-11-20 10:00"))
    desk.do(Sell(ref, "2026-11-30T15:30:00-03:00"))
    assert desk.row(opportunity, desk.ids["op_pena"])["sold_for"] == local(date(2026, 11, 30), 15, 30)


def test_one_open_per_vehicle_and_origin(desk: Desk) -> None:
    ref = desk.ref("deliveries", "delivery")
    refused(desk, CreateOpportunity(ref, "+9d", ""), UsageError)
    refused(desk, CreateOpportunity(ref, None, "Service"), UsageError)
    done = desk.do(CreateOpportunity(ref, "+9d", "Service 10.000", assigned="marta"))
    row = desk.row(opportunity, int(done.result["opportunity"]))
    assert (row["origin"], row["due_day"], row["assigned_user_id"]) == (
        "delivery",
        TODAY + timedelta(9),
        desk.ids["marta"],
    )
    assert "Ya tiene una abierta (03/12/2026)." in refused(desk, CreateOpportunity(ref, "+9d", "Otra"))
    desk.do(CreateOpportunity(desk.ref("vehicles", "rios_unit"), "+9d", "Frenos"))
    desk.do(CreateOpportunity(desk.ref("customers", "rios"), "+9d", "Frenos"))
    refused(desk, CreateOpportunity(desk.ref("customers", "rios"), "+9d", "Frenos"))
    refused(desk, CreateOpportunity(desk.ref("in_process", "order"), "+9d", "x", assigned="nadie"), UsageError)
    origins = [o["origin"] for o in desk.rows(opportunity)]
    assert origins.count("customer") == 4


def test_a_no_show_is_rebooked_once(desk: Desk) -> None:
    refused(desk, Rebook(desk.ref("appointments", "turno")))
    done = desk.do(Rebook(desk.ref("appointments", "no_show"))).result
    row = desk.row(opportunity, int(done["opportunity"]))
    assert (row["origin"], row["due_day"]) == ("no_show", TODAY)
    assert desk.row(appointment, desk.ids["no_show"])["rebooked_id"] == row["id"]
    refused(desk, Rebook(desk.ref("appointments", "no_show")))


def test_confirm_with_comment(desk: Desk) -> None:
    ref = desk.ref("appointments", "turno")
    desk.do(Confirm(ref, "viene con el hermano"))
    row = desk.row(appointment, desk.ids["turno"])
    assert (row["confirmed_by"], row["confirmed_start"], row["comment"]) == (
        desk.ids["ana"], row["starts_at"], "viene con el hermano",
    )  # fmt: skip
    assert [(n["kind"], n["text"]) for n in desk.rows(note)] == [(1, "viene con el hermano")]
    assert "Ana Quiroga" in refused(desk, Confirm(ref), login="marta")
    desk.do(Comment(ref, "llega 14:30"))
    assert desk.row(appointment, desk.ids["turno"])["comment"] == "llega 14:30"
    assert len(desk.rows(note)) == 2


@pytest.mark.parametrize(
    "values",
    [
        {"status": "cancelled"}, {"vanished_at": NOW}, {"gone_at": NOW}, {"arrived_at": NOW},
        {"start_day": TODAY - timedelta(1)},
    ],
)  # fmt: skip
def test_what_cannot_be_confirmed(lite: Desk, values: dict[str, Any]) -> None:
    one = lite.add(
        "one", appointment,
        **{"branch_id": lite.ids["cba"], "starts_at": NOW, "start_day": TODAY, "status": "scheduled", **values},
    )  # fmt: skip
    refused(lite, Confirm(f"appointments:{one}"))
    refused(lite, Confirm(lite.ref("in_process", "order")), UsageError)


def test_deliver_is_effective_at_once(desk: Desk) -> None:
    ref = desk.ref("in_process", "order")
    refused(desk, Deliver(ref, "mañana"))
    refused(desk, Deliver(ref, "2026-11-20 10:00"))
    refused(desk, Deliver(ref, "anteayer al mediodía"), UsageError)
    desk.do(Deliver(ref, "ayer 18:00"))
    row = desk.row(repair_order, desk.ids["order"])
    assert (row["handover_at"], row["handover_day"], row["delivery_basis"]) == (
        local(date(2026, 11, 23), 18), date(2026, 11, 23), "manual",
    )  # fmt: skip
    assert (row["manual_delivered_by"], row["manual_marked_at"]) == (desk.ids["ana"], NOW)
    refused(desk, Deliver(ref))
    refused(desk, Deliver(desk.ref("completed", "service")))


def test_notes_are_clean_and_not_empty(desk: Desk) -> None:
    refused(desk, Note(desk.ref("in_process", "order"), "  \x1b "), UsageError)
    desk.do(Note(desk.ref("in_process", "order"), "pide \x1b]52;c;QQ==\x07copia\nsegunda línea"))
    assert desk.rows(note)[0]["text"] == "pide ]52;c;QQ==copia\nsegunda línea"
    assert desk.rows(note)[0]["customer_id"] == desk.ids["baez"]


def test_the_same_key_changes_nothing(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    first = desk.do(Reschedule(ref, "+3d"), key="k1")
    again = desk.later(hours=30).do(Reschedule(ref, "+3d"), key="k1")
    assert (again.act, again.replayed, again.result) == (first.act, True, first.result)
    with pytest.raises(Refused):
        desk.do(Reschedule(ref, "+4d"), key="k1")
    with pytest.raises(Refused):
        desk.do(Discard(ref, "price"), key="k1")
    assert desk.row(opportunity, desk.ids["op_pena"])["reschedules"] == 1
