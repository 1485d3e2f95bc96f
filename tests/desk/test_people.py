"""Users, branches, keys, shifts, phones, assignment and acts over many rows."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from sqlalchemy import update

from boxes_tui.data.commands import execute
from boxes_tui.data.engine import reading, writing
from boxes_tui.data.tables import app_user, call, claim, customer, customer_phone, opportunity, sale_delivery, shift_log
from boxes_tui.desk import users
from boxes_tui.desk.assign import Assign, AssignAll
from boxes_tui.desk.branches import AddBranch
from boxes_tui.desk.bulk import BulkDiscard, BulkReschedule, preview
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.checks import recompute
from boxes_tui.desk.claims import take
from boxes_tui.desk.dnc import read_numbers
from boxes_tui.desk.opportunities import Sell
from boxes_tui.desk.phones import AddPhone, MarkPhone
from boxes_tui.desk.shifts import Shift
from boxes_tui.desk.undo import Undo
from boxes_tui.errors import Refused, UsageError
from tests.support.house import NOW, TODAY, Desk, add_customer, add_opportunity


def key(name: str = "ssh-ed25519", seed: bytes = b"x") -> str:
    blob = len(name).to_bytes(4, "big") + name.encode() + b"\0\0\0 " + seed * 32
    return f"{name} {base64.b64encode(blob).decode()}"


def test_a_new_user_can_work_and_a_disabled_one_cannot(desk: Desk) -> None:
    desk.do(users.AddUser("jose", "José", branches=("CENTRAL",)), "rosa")
    with pytest.raises(Refused):
        desk.do(users.AddUser("jose"), "rosa")
    with pytest.raises(UsageError):
        desk.do(users.AddUser("juan"), "rosa")  # two branches: which?
    for bad in ("Juan", "a b", 'x"y', "ñu"):
        with pytest.raises(UsageError):
            desk.do(users.AddUser(bad, branches=("ROS",)), "rosa")
    with pytest.raises(UsageError):
        desk.do(users.AddUser("juan", role="jefe", branches=("ROS",)), "rosa")
    with pytest.raises(Refused):
        desk.do(users.AddUser("juan", branches=("ROS",)), "luis")
    assert [b.code for b in desk.session("jose").branches] == ["CENTRAL"]
    take(desk.house.engine, desk.session("jose"), desk.ref("opportunities", "op_pena"))
    before = desk.session("jose")
    desk.do(users.DisableUser("jose"), "rosa")
    assert desk.rows(claim) == []
    with pytest.raises(Refused, match="deshabilitado"):  # a session that was open already
        execute(desk.house.engine, before, LogCall(desk.ref("opportunities", "op_pena"), "1"))
    with pytest.raises(Refused, match="deshabilitado"):
        desk.session("jose")
    for last in ("rosa",):
        with pytest.raises(Refused):
            desk.do(users.DisableUser(last), "rosa")
    with pytest.raises(Refused, match="único administrador"):
        desk.do(users.AddUser("rosa", role="agent", branches=("ROS",), change=True), "rosa")


def test_keys_of_active_people_only(desk: Desk) -> None:
    desk.do(users.AddKey("ana", key() + " ana@casa"), "rosa")
    with pytest.raises(Refused, match="otro usuario"):
        desk.do(users.AddKey("marta", key()), "rosa")
    for bad in ("", "ssh-ed25519", "ssh-dss " + key().split()[1], "ssh-ed25519 AAAA", 'command="sh" ' + key()):
        with pytest.raises(UsageError):
            desk.do(users.AddKey("marta", bad), "rosa")
    desk.do(users.AddKey("marta", key(seed=b"y")), "rosa")
    with reading(desk.house.engine) as conn:
        assert users.keys_of(conn, "boxes") == [("ana", key()), ("marta", key(seed=b"y"))]
        assert users.keys_of(conn, "ana") == [("ana", key())]
        assert users.keys_of(conn, "root") == []
    desk.do(users.AddKey("marta", key(seed=b"y"), remove=True), "rosa")
    desk.do(users.DisableUser("ana"), "rosa")
    with reading(desk.house.engine) as conn:
        assert users.keys_of(conn, "boxes") == []
        assert {u["login"]: u["keys"] for u in users.listed(conn, None)}["marta"] == 0


def test_branches(desk: Desk) -> None:
    desk.do(AddBranch("TUC", "Tucumán", area_code="381"), "rosa")
    with pytest.raises(Refused):
        desk.do(AddBranch("tuc"), "rosa")
    with pytest.raises(UsageError):
        desk.do(AddBranch("X", zone="Marte/Base"), "rosa")
    desk.do(AddBranch("TUC", workshop_hours="8 a 18", change=True), "rosa")
    found = next(b for b in desk.session("rosa").branches if b.code == "TUC")
    assert (found.name, found.area_code, found.workshop_hours) == ("Tucumán", "381", "8 a 18")


def test_shifts_are_logged(desk: Desk) -> None:
    desk.do(Shift("paused"))
    desk.later(minutes=7).do(Shift("ready"))
    desk.later(minutes=1).do(Shift("ready"))
    assert [(s["shift"], s["until"]) for s in desk.rows(shift_log)] == [
        ("paused", NOW + timedelta(minutes=7)), ("ready", None),
    ]  # fmt: skip
    assert desk.row(app_user, desk.ids["ana"])["shift_since"] == NOW + timedelta(minutes=7)
    with pytest.raises(UsageError):
        desk.do(Shift("siesta"))


def test_a_phone_that_the_customer_gives(desk: Desk) -> None:
    add_customer(desk, "mute", None)
    ref = desk.ref("customers", "mute")
    with pytest.raises(UsageError):
        desk.do(AddPhone(ref, "nada"))
    done = desk.do(AddPhone(ref, "0351 15 512-3456"))
    row = desk.row(customer_phone, int(done.result["phone"]))
    assert (row["e164"], row["kind"], row["origin"]) == ("+5493515123456", "mobile", "agent")
    assert desk.row(customer, desk.ids["mute"])["person_id"] == desk.ids["pena"], "one number, one person"
    desk.do(MarkPhone(row["id"], "wrong"))
    assert desk.row(customer, desk.ids["mute"])["without_phone_at"] == NOW
    desk.do(MarkPhone(row["id"], "right"))
    assert desk.row(customer, desk.ids["mute"])["without_phone_at"] is None
    desk.do(MarkPhone(row["id"], "fixed"))
    with pytest.raises(Refused):
        desk.do(MarkPhone(row["id"], "fixed"))
    desk.do(Undo(done.act))
    assert desk.row(customer, desk.ids["mute"])["person_id"] == desk.ids["mute"]


def test_assign_rows_and_all_of_an_agents_work(desk: Desk) -> None:
    ref = desk.ref("deliveries", "delivery")
    desk.do(LogCall(ref, "4", at="mañana 10"))
    with pytest.raises(Refused):
        desk.do(Assign((ref,), "marta"))
    done = desk.do(Assign((desk.ref("opportunities", "op_pena"), desk.ref("in_process", "order")), "ana"), "luis")
    assert [s["row"] for s in done.result["skipped"]] == [desk.ref("in_process", "order")]
    desk.do(AssignAll("ana", "marta"), "luis")
    assert desk.row(opportunity, desk.ids["op_pena"])["assigned_user_id"] == desk.ids["marta"]
    assert desk.row(sale_delivery, desk.ids["delivery"])["next_user_id"] == desk.ids["marta"]
    assert desk.rows(call)[0]["callback_user_id"] == desk.ids["marta"]
    with desk.house.engine.connect() as conn:
        assert recompute(conn) == []
    with pytest.raises(Refused):
        desk.do(AssignAll("ana", None), "luis")
    desk.do(Undo(), "luis")
    assert desk.row(sale_delivery, desk.ids["delivery"])["next_user_id"] == desk.ids["ana"]
    with writing(desk.house.engine) as conn:
        conn.execute(update(app_user).where(app_user.c.login == "marta").values(active=False))
    with pytest.raises(Refused):
        desk.do(Assign((ref,), "marta"), "luis")


def test_many_rows_are_one_act_and_one_undo(desk: Desk) -> None:
    refs = tuple(f"opportunities:{add_opportunity(desk, f'm{n}', 'rios', origin=o)}"
                 for n, o in enumerate(("delivery", "completed", "no_show")))  # fmt: skip
    desk.do(Sell(refs[2], "lu 10:00"))
    with reading(desk.house.engine) as conn:
        seen = preview(conn, desk.session(), "discard", refs)
    assert (seen.refs, [s.ref for s in seen.skipped]) == (refs[:2], [refs[2]])
    moved = desk.do(BulkReschedule(refs, "+9d"))
    assert (moved.result["rows"], [s["row"] for s in moved.result["skipped"]]) == (list(refs[:2]), [refs[2]])
    gone = desk.do(BulkDiscard(refs, "distance"))
    with pytest.raises(Refused):
        desk.do(BulkDiscard(refs, "price"))
    with pytest.raises(UsageError):
        desk.do(BulkDiscard(refs, None))
    desk.do(Undo(gone.act))
    desk.do(Sell(refs[0], "lu 11:00"))
    undone = desk.do(Undo(moved.act))
    assert undone.result["changed"] == [f"opportunity:{refs[0].split(':')[1]}"], "cambió después"
    assert desk.row(opportunity, int(refs[1].split(":")[1]))["due_day"] == TODAY


def test_numbers_of_a_list(lite: Desk, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "lista.csv"
    file.write_bytes(
        "teléfono;nombre\n0351 15 512-3456;PEÑA\n+54 9 11 4444-5555;\n1144445555;\n\nsin número;x\n".encode("cp1252")
    )
    found = read_numbers(file)
    assert (found.keys, found.unread) == (frozenset({"3515123456", "1144445555"}), 2)
    with pytest.raises(UsageError):
        read_numbers(file.with_name("no.csv"))
