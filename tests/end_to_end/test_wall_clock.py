"""The machine's clock jumps: an hour on, a day back, over midnight (RELIABILITY R12), by Debian's ``faketime``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from boxes_tui.data.tables import claim
from boxes_tui.domain.formats import long_day
from tests.end_to_end.desk import Database
from tests.end_to_end.terminal import NOW, Terminal

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
START = datetime.fromisoformat(NOW)
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class WallClock:
    """The wall clock of the processes that are started with ``env``; what counts seconds is left alone."""

    def __init__(self, place: Path) -> None:
        self.file = place / "wall"
        self.env = {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC", "BOXES_NOW": "",
        }  # fmt: skip

    def is_now(self, moment: datetime) -> None:
        """From now on it is this moment, and goes on from there."""
        ahead = (moment - datetime.now(UTC)).total_seconds()
        made = self.file.with_suffix(".new")
        made.write_text(f"{ahead:+.0f}")
        made.replace(self.file)


@pytest.fixture
def wall(tmp_path: Path) -> WallClock:
    if LIBRARY is None:
        pytest.skip("no libfaketime here: install Debian's faketime")
    return WallClock(tmp_path)


def called(terminal: Terminal, base: Database) -> dict[str, object]:
    """One call of the open list by two keys; its row."""
    before = base.count_acts()
    terminal.press("l").until("LLAMADA").press("1").until("1-9" if "1-9" in terminal.lines()[-1] else "l llamar")
    terminal.until_true(lambda: base.count_acts() > before, "the call")
    return base.last_call()


@pytest.mark.long
def test_the_desk_goes_on_when_the_clock_jumps(seat: Callable[..., Terminal], base: Database, wall: WallClock) -> None:
    wall.is_now(START)
    terminal = seat("ana", **wall.env).until("1-9", "pendientes", long_day(START.date()))
    terminal.press("2").until("OPORTUNIDADES")
    assert abs(called(terminal, base)["at"] - START) < timedelta(minutes=5)  # type: ignore[operator]
    wall.is_now(START + timedelta(hours=1))
    assert abs(called(terminal, base)["at"] - START - timedelta(hours=1)) < timedelta(minutes=5)  # type: ignore[operator]
    wall.is_now(START - timedelta(days=1))
    assert abs(called(terminal, base)["at"] - START + timedelta(days=1)) < timedelta(minutes=5)  # type: ignore[operator]
    terminal.press("n").until("LLAMADA")
    assert len(base.all(claim)) == 1
    terminal.press("Esc").until("l llamar")
    terminal.until_true(lambda: not base.all(claim), "the lease given back")


@pytest.mark.long
def test_midnight_comes_while_the_board_is_open(seat: Callable[..., Terminal], base: Database, wall: WallClock) -> None:
    wall.is_now(datetime(2026, 11, 24, 23, 59, 50, tzinfo=ZONE))
    terminal = seat("ana", **wall.env).until("1-9", "pendientes", long_day(START.date()))
    due_today = len(base.refs("opportunities", "current"))
    overdue = len(base.refs("opportunities", "overdue"))
    assert due_today and f"▲ {overdue} " in terminal.picture()
    terminal.until(long_day(START.date() + timedelta(1)), f"▲ {overdue + due_today} ")
