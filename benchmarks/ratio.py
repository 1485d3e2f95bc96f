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


def paired(ours: Callable[[], float], yardstick: Callable[[], float], rounds: int) -> tuple[float, float, float]:
    """Medians of what both sides measure, in turn, and the median of the ratios pair by pair: the machine may be busy
    with others. A first round warms up and does not count."""
    pairs: list[tuple[float, float]] = []
    for n in range(rounds + 1):
        if n % 2:
            one = ours()
            pairs.append((one, yardstick()))
        else:
            other = yardstick()
            pairs.append((ours(), other))
    del pairs[0]
    return median(a for a, _b in pairs), median(b for _a, b in pairs), median(a / b for a, b in pairs)
