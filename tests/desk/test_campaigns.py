"""Campaigns: created in one transaction as the dry run said, joined, blocked, spread, followed, undone whole."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from typer.testing import CliRunner

from boxes_tui.cli.main import app
from boxes_tui.data.commands import ActResult, execute
from boxes_tui.data.engine import writing
from boxes_tui.data.reads.details import detail
from boxes_tui.data.tables import act, campaign, campaign_unit, holiday, opportunity, repair_order, vehicle
from boxes_tui.desk import campaign_plan, campaign_units
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaign_plan import Choice
from boxes_tui.desk.campaign_segment import Segment, segment_ids, unit_rows
from boxes_tui.desk.campaign_undo import UndoCampaign
from boxes_tui.desk.campaigns import CreateCampaign, campaign_from_lines, dry_run
from boxes_tui.desk.sheet import call_sheet
from boxes_tui.desk.undo import Undo, preview
from boxes_tui.errors import Refused, UsageError
from boxes_tui.reports.campaign_progress import campaign_list, campaign_progress
from tests.support.house import NOW, TODAY, Desk

DUE = date(2026, 12, 3)


def fleet(desk: Desk, n: int = 8) -> list[str]:
    """Units of Peña, Báez and Ríos in turn; their VINs."""
    vins = [f"9BD19713MK{4067900 + i}" for i in range(n)]
    owners = ("pena", "baez", "rios")
    for i, vin in enumerate(vins):
        desk.add(
            vin, vehicle, vin=vin, tail_rev=vin[::-1], model="SIENA", model_year=2015 + i, owner_id=desk.ids[owners[i % 3]],
            last_km=i * 10_000, last_service_day=TODAY - timedelta(100 * i), predicted_due=TODAY + timedelta(i), plate=f"AC{i:03d}ZZ",
        )  # fmt: skip
    return vins


def create(desk: Desk, lines: list[str], type_: str = "technical_note", **more: Any) -> ActResult:
    made = {"due": DUE, **more}
    return desk.do(campaign_from_lines(desk.house.engine, f"NT {type_}", type_, lines, **made), "luis")


def snapshot(desk: Desk) -> list[Any]:
    return [[r for r in desk.rows(t) if r.get("state") not in ("cancelled", "undone")] for t in (opportunity, vehicle)]


def test_agents_take_turns_over_working_days(desk: Desk) -> None:
    vins = fleet(desk)
    desk.add("free", holiday, day=date(2026, 12, 4), name="local", branch_id=desk.ids["cba"])
    command = campaign_from_lines(
        desk.house.engine,
        "NT 4711",
        "technical_note",
        [*vins, "x", vins[0]],
        due="3/12",
        per_day=3,
        agents=("ana", "marta"),
    )
    session = desk.session("luis")
    with desk.house.engine.connect() as conn:
        said = dry_run(conn, session, command)
    made = desk.do(command, "luis")
    assert said.days == ((date(2026, 12, 3), 3), (date(2026, 12, 7), 3), (date(2026, 12, 9), 2))
    assert said.holidays == (date(2026, 12, 4), date(2026, 12, 8))
    assert dict(said.per_agent) == {"ana": 4, "marta": 4}
    assert made.result == {
        "campaign": str(desk.rows(campaign)[0]["id"]), "created": 8, "joined": 0,
        "skipped": {"ambiguous": 0, "unknown": 1, "duplicate": 1, "blocked": 0},
    }  # fmt: skip
    assert said.as_json()["created"] == 8 and dict(said.skipped) == made.result["skipped"]
    rows = desk.rows(opportunity, opportunity.c.origin == "campaign")
    assert [r["due_day"] for r in rows] == [d for d, n in said.days for _ in range(n)]
    assert [r["assigned_user_id"] for r in rows] == [desk.ids["ana"], desk.ids["marta"]] * 4
    assert {r["customer_id"] for r in rows} == {desk.ids[n] for n in ("pena", "baez", "rios")}
    assert all(u["match"] == "exact" and u["assigned_day"] == TODAY for u in desk.rows(campaign_unit))


def test_a_unit_with_an_open_one_joins_it_and_one_call_serves_both(desk: Desk) -> None:
    vins = fleet(desk, 3)
    first = create(desk, vins[:2])
    second = create(desk, vins, "recall")
    assert (second.result["created"], second.result["joined"]) == (1, 2)
    units = desk.rows(campaign_unit, campaign_unit.c.vehicle_id == desk.ids[vins[0]])
    assert units[0]["opportunity_id"] == units[1]["opportunity_id"] and units[1]["joined"]
    desk.later(hours=1).do(LogCall(f"opportunities:{units[0]['opportunity_id']}", "attended"), "ana")
    with desk.house.engine.connect() as conn:
        for made in (first, second):
            found = campaign_progress(conn, desk.session("luis"), int(made.result["campaign"]))
            assert next(f.num for f in found.kpis if f.kpi.code == "campaign_reach") == 1


def test_offers_leave_out_who_asked_not_to_be_called(desk: Desk) -> None:
    vins = fleet(desk, 3)
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "do_not_call"))
    note = create(desk, vins)
    assert note.result == {
        **note.result,
        "created": 3,
        "skipped": {"ambiguous": 0, "unknown": 0, "duplicate": 0, "blocked": 0},
    }
    desk.do(UndoCampaign(int(note.result["campaign"])), "luis")
    offer = create(desk, vins, "offer")
    assert (offer.result["created"], offer.result["skipped"]["blocked"]) == (2, 1)
    left = desk.rows(campaign_unit, campaign_unit.c.state == "blocked")
    assert [(u["vehicle_id"], u["blocked_why"], u["assigned_day"], u["opportunity_id"]) for u in left] == [
        (desk.ids[vins[0]], "own", None, None)
    ]
    with desk.house.engine.connect() as conn:
        found = campaign_progress(conn, desk.session("luis"), int(offer.result["campaign"]))
    assert (found.line.assigned, found.line.blocked) == (2, 1)
    assert [(u.vehicle_id, u.why) for u in found.left] == [(desk.ids[vins[0]], "own")]


def test_a_recall_leaves_out_only_who_refused_operational_calls_too(desk: Desk) -> None:
    vins = fleet(desk, 3)
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "do_not_call", tampoco=True))
    assert create(desk, vins, "recall").result["skipped"]["blocked"] == 1


def test_very_many_units_are_told_as_few_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    vins = fleet(desk, 8)
    create(desk, vins[4:6])
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "do_not_call", tampoco=True))
    told = []
    for many in (campaign_units.MANY, 0):
        monkeypatch.setattr(campaign_units, "MANY", many)
        monkeypatch.setattr(campaign_plan, "MANY", many)
        for choice in (Choice("\n".join(vins)), Choice(None, Segment(model="SIENA"), without=(desk.ids[vins[1]],))):
            with desk.house.engine.connect() as conn:
                session = desk.session("luis")
                said = dry_run(conn, session, CreateCampaign("x", "recall", choice, DUE, 2, ("ana", "luis")))
                seen = campaign_units.load(conn, session, [desk.ids[v] for v in vins], "recall")
            told.append((said.as_json(), dict(said.blocked), list(seen.values())))
    assert told[:2] == told[2:] and told[0][0]["chosen"] == 8 and told[1][0]["chosen"] == 7
    assert told[0][1] == {"own_operational": 3} and told[0][0]["joined"] == 2


def test_a_campaign_that_is_cancelled_while_it_is_written_leaves_nothing(desk: Desk) -> None:
    vins, heard = fleet(desk, 4), []

    def told(done: int, total: int) -> bool:
        heard.append((done, total))
        return done < 4

    before = snapshot(desk)
    command = CreateCampaign("x", "recall", Choice("\n".join(vins)), DUE)
    with pytest.raises(Refused):
        execute(desk.house.engine, desk.session("luis"), command, told=told)
    assert heard == [(0, 8), (4, 8)] and snapshot(desk) == before and not desk.rows(campaign)


def test_nothing_is_written_where_nothing_can_enter_or_something_is_missing(desk: Desk) -> None:
    vins = fleet(desk, 2)
    for lines, more, error in (
        (["nada"], {}, Refused), (vins, {"due": None}, UsageError), (vins, {"due": "ayer"}, Refused),
        (vins, {"due": "eh?"}, UsageError), (vins, {"agents": ("nadie",)}, UsageError), (vins, {"per_day": 0}, UsageError),
        (vins, {"agents": ("tv",)}, UsageError),
    ):  # fmt: skip
        with pytest.raises(error):
            create(desk, lines, **more)
    with pytest.raises(UsageError):
        create(desk, vins, "gift")
    with pytest.raises(Refused):
        desk.do(campaign_from_lines(desk.house.engine, "x", "recall", vins, due=DUE), "ana")
    assert not desk.rows(campaign) and not desk.rows(campaign_unit)


def test_undo_restores_everything_while_no_unit_was_worked(desk: Desk) -> None:
    vins = fleet(desk)
    before = snapshot(desk)
    made = int(create(desk, vins).result["campaign"])
    assert snapshot(desk) != before
    assert desk.do(UndoCampaign(made), "luis").result["cancelled"] == 8
    assert snapshot(desk) == before
    with pytest.raises(Refused):
        desk.do(UndoCampaign(made), "luis")
    assert create(desk, vins).result["created"] == 8


@pytest.mark.parametrize("what", ["call", "reschedule", "sell", "discard"])
def test_a_worked_unit_keeps_its_campaign(lite: Desk, what: str) -> None:
    from boxes_tui.desk.opportunities import Discard, Reschedule, Sell

    vins = fleet(lite, 3)
    made = int(create(lite, vins).result["campaign"])
    ref = f"opportunities:{lite.rows(opportunity, opportunity.c.origin == 'campaign')[1]['id']}"
    acts = {
        "call": LogCall(ref, "no_answer"), "reschedule": Reschedule(ref, "+9d"), "sell": Sell(ref, "+5d 10:00"),
        "discard": Discard(ref, "price"),
    }  # fmt: skip
    lite.later(hours=1).do(acts[what], "ana")
    before = snapshot(lite)
    words = {"call": "llamada", "reschedule": "replanificada", "sell": "turno vendido", "discard": "descartada"}
    act_id = lite.rows(campaign)[0]["act_id"]
    for undo in (UndoCampaign(made), Undo(act_id)):
        with pytest.raises(Refused, match=rf"AC001ZZ \({words[what]}\)"):
            lite.do(undo, "luis")
    with lite.house.engine.connect() as conn:
        said = preview(conn, lite.session("luis"), act_id)
    assert said is not None and "AC001ZZ" in (said.refusal or "")
    assert snapshot(lite) == before
    lite.do(Undo(), "ana")
    assert lite.do(UndoCampaign(made), "luis").result["cancelled"] == 3


def test_an_opportunity_that_another_campaign_joined_becomes_that_ones(desk: Desk) -> None:
    vins = fleet(desk, 2)
    first = int(create(desk, vins).result["campaign"])
    second = int(create(desk, vins[:1], "recall").result["campaign"])
    assert desk.do(UndoCampaign(first), "luis").result == {"campaign": str(first), "cancelled": 1, "kept_for_others": 1}
    (kept,) = desk.rows(opportunity, opportunity.c.origin == "campaign", opportunity.c.state == "open")
    assert kept["campaign_id"] == second
    assert desk.do(UndoCampaign(second), "luis").result["cancelled"] == 1


def test_plain_undo_takes_a_campaign_too(desk: Desk) -> None:
    vins = fleet(desk, 3)
    before = snapshot(desk)
    made = create(desk, vins)
    desk.do(Undo(made.act), "luis")
    assert snapshot(desk) == before and desk.rows(campaign)[0]["undone_at"] is not None


def test_segments_and_lists_hold_at_once(desk: Desk) -> None:
    vins = fleet(desk)
    session = desk.session("luis")

    def ids(**asked: Any) -> list[str]:
        with desk.house.engine.connect() as conn:
            found = segment_ids(conn, session, Segment(**asked))
        return [v for v in vins if desk.ids[v] in found]

    assert ids(model="sien", year_from=2017, year_to=2019) == vins[2:5]
    assert ids(model="SIENA", km_from=10_000, km_to=20_000) == vins[1:3]
    assert ids(model="SIENA", not_since=TODAY - timedelta(350)) == vins[4:]
    assert ids(model="SIENA", service_from=TODAY - timedelta(200), service_to=TODAY) == vins[:3]
    with writing(desk.house.engine) as conn:
        conn.execute(
            insert(repair_order).values(
                branch_id=desk.ids["ros"], vehicle_id=desk.ids[vins[5]], opened_day=TODAY, opened_at=NOW
            )
        )
    assert ids(branch="ros") == [vins[5]]
    choice = Choice("\n".join(vins[:5]), Segment(year_from=2017), without=(desk.ids[vins[2]],))
    made = desk.do(CreateCampaign("x", "recall", choice, DUE), "luis")
    assert made.result["created"] == 2
    with desk.house.engine.connect() as conn:
        rows = unit_rows(conn, session, [desk.ids[v] for v in (vins[4], vins[0])])
    assert [(r.vin, r.due, r.open, r.assigned) for r in rows] == [
        (vins[4], DUE, True, TODAY),
        (vins[0], TODAY, False, None),
    ]


def test_the_same_key_makes_one_campaign(desk: Desk) -> None:
    vins = fleet(desk, 2)
    command = campaign_from_lines(desk.house.engine, "x", "recall", vins, due=DUE)
    first, again = (desk.do(command, "luis", key="k1") for _ in range(2))
    assert again.replayed and again.result == first.result and len(desk.rows(campaign)) == 1


@pytest.mark.parametrize("how", [lambda a: Undo(a.act), lambda a: UndoCampaign(int(a.result["campaign"]))])
def test_a_large_campaign_is_fast_and_is_undone_by_both_verbs(lite: Desk, how: Any) -> None:
    with writing(lite.house.engine) as conn:
        conn.execute(
            insert(vehicle),
            [{"model": "BIG", "vin": f"8AP{n:014d}", "tail_rev": f"{n:014d}"[::-1] + "PA8"} for n in range(5000)],
        )
    made = lite.do(CreateCampaign("grande", "recall", Choice(None, Segment(model="big")), DUE, 400), "luis")
    assert made.result["created"] == 5000
    with lite.house.engine.connect() as conn:
        said = preview(conn, lite.session("luis"), made.act)
    assert said is not None and said.refusal is None and "5.000" in said.lines[0]
    assert lite.do(how(made), "luis").result.get("cancelled", 5000) == 5000
    with lite.house.engine.connect() as conn:
        assert (
            conn.execute(
                select(func.count())
                .select_from(opportunity)
                .where(opportunity.c.state == "open", opportunity.c.origin == "campaign")
            ).scalar()
            == 0
        )
        assert conn.execute(select(act.c.undone_by).where(act.c.id == made.act)).scalar() is not None


@pytest.mark.parametrize(("named", "read"), [("nota_4711", "Le habla Luis por el airbag de"), ("../../nota_4711", "")])
def test_the_campaign_s_own_script_is_what_the_agent_reads(lite: Desk, home: Path, named: str, read: str) -> None:
    (home / "scripts").mkdir(parents=True)
    (home / "scripts" / "nota_4711.es.txt").write_text("Le habla ${agent} por el airbag de ${plate}.", "utf-8")
    choice = Choice(fleet(lite, 1)[0])
    lite.do(CreateCampaign("NT 4711", "recall", choice, DUE, script=named), "luis")
    made = lite.rows(opportunity, opportunity.c.origin == "campaign")[0]["id"]
    with lite.house.engine.connect() as conn:
        session = lite.session("luis")
        row = detail(conn, session, "campaign_opportunities", "opportunities", [made])[0]
        told = call_sheet(conn, session, row, home).script
    assert told.startswith(read) if read else "airbag" not in told and told


def test_done_units_count_as_completion(desk: Desk) -> None:
    vins = fleet(desk, 4)
    made = int(create(desk, vins).result["campaign"])
    with writing(desk.house.engine) as conn:
        conn.execute(
            update(campaign_unit)
            .where(campaign_unit.c.vehicle_id == desk.ids[vins[1]])
            .values(state="done", done_at=NOW, done_day=TODAY)
        )
    with desk.house.engine.connect() as conn:
        (line,) = campaign_list(conn, desk.session("luis"))
        found = campaign_progress(conn, desk.session("luis"), made)
    assert (line.assigned, line.done, line.open) == (4, 1, 3)
    assert {f.kpi.code: (f.num, f.den) for f in found.kpis}["recall_completion_rate"] == (1, 4)
    with pytest.raises(Refused):
        desk.do(UndoCampaign(made), "luis")


def test_the_command_line_says_what_the_program_promises(
    desk: Desk, migrated_db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vins = fleet(desk, 3)
    path = tmp_path / "lista.txt"
    path.write_text("\n".join([*vins, "", "nada1234567"]), "utf-8")
    for name, value in (
        ("BOXES_DATABASE_URL", migrated_db_url),
        ("BOXES_NOW", NOW.isoformat()),
        ("BOXES_USER", "luis"),
    ):
        monkeypatch.setenv(name, value)

    def run(*args: str) -> Any:
        done = CliRunner().invoke(app, ["campaign", *args, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    seen = run("preview", "--vins", str(path))
    assert [(n["line"], n["match"]) for n in seen["lines"]] == [
        (1, "exact"),
        (2, "exact"),
        (3, "exact"),
        (5, "unknown"),
    ]
    assert seen["lines"][0] == {"line": 1, "text": vins[0], "match": "exact", "vehicles": [str(desk.ids[vins[0]])]}
    made = run(
        "create", "--name", "NT 1", "--type", "recall", "--vins", str(path), "--due", "3/12", "--agents", "ana,marta"
    )
    assert (made["created"], made["joined"], made["skipped"]["unknown"]) == (3, 0, 1)
    assert run("list")["rows"][0]["assigned"] == 3
    assert run("undo", made["campaign"])["cancelled"] == 3
    assert run("list")["rows"] == []
    again = CliRunner().invoke(app, ["campaign", "undo", made["campaign"]])
    assert again.exit_code == 1 and not again.stdout
    for args in (
        ["create", "--name", "x", "--type", "gift", "--vins", str(path), "--due", "3/12"],
        ["preview"],
        ["undo", "x"],
    ):
        assert CliRunner().invoke(app, ["campaign", *args]).exit_code == 2
