"""The composition root: settings → engine → session → the two doors, reads and commands (ARCHITECTURE §1)."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from boxes_tui.clock import Clock, clock_from_env
from boxes_tui.config import Settings, load_settings
from boxes_tui.data.changes import ChangeWatch
from boxes_tui.data.commands import ActResult, Command, Told, execute
from boxes_tui.data.engine import is_sqlite, make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, load_branches, open_session
from boxes_tui.data.troubles import database_sentence
from boxes_tui.errors import ConfigError, Refused, Unavailable, why
from boxes_tui.i18n import _

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class House:
    """A session's doors. ``read`` for plain rows, ``execute`` for verbs; nothing else writes."""

    settings: Settings
    clock: Clock
    engine: Engine
    login: str
    _session: Session | None = None
    _lock: Lock = field(default_factory=Lock)
    _watch: ChangeWatch | None = None

    @property
    def session(self) -> Session:
        """The current session; raises :class:`Refused` for an unknown or disabled user."""
        return self._session or self.refresh()

    def refresh(self) -> Session:
        """Read the session again (role, branches, the day, a disabled user). Its audit chain goes on while its branches
        are the same: row-level security would hide the head of a chain that other branches began.

        Not under the lock: whoever asks for :attr:`session` meanwhile does not wait for a database that hangs.
        """
        old = self._session
        with reading(self.engine) as conn:
            set_scope(conn, None)
            made = open_session(conn, self.clock, self.login)
        if old is not None and old.branch_ids == made.branch_ids:
            made = replace(made, chain=old.chain)
        self._session = made
        return made

    def read(self, query: Callable[Concatenate[Connection, Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read in one snapshot with the session's scope set."""
        session = self.session
        with reading(self.engine) as conn:
            set_scope(conn, session.branch_ids)
            return query(conn, session, *args, **kwargs)

    def execute(
        self, command: Command, key: str | None = None, at: datetime | None = None, told: Told | None = None
    ) -> ActResult:
        """Run a command (``data.commands.execute``) as this session; ``at`` is the business instant of an act that was
        done earlier and waited for the database: its times and its days are those of then. ``told`` hears how far a long
        one is, and ends it."""
        session = self.session if at is None else replace(self.session, clock=Clock(at))
        return execute(self.engine, session, command, key=key, told=told)

    @property
    def changes(self) -> ChangeWatch:
        """The watch over commits of everybody; started at the first use."""
        with self._lock:
            if self._watch is None:
                self._watch = ChangeWatch(self.engine)
            return self._watch

    def let_go(self) -> None:
        """Leave connections that do not answer to themselves: the next read makes one of its own."""
        if not is_sqlite(self.engine):
            self.engine.dispose(close=False)

    def close(self) -> None:
        """Give the connections back."""
        if self._watch is not None:
            self._watch.close()
        self.engine.dispose()


def caller(settings: Settings, environ: dict[str, str] | None = None) -> str:
    """Who acts: the SSH key's agent, else ``BOXES_USER`` (whoever reaches the database locally owns it), else the
    operating system's user (PRODUCT §12)."""
    env = os.environ if environ is None else environ
    if env.get("SSH_CONNECTION") and env.get("BOXES_AGENT"):
        return env["BOXES_AGENT"]
    if env.get("BOXES_WEB_USER"):
        return env["BOXES_WEB_USER"]
    if settings.user:
        return settings.user
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Refused(_("No se sabe quién es el usuario del sistema; poner BOXES_USER.")) from None


def open_house(settings: Settings | None = None, clock: Clock | None = None, *, statement_ms: int = 5000) -> House:
    """Everything a process needs, with the database made ready (:func:`boxes_tui.data.schema.ensure`)."""
    settings = settings or load_settings()
    clock = clock or clock_from_env()
    login = caller(settings)
    url = parse_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        _make_home(settings)
    engine = make_engine(url, statement_ms=statement_ms, name=f"boxes/{login}"[:60])
    try:
        ensure(engine, clock, login)
    except DBAPIError as error:
        if sentence := database_sentence(error):
            raise Unavailable(sentence) from None
        raise
    return House(settings, clock, engine, login)


def _make_home(settings: Settings) -> None:
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = _("no es una carpeta") if isinstance(error, FileExistsError) else why(error)
        raise ConfigError(
            _("No se puede usar la carpeta de datos {home} ({why}); BOXES_HOME nombra otra.").format(
                home=settings.home, why=reason
            )
        ) from None


__all__ = ["Any", "House", "caller", "load_branches", "open_house", "writing"]
