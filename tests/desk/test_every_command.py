"""Every command there is, held against the contact gate: those that reach somebody ask it, those that record never do."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

import boxes_tui.desk
import boxes_tui.outreach
import boxes_tui.reports
from boxes_tui.data.commands import Command
from boxes_tui.desk.appointments import Comment, Confirm
from boxes_tui.desk.assign import Assign
from boxes_tui.desk.blocks import Block
from boxes_tui.desk.bulk import BulkDiscard, BulkReschedule
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal
from boxes_tui.desk.dnc import ImportList
from boxes_tui.desk.notes import Note
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.phones import AddPhone
from boxes_tui.desk.undo import Undo
from boxes_tui.outreach.whatsapp import LogWhatsApp, NoteReply
from tests.support.house import TODAY, Desk, local

REACH = {"LogDial", "SendReminder", "RetryMail", "CreateCampaign", "SeedOpportunities"}
"""They dial, send or enrol: each is held against the gate in tests/outreach and in test_gate, test_campaigns."""

ADMIN = {
    "AddBranch", "AddKey", "AddUser", "ApplyRetention", "AssignAll", "CloseComplaint", "CorrectSale", "CreditSale",
    "DisableUser", "DropSegment", "ErasePerson", "ExportCard", "ExportPerson", "ImportList", "LogRequest", "MarkPhone", "NameBranch",
    "OptIn", "OverrideGate", "RectifyPerson", "SaveSegment", "SetGoLive", "Shift", "TakeOver", "Unblock", "UndoCampaign",
}  # fmt: skip
"""They contact nobody and record no contact."""

Make = Callable[[Desk], Command]
RECORD: dict[str, Make] = {
    "LogCall": lambda d: LogCall(d.ref("opportunities", "op_pena"), "4", at="mañana 10"),
    "CreateOpportunity": lambda d: CreateOpportunity(d.ref("appointments", "turno"), "+9d", "Service"),
    "Rebook": lambda d: Rebook(d.ref("appointments", "no_show")),
    "Discard": lambda d: Discard(d.ref("opportunities", "op_pena"), "price"),
    "Reschedule": lambda d: Reschedule(d.ref("opportunities", "op_pena"), "+3d"),
    "Sell": lambda d: Sell(d.ref("opportunities", "op_pena"), "lu 10:00"),
    "BulkDiscard": lambda d: BulkDiscard((d.ref("opportunities", "op_pena"),), "price"),
    "BulkReschedule": lambda d: BulkReschedule((d.ref("opportunities", "op_pena"),), "+3d"),
    "Confirm": lambda d: Confirm(d.ref("appointments", "turno")),
    "Comment": lambda d: Comment(d.ref("appointments", "turno"), "llega tarde"),
    "Deliver": lambda d: Deliver(d.ref("in_process", "order")),
    "Note": lambda d: Note(d.ref("opportunities", "op_pena"), "x"),
    "AddPhone": lambda d: AddPhone(d.ref("opportunities", "op_pena"), "351 555-1234"),
    "Block": lambda d: Block(d.ref("opportunities", "op_pena")),
    "LogWhatsApp": lambda d: LogWhatsApp(d.ref("opportunities", "op_pena")),
    "NoteReply": lambda d: NoteReply(d.ref("appointments", "turno"), "yes"),
    "Assign": lambda d: Assign((d.ref("opportunities", "op_pena"),), "marta"),
    "Steal": lambda d: Steal(d.ref("opportunities", "op_pena")),
    "Undo": lambda d: Undo(),
}
"""They write down what has happened, or move work that nobody is called for yet."""

MARKED = {"LogCall", "LogWhatsApp", "NoteReply"}
"""Records of a contact: outside the rules they say so."""


def subclasses() -> set[str]:
    for package in (boxes_tui.desk, boxes_tui.outreach, boxes_tui.reports):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    return {c.__name__ for c in Command.__subclasses__() if c.__module__.startswith("boxes_tui.")}


def test_every_command_says_what_it_is_to_the_gate() -> None:
    """A new command has to be put into one of the three, and into the tests of it."""
    assert subclasses() == REACH | ADMIN | set(RECORD)
    assert not REACH & ADMIN and not (REACH | ADMIN) & set(RECORD)


@pytest.mark.parametrize("name", RECORD)
@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_recording_is_never_refused(lite: Desk, name: str, role: str) -> None:
    """Nobody may be called: each asked for it, the list is old and holds them, and it is eleven at night."""
    login = {"agent": "ana", "supervisor": "luis", "admin": "rosa"}[role]
    if name in ("Assign", "Steal") and role == "agent":
        pytest.skip("a supervisor's verb")
    lite.do(ImportList("No Llame", TODAY.replace(day=1), "x", frozenset({"3515123456", "3517333456"})), "rosa")
    for who in ("pena", "baez", "rios"):
        lite.do(Block(lite.ref("customers", who), "operational"))
    lite.at(local(TODAY, 23))
    if name == "Undo":
        lite.do(Note(lite.ref("opportunities", "op_pena"), "x"), login)
    result: dict[str, Any] = lite.do(RECORD[name](lite), login).result
    if name in MARKED:
        assert "own" in str(result["outside_rules"]), "marked *fuera de norma*"
