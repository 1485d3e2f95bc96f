"""Hostile texts under the mouse: no click on any cell of any screen runs anything (RELIABILITY S2)."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.desk import Database
from tests.end_to_end.test_hostile import Seat, home, parses, poison


def test_a_click_on_any_cell_runs_nothing(seat: Seat, place: Path, base: Database) -> None:
    """Every row of every list, from edge to edge: at most the row's own card opens."""
    poison(place)
    acts = base.count_acts()
    seats = seat("luis").until("1-9 abrir").quiet()
    for digit in ("2", "3", "5", "D"):
        seats.press(digit).quiet(0.4)
        for y in range(2, 22):
            for x in range(1, 79, 4):
                seats.click(x, y)
            seats.pump(0.02)
            if y % 5 == 0:
                seats.quiet(0.1)
        home(seats)
    assert seats.poll() is None and base.acts(acts) == []
    assert not (found := parses(seats.raw)), found[:5]
