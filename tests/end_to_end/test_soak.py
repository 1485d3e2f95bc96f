"""A day at the desk leaves nothing behind (RELIABILITY R19): memory, open files and threads of the app stay where they
were, whatever is opened, called, undone and closed, again and again.

The long form works for ``BOXES_SOAK_MINUTES`` (30).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.end_to_end.terminal import Terminal

WARM = 3
"""Rounds until everything that is loaded once has been."""
CALL = ("l", "1", "u", "Enter")
LOOK = ("down", "down", "v", "Esc", "m", "Esc", "f", "Esc", "right", "PgDn", "Home")
STAGES = [(digit, *LOOK, *CALL, "Esc") for digit in "12358"]
ROUND = [
    *STAGES, ("4", *LOOK, "Esc"), ("9", *LOOK, "Esc"), ("D", "down", "Esc"), ("E", "down", "Esc"),
    ("2", "n", "Esc", "Esc"), ("2", "N", *"nota", "Esc", "Esc"), ("/", *"3514", "down", "Enter", "Esc", "Esc"),
    *(("6", key, "g", "down", "Esc", "Esc", "Esc") for key in "123456789"), ("7", "PgDn", "Esc", "Esc", "Esc"), ("?", "Esc"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """What a process holds: resident memory in kB, open files, threads."""

    memory: int
    files: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Body:
        place = Path("/proc") / str(pid)
        memory = next(line for line in (place / "status").read_text().splitlines() if line.startswith("VmRSS"))
        return cls(int(memory.split()[1]), len(list((place / "fd").iterdir())), len(list((place / "task").iterdir())))


def pressed(terminal: Terminal, key: str) -> None:
    """Press a key, and wait until its answer stands: a machine with other work lets the app fall behind."""
    seen, end = len(terminal.raw), time.monotonic() + 2
    terminal.press(key)
    while len(terminal.raw) == seen and time.monotonic() < end:
        terminal.pump(0.02)
    terminal.quiet(0.06)


def work(terminal: Terminal, size: int) -> Body:
    """One round of the day from board to board, the window now wider, now narrower."""
    terminal.resize(*((80, 24) if size % 2 else (120, 36)))
    terminal.quiet(0.2)
    for keys in ROUND:
        for key in keys:
            pressed(terminal, key)
            assert terminal.status is None, f"{keys} ended the app ({key}):\n{terminal.picture()}"
        for _n in range(6):
            if "1-9" in terminal.lines()[-1]:
                break
            pressed(terminal, "Esc")
        assert "1-9" in terminal.lines()[-1], f"{keys} does not lead back to the board:\n{terminal.picture()}"
    return Body.of(terminal.pid)


@pytest.mark.long
def test_a_day_leaves_nothing_behind(seat: Callable[..., Terminal]) -> None:
    terminal = seat("luis").until("1-9", "pendientes")
    end = time.monotonic() + 60 * float(os.environ.get("BOXES_SOAK_MINUTES", "30"))
    held: list[Body] = []
    while time.monotonic() < end or len(held) < WARM + 6:
        held.append(work(terminal, len(held)))
        print(len(held), held[-1], flush=True)
    first, last = held[WARM : WARM + 3], held[-3:]
    grown = median(b.memory for b in last) / median(b.memory for b in first)
    assert grown < 1.10, f"memory grew {grown:.2f} times: {[b.memory for b in held]}"
    assert max(b.files for b in last) <= max(b.files for b in first), [b.files for b in held]
    assert max(b.threads for b in last) <= max(b.threads for b in first), [b.threads for b in held]
