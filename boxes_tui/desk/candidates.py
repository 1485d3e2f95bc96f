"""Whom the next call may go to, in order (PRODUCT §5 *n*): callbacks due first, then the queue's own order.

Left out: who waits for a retry or was spoken to today, whom another agent holds, who is unreachable or without phone,
and what the contact gate refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    union,
    union_all,
)

from boxes_tui.data.engine import set_scope
from boxes_tui.data.prepared import Prepared
from boxes_tui.data.reads.conditions import Part
from boxes_tui.data.reads.people import best_phones, db_now, own_blocks, person_key
from boxes_tui.data.reads.queues import Ask, narrow
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, appointment, call, campaign, claim, customer, opportunity, vehicle
from boxes_tui.desk import gate
from boxes_tui.desk.subjects import OPERATIONAL_CAMPAIGNS
from boxes_tui.domain.contact_gate import Facts, check

FREED_AFTER: Final = timedelta(minutes=30)
"""A callback of *mía* that nobody touched for this long goes to anyone."""
BATCHES: Final = (10, 50, 250)
"""How many rows are read at a time: the first ones nearly always have somebody."""
IN_SQL: Final = 2000
"""So many persons to pass over are left out by the query itself; more are passed over while reading."""
WHO: Final = customer.alias("who")
"""An alias: the free-text filter has its own look at ``customer``."""

Phase = Literal["callback", "rest"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may be handed over; ``offer`` says what the gate is asked."""

    stage: str
    row_id: int
    person: str
    customer_id: int | None
    vehicle_id: int | None
    branch_id: int | None
    number: str | None
    offer: bool


def away() -> ColumnElement[bool]:
    """Users who cannot keep a promise now: disabled, or off shift (who never used shifts is not)."""
    c = app_user.c
    return or_(c.active.is_(False), and_(c.shift == "off", c.shift_since.is_not(None)))


def candidates(
    conn: Connection,
    session: Session,
    ask: Ask,
    phase: Phase,
    skip: Collection[str],
    base: Mapping[int, Facts],
    only: Candidate | None = None,
) -> Iterator[Candidate]:
    """Rows of a queue that may be handed over in this phase, best first. ``skip`` are persons, ``base`` what
    :func:`branch_facts` found, ``only`` one of them, looked at again."""
    return chain.from_iterable(batches(conn, session, ask, phase, skip, base, only))


def batches(
    conn: Connection,
    session: Session,
    ask: Ask,
    phase: Phase,
    skip: Collection[str],
    base: Mapping[int, Facts],
    only: Candidate | None = None,
) -> Iterator[list[Candidate]]:
    """:func:`candidates` as they are read, some at a time."""
    shut = set() if phase == "callback" else spoken(conn, session, only.person if only else None)
    closed = closed_branches(base)
    parts = narrow(conn, session, ask)
    seen = shut | set(skip)
    selects = [
        _select(conn, session, p, phase, closed, seen, only) for p in parts if only is None or p.stage == only.stage
    ]
    if not selects:
        return
    query, order = selects[0]
    if len(selects) == 1:
        query = query.order_by(*order)
    else:
        union = union_all(*(q.add_columns(o[0].label("first")) for q, o in selects)).subquery()
        query = select(union).order_by(union.c.first, union.c.stage, union.c.id)
    start = 0
    for size in chain(BATCHES, repeat(BATCHES[-1])):
        batch = conn.execute(query.limit(size).offset(start)).mappings().all()
        yield list(_kept(conn, batch, seen))
        if len(batch) < size:
            return
        start += size


def next_back(conn: Connection, session: Session, ask: Ask) -> datetime | None:
    """When the first row of the queue that waits for its retry or its promised time comes back; None: nothing waits."""
    found = []
    for part in narrow(conn, session, ask):
        c = part.table.c
        found.append(conn.execute(select(func.min(c.next_at)).where(part.where, c.next_at > session.now)).scalar())
    return min((at for at in found if at is not None), default=None)


def _kept(conn: Connection, batch: Any, seen: Collection[str]) -> Iterator[Candidate]:
    customers = {r["customer_id"] for r in batch if r["customer_id"] is not None}
    phones = best_phones(conn, customers)
    blocked = own_blocks(conn, customers)
    for r in batch:
        key = person_key(r["person_id"], r["vehicle_id"], r["name"], r["id"])
        scope = blocked.get(r["customer_id"])
        if key in seen or scope == "operational" or (scope and r["offer"]):
            continue
        if r["number"] is None and r["customer_id"] not in phones:
            continue
        yield Candidate(
            r["stage"], r["id"], key, r["customer_id"], r["vehicle_id"], r["branch_id"], r["last10"], bool(r["offer"])
        )


