"""``boxes do`` as scripts use it: JSON, exit codes, keys (PRODUCT §10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from boxes_tui.cli.main import app
from boxes_tui.data.tables import act, block, call, opportunity
from tests.support.house import NOW, Desk, open_desk


class Script:
    """Runs ``boxes …`` in this process as somebody, on the desk's database."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        monkeypatch.setenv("BOXES_DATABASE_URL", str(desk.house.engine.url))
        monkeypatch.setenv("BOXES_NOW", NOW.isoformat())
        monkeypatch.setenv("BOXES_USER", "ana")
        self.env = monkeypatch

    def run(self, *args: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr)."""
        result = CliRunner().invoke(app, list(args))
        return result.exit_code, result.stdout, result.stderr

    def do(self, *args: str) -> dict[str, Any]:
        """The JSON of an act that succeeds."""
        code, out, err = self.run("do", *args, "--json")
        assert code == 0, err
        return dict(json.loads(out))


@pytest.fixture
def boxes(migrated_sqlite: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A script at a desk with known rows."""
    return Script(open_desk(migrated_sqlite), monkeypatch)


def test_every_verb_prints_the_act(boxes: Script) -> None:
    ref = boxes.desk.ref
    acts = [
        ("call", ref("deliveries", "delivery"), "--disposition", "attended", "--note", "bienvenida"),
        ("call", ref("completed", "service"), "--disposition", "0", "--score", "9"),
        ("call", ref("opportunities", "op_baez"), "--disposition", "4", "--at", "mañana 10", "--anyone"),
        ("opportunity", ref("deliveries", "delivery"), "--due", "12/5", "--about", "Service 10.000 km"),
        ("confirm", ref("appointments", "turno"), "--note", "llega tarde"),
        ("deliver", ref("in_process", "order"), "--at", "2026-11-24T12:00:00-03:00"),
        ("reschedule", ref("opportunities", "op_baez"), "--due", "2026-12-01T10:30"),
        ("sell", ref("opportunities", "op_baez"), "--at", "lu 15:30"),
        ("discard", ref("campaign_opportunities", "op_pena"), "--reason", "4"),
        ("rebook", ref("appointments", "no_show")),
        ("note", ref("in_process", "order"), "--note", "pide factura"),
        ("comment", ref("appointments", "turno"), "--note", "llega más tarde"),
    ]
    for verb, row, *rest in acts:
        made = boxes.do(verb, row, *rest)
        assert set(made) == {"act", "verb", "row", "replayed", "result"}
        assert (made["act"].isdigit(), made["row"], made["replayed"]) == (True, row, False)
        assert made["verb"] == {"comment": "note"}.get(verb, verb)
    last = boxes.do("undo")
    assert (last["verb"], last["result"]["undone"]) == ("undo", made["act"])
    assert boxes.do("undo", last["act"])["result"]["undone"] == last["act"]


def test_ids_are_text(boxes: Script) -> None:
    made = boxes.do(
        "call", boxes.desk.ref("completed", "service"), "--disposition", "6", "--due", "+9d", "--score", "3"
    )
    assert all(isinstance(made["result"][k], str) for k in ("call", "opportunity", "complaint"))


MISSING = [
    ("call", "deliveries:delivery"),
    ("call", "deliveries:delivery", "--disposition", "x"),
    ("call", "deliveries:delivery", "--disposition", "callback"),
    ("call", "deliveries:delivery", "--disposition", "4", "--at", "el día menos pensado"),
    ("call", "deliveries:delivery", "--disposition", "5"),
    ("call", "deliveries:delivery", "--disposition", "5", "--at", "2026-12-01"),
    ("call", "deliveries:delivery", "--disposition", "6"),
    ("call", "deliveries:delivery", "--disposition", "7"),
    ("call", "deliveries:delivery", "--disposition", "7", "--reason", "nope"),
    ("call", "deliveries:delivery", "--disposition", "7", "--reason", "other"),
    ("call", "completed:service", "--disposition", "0", "--score", "11"),
    ("call", "completed:service", "--disposition", "0", "--score", "nueve"),
    ("call", "cualquiera:1", "--disposition", "0"),
    ("call", "deliveries:x", "--disposition", "0"),
    ("opportunity", "deliveries:delivery", "--about", "x"),
    ("opportunity", "deliveries:delivery", "--due", "+3d"),
    ("discard", "opportunities:op_pena"),
    ("discard", "deliveries:delivery", "--reason", "price"),
    ("reschedule", "opportunities:op_pena"),
    ("sell", "opportunities:op_pena"),
    ("confirm", "in_process:order"),
    ("deliver", "appointments:turno"),
    ("deliver", "in_process:order", "--at", "quién sabe"),
    ("undo", "uno"),
    ("nada", "opportunities:op_pena"),
    ("note", "in_process:order"),
]
REFUSED = [
    ("call", "opportunities:999", "--disposition", "1"),
    ("call", "deliveries:delivery", "--disposition", "4", "--at", "2026-11-24T09:00"),
    ("reschedule", "opportunities:op_pena", "--due", "2026-11-01"),
    ("sell", "opportunities:op_pena", "--at", "2026-11-20 10:00"),
    ("confirm", "appointments:no_show"),
    ("deliver", "completed:service"),
    ("deliver", "in_process:order", "--at", "mañana"),
    ("rebook", "appointments:turno"),
    ("opportunity", "opportunities:op_pena", "--due", "+3d", "--about", "otra"),
    ("undo",),
    ("undo", "77"),
    ("assign", "opportunities:op_pena", "--to", "marta"),
    ("override", "--reason", "porque sí"),
]


