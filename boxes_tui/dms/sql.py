"""SQL views as a source (DMS.md §3): one SELECT per entity, read-only, streamed, with a time limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, ProgrammingError, SQLAlchemyError

from boxes_tui.clock import monotonic
from boxes_tui.dms.cells import as_text, shown
from boxes_tui.dms.columns import Rejected, make_header
from boxes_tui.dms.mapping_fields import column_name
from boxes_tui.dms.normalise import Normaliser
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.dms.tabular import counted
from boxes_tui.errors import ConfigError, Unavailable
from boxes_tui.i18n import _

BATCH: Final = 2000
FAR: Final = 36_500
"""Days of a window that no entity asks to pass."""
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|(?<![:\w\\]):([A-Za-z_]\w*)", re.DOTALL)
"""Texts, names and comments, in which a colon means nothing, and binds."""
_TYPES: Final = frozenset({str, int, float, bool, Decimal, date, datetime, time, timedelta, bytes, type(None)})


class SqlSource:
    """The views of one database. Raises :class:`ConfigError` for a URL that cannot be used."""

    def __init__(self, spec: SourceSpec) -> None:
        self.spec = spec
        try:
            self.url = _located(spec, make_url(spec.url or ""))
        except ArgumentError:
            raise ConfigError(
                _("fuente {name}: url no es la de una base (sqlite:///…, mssql+pyodbc://…)").format(name=spec.name)
            ) from None
        self.backend = self.url.get_backend_name()
        self._deadline = float("inf")

    def engine(self) -> Engine:
        """A read-only engine with a time limit where the driver knows one."""
        try:
            engine = create_engine(self.url, hide_parameters=True, pool_size=1, max_overflow=0)
        except (SQLAlchemyError, ImportError, TypeError) as error:
            driver = error.name if isinstance(error, ImportError) else self.url.drivername
            said = _("fuente {name}: falta el controlador de la base ({driver})")
            if isinstance(error, NoSuchModuleError):
                said = _("fuente {name}: no se conoce el controlador de la base ({driver})")
            raise ConfigError(said.format(name=self.spec.name, driver=driver)) from None
        event.listen(engine, "connect", lambda raw, _record: self._limit(raw))
        return engine

    def _limit(self, raw: Any) -> None:
        """Read-only and a statement time limit, as far as the driver knows them."""
        seconds = max(1, int(self.spec.timeout))
        if self.backend == "sqlite":
            raw.execute("PRAGMA query_only = ON")
            raw.set_progress_handler(lambda: int(monotonic() > self._deadline), 20_000)
            return
        if self.backend == "mssql":
            raw.timeout = seconds
        if self.backend == "oracle":
            raw.call_timeout = seconds * 1000
        cursor = raw.cursor()
        for statement in _LIMITS.get(self.backend, ()):
            # our own numbers and a zone that the mapping has checked, where no driver takes binds
            limit = statement.format(seconds=seconds, ms=seconds * 1000, zone=self.spec.timezone)
            try:
                cursor.execute(limit)
            except Exception:  # an older server does not know this one; the others still hold
                raw.rollback()
        raw.commit()
        cursor.close()

    def binds(self, entity: EntitySpec, today: date, since: datetime | None) -> dict[str, Any]:
        """Values of the binds that the SELECT names: ``:since``, ``:from``, ``:to``; the last day counts whole."""
        low, high = entity.window_days or (-FAR, FAR)
        zone = ZoneInfo(entity.timezone)
        moment = since.astimezone(zone).replace(tzinfo=None) if since is not None else datetime(1970, 1, 1)
        first = datetime.combine(today + timedelta(days=max(low, -FAR)), time(0))
        last = datetime.combine(today + timedelta(days=min(high, FAR)), time(23, 59, 59))
        every: dict[str, Any] = {"from": first, "to": last, "since": moment}
        if self.backend == "sqlite":  # texts there: whatever stands between day and hour, the order is right
            every = {"from": first.date().isoformat(), "to": last.isoformat(), "since": moment.isoformat(sep=" ")}
        named = {m[1] for m in _TOKEN.finditer(entity.select or "") if m[1]}
        if unknown := named - set(every):
            raise FileRefused(
                "E-COLS", _("el SELECT nombra :{min}; sólo hay :since, :from y :to").format(min=min(unknown))
            )
        return {name: every[name] for name in named}

    def read(self, entity: EntitySpec, today: date, since: datetime | None = None) -> FileRead:
        """Run the SELECT; rows come as they are consumed. :class:`FileRefused` when it cannot be run,
        :class:`Unavailable` when the database does not answer. ``since`` is aware."""
        params = self.binds(entity, today, since)
        engine = self.engine()
        try:
            conn = engine.connect()
        except SQLAlchemyError as error:
            engine.dispose()
            raise Unavailable(
                _("fuente {name}: la base no responde ({reason})").format(name=self.spec.name, reason=_reason(error))
            ) from None
        try:
            result = self._select(conn, entity, params)
            names = _names(engine, result)
            normaliser = Normaliser(self.spec, entity, make_header(names, entity))
        except (SQLAlchemyError, Rejected) as error:
            conn.close()
            engine.dispose()
            if isinstance(error, Rejected):
                raise FileRefused(error.code, error.reason, 0, error.field) from None
            raise FileRefused(
                "E-READ", _("el SELECT no se pudo correr ({reason})").format(reason=_reason(error))
            ) from None
        read = FileRead(normaliser.layout(), entity.name, "", None)
        read.rows = counted(read, self._rows(read, normaliser, result, engine, conn))
        return read

    def _select(self, conn: Connection, entity: EntitySpec, params: dict[str, Any]) -> Any:
        self._start()
        select = _TOKEN.sub(lambda m: f":{m[1]}_" if m[1] else m[0].replace(":", r"\:"), entity.select or "")
        streamed = conn.execution_options(stream_results=True, max_row_buffer=BATCH)
        return streamed.execute(text(select), {f"{name}_": value for name, value in params.items()})

    def _start(self) -> None:
        """The time limit counts anew for every batch: what BOXES does with the rows does not use it up."""
        self._deadline = monotonic() + self.spec.timeout

    def _rows(
        self, read: FileRead, normaliser: Normaliser, result: Any, engine: Engine, conn: Connection
    ) -> Iterator[Record | Reject]:
        number = 0
        try:
            while True:
                self._start()
                chunk = result.fetchmany(BATCH)
                if not chunk:
                    return
                for row in chunk:
                    number += 1
                    cells = [c if type(c) in _TYPES else _plain(c) for c in row]
                    if read.layout.scope_fields and (values := normaliser.scope_of(cells)) is not None:
                        read.scope_values.add(values)
                    yield normaliser.row(cells, number, read.name)
        except SQLAlchemyError as error:
            raise FileRefused(
                "E-READ",
                _("la lectura se cortó en la fila {number} ({reason})").format(number=number, reason=_reason(error)),
            ) from None
        finally:
            conn.close()
            engine.dispose()

    def sample(self, entity: EntitySpec, today: date, rows: int) -> tuple[list[str], list[list[str]]]:
        """The column names and the first rows of a SELECT, as texts. Raises :class:`FileRefused`."""
        engine = self.engine()
        try:
            with engine.connect() as conn:
                result = self._select(conn, entity, self.binds(entity, today, None))
                names = _names(engine, result)
                return names, [[as_text(_plain(c)) for c in row] for row in result.fetchmany(rows)]
        except SQLAlchemyError as error:
            raise FileRefused("E-READ", _reason(error)) from None
        finally:
            engine.dispose()

    def raw_lines(
        self, entity: EntitySpec, today: date, wanted: Sequence[int], since: datetime | None
    ) -> dict[int, str]:
        """Rows by number as texts, for rejects that are found after staging (``E-DUP``)."""
        engine = self.engine()
        left = set(wanted)
        found: dict[int, str] = {}
        try:
            with engine.connect() as conn:
                for number, row in enumerate(self._select(conn, entity, self.binds(entity, today, since)), 1):
                    if number in left:
                        found[number] = shown([c if type(c) in _TYPES else _plain(c) for c in row])
                        if len(found) == len(left):
                            break
        except SQLAlchemyError:
            return found
        finally:
            engine.dispose()
        return found


_LIMITS: Final[dict[str, Sequence[str]]] = {
    "postgresql": (
        "SET statement_timeout = {ms}",
        "SET default_transaction_read_only = on",
        "SET TIME ZONE '{zone}'",  # the binds are local times
    ),
    "oracle": ("ALTER SESSION SET TIME_ZONE = '{zone}'",),
    "mysql": (
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION max_execution_time = {ms}",
        "SET SESSION max_statement_time = {seconds}",  # a MariaDB behind a mysql:// address
    ),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
    "firebird": ("SET STATEMENT TIMEOUT {seconds} SECOND",),
}


def _located(spec: SourceSpec, url: URL) -> URL:
    """A relative SQLite file lies beside the TOML file; a missing one is an error, not a new empty database."""
    if url.get_backend_name() != "sqlite":
        return url
    name = url.database or ""
    if name.startswith("file:"):
        return url
    path = Path(name) if name.startswith("/") else spec.base / name
    if not name or not path.is_file():
        raise ConfigError(_("fuente {name}: no existe la base {path}").format(name=spec.name, path=path))
    return url.set(database=str(path.absolute()))


def _names(engine: Engine, result: Any) -> list[str]:
    """Column names as the server writes them: SQLAlchemy turns Oracle's and Firebird's plain capitals into small letters."""
    dialect, names = engine.dialect, [str(name) for name in result.keys()]  # noqa: SIM118
    if dialect.requires_name_normalize:
        names = [str(dialect.denormalize_name(name) or name) for name in names]
    return [column_name(name) for name in names]


def _plain(cell: Any) -> Any:
    """Cells of other types as text or bytes, so that they can be compared and shown."""
    if isinstance(cell, (bytearray, memoryview)):
        return bytes(cell)
    return cell if cell is None or isinstance(cell, (str, bool, int, float, Decimal, bytes, date, time)) else str(cell)


def _reason(error: SQLAlchemyError) -> str:
    """What the database says of a statement or a connection; its words about values stay out."""
    said = getattr(error, "orig", None)
    if isinstance(error, (OperationalError, ProgrammingError)) and said is not None:
        first = str(said).strip().splitlines()
        return re.sub(r"\s+", " ", first[0])[:160] if first else type(error).__name__
    return type(error).__name__
