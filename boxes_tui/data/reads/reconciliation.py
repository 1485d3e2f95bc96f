"""*Conciliación*: what agents sold against what the DMS shows (PRODUCT §6). Nothing is silently assumed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.reads.conditions import live_appointment
from boxes_tui.data.reads.details import QueueRow, detail, local
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, appointment, opportunity
from boxes_tui.i18n import N_

FILTERS = (
    ("unmatched", N_("Sin turno")),
    ("moved", N_("Movidos")),
    ("unsold", N_("Turno sin venta")),
    ("verified", N_("Verificados")),
)
SOLD_DAYS = 45
"""How far back sales are listed."""
AHEAD_DAYS = 60
"""How far ahead appointments without a sale are listed."""
CREDIT_DAYS = 5
"""An appointment within ±5 days of what was sold is credited to the seller."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line: the row it is about (an opportunity, or an appointment without a sale), who sold it and when, what was
    promised, what the DMS has."""

    row: QueueRow
    sold_day: date | None
    agent: str | None
    promised: datetime | None
    match: str
    appointment_id: int | None
    in_dms: datetime | None
    candidates: tuple[tuple[int, str | None, datetime, bool], ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A filter's lines, every filter's count, and the age of the DMS."""

    lines: tuple[Line, ...]
    counts: dict[str, int]
    freshness: Freshness


def reconciliation(conn: Connection, session: Session, flt: str) -> Reconciliation:
    """The lines of a filter of :data:`FILTERS`, oldest sale first."""
    counts = {code: _count(conn, session, code) for code, _label in FILTERS}
    lines = _unsold(conn, session) if flt == "unsold" else _sales(conn, session, flt)
    return Reconciliation(tuple(lines), counts, freshness(conn, session))


def sold_condition(session: Session, flt: str) -> ColumnElement[bool]:
    """Sales of a filter: sold in the last :data:`SOLD_DAYS` days, by how they match."""
    c = opportunity.c
    match = func.coalesce(c.match, "waiting")
    wanted = {
        "unmatched": match.in_(("waiting", "missing")),
        "moved": match == "differs",
        "verified": match.in_(("verified", "credited")),
    }[flt]
    return and_(
        c.state == "sold", wanted, session.scope(c.branch_id), session.on_days(c.branch_id, c.state_day, -SOLD_DAYS, 0)
    )


def unsold_condition(session: Session) -> ColumnElement[bool]:
    """Appointments that the DMS has while the vehicle's opportunity is still open: somebody sold without saying so."""
    a, o = appointment.c, opportunity.c
    return and_(
        live_appointment(),
        session.scope(a.branch_id),
        session.on_days(a.branch_id, a.start_day, 0, AHEAD_DAYS),
        exists().where(o.vehicle_id == a.vehicle_id, o.state == "open"),
        ~exists().where(o.appointment_id == a.id, o.state == "sold"),
    )


def _count(conn: Connection, session: Session, flt: str) -> int:
    if flt == "unsold":
        return conn.execute(select(func.count()).select_from(appointment).where(unsold_condition(session))).scalar_one()
    return conn.execute(select(func.count()).select_from(opportunity).where(sold_condition(session, flt))).scalar_one()


def _sales(conn: Connection, session: Session, flt: str) -> list[Line]:
    c = opportunity.c
    found = conn.execute(
        select(c.id, c.state_day, app_user.c.name, c.sold_for, c.match, c.appointment_id, c.branch_id)
        .outerjoin(app_user, app_user.c.id == c.state_by)
        .where(sold_condition(session, flt))
        .order_by(c.state_day, c.id)
    ).all()
    rows = {r.id: r for r in detail(conn, session, "opportunities", "opportunities", [f[0] for f in found])}
    made = []
    for row_id, day, agent, sold_for, match, appointment_id, branch_id in found:
        row = rows.get(row_id)
        if row is None:
            continue
        seen = _start(conn, session, appointment_id) if appointment_id else None
        candidates = () if appointment_id or sold_for is None else _candidates(conn, session, row, sold_for)
        made.append(
            Line(
                row,
                day,
                agent,
                local(session, sold_for, branch_id),
                match or "waiting",
                appointment_id,
                seen,
                candidates,
            )
        )
    return made


def _start(conn: Connection, session: Session, appointment_id: int) -> datetime | None:
    c = appointment.c
    found = conn.execute(select(c.starts_at, c.branch_id).where(c.id == appointment_id)).first()
    return local(session, found[0], found[1]) if found else None


def _candidates(
    conn: Connection, session: Session, row: QueueRow, sold_for: datetime
) -> tuple[tuple[int, str | None, datetime, bool], ...]:
    """Appointments near the promised time of the same vehicle or customer: (id, DMS key, start, same vehicle)."""
    c = appointment.c
    span = timedelta(days=CREDIT_DAYS)
    found = conn.execute(
        select(c.id, c.source_key, c.starts_at, c.vehicle_id, c.branch_id)
        .where(
            live_appointment(),
            or_(c.vehicle_id == row.vehicle_id, c.customer_id == row.customer_id),
            c.starts_at >= sold_for - span,
            c.starts_at <= sold_for + span,
        )
        .order_by(c.starts_at)
    )
    return tuple(
        (i, key, local(session, at, branch) or at, unit is not None and unit == row.vehicle_id)
        for i, key, at, unit, branch in found
    )


def _unsold(conn: Connection, session: Session) -> list[Line]:
    c = appointment.c
    ids = list(conn.execute(select(c.id).where(unsold_condition(session)).order_by(c.starts_at, c.id)).scalars())
    rows = {r.id: r for r in detail(conn, session, "appointments", "appointments", ids)}
    made = []
    for row_id in ids:
        row = rows.get(row_id)
        if row is not None:
            when = row.when if isinstance(row.when, datetime) else None
            made.append(Line(row, None, None, None, "unsold", row_id, when, ()))
    return made
