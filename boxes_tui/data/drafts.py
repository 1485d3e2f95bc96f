"""What is being typed, and the acts that could not be sent: a SQLite file of this machine (RELIABILITY §5.5).

Saved at every keystroke, outside the event loop and independent of the shared database; readable by its owner only.
A draft is cleared when its command is acknowledged; a waiting act goes out with its idempotency key, in order.
Where this machine's disk is full, what was last saved stays whole in the file and what is typed since stays in memory.
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
from boxes_tui.data.types import epoch, from_epoch
from boxes_tui.errors import NoSpace
from boxes_tui.i18n import _

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
    """An act that waits: its key, the command's name and arguments, what it is for, the business
    instant at which it was done; ``refused`` once the rules said no."""

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
        self._lock = Lock()
        self._unsaved: dict[tuple[str, str, str], tuple[str | None, int]] = {}
        self._ended: set[int] = set()  # waiting acts that are over while the file cannot be written
        try:
            self._conn = _open(home / "drafts")
        except (OSError, sqlite3.Error):  # no room, or no right to write: this process works all the same
            self._conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._conn.executescript(_TABLES)

    def _write(self, statement: str, values: tuple[Any, ...]) -> bool:
        with self._lock:
            try:
                self._conn.execute(statement, values)
            except sqlite3.Error:
                return False
        return True

    # -- drafts ------------------------------------------------------------------------------------

    def save(self, login: str, form: str, ref: str, values: Mapping[str, Any]) -> bool:
        """Keep what is typed now; an empty draft is cleared. False where it is kept in memory only."""
        if not any(str(v).strip() for v in values.values()):
            return self.clear(login, form, ref)
        body, at = json.dumps(dict(values), ensure_ascii=False), int(wall().timestamp())
        saved = self._write(
            "INSERT INTO draft VALUES (?, ?, ?, ?, ?) ON CONFLICT (login, form, ref) DO UPDATE SET "
            "body = excluded.body, at = excluded.at",
            (login, form, ref, body, at),
        )
        return self._remember((login, form, ref), body, at, saved)

    def _remember(self, place: tuple[str, str, str], body: str | None, at: int, saved: bool) -> bool:
        if saved:
            self._unsaved.pop(place, None)
        else:
            self._unsaved[place] = (body, at)
        return saved

    def load(self, login: str, form: str, ref: str) -> dict[str, Any] | None:
        """What was typed in that form before; None where there is nothing."""
        if (unsaved := self._unsaved.get((login, form, ref))) is not None:
            return dict(json.loads(unsaved[0])) if unsaved[0] else None
        with self._lock:
            row = self._conn.execute(
                "SELECT body FROM draft WHERE login = ? AND form = ? AND ref = ?", (login, form, ref)
            ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def clear(self, login: str, form: str, ref: str) -> bool:
        """The draft was saved, or emptied. False where the file could not be written."""
        place = (login, form, ref)
        gone = self._write("DELETE FROM draft WHERE login = ? AND form = ? AND ref = ?", place)
        return self._remember(place, None, 0, gone)

    def drafts(self, login: str) -> list[Draft]:
        """Everything that is typed and not saved, newest first."""
        with self._lock:
            rows = self._conn.execute("SELECT form, ref, body, at FROM draft WHERE login = ?", (login,)).fetchall()
        found: dict[tuple[str, str], tuple[str | None, int]] = {(form, ref): (body, at) for form, ref, body, at in rows}
        found |= {(form, ref): kept for (who, form, ref), kept in self._unsaved.items() if who == login}
        newest = sorted(found.items(), key=lambda item: -item[1][1])
        return [Draft(form, ref, json.loads(body), from_epoch(at)) for (form, ref), (body, at) in newest if body]

    # -- acts that wait ----------------------------------------------------------------------------

    def wait(self, login: str, key: str, verb: str, body: Mapping[str, Any], title: str, at: datetime) -> None:
        """Keep an act of the business instant ``at`` that could not be sent; the same key is kept once.

        Raises :class:`NoSpace` where it cannot be kept.
        """
        kept = self._write(
            "INSERT INTO pending (login, key, verb, body, title, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (login, key, verb, json.dumps(dict(body), ensure_ascii=False), title, epoch(at)),
        )
        if not kept:
            raise NoSpace(_("La base no responde y este equipo no tiene lugar para guardar el acto: no se guardó."))

    def waiting(self, login: str, *, refused: bool | None = False) -> list[PendingAct]:
        """Acts that wait, in the order in which they were done; ``refused`` None = those the rules refused too."""
        with self._lock:
            rows = self._conn.execute(
                "SELECT id, key, verb, body, title, at, refused FROM pending WHERE login = ? ORDER BY id", (login,)
            ).fetchall()
        made = [PendingAct(i, k, v, json.loads(b), t, from_epoch(at), r) for i, k, v, b, t, at, r in rows]
        made = [p for p in made if p.id not in self._ended]
        return made if refused is None else [p for p in made if (p.refused is not None) == refused]

    def drop(self, act_id: int) -> None:
        """A refused act was read and is of no more use."""
        self.sent(act_id)

    def sent(self, act_id: int) -> None:
        """The act was acknowledged."""
        if not self._write("DELETE FROM pending WHERE id = ?", (act_id,)):
            self._ended.add(act_id)

    def refuse(self, act_id: int, why: str) -> None:
        """The rules refused the act: it stays with its reason until the agent has read it."""
        if not self._write("UPDATE pending SET refused = ? WHERE id = ?", (why, act_id)):
            self._ended.add(act_id)

    def close(self) -> None:
        """Close the file."""
        self._conn.close()


def _open(folder: Path) -> sqlite3.Connection:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "drafts.db"
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=NORMAL")
    conn.executescript(_TABLES)
    return conn