def _select(
    conn: Connection,
    session: Session,
    part: Part,
    phase: Phase,
    closed: list[int],
    seen: Collection[str],
    only: Candidate | None,
) -> tuple[Any, tuple[Any, ...]]:
    t = part.table
    now = session.now
    free = or_(
        t.c.next_user_id.is_(None), t.c.next_user_id == session.user_id, t.c.next_at <= now - FREED_AFTER,
        t.c.next_user_id.in_(select(app_user.c.id).where(away())),
    )  # fmt: skip
    promised = t.c.next_kind == "callback"
    if phase == "callback":
        where = [part.where, promised, t.c.next_at <= now, free]
        order: tuple[Any, ...] = (t.c.next_at, t.c.id)
    else:
        waiting = or_(t.c.next_at.is_(None), and_(t.c.next_at <= now, not_(promised)))
        where = [part.where, waiting, t.c.unreachable_at.is_(None)]
        order = part.order
    person = _person(t)
    held = exists().where(
        claim.c.person == person, claim.c.expires_at > db_now(conn), claim.c.user_id != session.user_id
    )
    ended = exists().where(
        vehicle.c.id == t.c.vehicle_id, vehicle.c.relation_ended_at.is_not(None),
        vehicle.c.relation_ended_owner_id == t.c.customer_id,
    )  # fmt: skip
    where += [~held, ~ended]
    if 0 < len(seen) <= IN_SQL:
        where.append(person.not_in(sorted(seen)))
    offer = _offer(t)
    if t is opportunity:
        if phase == "rest":
            where.append(
                or_(
                    t.c.assigned_user_id.is_(None), t.c.assigned_user_id == session.user_id,
                    t.c.assigned_user_id.in_(select(app_user.c.id).where(away())),
                )
            )  # fmt: skip
        if closed:
            where.append(not_(and_(t.c.branch_id.in_(closed), offer)))
    if only is not None:
        where.append(t.c.id == only.row_id)
    own = t is appointment
    query = (
        select(
            literal(part.stage).label("stage"), t.c.id.label("id"), literal(t.name).label("name"),
            t.c.customer_id.label("customer_id"), t.c.vehicle_id.label("vehicle_id"),
            t.c.branch_id.label("branch_id"), func.coalesce(WHO.c.person_id, WHO.c.id).label("person_id"),
            (t.c.contact_phone if own else cast(None, Text)).label("number"),
            (t.c.contact_last10 if own else cast(None, Text)).label("last10"),
            offer.label("offer"),
        )
        .select_from(t.outerjoin(WHO, WHO.c.id == t.c.customer_id))
        .where(and_(*where))
    )  # fmt: skip
    return query, order


def _person(t: Any) -> Any:
    """:func:`person_key` in SQL."""
    return case(
        (
            WHO.c.id.is_not(None),
            literal("p:").concat(cast(func.coalesce(WHO.c.person_id, WHO.c.id), Text)),
        ),
        (t.c.vehicle_id.is_not(None), literal("v:").concat(cast(t.c.vehicle_id, Text))),
        else_=literal(f"r:{t.name}:").concat(cast(t.c.id, Text)),
    )


def _offer(t: Any) -> Any:
    """Whether a call about the row offers something: opportunities do, recalls and technical notes do not."""
    if t is not opportunity:
        return literal(False)
    operational = select(campaign.c.id).where(campaign.c.type.in_(OPERATIONAL_CAMPAIGNS))
    return not_(and_(t.c.origin == "campaign", t.c.campaign_id.is_not(None), t.c.campaign_id.in_(operational)))


def spoken(conn: Connection, session: Session, person: str | None = None) -> set[str]:
    """Persons who were spoken to today by anyone in any branch, and those whom a call left waiting for its retry; asked
    of one ``person`` it need not read everybody's calls."""
    group = int(person[2:]) if person and person.startswith("p:") else None
    values = {"today": session.today, "now": session.now}
    set_scope(conn, None)
    try:
        rows = _SPOKEN.tuples(conn, values) if group is None else _SPOKEN_TO.tuples(conn, values | {"group": group})
    finally:
        set_scope(conn, session.branch_ids)
    return {person_key(who, unit, subject or "", row or 0) for who, unit, subject, row in rows}


def _calls_that_shut(to_one: bool) -> Prepared:
    c = call.c
    standing = [c.annulled_at.is_(None), c.imported.is_(False)]
    if to_one:
        same = or_(customer.c.person_id == bindparam("group"), customer.c.id == bindparam("group"))
        standing.append(c.customer_id.in_(select(customer.c.id).where(same)))
    who = func.coalesce(customer.c.person_id, customer.c.id)
    calls = select(who, c.vehicle_id, c.subject, c.subject_id).outerjoin(customer, customer.c.id == c.customer_id)
    return Prepared(
        union(
            calls.where(c.day == bindparam("today", type_=c.day.type), c.contact, *standing),
            calls.where(c.retry_at > bindparam("now", type_=c.retry_at.type), *standing),
        )
    )


_SPOKEN, _SPOKEN_TO = _calls_that_shut(False), _calls_that_shut(True)


def branch_facts(conn: Connection, session: Session) -> dict[int, Facts]:
    """What the gate knows of each branch before a person is named."""
    return {b.id: gate.base_facts(conn, session, b.id) for b in session.branches}


def closed_branches(base: Mapping[int, Facts]) -> list[int]:
    """Branches where no offer may be made to anybody now: out of hours, a list too old or missing."""
    return [branch_id for branch_id, known in base.items() if not check("offer", known).allowed]
