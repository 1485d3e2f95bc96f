"""Work outside the UI loop: order of acts, deadlines, hung threads."""

from __future__ import annotations

import threading
import time

import pytest

from boxes_tui.background import ACTS, READS, Background
from boxes_tui.errors import Refused, Unavailable


async def test_results_and_errors_come_back() -> None:
    pool = Background()
    assert await pool.run(lambda a, b: a + b, 2, 3) == 5

    def refuse() -> None:
        raise Refused("No.")

    with pytest.raises(Refused):
        await pool.run(refuse)

    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await pool.run(late)


async def test_acts_keep_their_order() -> None:
    import asyncio

    pool, done = Background(), list[int]()

    def act(n: int) -> None:
        time.sleep(0.02 if n % 2 else 0)
        done.append(n)

    await asyncio.gather(*[pool.run(act, n, lane=ACTS) for n in range(8)])
    assert done == list(range(8))


async def test_hung_threads_hold_up_nobody() -> None:
    pool, gate = Background(), threading.Event()
    for lane in (READS, ACTS):
        for _ in range(5):
            with pytest.raises(Unavailable):
                await pool.run(gate.wait, deadline=0.05, lane=lane)
        assert await pool.run(lambda: "alive", deadline=2.0, lane=lane) == "alive"
    assert all(t.daemon for t in threading.enumerate() if t.name.startswith("boxes-"))
    gate.set()
