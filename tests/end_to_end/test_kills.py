"""What was painted is kept (RELIABILITY R6, R7): the app is killed at any key, and offers the text again."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal

Seat = Callable[..., Terminal]
KILLS = 30
TEXT = "llamar después de las 18, pide presupuesto de la correa y 4 cubiertas; viene el lunes con el hermano"


@dataclass(frozen=True, slots=True)
class Place:
    """A field in which a note is typed: the keys to it from the board, what is before its text, where the journal has
    it."""

    keys: str
    shows: str
    before: str
    form: str
    field: str


PLACES = (
    Place("2lN", "LLAMADA", " Nota ▏", "call", "text"),
    Place("2do", "DESCARTAR", " Otro:        ▏", "discard", "text"),
    Place("3N", "COMENTARIO", " ▏", "note", "text"),
    Place("5o", "OPORTUNIDAD ·", " Motivo       ▏", "opportunity", "about"),
    Place("5l0\t", "Puntaje", " Incidencia ▏", "call", "second"),
)


def painted(terminal: Terminal, place: Place) -> str:
    """The field's text as the screen shows it."""
    for line in terminal.lines():
        if line.startswith(place.before):
            return re.split(r" {3,}", line[len(place.before) :])[0].rstrip()
    return ""


def kept(home: Path, place: Place) -> list[str]:
    """What the journal holds for such a field."""
    conn = sqlite3.connect(home / "drafts" / "drafts.db")
    rows = conn.execute("SELECT body FROM draft WHERE login = 'ana' AND form = ?", (place.form,)).fetchall()
    conn.close()
    return [str(json.loads(body).get(place.field, "")) for (body,) in rows]


def opened(terminal: Terminal, place: Place) -> Terminal:
    """The field, with the cursor in it."""
    terminal.until("1-9 abrir", "pendientes").type(place.keys)
    return terminal.until(place.shows).until_true(
        lambda: any(line.startswith(place.before) for line in terminal.lines()), place.before
    )


def kill_at_any_key(
    start: Callable[[], Terminal], home: Path, place: Place, dice: random.Random, last: str, seen_first: bool = False
) -> str:
    """Type, be killed, look: returns what the journal holds. ``last`` is what the kill before left;
    ``seen_first``: not before the first character is painted."""
    terminal = opened(start(), place)
    if last:
        terminal.until_true(lambda: painted(terminal, place) == last.rstrip(), f"the draft {last!r}")
    terminal.type("\x15").until_true(lambda: not painted(terminal, place), "an empty field")
    text = " ".join(dice.sample(TEXT.split(), 6))[:38]
    for ch in text[: dice.randrange(1, len(text))]:
        terminal.type(ch).pump(dice.choice((0.0, 0.0, 0.003, 0.02)))
    if seen_first:
        terminal.until_true(lambda: bool(painted(terminal, place)), "the text")
    elif dice.random() < 0.5:
        terminal.pump(dice.random() * 0.1)
    terminal.kill()
    seen, saved = painted(terminal, place), kept(home, place)
    assert not seen or any(s.startswith(seen) for s in saved), f"painted {seen!r}, kept {saved!r}"
    return max(saved, key=len, default="")


@pytest.mark.parametrize("where", PLACES, ids=lambda p: f"{p.form}-{p.field}")
def test_no_painted_character_is_lost_by_a_kill(seat: Seat, place: Path, where: Place) -> None:
    """Thirty kills in all, six in each field; every start after a kill offers what was kept."""
    kills(seat, place, where, KILLS // len(PLACES), 1)


@pytest.mark.long
@pytest.mark.parametrize("where", PLACES, ids=lambda p: f"{p.form}-{p.field}")
def test_no_painted_character_is_lost_by_a_hundred_kills(seat: Seat, place: Path, where: Place) -> None:
    """The long form: five hundred kills in all."""
    kills(seat, place, where, 100, 2)


def test_saving_every_two_seconds_would_be_caught(seat: Seat, place: Path) -> None:
    """The mutant of R6: the same test has to fail on it."""
    with pytest.raises(AssertionError, match="painted"):
        for seed in range(6):
            kill_at_any_key(
                lambda: seat("ana", module="tests.end_to_end.autosave"), place, PLACES[0], random.Random(seed), "", True
            )


def kills(seat: Seat, home: Path, where: Place, times: int, seed: int) -> None:
    """So many kills in one field."""
    dice, last = random.Random(seed), ""
    for _ in range(times):
        last = kill_at_any_key(lambda: seat("ana"), home, where, dice, last)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, None], ids=["SIGTERM", "SIGHUP", "closed"])
def test_a_half_written_note_outlives_the_terminal(seat: Seat, place: Path, end: signal.Signals | None) -> None:
    """The process is gone by itself, and the board of the next start says that a draft is there."""
    where = PLACES[0]
    terminal = opened(seat("ana"), where)
    terminal.type("pide presupuesto de corr").until("presupuesto de corr")
    if end is None:
        terminal.hang_up()
    else:
        os.kill(terminal.pid, end)
    status = terminal.ended() if end is not None else wait_gone(terminal)
    assert status == 128 + (end or signal.SIGHUP)
    assert kept(place, where) == ["pide presupuesto de corr"]
    again = seat("ana").until("1-9 abrir", "Quedó 1 borrador sin terminar")
    again.type("D").until("Nota sin terminar", "«pide presupuesto de corr»")


def wait_gone(terminal: Terminal) -> int:
    """The exit status of an app whose terminal is gone."""
    while terminal.poll() is None:
        time.sleep(0.02)
    assert terminal.status is not None
    return terminal.status
