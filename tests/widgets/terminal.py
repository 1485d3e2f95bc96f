"""A child on a pseudo-terminal with an emulator behind it, for tests of what really reaches a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shlex
import struct
import sys
import termios
import time
from pathlib import Path

import pyte

REPOSITORY = Path(__file__).parents[2]


class Terminal:
    """``python -m MODULE`` on 80×24. ``raw`` holds every byte it wrote, ``lines()`` what an emulator shows."""

    def __init__(self, home: Path, module: str = "tests.widgets.desk", prefix: str = "", **env: str) -> None:
        self.screen = pyte.Screen(80, 24)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "TEXTUAL", "BOXES", "NO_COLOR"))}
        keep |= {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "BOXES_HOME": str(home),
            "COLUMNS": "80",
            "LINES": "24",
        }
        keep |= env
        keep.pop("COLUMNS"), keep.pop("LINES")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.chdir(REPOSITORY)
            os.execve("/bin/sh", ["sh", "-c", f"{prefix} exec {shlex.quote(sys.executable)} -m {module}"], keep)

    def until(self, text: str, limit: float = 40.0) -> Terminal:
        """Read until the emulator shows ``text``."""
        end = time.monotonic() + limit
        while not any(text in line for line in self.screen.display):
            assert time.monotonic() < end, f"{text!r} never came:\n" + "\n".join(self.lines())
            self.read(0.05)
        return self

    def read(self, seconds: float) -> None:
        """Read for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self.fd], [], [], left)
            if not ready:
                return
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.raw += data
            self.stream.feed(data)

    def send(self, data: bytes, wait: float = 0.08) -> None:
        """Type, and read the answer."""
        os.write(self.fd, data)
        self.read(wait)

    def lines(self) -> list[str]:
        """What the emulator shows."""
        return [line.rstrip() for line in self.screen.display]

    def cells(self) -> list[list[tuple[str, str, str]]]:
        """Every cell with its colours."""
        rows = self.screen.buffer
        return [[(rows[y][x].data, rows[y][x].fg, rows[y][x].bg) for x in range(80)] for y in range(24)]

    def ended(self, limit: float = 8.0, reading: bool = True) -> tuple[int, float]:
        """The exit status and the seconds until the process was gone."""
        start = time.monotonic()
        while time.monotonic() - start < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                if reading:
                    self.read(0.1)
                return os.waitstatus_to_exitcode(status), time.monotonic() - start
            if reading:
                self.read(0.02)
            else:
                time.sleep(0.02)
        raise AssertionError(f"still there after {limit} s")

    def close(self) -> None:
        """End what is left."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)
