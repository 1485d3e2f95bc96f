"""S16: whoever is on a No Llame list in force is offered nothing, by any path, unless a supervisor's reason stands; a list
older than 30 days stops every offer and every new campaign; appointments, technical notes and recalls go on.

The rule is written here once more, from the specification, over generated lists, numbers and overrides, and held against
every path that hands over, dials, texts or enrols. Mutants seen to fail here: a list of 31 days taken for fresh; lists that
were replaced still asked; an override that has ended still lifting; only a record's own numbers asked, not those of the same
person; the age of the newest list alone asked; an override of one record not lifting for the person's other one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from boxes_tui.data.engine import reading, set_scope, writing
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.tables import campaign, contact_log, customer, dnc_list, dnc_number, gate_override, opportunity
from boxes_tui.desk.campaign_gate import Wishes, leaves_out, wishes
from boxes_tui.desk.next_call import peek
from boxes_tui.errors import Refused
from boxes_tui.outreach.dial import LogDial
from boxes_tui.outreach.whatsapp import compose
from tests.outreach.kit import NOW, Kit

NUMBERS = ("3515123456", "3515550000", "1155551234")
"""The number of a person, of another one, of nobody."""

TWIN = "3515557777"
"""The number of the person's other record: on no list itself, it counts as the person's all the same."""

OFFERS, RECALLS = ("offer", "service"), ("recall", "technical_note")


@dataclass(frozen=True)
class Listed:
    """A list: its age in days, whether it was replaced, and the numbers on it."""

    age: int
    replaced: bool
    numbers: frozenset[str]


@dataclass(frozen=True)
class Grounds:
    """A supervisor's reasons: for the age of the lists and for the person, each None, ended, lifted or standing."""

    age: str | None
    person: str | None


LISTS = st.lists(
    st.builds(
        Listed,
        age=st.sampled_from([0, 1, 29, 30, 31, 32, 400]),
        replaced=st.booleans(),
        numbers=st.frozensets(st.sampled_from(NUMBERS), max_size=3),
    ),
    max_size=3,
)
GROUNDS = st.builds(Grounds, *(st.sampled_from([None, "ended", "lifted", "standing"]) for _n in range(2)))


