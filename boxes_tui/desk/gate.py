"""The facts that the contact gate asks about, read from the database; and a supervisor's override (PRODUCT §5).

Everybody who hands over, dials, sends or enrols asks :func:`verdict`.  Recording what has happened never does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, union

from boxes_tui.config import option_now
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.prepared import Prepared, padded
from boxes_tui.data.reads.rules import HouseRules, house_rules
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    app_user,
    block,
    customer,
    customer_phone,
    dnc_list,
    dnc_number,
    gate_override,
)
from boxes_tui.desk.subjects import load
from boxes_tui.domain.contact_gate import Facts, OptIn, OwnBlock, Purpose, Verdict, check
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean

SHARED_MAX: Final = 50
"""A number that more customers share is a switchboard."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asked about: the customers that count as one person, their numbers and documents."""

    customers: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    erased: bool = False


def person(conn: Connection, customer_id: int | None, numbers: Collection[str] = ()) -> Person:
    """The person of a customer: all that share a document or the last ten digits of a phone (PRODUCT §5), and of
    ``numbers`` (last ten digits) that belong to the row itself."""
    if customer_id is None and not numbers:
        return Person()
    ids: set[int] = {customer_id} if customer_id is not None else set()
    if numbers:
        sharing = select(customer_phone.c.customer_id).where(customer_phone.c.last10.in_(tuple(numbers)))
        ids |= set(conn.execute(sharing.distinct().limit(SHARED_MAX)).scalars())
    size, named = padded("id", sorted(ids))
    rows = _group(size).tuples(conn, named)
    return Person(
        tuple(sorted({*ids, *(row[0] for row in rows)})),
        tuple(sorted({*numbers, *(last10 for *_rest, last10 in rows if last10)})),
        tuple(sorted({doc for _id, doc, _erased, _last10 in rows if doc})),
        any(erased is not None for who, _doc, erased, _last10 in rows if who == customer_id),
    )


@cache
def _group(size: int) -> Prepared:
    """Everybody who counts as one person with ``size`` customers: id, document, when erased, last ten digits."""
    named, same = customer.alias("named"), customer.alias("same")
    ids: list[Any] = [bindparam(f"id{n}") for n in range(size)]
    whole = select(same.c.id).join(named, named.c.person_id == same.c.person_id).where(named.c.id.in_(ids))
    # a union, for PostgreSQL reads every customer where a subquery stands beside an OR
    everybody = union(select(named.c.id).where(named.c.id.in_(ids)), whole)
    phones = and_(customer_phone.c.customer_id == customer.c.id, customer_phone.c.present)
    return Prepared(
        select(customer.c.id, customer.c.doc_digits, customer.c.erased_at, customer_phone.c.last10)
        .select_from(customer.outerjoin(customer_phone, phones))
        .where(customer.c.id.in_(everybody))
    )


def blocks_of(who: Person) -> ColumnElement[bool]:
    """The entries of the dealership's own list that hold for a person."""
    return _blocks(who.customers, who.numbers, who.documents)


def _blocks(customers: Any, numbers: Any, documents: Any) -> ColumnElement[bool]:
    c = block.c
    return and_(
        c.lifted_at.is_(None),
        or_(c.customer_id.in_(customers), c.last10.in_(numbers), and_(c.doc_digits != "", c.doc_digits.in_(documents))),
    )


@cache
def _standing(customers: int, numbers: int, documents: int) -> Prepared:
    """The entries (scope, instant, who made it) for so many customers, numbers and documents, newest first."""
    sizes = {"customer": customers, "number": numbers, "document": documents}
    return Prepared(
        select(block.c.scope, block.c.at, app_user.c.name)
        .outerjoin(app_user, app_user.c.id == block.c.user_id)
        .where(_blocks(*([bindparam(f"{name}{n}") for n in range(size)] for name, size in sizes.items())))
        .order_by(block.c.at.desc(), block.c.id.desc())
    )


def verdict(
    conn: Connection,
    session: Session,
    *,
    customer_id: int | None,
    branch_id: int | None,
    purpose: Purpose,
    numbers: Collection[str] = (),
    channel: str = "call",
    required: bool | None = None,
) -> Verdict:
    """Whether the person may be contacted now for ``purpose``, and every reason (``Verdict.lines()``).

    ``numbers`` are last-ten-digit keys of numbers that stand on the row itself. ``channel`` is ``call``, ``email`` or
    ``whatsapp``: the law makes one gate of all of them, only the hours of calling are not asked of an e-mail, and an
    offer by WhatsApp is asked for its opt-in.
    """
    who = person(conn, customer_id, numbers)
    return check(purpose, facts(conn, session, who, branch_id, channel=channel, required=required))


