"""Every outcome of a call with its consequences (PRODUCT §5), on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from boxes_tui.data.tables import (
    appointment,
    block,
    call,
    complaint,
    customer,
    customer_phone,
    opportunity,
    repair_order,
    sale_delivery,
    vehicle,
)
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.checks import recompute
from boxes_tui.desk.undo import Undo
from boxes_tui.errors import Refused, UsageError
from tests.support.house import NOW, TODAY, Desk, add_opportunity, local

MONDAY = date(2026, 11, 30)


def agree(desk: Desk) -> None:
    """Queue state equals the facts."""
    with desk.house.engine.connect() as conn:
        assert recompute(conn) == []


def log(desk: Desk, ref: str, disposition: str, login: str = "ana", **more: Any) -> dict[str, Any]:
    done = desk.do(LogCall(ref, disposition, **more), login)
    agree(desk)
    return done.result


def test_no_answer_comes_back_in_four_hours(desk: Desk) -> None:
    log(desk, desk.ref("opportunities", "op_pena"), "1", note="no atiende")
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["attempts"], row["attempt_days"], row["last_code"]) == (1, 1, "no_answer")
    assert row["next_at"] == NOW + timedelta(hours=4)
    assert (row["next_kind"], row["next_user_id"], row["state"]) == ("retry", None, "open")
    made = desk.rows(call)[0]
    assert (made["contact"], made["type"], made["purpose"], made["note"]) == (
        False,
        "opportunity",
        "offer",
        "no atiende",
    )
    assert made["phone"] == "+5493515123456"


@pytest.mark.parametrize(
    ("at", "code", "expected"),
    [
        (local(date(2026, 11, 24), 14), "busy", local(date(2026, 11, 24), 14, 30)),
        (local(date(2026, 11, 24), 14), "voicemail", local(date(2026, 11, 25), 9)),
        (local(date(2026, 11, 28), 12), "voicemail", local(date(2026, 11, 30), 9)),  # Saturday: not on a Sunday
        (local(date(2026, 12, 7), 12), "voicemail", local(date(2026, 12, 9), 9)),  # 8/12 is a holiday
        (local(date(2026, 11, 28), 22), "no_answer", local(date(2026, 11, 30), 9)),  # would be Sunday 2:00
    ],
)
def test_retries_avoid_sundays_and_holidays(lite: Desk, at: Any, code: str, expected: Any) -> None:
    log(lite.at(at), lite.ref("deliveries", "delivery"), code)
    assert lite.row(sale_delivery, lite.ids["delivery"])["next_at"] == expected


def test_callback_is_mine_or_anyones(desk: Desk) -> None:
    ref = desk.ref("deliveries", "delivery")
    log(desk, ref, "4", at="mañana 10")
    row = desk.row(sale_delivery, desk.ids["delivery"])
    assert (row["next_at"], row["next_kind"]) == (local(TODAY + timedelta(1), 10), "callback")
    assert row["next_user_id"] == desk.ids["ana"]
    assert row["welcome_call_id"] is None, "a promise keeps the row pending"
    log(desk, ref, "callback", at="2026-11-25T11:00", mine=False)
    assert desk.row(sale_delivery, desk.ids["delivery"])["next_user_id"] is None
    with pytest.raises(UsageError):
        desk.do(LogCall(ref, "4"))
    with pytest.raises(Refused):
        desk.do(LogCall(ref, "4", at="2026-11-24T14:00"))
    assert len(desk.rows(call)) == 2


def test_sold_rescheduled_discarded_by_the_call(desk: Desk) -> None:
    sold, due, gone = (
        add_opportunity(desk, f"o{n}", "rios", origin=o) for n, o in enumerate(("delivery", "campaign", "completed"))
    )
    log(desk, f"opportunities:{sold}", "5", at="lu 15:30")
    row = desk.row(opportunity, sold)
    assert (row["state"], row["sold_for"], row["match"]) == ("sold", local(MONDAY, 15, 30), "waiting")
    assert row["sold_call_id"] == desk.rows(call)[0]["id"]
    assert row["contacted_at"] == NOW and row["state_by"] == desk.ids["ana"]
    log(desk, f"campaign_opportunities:{due}", "6", due="+10d")
    row = desk.row(opportunity, due)
    assert (row["state"], row["due_day"], row["reschedules"]) == ("open", TODAY + timedelta(10), 1)
    log(desk, f"opportunities:{gone}", "7", reason="price")
    row = desk.row(opportunity, gone)
    assert (row["state"], row["reason"], row["state_day"]) == ("discarded", "price", TODAY)


def test_on_other_rows_sold_and_later_make_one(desk: Desk) -> None:
    done = log(desk, desk.ref("deliveries", "delivery"), "5", at="2026-11-30 15:30")
    made = desk.row(opportunity, int(done["opportunity"]))
    assert (made["state"], made["origin"], made["origin_id"]) == ("sold", "delivery", desk.ids["delivery"])
    assert desk.row(sale_delivery, desk.ids["delivery"])["welcome_call_id"] == int(done["call"])
    done = log(desk, desk.ref("completed", "service"), "6", due="2026-12-20")
    made = desk.row(opportunity, int(done["opportunity"]))
    assert (made["state"], made["origin"], made["due_day"]) == ("open", "completed", date(2026, 12, 20))
    again = log(desk, desk.ref("completed", "service"), "6", due="2026-12-21")
    assert again["opportunity"] == done["opportunity"] and again["joined"], "one open per vehicle and origin"
    done = log(desk, desk.ref("appointments", "no_show"), "6", due="+5d")
    row = desk.row(appointment, desk.ids["no_show"])
    assert (row["rebooked_id"], row["follow_call_id"]) == (int(done["opportunity"]), int(done["call"]))
    assert desk.row(opportunity, int(done["opportunity"]))["origin"] == "no_show"


def test_not_interested_closes_the_row_with_its_reason(desk: Desk) -> None:
    ref = desk.ref("deliveries", "delivery")
    with pytest.raises(UsageError):
        desk.do(LogCall(ref, "7"))
    with pytest.raises(UsageError):
        desk.do(LogCall(ref, "7", reason="other"))
    done = log(desk, ref, "7", reason="o", note="se mudó de país")
    assert desk.row(sale_delivery, desk.ids["delivery"])["welcome_call_id"] == int(done["call"])
    assert desk.rows(call)[0]["reason"] == "other"


def test_wrong_number_marks_the_phone_and_the_last_one_the_customer(desk: Desk) -> None:
    second = desk.add(
        "second", customer_phone, customer_id=desk.ids["pena"], raw="0351 4512345", e164="+543514512345",
        last10="3514512345", last10_rev="5432154153", kind="fixed", origin="dms", position=1,
    )  # fmt: skip
    ref = desk.ref("opportunities", "op_pena")
    assert log(desk, ref, "8")["phones_left"] == 1
    assert desk.row(customer_phone, desk.ids["pena_phone"])["wrong_by"] == desk.ids["ana"]
    assert desk.row(customer, desk.ids["pena"])["without_phone_at"] is None
    assert log(desk, ref, "8", phone_id=second)["without_phone"] is True
    assert desk.row(customer, desk.ids["pena"])["without_phone_at"] == NOW
    desk.do(Undo())
    assert desk.row(customer, desk.ids["pena"])["without_phone_at"] is None
    assert desk.row(customer_phone, second)["wrong_at"] is None
    agree(desk)


@pytest.mark.parametrize(("tampoco", "scope"), [(False, "offer"), (True, "operational")])
def test_do_not_call_blocks_at_once(desk: Desk, tampoco: bool, scope: str) -> None:
    log(desk, desk.ref("opportunities", "op_pena"), "9", tampoco=tampoco)
    made = desk.rows(block)
    assert [(b["scope"], b["customer_id"], b["last10"], b["doc_digits"]) for b in made] == [
        (scope, desk.ids["pena"], "3515123456", "20001234")
    ]
    assert desk.row(opportunity, desk.ids["op_pena"])["state"] == "discarded"
    log(desk, desk.ref("completed", "service"), "9")
    assert desk.row(repair_order, desk.ids["service"])["courtesy_call_id"] is not None


def test_low_score_or_incident_opens_a_complaint(desk: Desk) -> None:
    ref = desk.ref("completed", "service")
    done = log(desk, ref, "0", score=4, note="demoraron")
    made = desk.row(complaint, int(done["complaint"]))
    assert (made["due_at"], made["score"], made["text"]) == (NOW + timedelta(hours=24), 4, "demoraron")
    assert made["order_id"] == desk.ids["service"]
    answer = log(desk, f"complaints:{made['id']}", "0", "luis", note="se lo cita sin cargo")
    closed = desk.row(complaint, made["id"])
    assert (closed["closed_by"], closed["owner_call_id"]) == (desk.ids["luis"], int(answer["call"]))
    assert "complaint" not in log(desk, desk.ref("deliveries", "delivery"), "0", score=7)
    assert log(desk, desk.ref("in_process", "order"), "0", incident="ruido")["complaint"]
    for bad in (11, -1):
        with pytest.raises(UsageError):
            desk.do(LogCall(ref, "0", score=bad))
    with pytest.raises(Refused):
        desk.do(LogCall(ref, "1", score=9))


def test_six_attempts_on_three_days_go_to_sin_contacto(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    for day in (24, 25, 26):
        assert desk.row(opportunity, desk.ids["op_pena"])["unreachable_at"] is None
        for hour in (10, 15):
            log(desk.at(local(date(2026, 11, day), hour)), ref, "1")
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert (row["attempts"], row["attempt_days"]) == (6, 3)
    assert row["unreachable_at"] == local(date(2026, 11, 26), 15)
    log(desk.later(hours=1), ref, "4", at="+2h")
    assert desk.row(opportunity, desk.ids["op_pena"])["unreachable_at"] is None


def test_vehicle_sold_ends_the_relation(desk: Desk) -> None:
    other = add_opportunity(desk, "recall", "pena", origin="campaign")
    done = log(desk, desk.ref("opportunities", "op_pena"), "7", reason="vehicle_sold", new_owner="un vecino")
    assert done["ended"] == [f"opportunities:{other}"]
    unit = desk.row(vehicle, desk.ids["pena_unit"])
    assert (unit["relation_ended_at"], unit["relation_ended_owner_id"]) == (NOW, desk.ids["pena"])
    assert desk.row(opportunity, other)["reason"] == "vehicle_sold"
    desk.do(Undo())
    agree(desk)
    assert desk.row(vehicle, desk.ids["pena_unit"])["relation_ended_at"] is None
    assert {desk.row(opportunity, i)["state"] for i in (other, desk.ids["op_pena"])} == {"open"}


def test_one_call_serves_several_rows(desk: Desk) -> None:
    done = log(
        desk, desk.ref("completed", "service"), "0", score=9,
        also=(desk.ref("appointments", "turno"), desk.ref("opportunities", "op_pena")),
    )  # fmt: skip
    assert [a["row"].split(":")[0] for a in done["also"]] == ["appointments", "opportunities"]
    assert len(desk.rows(call)) == 3
    assert {c["act_id"] for c in desk.rows(call)} == {desk.rows(call)[0]["act_id"]}
    assert desk.row(appointment, desk.ids["turno"])["confirmed_by"] == desk.ids["ana"]
    assert desk.row(opportunity, desk.ids["op_pena"])["attempts"] == 1
    desk.do(Undo())
    agree(desk)
    assert desk.row(appointment, desk.ids["turno"])["confirmed_at"] is None
    assert all(c["annulled_at"] for c in desk.rows(call))


def test_sale_of_a_served_opportunity_makes_no_second_one(desk: Desk) -> None:
    done = log(desk, desk.ref("completed", "service"), "5", at="lu 9:00", also=(desk.ref("opportunities", "op_pena"),))
    assert "opportunity" not in done
    assert desk.row(opportunity, desk.ids["op_pena"])["state"] == "sold"
    assert desk.row(repair_order, desk.ids["service"])["courtesy_call_id"] is not None


def test_what_happened_is_recorded_though_outside_the_rules(desk: Desk) -> None:
    desk.at(local(date(2026, 11, 29), 11))  # a Sunday
    done = log(desk, desk.ref("opportunities", "op_pena"), "1")
    assert done["outside_rules"] == ["hours"]
    assert desk.rows(call)[0]["outside_rules"] == "hours"
    assert log(desk, desk.ref("appointments", "turno"), "1")["outside_rules"] == []


def test_a_closed_opportunity_keeps_its_state_and_the_call(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    log(desk, ref, "7", reason="1")
    done = log(desk, ref, "5", at="lu 10:00")
    assert done["unchanged"] is True
    assert desk.row(opportunity, desk.ids["op_pena"])["state"] == "discarded"
    log(desk, ref, "4", at="lu 10:00")
    assert desk.row(opportunity, desk.ids["op_pena"])["next_at"] is None


def test_unknown_names_are_usage_errors(lite: Desk) -> None:
    for ref, code in (("opportunities:x", "1"), ("nada:1", "1"), (lite.ref("opportunities", "op_pena"), "z")):
        with pytest.raises(UsageError):
            lite.do(LogCall(ref, code))
    with pytest.raises(Refused):
        lite.do(LogCall("opportunities:99999", "1"))
    with pytest.raises(Refused):
        lite.do(LogCall(lite.ref("opportunities", "op_pena"), "1"), "rocio")
    with pytest.raises(Refused):
        lite.do(LogCall(lite.ref("opportunities", "op_pena"), "1"), "tv")
    assert lite.rows(call) == []
