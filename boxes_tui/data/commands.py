"""The one write path (ARCHITECTURE §1, RELIABILITY §5.3): a verb in one transaction with its session, scope, policy,
idempotency key, before-images for undo and its audit row.

Screens, the command line and tests all call :func:`execute`.  A command changes rows only through :class:`Tx`.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from functools import cache, cached_property
from importlib import import_module
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, RowMapping, Table, Text, Update, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from boxes_tui.data.audit import append_audit
from boxes_tui.data.engine import is_sqlite, set_scope, writing
from boxes_tui.data.prepared import Prepared, plain
from boxes_tui.data.reads.rules import HouseRules, house_rules
from boxes_tui.data.session import Session
from boxes_tui.data.tables import act as act_table
from boxes_tui.data.tables import app_user, dirty_month, metadata
from boxes_tui.domain.roles import may
from boxes_tui.errors import Refused, UsageError
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

    def unattended(self) -> Command:
        """The same act for a later time, when nobody is there to answer a question about it."""
        return self


_MAKE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode

_A = act_table.c
_REPLAY = Prepared(select(_A.id, _A.verb, _A.row_ref, _A.args_digest, _A.result).where(_A.key == bindparam("wanted")))

_STANDING = Prepared(select(app_user.c.active).where(app_user.c.id == bindparam("who")))


@cache
def _by_id(table: Table, names: tuple[str, ...], lock: bool) -> Prepared:
    columns: list[Any] = [table.c[name] for name in names] or [table]
    query = select(*columns).where(table.c.id == bindparam("row_id"))
    return Prepared(query.with_for_update() if lock else query)


@cache
def _inserting(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table).returning(table.c.id), names)


@cache
def _opening(sqlite_: bool, names: tuple[str, ...]) -> Prepared:
    dialect: Any = import_module(f"sqlalchemy.dialects.{'sqlite' if sqlite_ else 'postgresql'}")  # only the one in use
    wanted = dialect.insert(act_table).on_conflict_do_nothing(index_elements=[_A.key])
    return Prepared(wanted.returning(_A.id), names)


MARK: Final = ("report", "month", "branch_id")
MARKS: Final = 16
"""Rows of marks that one statement takes."""


@cache
def _marking(count: int) -> Prepared:
    return Prepared(insert(dirty_month).values([{c: bindparam(f"{c}{n}") for c in MARK} for n in range(count)]))


@cache
def _updating(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(_update(table, names))


@cache
def _ending(sqlite_: bool, names: tuple[str, ...]) -> Prepared:
    """The end of an act; on PostgreSQL the notice that rows changed (:func:`notify`) goes with it."""
    query = _update(act_table, names)
    return Prepared(query if sqlite_ else query.returning(func.pg_notify("boxes", "").cast(Text)))


def _update(table: Table, names: tuple[str, ...]) -> Update:
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


Told = Callable[[int, int], bool]
"""Hears how much of how much a long act has done; False ends it."""


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
    undoable: bool | None = None
    """Whether the act can be undone, where its images alone do not say it."""
    told: Told | None = None

    def went(self, done: int, total: int) -> None:
        """Tell how far a long act is; :class:`Refused` where somebody cancelled it."""
        if self.told is not None and not self.told(done, total):
            raise Refused(_("Se canceló; no se guardó nada."))

    @cached_property
    def rules(self) -> HouseRules:
        """What an admin has set, read once for the act."""
        return house_rules(self.conn)

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

    def lock(self, table: Table, row_id: int) -> Mapping[str, Any]:
        """The row, locked until the end of the act; :class:`Refused` where it is not or not in scope."""
        return self.held(_by_id(table, (), True), row_id)

    def held(self, query: Prepared, row_id: int) -> Mapping[str, Any]:
        """The row of a locking ``query`` by ``row_id``, with the checks of :meth:`lock`."""
        row = query.first(self.conn, {"row_id": row_id})
        if row is None or ("branch_id" in row and not self.session.may_see(row["branch_id"])):
            raise Refused(_("No existe esa fila en las sucursales de este usuario."))
        return row

    def insert(self, table: Table, **values: Any) -> int:
        """Insert a row and return its id."""
        new = int(_inserting(table, tuple(values)).scalar(self.conn, values))
        self.images.append({"t": table.name, "id": new, "b": None, "a": {}})
        return new

    def update(self, table: Table, row_id: int, **values: Any) -> None:
        """Change columns of a row; unchanged columns leave no image."""
        before = _by_id(table, ("id", *values), False).first(self.conn, {"row_id": row_id})
        if before is None:
            raise Refused(_("No existe esa fila en las sucursales de este usuario."))
        self.change(table, before, **values)

    def change(self, table: Table, before: RowMapping | Mapping[str, Any], **values: Any) -> None:
        """:meth:`update` of a row that this act has locked and not changed since: it is not read again."""
        row_id = int(before["id"])
        changed = {k: v for k, v in values.items() if before[k] != v}
        if not changed:
            return
        new = {f"new_{k}": v for k, v in changed.items()}
        _updating(table, tuple(changed)).run(self.conn, {**new, "row_id": row_id})
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
            rows = sorted(self.marks)
            for start in range(0, len(rows), MARKS):
                part = rows[start : start + MARKS]
                values = {f"{c}{n}": v for n, row in enumerate(part) for c, v in zip(MARK, row, strict=True)}
                _marking(len(part)).run(self.conn, values)
            self.marks.clear()


def execute(
    engine: Engine, session: Session, command: Command, *, key: str | None = None, told: Told | None = None
) -> ActResult:
    """Run a command in one transaction; a long one tells ``told`` how far it is.

    With ``key``, the same key again changes nothing and returns the first result (``replayed``); with other
    arguments it is refused.  Raises :class:`Refused` by policy, scope or the rules; nothing is written then.
    """
    if not may(session.role, command.verb):
        raise Refused(_("El rol de este usuario no permite esa acción."))
    if key is not None and not key.strip():
        raise UsageError(_("La clave --key está vacía."))
    digest = hashlib.sha256(_MAKE([command.verb, command.arguments()]).encode()).hexdigest()
    try:
        with writing(engine) as conn:
            set_scope(conn, session.branch_ids)
            act_id = _begin(conn, session, command.verb, key, digest)
            return _run(conn, session, command, act_id, told) if act_id else _first(conn, key or "", digest)
    except IntegrityError:
        if not key:
            raise
    with writing(engine) as conn:  # another process committed the same key in between
        set_scope(conn, session.branch_ids)
        return _first(conn, key, digest)


def _first(conn: Connection, key: str, digest: str) -> ActResult:
    first = replay(conn, key, digest)
    if first is None:
        raise Refused(_("El acto choca con otro hecho al mismo tiempo; no se guardó nada. Se puede repetir."))
    return first


def _begin(conn: Connection, session: Session, verb: str, key: str | None, digest: str) -> int | None:
    """The act's row, so that its effects can name it; None where the key has one already."""
    values = {
        "key": key, "args_digest": digest, "verb": verb, "user_id": session.user_id, "at": session.now,
        "day": session.today, "undoable": False,
    }  # fmt: skip
    made: int | None = _opening(is_sqlite(conn), tuple(values)).scalar(conn, values)
    return made