@pytest.mark.parametrize(("args", "code"), [*((a, 2) for a in MISSING), *((a, 1) for a in REFUSED)])
def test_exit_codes_and_nothing_written(boxes: Script, args: tuple[str, ...], code: int) -> None:
    named = [_ref(boxes.desk, a) for a in args]
    before = [len(boxes.desk.rows(t)) for t in (act, call, block, opportunity)]
    got, out, err = boxes.run("do", *named)
    assert (got, out) == (code, ""), err
    assert err.strip(), "a sentence on stderr"
    assert [len(boxes.desk.rows(t)) for t in (act, call, block, opportunity)] == before


def _ref(desk: Desk, text: str) -> str:
    word, colon, name = text.partition(":")
    return f"{word}:{desk.ids[name]}" if colon and name in desk.ids else text


def test_the_key_is_idempotent_whatever_the_clock(boxes: Script) -> None:
    ref = boxes.desk.ref("opportunities", "op_pena")
    first = boxes.do("call", ref, "--disposition", "4", "--at", "+2h", "--key", "k")
    boxes.env.setenv("BOXES_NOW", "2026-11-25T18:00:00-03:00")
    again = boxes.do("call", ref, "--disposition", "4", "--at", "+2h", "--key", "k")
    assert again == {**first, "replayed": True}
    for other in (("call", ref, "--disposition", "1"), ("note", ref, "--note", "x")):
        code, out, err = boxes.run("do", *other, "--key", "k", "--json")
        assert (code, out) == (1, "") and "--key" in err
    assert len(boxes.desk.rows(call)) == 1


def test_roles_and_branches(boxes: Script) -> None:
    ref = boxes.desk.ref("opportunities", "op_pena")
    for who in ("tv", "rocio", "nadie"):
        boxes.env.setenv("BOXES_USER", who)
        assert boxes.run("do", "discard", ref, "--reason", "price")[0] == 1
    boxes.env.setenv("BOXES_USER", "luis")
    assert boxes.do("assign", ref, "--to", "marta")["result"]["rows"] == [ref]
    assert boxes.do("reassign", "marta")["result"]["rows"] == 1


def test_claims_are_no_acts(boxes: Script) -> None:
    ref = boxes.desk.ref("opportunities", "op_pena")
    made = boxes.do("claim", ref)
    assert made == {"act": None, "verb": "claim", "row": ref, "replayed": False, "result": {"claimed": True}}
    code, out, _err = boxes.run("queue", "opportunities", "--json")
    assert code == 0
    assert {r["ref"]: r["claimed_by"] for r in json.loads(out)["rows"]}[ref] == "ana"
    boxes.env.setenv("BOXES_USER", "marta")
    assert boxes.run("do", "claim", ref)[0] == 1
    boxes.env.setenv("BOXES_USER", "ana")
    assert boxes.do("release", ref)["result"] == {"released": 1}
    assert boxes.desk.rows(act) == []


