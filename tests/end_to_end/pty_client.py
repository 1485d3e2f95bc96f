"""Any program on a pseudo-terminal with an emulator behind it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

import pyte

PATIENCE = float(os.environ.get("BOXES_TEST_PATIENCE", "60"))
"""Seconds that a wait may take before the test fails: a loaded machine is not a failing test."""

_UNKNOWN = re.compile(rb"\x1b\[[<>][0-9;]*u|\x1b\[\?\d+\$p|\x1b\[>\d*q")
"""Questions to the terminal that the emulator would print."""


class Pty:
    """``argv`` on 80×24. ``raw`` holds every byte that it wrote, ``picture()`` what an emulator shows."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (80, 24)) -> None:
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(argv[0], list(argv), dict(env))

    def picture(self) -> str:
        """What the emulator shows."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, *texts: str, limit: float = PATIENCE) -> Pty:
        """Read until the picture shows every one of ``texts``."""
        end = time.monotonic() + limit
        while not all(text in self.picture() for text in texts):
            assert time.monotonic() < end, f"{texts} never came:\n{self.picture()}"
            assert not self.ended_now(), f"ended with {self.status}:\n{self.picture()}"
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
            self.stream.feed(_UNKNOWN.sub(b"", data))

    def send(self, text: str, wait: float = 0.1) -> Pty:
        """Type, and read the answer."""
        os.write(self.fd, text.encode())
        self.read(wait)
        return self

    def ended_now(self) -> bool:
        """Whether it has ended; ``status`` is its exit status then."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                self.read(0.1)
        return self.status is not None

    def ended(self, limit: float = PATIENCE) -> int:
        """The exit status, once it has ended."""
        end = time.monotonic() + limit
        while not self.ended_now():
            assert time.monotonic() < end, f"still there:\n{self.picture()}"
            self.read(0.05)
        assert self.status is not None
        return self.status

    def kill(self) -> None:
        """End it without a word, as a lost line does."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            _pid, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """End what is left."""
        self.kill()
        with contextlib.suppress(OSError):
            os.close(self.fd)
