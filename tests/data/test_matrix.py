"""Every command × every role × own, other and no branch (RELIABILITY S5): who may is what the table of roles and the
branches say, on SQLite by the program, on PostgreSQL under row-level security too."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert

import boxes_tui.desk
import boxes_tui.outreach
from boxes_tui.data import commands as door
from boxes_tui.data.commands import Command, execute
from boxes_tui.data.engine import make_engine, set_scope, writing
from boxes_tui.data.grants import grant
from boxes_tui.data.tables import app_user, complaint, user_branch
from boxes_tui.desk.appointments import Comment, Confirm
from boxes_tui.desk.assign import Assign
from boxes_tui.desk.blocks import Block
from boxes_tui.desk.bulk import BulkDiscard, BulkReschedule
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.claims import Steal
from boxes_tui.desk.complaints import CloseComplaint
from boxes_tui.desk.gate import OverrideGate
from boxes_tui.desk.notes import Note
from boxes_tui.desk.opportunities import CreateOpportunity, Discard, Rebook, Reschedule, Sell
from boxes_tui.desk.orders import Deliver
from boxes_tui.desk.reconcile import CorrectSale
from boxes_tui.domain.roles import ROLES, may
from boxes_tui.errors import BoxesError, Refused
from boxes_tui.outreach.whatsapp import LogWhatsApp, NoteReply
from tests.support.house import NOW, TODAY, Desk, add_opportunity, local, open_desk

PLACES = ("own", "other", "none")
NO_ROW = {
    "AddBranch", "AddKey", "AddPhone", "AddUser", "ApplyRetention", "AssignAll", "CreateCampaign", "DisableUser",
    "ErasePerson", "ExportCard", "ExportPerson", "ImportList", "LogDial", "LogRequest", "MarkPhone", "NameBranch",
    "RectifyPerson", "RetryMail", "SeedOpportunities", "SendReminder", "SetGoLive", "Shift", "TakeOver", "Unblock",
    "UndoCampaign", "Undo", "CreditSale", "OptIn", "SaveSegment", "DropSegment",
}  # fmt: skip
"""Commands of no one row of a branch (persons, users, settings, lists, bulk), or whose rows have tests of their own; the
role is asked of them here."""


def every_command() -> dict[str, type[Command]]:
    found: dict[str, type[Command]] = {}
    for room in (boxes_tui.desk, boxes_tui.outreach):
        for module in pkgutil.iter_modules(room.__path__):
            made = importlib.import_module(f"{room.__name__}.{module.name}")
            for name, item in inspect.getmembers(made, inspect.isclass):
                if issubclass(item, Command) and not inspect.isabstract(item):
                    found[name] = item
    return found


def on_rows(desk: Desk) -> dict[str, Command]:
    """One of each command that acts on a row, all on rows of Casa Central."""
    ref = desk.ref
    opp, turno = ref("opportunities", "op_pena"), ref("appointments", "turno")
    made: list[Command] = [
        Comment(turno, "x"), Confirm(turno), Assign((opp,), "marta"), Block(opp, "offer"), BulkDiscard((opp,), "price"),
        BulkReschedule((opp,), "+3d"), LogCall(opp, "1"), Steal(opp), CloseComplaint(ref("complaints", "complaint")),
        OverrideGate(opp, "lo pidió", 1), Note(opp, "x"), CreateOpportunity(ref("deliveries", "delivery"), "+3d", "Service"),
        Discard(opp, "price"), Rebook(ref("appointments", "no_show")), Reschedule(opp, "+3d"), Sell(opp, "mañana 10"),
        Deliver(ref("in_process", "order")), CorrectSale(desk.ids["sold"], local(TODAY + timedelta(2), 9)),
        LogWhatsApp(turno), NoteReply(turno, "yes"),
    ]  # fmt: skip
    return {type(c).__name__: c for c in made}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Engine]]:
    """A desk with somebody of each role in each place, and the engine that acts: the desk's own role on PostgreSQL."""
    from tests.support import postgres

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOXES_HOME", str(tmp_path_factory.mktemp("home")))
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'boxes.db'}"
        else:
            server = request.getfixturevalue("pg_server")
            url = postgres.owned_database(server, request.getfixturevalue("pg_prefix"))
        desk = open_desk(url)
        furnish(desk)
        engine = desk.house.engine
        if request.param == "postgres":
            engine = make_engine(engine.url.set(username=ruled(desk, server)))
        yield desk, engine
        engine.dispose()
        desk.house.close()
    if request.param == "postgres":
        postgres.drop_owned(server, url)
        statement(server, f"DROP ROLE {engine.url.username}")


