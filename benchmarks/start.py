"""P1: the first frame of the board, its live counts, and ``boxes --help``, each as a fresh process on a terminal.

The yardstick of P1a and P1b is the smallest Textual app, that of P1c an interpreter that does nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.places import databases
from benchmarks.ratio import Figure, paired, timed
from benchmarks.terminal import Terminal
from tests.support.house import open_desk

ROUNDS = 15
MINIMAL = ("-m", "benchmarks.ui_apps", "minimal")
FRAME, COUNTS = "Mi día".encode(), b"llamados"
"""The last line of the board, and what it says once the counts are there."""


def figures(scale: float) -> Iterator[Figure]:
    """Every start, in turn with its yardstick."""
    rounds = max(5, int(ROUNDS * scale))
    with databases() as urls, tempfile.TemporaryDirectory() as home:
        for url in urls:
            open_desk(url).house.close()
        starts = f"{rounds} starts"
        yield _figure("P1a", "first frame of the board", 1.15, shown(urls[0], home, FRAME), rounds, starts)
        for url, goal, name in zip(urls, (1.4, 2.2), ("SQLite", "PostgreSQL"), strict=False):
            yield _figure("P1b", f"live counts, {name}", goal, shown(url, home, COUNTS), rounds, starts)
    ours, bare, ratio = paired(lambda: _ended("-m", "boxes_tui", "--help"), lambda: _ended("-c", "pass"), rounds)
    yield Figure("P1c", "boxes --help", 6, ratio, ours * 1000, bare * 1000, "ms", "python -c pass", f"{rounds} runs")


def _figure(number: str, what: str, goal: float, ours: Callable[[], float], rounds: int, scale: str) -> Figure:
    a, b, ratio = paired(ours, minimal, rounds)
    return Figure(number, what, goal, ratio, a * 1000, b * 1000, "ms", "minimal Textual app", scale)


def shown(url: str, home: str, words: bytes) -> Callable[[], float]:
    """Seconds until the app shows ``words``."""
    env = {"BOXES_DATABASE_URL": url, "BOXES_HOME": str(Path(home)), "BOXES_USER": "ana"}
    return lambda: _opened(Terminal(("-m", "boxes_tui"), env), words)


def minimal() -> float:
    """Seconds until the smallest Textual app shows its word."""
    return _opened(Terminal(MINIMAL), b"TABLERO")


def _opened(terminal: Terminal, words: bytes) -> float:
    try:
        return terminal.open(words)
    finally:
        terminal.close()


def _ended(*words: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True))
