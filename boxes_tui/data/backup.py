"""Copies of the database that are whole at one instant (RELIABILITY R15)."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

from boxes_tui.data.engine import sqlite_path
from boxes_tui.errors import BoxesError


def backup_sqlite(engine: Engine, target: Path) -> Path:
    """Copy a SQLite database, WAL included, to ``target`` (mode 0600) and check the copy."""
    source = sqlite_path(engine.url)
    if source is None or not source.exists():
        raise BoxesError("No hay un archivo de base para copiar.")
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    origin, copy = sqlite3.connect(source), sqlite3.connect(part)
    try:
        origin.backup(copy, pages=-1)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        origin.close()
        copy.close()
    if verdict != "ok":
        part.unlink(missing_ok=True)
        raise BoxesError("La copia no pasó la verificación; se descartó y la base quedó como estaba.")
    part.replace(target)
    return target
