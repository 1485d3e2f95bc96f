"""*No llamar más*: the dealership's own list (PRODUCT §5). Blocking takes effect at once on every channel. And its
counterpart: that a person accepts offers by WhatsApp (COMPLIANCE.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import block, customer
from boxes_tui.desk.gate import blocks_of, person
from boxes_tui.desk.subjects import Subject, load, title
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean

Scope = Literal["offer", "operational"]


def add_block(
    tx: Tx, customer_id: int | None, number: str | None, scope: Scope, how: str, call_id: int | None = None
) -> int | None:
    """Put a person on the list; ``number`` is the last ten digits of the phone on which it was asked.

    Returns the id of the entry, None where neither person nor number is known.
    """
    doc = None
    if customer_id is not None:
        doc = tx.conn.execute(select(customer.c.doc_digits).where(customer.c.id == customer_id)).scalar()
    elif number is None:
        return None
    return tx.insert(
        block, customer_id=customer_id, last10=number, doc_digits=doc or None, scope=scope, at=tx.now,
        user_id=tx.session.user_id, how=how, call_id=call_id,
    )  # fmt: skip


@dataclass(frozen=True)
class Block(Command):
    """Put the person of a row on the list; ``operational`` holds for appointments and orders too."""

    verb: ClassVar[str] = "block"
    ref: str
    scope: Scope = "offer"
    how: str = ""

    def run(self, tx: Tx) -> dict[str, Any]:
        if self.scope not in ("offer", "operational"):
            raise UsageError(_("El alcance es offer u operational."))
        subject = load(tx, self.ref)
        number = subject.row.get("contact_last10") if subject.customer_id is None else None
        made = add_block(tx, subject.customer_id, number, self.scope, clean(self.how) or _("pedido"))
        if made is None:
            raise Refused(_("La fila no tiene cliente ni teléfono; no hay a quién bloquear."))
        tx.title = title(_("No llamar más"), subject)
        tx.detail = {"block": made, "scope": self.scope}
        return {"block": str(made), "scope": self.scope}


@dataclass(frozen=True)
class Unblock(Command):
    """Lift every entry of the person of a row, with the reason. A supervisor's verb."""

    verb: ClassVar[str] = "unblock"
    ref: str
    reason: str

    def run(self, tx: Tx) -> dict[str, Any]:
        if not clean(self.reason):
            raise UsageError(_("Falta el motivo."))
        subject: Subject = load(tx, self.ref)
        own = subject.row.get("contact_last10")
        who = person(tx.conn, subject.customer_id, (own,) if own else ())
        found = list(tx.conn.execute(select(block.c.id).where(blocks_of(who))).scalars())
        if not found:
            raise Refused(_("No pidió que no se lo llame; no hay nada que levantar."))
        for item in found:
            tx.update(block, item, lifted_at=tx.now)
        tx.title = title(_("Levantar No llamar más"), subject)
        tx.detail = {"blocks": found}
        return {"lifted": [str(i) for i in found]}


@dataclass(frozen=True)
class OptIn(Command):
    """Note that the person of a row accepts offers by WhatsApp, and where that was said; an empty ``source`` with
    ``withdraw`` takes it back."""

    verb: ClassVar[str] = "opt_in"
    ref: str
    source: str = ""
    withdraw: bool = False

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        source = clean(self.source, 100)
        if subject.customer_id is None:
            raise Refused(_("Esa fila no tiene cliente."))
        if not self.withdraw and not source:
            raise UsageError(_("Falta dónde lo aceptó (mostrador, llamado, formulario…)."))
        who = person(tx.conn, subject.customer_id)
        given = select(customer.c.id).where(customer.c.id.in_(who.customers), customer.c.wa_opt_in_at.is_not(None))
        if self.withdraw:
            changed = list(tx.conn.execute(given).scalars())
            if not changed:
                raise Refused(_("No consta que acepte ofertas por WhatsApp; no hay nada que retirar."))
            for item in changed:
                tx.update(customer, item, wa_opt_in_at=None, wa_opt_in_source=None)
        else:
            tx.update(customer, subject.customer_id, wa_opt_in_at=tx.now, wa_opt_in_source=source)
        tx.title = title(
            _("Retira ofertas por WhatsApp") if self.withdraw else _("Acepta ofertas por WhatsApp"), subject
        )
        tx.detail = {"withdraw": self.withdraw}
        return {"opt_in": not self.withdraw}
