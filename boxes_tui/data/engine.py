"""Engines for SQLite and PostgreSQL: where the differences of the two databases end (RELIABILITY §4.7 and §7).

Writers on SQLite begin with ``BEGIN IMMEDIATE`` and wait by a short jittered retry of our own; readers begin plainly.
Every statement on PostgreSQL has a time limit, and so has every wait for a lock.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import Connection, Engine, Text, bindparam, create_engine, event, func, literal_column, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from boxes_tui.clock import monotonic
from boxes_tui.data.prepared import Prepared
from boxes_tui.errors import BoxesError, ConfigError, NoSpace, Unavailable
from boxes_tui.i18n import _

ALIVE: dict[str, Any] = {
    "connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}  # fmt: skip
"""How libpq notices that a peer is gone (RELIABILITY §7)."""

WRITE_WAIT = 10.0
"""Seconds that a SQLite writer waits for the other writers before it gives up with a sentence."""


def parse_url(text_: str) -> URL:
    """The database URL, checked: a driver that we ship, no password in the query (RELIABILITY S11)."""
    try:
        url = make_url(text_)
    except (ArgumentError, ValueError):
        raise ConfigError(
            _("BOXES_DATABASE_URL no se entiende: se espera postgresql+psycopg://… o sqlite:///…")
        ) from None
    if "password" in url.query or "password" in parse_qs(str(url.query)):
        raise ConfigError(_("BOXES_DATABASE_URL: la clave no puede ir en la consulta (?password=)"))
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ConfigError(_("BOXES_DATABASE_URL: sólo SQLite y PostgreSQL (postgresql+psycopg://…)"))
    if "@" in (url.host or ""):  # libpq would print the end of the password as a host
        raise ConfigError(_("BOXES_DATABASE_URL: una @ de la clave se escribe %40"))
    if unknown := set(url.query) - _known_options(url):
        raise ConfigError(_("BOXES_DATABASE_URL: opción desconocida «{name}»").format(name=min(unknown)))
    return url


def _known_options(url: URL) -> set[str]:
    """What may stand after ``?``: libpq's own words, for SQLite nothing."""
    if not url.query or url.get_backend_name() == "sqlite":
        return set()
    from psycopg.pq import Conninfo

    return {option.keyword.decode() for option in Conninfo.get_defaults()}


def make_engine(url: URL, *, statement_ms: int = 5000, lock_ms: int = 3000, name: str = "boxes") -> Engine:
    """An engine with the settings of RELIABILITY §7. ``statement_ms`` is the server's limit per statement."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    options = (
        f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms} -c idle_in_transaction_session_timeout=60000"
    )
    defaults: dict[str, Any] = {**ALIVE, "application_name": name, "options": options}
    connect_args = {k: v for k, v in defaults.items() if k not in url.query}
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=2,
        pool_timeout=3,
        pool_recycle=1800,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args=connect_args,
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": 0, "check_same_thread": False, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def _connect(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        _retry_busy(lambda: _ours(raw) and raw.execute("PRAGMA journal_mode=WAL"))
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=0",
            "trusted_schema=OFF",
            "cache_size=-16000",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        if conn.get_execution_options().get("boxes_write"):
            raw = conn.connection.dbapi_connection
            assert raw is not None
            _retry_busy(lambda: raw.cursor().execute("BEGIN IMMEDIATE"))
        else:
            conn.exec_driver_sql("BEGIN")

    return engine


def _ours(raw: sqlite3.Connection) -> bool:
    """Whether the file is empty or a database of BOXES: not even the header of somebody else's is touched."""
    counted = raw.execute("SELECT count(*), sum(name = 'alembic_version') FROM sqlite_master").fetchone()
    return bool(counted[0] == 0 or counted[1])


def _retry_busy(step: Callable[[], Any]) -> None:
    """Run ``step`` until SQLite's single writer place is free; the jitter keeps eight writers from marching in step."""
    end = monotonic() + WRITE_WAIT
    pause = 0.001
    while True:
        try:
            step()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if monotonic() > end:
                raise Unavailable(
                    _("La base está ocupada por otro proceso; no se guardó nada. Se puede repetir.")
                ) from None
        time.sleep(pause * (0.5 + random.random()))
        pause = min(pause * 1.5, 0.02)


def is_sqlite(conn: Connection | Engine) -> bool:
    """Whether the connection or engine is SQLite's."""
    return conn.dialect.name == "sqlite"


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction: one consistent snapshot, rolled back at the end."""
    with _translated(), engine.connect() as conn:
        try:
            yield conn
        finally:
            conn.rollback()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed when the block ends, rolled back when it raises."""
    with _translated(), engine.connect().execution_options(boxes_write=True) as conn, conn.begin():
        yield conn


@contextmanager
def write_connection(engine: Engine) -> Iterator[Connection]:
    """A connection for several write transactions in turn (a run of the sync), each begun with ``conn.begin()``."""
    with _translated(), engine.connect().execution_options(boxes_write=True) as conn:
        yield conn


@contextmanager
def _translated() -> Iterator[None]:
    """Driver errors that mean "no database" become :class:`Unavailable`, those of a full disk :class:`NoSpace`, without
    the driver's text."""
    try:
        yield
    except BoxesError:
        raise
    except DBAPIError as error:
        if _means_full(error):
            raise NoSpace(
                _("No hay lugar en el disco de la base: no se guardó nada de este acto; lo anterior está intacto.")
            ) from None
        if _means_unavailable(error):
            raise _unavailable() from None
        raise
    except PoolTimeout:  # every connection hangs in a query
        raise _unavailable() from None


def _unavailable() -> Unavailable:
    return Unavailable(_("La base no responde; lo escrito queda en este equipo."))


def _means_full(error: DBAPIError) -> bool:
    lite = isinstance(error.orig, sqlite3.OperationalError) and "disk is full" in str(error.orig)
    return lite or getattr(error.orig, "sqlstate", None) == "53100"


def _means_unavailable(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(error.orig, sqlite3.OperationalError):
        return any(word in str(error.orig) for word in ("locked", "unable to open", "disk I/O", "readonly"))
    return state is None or state.startswith(("08", "57P", "53", "55P03")) or state == "57014"


def set_scope(conn: Connection, branch_ids: tuple[int, ...] | None) -> None:
    """Tell PostgreSQL's row-level security which branches this transaction sees; None = all of them (sync, admin)."""
    if conn.dialect.name == "postgresql":
        value = "*" if branch_ids is None else ",".join(map(str, branch_ids))
        _SCOPE.run(conn, {"value": value})


_SCOPE = Prepared(
    select(func.set_config(literal_column("'app.branches'"), bindparam("value", type_=Text), literal_column("true")))
)


def patient(conn: Connection, ms: int = 120_000) -> None:
    """Let the statements of this transaction take longer than a screen's: reports and exports over years of rows."""
    if not is_sqlite(conn):
        conn.exec_driver_sql(f"SET LOCAL statement_timeout = {int(ms)}")


def sqlite_path(url: URL) -> Path | None:
    """The file behind a SQLite URL, or None."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)
