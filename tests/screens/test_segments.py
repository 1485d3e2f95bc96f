"""Saved segments: the filters as they were typed, brought back by name on screen and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from typer.testing import CliRunner

from boxes_tui.app import BoxesApp
from boxes_tui.bootstrap import House
from boxes_tui.cli.main import app as cli
from boxes_tui.config import load_settings
from boxes_tui.data.tables import saved_view
from boxes_tui.desk.segments import DropSegment, SaveSegment, saved_segments, segment_of
from boxes_tui.errors import Refused, UsageError
from boxes_tui.screens.campaign_wizard import WizardScreen
from tests.support.house import NOW, ZONE, Desk, open_desk
from tests.widgets.picture import picture


@pytest.fixture
def desk(migrated_db_url: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_db_url)
    yield made
    made.house.close()


async def until(pilot: Pilot[Any], holds: Callable[[], Any]) -> None:
    for _turn in range(1200):
        if holds():
            return
        await pilot.pause(0.05)
    pytest.fail("the screen never came to it: " + "\n".join(picture(pilot.app)))


async def test_filters_are_saved_under_a_name_and_come_back(desk: Desk) -> None:
    house = House(load_settings(), desk.clock, desk.house.engine, "luis")
    app: Any = BoxesApp(lambda: house, house.settings, WizardScreen)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.house and app.screen.names)
        first = app.screen.steps[0]
        first.model.focus()
        await pilot.press(*"CRON")
        first.since.focus()
        await pilot.press(*"12")
        first.segment.focus()
        await pilot.press(*"viejos", "enter")
        await until(pilot, lambda: "Se guardó el segmento viejos." in "\n".join(picture(app)))
        app.screen.values |= {"model": "", "not_since": ""}
        first.restore(app.screen.values)
        await pilot.press("enter")
        await until(pilot, lambda: "Se trajo el segmento viejos." in "\n".join(picture(app)))
        assert (first.model.value, first.since.value) == ("CRON", "12")
        await until(pilot, lambda: "Al paso 2: " in "\n".join(picture(app)))
    (row,) = desk.rows(saved_view)
    assert row["body"] == {"model": "CRON", "not_since": "12"}


def test_one_s_own_segment_comes_before_that_of_another(desk: Desk) -> None:
    desk.do(SaveSegment("x", {"model": "A"}), "rosa")
    desk.do(SaveSegment("x", {"model": "B"}), "luis")
    desk.do(SaveSegment("x", {"model": "C"}), "luis")
    with desk.house.engine.connect() as conn:
        assert saved_segments(conn, desk.session("luis")) == {"x": {"model": "C"}}
        assert saved_segments(conn, desk.session("rosa")) == {"x": {"model": "A"}}
    with pytest.raises(Refused):
        desk.do(SaveSegment("y", {"nada": "1"}), "luis")
    with pytest.raises(Refused):
        desk.do(SaveSegment("y", {"model": "1"}), "ana")
    desk.do(DropSegment("x"), "luis")
    assert not desk.rows(saved_view)


def test_twelve_months_are_counted_from_the_day_of_use() -> None:
    now = NOW.astimezone(ZONE)
    assert str(segment_of({"not_since": "12 meses"}, now).not_since) == "2025-11-24"
    assert str(segment_of({"not_since": "90d"}, now.replace(year=2027)).not_since) == "2027-08-26"
    with pytest.raises(UsageError):
        segment_of({"km_from": "muchos"}, now)


def test_the_command_line_takes_a_saved_segment(
    desk: Desk, migrated_db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.do(SaveSegment("cronos", {"model": "CRONOS"}), "luis")
    for name, value in (
        ("BOXES_DATABASE_URL", migrated_db_url), ("BOXES_NOW", NOW.isoformat()), ("BOXES_USER", "luis"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)

    def run(*args: str) -> Any:
        return CliRunner().invoke(cli, ["campaign", *args])

    make = ("create", "--name", "x", "--type", "recall", "--due", "3/12", "--dry-run", "--json")
    assert json.loads(run(*make, "--segment", "cronos").stdout)["created"] == 3
    assert run(*make, "--segment", "otro").exit_code == 2
    assert run(*make, "--segment", "cronos", "--model", "x").exit_code == 2
    assert json.loads(run("segments", "--json").stdout)["rows"] == [{"name": "cronos", "fields": {"model": "CRONOS"}}]
    assert run("segments", "--delete", "cronos").exit_code == 0
    assert run("segments", "--delete", "cronos").exit_code == 1
