"""Statements that are compiled once by SQLAlchemy and run by the driver (QUALITY §1, P6).

An act is a score of small statements; SQLAlchemy's way through context, cursor and result objects costs several times
what the database does for each.  Types, parameters and errors stay SQLAlchemy's: an instant is bound and read as
everywhere else, and a failure of the driver arrives as the same ``IntegrityError`` or ``OperationalError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

Process = Callable[[Any], Any]
Values = Mapping[str, Any]
Statement = Select[Any] | CompoundSelect[Any] | UpdateBase


class Prepared:
    """A statement of which only the parameters change; ``names`` are the columns that an INSERT fills.

    Lists (``IN``) take a fixed number of parameters: see :func:`padded`.
    """

    def __init__(self, statement: Statement, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._plans: dict[str, _Plan] = {}

    def all(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """Every row, by column name."""
        plan = self._plan(conn.dialect)
        return [dict(zip(plan.columns, row, strict=True)) for row in self.tuples(conn, values)]

    def first(self, conn: Connection, values: Values) -> dict[str, Any] | None:
        """The first row, None where there is none."""
        found = self.all(conn, values)
        return found[0] if found else None

    def scalar(self, conn: Connection, values: Values) -> Any:
        """The first column of the first row, None where there is none."""
        found = self.tuples(conn, values)
        return found[0][0] if found else None

    def tuples(self, conn: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Every row in the order of the columns."""
        plan = self._plan(conn.dialect)
        rows: list[tuple[Any, ...]] = _executed(conn, plan.sql, plan.bound(values)).fetchall()
        return [plan.read(row) for row in rows] if plan.results else rows

    def run(self, conn: Connection, values: Values) -> None:
        """For the effect alone."""
        plan = self._plan(conn.dialect)
        cursor = _executed(conn, plan.sql, plan.bound(values))
        if cursor.description:  # SQLite commits only when every answer was read
            cursor.fetchall()

    def _plan(self, dialect: Dialect) -> _Plan:
        found = self._plans.get(dialect.name)
        if found is None:
            found = self._plans[dialect.name] = _Plan(self._statement, dialect, self._names)
        return found


class _Plan:
    """A statement as one database takes it."""

    def __init__(self, statement: Statement, dialect: Dialect, names: Sequence[str] | None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) if names is not None else None)
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise ValueError("a prepared statement cannot hold a list of unknown length")
        self._order: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self._fixed: dict[str, Any] = {k: v for k, v in compiled.params.items() if v is not None}
        binds = ((name, _binder(bind.type, dialect)) for name, bind in compiled.binds.items())
        self._binds = [(name, process) for name, process in binds if process is not None]
        columns = list(statement.exported_columns)
        self.columns = tuple(str(c.key) for c in columns)
        readers = ((n, c.type.dialect_impl(dialect).result_processor(dialect, None)) for n, c in enumerate(columns))
        self.results = [(n, process) for n, process in readers if process is not None]

    def bound(self, values: Values) -> Any:
        """The parameters in the driver's form."""
        made = {**self._fixed, **values}
        for name, process in self._binds:
            made[name] = process(made[name])
        return made if self._order is None else [made[name] for name in self._order]

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row as its types mean it."""
        cells = list(row)
        for n, process in self.results:
            cells[n] = process(cells[n])
        return tuple(cells)


def _binder(kind: Any, dialect: Dialect) -> Process | None:
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _executed(conn: Connection, sql: str, values: Any) -> Any:
    """The driver's cursor after the statement, in the connection's transaction; a connection has one, since every
    answer is read at once.  The driver's errors become SQLAlchemy's, without values."""
    if not conn.in_transaction():
        conn.begin()
    held = conn.connection
    dialect: Any = conn.dialect
    cursor: Any = held.info.get("boxes_cursor")
    if cursor is None:
        cursor = held.info["boxes_cursor"] = held.dbapi_connection.cursor()  # type: ignore[union-attr]
    try:
        cursor.execute(sql, values)
    except dialect.loaded_dbapi.Error as error:
        cut = dialect.is_disconnect(error, held.dbapi_connection, cursor)
        if cut:
            conn.invalidate(error)
        raise DBAPIError.instance(
            sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=cut,
            dialect=dialect,
        ) from error  # fmt: skip
    return cursor


def plain(conn: Connection, sql: str) -> None:
    """A statement without parameters or rows, in the database's own words."""
    _executed(conn, sql, ())


def padded(name: str, values: Sequence[Any]) -> tuple[int, dict[str, Any]]:
    """``values`` as parameters ``name0``, ``name1``, … in a number that is a power of two, so that a list has few
    statements: the last value fills up, an empty list is one NULL, which equals nothing."""
    size = 1
    while size < len(values):
        size *= 2
    filled = [*values, *[values[-1] if values else None] * (size - len(values))]
    return size, {f"{name}{n}": value for n, value in enumerate(filled)}
