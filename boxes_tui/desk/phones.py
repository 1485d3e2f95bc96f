"""Telephones as agents know them: wrong, right, mobile or fixed, and new ones (PRODUCT §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import bindparam, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.prepared import Prepared
from boxes_tui.data.tables import customer, customer_phone
from boxes_tui.desk.subjects import Subject, load, title
from boxes_tui.domain.phones import parse_phone
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean

MARKS = ("wrong", "right", "mobile", "fixed")


def usable(tx: Tx, customer_id: int | None) -> list[dict[str, Any]]:
    """The phones of a customer that are not marked wrong, in the order in which they are called."""
    return _USABLE.all(tx.conn, {"who": customer_id})


_P = customer_phone.c
_USABLE = Prepared(
    select(_P.id, _P.e164, _P.raw, _P.last10)
    .where(_P.customer_id == bindparam("who"), _P.wrong_at.is_(None), _P.present)
    .order_by(_P.origin != "agent", _P.e164.is_(None), _P.position, _P.id)
)


def called_phone(tx: Tx, subject: Subject, phone_id: int | None) -> tuple[int | None, str | None, str | None]:
    """(phone id, number, last ten digits) of what was dialled: the one named, else the row's, else the first."""
    if phone_id is not None:
        row = tx.lock(customer_phone, phone_id)
        return int(row["id"]), row["e164"] or row["raw"], row["last10"]
    own = subject.row.get("contact_e164") or subject.row.get("contact_phone")
    found = usable(tx, subject.customer_id) if subject.customer_id is not None else []
    if own:
        same = next((p for p in found if p["last10"] and p["last10"] == subject.row.get("contact_last10")), None)
        return (int(same["id"]) if same else None), own, subject.row.get("contact_last10")
    if not found:
        return None, None, None
    return int(found[0]["id"]), found[0]["e164"] or found[0]["raw"], found[0]["last10"]


def mark_wrong(tx: Tx, customer_id: int | None, phone_id: int | None, number: str | None, last10: str | None) -> int:
    """Mark a phone wrong; the last one puts the customer in the *sin teléfono* list. Returns how many are left."""
    if customer_id is None:
        return 0
    if phone_id is None and number:
        phone_id = tx.insert(
            customer_phone, customer_id=customer_id, raw=number, e164=number if number.startswith("+") else None,
            last10=last10, last10_rev=last10[::-1] if last10 else None, kind="unknown", origin="appointment",
            position=99,
        )  # fmt: skip
    if phone_id is not None:
        tx.update(customer_phone, phone_id, wrong_at=tx.now, wrong_by=tx.session.user_id)
    return _recount(tx, customer_id)


def _recount(tx: Tx, customer_id: int) -> int:
    left = len(usable(tx, customer_id))
    without = tx.conn.execute(select(customer.c.without_phone_at).where(customer.c.id == customer_id)).scalar()
    if left and without is not None:
        tx.update(customer, customer_id, without_phone_at=None)
    elif not left and without is None:
        tx.update(customer, customer_id, without_phone_at=tx.now)
    return left


@dataclass(frozen=True)
class MarkPhone(Command):
    """Say of a phone that it is ``wrong`` or ``right``, ``mobile`` or ``fixed``."""

    verb: ClassVar[str] = "phone"
    phone_id: int
    mark: str

    def run(self, tx: Tx) -> dict[str, Any]:
        if self.mark not in MARKS:
            raise UsageError(_("Un teléfono se marca {marks}.").format(marks=", ".join(MARKS)))
        row = tx.lock(customer_phone, self.phone_id)
        tx.on("customer_phone", {"id": row["id"], "customer_id": row["customer_id"]})
        if self.mark == "wrong":
            mark_wrong(tx, row["customer_id"], self.phone_id, None, None)
        elif self.mark == "right":
            tx.update(customer_phone, self.phone_id, wrong_at=None, wrong_by=None)
            _recount(tx, row["customer_id"])
        else:
            tx.update(customer_phone, self.phone_id, confirmed_kind=self.mark)
        if not tx.images:
            raise Refused(_("El teléfono ya está marcado así."))
        tx.title = _("Marcar teléfono")
        tx.detail = {"mark": self.mark}
        return {"phone": str(self.phone_id), "mark": self.mark}


@dataclass(frozen=True)
class AddPhone(Command):
    """Add the number that the customer gave; it is called first."""

    verb: ClassVar[str] = "phone"
    ref: str
    number: str

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        if subject.customer_id is None:
            raise Refused(_("Esa fila no tiene cliente; el teléfono no se puede guardar."))
        branch_id = subject.branch_id or (tx.session.branches[0].id if tx.session.branches else None)
        own = tx.session.by_id.get(branch_id) if branch_id is not None else None
        info = parse_phone(clean(self.number), own.area_code if own else None)
        if not info.valid or not info.last10:
            raise UsageError(_("No se entiende el teléfono «{text}».").format(text=clean(self.number, 40)))
        c = customer_phone.c
        same = tx.conn.execute(
            select(c.id).where(c.customer_id == subject.customer_id, c.last10 == info.last10)
        ).scalar()
        if same is not None:
            tx.update(customer_phone, same, wrong_at=None, wrong_by=None, present=True, position=0, origin="agent")
            made = int(same)
        else:
            made = tx.insert(
                customer_phone, customer_id=subject.customer_id, raw=clean(self.number), e164=info.e164,
                last10=info.last10, last10_rev=info.last10[::-1], kind=info.kind, origin="agent", position=0,
            )  # fmt: skip
            self._same_person(tx, subject.customer_id, info.last10)
        _recount(tx, subject.customer_id)
        tx.title = title(_("Agregar teléfono"), subject)
        tx.detail = {"phone": made}
        return {"phone": str(made), "e164": info.e164, "kind": info.kind}

    def _same_person(self, tx: Tx, customer_id: int, last10: str) -> None:
        """Whoever shares the number counts as one person from now on."""
        sharing = select(customer_phone.c.customer_id).where(customer_phone.c.last10 == last10)
        groups = select(customer.c.person_id).where(customer.c.id.in_(sharing), customer.c.person_id.is_not(None))
        found = {*tx.conn.execute(groups.limit(51)).scalars()}
        if not 2 <= len(found) <= 50:
            return
        members = tx.conn.execute(select(customer.c.id).where(customer.c.person_id.in_(found))).scalars()
        for member in sorted(members):
            tx.update(customer, member, person_id=min(found))
