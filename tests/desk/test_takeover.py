"""Taking over from the system before: mapping, dry run, rejects, undo (PRODUCT §4)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from boxes_tui.data.engine import writing
from boxes_tui.data.tables import block, call, customer, opportunity, sale_delivery, vehicle
from boxes_tui.desk.checks import recompute
from boxes_tui.desk.seeding import SeedOpportunities
from boxes_tui.desk.takeover import Rehearsed, TakeOver
from boxes_tui.desk.takeover_file import load_mapping, read_file
from boxes_tui.desk.undo import Undo
from boxes_tui.errors import ConfigError, Refused, UsageError
from tests.support.house import TODAY, Desk, local

MAP = """
[import.opportunities]
encoding = "cp1252"
delimiter = ";"
null = ["", "-"]
[import.opportunities.map]
plate = "DOMINIO"
phone = { coalesce = ["CEL", "TEL"] }
due = { from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }
about = { from = "MOTIVO" }
origin = { from = "ORIGEN", values = { S = "completed", E = "delivery" } }
"""


def take(desk: Desk, tmp_path: Path, kind: str, body: str, toml: str | None = None, dry: bool = False) -> TakeOver:
    file = tmp_path / f"{kind}.csv"
    file.write_bytes(body.encode("cp1252"))
    path = None
    if toml is not None:
        path = tmp_path / "map.toml"
        path.write_text(toml, "utf-8")
    mapped = load_mapping(kind, path)
    rows, digest = read_file(file, mapped)
    return TakeOver(kind, digest, tuple(rows), dry)


def agree(desk: Desk) -> None:
    with desk.house.engine.connect() as conn:
        assert recompute(conn) == []


def test_opportunities_by_mapping(desk: Desk, tmp_path: Path) -> None:
    plate = desk.row(vehicle, desk.ids["rios_unit"])["plate"]
    body = (
        "DOMINIO;CEL;TEL;FECHA;HORA;MOTIVO;ORIGEN\n"
        f"{plate};;;01/12/2026;10:30;Revisión;S\n"
        ";-;3515123456;05/12/2026;;Frenos;E\n"
        "ZZ999ZZ;;;05/12/2026;;Nadie;E\n"
        f"{plate};;;32/12/2026;;Fecha;S\n"
        f"{plate};;;01/12/2026;10:30;Otra vez;S\n"
    )
    with pytest.raises(Rehearsed) as rehearsed:
        desk.do(take(desk, tmp_path, "opportunities", body, MAP, dry=True), "rosa")
    assert (rehearsed.value.result["imported"], len(desk.rows(opportunity))) == (2, 2)
    done = desk.do(take(desk, tmp_path, "opportunities", body, MAP), "rosa")
    assert (done.result["read"], done.result["imported"], done.result["already"]) == (5, 2, 1)
    assert [(r["line"], r["code"]) for r in done.result["rejected"]] == [(4, "E-REF"), (5, "E-DATE")]
    made = desk.rows(opportunity)[2:]
    assert [(o["origin"], o["due_day"], o["due_minute"], o["about"]) for o in made] == [
        ("completed", date(2026, 12, 1), 630, "Revisión"), ("delivery", date(2026, 12, 5), None, "Frenos"),
    ]  # fmt: skip
    assert (made[0]["customer_id"], made[1]["customer_id"]) == (desk.ids["rios"], desk.ids["pena"])
    with pytest.raises(Rehearsed) as again:
        desk.do(take(desk, tmp_path, "opportunities", body, MAP), "rosa")
    assert (again.value.result["imported"], again.value.result["already"]) == (0, 3), "nothing is new: nothing written"
    desk.do(Undo(done.act), "rosa")
    assert [o["state"] for o in desk.rows(opportunity)] == ["open", "open", "cancelled", "cancelled"]
    agree(desk)


def test_callbacks_without_a_mapping(desk: Desk, tmp_path: Path) -> None:
    body = "document;at;agent;note\n20001234;2026-11-25T10:00;ana;prefiere la mañana\n20001234;2026-11-25T10:00;ana;x\n"
    done = desk.do(take(desk, tmp_path, "callbacks", body), "rosa")
    assert (done.result["imported"], done.result["already"]) == (1, 1)
    row = desk.row(opportunity, desk.ids["op_pena"])
    assert row["attempts"] == 0, "the open one of his unit is another: this one has no unit"
    made = desk.rows(opportunity)[2]
    assert (made["next_kind"], made["next_user_id"]) == ("callback", desk.ids["ana"])
    assert made["next_at"] == local(TODAY + timedelta(1), 10)
    agree(desk)
    desk.do(Undo(done.act), "rosa")
    agree(desk)


def test_blocks(desk: Desk, tmp_path: Path) -> None:
    body = "phone;scope;how\n351 15 512-3456;;por carta\n11 5555 1234;operational;\nnada;;\n"
    done = desk.do(take(desk, tmp_path, "blocks", body), "rosa")
    assert (done.result["imported"], [r["line"] for r in done.result["rejected"]]) == (2, [4])
    assert [(b["customer_id"], b["last10"], b["scope"]) for b in desk.rows(block)] == [
        (desk.ids["pena"], "3515123456", "offer"), (None, "1155551234", "operational"),
    ]  # fmt: skip


def test_calls_close_what_was_done(desk: Desk, tmp_path: Path) -> None:
    plate = desk.row(vehicle, desk.ids["rios_unit"])["plate"]
    body = (
        f"plate,type,at,disposition,score,agent\n{plate},welcome,2026-11-23 11:00,0,9,ana\n{plate},welcome,ayer,0,,\n"
    )
    done = desk.do(take(desk, tmp_path, "calls", body), "rosa")
    assert [r["code"] for r in done.result["rejected"]] == ["E-DATE"]
    row = desk.row(sale_delivery, desk.ids["delivery"])
    assert row["welcome_call_id"] == desk.rows(call)[0]["id"]
    assert (row["attempts"], desk.rows(call)[0]["imported"]) == (1, True)
    agree(desk)
    desk.do(Undo(done.act), "rosa")
    assert desk.row(sale_delivery, desk.ids["delivery"])["welcome_call_id"] is None


@pytest.mark.parametrize(
    ("toml", "where"),
    [
        ('[import.opportunities]\n[import.opportunities.map]\nduee = "X"\n', ":3:"),
        ('[import.opportunities]\nencodin = "utf-8"\n[import.opportunities.map]\ndue = "X"\n', ":2:"),
        ('[import.opportunities]\n[import.opportunities.map]\ndue = { from = "X", const = "1" }\n', ":3:"),
        ('[import.calls]\n', "import.opportunities"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_names_its_line(tmp_path: Path, toml: str, where: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(toml, "utf-8")
    with pytest.raises(ConfigError, match=where):
        load_mapping("opportunities", path)


def test_a_missing_column_refuses_the_file(lite: Desk, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="due"):
        take(lite, tmp_path, "opportunities", "plate;about\nAA;x\n")
    with pytest.raises(UsageError):
        load_mapping("otra", None)


def seeded(desk: Desk, **more: Any) -> SeedOpportunities:
    return SeedOpportunities(date(2026, 6, 1), 1, **more)


def test_seed_spreads_over_working_days(desk: Desk) -> None:
    with writing(desk.house.engine) as conn:
        conn.execute(update(vehicle).values(last_service_day=date(2026, 1, 15)))
        conn.execute(update(opportunity).values(state="discarded"))
        conn.execute(update(customer).where(customer.c.id == desk.ids["baez"]).values(erased_at=local(TODAY)))
    extra = desk.add("extra", vehicle, plate="ZZ100AA", owner_id=desk.ids["rios"], last_service_day=date(2026, 2, 1))
    with pytest.raises(Rehearsed) as rehearsed:
        desk.do(seeded(desk, dry=True), "rosa")
    wanted = rehearsed.value.result
    assert (wanted["created"], wanted["blocked"]) == (2, 0), "Peña and Báez have appointments ahead"
    done = desk.do(seeded(desk), "rosa")
    made = [(o["vehicle_id"], o["due_day"]) for o in desk.rows(opportunity, opportunity.c.state == "open")]
    assert made == [(extra, TODAY), (desk.ids["rios_unit"], TODAY + timedelta(1))]
    with pytest.raises(Refused):
        desk.do(seeded(desk), "rosa")
    desk.do(Undo(done.act), "rosa")
    assert desk.rows(opportunity, opportunity.c.state == "open") == []
    with pytest.raises(Refused):
        desk.do(seeded(desk), "luis")
