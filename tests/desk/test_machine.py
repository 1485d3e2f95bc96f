"""The life cycle of opportunities and appointments against a model, on both databases at once (RELIABILITY R4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Table, func, select, update

from boxes_tui.data import commands
from boxes_tui.data.commands import ActResult, Command
from boxes_tui.data.engine import writing
from boxes_tui.data.tables import act, appointment, audit, call, claim, metadata, opportunity
from boxes_tui.desk import claims, rollback, states, work
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal, release, take
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.undo import Undo
from boxes_tui.domain import opportunity as life
from boxes_tui.errors import Refused
from tests.support.house import NOW, TODAY, Desk, add_customer, add_opportunity, local, open_desk

OPP = ("state", "due_day", "reschedules", "reason", "sold_for", "attempts", "attempt_days", "last_code", "next_at",
       "next_kind", "unreachable_at", "contacted_at")  # fmt: skip
APPT = ("confirmed_at", "comment", "rebooked_id", "attempts", "last_code", "follow_call_id")
DAYS = st.integers(0, 20)


class Machine(RuleBasedStateMachine):
    """Two desks get the same acts; a model says what has to come of them."""

    desks: tuple[Desk, ...] = ()
    number = 0

    @initialize()
    def begin(self) -> None:
        """A new customer with an open opportunity and an appointment ahead."""
        Machine.number += 1
        self.now = NOW
        self.names: list[str] = []
        for desk in self.desks:
            desk.at(NOW)
            who = f"c{Machine.number}"
            add_customer(desk, who, f"351{Machine.number:07d}")
            add_opportunity(desk, f"o{Machine.number}", who, TODAY + timedelta(2))
            desk.add(
                f"t{Machine.number}", appointment, branch_id=desk.ids["cba"], customer_id=desk.ids[who],
                vehicle_id=desk.ids[f"{who}_unit"], starts_at=local(TODAY + timedelta(1), 15),
                start_day=TODAY + timedelta(1), status="scheduled",
            )  # fmt: skip
        self.opp, self.appt = f"o{Machine.number}", f"t{Machine.number}"
        self.state, self.due, self.moves, self.calls, self.confirmed = "open", TODAY + timedelta(2), 0, 0, False
        self.extra: list[str] = []
        self.extra_open, self.arrived = False, False
        self.holder: str | None = None
        self.done: list[tuple[tuple[int, ...], tuple[Any, ...]]] = []
        self.last: tuple[Command, str, tuple[dict[str, Any], ...]] | None = None
        self.keys = 0

    # -- running on both ---------------------------------------------------------------------------

    def model(self) -> tuple[Any, ...]:
        return self.state, self.due, self.moves, self.calls, self.confirmed, self.extra_open

    def run(self, make: Any, legal: bool) -> bool:
        """The same act on both desks; both do it or both refuse it, as the model says."""
        self.keys += 1
        key = f"{Machine.number}-{self.keys}"
        before = self.model()
        results: list[ActResult | None] = []
        commands = [make(desk) for desk in self.desks]
        for desk, command in zip(self.desks, commands, strict=True):
            desk.at(self.now)
            try:
                results.append(desk.do(command, key=key))
            except Refused:
                results.append(None)
        assert [r is not None for r in results] == [legal] * len(self.desks), (commands[0], self.model())
        if legal:
            made = [r for r in results if r is not None]
            self.done.append((tuple(r.act for r in made), before))
            self.last = (commands[0], key, tuple(r.result for r in made))
        return legal

    # -- rules -------------------------------------------------------------------------------------

    @rule(minutes=st.integers(1, 30))
    def wait(self, minutes: int) -> None:
        if self.now + timedelta(minutes=minutes) < NOW + timedelta(hours=9):  # the same local day: an agent's own acts
            self.now += timedelta(minutes=minutes)

    @rule(days=DAYS)
    def reschedule(self, days: int) -> None:
        due = TODAY + timedelta(days)
        if self.run(lambda d: Reschedule(d.ref("opportunities", self.opp), due), self.state == "open"):
            self.due, self.moves = due, self.moves + 1

    @rule(reason=st.sampled_from(["price", "3", "distance"]))
    def discard(self, reason: str) -> None:
        if self.run(lambda d: Discard(d.ref("opportunities", self.opp), reason), self.state == "open"):
            self.state = "discarded"

    @rule(days=DAYS)
    def sell(self, days: int) -> None:
        at = local(TODAY + timedelta(days + 1), 10)
        if self.run(lambda d: Sell(d.ref("opportunities", self.opp), at), self.state == "open"):
            self.state = "sold"

    def spoken(self) -> None:
        """A call about the opportunity by Ana: counted, and her claim on him ends."""
        self.calls += 1
        self.holder = None if self.holder == "ana" else self.holder

    @rule(code=st.sampled_from(["1", "2", "3", "8", "0"]))
    def call(self, code: str) -> None:
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), code), True)
        self.spoken()

    @rule(days=DAYS, mine=st.booleans())
    def promise(self, days: int, mine: bool) -> None:
        at = local(TODAY + timedelta(days + 1), 10)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "4", at=at, mine=mine), True)
        self.spoken()

    @rule(days=DAYS)
    def call_and_sell(self, days: int) -> None:
        at = local(TODAY + timedelta(days + 1), 10)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "5", at=at), True)
        self.spoken()
        self.state = "sold" if self.state == "open" else self.state

    @rule(days=DAYS)
    def call_and_put_off(self, days: int) -> None:
        due = TODAY + timedelta(days)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "6", due=due), True)
        self.spoken()
        if self.state == "open":
            self.due, self.moves = due, self.moves + 1

    @rule()
    def call_and_discard(self) -> None:
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "7", reason="price"), True)
        self.spoken()
        self.state = "discarded" if self.state == "open" else self.state

    @rule()
    def confirm(self) -> None:
        legal = not self.confirmed and not self.arrived
        if self.run(lambda d: Confirm(d.ref("appointments", self.appt), "llega tarde"), legal):
            self.confirmed = True

    @rule()
    def rebook_what_is_no_no_show(self) -> None:
        self.run(lambda d: Rebook(d.ref("appointments", self.appt)), False)

    @rule(days=DAYS)
    def create_from_the_appointment(self, days: int) -> None:
        """One open opportunity per vehicle and origin."""
        due = TODAY + timedelta(days)
        if self.run(lambda d: CreateOpportunity(d.ref("appointments", self.appt), due, "Frenos"), not self.extra_open):
            name = f"x{Machine.number}_{self.keys}"
            assert self.last is not None
            for desk, result in zip(self.desks, self.last[2], strict=True):
                desk.ids[name] = int(result["opportunity"])
            self.extra.append(name)
            self.extra_open = True

    @precondition(lambda self: self.extra)
    @rule()
    def discard_the_one_made(self) -> None:
        if self.run(lambda d: Discard(d.ref("opportunities", self.extra[-1]), "price"), self.extra_open):
            self.extra_open = False

    @rule(who=st.sampled_from(["ana", "marta"]))
    def claim(self, who: str) -> None:
        """Whoever is first has him until an outcome, or until he is stolen; recording is free to everybody."""
        mine = self.holder in (None, who)
        for desk in self.desks:
            taken, _other = take(desk.house.engine, desk.session(who), desk.ref("appointments", self.appt))
            assert taken == mine
        self.holder = who if mine else self.holder

    @rule(who=st.sampled_from(["ana", "marta", "luis"]))
    def give_up(self, who: str) -> None:
        for desk in self.desks:
            ended = release(desk.house.engine, desk.session(who), desk.ref("opportunities", self.opp))
            assert ended == (self.holder == who)
        self.holder = None if self.holder == who else self.holder

    @rule()
    def a_supervisor_steals(self) -> None:
        for desk in self.desks:
            desk.do(Steal(desk.ref("opportunities", self.opp)), "luis")
        self.holder = "luis"

    @rule()
    def the_sync_says_that_he_came(self) -> None:
        self.sync(appointment, self.appt, arrived_at=self.now, status="checked_in")
        self.arrived = True
        self.done.clear()

    @rule()
    def the_sync_finds_the_sale(self) -> None:
        """Columns of the match belong to the sync: a sale is undone all the same."""
        if self.state == "sold":
            self.sync(opportunity, self.opp, match="verified", match_reads=1)

    def sync(self, table: Table, name: str, **values: Any) -> None:
        """What a run of the sync writes, past the desk."""
        for desk in self.desks:
            with writing(desk.house.engine) as conn:
                conn.execute(update(table).where(table.c.id == desk.ids[name]).values(values))

    @rule()
    def the_sync_moves_the_appointment(self) -> None:
        self.sync(appointment, self.appt, confirmed_at=None, confirmed_by=None, confirmed_start=None)
        self.confirmed = False
        self.done.clear()  # what is undone after this is another story: see undo_anything

    @precondition(lambda self: self.done)
    @rule()
    def undo_the_last(self) -> None:
        acts, before = self.done.pop()
        for desk, number in zip(self.desks, acts, strict=True):
            desk.at(self.now)
            desk.do(Undo(number))
        self.state, self.due, self.moves, self.calls, self.confirmed, self.extra_open = before
        self.last = None

    @precondition(lambda self: len(self.done) > 1)
    @rule(data=st.data())
    def undo_anything(self, data: st.DataObject) -> None:
        """An older act: both desks do the same, and everything still agrees; the model follows."""
        acts, _before = self.done[data.draw(st.integers(0, len(self.done) - 1))]
        outcomes = []
        for desk, number in zip(self.desks, acts, strict=True):
            desk.at(self.now)
            try:
                desk.do(Undo(number))
                outcomes.append(True)
            except Refused:
                outcomes.append(False)
        assert len(set(outcomes)) == 1
        row = self.desks[0].row(opportunity, self.desks[0].ids[self.opp])
        turn = self.desks[0].row(appointment, self.desks[0].ids[self.appt])
        self.state, self.due, self.moves = row["state"], row["due_day"], row["reschedules"]
        self.calls, self.confirmed = row["attempts"], turn["confirmed_at"] is not None
        self.extra_open = self.open_ones(self.desks[0]) > 0
        self.done.clear()
        self.last = None

    @precondition(lambda self: self.last is not None)
    @rule()
    def replay(self) -> None:
        assert self.last is not None
        command, key, results = self.last
        if self.desks[0].ids[self.opp] != self.desks[-1].ids[self.opp]:
            return
        for desk, result in zip(self.desks, results, strict=True):
            again = desk.do(command, key=key)
            assert (again.replayed, again.result) == (True, result)

    def open_ones(self, desk: Desk) -> int:
        """Open opportunities among those made from the appointment."""
        return sum(desk.row(opportunity, desk.ids[name])["state"] == "open" for name in self.extra)

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def as_the_model_says(self) -> None:
        if not hasattr(self, "opp"):
            return
        seen = []
        for desk in self.desks:
            row, turn = desk.row(opportunity, desk.ids[self.opp]), desk.row(appointment, desk.ids[self.appt])
            assert (row["state"], row["due_day"], row["reschedules"]) == (self.state, self.due, self.moves)
            assert row["attempts"] == self.calls
            assert (turn["confirmed_at"] is not None) == self.confirmed
            assert self.state == "open" or row["next_at"] is None, "a closed one waits for nothing"
            assert (row["sold_for"] is not None) == (self.state == "sold")
            assert self.open_ones(desk) == self.extra_open, "one of a vehicle and origin"
            held = desk.rows(claim, claim.c.person == f"p:{desk.ids[f'c{Machine.number}']}")
            assert [c["user_id"] for c in held] == ([desk.ids[self.holder]] if self.holder else [])
            seen.append(([row[k] for k in OPP], [turn[k] for k in APPT[:2]]))
        assert all(s == seen[0] for s in seen), "SQLite and PostgreSQL agree"

    @invariant()
    def queue_state_is_what_the_calls_say(self) -> None:
        if not hasattr(self, "opp"):
            return
        for desk in self.desks:
            with desk.house.engine.connect() as conn:
                for name, key in (("opportunity", self.opp), ("appointment", self.appt)):
                    table = metadata.tables[name]
                    row = conn.execute(select(table).where(table.c.id == desk.ids[key])).mappings().one()
                    assert {k: row[k] for k in work.derive(conn, name, row)} == work.derive(conn, name, row)

    def teardown(self) -> None:
        for desk in self.desks:
            with desk.house.engine.connect() as conn:
                acts = conn.execute(select(func.count()).select_from(act)).scalar_one()
                entries = conn.execute(select(func.count()).select_from(audit)).scalar_one()
                lost = conn.execute(select(func.count()).select_from(call).where(call.c.act_id.is_(None))).scalar_one()
            assert (acts, lost) == (entries, 0), "every act has its audit row"


def run(examples: int, steps: int, *phases: Phase) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True, database=None,
            suppress_health_check=list(HealthCheck), phases=phases or tuple(Phase),
        ),
    )  # fmt: skip


@pytest.fixture
def desks(migrated_sqlite: str, request: pytest.FixtureRequest, home: object) -> Any:
    urls = [migrated_sqlite, str(request.getfixturevalue("migrated_pg"))]
    Machine.desks = tuple(open_desk(url) for url in urls)
    yield Machine.desks
    for desk in Machine.desks:
        desk.house.close()
    Machine.desks = ()


def test_both_databases_agree_with_the_model(desks: Any) -> None:
    run(8, 20)


@pytest.mark.long
def test_both_databases_agree_with_the_model_for_long(desks: Any) -> None:
    run(2000, 50)


MUTANTS: dict[str, Any] = {
    "a sold one is sold again": lambda m: m.setitem(life.MOVES, ("sold", "sell"), "sold"),
    "a discarded one is rescheduled": lambda m: m.setitem(life.MOVES, ("discarded", "reschedule"), "open"),
    "no guard at all": lambda m: m.setattr(states, "check_move", lambda state, verb: state),
    "a key that is not looked up": lambda m: m.setattr(commands, "replay", lambda *_: None),
    "an undone call still counts": lambda m: m.setitem(rollback.ANNUL, "call", {}),
    "an outcome keeps the claim": lambda m: m.setattr(claims, "dispose", lambda *_: None),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(migrated_sqlite: str, home: object, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """RELIABILITY R3, R4: each guard taken away is noticed by the machine, on one database."""
    desk = open_desk(migrated_sqlite)
    monkeypatch.setattr(Machine, "desks", (desk,))
    MUTANTS[name](monkeypatch)
    try:
        run(60, 25, Phase.generate)
    except Exception:
        return
    finally:
        desk.house.close()
    pytest.fail("the machine does not notice")
