"""A program on a pseudo-terminal, timed by the bytes that it sends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass, field

QUIET = 0.06
"""Seconds without a byte after which an answer counts as whole."""
SIZE = (24, 80)
PATIENCE = 60.0
"""Seconds that a loaded machine gets to show something."""


@dataclass
class Terminal:
    """A child on a pseudo-terminal of 80×24 in true colour: ``words`` after the interpreter, ``env`` on top of ours."""

    words: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    pid: int = 0
    fd: int = 0
    started: float = 0.0
    seen: bytes = field(default=b"", repr=False)

    def open(self, until: bytes) -> float:
        """Start it; seconds until it shows ``until``."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "TEXTUAL", "NO_COLOR", "BOXES_"))}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **self.env}
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            os.execve(sys.executable, [sys.executable, *self.words], env)
        return self.until(until)

    def until(self, words: bytes) -> float:
        """Seconds from the start until it has shown ``words``; raises ``TimeoutError`` where it never does."""
        while words not in self.seen:
            data = self._read(PATIENCE)
            if not data:
                raise TimeoutError(f"{self.words}: {words!r} did not appear")
            self.seen += data
        return time.perf_counter() - self.started

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

    def close(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def _read(self, limit: float) -> bytes:
        ready, _, _ = select.select([self.fd], [], [], limit)
        try:
            return os.read(self.fd, 65536) if ready else b""
        except OSError:  # the child has ended
            return b""