def facts(
    conn: Connection,
    session: Session,
    who: Person,
    branch_id: int | None,
    *,
    channel: str = "call",
    required: bool | None = None,
) -> Facts:
    """What is known about a person at this instant of the branch."""
    return about(conn, session, base_facts(conn, session, branch_id, channel=channel, required=required), who)


def base_facts(
    conn: Connection,
    session: Session,
    branch_id: int | None,
    *,
    channel: str = "call",
    required: bool | None = None,
    rules: HouseRules | None = None,
) -> Facts:
    """What holds for everybody at this instant of the branch: lists and their age, hours, holidays (``rules`` where
    they are read already)."""
    rules = rules or house_rules(conn)
    local = session.now.astimezone(ZoneInfo(session.zone_of(branch_id)))
    by_mail = channel == "email"
    lists = rules.lists
    override = _override(conn, session.now, gate_override.c.customer_id.is_(None)) if lists else None
    return Facts(
        now_local=local,
        lists=lists,
        required=(list_required() if required is None else required) if not lists else False,
        hours=dict.fromkeys(range(7), (time(0), time.max)) if by_mail else rules.hours(branch_id),
        holiday=not by_mail and local.date() in rules.calendar(branch_id, local.date()).holidays,
        age_override=override,
        whatsapp=channel == "whatsapp",
        opt_in_required=channel == "whatsapp" and option_now("whatsapp_opt_in") == "required",
    )


def about(conn: Connection, session: Session, base: Facts, who: Person) -> Facts:
    """``base`` with what is known about a person."""
    if who == Person():
        return base
    listed: tuple[str, ...] = ()
    if base.lists and who.numbers:
        found = select(dnc_list.c.name).join(dnc_number, dnc_number.c.list_id == dnc_list.c.id)
        found = found.where(dnc_list.c.current, dnc_number.c.last10.in_(who.numbers)).distinct()
        listed = tuple(sorted(conn.execute(found).scalars()))
    override = _override(conn, session.now, gate_override.c.customer_id.in_(who.customers)) if listed else None
    consent = _opt_in(conn, who) if base.whatsapp else None
    return replace(
        base, own=_own(conn, who), listed=listed, person_override=override, erased=who.erased, opt_in=consent
    )


def _opt_in(conn: Connection, who: Person) -> OptIn | None:
    """The last consent that any record of the person holds."""
    c = customer.c
    found = conn.execute(
        select(c.wa_opt_in_at, c.wa_opt_in_source)
        .where(c.id.in_(who.customers), c.wa_opt_in_at.is_not(None))
        .order_by(c.wa_opt_in_at.desc())
        .limit(1)
    ).first()
    return OptIn(found[0], found[1] or "—") if found else None


def list_required() -> bool:
    """``no_llame = "required"``: without a list there are no offers."""
    return option_now("no_llame") == "required"


def _own(conn: Connection, who: Person) -> OwnBlock | None:
    if not (who.customers or who.numbers or who.documents):
        return None
    customers, named = padded("customer", who.customers)
    numbers, more = padded("number", who.numbers)
    documents, last = padded("document", who.documents)
    rows = _standing(customers, numbers, documents).tuples(conn, {**named, **more, **last})
    if not rows:
        return None
    widest = next((r for r in rows if r[0] == "operational"), rows[0])
    return OwnBlock(widest[0], widest[1], widest[2] or "—")


def _override(conn: Connection, now: datetime, about: ColumnElement[bool]) -> str | None:
    c = gate_override.c
    return conn.execute(
        select(c.reason).where(about, c.until > now, c.lifted_at.is_(None)).order_by(c.id.desc()).limit(1)
    ).scalar()


@dataclass(frozen=True)
class OverrideGate(Command):
    """Go on in spite of a No Llame list, with a reason: for the person of a row, or (``ref`` None) for a list that is
    too old. A supervisor's verb; it ends by itself after ``days`` days, and never lifts what a person asked for."""

    verb: ClassVar[str] = "override"
    ref: str | None
    reason: str
    days: int = 1

    def run(self, tx: Tx) -> dict[str, Any]:
        reason = clean(self.reason)
        if not reason:
            raise UsageError(_("Falta el motivo."))
        if not 1 <= self.days <= 30:
            raise UsageError(_("Los días van de 1 a 30."))
        who: int | None = None
        if self.ref is not None:
            who = load(tx, self.ref).customer_id
            if who is None:
                raise UsageError(_("Esa fila no tiene cliente."))
        until = tx.now + timedelta(days=self.days)
        made = tx.insert(
            gate_override, customer_id=who, branch_id=tx.branch_id, user_id=tx.session.user_id, at=tx.now,
            until=until, reason=reason,
        )  # fmt: skip
        tx.title = _("Permitir ofertas con motivo")
        tx.detail = {"override": made, "person": who is not None}
        return {"override": str(made), "until": until.isoformat()}