def _run(conn: Connection, session: Session, command: Command, act_id: int, told: Told | None) -> ActResult:
    if not _STANDING.scalar(conn, {"who": session.user_id}):  # disabled since the session was opened
        raise Refused(_("El usuario «{login}» está deshabilitado; no se guardó nada.").format(login=session.login))
    tx = Tx(conn, session, act_id, command.verb, told=told)
    result = command.run(tx)
    tx.flush_marks()
    ended = {
        "subject": tx.subject, "subject_id": tx.subject_id, "row_ref": tx.row_ref, "branch_id": tx.branch_id,
        "customer_id": tx.customer_id, "title": tx.title, "result": result, "images": tx.images,
        "undoable": command.undoable and (bool(tx.images) if tx.undoable is None else tx.undoable), "day": tx.today(),
    }  # fmt: skip
    new = {f"new_{k}": v for k, v in ended.items()}
    _ending(is_sqlite(conn), tuple(ended)).run(conn, {**new, "row_id": act_id})
    append_audit(conn, session, tx.verb, tx.subject, tx.subject_id, tx.act_id, tx.detail, branch_id=tx.branch_id)
    return ActResult(act_id, command.verb, tx.row_ref, False, result)


def replay(conn: Connection, key: str, digest: str) -> ActResult | None:
    """The first result under ``key``, None where there is none; :class:`Refused` when the arguments differ."""
    row = _REPLAY.first(conn, {"wanted": key})
    if row is None:
        return None
    if row["args_digest"] != digest:
        raise Refused(_("La clave --key ya se usó con otros argumentos; no se hizo nada."))
    return ActResult(int(row["id"]), row["verb"], row["row_ref"], True, row["result"] or {})


def notify(conn: Connection) -> None:
    """Tell PostgreSQL's listeners that rows changed; SQLite's readers see ``data_version`` move by themselves."""
    if not is_sqlite(conn):
        plain(conn, "NOTIFY boxes")


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
