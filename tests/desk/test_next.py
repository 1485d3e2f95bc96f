"""The next call: order, who is left out, leases on the person (PRODUCT §5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from boxes_tui.data.engine import reading, writing
from boxes_tui.data.reads.queues import Ask, rows
from boxes_tui.data.tables import (
    app_user,
    appointment,
    claim,
    claim_log,
    customer,
    dnc_list,
    dnc_number,
    opportunity,
    vehicle,
)
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal, release, renew, take
from boxes_tui.desk.next_call import next_row, peek
from boxes_tui.errors import Refused
from tests.support.house import NOW, TODAY, Desk, add_customer, add_opportunity, local

OPPS = Ask("opportunities", "all")


def handed(desk: Desk, login: str = "ana", ask: Ask = OPPS, skip: tuple[str, ...] = ()) -> tuple[str | None, str]:
    row, why = next_row(desk.house.engine, desk.session(login), ask, skip)
    return (row.ref if row else None), why


def test_overdue_first_then_the_next_and_never_the_same(desk: Desk) -> None:
    assert handed(desk) == (desk.ref("opportunities", "op_pena"), "vencida hace 4 días, sin otra devolución antes")
    assert handed(desk, "marta")[0] == desk.ref("opportunities", "op_baez")
    ref, why = handed(desk, "luis")
    assert ref is None and why.startswith("No queda nadie")


def test_callbacks_due_come_first(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_baez")
    desk.do(LogCall(ref, "4", at="15:00"))
    desk.at(local(TODAY, 15, 5))
    assert handed(desk, "marta")[0] == desk.ref("opportunities", "op_pena"), "mine is not hers yet"
    release(desk.house.engine, desk.session("marta"))
    assert handed(desk) == (ref, "devolución prometida para las 15:00, mía"), "though spoken to today"
    release(desk.house.engine, desk.session())
    desk.at(local(TODAY, 15, 30))
    assert handed(desk, "marta") == (ref, "devolución de las 15:00 que nadie tocó: pasó a cualquiera")


@pytest.mark.parametrize("away", [{"active": False}, {"shift": "off", "shift_since": NOW}])
def test_a_promise_of_somebody_away_is_anyones(lite: Desk, away: dict[str, Any]) -> None:
    ref = lite.ref("opportunities", "op_baez")
    lite.do(LogCall(ref, "4", at="15:00"))
    with writing(lite.house.engine) as conn:
        conn.execute(update(app_user).where(app_user.c.login == "ana").values(away))
    assert handed(lite.at(local(TODAY, 15, 1)), "marta")[0] == ref


def test_who_waits_or_was_spoken_to_is_skipped(desk: Desk) -> None:
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "1"))
    desk.do(LogCall(desk.ref("in_process", "order"), "0"))  # Báez was spoken to, about something else
    assert handed(desk)[0] is None
    desk.later(hours=4)
    assert handed(desk)[0] == desk.ref("opportunities", "op_pena"), "the retry is due"
    desk.at(local(date(2026, 11, 25), 10))
    assert handed(desk, "marta")[0] == desk.ref("opportunities", "op_baez")


def test_two_rows_of_one_person_never_go_to_two_agents(desk: Desk) -> None:
    twin = add_customer(desk, "twin", "3515123456")
    with writing(desk.house.engine) as conn:
        conn.execute(update(customer).where(customer.c.id == twin).values(person_id=desk.ids["pena"]))
    add_opportunity(desk, "op_twin", "twin", TODAY - timedelta(3))
    add_opportunity(desk, "op_pena_2", "pena", TODAY - timedelta(2), origin="completed")
    assert handed(desk)[0] == desk.ref("opportunities", "op_pena")
    assert handed(desk, "marta")[0] == desk.ref("opportunities", "op_baez")
    assert handed(desk, "luis")[0] is None


def test_rows_of_a_unit_that_has_no_customer_go_to_one_agent(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(update(opportunity).values(state="discarded"))
    unit = desk.add("unit", vehicle, plate="AC999ZZ")
    for n in (1, 2):
        desk.add(
            f"walk_in_{n}", appointment, branch_id=desk.ids["cba"], vehicle_id=unit, starts_at=local(TODAY, 16 + n),
            start_day=TODAY, status="scheduled", contact_phone="351 555-1234", contact_last10="3515551234",
        )  # fmt: skip
    ask = Ask("appointments", "not_arrived", text="AC999ZZ")
    assert handed(desk, "ana", ask)[0] == desk.ref("appointments", "walk_in_1")
    assert handed(desk, "marta", ask) == (None, "No queda nadie para llamar en esta lista.")


def test_a_lease_runs_out_by_the_database_clock(desk: Desk) -> None:
    assert handed(desk)[0] == desk.ref("opportunities", "op_pena")
    assert handed(desk.later(hours=1), "marta")[0] == desk.ref("opportunities", "op_baez"), "not by BOXES_NOW"
    assert renew(desk.house.engine, desk.session()) == {f"p:{desk.ids['pena']}"}
    with writing(desk.house.engine) as conn:
        conn.execute(update(claim).values(expires_at=NOW - timedelta(days=900)))
    assert handed(desk, "luis")[0] == desk.ref("opportunities", "op_pena")
    assert [(r["ended"], r["user_id"]) for r in desk.rows(claim_log)] == [("expired", desk.ids["ana"])]


def test_an_outcome_ends_the_claim(desk: Desk) -> None:
    handed(desk)
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "1"))
    assert desk.rows(claim) == []
    assert [r["ended"] for r in desk.rows(claim_log)] == ["disposed"]


def test_a_supervisor_steals(desk: Desk) -> None:
    ref = desk.ref("opportunities", "op_pena")
    assert take(desk.house.engine, desk.session(), ref) == (True, None)
    assert take(desk.house.engine, desk.session("marta"), ref) == (False, "Ana Quiroga")
    with pytest.raises(Refused):
        desk.do(Steal(ref), "marta")
    desk.do(Steal(ref), "luis")
    assert take(desk.house.engine, desk.session(), ref) == (False, "Luis Vega")
    assert renew(desk.house.engine, desk.session()) == set(), "the heartbeat tells who lost whom"
    assert [r["ended"] for r in desk.rows(claim_log)] == ["stolen"]
    assert desk.do(LogCall(ref, "1")).row == ref, "who lost the claim can still record the call"


def test_blocked_listed_unreachable_and_phoneless_are_left_out(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(update(opportunity).where(opportunity.c.id == desk.ids["op_pena"]).values(unreachable_at=NOW))
        made = conn.execute(
            dnc_list.insert().values(name="No Llame", as_of=TODAY, imported_at=NOW, digest="x", total=1)
        ).inserted_primary_key
        assert made
        conn.execute(dnc_number.insert().values(list_id=made[0], last10="3514402222"))
    add_customer(desk, "mute", None)
    add_opportunity(desk, "op_mute", "mute")
    assert handed(desk)[0] is None
    assert handed(desk, ask=Ask("in_process", "all"))[0] == desk.ref("in_process", "order"), "operational goes on"
    with writing(desk.house.engine) as conn:
        conn.execute(update(dnc_list).values(current=False))
    release(desk.house.engine, desk.session())
    assert handed(desk)[0] == desk.ref("opportunities", "op_baez")


def test_no_offers_out_of_hours(desk: Desk) -> None:
    desk.at(local(TODAY, 21))
    ref, why = handed(desk)
    assert ref is None and "horario" in why
    assert handed(desk, ask=Ask("deliveries", "pending"))[0] == desk.ref("deliveries", "delivery")


def test_a_unit_that_was_sold_is_left_out(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(
            update(vehicle).where(vehicle.c.id == desk.ids["rios_unit"]).values(
                relation_ended_at=NOW, relation_ended_owner_id=desk.ids["rios"]
            )
        )  # fmt: skip
    assert handed(desk, ask=Ask("deliveries", "pending"))[0] is None


def test_assigned_work_goes_to_whom_it_is_assigned(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(update(opportunity).values(assigned_user_id=desk.ids["marta"]))
    assert handed(desk)[0] is None
    assert handed(desk, "marta")[0] == desk.ref("opportunities", "op_pena")


def test_peek_shows_the_next_without_claiming(desk: Desk) -> None:
    first, _why = next_row(desk.house.engine, desk.session(), OPPS)
    assert first is not None
    with reading(desk.house.engine) as conn:
        second = peek(conn, desk.session(), OPPS, (first.person,))
    assert second is not None and second.ref == desk.ref("opportunities", "op_baez")
    assert len(desk.rows(claim)) == 1


@pytest.mark.parametrize(
    "ask",
    [Ask("leaks", "all"), Ask("appointments", "to_confirm"), Ask("appointments", "latest_arrivals"),
     Ask("completed", "pending"), Ask("campaign_opportunities", "all"), Ask("opportunities", "all", text="pena")],
)  # fmt: skip
def test_every_queue_hands_over_one_of_its_rows_or_says_why_not(desk: Desk, ask: Ask) -> None:
    later = desk.at(local(date(2026, 12, 30), 10))
    with desk.house.engine.connect() as conn:
        listed = {r.ref for r in rows(conn, later.session(), ask)}
    ref, why = handed(later, ask=ask)
    assert why and (ref in listed if ref is not None else why.startswith(("No queda nadie", "Nada para llamar")))


def test_a_viewer_gets_nobody(lite: Desk) -> None:
    with pytest.raises(Refused):
        handed(lite, "tv")