class Desk:
    """One person under two records, a stranger, and an opportunity of each kind for both."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.who = kit.person("PEÑA, ANA")
        own = ("351 555-7777", "+5493515557777", TWIN, "mobile")
        self.twin = kit.person("PEÑA ANA (FLOTA)", None, phone=own)
        kit.change(customer, self.twin, person_id=self.who)
        other = ("351 555-0000", "+5493515550000", NUMBERS[1], "mobile")
        self.stranger = kit.person("RUIZ, LUCÍA", None, phone=other)
        self.rows: dict[tuple[str, int], int] = {}
        with writing(kit.house.engine) as conn:
            set_scope(conn, None)
            for kind in (*OFFERS, *RECALLS):
                made = conn.execute(
                    insert(campaign)
                    .values(name=kind, type=kind, created_at=NOW, created_day=NOW.date())
                    .returning(campaign.c.id)
                ).scalar_one()
                for who in (self.who, self.twin, self.stranger):
                    self.rows[kind, who] = conn.execute(
                        insert(opportunity)
                        .values(origin="campaign", campaign_id=made, customer_id=who, branch_id=kit.branch, state="open",
                                due_day=NOW.date(), about="x", created_at=NOW, created_day=NOW.date())
                        .returning(opportunity.c.id)
                    ).scalar_one()  # fmt: skip

    def stands(self, lists: list[Listed], grounds: Grounds) -> None:
        """Put exactly these lists and reasons in force."""
        with writing(self.kit.house.engine) as conn:
            set_scope(conn, None)
            for table in (dnc_number, dnc_list, gate_override, contact_log):
                conn.execute(delete(table))
            for n, one in enumerate(lists):
                made = conn.execute(
                    insert(dnc_list)
                    .values(name=f"Lista {n}", as_of=NOW.date() - timedelta(one.age), imported_at=NOW, digest="x",
                            total=len(one.numbers), current=not one.replaced)
                    .returning(dnc_list.c.id)
                ).scalar_one()  # fmt: skip
                for number in one.numbers:
                    conn.execute(insert(dnc_number).values(list_id=made, last10=number))
            for about, state in ((None, grounds.age), (self.who, grounds.person)):
                if state is not None:
                    until = NOW + timedelta(hours=-1 if state == "ended" else 20)
                    lifted = NOW if state == "lifted" else None
                    conn.execute(
                        insert(gate_override).values(
                            customer_id=about, user_id=1, at=NOW - timedelta(hours=5), until=until, reason="r",
                            lifted_at=lifted,
                        )
                    )  # fmt: skip

    def only(self, kind: str, who: int) -> Iterator[str]:
        """Leave one opportunity open, and give its ref."""
        row = self.rows[kind, who]
        with writing(self.kit.house.engine) as conn:
            set_scope(conn, None)
            conn.execute(update(opportunity).values(state="discarded"))
            conn.execute(update(opportunity).where(opportunity.c.id == row).values(state="open"))
        yield f"campaign_opportunities:{row}"


def expected(lists: list[Listed], grounds: Grounds, number: str, person: bool) -> tuple[bool, bool]:
    """(whether the person may be offered something, whether offers are stopped for everybody)."""
    now = [one for one in lists if not one.replaced]
    stopped = any(one.age > 30 for one in now) and grounds.age != "standing"
    on = any(number in one.numbers for one in now)
    return not stopped and not (on and not (person and grounds.person == "standing")), stopped


def _may(kit: Kit, ref: str, number: str) -> dict[str, bool]:
    with reading(kit.house.engine) as conn:
        set_scope(conn, None)
        found = {"peek": peek(conn, kit.house.session, Ask("campaign_opportunities", "all")) is not None}
    for path, work in (
        ("dial", lambda: kit.house.execute(LogDial(ref, f"+549{number}"))),
        ("whatsapp", lambda: kit.house.read(compose, kit.settings, ref)),
    ):
        try:
            work()
            found[path] = True
        except Refused:
            found[path] = False
    return found


def _wishes(kit: Kit, kind: str, who: int) -> Wishes:
    with reading(kit.house.engine) as conn:
        set_scope(conn, None)
        return wishes(conn, kit.house.session, kind, {who})


@pytest.mark.parametrize(
    "examples", [pytest.param(25, id="short"), pytest.param(400, id="long", marks=pytest.mark.long)]
)
def test_nobody_listed_is_offered_anything(lite: Kit, examples: int) -> None:
    desk = Desk(lite)

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(LISTS, GROUNDS)
    @example([Listed(0, False, frozenset(NUMBERS[:1]))], Grounds(None, "ended"))
    @example([Listed(0, False, frozenset(NUMBERS[:1]))], Grounds(None, "standing"))
    @example([Listed(31, False, frozenset()), Listed(1, False, frozenset())], Grounds("ended", None))
    @example([Listed(31, False, frozenset()), Listed(1, False, frozenset())], Grounds("standing", None))
    def holds(lists: list[Listed], grounds: Grounds) -> None:
        desk.stands(lists, grounds)
        people = ((desk.who, NUMBERS[0]), (desk.twin, TWIN), (desk.stranger, NUMBERS[1]))
        for who, number in people:
            listed = NUMBERS[1] if who == desk.stranger else NUMBERS[0]
            free, stopped = expected(lists, grounds, listed, who != desk.stranger)
            for kind in ("offer", "recall") if who == desk.who else ("offer",):
                for ref in desk.only(kind, who):
                    wanted = free if kind in OFFERS else True
                    assert set(_may(lite, ref, number).values()) == {wanted}, (kind, who)
            for kind in (*OFFERS, *RECALLS):
                found = _wishes(lite, kind, who)
                enrolled = found.everybody is None and not leaves_out(kind, found.why(who))
                assert enrolled == (free if kind in OFFERS else True), (kind, who)
                assert (found.everybody == "list_age") == (stopped and kind in OFFERS)

    holds()
