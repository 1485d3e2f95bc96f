"""Notice that rows changed, by whomever: PostgreSQL NOTIFY, SQLite's ``data_version`` (PRODUCT §12: within 2 s)."""

from __future__ import annotations

import contextlib
import sqlite3
from threading import Event, Thread

from sqlalchemy import Engine

from boxes_tui.data.engine import ALIVE, sqlite_path

POLL_SECONDS = 0.7


class ChangeWatch:
    """A daemon thread that counts changes. ``count`` grows whenever something was committed; ``alive`` is false while
    the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stop = Event()
        self.count = 0
        self.alive = True
        Thread(target=self._run, name="boxes-changes", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _run(self) -> None:
        path = sqlite_path(self._engine.url)
        while not self._stop.is_set():
            try:
                if path is not None:
                    self._watch_sqlite(str(path))
                else:
                    self._listen()
            except Exception:  # any failure of the watch means "ask again"; reads report the trouble itself
                self.alive = False
                self.count += 1
                self._stop.wait(2)

    def _watch_sqlite(self, path: str) -> None:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as conn:
            seen = None
            while not self._stop.is_set():
                now = conn.execute("PRAGMA data_version").fetchone()[0]
                if seen is not None and now != seen:
                    self.count += 1
                seen, self.alive = now, True
                self._stop.wait(POLL_SECONDS)

    def _listen(self) -> None:
        import psycopg

        url = self._engine.url
        alive = {k: v for k, v in ALIVE.items() if k not in url.query}
        told = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(told, autocommit=True, **alive) as conn:
            conn.execute("LISTEN boxes")
            self.count += 1
            self.alive = True
            while not self._stop.is_set():
                for _notice in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                    self.count += 1
                conn.execute("SELECT 1")
