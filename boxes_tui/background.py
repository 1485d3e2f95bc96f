"""Work outside the UI loop, by daemon threads of our own: a query that hangs holds up neither the screen
nor the exit (RELIABILITY §4.4, §5.11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from boxes_tui.errors import Unavailable
from boxes_tui.i18n import _

T = TypeVar("T")

READS, ACTS = "reads", "acts"
"""Lanes: reads run side by side, acts one after the other in the order given."""

WORKERS = {READS: 3, ACTS: 1}


class Background:
    """Threads in lanes. One pool for the life of a process; threads start when they are first needed."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    async def run(self, fn: Callable[..., T], *args: Any, deadline: float = 8.0, lane: str = READS) -> T:
        """The result of ``fn(*args)``, run in another thread.

        Raises what ``fn`` raises, and :class:`Unavailable` when ``deadline`` seconds pass: the thread is
        left to itself, a fresh one takes its place, and what it still gives is dropped.
        """
        found = self._lanes.setdefault(lane, _Lane(lane, WORKERS.get(lane, 1)))
        loop = asyncio.get_running_loop()
        job = _Job(fn, args, loop, loop.create_future())
        found.put(job)
        try:
            return await asyncio.wait_for(job.future, deadline)
        except TimeoutError:
            if not job.expired():
                raise
            found.lost(job)
            raise Unavailable(_("La base no responde. Lo escrito queda.")) from None


class _Job:
    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
    ) -> None:
        self.fn, self.args, self.loop, self.future = fn, args, loop, future
        self.running = self.ended = False

    def expired(self) -> bool:
        """Whether the deadline ended it, not a time-out that ``fn`` itself raised."""
        return self.future.cancelled()

    def work(self) -> None:
        if self.future.cancelled():
            return
        self.running = True
        try:
            result, error = self.fn(*self.args), None
        except BaseException as raised:
            result, error = None, raised
        self.ended = True
        try:
            self.loop.call_soon_threadsafe(self._deliver, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def _deliver(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        else:
            self.future.set_result(result)


class _Lane:
    def __init__(self, name: str, workers: int) -> None:
        self._name, self._workers = name, workers
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._threads = 0
        self._waiting = 0
        self._lock = Lock()

    def put(self, job: _Job) -> None:
        """Queue a job; one more thread where all are busy and the lane allows it."""
        self._jobs.put(job)
        with self._lock:
            if self._threads < self._workers and self._waiting <= self._jobs.qsize() - 1:
                self._start()

    def lost(self, job: _Job) -> None:
        """A thread hangs in ``job``: another takes its place."""
        with self._lock:
            if job.running and not job.ended:
                self._workers += 1
                self._start()

    def _start(self) -> None:
        self._threads += 1
        Thread(target=self._loop, name=f"boxes-{self._name}-{self._threads}", daemon=True).start()

    def _loop(self) -> None:
        while True:
            with self._lock:
                self._waiting += 1
            job = self._jobs.get()
            with self._lock:
                self._waiting -= 1
            job.work()
