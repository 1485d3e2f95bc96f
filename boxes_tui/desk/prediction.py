"""What the opportunity form opens with: the predicted due date, its arithmetic, who may get it, what is open already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from boxes_tui.data.reads.days import calendar
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, opportunity, repair_order, sale_delivery, vehicle
from boxes_tui.domain.due_date import DEFAULT_KM_PER_DAY, suggest
from boxes_tui.domain.formats import number, show_day
from boxes_tui.i18n import _

Suggest = Callable[[int | None], tuple[str, str, tuple[str, ...]]]


@dataclass(frozen=True)
class Prediction:
    """``suggest(km)`` gives what for, the due day as text, and the lines of the arithmetic."""

    suggest: Suggest
    km_text: str
    agents: tuple[tuple[str, str], ...]
    warning: str


def prediction(conn: Connection, session: Session, row: QueueRow) -> Prediction:
    """The prediction for the vehicle of a row."""
    today = session.today_of(row.branch_id)
    readings, base, word = _history(conn, row.vehicle_id)
    days = calendar(conn, row.branch_id, today)
    km, usual = row.km, _usual(conn, row.vehicle_id)
    known = readings[-1][1] if readings else None

    def told(current: int | None) -> tuple[str, str, tuple[str, ...]]:
        own = list(readings)
        if current is not None and current != known:
            own.append((today, current))
        made = suggest(
            today, base, current if current is not None else known, own, days, usual_km_per_day=usual, base_word=word
        )
        about = _("Service {km} km").format(km=number(made.target_km)) if made.target_km else _("Service")
        return about, show_day(made.due, today), made.lines

    return Prediction(told, number(km) if km is not None else "", agents(conn, session), _open(conn, row, today))


def _history(conn: Connection, vehicle_id: int | None) -> tuple[list[tuple[date, int]], date | None, str]:
    """Odometer readings by day, the day that the months count from, and its name."""
    if vehicle_id is None:
        return [], None, ""
    o = repair_order.c
    rows = conn.execute(
        select(o.opened_day, func.coalesce(o.odometer_in, o.odometer_out))
        .where(o.vehicle_id == vehicle_id, o.gone_at.is_(None), o.opened_day.is_not(None),
               func.coalesce(o.status, "open").not_in(("estimate", "voided")))
        .order_by(o.opened_day)
    ).all()  # fmt: skip
    readings = [(day, km) for day, km in rows if km is not None]
    delivered = conn.execute(
        select(func.max(sale_delivery.c.delivered_day)).where(sale_delivery.c.vehicle_id == vehicle_id)
    ).scalar()
    sold = delivered or conn.execute(select(vehicle.c.sold_on).where(vehicle.c.id == vehicle_id)).scalar()
    if sold is not None:
        readings.insert(0, (sold, 0))
    if rows:
        return readings, rows[-1][0], _("el último service")
    return readings, sold, _("la entrega")


def _usual(conn: Connection, vehicle_id: int | None) -> float:
    """Kilometres per day of the latest vehicles of the same model; the general figure where none is known."""
    model = select(vehicle.c.model).where(vehicle.c.id == vehicle_id).scalar_subquery()
    latest = (
        select(vehicle.c.km_per_day_milli)
        .where(vehicle.c.model == model, vehicle.c.km_per_day_milli.is_not(None))
        .order_by(vehicle.c.id.desc())
        .limit(200)
        .subquery()
    )
    found = conn.execute(select(func.avg(latest.c.km_per_day_milli))).scalar()
    return float(found) / 1000 if found else DEFAULT_KM_PER_DAY


def agents(conn: Connection, session: Session) -> tuple[tuple[str, str], ...]:
    """Me, anyone, the others who call."""
    others = conn.execute(
        select(app_user.c.login, app_user.c.name)
        .where(
            app_user.c.active.is_(True), app_user.c.role.in_(("agent", "supervisor")), app_user.c.id != session.user_id
        )
        .order_by(app_user.c.name)
        .limit(4)
    )
    made = [(session.login, _("yo")), ("", _("cualquiera"))]
    return (*made, *((login, name.split(" ")[0]) for login, name in others))


def _open(conn: Connection, row: QueueRow, today: date) -> str:
    c = opportunity.c
    where = c.vehicle_id == row.vehicle_id if row.vehicle_id is not None else c.customer_id == row.customer_id
    due = conn.execute(select(func.min(c.due_day)).where(where, c.state == "open")).scalar()
    return _("Ya tiene una abierta ({date}).").format(date=show_day(due, today)) if due is not None else ""