def statement(server: str, words: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(words.encode())


def ruled(desk: Desk, server: str) -> str:
    """The desk's role, with its rights."""
    name = f"{desk.house.engine.url.database}_app"
    statement(server, f"CREATE ROLE {name} LOGIN")
    with writing(desk.house.engine) as conn:
        grant(conn, name)
    return name


def furnish(desk: Desk) -> None:
    for role in ROLES:
        for place in PLACES:
            login = f"{role}_{place}"
            user = desk.add(login, app_user, login=login, name=login.title(), role=role, created_at=NOW, shift="ready")
            if place != "none":
                with writing(desk.house.engine) as conn:
                    branch_id = desk.ids["cba" if place == "own" else "ros"]
                    conn.execute(insert(user_branch).values(user_id=user, branch_id=branch_id))
    desk.add(
        "complaint", complaint, branch_id=desk.ids["cba"], customer_id=desk.ids["pena"], opened_at=NOW, opened_day=TODAY,
        due_at=NOW, text="x",
    )  # fmt: skip
    add_opportunity(
        desk, "sold", "rios", state="sold", state_at=NOW, state_day=TODAY, sold_for=local(TODAY + timedelta(1), 9),
        match="missing", state_by=desk.ids["ana"],
    )  # fmt: skip


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command does is taken back at its end: each case finds the same rows."""

    @contextmanager
    def rolled_back(engine: Engine) -> Iterator[Connection]:
        with engine.connect().execution_options(boxes_write=True) as conn:
            yield conn
            conn.rollback()

    monkeypatch.setattr(door, "writing", rolled_back)


def test_every_command_is_in_the_matrix(house: tuple[Desk, Engine]) -> None:
    """A new command has to say where it belongs."""
    assert set(on_rows(house[0])) | NO_ROW == set(every_command())
    assert not set(on_rows(house[0])) & NO_ROW


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", PLACES)
def test_who_may_act_on_a_row(house: tuple[Desk, Engine], undone: None, role: str, place: str) -> None:
    """Allowed where the role has the verb and the row's branch is the person's; else a sentence, and nothing written.

    Seen to fail: ``Session.may_see`` that is always true.
    """
    desk, engine = house
    session = desk.session(f"{role}_{place}")
    done, wanted = set(), set()
    for name, command in on_rows(desk).items():
        if may(role, command.verb) and (place == "own" or role == "admin"):
            wanted.add(name)
        try:
            result = execute(engine, session, command)
            if result.result.get("rows") != []:
                done.add(name)
        except Refused as error:
            assert "PENA" not in str(error) and len(str(error)) < 200
        except BoxesError as error:
            pytest.fail(f"{name} by {role} of {place}: {error}")
    assert done == wanted


@pytest.mark.parametrize("name", sorted(NO_ROW))
def test_roles_of_the_others(house: tuple[Desk, Engine], undone: None, name: str) -> None:
    """Who has not the role is refused before the command looks at anything."""
    desk, engine = house
    command = object.__new__(every_command()[name])
    for role in ROLES:
        if not may(role, command.verb):
            with pytest.raises(Refused, match="rol"):
                execute(engine, desk.session(f"{role}_own"), command)


def test_what_is_read_is_ones_own(house: tuple[Desk, Engine]) -> None:
    """Raw rows under each person's scope: nobody without a branch sees one, nobody sees another's (PostgreSQL)."""
    desk, engine = house
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite promises no isolation of its own")
    for role in ROLES:
        for place in PLACES:
            with engine.connect() as conn:
                set_scope(conn, desk.session(f"{role}_{place}").branch_ids)
                for table in ("opportunity", "appointment", "repair_order", "sale_delivery", "complaint"):
                    found = set(conn.exec_driver_sql(f"SELECT branch_id FROM {table}").scalars())
                    assert bool(found) == (place == "own" or role == "admin"), (role, place, table)
