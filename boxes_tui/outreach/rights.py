"""The rights of the data subject (Ley 25.326, COMPLIANCE.md): access, rectification, erasure, and the log of requests.

Access is answered within 10 calendar days, rectification and erasure within 5 working days of the request.  Every one
is an audited act; values of a person appear in the audit only as HMACs under a key that erasure destroys.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, insert, select, update

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.data import suppression
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.engine import is_sqlite
from boxes_tui.data.personal import GONE, PERSONAL, SCANNED, rows_of, same_human, wipe
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.search_words import put
from boxes_tui.data.session import Session
from boxes_tui.data.tables import customer, metadata, person_secret, repair_order, subject_request
from boxes_tui.domain.roles import may
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.outreach.mail import one_recipient
from boxes_tui.text import clean, fold

Kind = Literal["access", "rectify", "erase", "block"]
ACCESS_DAYS: Final = 10
WORKING_DAYS: Final = 5
FIELDS: Final = (
    "display_name", "given_name", "family_name", "company_name", "doc_type", "doc_number", "email", "address", "city",
    "province", "postal_code", "birth_date", "language",
)  # fmt: skip
"""What can be rectified here; telephones are corrected on the card, where corrections of agents win over the DMS."""


def due_day(conn: Connection, session: Session, kind: Kind, requested: date) -> date:
    """The last day to answer: 10 calendar days for access, 5 working days for the rest."""
    if kind == "access":
        return requested + timedelta(ACCESS_DAYS)
    branch_id = session.branches[0].id if session.branches else None
    return calendar(conn, branch_id, requested).add_working(requested, WORKING_DAYS)


def requests(conn: Connection, session: Session, *, pending: bool = False) -> list[RowMapping]:
    """The log of requests, the most urgent first."""
    _admin(session)
    t = subject_request.c
    query = select(t.id, t.kind, t.customer_id, t.requested_at, t.due_day, t.done_at)
    query = query.order_by(t.done_at.is_not(None), t.due_day, t.id)
    return list(conn.execute(query.where(t.done_at.is_(None)) if pending else query).mappings())


def export_of(conn: Connection, session: Session, customer_id: int) -> dict[str, Any]:
    """Everything that the database holds about a person, table by table (``personal.PERSONAL``); instants in UTC."""
    _admin(session)
    ids = same_human(conn, customer_id)
    if not ids:
        raise Refused(_("No existe ese cliente."))
    tables = {name: [_plain(r) for r in rows_of(conn, name, ids)] for name in PERSONAL if name != "person_secret"}
    return {
        "customer": str(customer_id),
        "same_person": [str(i) for i in ids],
        "exported_at": session.now.isoformat(),
        "tables": {name: rows for name, rows in tables.items() if rows},
    }


def _admin(session: Session) -> None:
    if not may(session.role, "rights_export"):
        raise Refused(_("El rol de este usuario no permite esa acción."))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: _value(v) for k, v in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True)
class LogRequest(Command):
    """Note a request that will be answered later; the customer shows *en revisión* until then (art. 16)."""

    verb: ClassVar[str] = "rights_request"
    customer_id: int
    kind: Kind
    requested: date | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        row = _person(tx, self.customer_id)
        made, due = _open_request(tx, self.customer_id, self.kind, self.requested)
        if self.kind != "access":
            tx.update(customer, int(row["id"]), blocked_review=True)
        tx.title = _("Pedido del titular")
        return {"request": str(made), "due": due.isoformat()}


@dataclass(frozen=True)
class ExportPerson(Command):
    """Note that the data of a person were handed out. The reading itself is :func:`export_of`."""

    verb: ClassVar[str] = "rights_export"
    undoable: ClassVar[bool] = False
    customer_id: int
    requested: date | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        _person(tx, self.customer_id)
        made, due = _answered(tx, self.customer_id, "access", self.requested, {})
        tx.title = _("Exportar los datos de una persona")
        return {"request": str(made), "due": due.isoformat()}


@dataclass(frozen=True)
class RectifyPerson(Command):
    """Correct fields of a person. The DMS keeps its own value until it is corrected there too: a later change of the
    customer in the DMS brings that value back."""

    verb: ClassVar[str] = "rights_rectify"
    customer_id: int
    fields: tuple[tuple[str, str], ...]
    requested: date | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        row = _person(tx, self.customer_id)
        values: dict[str, Any] = {}
        for name, raw in self.fields:
            values[name] = _rectified(name, raw)
        if "doc_number" in values:
            digits = "".join(ch for ch in values["doc_number"] or "" if ch.isalnum())
            values["doc_digits"] = digits or None
        if "display_name" in values:
            if not values["display_name"]:
                raise UsageError(_("El nombre no puede quedar vacío."))
            values["name_fold"] = fold(values["display_name"])
        tx.detail = {
            "fields": {
                name: [mark(tx.conn, self.customer_id, row[name]), mark(tx.conn, self.customer_id, values[name])]
                for name, _raw in self.fields
            }
        }
        tx.update(customer, self.customer_id, **values, blocked_review=False)
        _index(tx.conn, self.customer_id)
        names = sorted(name for name, _raw in self.fields)
        made, due = _answered(tx, self.customer_id, "rectify", self.requested, {"fields": names})
        tx.title = _("Rectificar datos de una persona")
        return {"request": str(made), "due": due.isoformat(), "fields": names}


@dataclass(frozen=True)
class ErasePerson(Command):
    """Erase a person: names, documents, telephones, texts; repair orders stay without a name. It cannot be undone, and
    neither a sync nor the restoring of an old copy brings the person back."""

    verb: ClassVar[str] = "rights_erase"
    undoable: ClassVar[bool] = False
    customer_id: int
    requested: date | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        row = _person(tx, self.customer_id)
        if row["erased_at"] is not None:
            raise Refused(_("Los datos de esta persona ya se suprimieron."))
        ids = same_human(tx.conn, self.customer_id)
        if is_sqlite(tx.conn):
            tx.conn.exec_driver_sql("PRAGMA secure_delete=ON")  # what is wiped is overwritten in the file too
        needles = _needles(tx.conn, ids)
        marks = suppression.remember(tx.conn, ids, tx.now)
        wipe(tx.conn, ids, tx.now)
        quoted = _unquote(tx.conn, needles)
        kept = tx.conn.execute(select(repair_order.c.id).where(repair_order.c.customer_id.in_(ids))).all()
        made, due = _answered(tx, self.customer_id, "erase", self.requested, {"customers": len(ids)})
        tx.title = _("Suprimir datos de una persona")
        tx.detail = {"customers": ids, "marks": len(marks), "rejects": quoted}
        return {
            "customer": str(self.customer_id), "erased": [str(i) for i in ids], "suppressed": len(marks),
            "kept": {"repair_orders": len(kept)}, "request": str(made), "due": due.isoformat(),
        }  # fmt: skip


def mark(conn: Connection, customer_id: int, value: Any) -> str | None:
    """The HMAC that stands for a value of a person in the audit; its key goes with the person."""
    if value is None:
        return None
    secret = conn.execute(select(person_secret.c.secret).where(person_secret.c.customer_id == customer_id)).scalar()
    if secret is None:
        secret = token_hex(32)
        conn.execute(insert(person_secret).values(customer_id=customer_id, secret=secret))
    return hmac.new(bytes.fromhex(secret), str(value).encode(), hashlib.sha256).hexdigest()


def _person(tx: Tx, customer_id: int) -> RowMapping:
    row = tx.conn.execute(select(customer).where(customer.c.id == customer_id)).mappings().first()
    if row is None:
        raise Refused(_("No existe ese cliente."))
    tx.on("customer", row, f"customers:{customer_id}")
    tx.customer_id = customer_id
    return row


def _requested(tx: Tx, day: date | None) -> tuple[date, datetime]:
    day = day or tx.session.today
    if day > tx.session.today:
        raise UsageError(_("La fecha del pedido no puede ser futura."))
    zone = tx.session.branches[0].zone if tx.session.branches else DEFAULT_ZONE
    if day == tx.session.today:
        return day, tx.now
    return day, datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)


def _open_request(tx: Tx, customer_id: int, kind: Kind, day: date | None) -> tuple[int, date]:
    asked, at = _requested(tx, day)
    due = due_day(tx.conn, tx.session, kind, asked)
    made = tx.insert(
        subject_request, kind=kind, customer_id=customer_id, requested_at=at, due_day=due,
        user_id=tx.session.user_id, detail={},
    )  # fmt: skip
    return made, due


def _answered(tx: Tx, customer_id: int, kind: Kind, day: date | None, detail: dict[str, Any]) -> tuple[int, date]:
    """Close the oldest open request of this kind, or note one that is answered at once."""
    t = subject_request.c
    waiting = tx.conn.execute(
        select(t.id, t.due_day)
        .where(t.customer_id == customer_id, t.kind == kind, t.done_at.is_(None))
        .order_by(t.due_day, t.id)
        .limit(1)
    ).first()
    made, due = (int(waiting[0]), waiting[1]) if waiting else _open_request(tx, customer_id, kind, day)
    tx.conn.execute(update(subject_request).where(t.id == made).values(done_at=tx.now, detail=detail))
    return made, due


def _rectified(name: str, raw: str) -> Any:
    if name not in FIELDS:
        raise UsageError(_("No hay un campo «{name}»; los que hay: {all}").format(name=name, all=", ".join(FIELDS)))
    value = clean(raw, 300)
    if not value:
        return None
    if name == "email" and one_recipient(value) is None:
        raise UsageError(_("El e-mail no es una sola dirección válida."))
    if name == "birth_date":
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(_("La fecha de nacimiento va como 1980-05-31.")) from None
    return value


def _index(conn: Connection, customer_id: int) -> None:
    c = customer.c
    row = conn.execute(select(c.display_name, c.company_name, c.doc_digits, c.email).where(c.id == customer_id)).one()
    words = " " + fold(" ".join(x or "" for x in row))
    put(conn, "customer", [{"i": customer_id, "c": customer_id, "v": None, "w": words}])


def _needles(conn: Connection, ids: Sequence[int]) -> tuple[set[str], set[str]]:
    """What a quoted raw line of this person would hold: folded texts, and numbers as digits."""
    texts, numbers = set(), set()
    for row in rows_of(conn, "customer", ids):
        texts |= {fold(row[k]) for k in ("display_name", "company_name") if row[k] and len(fold(row[k])) >= 6}
        if row["email"]:
            texts.add(fold(row["email"]))
        if row["doc_digits"] and len(row["doc_digits"]) >= 6:
            numbers.add(row["doc_digits"])
    numbers |= {row["last10"] for row in rows_of(conn, "customer_phone", ids) if row["last10"]}
    return texts, numbers


def _unquote(conn: Connection, needles: tuple[set[str], set[str]]) -> int:
    """Blank the raw lines of quarantine that quote the person; returns how many."""
    texts, numbers = needles
    count = 0
    for name, column in SCANNED.items():
        table = metadata.tables[name]
        for row_id, raw in conn.execute(select(table.c.id, table.c[column])).all():
            said = fold(raw)
            digits = "".join(ch for ch in raw if ch.isdigit())
            if any(t in said for t in texts) or any(n in digits for n in numbers):
                conn.execute(update(table).where(table.c.id == row_id).values({column: GONE}))
                count += 1
    return count
