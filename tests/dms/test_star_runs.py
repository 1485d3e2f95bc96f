"""STAR through whole runs: BODIDs that outlive the process, bad records tried again, windows by the business clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.bootstrap import House
from boxes_tui.data.tables import reject
from tests.dms import dealer, house
from tests.dms.test_star import BODS, DOMAIN, _Handler, appointment, base, bod, put, row, source

assert base  # the fixture of a server


@pytest.fixture
def desk(tmp_path: Path, url: str | None) -> Iterator[House]:
    made = house.desk(tmp_path / "home", dealer.NOW, url)
    yield made
    made.close()


def delta(folder: Path, mapping: str, where: str = 'path = "in"') -> Path:
    """A TOML whose entity tells what changed."""
    toml = source(folder, mapping, where).file
    toml.write_text(toml.read_text(encoding="utf-8").replace('mode = "snapshot"', 'mode = "delta"'), encoding="utf-8")
    return toml


def starts(desk: House) -> dict[str, int]:
    with desk.engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SELECT set_config('app.branches', '*', true)")
        return {str(k): int(at) for k, at in conn.exec_driver_sql("SELECT source_key, starts_at FROM appointment")}


def test_a_bod_that_comes_again_is_not_read_again(tmp_path: Path, desk: House) -> None:
    """A moved appointment, and then the document that booked it once more under another name: it stays moved."""
    toml = delta(tmp_path, BODS)
    put(tmp_path, "1.xml", bod("B-1", appointment("T1"), appointment("T2")))
    house.sync(desk, toml)
    put(tmp_path, "2.xml", bod("B-2", appointment("T1", "2026-11-26T09:30:00-03:00")))
    house.sync(desk, toml)
    moved = starts(desk)
    put(tmp_path, "3.xml", bod("B-1", appointment("T1"), appointment("T2")))
    [report] = house.sync(desk, toml)
    assert starts(desk) == moved and report.entities[0].read == 0
    with desk.engine.connect() as conn:
        assert {r[0] for r in conn.exec_driver_sql("SELECT bodid FROM star_bod")} == {"B-1", "B-2"}


def test_bad_records_are_tried_again(tmp_path: Path, desk: House) -> None:
    toml = delta(tmp_path, DOMAIN)
    bad = {**row("B"), "scheduled_start": "25/11/2026 10:00"}
    put(tmp_path, "a.json", json.dumps([row("A"), bad]))
    [report] = house.sync(desk, toml)
    assert (report.exit, report.entities[0].rejected) == (3, 1)
    with desk.engine.connect() as conn:
        found = conn.execute(reject.select()).mappings().one()
    assert (found["file"], found["line"], found["code"]) == ("a.json", 2, "E-DATE") and json.loads(found["raw"]) == bad
    text = toml.read_text(encoding="utf-8")
    fixed = 'starts_at = { from = "scheduled_start", format = ["%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %H:%M"] }'
    toml.write_text(text.replace('starts_at = "scheduled_start"', fixed), encoding="utf-8")
    [report] = house.sync(desk, toml, retry=True)
    assert (report.entities[0].read, report.entities[0].inserted) == (1, 1)
    assert starts(desk).keys() == {"A", "B"}


def test_windows_over_http_count_from_the_business_day(tmp_path: Path, desk: House, request: Any) -> None:
    where = f'base_url = "{request.getfixturevalue("base")}"'
    toml = delta(tmp_path, DOMAIN, where)
    text = toml.read_text(encoding="utf-8").replace('mode = "delta"', 'mode = "window"\nwindow_days = [-1, 2]')
    toml.write_text(
        text.replace('"service_appointment"', '"service_appointment?from={from}&to={to}"'), encoding="utf-8"
    )
    _Handler.answers.append((200, {}, {"data": [row("A")]}))
    assert house.sync(desk, toml)[0].exit == 0
    assert [asked for asked, _token in _Handler.asked] == ["/v1/service_appointment?from=2026-11-23&to=2026-11-26"]
