"""The suppression list outside the database, so that a copy made before an erasure cannot bring the person back.

``suppressed.list`` in ``BOXES_HOME`` holds every digest (mode 0600, nothing readable in it); the same file lies beside
every copy that ``boxes db backup`` made and that still exists, as ``<copy>.suppressed``.  Restoring reads both.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from boxes_tui.data.commands import notify
from boxes_tui.data.engine import is_sqlite, reading, set_scope, writing
from boxes_tui.data.suppression import KINDS, Suppressed, add, load, sweep
from boxes_tui.data.tables import suppression

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

LEDGER: Final = "suppressed.list"
COPIES: Final = "backups.list"
_LINE = re.compile(r"([a-z]+) ([0-9a-f]{64})\Z")

__all__ = ["Suppressed", "after_erasure", "beside", "erase_again", "load", "note_copy", "write_ledger"]


def beside(copy: Path) -> Path:
    """The list that travels with a copy."""
    return copy.with_name(copy.name + ".suppressed")


def note_copy(house: House, copy: Path) -> None:
    """Remember where a copy lies, and put today's list beside it."""
    path = house.settings.home / COPIES
    known = [line for line in _lines(path) if line != str(copy)]
    _write(path, [*known, str(copy)])
    write_ledger(house)


def write_ledger(house: House) -> int:
    """Write the list to the home and beside every known copy; what a file holds already is never dropped.

    Returns how many digests there are.
    """
    with reading(house.engine) as conn:
        set_scope(conn, None)
        rows = conn.execute(select(suppression.c.kind, suppression.c.digest)).all()
    stored = {f"{kind} {digest}" for kind, digest in rows}
    home = house.settings.home
    copies = [beside(p) for line in _lines(home / COPIES) if (p := Path(line)).is_file()]
    for path in (home / LEDGER, *copies):
        whole = sorted(stored | set(_lines(path)))
        with suppress(OSError):  # a copy on a disk that is read-only now: the home's list still holds it
            if whole:
                _write(path, whole)
    return len(stored)


def after_erasure(house: House) -> None:
    """What follows an erasure that has committed: the lists outside, and SQLite's log emptied of the old pages."""
    write_ledger(house)
    if is_sqlite(house.engine):
        with house.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn, suppress(DBAPIError):
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def erase_again(house: House, copy: Path | None = None) -> int:
    """After a restore: take every digest that the lists know into the database and wipe whom they mean.

    Returns how many customers were erased again.
    """
    paths = [house.settings.home / LEDGER]
    if copy is not None:
        paths += [beside(copy), copy.parent / LEDGER, copy.parent.parent / LEDGER]
    marks = []
    for path in paths:
        for line in _lines(path):
            match = _LINE.match(line)
            if match and match[1] in KINDS:
                marks.append((match[1], match[2]))
    now = house.clock.now()
    with writing(house.engine) as conn:
        set_scope(conn, None)
        add(conn, marks, now)
        count = sweep(conn, None, now)
        notify(conn)
    after_erasure(house)
    return count


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, UnicodeDecodeError):
        return []


def _write(path: Path, lines: list[str]) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
