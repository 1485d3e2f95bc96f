"""The one write path (ARCHITECTURE §1, RELIABILITY §5.3): a verb in one transaction with its session, scope, policy,
idempotency key, before-images for undo and its audit row.

Screens, the command line and tests all call :func:`execute`.  A command changes rows only through :class:`Tx`.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, RowMapping, Select, Table, Update, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from boxes_tui.data.audit import append_audit
from boxes_tui.data.engine import is_sqlite, set_scope, writing
from boxes_tui.data.session import Session
from boxes_tui.data.tables import act as act_table
from boxes_tui.data.tables import dirty_month, metadata
from boxes_tui.domain.roles import may
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


class Command(ABC):
    """One verb with its arguments (a frozen dataclass). ``verb`` names it in the policy, the audit and ``boxes do``."""

    verb: ClassVar[str]
    undoable: ClassVar[bool] = True

    @abstractmethod
    def run(self, tx: Tx) -> dict[str, Any]:
        """Do the effects through ``tx``; return the JSON result. Raise :class:`Refused` before any effect."""

    def arguments(self) -> dict[str, Any]:
        """What the idempotency key stands for: two acts under one key must agree in this."""
        assert is_dataclass(self)
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


# Statements are built once: building one costs more than running it (QUALITY P6).
_REPLAY = select(act_table).where(act_table.c.key == bindparam("wanted"))
_MARK = insert(dirty_month)


@cache
def _by_id(table: Table, names: tuple[str, ...], lock: bool) -> Select[Any]:
    columns: list[Any] = [table.c[name] for name in names] or [table]
    query = select(*columns).where(table.c.id == bindparam("row_id"))
    return query.with_for_update() if lock else query


@cache
def _inserting(table: Table) -> ReturningInsert[Any]:
    return insert(table).returning(table.c.id)


@cache
def _updating(table: Table, names: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(table).where(table.c.id == bindparam("row_id")).values(values)


@dataclass(frozen=True, slots=True)
class ActResult:
    """What a command did: ``boxes do --json`` prints just these fields."""

    act: int
    verb: str
    row: str | None
    replayed: bool
    result: dict[str, Any]


@dataclass
class Tx:
    """The open transaction of one act. Every write through it leaves a before-image, so that undo is general."""

    conn: Connection
    session: Session
    act_id: int
    verb: str
    subject: str | None = None
    subject_id: int | None = None
    row_ref: str | None = None
    branch_id: int | None = None
    customer_id: int | None = None
    title: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    images: list[dict[str, Any]] = field(default_factory=list)
    marks: set[tuple[str, int, int]] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The business instant of the act."""
        return self.session.now

    def today(self, branch_id: int | None = None) -> date:
        """The business day of the branch (of the act's branch when none is named)."""
        return self.session.today_of(branch_id if branch_id is not None else self.branch_id)

    def on(self, subject: str, row: RowMapping | Mapping[str, Any], ref: str | None = None) -> None:
        """Say which row the act is about; checks that its branch is the session's."""
        self.subject, self.subject_id, self.row_ref = subject, row["id"], ref
        self.branch_id = row.get("branch_id")
        self.customer_id = row.get("customer_id")
        if not self.session.may_see(self.branch_id):
            raise Refused(_("La fila es de otra sucursal."))

    def lock(self, table: Table, row_id: int) -> RowMapping:
        """The row, locked until the end of the act; :class:`Refused` where it is not or not in scope."""
        row = self.conn.execute(_by_id(table, (), not is_sqlite(self.conn)), {"row_id": row_id}).mappings().first()
        if row is None or ("branch_id" in row and not self.session.may_see(row["branch_id"])):
            raise Refused(_("No existe esa fila en las sucursales de este usuario."))
        return row

    def insert(self, table: Table, **values: Any) -> int:
        """Insert a row and return its id."""
        new = self.conn.execute(_inserting(table), values).scalar_one()
        self.images.append({"t": table.name, "id": int(new), "b": None, "a": {}})
        return int(new)

    def update(self, table: Table, row_id: int, **values: Any) -> None:
        """Change columns of a row; unchanged columns leave no image."""
        names = ("id", *values)
        before = self.conn.execute(_by_id(table, names, False), {"row_id": row_id}).mappings().one()
        self.change(table, before, **values)

    def change(self, table: Table, before: RowMapping | Mapping[str, Any], **values: Any) -> None:
        """:meth:`update` of a row that this act has locked and not changed since: it is not read again."""
        row_id = int(before["id"])
        changed = {k: v for k, v in values.items() if before[k] != v}
        if not changed:
            return
        new = {f"new_{k}": v for k, v in changed.items()}
        self.conn.execute(_updating(table, tuple(changed)), {**new, "row_id": row_id})
        self.images.append(
            {
                "t": table.name,
                "id": row_id,
                "b": {k: encode(table, k, before[k]) for k in changed},
                "a": {k: encode(table, k, v) for k, v in changed.items()},
            }
        )

    def dirty(self, report: str, day: date | None, branch_id: int | None) -> None:
        """Mark a month of a report for recomputation (QUALITY §1)."""
        if day is not None:
            self.marks.add((report, day.year * 12 + day.month - 1, branch_id or 0))

    def flush_marks(self) -> None:
        """Write the marks of :meth:`dirty`, each once: the end of every act."""
        if self.marks:
            rows = [{"report": r, "month": m, "branch_id": b} for r, m, b in sorted(self.marks)]
            self.conn.execute(_MARK, rows)
            self.marks.clear()


