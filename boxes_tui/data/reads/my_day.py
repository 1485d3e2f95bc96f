"""*Mi día*: what was promised, held, sold and complained about (PRODUCT §4, SCREENS *Mi día*)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from boxes_tui.data.reads.board import AgentDay, Freshness, agent_days, freshness, promised
from boxes_tui.data.reads.details import QueueRow, detail
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, call, claim, complaint, opportunity
from boxes_tui.domain.queues import REF_SUBJECTS

ON_TIME_MINUTES = 15


@dataclass(frozen=True, slots=True)
class PromisedRow:
    """A callback with its row, and what was noted when it was promised."""

    row: QueueRow
    at: datetime
    mine: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row that I hold; the claim ends by itself at ``expires_at`` unless renewed."""

    row: QueueRow
    taken_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SoldRow:
    """An appointment sold today: the time given in the DMS and what the DMS says of it."""

    row: QueueRow
    sold_for: datetime | None
    match: str


@dataclass(frozen=True, slots=True)
class MyDay:
    """Everything of *Mi día* but the drafts, which live on this machine."""

    promised: tuple[PromisedRow, ...]
    held: tuple[HeldRow, ...]
    sold: tuple[SoldRow, ...]
    complaints: tuple[QueueRow, ...]
    mine: AgentDay
    on_time: tuple[int, int]
    pending_callbacks: int
    freshness: Freshness


def my_day(conn: Connection, session: Session) -> MyDay:
    """The reader's day."""
    mine = next((d for d in agent_days(conn, session) if d.user_id == session.user_id), None)
    due = promised(conn, session)
    return MyDay(
        promised=_promised(conn, session, due),
        held=_held(conn, session),
        sold=_sold(conn, session),
        complaints=_complaints(conn, session),
        mine=mine or AgentDay(session.user_id, 0, 0, 0),
        on_time=_on_time(conn, session),
        pending_callbacks=sum(1 for p in due if p.mine),
        freshness=freshness(conn, session),
    )


def _promised(conn: Connection, session: Session, due: Any) -> tuple[PromisedRow, ...]:
    rows: dict[tuple[str, int], QueueRow] = {}
    for stage in {p.stage for p in due}:
        for row in detail(conn, session, stage, stage, [p.row_id for p in due if p.stage == stage]):
            rows[(stage, row.id)] = row
    made = []
    for p in due:
        row_found = rows.get((p.stage, p.row_id))
        if row_found is None:
            continue
        note = conn.execute(
            select(call.c.note)
            .where(
                call.c.subject == REF_SUBJECTS[p.stage],
                call.c.subject_id == p.row_id,
                call.c.annulled_at.is_(None),
            )
            .order_by(call.c.id.desc())
            .limit(1)
        ).scalar()
        made.append(PromisedRow(row_found, p.at, p.mine, note))
    return tuple(made)


def _held(conn: Connection, session: Session) -> tuple[HeldRow, ...]:
    stages = {subject: stage for stage, subject in REF_SUBJECTS.items() if stage != "campaign_opportunities"}
    c = claim.c
    made = []
    for subject, row_id, taken, expires in conn.execute(
        select(c.subject, c.subject_id, c.taken_at, c.expires_at)
        .where(c.user_id == session.user_id, c.expires_at > db_now(conn))
        .order_by(c.taken_at)
    ):
        stage = stages.get(subject)
        for row in detail(conn, session, stage, stage, [row_id]) if stage else []:
            made.append(HeldRow(row, taken, expires))
    return tuple(made)


def _sold(conn: Connection, session: Session) -> tuple[SoldRow, ...]:
    c = opportunity.c
    found = conn.execute(
        select(c.id, c.sold_for, c.match)
        .where(c.state == "sold", c.state_by == session.user_id, session.on_days(c.branch_id, c.state_day, 0, 0))
        .order_by(c.state_at.desc())
    ).all()
    rows = {r.id: r for r in detail(conn, session, "opportunities", "opportunities", [f[0] for f in found])}
    return tuple(SoldRow(rows[i], sold_for, match or "waiting") for i, sold_for, match in found if i in rows)


def _complaints(conn: Connection, session: Session) -> tuple[QueueRow, ...]:
    if session.role not in ("supervisor", "admin"):
        return ()
    c = complaint.c
    ids = list(
        conn.execute(
            select(c.id)
            .where(c.closed_at.is_(None), c.annulled_at.is_(None), session.scope(c.branch_id))
            .order_by(c.due_at)
            .limit(200)
        ).scalars()
    )
    rows = {r.id: r for r in detail(conn, session, "complaints", "complaints", ids)}
    return tuple(rows[i] for i in ids if i in rows)


def _on_time(conn: Connection, session: Session) -> tuple[int, int]:
    """(on time, due) of the reader's callbacks promised for today and already due: attempted within ±15 minutes
    (KPIS.md ``callback_on_time_rate``)."""
    c = call.c
    local = session.clock.local()
    start = session.now - timedelta(hours=local.hour, minutes=local.minute)
    due = conn.execute(
        select(c.subject, c.subject_id, c.callback_at, c.id).where(
            c.callback_user_id == session.user_id, c.callback_at >= start, c.callback_at <= session.now,
            c.annulled_at.is_(None),
        )
    ).all()  # fmt: skip
    kept = 0
    window = timedelta(minutes=ON_TIME_MINUTES)
    for subject, subject_id, at, call_id in due:
        kept += bool(
            conn.execute(
                select(c.id)
                .where(
                    c.subject == subject, c.subject_id == subject_id, c.id > call_id, c.annulled_at.is_(None),
                    c.at >= at - window, c.at <= at + window,
                )
                .limit(1)
            ).scalar()
        )  # fmt: skip
    return kept, len(due)


def user_names(conn: Connection) -> dict[int, str]:
    """Names of everybody, for tables of agents."""
    return {int(i): n for i, n in conn.execute(select(app_user.c.id, app_user.c.name))}
