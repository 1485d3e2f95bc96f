"""The contact gate (PRODUCT §5, COMPLIANCE.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxes_tui.clock import Clock
from boxes_tui.domain.contact_gate import LIST_MAX_AGE_DAYS, Facts, OwnBlock, Purpose, check

TUESDAY = Clock(datetime(2026, 11, 24, 17, 10, tzinfo=UTC)).local()
FRESH = {"Nacional": date(2026, 11, 20)}
FREE = Facts(TUESDAY, lists=FRESH)
AT = datetime(2026, 11, 22, 10, 0, tzinfo=TUESDAY.tzinfo)
FOR_OFFERS = OwnBlock("offer", AT, "Ana")
FOR_ALL = OwnBlock("operational", AT, "Ana")


def allowed(facts: Facts) -> tuple[bool, bool]:
    return check("offer", facts).allowed, check("operational", facts).allowed


def test_nobody_asked_for_anything() -> None:
    verdict = check("offer", FREE)
    assert verdict.allowed and verdict.outside_rules is None and verdict.sentence == ""
    assert all(line.startswith("✓ ") for line in verdict.lines())


def test_the_own_list_blocks_offers_and_leaves_appointments() -> None:
    facts = replace(FREE, own=FOR_OFFERS)
    assert allowed(facts) == (False, True)
    verdict = check("offer", facts)
    assert verdict.sentence == "No se puede ofrecer: No llamar más (22/11, Ana). Turnos y recalls, sí."
    assert verdict.lines()[0] == "✗ " + verdict.sentence
    assert not verdict.overridable
    assert verdict.outside_rules == "own"


def test_who_wants_no_call_for_appointments_either() -> None:
    assert allowed(replace(FREE, own=FOR_ALL)) == (False, False)


def test_the_register_blocks_offers_only_and_a_supervisor_may_go_on() -> None:
    facts = replace(FREE, listed=("Nacional",))
    assert allowed(facts) == (False, True)
    assert check("offer", facts).overridable
    assert allowed(replace(facts, person_override="pidió presupuesto")) == (True, True)


@pytest.mark.parametrize(("days", "free"), [(0, True), (29, True), (30, True), (31, False), (400, False)])
def test_a_list_older_than_thirty_days_blocks_offers(days: int, free: bool) -> None:
    facts = replace(FREE, lists={"Nacional": TUESDAY.date() - timedelta(days)})
    assert allowed(facts) == (free, True)
    assert check("offer", facts).overridable is not free
    assert allowed(replace(facts, age_override="llega mañana")) == (True, True)


def test_every_list_has_its_own_age() -> None:
    assert allowed(replace(FREE, lists={**FRESH, "CABA": date(2026, 9, 1)})) == (False, True)


def test_without_any_list_nothing_is_blocked_unless_the_configuration_wants_one() -> None:
    none = Facts(TUESDAY)
    assert allowed(none) == (True, True)
    assert "✓ Sin lista No Llame: las ofertas no se filtran." in check("offer", none).lines()
    assert allowed(replace(none, required=True)) == (False, True)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-11-24T08:59", False), ("2026-11-24T09:00", True), ("2026-11-24T19:59", True), ("2026-11-24T20:00", False),
        ("2026-11-24T22:30", False), ("2026-11-28T12:59", True), ("2026-11-28T13:00", False), ("2026-11-29T10:00", False),
    ],
)  # fmt: skip
def test_hours_block_offers_and_warn_for_the_rest(moment: str, inside: bool) -> None:
    facts = replace(FREE, now_local=datetime.fromisoformat(moment).replace(tzinfo=TUESDAY.tzinfo))
    assert allowed(facts) == (inside, True)
    for purpose in ("offer", "operational"):
        assert ("✗ Está fuera del horario de llamados." in check(purpose, facts).lines()) is not inside


def test_a_holiday_is_outside_the_hours() -> None:
    assert allowed(replace(FREE, holiday=True)) == (False, True)


def test_who_was_erased_is_never_contacted() -> None:
    assert allowed(replace(FREE, erased=True)) == (False, False)
    assert not check("offer", replace(FREE, erased=True)).overridable


FACTS = st.builds(
    Facts,
    now_local=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda d: d.replace(tzinfo=TUESDAY.tzinfo)),
    own=st.sampled_from([None, FOR_OFFERS, FOR_ALL]),
    lists=st.dictionaries(st.sampled_from(["Nacional", "CABA"]), st.dates(date(2025, 6, 1), date(2026, 12, 31))),
    listed=st.sampled_from([(), ("Nacional",), ("Nacional", "CABA")]),
    required=st.booleans(), holiday=st.booleans(), erased=st.booleans(),
    person_override=st.sampled_from([None, "sí"]), age_override=st.sampled_from([None, "sí"]),
)  # fmt: skip


@given(FACTS, st.sampled_from(["offer", "operational"]))
def test_what_holds_of_every_verdict(facts: Facts, purpose: Purpose) -> None:
    verdict = check(purpose, facts)
    assert verdict.allowed == (verdict.outside_rules is None) == (verdict.sentence == "")
    assert not (verdict.overridable and verdict.allowed)
    if check("offer", facts).allowed:
        assert check("operational", facts).allowed
    if purpose == "offer" and facts.own is not None:
        assert not verdict.allowed and not verdict.overridable
    if purpose == "offer" and facts.age_override is None:
        oldest = max(((facts.now_local.date() - day).days for day in facts.lists.values()), default=0)
        assert verdict.allowed <= (oldest <= LIST_MAX_AGE_DAYS)
