"""One run per source: a lock that dies with its holder (DMS.md §6), and the holder's heartbeat for display."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from boxes_tui.clock import wall
from boxes_tui.data.engine import is_sqlite, sqlite_path
from boxes_tui.errors import Locked
from boxes_tui.i18n import _

SPACE = 72122
BLIND_SECONDS = 60
"""Where the lock cannot be seen, a run without a heartbeat for so long counts as dead."""
BEAT_SECONDS = 15


@contextmanager
def source_lock(engine: Engine, source: str) -> Iterator[None]:
    """Hold the lock of a source; raises :class:`Locked`, naming the holder, where another run has it.

    SQLite: an OS file lock beside the database.  PostgreSQL: a session advisory lock on a connection of its own.
    """
    path = sqlite_path(engine.url)
    if path is None:
        with _advisory(engine, source):
            yield
        return
    name = "".join(ch if ch.isalnum() else "_" for ch in source)
    handle = os.open(path.with_name(f"{path.name}.sync-{name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(_sentence(engine, source)) from None
        except OSError:  # a file system without locks: the row's heartbeat is all there is
            _refuse_if_beating(engine, source)
        yield
    finally:
        os.close(handle)


@contextmanager
def _advisory(engine: Engine, source: str) -> Iterator[None]:
    key = {"k": zlib.crc32(f"boxes-sync:{source}".encode()) - 2**31}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.execute(text(f"SELECT pg_try_advisory_lock({SPACE}, :k)"), key).scalar():
            raise Locked(_sentence(engine, source))
        try:
            yield
        finally:
            if not conn.invalidated and not conn.closed:
                conn.execute(text(f"SELECT pg_advisory_unlock({SPACE}, :k)"), key)


def _running(conn: Connection, source: str) -> tuple[str, int, int] | None:
    """(holder, run, heartbeat) of the run that the database shows as under way."""
    row = conn.execute(
        text(
            "SELECT r.holder, r.id, coalesce(r.beat_at, r.started_at) FROM sync_run r JOIN source s ON s.id = r.source_id "
            "WHERE s.name = :n AND r.status = 'running' ORDER BY r.id DESC LIMIT 1"
        ),
        {"n": source},
    ).first()
    return None if row is None else (str(row[0]), int(row[1]), int(row[2]))


def _sentence(engine: Engine, source: str) -> str:
    with engine.connect() as conn:
        found = _running(conn, source)
    who = _("{holder} (corrida {run})").format(holder=found[0], run=found[1]) if found else _("otro proceso")
    return _("La fuente {source} ya se está leyendo: {who}. No se hizo nada.").format(source=source, who=who)


def _refuse_if_beating(engine: Engine, source: str) -> None:
    with engine.connect() as conn:
        found = _running(conn, source)
    if found is not None and found[2] > int(wall().timestamp()) - BLIND_SECONDS:
        raise Locked(_sentence(engine, source))


@contextmanager
def heartbeat(engine: Engine, run_id: int) -> Iterator[None]:
    """Renew ``sync_run.beat_at`` while a run is at work. SQLite has one writer: there the run beats at its commits."""
    if is_sqlite(engine):
        yield
        return
    done = Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                with engine.begin() as conn:
                    conn.execute(
                        text("UPDATE sync_run SET beat_at = :now WHERE id = :id AND status = 'running'"),
                        {"now": int(wall().timestamp()), "id": run_id},
                    )
            except DBAPIError:  # the run itself will tell that the database is away
                continue

    thread = Thread(target=beat, name="boxes-sync-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
