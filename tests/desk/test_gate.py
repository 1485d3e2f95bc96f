"""The contact gate in every path, and its facts (PRODUCT §5, COMPLIANCE.md)."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from boxes_tui.data.engine import reading, writing
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.tables import block, call, customer, dnc_list, opportunity
from boxes_tui.desk.blocks import Block, Unblock
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaign_gate import leaves_out, wishes
from boxes_tui.desk.claims import release
from boxes_tui.desk.dnc import ImportList, check_phone
from boxes_tui.desk.gate import OverrideGate, verdict
from boxes_tui.desk.next_call import next_row, peek
from boxes_tui.domain.contact_gate import Purpose, Verdict
from boxes_tui.errors import Refused, UsageError
from tests.support.house import NOW, TODAY, Desk, add_customer, local

PENA = "3515123456"


def ask(desk: Desk, who: str, purpose: Purpose, **more: Any) -> Verdict:
    with reading(desk.house.engine) as conn:
        return verdict(
            conn, desk.session(), customer_id=desk.ids[who], branch_id=desk.ids["cba"], purpose=purpose, **more
        )  # fmt: skip


def listed(desk: Desk, keys: set[str], as_of: date = TODAY, name: str = "No Llame") -> None:
    desk.do(ImportList(name, as_of, "d" + "".join(sorted(keys)), frozenset(keys)), "rosa")


def test_own_list_blocks_offers_and_tampoco_everything(desk: Desk) -> None:
    assert ask(desk, "pena", "offer").allowed
    desk.do(Block(desk.ref("customers", "pena")))
    found = ask(desk, "pena", "offer")
    assert not found.allowed and not found.overridable and "Ana Quiroga" in found.sentence
    assert ask(desk, "pena", "operational").allowed
    desk.do(Block(desk.ref("customers", "pena"), "operational"))
    assert not ask(desk, "pena", "operational").allowed
    with pytest.raises(Refused):
        desk.do(Unblock(desk.ref("customers", "pena"), "lo pidió"))
    with pytest.raises(UsageError):
        desk.do(Unblock(desk.ref("customers", "pena"), " "), "luis")
    desk.do(Unblock(desk.ref("customers", "pena"), "lo pidió por carta"), "luis")
    assert ask(desk, "pena", "offer").allowed
    assert all(b["lifted_at"] for b in desk.rows(block))


@pytest.mark.parametrize("by", ["phone", "document", "person"])
def test_the_same_person_under_another_name_is_blocked_too(desk: Desk, by: str) -> None:
    twin = add_customer(desk, "twin", PENA if by == "phone" else "3519998888", "20001234" if by == "document" else None)
    if by == "person":
        with writing(desk.house.engine) as conn:
            conn.execute(update(customer).where(customer.c.id == twin).values(person_id=desk.ids["pena"]))
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "9"))
    assert not ask(desk, "twin", "offer").allowed
    assert ask(desk, "rios", "offer").allowed


def test_a_list_blocks_its_numbers_and_when_too_old_everybody(desk: Desk) -> None:
    listed(desk, {PENA}, TODAY - timedelta(30))
    assert not ask(desk, "pena", "offer").allowed and ask(desk, "pena", "operational").allowed
    assert ask(desk, "baez", "offer").allowed
    desk.at(local(TODAY + timedelta(1), 10))
    found = ask(desk, "baez", "offer")
    assert found.outside_rules == "list_age" and found.overridable
    with pytest.raises(Refused):
        desk.do(OverrideGate(None, "lista pedida"))
    with pytest.raises(UsageError):
        desk.do(OverrideGate(None, ""), "luis")
    desk.do(OverrideGate(None, "lista pedida"), "luis")
    assert ask(desk, "baez", "offer").allowed and not ask(desk, "pena", "offer").allowed
    desk.do(OverrideGate(desk.ref("customers", "pena"), "contrato vigente"), "luis")
    assert ask(desk, "pena", "offer").allowed
    desk.at(local(TODAY + timedelta(3), 10))
    assert not ask(desk, "baez", "offer").allowed, "an override ends by itself"


def test_a_new_list_replaces_the_former_and_keeps_it(desk: Desk) -> None:
    listed(desk, {PENA}, TODAY - timedelta(5))
    listed(desk, {"3514402222"}, TODAY)
    assert ask(desk, "pena", "offer").allowed and not ask(desk, "baez", "offer").allowed
    assert [(r["current"], r["total"]) for r in desk.rows(dnc_list)] == [(False, 1), (True, 1)]
    with pytest.raises(Refused):
        listed(desk, {PENA}, TODAY - timedelta(2))
    with pytest.raises(Refused):
        listed(desk, set())
    listed(desk, {PENA}, TODAY, "CABA 2014")
    assert not ask(desk, "pena", "offer").allowed


def test_no_list_blocks_only_where_it_is_required(desk: Desk) -> None:
    assert ask(desk, "pena", "offer", required=False).allowed
    assert ask(desk, "pena", "offer", required=True).outside_rules == "list_missing"


def test_hours_hold_for_calls_not_for_mail(desk: Desk) -> None:
    desk.at(local(TODAY, 21))
    assert ask(desk, "pena", "offer").outside_rules == "hours"
    assert ask(desk, "pena", "offer", channel="whatsapp").outside_rules == "hours"
    assert ask(desk, "pena", "offer", channel="email").allowed
    assert ask(desk, "pena", "operational").allowed


def test_dnc_check(desk: Desk) -> None:
    desk.at(local(TODAY, 23))
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "9"))
    with reading(desk.house.engine) as conn:
        found = check_phone(conn, desk.session(), "0351 15 512-3456", required=False)
        free = check_phone(conn, desk.session(), "351 440-2222", required=False)
        with pytest.raises(UsageError):
            check_phone(conn, desk.session(), "nada")
    assert (found["e164"], found["blocked"]) == ("+5493515123456", {"offer": True, "operational": False})
    assert len(found["why"]) == 1 and free["why"] == []


STATES = list(itertools.product((None, "offer", "operational"), (False, True), (False, True), (10, 21)))


@pytest.mark.parametrize(("own", "on_list", "old", "hour"), STATES)
def test_no_path_around_the_gate(lite: Desk, own: Any, on_list: bool, old: bool, hour: int) -> None:
    """Hand over, peek and enrol agree with the verdict in every state; recording is never refused and is marked."""
    if on_list or old:
        listed(lite, {PENA} if on_list else {"1155551234"}, TODAY - timedelta(40 if old else 1))
    if own:
        lite.do(Block(lite.ref("customers", "pena"), own))
    lite.at(local(TODAY, hour))
    with writing(lite.house.engine) as conn:
        conn.execute(opportunity.update().where(opportunity.c.id == lite.ids["op_baez"]).values(state="discarded"))
    expected = {p: ask(lite, "pena", p).allowed for p in ("offer", "operational")}
    assert expected["offer"] == (own is None and not on_list and not old and hour == 10)
    assert expected["operational"] == (own != "operational")
    for queue, flt, purpose in (("opportunities", "all", "offer"), ("completed", "pending", "operational")):
        with reading(lite.house.engine) as conn:
            seen = peek(conn, lite.session(), Ask(queue, flt))
        row, _why = next_row(lite.house.engine, lite.session(), Ask(queue, flt))
        release(lite.house.engine, lite.session())
        assert (row is not None) == (seen is not None) == expected[purpose], (queue, purpose)
    with reading(lite.house.engine) as conn:
        offer = wishes(conn, lite.session(), "offer", {lite.ids["pena"], lite.ids["rios"]})
        recall = wishes(conn, lite.session(), "recall", {lite.ids["pena"]})
    assert (offer.everybody is not None) == old
    assert leaves_out("offer", offer.why(lite.ids["pena"])) == (own is not None or on_list)
    assert not leaves_out("offer", offer.why(lite.ids["rios"]))
    assert recall.everybody is None
    assert leaves_out("recall", recall.why(lite.ids["pena"])) == (own == "operational")
    lite.do(LogCall(lite.ref("opportunities", "op_pena"), "1"))
    assert (lite.rows(call)[0]["outside_rules"] is None) == expected["offer"]
    assert NOW
