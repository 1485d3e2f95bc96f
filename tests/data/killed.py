"""Kills migrations on the way: ``python -m tests.data.killed URL [MIGRATIONS HEAD]`` prints what each left behind.

A process of its own without threads, so that it may fork: every child dies by SIGKILL at its statement.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from boxes_tui.data import schema
from boxes_tui.data.engine import make_engine, parse_url, reading
from tests.data.shape import shape


def engine_of(url: str) -> Engine:
    """An engine that waits for what a dead child still holds."""
    return make_engine(parse_url(url), statement_ms=60_000, lock_ms=30_000)


def die() -> None:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def child(url: str, point: int) -> None:
    """Migrate, and die before statement ``point``; before the commit when there are fewer, after it when 0."""
    engine = engine_of(url)
    seen = 0

    @event.listens_for(engine, "before_cursor_execute")
    def _count(*_args: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == point:
            die()

    @event.listens_for(engine, "commit")
    def _commit(_conn: Any) -> None:
        if point:
            die()

    schema.upgrade(engine)
    die()


def left(url: str) -> tuple[str | None, str]:
    """The revision that stands there, and all of its shape."""
    engine = engine_of(url)
    revision = schema.state(engine)[1]
    with reading(engine) as conn:
        found = json.dumps(shape(conn), sort_keys=True, default=str)
        if conn.dialect.name == "sqlite":
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
    return revision, found


def main(url: str, points: list[int]) -> None:
    """One line of JSON: for each point whether the old schema or the new one stood there afterwards."""
    old = left(url)
    outcome = []
    for point in [*points, 0]:
        pid = os.fork()
        if pid == 0:
            child(url, point)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        outcome.append("old" if left(url) == old else left(url)[0])
    engine = engine_of(url)
    schema.upgrade(engine)
    engine.dispose()
    print(json.dumps({"outcome": outcome, "end": left(url)[0]}))


if __name__ == "__main__":
    if len(sys.argv) == 5:
        schema.MIGRATIONS, schema.HEAD = Path(sys.argv[3]), sys.argv[4]
    main(sys.argv[1], json.loads(sys.argv[2]))
