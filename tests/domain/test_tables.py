"""Outcomes, reasons, life cycle and roles: the tables of PRODUCT §5, §6, §12."""

from __future__ import annotations

from datetime import timedelta

import pytest

from boxes_tui.domain import dispositions as d
from boxes_tui.domain.opportunity import MOVES, STATES, check_move
from boxes_tui.domain.roles import LEAST, ROLES, at_least, may
from boxes_tui.errors import Refused

CODES = "no_answer busy voicemail callback appointment_sold later not_interested wrong_number do_not_call attended"
REASONS = "price done_elsewhere self_service vehicle_sold distance low_use bad_experience no_reply no_valid_data duplicate other"


def test_ten_outcomes_in_the_order_of_the_digits() -> None:
    assert [x.code for x in d.DISPOSITIONS] == CODES.split()
    assert "".join(x.digit for x in d.DISPOSITIONS) == "1234567890"
    assert "".join(x.digit for x in d.DISPOSITIONS if x.contact) == "456790"
    assert "".join(x.digit for x in d.DISPOSITIONS if x.productive) == "560"
    assert "".join(x.digit for x in d.DISPOSITIONS if x.closes) == "56790"
    assert [x.retry_after for x in d.DISPOSITIONS[:3]] == [timedelta(hours=4), timedelta(minutes=30), "next_day"]
    assert all(x.retry_after is None for x in d.DISPOSITIONS[3:])
    assert {x.code: x.asks for x in d.DISPOSITIONS if x.asks} == {
        "callback": "when", "appointment_sold": "sold_at", "later": "due", "not_interested": "reason", "do_not_call": "block",
    }  # fmt: skip


def test_reasons_in_the_order_of_the_keys() -> None:
    assert [x.code for x in d.REASONS] == REASONS.split()
    assert "".join(x.key for x in d.REASONS) == "1234567890o"
    assert [x.code for x in d.REASONS if x.needs_text] == ["other"]


def test_they_are_found_by_key_and_by_code() -> None:
    assert d.find("0") is d.find(" Attended ") is d.BY_CODE["attended"]
    assert d.find("11") is None and d.find("") is None
    assert d.find_reason("o") is d.find_reason("OTHER") is d.REASON_BY_CODE["other"]
    assert d.find_reason("x") is None


def test_what_is_an_offer() -> None:
    assert {k for k, v in d.PURPOSE.items() if v == "operational"} >= {
        "welcome", "courtesy", "appointment", "no_show", "in_process", "recall",
    }  # fmt: skip
    assert d.PURPOSE["opportunity"] == d.PURPOSE["campaign"] == "offer"


def test_the_life_of_an_opportunity() -> None:
    assert check_move("open", "sell") == "sold"
    assert check_move("open", "discard") == "discarded"
    assert check_move("open", "cancel") == "cancelled"
    assert check_move("open", "reschedule") == "open"


@pytest.mark.parametrize("state", [*STATES, "nonsense"])
@pytest.mark.parametrize("verb", ["sell", "discard", "reschedule", "cancel", "nonsense"])
def test_every_other_move_is_refused_with_a_sentence(state: str, verb: str) -> None:
    if (state, verb) in MOVES:
        return
    with pytest.raises(Refused, match=r"La oportunidad está .*No se cambió nada\."):
        check_move(state, verb)


def test_roles() -> None:
    assert ROLES == ("viewer", "agent", "supervisor", "admin")
    assert not may("viewer", "call") and may("agent", "call") and may("admin", "call")
    assert not may("agent", "steal") and may("supervisor", "steal")
    assert not may("supervisor", "user") and may("admin", "user")
    assert not may("admin", "no such verb") and not may("root", "call") and not may("", "call")
    assert at_least("supervisor", "agent") and not at_least("agent", "supervisor") and not at_least("root", "viewer")
    assert set(LEAST.values()) <= set(ROLES)


@pytest.mark.parametrize("verb", sorted(LEAST))
def test_a_higher_role_may_what_a_lower_one_may(verb: str) -> None:
    allowed = [may(role, verb) for role in ROLES]
    assert allowed == sorted(allowed)
    assert not allowed[0], "a viewer changes nothing"
