"""The numbers of the board, the age of the DMS, and what is promised today (PRODUCT §4, SCREENS *Tablero*)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, and_, func, or_, select

from boxes_tui.data.reads.conditions import live_appointment, parts
from boxes_tui.data.reads.queues import all_counts
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    appointment,
    call,
    campaign,
    campaign_unit,
    complaint,
    customer,
    dnc_list,
    opportunity,
    repair_order,
    sale_delivery,
    sync_cursor,
    sync_entity,
    sync_run,
)

WORK_TABLES = {
    "deliveries": sale_delivery,
    "opportunities": opportunity,
    "appointments": appointment,
    "completed": repair_order,
    "complaints": complaint,
}
LATE_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the DMS was last read whole: the oldest of the sources' last reads. None = never."""

    read_at: datetime | None
    minutes: int | None

    @property
    def level(self) -> str:
        """``ok`` up to 30 min, ``old`` up to 4 h, ``stale`` beyond, ``never``."""
        if self.minutes is None:
            return "never"
        return "ok" if self.minutes <= 30 else "old" if self.minutes <= 240 else "stale"


@dataclass(frozen=True, slots=True)
class Promised:
    """A callback: where, and when it was promised."""

    stage: str
    row_id: int
    at: datetime
    mine: bool
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class AgentDay:
    """What a person did today: calls, contacts, appointments sold."""

    user_id: int
    calls: int
    contacts: int
    sold: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the board shows."""

    counts: dict[str, dict[str, int]]
    late_arrivals: int
    campaigns: int
    units_done: int
    units_assigned: int
    promised: tuple[Promised, ...]
    freshness: Freshness
    mine: AgentDay
    agents: tuple[AgentDay, ...]
    no_llame: bool
    no_llame_days: int | None
    reads: tuple[tuple[datetime, str, int], ...]


def board(conn: Connection, session: Session) -> Board:
    """The board's numbers in one snapshot."""
    days = agent_days(conn, session)
    mine = next((d for d in days if d.user_id == session.user_id), AgentDay(session.user_id, 0, 0, 0))
    done, assigned = _campaign_units(conn, session)
    lists = conn.execute(select(func.min(dnc_list.c.as_of)).where(dnc_list.c.current.is_(True))).scalar()
    return Board(
        counts=all_counts(conn, session),
        late_arrivals=late_arrivals(conn, session),
        campaigns=conn.execute(
            select(func.count()).select_from(campaign).where(
                campaign.c.undone_at.is_(None), campaign.c.closed_at.is_(None), session.scope(campaign.c.branch_id)
            )
        ).scalar_one(),
        units_done=done,
        units_assigned=assigned,
        promised=promised(conn, session),
        freshness=freshness(conn, session),
        mine=mine,
        agents=days,
        no_llame=lists is not None,
        no_llame_days=(session.today - lists).days if lists is not None else None,
        reads=_last_reads(conn),
    )  # fmt: skip


def freshness(conn: Connection, session: Session) -> Freshness:
    """Age of the DMS by the business clock."""
    per_source = (
        select(func.max(sync_cursor.c.read_at).label("at"))
        .where(sync_cursor.c.read_at.is_not(None))
        .group_by(sync_cursor.c.source_id)
        .subquery()
    )
    at = conn.execute(select(func.min(per_source.c.at))).scalar()
    if at is None:
        return Freshness(None, None)
    return Freshness(at, max(0, int((session.now - at).total_seconds() // 60)))


def late_arrivals(conn: Connection, session: Session) -> int:
    """Appointments of today more than 30 minutes late."""
    part = parts(conn, session, "appointments", "not_arrived")[0]
    late = and_(
        part.where, live_appointment(),
        appointment.c.starts_at < session.now - timedelta(minutes=LATE_MINUTES),
        func.coalesce(appointment.c.starts_at_precision, "time") != "day",
    )  # fmt: skip
    return conn.execute(select(func.count()).select_from(appointment).where(late)).scalar_one()


def promised(conn: Connection, session: Session, *, ahead: timedelta = timedelta(hours=24)) -> tuple[Promised, ...]:
    """Callbacks due until the end of today, mine and anyone's, earliest first.

    One promised to another counts as anyone's once it was left for 30 minutes (PRODUCT §5).
    """
    now = session.now
    local = now.astimezone(session.clock.local().tzinfo)
    end = min(now + ahead, now + (timedelta(days=1) - timedelta(hours=local.hour, minutes=local.minute)))
    found = []
    for stage, t in WORK_TABLES.items():
        c = t.c
        where = [
            c.next_kind == "callback", c.next_at <= end, session.scope(c.branch_id),
            or_(c.next_user_id.is_(None), c.next_user_id == session.user_id, c.next_at < now - timedelta(minutes=30)),
        ]  # fmt: skip
        if stage == "opportunities":
            where.append(c.state == "open")
        for row_id, at, user_id, who in conn.execute(
            select(c.id, c.next_at, c.next_user_id, c.customer_id).where(*where)
        ):
            found.append(Promised(stage, row_id, at, user_id == session.user_id, who))
    found.sort(key=lambda p: (p.at, p.stage, p.row_id))
    return tuple(found)


def names_of(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Customers' names by id."""
    wanted = sorted(set(ids))
    c = customer.c
    return {i: n for i, n in conn.execute(select(c.id, c.display_name).where(c.id.in_(wanted))) if n} if wanted else {}


def agent_days(conn: Connection, session: Session) -> tuple[AgentDay, ...]:
    """Today's calls, contacts and sales of everybody in scope, busiest first."""
    c = call.c
    rows = conn.execute(
        select(
            c.user_id,
            func.count(),
            func.sum(func.coalesce(c.contact, False).cast(Integer)),
            func.sum((c.code == "appointment_sold").cast(Integer)),
        )
        .where(
            session.on_days(c.branch_id, c.day, 0, 0), session.scope(c.branch_id), c.annulled_at.is_(None),
            c.user_id.is_not(None), c.imported.is_(False),
        )
        .group_by(c.user_id)
        .order_by(func.count().desc(), c.user_id)
    )  # fmt: skip
    return tuple(AgentDay(int(u), int(n), int(k or 0), int(s or 0)) for u, n, k, s in rows)


def _campaign_units(conn: Connection, session: Session) -> tuple[int, int]:
    u, c = campaign_unit.c, campaign.c
    row = conn.execute(
        select(func.count(u.done_at), func.count())
        .select_from(campaign_unit.join(campaign, c.id == u.campaign_id))
        .where(
            c.undone_at.is_(None), c.closed_at.is_(None), u.state.not_in(("undone", "blocked")),
            session.scope(c.branch_id),
        )
    ).one()  # fmt: skip
    return int(row[0]), int(row[1])


def _last_reads(conn: Connection) -> tuple[tuple[datetime, str, int], ...]:
    """The last two runs: when, how they ended, how many rows changed."""
    runs = conn.execute(
        select(sync_run.c.id, sync_run.c.finished_at, sync_run.c.status)
        .where(sync_run.c.finished_at.is_not(None))
        .order_by(sync_run.c.id.desc())
        .limit(2)
    ).all()
    made = []
    for run_id, at, status in runs:
        counts = conn.execute(select(sync_entity.c.counts).where(sync_entity.c.run_id == run_id)).scalars()
        changed = sum(int(c.get("inserted", 0)) + int(c.get("updated", 0)) for c in counts)
        made.append((at, status, changed))
    return tuple(made)
