"""The state of a database's schema: make it, bring it up to date, refuse what is newer (PRODUCT §12).

An empty database gets the schema, the default branch and its first admin.  An older SQLite file is upgraded after a
backup; an older PostgreSQL database says ``boxes db upgrade``; a newer schema is refused on both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import DatabaseError

from boxes_tui.clock import DEFAULT_ZONE, Clock, wall
from boxes_tui.data.engine import is_sqlite, set_scope, sqlite_path, write_connection, writing
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _

HEAD = "0005"
"""The newest revision of :data:`MIGRATIONS`, written here so that no start has to read them."""

MIGRATIONS = Path(__file__).parent / "migrations"
DEFAULT_BRANCH = ("CENTRAL", "Casa Central")

State = Literal["empty", "current", "older", "newer"]


def state(engine: Engine) -> tuple[State, str | None]:
    """Where the schema stands against this program, and its revision."""
    with engine.connect() as conn:
        try:
            if not inspect(conn).has_table("alembic_version"):
                tables = inspect(conn).get_table_names()
                if tables:
                    raise BoxesError(
                        _("La base tiene tablas que no son de BOXES; no se tocó nada. Hace falta una base vacía.")
                    )
                return "empty", None
            found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DatabaseError as error:
            if isinstance(error.orig, sqlite3.DatabaseError) and "not a database" in str(error.orig):
                raise BoxesError(
                    _(
                        "{database}: no es una base de BOXES o está dañada; no se tocó. Se puede recuperar con: boxes db restore"
                    ).format(database=engine.url.database)
                ) from None
            raise
    if found is None:
        return "empty", None
    if found == HEAD:
        return "current", found
    return ("older" if found < HEAD else "newer"), found


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to ``revision``, all in one transaction: the old schema or the new one, never between.

    Raises :class:`BoxesError` when rows would be left with references that lead nowhere; nothing is changed then.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if path := sqlite_path(engine.url):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with write_connection(engine) as conn, _references_looked_at_last(conn), conn.begin():
        if not is_sqlite(conn):
            conn.execute(text("SELECT pg_advisory_xact_lock(7212201)"))
        set_scope(conn, None)
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        if is_sqlite(conn) and conn.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise BoxesError(
                _("La migración dejaría referencias rotas; no se cambió nada. Revisar con: boxes db verify")
            )
    if path:
        path.chmod(0o600)


@contextmanager
def _references_looked_at_last(conn: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew; while its foreign keys are enforced, that would take the rows that
    refer to it.  They can be switched off outside a transaction only, so they are, and the migration checks at its end.
    """
    if not is_sqlite(conn):
        yield
        return
    raw = conn.connection.dbapi_connection
    assert raw is not None
    raw.cursor().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.cursor().execute("PRAGMA foreign_keys=ON")


def ensure(engine: Engine, clock: Clock, login: str) -> bool:
    """Make the database ready for use; True when it was empty and ``login`` became its first admin.

    Raises :class:`BoxesError` for a newer schema, and for an older one on PostgreSQL.
    """
    where, found = state(engine)
    if where == "newer":
        raise BoxesError(
            _(
                "La base tiene un esquema más nuevo ({found}) que este programa ({head}); hay que actualizar BOXES."
            ).format(found=found, head=HEAD)
        )
    if where == "older":
        if not is_sqlite(engine):
            raise BoxesError(
                _("La base tiene un esquema anterior ({found}); correr: boxes db upgrade").format(found=found)
            )
        from boxes_tui.data.backup import backup_sqlite

        path = sqlite_path(engine.url)
        assert path is not None
        backup_sqlite(engine, path.with_name(f"{path.stem}-{found}-{wall():%Y%m%d%H%M%S}.db"))
        upgrade(engine)
    if where == "empty":
        upgrade(engine)
    with writing(engine) as conn:
        return _first_rows(conn, clock, login)


def _first_rows(conn: Connection, clock: Clock, login: str) -> bool:
    from boxes_tui.data.tables import app_user, branch, setting

    set_scope(conn, None)
    if conn.execute(select(func.count()).select_from(app_user)).scalar_one():
        return False
    if not is_sqlite(conn):
        conn.execute(text("SELECT pg_advisory_xact_lock(7212202)"))
        if conn.execute(select(func.count()).select_from(app_user)).scalar_one():
            return False
    code, name = DEFAULT_BRANCH
    values: dict[str, Any] = {"code": code, "name": name, "zone": DEFAULT_ZONE}
    if not conn.execute(select(func.count()).select_from(branch)).scalar_one():
        conn.execute(branch.insert().values(values))
    conn.execute(
        app_user.insert().values(
            login=login,
            name=login.replace(".", " ").title(),
            role="admin",
            all_branches=True,
            shift="ready",
            created_at=clock.now(),
        )
    )
    from secrets import token_hex

    if not conn.execute(select(setting.c.name).where(setting.c.name == "install_key")).scalar():
        conn.execute(setting.insert().values(name="install_key", value=token_hex(32)))
    return True
