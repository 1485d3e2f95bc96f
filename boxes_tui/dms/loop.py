"""``sync --watch``: again and again with jitter and back-off; SIGTERM ends after the entity (DMS.md §6)."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Sequence
from threading import Event
from types import FrameType

from boxes_tui.errors import BoxesError

MAX_PAUSE = 600.0


def stop_flag() -> Event:
    """An event that SIGTERM and SIGINT set; the run ends between two entities."""
    flag = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        flag.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return flag


def worst(codes: Sequence[int]) -> int:
    """The exit status of several runs: a failure before a guard before a lock before rejects."""
    for code in (2, 1, 5, 4, 3):
        if code in codes:
            return code
    return 0


def keep_watching(once: Callable[[], int], seconds: float, stop: Event) -> int:
    """Run, wait, run; after a failure the wait doubles up to ten minutes. Returns the last exit status."""
    pause, code = seconds, 0
    while not stop.is_set():
        try:
            code = once()
        except BoxesError as error:
            if error.exit_code == 2:
                raise
            code = error.exit_code
        pause = min(MAX_PAUSE, pause * 2) if code == 1 else seconds
        stop.wait(pause * (0.9 + 0.2 * random.random()))
    return code
