"""What is being typed, and the acts that could not be sent: a SQLite file of this machine (RELIABILITY §5.5).

Saved at every keystroke, outside the event loop and independent of the shared database; readable by its owner only.
A draft is cleared when its command is acknowledged; a waiting act goes out with its idempotency key, in order.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from boxes_tui.clock import wall
from boxes_tui.data.types import from_epoch

_TABLES = """
CREATE TABLE IF NOT EXISTS draft (
    login TEXT NOT NULL, form TEXT NOT NULL, ref TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (login, form, ref)
);
CREATE TABLE IF NOT EXISTS pending (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL, key TEXT NOT NULL UNIQUE, verb TEXT NOT NULL, body TEXT NOT NULL,
    title TEXT NOT NULL, at INTEGER NOT NULL, refused TEXT
);
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """Something typed and not saved: the form, the row's ref, the fields, when."""

    form: str
    ref: str
    values: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class PendingAct:
    """An act that waits: its key, the command's name and arguments, what it is for; ``refused`` once the rules said no."""

    id: int
    key: str
    verb: str
    body: dict[str, Any]
    title: str
    at: datetime
    refused: str | None


class Journal:
    """The journal of one machine account; threads may share it."""

    def __init__(self, home: Path) -> None:
        folder = home / "drafts"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "drafts.db"
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._conn.execute("PRAGMA journal_mode=WAL")
        self._conn.execute("PRAGMA synchronous=NORMAL")
        self._conn.executescript(_TABLES)
        self._lock = Lock()

    # -- drafts ------------------------------------------------------------------------------------

    def save(self, login: str, form: str, ref: str, values: Mapping[str, Any]) -> None:
        """Keep what is typed now; an empty draft is cleared."""
        if not any(str(v).strip() for v in values.values()):
            self.clear(login, form, ref)
            return
        body = json.dumps(dict(values), ensure_ascii=False)
        with self._lock:
            self._conn.execute(
                "INSERT INTO draft VALUES (?, ?, ?, ?, ?) ON CONFLICT (login, form, ref) DO UPDATE SET "
                "body = excluded.body, at = excluded.at",
                (login, form, ref, body, int(wall().timestamp())),
            )

    def load(self, login: str, form: str, ref: str) -> dict[str, Any] | None:
        """What was typed in that form before; None where there is nothing."""
        with self._lock:
            row = self._conn.execute(
                "SELECT body FROM draft WHERE login = ? AND form = ? AND ref = ?", (login, form, ref)
            ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def clear(self, login: str, form: str, ref: str) -> None:
        """The draft was saved, or emptied."""
        with self._lock:
            self._conn.execute("DELETE FROM draft WHERE login = ? AND form = ? AND ref = ?", (login, form, ref))

    def drafts(self, login: str) -> list[Draft]:
        """Everything that is typed and not saved, newest first."""
        with self._lock:
            rows = self._conn.execute(
                "SELECT form, ref, body, at FROM draft WHERE login = ? ORDER BY at DESC", (login,)
            ).fetchall()
        return [Draft(form, ref, json.loads(body), from_epoch(at)) for form, ref, body, at in rows]

    # -- acts that wait ----------------------------------------------------------------------------

    def wait(self, login: str, key: str, verb: str, body: Mapping[str, Any], title: str) -> None:
        """Keep an act that could not be sent; the same key is kept once."""
        with self._lock:
            self._conn.execute(
                "INSERT INTO pending (login, key, verb, body, title, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (login, key, verb, json.dumps(dict(body), ensure_ascii=False), title, int(wall().timestamp())),
            )

    def waiting(self, login: str, *, refused: bool | None = False) -> list[PendingAct]:
        """Acts that wait, in the order in which they were done; ``refused`` None = those the rules refused too."""
        with self._lock:
            rows = self._conn.execute(
                "SELECT id, key, verb, body, title, at, refused FROM pending WHERE login = ? ORDER BY id", (login,)
            ).fetchall()
        made = [PendingAct(i, k, v, json.loads(b), t, from_epoch(at), r) for i, k, v, b, t, at, r in rows]
        return made if refused is None else [p for p in made if (p.refused is not None) == refused]

    def sent(self, act_id: int) -> None:
        """The act was acknowledged."""
        with self._lock:
            self._conn.execute("DELETE FROM pending WHERE id = ?", (act_id,))

    def refuse(self, act_id: int, why: str) -> None:
        """The rules refused the act: it stays with its reason until the agent has read it."""
        with self._lock:
            self._conn.execute("UPDATE pending SET refused = ? WHERE id = ?", (why, act_id))

    def close(self) -> None:
        """Close the file."""
        self._conn.close()
