"""Any window (RELIABILITY R13, R14): no screen or dialog dies of a size, a small one says so, a long text paints at once."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.app import BoxesApp, _open
from boxes_tui.config import load_settings
from tests.end_to_end.desk import Database
from tests.end_to_end.terminal import NOW, Terminal
from tests.widgets.picture import picture

Seat = Callable[..., Terminal]
EDGES = (
    (1, 1),
    (2, 1),
    (1, 2),
    (4, 3),
    (6, 30),
    (20, 5),
    (59, 15),
    (60, 14),
    (60, 15),
    (109, 24),
    (110, 15),
    (300, 100),
)
PLACES: dict[str, tuple[str, ...]] = {
    "board": (), "deliveries": ("1",), "opportunities": ("2",), "appointments": ("3",), "in_process": ("4",),
    "completed": ("5",), "campaign": ("8",), "leaks": ("9",), "my day": ("D",), "search": ("/", "a", "a"),
    "customer": ("2", "v"), "help": ("2", "?"), "call": ("2", "l"), "callback": ("2", "l", "4"), "sold": ("2", "l", "5"),
    "not interested": ("2", "l", "7"), "block": ("2", "l", "9"), "score": ("5", "l", "0"), "discard": ("2", "d"),
    "reschedule": ("2", "r"), "sell": ("2", "t"), "opportunity": ("2", "o"), "comment": ("3", "N"),
    "history": ("2", "h"), "undo": ("u",), "filters": ("2", "f"), "columns": ("2", "m"), "assign": ("2", "a"),
    "reports": ("6",), "report": ("6", "enter"), "grid": ("6", "enter", "g"), "wizard": ("7",), "palette": ("2", "ctrl+p"),
}  # fmt: skip
"""Keys from the board to every screen and dialog."""


@pytest.mark.parametrize(("half", "times"), [(0, 1), (1, 1), pytest.param(0, 8, marks=pytest.mark.long),
                                             pytest.param(1, 8, marks=pytest.mark.long)])  # fmt: skip
async def test_no_size_kills_a_screen(place: Path, monkeypatch: pytest.MonkeyPatch, half: int, times: int) -> None:
    """Every screen and dialog through the edges and random sizes from 1×1 to 300×100."""
    monkeypatch.setenv("BOXES_HOME", str(place))
    monkeypatch.setenv("BOXES_NOW", NOW)
    monkeypatch.setenv("BOXES_USER", "luis")
    settings, dice = load_settings(), random.Random(13 + half)
    for name, keys in list(PLACES.items())[half::2]:
        app = BoxesApp(lambda: _open(settings), settings)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot, lambda app=app: app.house is not None)  # type: ignore[misc]
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.05)
            for n in range(5 * times):
                width, height = dice.choice(EDGES) if n % 5 < 3 else (dice.randint(1, 300), dice.randint(1, 100))
                await pilot.resize_terminal(width, height)
                await settle(pilot, lambda app=app, height=height: len(picture(app)) == height)  # type: ignore[misc]
                shown = picture(app)
                if width < 60 or height < 15:
                    words = " ".join(" ".join(shown).split())
                    fine = words.startswith("Ventana"[: min(width - 1, 7)]) or not words.strip("… ")
                    assert fine, (name, width, height, words)
            await pilot.resize_terminal(80, 24)
            assert app.return_code is None and app._exception is None, name


async def settle(pilot: Any, fine: Callable[[], bool]) -> None:
    """Wait until ``fine``."""
    end = time.monotonic() + 60
    while not fine():
        assert time.monotonic() < end
        await pilot.pause(0.05)


def test_twenty_by_five_is_enough_to_leave(seat: Seat) -> None:
    terminal = seat("ana", size=(20, 5)).until("Ventana chica")
    terminal.press("l", "q")
    assert terminal.ended() == 0


def test_a_megabyte_of_text_paints_at_once(seat: Seat, place: Path, base: Database) -> None:
    """A name, a unit, a reason of 1 MB that came past the door: the list, the panel and the card open as quickly as with short
    ones, give or take (three times, on the same machine at the same moment)."""

    def walk() -> float:
        seats = seat("ana").until("1-9 abrir", "pendientes")
        start = time.monotonic()
        seats.press("2").until("Total:").press("l").until("Por qué ahora", "1-0 resultado").press("Esc")
        seats.until("Total:", gone="LLAMADA").press("v").until("CLIENTE ·", "Esc volver").quiet(0.1)
        took = time.monotonic() - start
        seats.kill()
        return took

    short = walk()
    conn = sqlite3.connect(place / "boxes.db")
    long = "ÑANDÚ [x] " * 100_000
    first = base.queue("opportunities")[0]
    for sql, row_id in (
        ("UPDATE customer SET display_name = ? WHERE id = ?", first.customer_id),
        ("UPDATE vehicle SET model = ? WHERE id = ?", first.vehicle_id),
        ("UPDATE opportunity SET about = ? WHERE id = ?", first.id),
        ("UPDATE call SET note = ? WHERE customer_id = ?", first.customer_id),
    ):
        conn.execute(sql, (long, row_id))
    conn.commit()
    conn.close()
    assert walk() < 3 * short + 3
