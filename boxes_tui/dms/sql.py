"""SQL views as a source (DMS.md §3): one SELECT per entity, read-only, streamed, with a time limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from boxes_tui.dms.apply import Context
from boxes_tui.dms.cells import as_text
from boxes_tui.dms.columns import Rejected, make_header
from boxes_tui.dms.mapping import EntitySpec, SourceSpec
from boxes_tui.dms.mapping_fields import column_name
from boxes_tui.dms.merge import Waiting
from boxes_tui.dms.normalise import Normaliser
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.errors import ConfigError

BATCH = 2000
Watch = Callable[[str, FileRead, int | None], FileRead]


class SqlSource:
    """The views of one database."""

    def __init__(self, spec: SourceSpec) -> None:
        self.spec = spec
        url = make_url(spec.url or "")
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("/"):
            url = url.set(database=str((spec.base / url.database).absolute()))
        if url.get_backend_name() == "sqlite":
            from pathlib import Path

            if not Path(url.database or "").exists():
                raise ConfigError(f"fuente {spec.name}: no existe la base {url.database}")
        self.url = url

    def engine(self) -> Engine:
        """A read-only engine with a time limit where the driver knows one."""
        try:
            engine = create_engine(self.url, hide_parameters=True)
        except (SQLAlchemyError, ImportError, ModuleNotFoundError) as error:
            name = getattr(error, "name", None) or self.url.drivername
            raise ConfigError(f"fuente {self.spec.name}: falta el controlador de la base ({name})") from None
        seconds = int(self.spec.timeout)

        @event.listens_for(engine, "connect")
        def _limits(raw: Any, _record: Any) -> None:
            backend = self.url.get_backend_name()
            cursor = raw.cursor()
            if backend == "sqlite":
                cursor.execute("PRAGMA query_only = ON")
            elif backend == "postgresql":
                cursor.execute(f"SET statement_timeout = {seconds * 1000}")
                cursor.execute("SET default_transaction_read_only = on")
            elif backend in ("mysql", "mariadb"):
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.close()

        return engine

    def binds(self, entity: EntitySpec, today: date, since: datetime | None, iso: bool) -> dict[str, Any]:
        """Values of the binds that the SELECT names: ``:since``, ``:from``, ``:to``."""
        low, high = entity.window_days or (-36500, 36500)
        every: dict[str, Any] = {
            "from": today + timedelta(max(low, -36500)), "to": today + timedelta(min(high, 36500)),
            "since": since or datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        }  # fmt: skip
        named = set(re.findall(r"(?<![:\w]):(\w+)", entity.select or ""))
        unknown = named - set(every)
        if unknown:
            raise FileRefused("E-COLS", f"el SELECT nombra :{min(unknown)}; sólo hay :since, :from y :to")
        return {k: (v.isoformat(sep=" ") if isinstance(v, datetime) else v.isoformat()) if iso else v
                for k, v in every.items() if k in named}  # fmt: skip

    def waiting(self, entity: EntitySpec, ctx: Context, watch: Watch) -> Waiting:
        """The entity's SELECT as a read that waits."""
        today = date.fromordinal(ctx.today)

        def opened() -> FileRead:
            return watch(entity.name, self.read(entity, today), None)

        return Waiting(entity.name, "", opened, lambda lines: {})

    def read(self, entity: EntitySpec, today: date, since: datetime | None = None) -> FileRead:
        """Run the SELECT; rows come as they are consumed. :class:`FileRefused` when it cannot be run."""
        engine = self.engine()
        iso = self.url.get_backend_name() == "sqlite"
        params = self.binds(entity, today, since, iso)
        select = re.sub(r"(?<![:\w]):from\b", ":from_", entity.select or "")
        params = {("from_" if k == "from" else k): v for k, v in params.items()}
        try:
            conn = engine.connect().execution_options(stream_results=True, max_row_buffer=BATCH)
            result = conn.execute(text(select), params)
            names = [column_name(n) for n in result.keys()]
            normaliser = Normaliser(self.spec, entity, make_header(names, entity))
        except SQLAlchemyError as error:
            raise FileRefused("E-READ", f"el SELECT no se pudo correr ({type(error).__name__})") from None
        except Rejected as error:
            raise FileRefused(error.code, error.reason, 0, error.field) from None
        read = FileRead(normaliser.layout(), entity.name, "", None)
        read.rows = self._rows(read, normaliser, result, engine, conn)
        return read

    def _rows(
        self, read: FileRead, normaliser: Normaliser, result: Any, engine: Engine, conn: Any
    ) -> Iterator[Record | Reject]:
        number = 0
        read.counted["read"] = 0
        try:
            for chunk in result.partitions(BATCH):
                for row in chunk:
                    number += 1
                    read.counted["read"] += 1
                    yield self._one(read, normaliser, tuple(row), number)
        except SQLAlchemyError as error:
            raise FileRefused("E-READ", f"la lectura se cortó en la fila {number} ({type(error).__name__})") from None
        finally:
            conn.close()
            engine.dispose()

    def _one(self, read: FileRead, normaliser: Normaliser, cells: Sequence[Any], number: int) -> Record | Reject:
        if read.layout.scope_fields and (values := normaliser.scope_of(cells)) is not None:
            read.scope_values.add(values)
        item = normaliser.row(cells, number, read.name, "\t".join(as_text(c) for c in cells))
        if isinstance(item, Record):
            for warning in item.warnings:
                read.counted[warning.code] = read.counted.get(warning.code, 0) + 1
        return item
