"""The campaign wizard by keyboard on a real terminal: a pasted list of 500 lines with every kind of defect (PRODUCT §8).

Every line is accounted for in one group, the dry run is the result, and ``U`` brings everything back.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from boxes_tui.data.engine import writing
from boxes_tui.data.tables import (
    campaign,
    campaign_unit,
    customer,
    opportunity,
    repair_order,
    vehicle,
)
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.campaigns import campaign_from_lines
from tests.support.house import NOW, TODAY, Desk, open_desk
from tests.widgets.terminal import Terminal

LIMIT = 120.0


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Iterator[Desk]:
    made = open_desk(migrated_sqlite)
    yield made
    made.house.close()


@pytest.fixture
def start(desk: Desk, migrated_sqlite: str, home: Path) -> Iterator[Callable[[], Terminal]]:
    """Starts the app as Luis, on a terminal of its own each time."""
    made: list[Terminal] = []

    def run() -> Terminal:
        env = {"BOXES_DATABASE_URL": migrated_sqlite, "BOXES_USER": "luis", "BOXES_NOW": NOW.isoformat()}
        made.append(Terminal(home, "boxes_tui", **env))
        return made[-1]

    yield run
    for terminal in made:
        terminal.close()


def open_wizard(terminal: Terminal) -> None:
    terminal.until("TABLERO", LIMIT).until("DMS", LIMIT).send(b"7")
    terminal.until("Lista de VIN", LIMIT)


def vin(n: int) -> str:
    return f"9BD19713MK4{200_000 + n}"


def plate(n: int) -> str:
    return f"AC{n // 26:03d}{chr(65 + n % 26)}Z"


def fleet(desk: Desk) -> None:
    """400 units of Peña and Báez; 20 pairs that share their last eight; ten known by their short chassis; ten of Ríos,
    who wants no offers; ten with an open campaign opportunity."""
    rows: list[dict[str, Any]] = []
    owners = (desk.ids["pena"], desk.ids["baez"])
    for n in range(400):
        rows.append({"vin": vin(n), "plate": plate(n), "owner_id": desk.ids["rios"] if n >= 390 else owners[n % 2]})
    for n in range(10):
        for maker in ("8AP", "8AC"):
            rows.append({"vin": f"{maker}196272K45{n:05d}", "owner_id": owners[0]})
        rows.append({"chassis": f"N77{n:05d}", "owner_id": owners[1]})
    for row in rows:
        known = row.get("vin") or row["chassis"]
        row |= {"vin": None, "chassis": None, "plate": None} | row | {"tail_rev": known[::-1], "model": "SIENA"}
    with writing(desk.house.engine) as conn:
        conn.execute(insert(vehicle), rows)
    desk.do(LogCall(f"customers:{desk.ids['rios']}", "do_not_call"))
    lines = [vin(n) for n in range(380, 390)]
    desk.do(campaign_from_lines(desk.house.engine, "Anterior", "recall", lines, due=TODAY), "luis")


def the_list() -> tuple[list[str], Counter[str]]:
    """500 lines, and in which group each of their entries belongs."""
    lines: list[str] = ["VIN;Patente"]
    expected: Counter[str] = Counter(unknown=1)

    def add(group: str, made: Iterator[str], entries: int = 1) -> None:
        for line in made:
            lines.append(line)
            expected[group] += entries

    add("exact", (vin(n) for n in range(150)))
    add("exact", (vin(n).lower() for n in range(150, 165)))
    add("exact", (f" {vin(n)[:8]} {vin(n)[8:11]}-{vin(n)[11:]} " for n in range(165, 180)))
    add("exact", (f'"{vin(n)}"' for n in range(180, 195)))
    add("exact", (f"{vin(n)};{plate(n)}" for n in range(195, 210)))
    add("exact", (f"{vin(n)[-8:]}\t{plate(n)}\tPeña, Juan" for n in range(210, 225)))
    add("exact", (plate(n) for n in range(225, 240)))
    add("exact", (f"{plate(n)[:2]} {plate(n)[2:5]} {plate(n)[5:]}".lower() for n in range(240, 250)))
    add("exact", (f"{vin(n)}, {vin(n + 1)}" for n in range(250, 270, 2)), 2)
    add("exact", (f"N77{n:05d}" for n in range(5)))
    add("suffix", (vin(n)[-8:] for n in range(270, 310)))
    add("suffix", (vin(n)[-7:] for n in range(310, 320)))
    add("suffix", (vin(n)[-6:] for n in range(320, 330)))
    add("suffix", (f"9BD1971XMN77{n:05d}" for n in range(5, 10)))
    add("ambiguous", (f"K45{n:05d}" for n in range(10)))
    add("ambiguous", (f"{vin(n)};{plate(n + 5)}" for n in range(330, 335)))
    add("unknown", (vin(n).replace("0", "O", 1) for n in range(340, 350)))
    add("unknown", (f"ZZZ19713MK4{n:06d}" for n in range(15)))
    add("unknown", (f"fila {n}" for n in range(5)))
    add("unknown", (f"12{n:02d}" for n in range(5)))
    add("duplicate", (vin(n) for n in range(20)))
    add("duplicate", (vin(n)[-8:] for n in range(20, 25)))
    add("duplicate", (plate(n) for n in range(25, 30)))
    add("open", (vin(n) for n in range(380, 390)))
    add("blocked", (vin(n) for n in range(390, 400)))
    for n in range(500 - len(lines)):
        lines.insert(3 + n * 7, ("", "   ", "\t", " ; ")[n % 4])
    return lines, expected


def state(desk: Desk) -> list[list[dict[str, Any]]]:
    """Everything that a campaign touches, without what stays on record as undone."""
    return [
        [r for r in desk.rows(table) if r.get("state") not in ("cancelled", "undone")]
        for table in (opportunity, vehicle, customer, repair_order, campaign_unit)
    ]


def paste(terminal: Terminal, text: str) -> None:
    """A bracketed paste, in pieces that a pseudo-terminal takes."""
    data = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    for start in range(0, len(data), 1000):
        terminal.send(data[start : start + 1000], 0.02)


def number_before(terminal: Terminal, words: str) -> int:
    """The number at the left of some words on the screen."""
    text = "\n".join(terminal.lines())
    found = re.search(r"([\d.]+) " + re.escape(words), text)
    assert found, text
    return int(found[1].replace(".", ""))


def test_five_hundred_lines_by_keyboard_and_back(desk: Desk, start: Callable[[], Terminal]) -> None:
    """Proved by a mutant: an undo that leaves ``campaign_unit`` as it is fails at the last line."""
    fleet(desk)
    terminal = start()
    lines, expected = the_list()
    assert len(lines) == 500
    before = state(desk)
    open_wizard(terminal)
    paste(terminal, "\n".join(lines))
    entries = expected.total()
    terminal.until(f"{entries} líneas", LIMIT)
    shown = "\n".join(terminal.lines())
    words = {
        "exact": "exactas", "suffix": "por sufijo", "ambiguous": "ambiguas", "unknown": "desconocidas",
        "duplicate": "repetidas", "open": "ya abiertas", "blocked": "bloqueadas",
    }  # fmt: skip
    for group, word in words.items():
        assert re.search(rf"{word} +{expected[group]}\b", shown), (group, expected[group], shown)
    into = sum(expected[g] for g in ("exact", "suffix", "open", "blocked"))
    assert f"Al paso 2: {into}" in shown
    terminal.send(b"\x1b[6~")
    terminal.until(f"Total: {into}  Visualizados: {into}  Elegidas: {into}", LIMIT)
    terminal.send(b"\x1b[B \x1b[B ")  # two units are left out
    terminal.until(f"Elegidas: {into - 2}", LIMIT)
    terminal.send(b"\x1b[6~")
    terminal.until("Nombre", LIMIT)
    terminal.send(b"NT 4711 airbag")
    terminal.send(b"\t\t+6d\t40\t \x1b[C ")
    terminal.until("ENSAYO", LIMIT).until(f"{into - 2} elegidas", LIMIT)
    fresh, joined = number_before(terminal, "oportunidades nuevas"), number_before(terminal, "se suman a una abierta")
    assert (joined, fresh + joined) == (expected["open"], into - 2)
    terminal.send(b"\r")
    terminal.until("Se creó la campaña", LIMIT)
    made = desk.rows(campaign)[-1]
    units = desk.rows(campaign_unit, campaign_unit.c.campaign_id == made["id"])
    opened = desk.rows(opportunity, opportunity.c.campaign_id == made["id"])
    assert (len(opened), sum(u["joined"] for u in units), len(units)) == (fresh, joined, into - 2)
    assert made["name"] == "NT 4711 airbag" and len({o["assigned_user_id"] for o in opened}) == 2
    assert max(Counter(o["due_day"] for o in opened).values()) == 40
    terminal.until("0 de", LIMIT).send(b"U")
    terminal.until("DESHACER CAMPAÑA", LIMIT).until(f"Se anulan {fresh} oportunidades", LIMIT)
    terminal.send(b"\r")
    terminal.until("Se deshizo la campaña", LIMIT)
    assert state(desk) == before


def test_a_draft_survives_a_crash_at_each_step(desk: Desk, start: Callable[[], Terminal]) -> None:
    fleet(desk)
    terminal = start()
    open_wizard(terminal)
    paste(terminal, "\n".join([*(vin(n) for n in range(30)), "nada12345"]))
    terminal.send(b"\t\tSIENA")
    terminal.until("31 líneas", LIMIT)
    terminal = again(terminal, start)
    terminal.until("31 líneas", LIMIT).until("Al paso 2: 30", LIMIT).until("▏SIENA", LIMIT)
    terminal.send(b"\x1b[6~")
    terminal.until("Elegidas: 30", LIMIT).send(b"\x1b[B \x1b[B\x1b[B ")
    terminal.until("Elegidas: 28", LIMIT)
    terminal = again(terminal, start)
    terminal.until("Al paso 2: 30", LIMIT).send(b"\x1b[6~")
    terminal.until("Elegidas: 28", LIMIT).send(b"\x1b[6~")
    terminal.until("Nombre", LIMIT).send("Campaña ñandú".encode())
    terminal.send(b"\t\x1b[C\t+9d\t7\t ")
    terminal.until("28 elegidas", LIMIT)
    terminal = again(terminal, start)
    terminal.until("Al paso 2: 30", LIMIT).send(b"\x1b[6~")
    terminal.until("Elegidas: 28", LIMIT).send(b"\x1b[6~")
    for words in ("▏Campaña ñandú", "▸ recall", "▏+9d", "▏7", "● Ana", "28 elegidas", "4 días con 7"):
        terminal.until(words, LIMIT)


def again(terminal: Terminal, start: Callable[[], Terminal]) -> Terminal:
    """The app is killed outright, and begun anew at the wizard."""
    terminal.read(0.5)
    os.kill(terminal.pid, signal.SIGKILL)
    made = start()
    open_wizard(made)
    return made