def test_block_check_and_audit(boxes: Script) -> None:
    boxes.do("call", boxes.desk.ref("opportunities", "op_pena"), "--disposition", "9")
    code, out, _err = boxes.run("dnc", "check", "3515123456", "--json")
    assert (code, json.loads(out)["blocked"]) == (0, {"offer": True, "operational": False})
    assert boxes.run("audit", "verify", "--json")[0] == 1, "an agent may not"
    boxes.env.setenv("BOXES_USER", "luis")
    code, out, _err = boxes.run("audit", "verify", "--json")
    assert (code, json.loads(out)["ok"], json.loads(out)["first_bad"]) == (0, True, None)
    with boxes.desk.house.engine.begin() as conn:
        for trigger in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_change ON audit"):
            if (" ON " in trigger) == (conn.dialect.name == "postgresql"):
                conn.exec_driver_sql(trigger)
        conn.exec_driver_sql("UPDATE audit SET verb = 'note'")
    code, out, _err = boxes.run("audit", "verify", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert json.loads(out)["first_bad"].isdigit()
    code, out, _err = boxes.run("audit", "show", "--json")
    assert "PENA" not in out and "3515123456" not in out


def test_without_json_the_number_alone_is_data(boxes: Script) -> None:
    code, out, err = boxes.run("do", "reschedule", boxes.desk.ref("opportunities", "op_pena"), "--due", "2026-11-29")
    assert (code, out.strip()) == (0, "1")
    assert "domingo" in err


def test_import_and_seed(boxes: Script, tmp_path: Path) -> None:
    boxes.env.setenv("BOXES_USER", "rosa")
    file = tmp_path / "pendientes.csv"
    file.write_text("phone;due;about\n351 733-3456;2026-12-03;Frenos\n;2026-12-03;x\n", "utf-8")
    code, out, err = boxes.run("import", "opportunities", str(file), "--dry-run", "--json")
    assert code == 0, err
    assert (json.loads(out)["act"], json.loads(out)["imported"], len(boxes.desk.rows(opportunity))) == (None, 1, 2)
    code, out, _err = boxes.run("import", "opportunities", str(file), "--json")
    made = json.loads(out)
    assert (code, made["imported"], made["rejected"][0]["line"]) == (0, 1, 3)
    code, out, _err = boxes.run("import", "opportunities", str(file), "--json")
    again = json.loads(out)
    assert (code, again["act"], again["imported"], again["already"]) == (0, None, 0, 1), "the same file again"
    boxes.do("undo", made["act"])
    assert boxes.desk.rows(opportunity)[-1]["state"] == "cancelled"
    file.write_text("phone;due;about\n351 733-3456;03/12/2026 10:30;Frenos\n", "utf-8")
    assert boxes.run("import", "opportunities", str(file))[0] == 0
    assert boxes.desk.rows(opportunity)[-1]["due_minute"] == 630, "a date as it is written here"
    for args in (("import", "nada", str(file)), ("import", "opportunities", "no.csv"), ("import", "opportunities")):
        assert boxes.run(*args)[0] == 2, args
    assert boxes.run("seed", "opportunities", "--last-service-before", "2020-01-01", "--per-day", "5")[0] == 1
    assert boxes.run("seed", "opportunities", "--last-service-before", "nunca", "--per-day", "5")[0] == 2
    code, out, err = boxes.run(
        "seed", "opportunities", "--last-service-before", "2020-01-01", "--per-day", "5", "--dry-run", "--json"
    )
    assert (code, json.loads(out)["created"]) == (0, 0), err


def rows_of(boxes: Script, *args: str) -> list[dict[str, Any]]:
    code, out, err = boxes.run("queue", *args, "--json")
    assert code == 0, err
    return list(json.loads(out)["rows"])


def test_a_complaint_leaks_after_its_day(boxes: Script) -> None:
    ref = boxes.desk.ref("completed", "service")
    made = boxes.do("call", ref, "--disposition", "0", "--score", "6", "--note", "demoraron")
    assert rows_of(boxes, "leaks", "--filter", "complaints") == []
    boxes.env.setenv("BOXES_NOW", "2026-11-25T14:11:00-03:00")
    found = rows_of(boxes, "leaks", "--filter", "complaints")
    assert [(r["ref"], r["state"], r["late"]) for r in found] == [
        (f"complaints:{made['result']['complaint']}", "open", True)
    ]
    boxes.do("call", found[0]["ref"], "--disposition", "0", "--note", "se disculpó")
    assert rows_of(boxes, "leaks", "--filter", "complaints") == []
    boxes.do("undo")
    assert len(rows_of(boxes, "leaks", "--filter", "complaints")) == 1
    boxes.do("close-complaint", found[0]["ref"], "--note", "vino al mostrador")
    assert boxes.run("do", "close-complaint", found[0]["ref"])[0] == 1
    assert rows_of(boxes, "leaks", "--filter", "complaints") == []


def test_who_is_never_reached_and_who_has_no_phone_are_listed(boxes: Script) -> None:
    ref = boxes.desk.ref("opportunities", "op_baez")
    for day in (24, 25, 26):
        boxes.env.setenv("BOXES_NOW", f"2026-11-{day}T10:00:00-03:00")
        assert rows_of(boxes, "opportunities", "--only", "unreachable") == []
        for _n in range(2):
            boxes.do("call", ref, "--disposition", "1")
    found = rows_of(boxes, "opportunities", "--only", "unreachable")
    assert [(r["ref"], r["attempts"], r["unreachable"]) for r in found] == [(ref, 6, True)]
    boxes.do("call", boxes.desk.ref("opportunities", "op_pena"), "--disposition", "wrong_number")
    assert [r["ref"] for r in rows_of(boxes, "opportunities", "--only", "no_phone")] == [
        boxes.desk.ref("opportunities", "op_pena")
    ]
    boxes.do("call", ref, "--disposition", "4", "--at", "mañana 10", "--anyone")
    assert [r["ref"] for r in rows_of(boxes, "opportunities", "--only", "callbacks")] == [ref]
    assert rows_of(boxes, "opportunities", "--only", "unreachable") == [], "he was reached"
    assert boxes.run("queue", "opportunities", "--only", "nada")[0] == 2


def test_a_day_and_an_hour_apart(boxes: Script) -> None:
    ref = boxes.desk.ref("opportunities", "op_baez")
    assert boxes.do("reschedule", ref, "--due", "2026-12-01", "--at", "10:30")["result"]["due"] == "2026-12-01T10:30"
    sold = boxes.do("sell", ref, "--due", "2/12", "--at", "15:30")["result"]
    assert sold["sold_for"] == "2026-12-02T15:30:00-03:00"
    for key in ("", " "):
        code, out, _err = boxes.run("do", "note", ref, "--note", "x", "--key", key)
        assert (code, out) == (2, ""), "an empty variable of a script is no key"
