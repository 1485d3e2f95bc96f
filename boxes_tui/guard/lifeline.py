"""The end of the process, in order, whatever ends it (RELIABILITY §0.6, §4.4; TOOLING §3).

SIGTERM, SIGHUP, SIGQUIT, a closed terminal (also where SIGHUP is ignored) and a line that stands still:
what is typed is saved by code that needs neither the event loop nor the terminal, the app is asked to
leave, and after the grace period the process is gone in any case, the terminal set back where it still
exists.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from threading import Event, Lock, Thread
from types import FrameType
from typing import TextIO

GRACE = 3.0
"""Seconds that the app has to leave by itself."""

STALL = 120.0
"""Seconds without a sign of life, of the loop or of the line, after which the process ends."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

RESTORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    b"\x1b[<u\x1b[r\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""Everything that the driver switched on, switched off again."""


class Lifeline:
    """``save`` keeps what is typed (any thread), ``leave(code)`` asks the app to end (any thread),
    ``alive()`` tells the seconds since the line last took what was written."""

    def __init__(self, save: Callable[[], None], leave: Callable[[int], None], stalled: Callable[[], float]) -> None:
        self._save, self._leave, self._stalled = save, leave, stalled
        self._ending = Lock()
        self._answered = Event()
        self._ping: Callable[[Callable[[], object]], object] | None = None
        self._terminal: list[object] | None = None

    def install(self) -> None:
        """Take the signals (main thread only) and watch the terminal. Call it before the app starts."""
        self._remember_terminal()
        for number in SIGNALS:
            signal.signal(number, self._signalled)
        Thread(target=self._watch_terminal, name="boxes-hangup", daemon=True).start()

    def watch_loop(self, ping: Callable[[Callable[[], object]], object]) -> None:
        """Watch the event loop too; ``ping`` is its ``call_soon_threadsafe``."""
        self._ping = ping
        Thread(target=self._heartbeat, name="boxes-heartbeat", daemon=True).start()

    def end(self, code: int) -> None:
        """End the process with this exit status; only the first call counts."""
        if self._ending.acquire(blocking=False):
            Thread(target=self._end, args=(code,), name="boxes-end", daemon=True).start()

    def last_resort(self, code: int) -> None:
        """The app has left: the process is gone within the grace period even if a thread hangs."""
        if self._ending.acquire(blocking=False):
            Thread(target=self._kill_later, args=(code,), name="boxes-end", daemon=True).start()
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                _flush_or_drop(stream)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.end(128 + number)

    def _end(self, code: int) -> None:
        saver = Thread(target=self._save, name="boxes-save", daemon=True)
        saver.start()
        saver.join(1.0)
        try:
            self._leave(code)
        finally:
            self._kill_later(code)

    def _kill_later(self, code: int) -> None:
        Event().wait(GRACE)
        self._restore()
        os._exit(code)

    def _watch_terminal(self) -> None:
        try:
            watched = select.poll()
            watched.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
            watched.poll()
        except (OSError, ValueError):
            return
        self.end(128 + signal.SIGHUP)

    def _heartbeat(self) -> None:
        silent = 0.0
        while self._ping is not None:
            self._answered.clear()
            try:
                self._ping(self._answered.set)
            except RuntimeError:
                return  # the loop is closed: the app has left
            silent = 0.0 if self._answered.wait(5.0) else silent + 5.0
            if max(silent, self._stalled()) >= STALL:
                self.end(128 + signal.SIGHUP)
                return
            Event().wait(5.0)

    def _remember_terminal(self) -> None:
        import termios

        try:
            self._terminal = termios.tcgetattr(0)
        except (termios.error, OSError):
            self._terminal = None

    def _restore(self) -> None:
        """Set the terminal back without waiting for it."""
        import termios

        try:
            os.set_blocking(2, False)
            os.write(2, RESTORE)
        except OSError:
            pass
        if self._terminal is not None:
            try:
                termios.tcflush(0, termios.TCOFLUSH)
                termios.tcsetattr(0, termios.TCSANOW, self._terminal)  # type: ignore[arg-type]
            except (termios.error, OSError):
                pass


def _flush_or_drop(stream: TextIO) -> None:
    """Write what is left, or drop it where the terminal is gone: Python would end with status 120 instead of ours."""
    if stream.closed:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
