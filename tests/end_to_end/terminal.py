"""``boxes`` on a pseudo-terminal with an emulator behind it, over a line as slow as the test says.

Nothing here looks into the app: a test types, waits for text on the painted screen, and asks the database.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyte

REPOSITORY = Path(__file__).parents[2]
NOW = "2026-11-24T14:10:00-03:00"
PATIENCE = float(os.environ.get("BOXES_TEST_PATIENCE", "60"))
"""Seconds that a wait may take before the test fails: a loaded machine is not a failing test."""

KEYS = {
    "Enter": "\r", "Esc": "\x1b", "Tab": "\t", "S-Tab": "\x1b[Z", "space": " ", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "Home": "\x1b[H", "End": "\x1b[F", "PgUp": "\x1b[5~", "PgDn": "\x1b[6~",
    "Backspace": "\x7f",
}  # fmt: skip
"""Names of keys as the tests write them; anything else is typed as it stands."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line between terminal and desk: bytes per second towards the terminal (0 = no limit), seconds each way."""

    rate: int = 0
    delay: float = 0.0


FAST = Line()


class Terminal:
    """The app of a home, run by somebody. ``keys`` and ``text`` count what was pressed; ``raw`` holds every byte that
    it wrote and ``moved`` how many of them have come through the line."""

    def __init__(
        self, home: Path, user: str = "ana", *, line: Line = FAST, size: tuple[int, int] = (80, 24), module: str = "boxes_tui",
        **env: str,
    ) -> None:  # fmt: skip
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.line, self.home = line, home
        self.raw = b""
        self.keys = self.text = 0
        self.watch: Callable[[], None] | None = None
        self._coming: deque[tuple[float, bytes]] = deque()
        self._going: deque[tuple[float, bytes]] = deque()
        self._credit, self._credited = 0.0, time.monotonic()
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.chdir(REPOSITORY)
            os.execve(sys.executable, [sys.executable, "-m", module], environment(home, user, env))

    # -- waiting -------------------------------------------------------------------------------------------------------

    def until(self, *texts: str, gone: str = "", limit: float = PATIENCE) -> Terminal:
        """Pump until the screen shows every one of ``texts`` and not ``gone``."""
        return self.until_true(
            lambda: all(t in self.picture() for t in texts) and not (gone and gone in self.picture()),
            f"{texts!r} without {gone!r}", limit,
        )  # fmt: skip

    def until_true(self, fine: Callable[[], bool], what: str, limit: float = PATIENCE) -> Terminal:
        """Pump until ``fine``."""
        end = time.monotonic() + limit
        while not fine():
            assert time.monotonic() < end, f"{what} never came:\n{self.picture()}"
            assert self.status is None, f"the app left with {self.status}:\n{self.picture()}"
            self.pump(0.02)
        return self

    def quiet(self, seconds: float = 0.3, limit: float = PATIENCE) -> Terminal:
        """Pump until nothing was painted for a while."""
        end, last, seen = time.monotonic() + limit, time.monotonic(), len(self.raw)
        while time.monotonic() - last < seconds and time.monotonic() < end:
            self.pump(0.02)
            if len(self.raw) != seen or self._coming or self._going:
                last, seen = time.monotonic(), len(self.raw)
        return self

    def pump(self, seconds: float) -> None:
        """Carry bytes both ways for a while."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            while self._going and self._going[0][0] <= now:
                with contextlib.suppress(OSError):
                    os.write(self.fd, self._going.popleft()[1])
            while self._coming and self._coming[0][0] <= now:
                self.stream.feed(self._coming.popleft()[1])
                if self.watch is not None:
                    self.watch()
            if now >= end:
                return
            room = self._room(now)
            due = min([end, *[q[0][0] for q in (self._going, self._coming) if q]])
            wait = min(0.01, max(0.0, due - now)) if room <= 0 else max(0.0, due - now)
            ready, _, _ = select.select([self.fd] if room > 0 else [], [], [], min(wait, max(0.0, end - now)))
            if ready and not self._read(room):
                time.sleep(min(0.01, seconds))

    def _room(self, now: float) -> int:
        """How many bytes the line takes now."""
        if not self.line.rate:
            return 65536
        burst = max(64.0, self.line.rate * 0.02)
        self._credit = min(burst, self._credit + (now - self._credited) * self.line.rate)
        self._credited = now
        return int(self._credit) if self._credit >= 1 else 0

    def _read(self, room: int) -> bool:
        try:
            data = os.read(self.fd, room)
        except OSError:
            data = b""
        if not data:
            self.poll()
            return False
        self.raw += data
        self._credit -= len(data) if self.line.rate else 0
        self._coming.append((time.monotonic() + self.line.delay, data))
        return True

    # -- typing --------------------------------------------------------------------------------------------------------

    def press(self, *keys: str) -> Terminal:
        """Press keys, counted."""
        for key in keys:
            self.keys += 1
            self._send(KEYS.get(key, key).encode())
        return self

    def type(self, text: str) -> Terminal:
        """Type text, its characters counted apart."""
        self.text += len(text)
        self._send(text.encode())
        return self

    def paste(self, text: str) -> Terminal:
        """Paste: one gesture, not counted."""
        self._send(b"\x1b[200~" + text.encode() + b"\x1b[201~")
        return self

    def click(self, x: int, y: int) -> None:
        """Press and release the left button on a cell (from 0)."""
        self._send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m".encode())

    def count(self) -> int:
        """Keys pressed since the last call."""
        made, self.keys, self.text = self.keys, 0, 0
        return made

    def _send(self, data: bytes) -> None:
        self._going.append((time.monotonic() + self.line.delay, data))
        self.pump(0.0)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)

    # -- looking -------------------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """What the screen shows."""
        return [line.rstrip() for line in self.screen.display]

    def picture(self) -> str:
        """What the screen shows, as one text."""
        return "\n".join(self.lines())

    def row(self, text: str) -> int:
        """The line with a text (from 0), -1 where there is none."""
        return next((y for y, line in enumerate(self.lines()) if text in line), -1)

    # -- ending --------------------------------------------------------------------------------------------------------

    def poll(self) -> int | None:
        """The exit status once the process is gone."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def ended(self, limit: float = PATIENCE) -> int:
        """Wait until the process is gone; its exit status."""
        end = time.monotonic() + limit
        while self.poll() is None:
            assert time.monotonic() < end, f"still there:\n{self.picture()}"
            self.pump(0.02)
        self.drain()
        assert self.status is not None
        return self.status

    def kill(self) -> None:
        """``kill -9``; what it had painted by then is shown."""
        os.kill(self.pid, 9)
        _pid, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        self.drain()

    def drain(self) -> None:
        """Let everything that was written come through the line."""
        while True:
            ready, _, _ = select.select([self.fd], [], [], 0)
            if not ready:
                break
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            self.raw += data
            self._coming.append((0.0, data))
        for _at, data in self._coming:
            self.stream.feed(data)
        self._coming.clear()

    def hang_up(self) -> None:
        """Close the terminal's side."""
        os.close(self.fd)
        self.fd = -1

    def close(self) -> None:
        """End what is left."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)


def environment(home: Path, user: str, more: Mapping[str, str]) -> dict[str, str]:
    """A clean environment for a child."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "TEXTUAL", "BOXES", "NO_COLOR"))}
    keep.pop("COLUMNS", None), keep.pop("LINES", None)
    return keep | {
        "TERM": "xterm-256color", "COLORTERM": "truecolor", "BOXES_HOME": str(home), "BOXES_NOW": NOW, "BOXES_USER": user,
        "LANG": "C.UTF-8", **more,
    }  # fmt: skip
