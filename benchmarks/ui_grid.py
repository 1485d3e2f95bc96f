"""P1a, P2a–P2d of QUALITY.md §1: ratios of our screens to the yardsticks, on real pseudo-terminals.

``python -m benchmarks.ui_grid`` prints a table. Both sides run alternately in the same run; medians; no absolute time
is asserted. Time of a key: from its byte to the last byte of the answer. Memory: resident set of the process.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field

QUIET = 0.06
SIZE = (24, 80)


@dataclass
class Terminal:
    """A child on a pseudo-terminal of 80×24 in true colour."""

    name: str
    rows: int = 1000
    pid: int = 0
    fd: int = 0
    first: float = 0.0
    seen: bytes = field(default=b"", repr=False)

    def open(self, until: bytes) -> Terminal:
        """Start it and wait until it shows ``until``; ``first`` is the time that took."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "TEXTUAL", "NO_COLOR"))}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "BOXES_HOME": "/tmp/boxes-bench"}
        if self.name.endswith("stock") or self.name == "table":
            env["TEXTUAL_ANIMATIONS"] = "full"
        start = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", "benchmarks.ui_apps", self.name, str(self.rows)], env)
        while until not in self.seen:
            self.seen += self._read(30.0)
        self.first = time.perf_counter() - start
        return self

    def key(self, data: bytes) -> tuple[float, int]:
        """Seconds to the last byte of the answer, and its bytes."""
        start = time.perf_counter()
        os.write(self.fd, data)
        return self.settle(QUIET, start)

    def settle(self, quiet: float, start: float = 0.0) -> tuple[float, int]:
        """Read until nothing came for ``quiet`` seconds."""
        last, count = start, 0
        limit = 1.0
        while data := self._read(limit):
            last, count, limit = time.perf_counter(), count + len(data), quiet
            self.seen = (self.seen + data)[-65536:]
        return last - start, count

    def memory(self) -> float:
        """Resident MB."""
        with open(f"/proc/{self.pid}/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu(self) -> float:
        """Seconds of processor used so far."""
        with open(f"/proc/{self.pid}/stat") as file:  # noqa: PTH123
            parts = file.read().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def _read(self, limit: float) -> bytes:
        ready, _, _ = select.select([self.fd], [], [], limit)
        return os.read(self.fd, 65536) if ready else b""


Measure = tuple[float, float]


def keys(name: str, rows: int, before: bytes, each: bytes, times: int) -> Measure:
    """Median seconds and bytes of a key, after ``before`` was pressed."""
    terminal = Terminal(name, rows).open(b"CLIENTE")
    terminal.settle(0.4)
    for byte in before.split(b" "):
        terminal.key(byte)
    taken = [terminal.key(each) for _ in range(times)]
    terminal.close()
    return statistics.median(t for t, _ in taken), statistics.median(b for _, b in taken)


def opening(name: str) -> Measure:
    """Median seconds and bytes of opening a dialog."""
    terminal = Terminal(name).open(b"CLIENTE")
    terminal.settle(0.4)
    taken = []
    for _ in range(7):
        taken.append(terminal.key(b"o"))
        terminal.settle(0.3)
        terminal.key(b"\x1b")
        terminal.settle(0.3)
    terminal.close()
    return statistics.median(t for t, _ in taken), statistics.median(b for _, b in taken)


def alternating(ours: Callable[[], Measure], other: Callable[[], Measure], rounds: int) -> tuple[Measure, Measure]:
    """Medians of both sides, run in turn."""
    one, two = [], []
    for _ in range(rounds):
        one.append(ours())
        two.append(other())
    return _medians(one), _medians(two)


def _medians(taken: list[Measure]) -> Measure:
    return statistics.median(a for a, _ in taken), statistics.median(b for _, b in taken)


def start(name: str, rows: int, until: bytes) -> Measure:
    """Seconds to the first frame, and memory."""
    terminal = Terminal(name, rows).open(until)
    taken = terminal.first, terminal.memory()
    terminal.close()
    return taken


def main(rounds: int = 5) -> None:
    """Measure everything and print the table."""
    down, up_to_edge = b"\x1b[B", b" ".join([b"\x1b[B"] * 22)
    pairs: list[tuple[str, str, float, float, Callable[[], Measure], Callable[[], Measure]]] = [
        (
            "P1a",
            "first frame; memory",
            1.15,
            9,
            lambda: start("desk", 0, b"TABLERO"),
            lambda: start("minimal", 0, b"TABLERO"),
        ),
        (
            "P2a",
            "1M rows to 1k: open; memory",
            1.15,
            1.15,
            lambda: start("grid", 1_000_000, b"CLIENTE"),
            lambda: start("grid", 1_000, b"CLIENTE"),
        ),
        (
            "P2a",
            "1M rows to 1k: scroll a row",
            1.15,
            1.15,
            lambda: keys("grid", 1_000_000, up_to_edge, down, 25),
            lambda: keys("grid", 1_000, up_to_edge, down, 25),
        ),
        (
            "P2b",
            "scroll a row: time; bytes",
            0.35,
            0.15,
            lambda: keys("grid", 1000, up_to_edge, down, 25),
            lambda: keys("table", 1000, up_to_edge, down, 25),
        ),
        (
            "P2c",
            "row down in view: time; bytes",
            0.6,
            0.4,
            lambda: keys("grid", 1000, b"\x1b[B", down, 15),
            lambda: keys("table", 1000, b"\x1b[B", down, 15),
        ),
        (
            "P2d",
            "open a dialog: settle; bytes",
            0.5,
            0.45,
            lambda: opening("dialog-ours"),
            lambda: opening("dialog-stock"),
        ),
    ]
    chosen = [p for p in pairs if len(sys.argv) < 2 or p[0] in sys.argv[1:]]
    print(f"{'#':4} {'what':32} {'ours':>18} {'yardstick':>18} {'ratios':>13} {'goals':>11}")
    for number, what, goal, goal2, ours, other in chosen:
        (a, b), (c, d) = alternating(ours, other, rounds)
        marks = "ok" if a / c <= goal and b / d <= goal2 else "MISSED"
        print(
            f"{number:4} {what:32} {a * 1000:8.1f} ms {b:6.0f} {c * 1000:8.1f} ms {d:6.0f} "
            f"{a / c:6.2f} {b / d:6.2f} {goal:5.2f} {goal2:5.2f} {marks}",
            flush=True,
        )


if __name__ == "__main__":
    main()
