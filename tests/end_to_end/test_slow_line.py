"""Twenty calls in a row over a branch's line: 12 kB/s, 150 ms each way. Keys are typed ahead of the picture."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from boxes_tui.data.tables import call
from tests.end_to_end.desk import Database, ids
from tests.end_to_end.terminal import Line, Terminal

Seat = Callable[..., Terminal]
BRANCH = Line(rate=12_000, delay=0.15)
CALLS = 20
NOBODY = re.compile("No queda nadie|Nada para llamar ahora")


class Watch:
    """Every picture that came through the line: the list under a dialog may not blink or move."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.panel = terminal, False
        self.faults: list[str] = []
        terminal.watch = self.look

    def look(self) -> None:
        """No picture is blank, and title and filters never leave their lines."""
        title, filters = self.terminal.lines()[:2]
        fine = "OPORTUNIDADES NUEVAS" in title and "Todas" in filters
        if not fine or (self.panel and self.terminal.row("LLAMADA") != 7):
            self.faults.append(self.terminal.picture())


def test_twenty_calls_in_the_list_typed_ahead(seat: Seat, base: Database) -> None:
    """``l`` ``1`` twenty times, without waiting for one picture: twenty calls, each to the next row, none lost.

    Fails without :mod:`boxes_tui.guard.typeahead` (tried: the digits reach the list before the panel is there)."""
    before, calls = base.refs("opportunities"), base.count(call)
    seats = seat("ana", line=BRANCH).until("1-9 abrir", "pendientes")
    seats.press("2").until("Visualizados")
    watch, sent, start = Watch(seats), len(seats.raw), time.monotonic()
    for _ in range(CALLS):
        seats.press("l", "1").pump(0.3)
    seats.until_true(lambda: base.count(call) - calls >= CALLS, "the calls").quiet(0.6)
    made = base.all(call)[calls:]
    tell("list", seats, sent, start, len(made))
    assert len(made) == CALLS and {c["code"] for c in made} == {"no_answer"}
    assert [c["subject_id"] for c in made] == ids(before)[:CALLS]
    assert not watch.faults, watch.faults[0]
    assert "LLAMADA" not in seats.picture()


def test_twenty_calls_in_next_call_mode(seat: Seat, base: Database) -> None:
    """One key a customer; each digit is pressed once the card is there, and is one call to that customer."""
    calls = base.count(call)
    seats = seat("ana", line=BRANCH).until("1-9 abrir", "pendientes")
    seats.press("2").until("Visualizados")
    watch, sent, start = Watch(seats), len(seats.raw), time.monotonic()
    seats.press("n").until("LLAMADA", "intento")
    made, watch.panel = 0, True
    blinked: list[str] = []
    while True:
        card = seats.quiet(0.25).lines()[7]  # the whole picture is through: what an agent looks at before dialling
        seats.press("1")
        made += 1
        seats.until_true(another(seats, card), "the next card")
        if made == CALLS or NOBODY.search(seats.picture()):
            break
        blinked = list(watch.faults)
    tell("next", seats, sent, start, made)
    seats.quiet(0.6)
    rows = base.all(call)[calls:]
    assert len(rows) == made >= 8
    assert len({r["customer_id"] for r in rows}) == made, "nobody is handed over twice"
    assert not blinked, blinked[0]
    if "LLAMADA" in seats.picture():
        seats.press("Esc").until("Visualizados", gone="LLAMADA")
    assert "OPORTUNIDADES NUEVAS" in seats.lines()[0]


def test_a_digit_pressed_before_the_next_card_is_no_outcome(seat: Seat, base: Database) -> None:
    """Nobody has called a customer whose card was not there: a second press of ``1`` is told, not recorded."""
    calls = base.count(call)
    seats = seat("ana").until("1-9 abrir", "pendientes")
    seats.press("2").until("Visualizados").press("n").until("LLAMADA", "oferta permitida")
    seats.press("1", "1").until("no se tomó", "LLAMADA")
    seats.until_true(lambda: base.count(call) > calls, "the call").quiet(0.3)
    assert len(base.all(call)[calls:]) == 1


def test_text_typed_ahead_lands_in_its_field(seat: Seat, base: Database) -> None:
    """A whole sale in one burst: ``t`` text ``Enter``, and the note of the next row with digits in it."""
    before = base.refs("opportunities")
    seats = seat("ana", line=BRANCH).until("1-9 abrir", "pendientes")
    seats.type("2tlu 15:30\r").until("Se guardó Turno vendido")
    seats.type("lN1 de 3, 0 km\r1").until("Se guardó No atiende")
    assert base.last_call()["note"] == "1 de 3, 0 km"
    assert base.last_call()["subject_id"] == int(before[1].split(":")[1])


def another(seats: Terminal, card: str) -> Callable[[], bool]:
    """Whether the next customer's card is there, or the news that nobody is left."""
    return lambda: bool(NOBODY.search(seats.picture())) or "intento" in seats.lines()[7] != card


def tell(what: str, seats: Terminal, sent: int, start: float, count: int) -> None:
    """Bytes and seconds per call, for the report."""
    took, used = time.monotonic() - start, len(seats.raw) - sent
    print(f"\n{what}: {count} calls, {used / max(1, count):.0f} bytes and {took / max(1, count):.2f} s a call")
