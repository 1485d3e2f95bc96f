"""Copies of the database that are whole at one instant, and their way back (RELIABILITY R15).

SQLite: a file copied by the backup API.  PostgreSQL: ``pg_dump -Fc``.  A copy that lacks a table is none.  Restoring goes
into an empty place only and leaves nothing where it fails; erased persons are erased again by the caller
(``outreach.suppression``), since yesterday's copy still holds them.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.engine import URL

from boxes_tui.config import without_secrets
from boxes_tui.data.audit import verify as verify_audit
from boxes_tui.data.engine import is_sqlite, make_engine, set_scope, sqlite_path
from boxes_tui.data.schema import state
from boxes_tui.data.tables import metadata
from boxes_tui.errors import BoxesError, ConfigError
from boxes_tui.i18n import _


def backup(engine: Engine, target: Path) -> Path:
    """Copy the database to ``target`` (mode 0600); an existing file is never overwritten."""
    if target.exists():
        raise BoxesError(_("{target}: ya existe; no se pisó.").format(target=target))
    if is_sqlite(engine):
        return backup_sqlite(engine, target)
    return _dump(engine.url, set(inspect(engine).get_table_names()), target)


def backup_sqlite(engine: Engine, target: Path) -> Path:
    """Copy a SQLite database, WAL included, to ``target`` (mode 0600) and check the copy."""
    source = sqlite_path(engine.url)
    if source is None or not source.exists():
        raise BoxesError(_("No hay un archivo de base para copiar."))
    part = _part(target)
    origin, copy = sqlite3.connect(source), sqlite3.connect(part)
    try:
        origin.backup(copy, pages=-1)
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        whole = set(copy.execute(names)) >= set(origin.execute(names))
    finally:
        origin.close()
        copy.close()
    return _finished(part, target, sound and whole)


def restore(url: URL, copy: Path) -> None:
    """Bring a copy back into an empty database (SQLite: a file that does not exist yet)."""
    if not copy.is_file():
        raise ConfigError(_("{copy}: no existe ese archivo.").format(copy=copy))
    target = sqlite_path(url)
    if target is None:
        _fill(url, copy)
        return
    if target.exists():
        raise BoxesError(_("{target}: ya hay una base ahí; se restaura sólo en un lugar vacío.").format(target=target))
    with copy.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise BoxesError(_("{copy}: no es una copia de BOXES.").format(copy=copy))
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
        raise BoxesError(_("{copy}: la copia está dañada; no se restauró nada.").format(copy=copy))
    part.replace(target)


def examine(conn: Connection) -> dict[str, object]:
    """What ``boxes db verify`` tells of the whole database, whoever asks: rows per table, broken references, the audit
    chain."""
    set_scope(conn, None)
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


def _dump(url: URL, tables: set[str], target: Path) -> Path:
    part = _part(target)
    try:
        _run_tool(
            "pg_dump", url, "-Fc", "--no-owner", "--no-acl", "--enable-row-security", "-f", str(part), _plain(url)
        )
        table = re.compile(r"^\d+;.* TABLE DATA \S+ (\S+) ", re.M)
        held = set(table.findall(_run_tool("pg_restore", url, "--list", str(part))))
    except BoxesError:
        part.unlink(missing_ok=True)
        raise
    return _finished(part, target, held >= tables)


def _finished(part: Path, target: Path, good: bool) -> Path:
    """The copy under its name, on the disk; a bad one is thrown away."""
    if not good:
        part.unlink(missing_ok=True)
        raise BoxesError(_("La copia no pasó la verificación; se descartó y la base quedó como estaba."))
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    return target


def _fill(url: URL, copy: Path) -> None:
    """``pg_restore`` into an empty database, all or nothing."""
    engine = make_engine(url)
    try:
        if state(engine)[0] != "empty":
            raise BoxesError(_("Ya hay una base de BOXES ahí; se restaura sólo en un lugar vacío."))
    finally:
        engine.dispose()
    _run_tool("pg_restore", url, "--single-transaction", "--no-owner", "--no-acl", "-d", _plain(url), str(copy))


def _plain(url: URL) -> str:
    """The URL as libpq takes it, without the password (see :func:`_passfile`); row-level
    security shows this connection every branch, or the copy would lack the rows of all."""
    given = url.query.get("options", "")
    options = " ".join([*([given] if isinstance(given, str) else given), "-c app.branches=*"]).strip()
    query = {**url.query, "options": options}
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    place, _mark, told = plain.render_as_string(hide_password=False).partition("?")
    return f"{place}?{told.replace('+', '%20')}"  # libpq takes a plus for a plus


@contextmanager
def _passfile(url: URL) -> Iterator[dict[str, str]]:
    """The environment of a tool: the password stands in a file of the owner's while the tool runs, and nowhere else."""
    env = {**without_secrets(os.environ), "LC_ALL": "C"}
    if not url.password:
        yield env
        return
    word = str(url.password).replace("\\", r"\\").replace(":", r"\:")
    with NamedTemporaryFile("w", encoding="utf-8", prefix="boxes-") as file:  # made with mode 0600
        file.write(f"*:*:*:*:{word}\n")
        file.flush()
        yield {**env, "PGPASSFILE": file.name}


def _run_tool(name: str, url: URL, *arguments: str) -> str:
    """Run a tool of PostgreSQL's and return what it printed; what it says of errors may hold rows, so nobody sees it."""
    tool = shutil.which(name)
    if tool is None:
        raise BoxesError(_("Falta {name} (paquete postgresql-client); no se hizo nada.").format(name=name))
    with _passfile(url) as env:
        done = subprocess.run([tool, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    if other := re.search(r"server version: (\d+).*version: (\d+)", done.stderr):
        raise BoxesError(
            _(
                "{name} es de la versión {mine} y el servidor de la {theirs}; no se hizo nada. Hace falta postgresql-client-{theirs}."
            ).format(name=name, mine=other[2], theirs=other[1])
        )
    raise BoxesError(
        _("{name} terminó con error {returncode}; no se completó. Revisar versión y permisos.").format(
            name=name, returncode=done.returncode
        )
    )
