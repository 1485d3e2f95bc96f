"""The facts that the contact gate asks about, read from the database; and a supervisor's override (PRODUCT §5).

Everybody who hands over, dials, sends or enrols asks :func:`verdict`.  Recording what has happened never does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    app_user,
    block,
    branch,
    customer,
    customer_phone,
    dnc_list,
    dnc_number,
    gate_override,
)
from boxes_tui.desk.subjects import load
from boxes_tui.domain.contact_gate import DEFAULT_HOURS, Facts, Hours, OwnBlock, Purpose, Verdict, check
from boxes_tui.domain.working_days import Calendar
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
    rows = conn.execute(_GROUP, {"ids": sorted(ids)}).all()
    phones = {r.last10 for r in rows if r.last10}
    return Person(
        tuple(sorted({*ids, *(int(r.id) for r in rows)})),
        tuple(sorted({*numbers, *phones})),
        tuple(sorted({r.doc_digits for r in rows if r.doc_digits})),
        any(r.erased_at is not None for r in rows if r.id == customer_id),
    )


_NAMED = customer.alias("named")
_GROUP = (
    select(customer.c.id, customer.c.doc_digits, customer.c.erased_at, customer_phone.c.last10)
    .select_from(
        customer.outerjoin(
            customer_phone, and_(customer_phone.c.customer_id == customer.c.id, customer_phone.c.present)
        )
    )
    .where(
        or_(
            customer.c.id.in_(bindparam("ids", expanding=True)),
            customer.c.person_id.in_(
                select(_NAMED.c.person_id).where(
                    _NAMED.c.id.in_(bindparam("ids", expanding=True)), _NAMED.c.person_id.is_not(None)
                )
            ),
        )
    )
)
"""Everybody who counts as one person with some customers, with their numbers and documents."""


def blocks_of(who: Person) -> ColumnElement[bool]:
    """The entries of the dealership's own list that hold for a person."""
    return _blocks(who.customers, who.numbers, who.documents)


def _blocks(customers: Any, numbers: Any, documents: Any) -> ColumnElement[bool]:
    c = block.c
    return and_(
        c.lifted_at.is_(None),
        or_(c.customer_id.in_(customers), c.last10.in_(numbers), and_(c.doc_digits != "", c.doc_digits.in_(documents))),
    )


_BLOCKS = (
    select(block.c.scope, block.c.at, app_user.c.name)
    .outerjoin(app_user, app_user.c.id == block.c.user_id)
    .where(_blocks(*(bindparam(name, expanding=True) for name in ("customers", "numbers", "documents"))))
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
    ``whatsapp``: the law makes one gate of all of them, only the hours of calling are not asked of an e-mail.
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
    days: Calendar | None = None,
) -> Facts:
    """What holds for everybody at this instant of the branch: lists and their age, hours, holidays (``days`` where they
    are read already)."""
    local = session.now.astimezone(ZoneInfo(session.zone_of(branch_id)))
    by_mail = channel == "email"
    lists = current_lists(conn)
    override = _override(conn, session.now, gate_override.c.customer_id.is_(None)) if lists else None
    return Facts(
        now_local=local,
        lists=lists,
        required=(list_required() if required is None else required) if not lists else False,
        hours=dict.fromkeys(range(7), (time(0), time.max)) if by_mail else hours_of(conn, branch_id),
        holiday=not by_mail and local.date() in (days or calendar(conn, branch_id, local.date())).holidays,
        age_override=override,
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
    return replace(base, own=_own(conn, who), listed=listed, person_override=override, erased=who.erased)


def current_lists(conn: Connection) -> dict[str, date]:
    """The No Llame lists in force: name → the day of the list."""
    return dict(conn.execute(_LISTS).tuples().all())


_LISTS = select(dnc_list.c.name, dnc_list.c.as_of).where(dnc_list.c.current).order_by(dnc_list.c.id)
_HOURS = select(branch.c.hours).where(branch.c.id == bindparam("branch_id"))


def list_required() -> bool:
    """``no_llame = "required"``: without a list there are no offers."""
    from boxes_tui.config import load_settings

    return load_settings().option("no_llame") == "required"


def hours_of(conn: Connection, branch_id: int | None) -> Hours:
    """The hours of calling of a branch by weekday (0 = Monday)."""
    made = conn.execute(_HOURS, {"branch_id": branch_id}).scalar() if branch_id else None
    if not made:
        return DEFAULT_HOURS
    hours: dict[int, tuple[time, time] | None] = dict.fromkeys(range(7))
    for day, span in made.items():
        if span:
            hours[int(day) - 1] = (time.fromisoformat(span[0]), time.fromisoformat(span[1]))
    return hours


def _own(conn: Connection, who: Person) -> OwnBlock | None:
    if not (who.customers or who.numbers or who.documents):
        return None
    named = {"customers": who.customers, "numbers": who.numbers, "documents": who.documents}
    rows = conn.execute(_BLOCKS, named).all()
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
