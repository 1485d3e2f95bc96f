"""A figure against its yardstick, and how both are measured: in turn, in one process run, medians."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``ours`` and ``yardstick`` are in ``unit``; ``ratio`` is what ``goal`` bounds.

    ``least`` is true where the ratio must not fall below the goal (a throughput) rather than not exceed it.
    """

    number: str
    what: str
    goal: float
    ratio: float
    ours: float
    yardstick: float
    unit: str
    against: str
    scale: str
    note: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached, at the precision in which goals are written."""
        return self.ratio >= self.goal if self.least else self.ratio <= self.goal


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(
    ours: Callable[[], object], yardstick: Callable[[], object], rounds: int, clock: Callable[[], float] | None = None
) -> tuple[float, float, float]:
    """Median seconds of both sides and the median of the ratios pair by pair: the machine may be busy with others."""
    now = clock or time.perf_counter
    pairs: list[tuple[float, float]] = []
    for n in range(rounds):
        taken = [0.0, 0.0]
        for side in (0, 1) if n % 2 else (1, 0):
            start = now()
            (yardstick if side else ours)()
            taken[side] = now() - start
        pairs.append((taken[0], taken[1]))
    return median(a for a, _b in pairs), median(b for _a, b in pairs), median(a / b for a, b in pairs)
