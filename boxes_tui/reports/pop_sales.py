"""Populations of vehicles handed over: *Entregas* (deliveries by day) and *Retención* (vehicles by that day)."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select

from boxes_tui.data.reads.conditions import present
from boxes_tui.data.tables import customer, opportunity, repair_order, sale_delivery, vehicle
from boxes_tui.domain.queues import WELCOME_DAYS
from boxes_tui.reports.base import (
    Base,
    Ctx,
    Expr,
    Exprs,
    call_about,
    common,
    flag,
    joined,
    keys,
    nothing,
    raw,
    true_order,
)
from boxes_tui.reports.months import anniversary, month_table, months_before

FIRST_SERVICE_MONTHS = 13
YEARS = range(1, 6)
RISK_MONTHS, LOST_MONTHS = 15, 18
"""*En riesgo* is the last three months before the limit of 18 (KPIS.md, lifecycle)."""


def sold(t: Any) -> Expr:
    """Sale deliveries that stand: not annulled, not gone, no stubs."""
    return and_(present(t), func.coalesce(t.c.status, "delivered") != "annulled")


def open_ahead(vehicle_id: Any, customer_id: Any, today: Any = None) -> Expr:
    """Whether the unit (without one, the customer) has an open opportunity, due from ``today`` on where given."""
    o = opportunity.alias()
    whose = or_(o.c.vehicle_id == vehicle_id, and_(vehicle_id.is_(None), o.c.customer_id == customer_id))
    where = [o.c.state == "open", whose]
    if today is not None:
        where.append(raw(o.c.due_day) >= today)
    return exists().where(*where)


def deliveries(ctx: Ctx) -> Base:
    """Sale deliveries by the day of the delivery."""
    t = sale_delivery
    source, p = joined(t, t.c.last_user_id)
    today, day = ctx.today(t.c.branch_id), raw(t.c.delivered_day)
    last = day + WELCOME_DAYS
    welcomed = and_(last < today, last >= ctx.live)
    k, about = call_about("sale_delivery", t.c.id, "welcome")
    soon = raw(k.c.day) - day <= WELCOME_DAYS
    f, first = call_about("sale_delivery", t.c.id, "welcome")
    base = common(t, p)
    columns = {
        "delivered": t.c.delivered_day, "customer": func.coalesce(base.pop("customer"), t.c.buyer_name), **_unit(base),
        "salesperson": t.c.salesperson, "disposition": t.c.last_code, "attempts": t.c.attempts,
        "status": case((t.c.welcome_call_id.is_(None), literal("pending")), else_=literal("done")),
        "condition": t.c.condition, **base,
    }  # fmt: skip
    facts: Exprs = {
        "matured": flag(welcomed),
        "waiting": flag(last >= today),
        "attempt30": lambda: flag(exists().where(about, soon)),
        "contact30": lambda: flag(exists().where(about, soon, k.c.contact)),
        "contacted": lambda: flag(exists().where(about, k.c.contact)),
        "days_to": lambda: select(func.min(raw(f.c.day)) - day).where(first, f.c.contact).scalar_subquery(),
        "seeded": lambda: flag(open_ahead(t.c.vehicle_id, t.c.customer_id, today)),
    }
    return Base(
        source, (sold(t), ctx.session.scope(t.c.branch_id), ctx.within(t.c.delivered_day)), day, columns, facts,
        keys(t, "deliveries"), ("-delivered",), p,
    )  # fmt: skip


def _unit(base: dict[str, Expr]) -> dict[str, Expr]:
    return {name: base.pop(name) for name in ("plate", "model")}


def retention(ctx: Ctx) -> Base:
    """Vehicles by the day of their sale delivery; of several in the span the last one counts."""
    t, later = sale_delivery, sale_delivery.alias()
    source, p = joined(t, t.c.last_user_id)
    day, today = raw(t.c.delivered_day), ctx.today(t.c.branch_id)
    again = exists().where(
        later.c.vehicle_id == t.c.vehicle_id, sold(later), ctx.within(later.c.delivered_day),
        ctx.session.scope(later.c.branch_id),
        or_(raw(later.c.delivered_day) > day, and_(raw(later.c.delivered_day) == day, later.c.id > t.c.id)),
    )  # fmt: skip
    first, last, count = (_orders(t, day, what) for what in ("min", "max", "count"))
    base_day = func.coalesce(last, day)
    life = case(
        (base_day < months_before(ctx.session.today, LOST_MONTHS), literal("lost")),
        (base_day < months_before(ctx.session.today, RISK_MONTHS), literal("at_risk")),
        (last.is_(None), literal("first_service")),
        else_=literal("regular"),
    )
    base = common(t, p)
    columns = {
        "delivered": t.c.delivered_day, "customer": func.coalesce(base.pop("customer"), t.c.buyer_name), **_unit(base),
        "lifecycle": life, "first_service": first, "last_service": last, "services": count,
        "salesperson": t.c.salesperson, "condition": t.c.condition, **base,
    }  # fmt: skip
    months = month_table(*_extent(ctx), (FIRST_SERVICE_MONTHS, *(12 * k for k in YEARS)))
    source = source.join(months, day.between(months.c.first, months.c.last))
    limit = anniversary(day, months, FIRST_SERVICE_MONTHS)
    facts: Exprs = {
        "first_due": flag(limit < today), "first_waiting": flag(limit >= today), "first_came": flag(first <= limit),
    }  # fmt: skip
    for k in YEARS:
        start = anniversary(day, months, 12 * (k - 1)) if k > 1 else day
        end = anniversary(day, months, 12 * k)
        facts |= {
            f"year{k}_due": flag(end < today),
            f"year{k}_waiting": flag(end >= today),
            f"year{k}_came": partial(_came, t, start, end),
        }
    where = (
        sold(t), t.c.vehicle_id.is_not(None), ctx.session.scope(t.c.branch_id), ctx.within(t.c.delivered_day), ~again
    )  # fmt: skip
    return Base(source, where, day, columns, facts, keys(t, "deliveries"), ("-delivered",), p)


def _came(t: Any, start: Expr, end: Expr) -> Expr:
    """Whether the vehicle came to the workshop after ``start`` and up to ``end``."""
    r = repair_order.alias()
    days = and_(raw(r.c.opened_day) > start, raw(r.c.opened_day) <= end)
    return flag(exists().where(r.c.vehicle_id == t.c.vehicle_id, true_order(r), days))


def _extent(ctx: Ctx) -> tuple[int, int]:
    """First and last day of the span on which anything was delivered."""
    day = raw(sale_delivery.c.delivered_day)
    found = ctx.conn.execute(
        select(func.min(day), func.max(day)).where(ctx.within(sale_delivery.c.delivered_day))
    ).one()
    return (found[0] or ctx.today_ordinal), (found[1] or ctx.today_ordinal)


def _orders(t: Any, day: Expr, what: str) -> Expr:
    r = repair_order.alias()
    made = {
        "min": func.min(raw(r.c.opened_day)),
        "max": func.max(raw(r.c.opened_day)),
        "count": func.count(r.c.id),
    }[what]
    return (
        select(made).where(r.c.vehicle_id == t.c.vehicle_id, true_order(r), raw(r.c.opened_day) > day).scalar_subquery()
    )


def park(ctx: Ctx) -> Base:
    """The vehicles of SCR on the last day of the span (today at most): sold in 24 months, or up to 15 years old with a
    customer-paid order in 24 months."""
    v = vehicle
    source, p = joined_vehicle()
    as_of = min(ctx.high, ctx.today_ordinal)
    two, one = months_before(date.fromordinal(as_of), 24), months_before(date.fromordinal(as_of), 12)
    s, r, q = sale_delivery.alias(), repair_order.alias(), repair_order.alias()
    sold_lately = exists().where(
        s.c.vehicle_id == v.c.id, sold(s), raw(s.c.delivered_day) > two, raw(s.c.delivered_day) <= as_of,
        ctx.session.scope(s.c.branch_id),
    )  # fmt: skip

    def paid(o: Any, low: Any) -> Expr:
        return and_(
            o.c.vehicle_id == v.c.id, true_order(o), o.c.pay_type == "customer", raw(o.c.opened_day) > low,
            raw(o.c.opened_day) <= as_of, ctx.session.scope(o.c.branch_id),
        )  # fmt: skip

    young = v.c.model_year >= date.fromordinal(as_of).year - 15
    before, sale = repair_order.alias(), sale_delivery.alias()
    previous_order = (
        select(func.max(raw(before.c.opened_day)))
        .where(
            before.c.vehicle_id == v.c.id, true_order(before),
            or_(raw(before.c.opened_day) < raw(q.c.opened_day),
                and_(raw(before.c.opened_day) == raw(q.c.opened_day), before.c.id < q.c.id)),
        )
        .correlate(q, v)
        .scalar_subquery()
    )  # fmt: skip
    previous_sale = (
        select(func.max(raw(sale.c.delivered_day)))
        .where(sale.c.vehicle_id == v.c.id, sold(sale), raw(sale.c.delivered_day) <= raw(q.c.opened_day))
        .correlate(q, v)
        .scalar_subquery()
    )
    loyal = exists().where(
        paid(q, one),
        or_(raw(q.c.opened_day) - previous_order <= 365, raw(q.c.opened_day) - previous_sale <= 365),
    )
    columns = {
        "customer": p["c"].c.display_name, "plate": v.c.plate, "model": v.c.model,
        "vin": func.coalesce(v.c.vin, v.c.chassis), "make": v.c.make, "version": v.c.version,
        "model_year": v.c.model_year, "last_service": v.c.last_service_day, "km": v.c.last_km, "city": p["c"].c.city,
    }  # fmt: skip
    where = (v.c.merged_into_id.is_(None), or_(sold_lately, and_(young, exists().where(paid(r, two)))))
    key = {
        "row": v.c.id, "stage": literal("vehicles"), "id": v.c.id, "customer_id": v.c.owner_id, "vehicle_id": v.c.id,
        "branch_id": nothing(), "dms_id": v.c.source_key,
    }  # fmt: skip
    return Base(source, where, literal(as_of), columns, {"loyal": flag(loyal)}, key, ("model",), p)


def joined_vehicle() -> tuple[Any, dict[str, Any]]:
    """Vehicles with their owners."""
    c = customer.alias()
    return vehicle.outerjoin(c, c.c.id == vehicle.c.owner_id), {"c": c, "v": vehicle}
