"""*Pared*: counts and agents for a supervisor's wall; no customer data (PRODUCT §10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Integer, Table, func, select

from boxes_tui.data.reads.board import Board, board
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, appointment, call, claim, complaint, customer, opportunity, user_branch


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An agent's day: state since, customers held, calls, contacts, sales, last call."""

    name: str
    shift: str
    since: datetime | None
    held: int
    calls: int
    contacts: int
    sold: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything of the wall."""

    board: Board
    today_total: int
    arrived_today: int
    sold_today: int
    complaints: int
    callbacks_late: int
    unreachable: int
    without_phone: int
    agents: tuple[AgentLine, ...]


def wallboard(conn: Connection, session: Session) -> Wall:
    """The wall in one snapshot."""
    made = board(conn, session)
    a, o = appointment.c, opportunity.c
    today = session.on_days(a.branch_id, a.start_day, 0, 0)
    stands = (a.gone_at.is_(None), a.vanished_at.is_(None), func.coalesce(a.status, "scheduled") != "cancelled")
    total, arrived = conn.execute(
        select(func.count(), func.count(a.arrived_at)).where(today, session.scope(a.branch_id), *stands)
    ).one()
    sold = conn.execute(
        select(func.count()).select_from(opportunity).where(
            o.state == "sold", session.on_days(o.branch_id, o.state_day, 0, 0), session.scope(o.branch_id)
        )
    ).scalar_one()  # fmt: skip
    return Wall(
        made, total, arrived, sold, _count(conn, session, complaint, complaint.c.closed_at.is_(None)),
        sum(1 for p in made.promised if p.at < session.now),
        _count(conn, session, opportunity, o.unreachable_at.is_not(None), o.state == "open"),
        conn.execute(select(func.count()).select_from(customer).where(customer.c.without_phone_at.is_not(None))).scalar_one(),
        _agents(conn, session),
    )  # fmt: skip


def _count(conn: Connection, session: Session, t: Table, *where: ColumnElement[bool]) -> int:
    scope = session.scope(t.c.branch_id)
    return int(conn.execute(select(func.count()).select_from(t).where(scope, *where)).scalar_one())


def _agents(conn: Connection, session: Session) -> tuple[AgentLine, ...]:
    u, c = app_user.c, call.c
    who = select(u.id, u.name, u.shift, u.shift_since).where(u.active.is_(True), u.role.in_(("agent", "supervisor")))
    if session.branch_ids is not None:
        mine = select(user_branch.c.user_id).where(user_branch.c.branch_id.in_(session.branch_ids))
        who = who.where(u.all_branches.is_(True) | u.id.in_(mine))
    day = {
        row[0]: row[1:]
        for row in conn.execute(
            select(
                c.user_id, func.count(), func.sum(c.contact.cast(Integer)),
                func.sum((c.code == "appointment_sold").cast(Integer)), func.max(c.at),
            )
            .where(session.on_days(c.branch_id, c.day, 0, 0), c.annulled_at.is_(None), session.scope(c.branch_id))
            .group_by(c.user_id)
        )
    }  # fmt: skip
    held: dict[int, int] = dict(
        conn.execute(
            select(claim.c.user_id, func.count()).where(claim.c.expires_at > db_now(conn)).group_by(claim.c.user_id)
        )
        .tuples()
        .all()
    )
    made = []
    for user_id, name, shift, since in conn.execute(who.order_by(u.name)):
        calls, contacts, sold, last = day.get(user_id, (0, 0, 0, None))
        made.append(
            AgentLine(name, shift, since, held.get(user_id, 0), int(calls), int(contacts or 0), int(sold or 0), last)
        )
    return tuple(made)
