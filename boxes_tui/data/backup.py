"""Copies of the database that are whole at one instant, and their way back (RELIABILITY R15).

SQLite: a file copied by the backup API.  PostgreSQL: ``pg_dump -Fc``.  Restoring goes into an empty place only; erased
persons are erased again by the caller (``outreach.rights``), since yesterday's copy still holds them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.engine import URL

from boxes_tui.data.audit import verify as verify_audit
from boxes_tui.data.engine import is_sqlite, sqlite_path
from boxes_tui.data.tables import metadata
from boxes_tui.errors import BoxesError, ConfigError


def backup(engine: Engine, target: Path) -> Path:
    """Copy the database to ``target`` (mode 0600); an existing file is never overwritten."""
    if target.exists():
        raise BoxesError(f"{target}: ya existe; no se pisó.")
    return backup_sqlite(engine, target) if is_sqlite(engine) else _dump(engine.url, target)


def backup_sqlite(engine: Engine, target: Path) -> Path:
    """Copy a SQLite database, WAL included, to ``target`` (mode 0600) and check the copy."""
    source = sqlite_path(engine.url)
    if source is None or not source.exists():
        raise BoxesError("No hay un archivo de base para copiar.")
    part = _part(target)
    origin, copy = sqlite3.connect(source), sqlite3.connect(part)
    try:
        origin.backup(copy, pages=-1)
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    finally:
        origin.close()
        copy.close()
    if not sound:
        part.unlink(missing_ok=True)
        raise BoxesError("La copia no pasó la verificación; se descartó y la base quedó como estaba.")
    part.replace(target)
    return target


def restore(url: URL, copy: Path) -> None:
    """Bring a copy back into an empty database (SQLite: a file that does not exist yet)."""
    if not copy.is_file():
        raise ConfigError(f"{copy}: no existe ese archivo.")
    target = sqlite_path(url)
    if target is None:
        _run_tool("pg_restore", url, "--exit-on-error", "--no-owner", "-d", _plain(url), str(copy))
        return
    if target.exists():
        raise BoxesError(f"{target}: ya hay una base ahí; se restaura sólo en un lugar vacío.")
    with copy.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise BoxesError(f"{copy}: no es una copia de BOXES.")
    part = _part(target)
    shutil.copyfile(copy, part)
    check = sqlite3.connect(part)
    try:
        sound = check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        sound = False
    finally:
        check.close()
    if not sound:
        part.unlink()
        raise BoxesError(f"{copy}: la copia está dañada; no se restauró nada.")
    part.replace(target)


def examine(conn: Connection) -> dict[str, object]:
    """What ``boxes db verify`` tells: rows per table, broken references, the audit chain."""
    counts = {t.name: conn.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables}
    broken: list[str] = []
    if is_sqlite(conn):
        sound = conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        broken = sorted({str(row[0]) for row in conn.exec_driver_sql("PRAGMA foreign_key_check")})
    else:
        sound = conn.execute(text("SELECT count(*) FROM pg_constraint WHERE NOT convalidated")).scalar_one() == 0
    verdict = verify_audit(conn)
    return {
        "ok": sound and not broken and verdict.ok,
        "sound": sound,
        "broken_references": broken,
        "audit": {"ok": verdict.ok, "entries": verdict.entries, "first_bad": verdict.first_bad},
        "rows": counts,
    }


def _part(target: Path) -> Path:
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return part


def _dump(url: URL, target: Path) -> Path:
    part = _part(target)
    try:
        _run_tool("pg_dump", url, "-Fc", "--no-owner", "-f", str(part), _plain(url))
    except BoxesError:
        part.unlink(missing_ok=True)
        raise
    part.replace(target)
    return target


def _plain(url: URL) -> str:
    """The URL as libpq takes it, without the password (that goes by the environment, never by the arguments)."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run_tool(name: str, url: URL, *arguments: str) -> None:
    tool = shutil.which(name)
    if tool is None:
        raise BoxesError(f"Falta {name} (paquete postgresql-client); no se hizo nada.")
    env = dict(os.environ)
    if url.password:
        env["PGPASSWORD"] = str(url.password)
    done = subprocess.run([tool, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BoxesError(f"{name} terminó con error {done.returncode}; no se completó. Revisar versión y permisos.")
