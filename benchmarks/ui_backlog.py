"""P2e: Down held for a second on a branch's line of 125 kB/s, in a list that scrolls: how long the picture lags behind.

Backlog: from the last key to the last byte of the answer, through a pump that takes no more than the line's bytes a
second. Yardstick: Textual's DataTable over the same rows.
"""

from __future__ import annotations

import os
import select
import tempfile
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.ratio import Figure
from benchmarks.terminal import Terminal

RATE = 125_000
"""Bytes a second of the line."""
REPEAT = 1 / 30
"""Seconds between two keys of a key held down."""
DOWN = b"\x1b[B"
SCREENFUL = 22
"""Keys to the last line in sight, from which each one scrolls."""
QUIET = 0.4
ROUNDS = 5


def figures(scale: float) -> Iterator[Figure]:
    """One figure, both sides in turn."""
    ours: list[float] = []
    other: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        for _n in range(ROUNDS):
            ours.append(_backlog(Terminal(("-m", "benchmarks.ui_apps", "grid", "1000"), {"BOXES_HOME": home})))
            other.append(
                _backlog(Terminal(("-m", "benchmarks.ui_apps", "table", "1000"), {"TEXTUAL_ANIMATIONS": "full"}))
            )
    ratio = median(a / b for a, b in zip(ours, other, strict=True))
    yield Figure(
        "P2e", "backlog after Down held 1 s at 125 kB/s", 0.1, ratio, median(ours) * 1000, median(other) * 1000, "ms",
        "Textual DataTable, 1k rows", f"{ROUNDS} terminals of 80×24",
    )  # fmt: skip


def _backlog(terminal: Terminal) -> float:
    """Seconds from the last of the held keys to the last byte that came through the line."""
    try:
        terminal.open(b"CLIENTE")
        terminal.settle(0.4)
        for _n in range(SCREENFUL):
            terminal.key(DOWN)
        start = taken = time.perf_counter()
        credit, sent, last_key, last_byte = 0.0, 0, start, start
        while True:
            now = time.perf_counter()
            credit, taken = min(RATE * 0.01, credit + (now - taken) * RATE), now
            if sent * REPEAT <= now - start and sent * REPEAT <= 1.0:
                os.write(terminal.fd, DOWN)
                sent, last_key = sent + 1, now
            ready, _w, _x = select.select([terminal.fd], [], [], 0.002)
            if ready and credit >= 1:
                credit -= len(os.read(terminal.fd, int(credit)))
                last_byte = time.perf_counter()
            elif sent * REPEAT > 1.0 and now - max(last_byte, last_key) > QUIET:
                return max(last_byte - last_key, 1e-4)
    finally:
        terminal.close()