def execute(engine: Engine, session: Session, command: Command, *, key: str | None = None) -> ActResult:
    """Run a command in one transaction.

    With ``key``, the same key again changes nothing and returns the first result (``replayed``); with other
    arguments it is refused.  Raises :class:`Refused` by policy, scope or the rules; nothing is written then.
    """
    if not may(session.role, command.verb):
        raise Refused(_("El rol de este usuario no permite esa acción."))
    digest = hashlib.sha256(
        json.dumps([command.verb, command.arguments()], sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()
    try:
        with writing(engine) as conn:
            set_scope(conn, session.branch_ids)
            if key and (first := replay(conn, key, digest)):
                return first
            return _run(conn, session, command, key, digest)
    except IntegrityError:
        if not key:
            raise
    with writing(engine) as conn:  # another process committed the same key in between
        set_scope(conn, session.branch_ids)
        first = replay(conn, key, digest)
        if first is None:
            raise Refused(_("El acto choca con otro hecho al mismo tiempo; no se guardó nada. Se puede repetir."))
        return first


def _run(conn: Connection, session: Session, command: Command, key: str | None, digest: str) -> ActResult:
    values = {
        "key": key, "args_digest": digest, "verb": command.verb, "user_id": session.user_id, "at": session.now,
        "day": session.today, "undoable": False,
    }  # fmt: skip
    act_id = conn.execute(_inserting(act_table), values).scalar_one()
    tx = Tx(conn, session, int(act_id), command.verb)
    result = command.run(tx)
    tx.flush_marks()
    ended = {
        "subject": tx.subject, "subject_id": tx.subject_id, "row_ref": tx.row_ref, "branch_id": tx.branch_id,
        "customer_id": tx.customer_id, "title": tx.title, "result": result, "images": tx.images,
        "undoable": command.undoable and bool(tx.images), "day": tx.today(),
    }  # fmt: skip
    new = {f"new_{k}": v for k, v in ended.items()}
    conn.execute(_updating(act_table, tuple(ended)), {**new, "row_id": act_id})
    append_audit(conn, session, tx.verb, tx.subject, tx.subject_id, tx.act_id, tx.detail, branch_id=tx.branch_id)
    notify(conn)
    return ActResult(int(act_id), command.verb, tx.row_ref, False, result)


def replay(conn: Connection, key: str, digest: str) -> ActResult | None:
    """The first result under ``key``, None where there is none; :class:`Refused` when the arguments differ."""
    row = conn.execute(_REPLAY, {"wanted": key}).mappings().first()
    if row is None:
        return None
    if row["args_digest"] != digest:
        raise Refused(_("La clave --key ya se usó con otros argumentos; no se hizo nada."))
    return ActResult(int(row["id"]), row["verb"], row["row_ref"], True, row["result"] or {})


def notify(conn: Connection) -> None:
    """Tell PostgreSQL's listeners that rows changed; SQLite's readers see ``data_version`` move by themselves."""
    if not is_sqlite(conn):
        conn.exec_driver_sql("NOTIFY boxes")


def encode(table: Table, column: str, value: Any) -> Any:
    """A column value as it stands in a before-image: the stored form (ints, text, null)."""
    kind = table.c[column].type
    processor = getattr(kind, "process_bind_param", None)
    if processor is None or value is None:
        return value
    return processor(value, None)


def table_named(name: str) -> Table:
    """The table of an image."""
    return metadata.tables[name]


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
