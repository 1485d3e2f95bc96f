"""Acts that wait on this machine: the same command with the same key, as of the instant at which it was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from boxes_tui.clock import Clock
from boxes_tui.data.commands import Command
from boxes_tui.data.drafts import Journal
from boxes_tui.data.tables import act, call, note, opportunity
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.notes import Note
from boxes_tui.desk.opportunities import Reschedule
from boxes_tui.desk.standing import Standing
from boxes_tui.screens.pending import commands, keep_pending, restore, send_waiting
from tests.support.house import NOW, TODAY, Desk, local, open_desk


@pytest.fixture
def desk(migrated_db_url: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_db_url)
    made.house.login = "ana"
    yield made
    made.house.close()


def sample(kind: Any) -> Any:
    text = str(kind)
    for word, value in (
        ("Standing", Standing("appointment", "to_confirm")), ("tuple[str", ("opportunities:1", "opportunities:2")), ("datetime.datetime", datetime(2026, 11, 25, 13, tzinfo=UTC)),
        ("datetime.date", date(2026, 12, 1)), ("bool", True), ("int", 7), ("'offer'", "offer"), ("'yes'", "yes"), ("str", "mañana 10"),
    ):  # fmt: skip
        if word in text:
            return value
    raise AssertionError(f"a kind of argument that the journal has not seen: {text}")


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_comes_back_the_same(tmp_path: Path, name: str) -> None:
    """The key stands for the arguments: another type or text would be refused as another act. What only a person who is
    there could be asked about is left out."""
    found: type[Command] = commands()[name]
    hints = get_type_hints(found)
    desk = type("Someone", (), {"login": "ana"})()
    made = found(**{f.name: sample(hints[f.name]) for f in fields(found)})  # type: ignore[arg-type]
    journal = Journal(tmp_path)
    keep_pending(journal, desk, made, "k", NOW)
    (waiting,) = Journal(tmp_path).waiting("ana")
    back = restore(waiting.body)
    assert back == made.unattended() and back is not None and back.arguments() == made.arguments() and waiting.at == NOW
    journal.close()


def test_what_waited_is_sent_as_of_when_it_was_done(desk: Desk, tmp_path: Path) -> None:
    """*mañana 10* of Tuesday is Wednesday also when it goes out on Thursday; so are the times of the call.

    Seen to fail: sent with the clock of the sending.
    """
    journal, house = Journal(tmp_path), desk.house
    session = house.session
    ref = desk.ref("opportunities", "op_pena")
    keep_pending(journal, session, LogCall(ref, "4", "llamar", at="mañana 10"), "k1", NOW)
    keep_pending(journal, session, Note(ref, "una"), "k2", NOW + timedelta(minutes=1))
    other = desk.ref("opportunities", "op_baez")
    keep_pending(journal, session, Reschedule(other, "+3d"), "k3", NOW + timedelta(minutes=2))
    house.clock = Clock(NOW + timedelta(days=2))
    house.refresh()
    assert send_waiting(house, journal) == (3, 0) and journal.waiting("ana") == []
    (made,) = desk.rows(call)
    assert (made["at"], made["day"]) == (NOW, TODAY)
    assert made["callback_at"] == local(TODAY + timedelta(1), 10)
    assert desk.row(opportunity, desk.ids["op_baez"])["due_day"] == TODAY + timedelta(3)
    assert [a["key"] for a in desk.rows(act)] == ["k1", "k2", "k3"]
    assert [a["at"] for a in desk.rows(act)] == [NOW + timedelta(minutes=n) for n in range(3)]


def test_an_act_that_had_come_through_is_not_done_twice(desk: Desk, tmp_path: Path) -> None:
    """The answer was lost, or the process died before it forgot the act: the key says that it is done."""
    journal, house = Journal(tmp_path), desk.house
    command = Note(desk.ref("opportunities", "op_pena"), "una vez")
    house.execute(command, "k")
    for _time in range(2):
        keep_pending(journal, house.session, command, "k", NOW)
        assert send_waiting(house, journal) == (1, 0)
    assert len(desk.rows(note)) == 1


def test_a_refused_act_stays_with_its_reason_and_holds_up_nobody(desk: Desk, tmp_path: Path) -> None:
    journal, house = Journal(tmp_path), desk.house
    keep_pending(journal, house.session, Note("opportunities:999", "nadie"), "k1", NOW)
    keep_pending(journal, house.session, Note(desk.ref("opportunities", "op_pena"), "bien"), "k2", NOW)
    journal.wait("ana", "k3", "note", {"class": "Gone", "args": {}}, "note", NOW)
    assert send_waiting(house, journal) == (1, 2)
    refused = journal.waiting("ana", refused=True)
    assert [r.key for r in refused] == ["k1", "k3"] and all(r.refused for r in refused)
    assert [n["text"] for n in desk.rows(note)] == ["bien"]
