"""*Pared* on a real terminal: no customer data, the viewer's branches, live, and silent while nothing changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from boxes_tui.data.tables import customer, customer_phone, vehicle
from boxes_tui.desk.calls import LogCall
from tests.support.house import NOW, Desk, open_desk
from tests.widgets.terminal import Terminal

LIMIT = 120.0
Start = Callable[..., Terminal]


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()


@pytest.fixture
def wall(desk: Desk, migrated_sqlite: str, home: Path) -> Iterator[Start]:
    """Starts ``boxes wallboard`` as somebody."""
    made: list[Terminal] = []

    def run(login: str, **env: str) -> Terminal:
        more = {"BOXES_DATABASE_URL": migrated_sqlite, "BOXES_USER": login, "BOXES_NOW": NOW.isoformat(), **env}
        made.append(Terminal(home, "boxes_tui wallboard", **more))
        return made[-1]

    yield run
    for terminal in made:
        terminal.close()


def silent(terminal: Terminal, seconds: float) -> int:
    """Bytes that come in a stretch of time."""
    before = len(terminal.raw)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.read(end - time.monotonic())
    return len(terminal.raw) - before


def row_of(terminal: Terminal, name: str) -> list[str]:
    return next(line.split() for line in terminal.lines() if line.strip().startswith(name))


def test_a_viewer_sees_numbers_that_move_and_nobody_s_data(desk: Desk, wall: Start) -> None:
    """The clock is fixed, so not even a minute may be painted; a look every second and a reading every 20 s go by in the
    22 s that are measured. Proved by a mutant: a title with the seconds of every
    reading is found out; a page that is only asked to paint itself again is not, for unchanged cells are not written."""
    terminal = wall("tv")
    terminal.until("OPORTUNIDADES", LIMIT).until("Sólo lectura", LIMIT).until("Ana", LIMIT)
    while silent(terminal, 1.0):
        pass
    assert silent(terminal, 22.0) == 0
    desk.do(LogCall(desk.ref("opportunities", "op_pena"), "no_answer"), "ana")
    end = time.monotonic() + LIMIT
    while row_of(terminal, "Ana")[-4:] != ["1", "0", "0", "14:10"]:
        assert time.monotonic() < end, terminal.lines()
        terminal.read(0.2)
    shown = "\n".join(terminal.lines()).lower()
    with desk.house.engine.connect() as conn:
        names = conn.execute(select(customer.c.display_name)).scalars().all()
        phones = conn.execute(select(customer_phone.c.raw)).scalars().all()
        plates = conn.execute(select(vehicle.c.plate)).scalars().all()
    words = [w for w in (*names, *phones, *plates) if w and len(w) > 3]
    assert words and not [w for w in words if w.lower() in shown]
    terminal.send(b"q")
    assert terminal.ended()[0] == 0


def test_no_key_of_the_desk_works_there(desk: Desk, wall: Start) -> None:
    terminal = wall("luis")
    terminal.until("Sólo lectura", LIMIT).until("Ana", LIMIT)
    before = terminal.lines()
    for key in (b"1", b"l", b"u", b"n", b"/", b"d", b"D", b"\r", b"?"):
        terminal.send(key, 0.1)
    terminal.read(1.0)
    assert terminal.lines() == before


def test_the_wall_of_a_branch_counts_its_own(desk: Desk) -> None:
    from boxes_tui.data.reads.wallboard import wallboard

    with desk.house.engine.connect() as conn:
        walls = {who: wallboard(conn, desk.session(who)) for who in ("tv", "rocio", "luis")}
    names = {who: {a.name for a in wall.agents} for who, wall in walls.items()}
    assert "Rocío Báez" not in names["tv"] and "Rocío Báez" in names["rocio"]
    assert names["luis"] >= {"Ana Quiroga", "Rocío Báez"}

    def count(who: str) -> Any:
        return walls[who].board.counts["opportunities"]["all"]

    assert count("luis") == count("tv") + count("rocio")


@pytest.mark.parametrize("login", ["nobody"])
def test_a_stranger_gets_one_sentence(desk: Desk, wall: Start, login: str) -> None:
    terminal = wall(login)
    code, _seconds = terminal.ended(60.0)
    text = terminal.raw.decode(errors="replace")
    assert code == 1 and "Traceback" not in text and login in text
