"""The life cycle of opportunities and appointments against a model, on both databases at once (RELIABILITY R4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from boxes_tui.data.commands import ActResult, Command
from boxes_tui.data.engine import writing
from boxes_tui.data.tables import act, appointment, audit, call, metadata, opportunity
from boxes_tui.desk import work
from boxes_tui.desk.appointments import Confirm
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.opportunities import Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.undo import Undo
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
        self.done: list[tuple[tuple[int, ...], tuple[Any, ...]]] = []
        self.last: tuple[Command, str, tuple[dict[str, Any], ...]] | None = None
        self.keys = 0

    # -- running on both ---------------------------------------------------------------------------

    def model(self) -> tuple[Any, ...]:
        return self.state, self.due, self.moves, self.calls, self.confirmed

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

    @rule(code=st.sampled_from(["1", "2", "3", "8", "0"]))
    def call(self, code: str) -> None:
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), code), True)
        self.calls += 1

    @rule(days=DAYS, mine=st.booleans())
    def promise(self, days: int, mine: bool) -> None:
        at = local(TODAY + timedelta(days + 1), 10)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "4", at=at, mine=mine), True)
        self.calls += 1

    @rule(days=DAYS)
    def call_and_sell(self, days: int) -> None:
        at = local(TODAY + timedelta(days + 1), 10)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "5", at=at), True)
        self.calls += 1
        self.state = "sold" if self.state == "open" else self.state

    @rule(days=DAYS)
    def call_and_put_off(self, days: int) -> None:
        due = TODAY + timedelta(days)
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "6", due=due), True)
        self.calls += 1
        if self.state == "open":
            self.due, self.moves = due, self.moves + 1

    @rule()
    def call_and_discard(self) -> None:
        self.run(lambda d: LogCall(d.ref("opportunities", self.opp), "7", reason="price"), True)
        self.calls += 1
        self.state = "discarded" if self.state == "open" else self.state

    @rule()
    def confirm(self) -> None:
        if self.run(lambda d: Confirm(d.ref("appointments", self.appt), "llega tarde"), not self.confirmed):
            self.confirmed = True

    @rule()
    def rebook_what_is_no_no_show(self) -> None:
        self.run(lambda d: Rebook(d.ref("appointments", self.appt)), False)

    @rule()
    def the_sync_moves_the_appointment(self) -> None:
        for desk in self.desks:
            with writing(desk.house.engine) as conn:
                conn.execute(
                    update(appointment)
                    .where(appointment.c.id == desk.ids[self.appt])
                    .values(confirmed_at=None, confirmed_by=None, confirmed_start=None)
                )
        self.confirmed = False
        self.done.clear()  # what is undone after this is another story: see undo_anything

    @precondition(lambda self: self.done)
    @rule()
    def undo_the_last(self) -> None:
        acts, before = self.done.pop()
        for desk, number in zip(self.desks, acts, strict=True):
            desk.at(self.now)
            desk.do(Undo(number))
        self.state, self.due, self.moves, self.calls, self.confirmed = before
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


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
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
    run(12, 20)


@pytest.mark.long
def test_both_databases_agree_with_the_model_for_long(desks: Any) -> None:
    run(2000, 50)
