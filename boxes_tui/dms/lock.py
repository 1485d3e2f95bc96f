"""One run per source: a lock that dies with its holder (DMS.md §6)."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from boxes_tui.data.engine import sqlite_path


@contextmanager
def source_lock(engine: Engine, source: str) -> Iterator[bool]:
    """Hold the lock of a source; yields False where another run has it.

    SQLite: an OS file lock beside the database.  PostgreSQL: a session advisory lock on a connection of its own.
    """
    path = sqlite_path(engine.url)
    if path is not None:
        name = "".join(ch if ch.isalnum() else "_" for ch in source)
        handle = os.open(path.with_name(f"{path.name}.sync-{name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)
        return
    key = zlib.crc32(f"boxes-sync:{source}".encode())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.execute(text("SELECT pg_try_advisory_lock(72122, :k)"), {"k": key - 2**31}).scalar():
            yield False
            return
        try:
            yield True
        finally:
            if not conn.invalidated:
                conn.execute(text("SELECT pg_advisory_unlock(72122, :k)"), {"k": key - 2**31})
