"""The demo dealership: same seed same bytes, full queues at any hour, a dialect that its mapping reads
back.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from boxes_tui.dms.demo import desk_history, dialect, export, live, people
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.world import ZONE, World
from boxes_tui.dms.records import FIELDS
from boxes_tui.errors import ConfigError

ANCHOR = datetime(2026, 11, 24, 14, 10)
HOURS = [
    ANCHOR,
    datetime(2026, 11, 24, 8, 5),
    datetime(2026, 11, 22, 10, 30),  # a Sunday
    datetime(2026, 11, 23, 2, 40),  # the night to Monday
    datetime(2026, 12, 25, 22, 15),  # Christmas, late
    datetime(2026, 11, 21, 23, 59),
]


def made(anchor: datetime = ANCHOR, seed: int = 1, scale: float = 1.0) -> World:
    world = World(seed, scale, anchor=anchor)
    world.advance(anchor)
    return world


def rows_of(path: Path) -> list[dict[str, str]]:
    """The CSV as its mapping says: cp1252, semicolons, until TOTAL."""
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode("cp1252"), newline=""), delimiter=";"))
    head, *body = lines
    body = [b for b in body if b]
    assert body[-1][0] == "TOTAL"
    return [dict(zip(head, b, strict=False)) for b in body[:-1]]


def board(world: World) -> Counter[str]:
    """The counts of the board, by the rules of PRODUCT §4."""
    today = world.now.date()
    found: Counter[str] = Counter()
    for cell in world.cells():
        for d in cell.deliveries:
            found["deliveries"] += not d.annulled and 0 <= (today - d.delivered.date()).days <= 30
        _count_appointments(cell, found)
        for o in cell.orders:
            age = (today - o.opened.date()).days
            if o.in_process:
                found["today" if age == 0 else "yesterday" if age == 1 else "week" if age < 8 else "older"] += 1
            elif o.delivered is not None:
                found["completed"] += 0 <= (today - o.delivered.date()).days <= 15
            found["arrivals"] += age == 0 and o.status not in ("PR", "AN")
    return found


def _count_appointments(cell: Cell, found: Counter[str]) -> None:
    today = cell.now.date()
    came = {(o.vehicle.key, o.opened.date()) for o in cell.orders if o.status not in ("PR", "AN")}
    for a in cell.appointments:
        assert a.vehicle is not None
        day = a.start.date()
        if a.vanished or a.status == "X" or a.order or (a.vehicle.key, day) in came:
            continue
        found["not_arrived"] += day == today
        found["late"] += day == today and a.start < cell.now - timedelta(minutes=30)
        found["expected"] += day >= today
        found["no_show"] += 1 <= (today - day).days <= 7


@pytest.mark.parametrize("anchor", HOURS, ids=str)
@pytest.mark.parametrize("seed", [1, 7])
def test_every_queue_is_full_at_whatever_hour(anchor: datetime, seed: int) -> None:
    world = made(anchor, seed)
    found = board(world)
    world.advance(anchor + timedelta(days=1))
    bands = {
        "deliveries": (20, 24), "today": (19, 23), "yesterday": (5, 8), "week": (3, 6), "older": (17, 21),
        "completed": (23, 28), "not_arrived": (13, 16), "late": (3, 5), "expected": (48, 54),
        "no_show": (4, 6),
        "arrivals": (20, 32),
    }  # fmt: skip
    wrong = {k: found[k] for k, (low, high) in bands.items() if not low <= found[k] <= high}
    assert not wrong


def test_same_seed_same_bytes_in_one_step_or_in_many(tmp_path: Path) -> None:
    end = ANCHOR + timedelta(hours=5)
    once, steps = World(3, anchor=ANCHOR), World(3, anchor=ANCHOR)
    for minutes in (-6000, -11, 0, 0, 17, 200):
        steps.advance(ANCHOR + timedelta(minutes=minutes))
    first = export.write(once, tmp_path / "a", end)
    again = export.write(steps, tmp_path / "b", end)
    assert [p.name for p in first] == [p.name for p in again]
    assert all(p.read_bytes() == q.read_bytes() for p, q in zip(first, again, strict=True))
    other = export.write(World(4, anchor=ANCHOR), tmp_path / "c", end)
    assert all(p.read_bytes() != q.read_bytes() for p, q in zip(first, other, strict=True))


def test_files_are_complete_and_marked(tmp_path: Path) -> None:
    files = export.write(made(), tmp_path, ANCHOR)
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {p.name for p in files} | {p.name + ".ok" for p in files}
    assert {p.name.split("_")[0] for p in files} == {*dialect.HEADS, "ordenes"}
    assert all("_20261124_141000" in p.name for p in files)


def test_the_mapping_names_only_columns_and_fields_that_exist(tmp_path: Path) -> None:
    toml = tmp_path / "demo.toml"
    export.write_mapping(toml, "otra/carpeta")
    source = tomllib.loads(toml.read_text("utf-8"))["source"]["demo"]
    assert source["path"] == "otra/carpeta"
    assert list(source["entity"]) == list(FIELDS)
    for entity, spec in source["entity"].items():
        name = spec["files"].split("_")[0]
        columns = set(dialect.ORDER_HEADS if name == "ordenes" else dialect.HEADS[name].split(";"))
        used = set(spec["key"]) | {c for value in _flat(spec["map"]).values() for c in _columns(value)}
        assert used <= columns, entity
        for field in _flat(spec["map"]):
            target, _dot, dotted = field.partition(".")
            assert (dotted in FIELDS[target]) if dotted else target in FIELDS[entity], field


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if key in ("customer", "vehicle"):
            flat.update({f"{key}.{k}": v for k, v in value.items()})
        else:
            flat[key] = value
    return flat


def _columns(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _columns(item)
    else:
        for key in ("from", "coalesce"):
            yield from _columns(value.get(key, []))


def test_rows_of_every_file(tmp_path: Path) -> None:
    world = made()
    files = {p.name.split("_")[0]: p for p in export.write(world, tmp_path, ANCHOR)}
    (cell,) = world.cells()
    people_rows = rows_of(files["clientes"])
    assert len(people_rows) == len(cell.customers) + 1
    assert set(people.HOSTILE) <= {r["RAZON_SOCIAL"] for r in people_rows}
    turnos = rows_of(files["turnos"])
    assert len(turnos) == sum(not a.vanished for a in cell.appointments) + 2
    good = turnos[:-2]
    assert len({(r["SUCURSAL"], r["NRO_TURNO"]) for r in good}) == len(good)
    assert all(r["DOMINIO"] or r["CHASIS"] for r in good)
    assert {r["ESTADO"] for r in good} == set("PCIXN")
    assert any(not r["COD_CLIENTE"] for r in good) and any(len(r["CHASIS"]) == 7 for r in good)
    units = rows_of(files["unidades"])
    tails = Counter(r["CHASIS"][-7:] for r in units if len(r["CHASIS"]) == 17)
    assert max(tails.values()) == 2, "two units share the tail of their chassis"
    assert any(not r["DOMINIO"] for r in units), "a new unit waits for its plate"
    sheet = CalamineWorkbook.from_path(files["ordenes"]).get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert tuple(sheet[2]) == dialect.ORDER_HEADS and sheet[-1][0] == "TOTAL"
    assert len(sheet) == 4 + len(cell.orders)
    assert isinstance(sheet[3][3], datetime)
    numbers = Counter(int(str(r[1]).split(".")[0]) for r in sheet[3:-1])
    assert max(numbers.values()) == 2, "order numbers repeat across branches"


def test_phones_come_in_every_argentine_shape() -> None:
    (cell,) = made().cells()
    mobiles = [c.mobile for c in cell.customers]
    for shape in ("0351 15 ", "+54 9 351", "15 ", "(351) 15", "549351", "03543 15", "NO TIENE", "0341 15"):
        assert any(m.startswith(shape) for m in mobiles), shape
    assert any(m.isdigit() and len(m) == 10 for m in mobiles)


def test_a_running_export_holds_what_changed(tmp_path: Path) -> None:
    world = made()
    export.write(world, tmp_path / "all", ANCHOR)
    later = ANCHOR + timedelta(minutes=30)
    files = {p.name.split("_")[0]: p for p in export.write(world, tmp_path / "some", later, since=ANCHOR)}
    (cell,) = world.cells()
    limit = later.date() + timedelta(days=dialect.WINDOW[0])
    assert all(
        datetime.strptime(r["FECHA"], "%d/%m/%Y").date() >= limit
        for r in rows_of(files["turnos"])[:-2]
        if len(r["FECHA"]) == 10
    )
    changed = {o.number for o in cell.orders if o.changed > ANCHOR - export.OVERLAP}
    sheet = CalamineWorkbook.from_path(files["ordenes"]).get_sheet_by_index(0).to_python(skip_empty_area=False)
    assert {int(str(r[1]).split(".")[0]) for r in sheet[3:-1]} == changed
    assert changed and len(changed) < 60


def test_no_half_file_keeps_a_final_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_row: object) -> str:
        raise OSError("full")

    monkeypatch.setattr(dialect, "appointment", broken)
    with pytest.raises(OSError, match="full"):
        export.write(made(scale=0.2), tmp_path, ANCHOR)
    assert list(tmp_path.iterdir()) == []


def test_scale_multiplies_and_cells_have_their_own_keys(tmp_path: Path) -> None:
    world = made(scale=2.0)
    found = board(world)
    assert found["not_arrived"] == pytest.approx(30, abs=3)
    files = {p.name.split("_")[0]: p for p in export.write(world, tmp_path, ANCHOR)}
    keys = [r["COD_CLIENTE"] for r in rows_of(files["clientes"])[:-1]]
    assert len(set(keys)) == len(keys) > 850
    plates = [r["DOMINIO"] for r in rows_of(files["unidades"]) if r["DOMINIO"]]
    assert len(set(plates)) == len(plates)
    world.advance(ANCHOR + timedelta(days=2))
    small = board(made(scale=0.3))
    assert small["not_arrived"] and small["no_show"] and small["week"]


def test_a_streamed_world_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = export.write(World(1, 2.4, anchor=ANCHOR), tmp_path / "kept", ANCHOR)
    monkeypatch.setattr("boxes_tui.dms.demo.world._KEPT_CELLS", 1)
    world = World(1, 2.4, anchor=ANCHOR)
    assert world.streamed and world.size == 3
    streamed = export.write(world, tmp_path / "streamed", ANCHOR)
    assert [p.read_bytes() for p in kept] == [p.read_bytes() for p in streamed]


def test_live_goes_on_with_the_clock_and_replays_after_a_restart(tmp_path: Path) -> None:
    start = ANCHOR.replace(tzinfo=ZONE).astimezone(UTC)
    demo = live.found(tmp_path / "demo", start, seed=5)
    assert demo.opening()[-1] == demo.anchor == start
    running = live.Live(demo)
    for moment in demo.opening():
        assert running.tick(moment)
    assert running.tick(start) == [], "nothing has happened"
    assert running.tick(start - timedelta(hours=1)) == []
    quiet = running.tick(start + timedelta(seconds=2))
    assert quiet == []
    end = start + timedelta(minutes=9)
    assert {p.name.split("_")[0] for p in running.tick(end)} >= {"turnos"}
    again = live.found(tmp_path / "demo", start + timedelta(days=2), seed=99)
    assert again == demo
    replayed = live.Live(again)
    files = {p.name.split("_")[0]: p for p in replayed.tick(end)}
    fresh = made(seed=5)
    expected = {p.name.split("_")[0]: p for p in export.write(fresh, tmp_path / "x", end)}
    assert files["turnos"].read_bytes() == expected["turnos"].read_bytes()
    (demo.folder / live.FILE).write_text("{}")
    with pytest.raises(ConfigError):
        live.found(demo.folder, start)


def test_weeks_later_the_board_is_still_a_board() -> None:
    world = made()
    world.advance(ANCHOR + timedelta(days=20, hours=1))
    found = board(world)
    assert 15 <= found["deliveries"] <= 40 and 35 <= found["expected"] <= 75
    assert 35 <= sum(found[k] for k in ("today", "yesterday", "week", "older")) <= 65
    assert sum(len(c.appointments) for c in world.cells()) < 2600


def test_the_desk_plan_leaves_the_board_of_the_drawing() -> None:
    world = made()
    acts = desk_history.plan(world)
    assert acts == desk_history.plan(made())
    assert [a.at for a in acts] == sorted(a.at for a in acts)
    anchor = ANCHOR.replace(tzinfo=ZONE)
    assert all(desk_history.go_live(anchor) <= a.at.date() and a.at < anchor for a in acts)
    assert {a.agent for a in acts} == {a.login for a in desk_history.AGENTS}
    assert sum(a.kind == "confirm" and a.at > anchor - timedelta(days=2) for a in acts) >= 12
    assert sum(a.disposition == "callback" for a in acts) == 2
    assert _open_opportunities(acts) == {"overdue": 9, "current": 14, "upcoming": 23}
    campaigns = [a.plan for a in acts if a.plan]
    assert [len(c.chassis) > 10 for c in campaigns] == [True] * 3


def _open_opportunities(acts: list[desk_history.PlannedAct]) -> dict[str, int]:
    """Due days in [today − 15, today + 15] of the opportunities that no act closed."""
    units: dict[str, str] = {}
    for cell in made().cells():
        units.update({o.key: o.vehicle.key for o in cell.orders})
    due: dict[str, Any] = {}
    for act in acts:
        if act.kind == "opportunity" and act.queue == "completed":
            due[units[act.row]] = act.due
        elif act.kind == "reschedule":
            due[act.row] = act.due
        elif act.queue == "opportunities" and (
            act.kind in ("discard", "sell") or act.disposition in ("appointment_sold", "not_interested")
        ):
            due.pop(act.row)
    days = [(d.date() if isinstance(d, datetime) else d) - ANCHOR.date() for d in due.values()]
    near = [d.days for d in days if abs(d.days) <= 15]
    assert not [d for d in days if d.days < -15]
    return {
        "overdue": sum(d < 0 for d in near),
        "current": sum(d == 0 for d in near),
        "upcoming": sum(d > 0 for d in near),
    }


def test_rows_of_the_plan_exist() -> None:
    world = made(seed=2)
    known: set[str] = set()
    for cell in world.cells():
        known |= {d.key for d in cell.deliveries} | {a.key for a in cell.appointments}
        known |= {o.key for o in cell.orders} | {v.key for v in cell.vehicles}
    acts = desk_history.plan(world)
    assert {a.row for a in acts if a.row} <= known
    with pytest.raises(ValueError, match="anchor"):
        desk_history.plan(World(1, anchor=ANCHOR))
