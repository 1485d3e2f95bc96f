"""P2a–P2d: a list of a million rows, its keys and its dialogs, on pseudo-terminals.

Time of a key: from its byte to the last byte of the answer. Memory: resident set of the process. Yardsticks: the same
list with 1,000 rows, Textual's DataTable, a plain ``push_screen`` with animations on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.ratio import Figure
from benchmarks.terminal import Terminal

MANY = 1_000_000
DOWN = b"\x1b[B"
Measure = tuple[float, float]
"""Seconds, and megabytes or bytes."""


def figures(scale: float) -> Iterator[Figure]:
    """Two figures (time; memory or bytes) of each comparison, both sides in turn."""
    many = int(MANY * scale)
    rounds = 5
    table = "Textual DataTable, 1k rows"
    with tempfile.TemporaryDirectory() as home:
        app = _apps(home)
        yield from _pair("P2a", "1M rows open", ("ms", 1.15), "memory", ("MB", 1.15), "1k rows", rounds,
                         lambda: _start(app("grid", many)), lambda: _start(app("grid", 1000)))  # fmt: skip
        yield from _pair("P2a", "1M rows scroll", ("ms", 1.15), "bytes", ("B", 1.15), "1k rows", rounds,
                         lambda: _keys(app("grid", many), 22), lambda: _keys(app("grid", 1000), 22))  # fmt: skip
        yield from _pair("P2b", "scroll one row", ("ms", 0.35), "bytes", ("B", 0.15), table, rounds,
                         lambda: _keys(app("grid", 1000), 22), lambda: _keys(app("table", 1000), 22))  # fmt: skip
        yield from _pair("P2c", "row down in view", ("ms", 0.6), "bytes", ("B", 0.4), table, rounds,
                         lambda: _keys(app("grid", 1000), 1, 15), lambda: _keys(app("table", 1000), 1, 15))  # fmt: skip
        yield from _pair("P2d", "open a dialog", ("ms", 0.5), "bytes", ("B", 0.45), "push_screen, animations on", rounds,
                         lambda: _dialog(app("dialog-ours", 1000)), lambda: _dialog(app("dialog-stock", 1000)))  # fmt: skip


def _apps(home: str) -> Callable[[str, int], Terminal]:
    def app(name: str, rows: int) -> Terminal:
        env = {"BOXES_HOME": home}
        if name in ("table", "dialog-stock"):
            env["TEXTUAL_ANIMATIONS"] = "full"
        return Terminal(("-m", "benchmarks.ui_apps", name, str(rows)), env)

    return app


def _pair(
    number: str, what: str, time: tuple[str, float], more: str, size: tuple[str, float], against: str, rounds: int,
    ours: Callable[[], Measure], other: Callable[[], Measure],
) -> Iterator[Figure]:  # fmt: skip
    one, two = [], []
    for _n in range(rounds):
        one.append(ours())
        two.append(other())
    scale = f"{rounds} terminals of 80×24"
    a, b = median(t for t, _s in one) * 1000, median(t for t, _s in two) * 1000
    ratio = median(x[0] / y[0] for x, y in zip(one, two, strict=True))
    yield Figure(number, f"{what}: time", time[1], ratio, a, b, time[0], against, scale)
    a, b = median(s for _t, s in one), median(s for _t, s in two)
    yield Figure(number, f"{what}: {more}", size[1], a / b, a, b, size[0], against, scale)


def _start(terminal: Terminal) -> Measure:
    try:
        return terminal.open(b"CLIENTE"), terminal.memory()
    finally:
        terminal.close()


def _keys(terminal: Terminal, before: int, times: int = 25) -> Measure:
    """Median of ``times`` Downs after ``before`` of them: 22 reach the last line, from which each scrolls."""
    try:
        terminal.open(b"CLIENTE")
        terminal.settle(0.4)
        for _n in range(before):
            terminal.key(DOWN)
        taken = [terminal.key(DOWN) for _n in range(times)]
    finally:
        terminal.close()
    return median(t for t, _b in taken), median(b for _t, b in taken)


def _dialog(terminal: Terminal) -> Measure:
    """Median of opening a dialog."""
    taken = []
    try:
        terminal.open(b"CLIENTE")
        terminal.settle(0.4)
        for _n in range(7):
            taken.append(terminal.key(b"o"))
            terminal.settle(0.3)
            terminal.key(b"\x1b")
            terminal.settle(0.3)
    finally:
        terminal.close()
    return median(t for t, _b in taken), median(b for _t, b in taken)
