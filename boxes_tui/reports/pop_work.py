"""Populations of opportunities: by due day, sold ones by the day sold, those of campaigns, and the campaigns' units."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select

from boxes_tui.data.tables import (
    appointment,
    call,
    campaign,
    campaign_unit,
    customer,
    customer_phone,
    opportunity,
    repair_order,
)
from boxes_tui.domain.queues import OPPORTUNITY_DAYS
from boxes_tui.reports.base import (
    Base,
    Ctx,
    Expr,
    Exprs,
    bucket,
    call_about,
    common,
    flag,
    joined,
    keys,
    live_appointment,
    raw,
    true_order,
)

CREDIT_DAYS = 5
"""An order opened within ±5 days of the appointment is credited to the sale (KPIS.md)."""
OVERDUE = ((3, "1-3"), (7, "4-7"), (15, "8-15"))
OPERATIONAL = ("technical_note", "recall")


def contacted(o: Any, since: Any = None) -> Expr:
    """Whether a call about the opportunity reached somebody; with ``since`` (epoch seconds) from then on."""
    k, about = call_about("opportunity", o.c.id)
    if since is not None:
        return exists().where(about, k.c.contact, raw(k.c.at) >= since)
    return or_(o.c.contacted_at.is_not(None), exists().where(about, k.c.contact))


def shown(ctx: Ctx, o: Any) -> Expr:
    """Whether the sale is credited with an order: the same vehicle, opened within ±5 days of the appointment's day, and
    not the arrival of an earlier appointment that somebody else had booked before the sale."""
    a, r, other, sale = appointment.alias(), repair_order.alias(), appointment.alias(), opportunity.alias()
    matched = select(raw(a.c.start_day)).where(a.c.id == o.c.appointment_id).correlate(o).scalar_subquery()
    day = func.coalesce(matched, ctx.day_of(o.c.sold_for, o.c.branch_id))
    mine = (
        exists()
        .where(sale.c.appointment_id == other.c.id, sale.c.state == "sold", sale.c.state_by == o.c.state_by)
        .correlate(other, o)
    )
    taken = (
        exists()
        .where(
            live_appointment(other), other.c.vehicle_id == o.c.vehicle_id,
            other.c.id != func.coalesce(o.c.appointment_id, -1), raw(other.c.booked_at) < raw(o.c.state_at),
            raw(other.c.start_day).between(raw(r.c.opened_day) - CREDIT_DAYS, raw(r.c.opened_day)),
            or_(other.c.arrived_at.is_(None), other.c.arrival_order_id == r.c.id), ~mine,
        )
        .correlate(r, o)
    )  # fmt: skip
    credited = (
        exists()
        .where(
            r.c.vehicle_id == o.c.vehicle_id, true_order(r),
            raw(r.c.opened_day).between(day - CREDIT_DAYS, day + CREDIT_DAYS), ~taken,
        )
        .correlate(o)
    )  # fmt: skip
    return and_(o.c.state == "sold", or_(o.c.show_order_id.is_not(None), credited))


def _agent(o: Any) -> Expr:
    """Who closed it, else who has it, else who called last."""
    closer = case((o.c.state != "open", o.c.state_by))
    return func.coalesce(closer, o.c.assigned_user_id, o.c.last_user_id)


def _age(today: Expr, due: Expr) -> Expr:
    return case((due < today, bucket(today - due, OVERDUE, ">15")))


def opportunities(ctx: Ctx) -> Base:
    """Opportunities by due day, cancelled ones out."""
    o = opportunity
    source, p = joined(o, _agent(o))
    g = campaign.alias()
    source = source.outerjoin(g, g.c.id == o.c.campaign_id)
    today, due = ctx.today(o.c.branch_id), raw(o.c.due_day)
    last = due + OPPORTUNITY_DAYS
    base = common(o, p, own=False)
    late = and_(o.c.state == "open", due < today)
    columns = {
        "due": o.c.due_day, "customer": base.pop("customer"), "plate": base.pop("plate"), "about": o.c.about,
        "status": o.c.state, "origin": o.c.origin, "reason": o.c.reason, "disposition": o.c.last_code,
        "agent": base.pop("agent"), "age": case((o.c.state == "open", _age(today, due))), "campaign": g.c.name,
        "attempts": o.c.attempts, "reschedules": o.c.reschedules, "created": o.c.created_day,
        "closed": o.c.state_day, "match": o.c.match, "model": base.pop("model"), **base,
    }  # fmt: skip
    facts: Exprs = {
        "sold": flag(o.c.state == "sold"),
        "discarded": flag(o.c.state == "discarded"),
        "closed": flag(o.c.state.in_(("sold", "discarded"))),
        "contacted": lambda: flag(contacted(o)),
        "matured": flag(and_(last < today, last >= ctx.live)),
        "waiting": flag(last >= today),
        "shown": lambda: flag(shown(ctx, o)),
        "overdue": flag(late),
        "many": flag(o.c.reschedules > 3),
        "moves": o.c.reschedules,
    }
    where = (o.c.state != "cancelled", ctx.session.scope(o.c.branch_id), ctx.within(o.c.due_day))
    return Base(source, where, due, columns, facts, keys(o, "opportunities", False), ("-due",), p)


def reconciliation(ctx: Ctx) -> Base:
    """Sold acts by the day sold, against the DMS."""
    o, a = opportunity, appointment.alias()
    source, p = joined(o, o.c.state_by)
    source = source.outerjoin(a, a.c.id == o.c.appointment_id)
    base = common(o, p, own=False)
    match = func.coalesce(o.c.match, "waiting")
    columns = {
        "sold": o.c.state_day, "agent": base.pop("agent"), "customer": base.pop("customer"),
        "plate": base.pop("plate"), "promised": o.c.sold_for, "in_dms": a.c.starts_at, "match": match,
        "advisor": a.c.advisor, "origin": o.c.origin, "status": o.c.state, "disposition": o.c.last_code, **base,
    }  # fmt: skip
    facts: Exprs = {
        "found": flag(match.in_(("verified", "credited"))),
        "verified": flag(match == "verified"),
        "credited": flag(match == "credited"),
        "moved": flag(match == "differs"),
        "unread": flag(match == "waiting"),
        "missing": flag(match == "missing"),
    }
    where = (o.c.state == "sold", ctx.session.scope(o.c.branch_id), ctx.within(o.c.state_day))
    return Base(source, where, raw(o.c.state_day), columns, facts, keys(o, "opportunities", False), ("-sold",), p)


def campaigns(ctx: Ctx) -> Base:
    """Campaign opportunities by the day they were made, cancelled ones out."""
    o, g = opportunity, campaign.alias()
    source, p = joined(o, _agent(o))
    source = source.outerjoin(g, g.c.id == o.c.campaign_id)
    base = common(o, p, own=False)
    columns = {
        "created": o.c.created_day, "campaign": g.c.name, "type": g.c.type, "customer": base.pop("customer"),
        "plate": base.pop("plate"), "due": o.c.due_day, "status": o.c.state, "reason": o.c.reason,
        "disposition": o.c.last_code, "agent": base.pop("agent"), "attempts": o.c.attempts,
        "reschedules": o.c.reschedules, "closed": o.c.state_day, "match": o.c.match, "origin": o.c.origin,
        "model": base.pop("model"), **base,
    }  # fmt: skip
    where = (
        o.c.origin == "campaign", o.c.state != "cancelled", ctx.session.scope(o.c.branch_id),
        ctx.within(o.c.created_day),
    )  # fmt: skip
    key = keys(o, "opportunities", False)
    return Base(source, where, raw(o.c.created_day), columns, {}, key, ("-created", "campaign"), p)


def units(ctx: Ctx) -> Base:
    """Units of the campaigns made in the span, those of undone campaigns out. *Assigned* are all but the blocked ones."""
    n, g, o, c = campaign_unit, campaign.alias(), opportunity.alias(), customer.alias()
    source, p = joined(n, n.c.assigned_user_id)
    source = source.join(g, g.c.id == n.c.campaign_id).outerjoin(o, o.c.id == n.c.opportunity_id)
    base = common(n, p, own=False)
    f, r = customer_phone.alias(), repair_order.alias()
    reachable = and_(
        exists().where(c.c.id == n.c.customer_id, c.c.without_phone_at.is_(None)),
        exists().where(f.c.customer_id == n.c.customer_id, f.c.present, f.c.wrong_at.is_(None)),
    )
    assigned = n.c.state != "blocked"
    came = exists().where(
        r.c.vehicle_id == n.c.vehicle_id, true_order(r), raw(r.c.opened_day) >= raw(n.c.assigned_day)
    )  # fmt: skip
    columns = {
        "assigned": n.c.assigned_day, "campaign": g.c.name, "type": g.c.type, "customer": base.pop("customer"),
        "plate": base.pop("plate"), "vin": base.pop("vin"), "state": n.c.state, "status": o.c.state,
        "blocked_why": n.c.blocked_why, "done": n.c.done_day, "disposition": o.c.last_code,
        "agent": base.pop("agent"), "model": base.pop("model"), **base,
    }  # fmt: skip
    reached = exists().where(
        call.c.subject == "opportunity", call.c.subject_id == n.c.opportunity_id, call.c.annulled_at.is_(None),
        call.c.contact, raw(call.c.at) >= raw(n.c.assigned_at),
    )  # fmt: skip
    sale = and_(o.c.state == "sold", raw(o.c.state_at) >= raw(n.c.assigned_at))
    facts: Exprs = {
        "assigned": flag(assigned),
        "blocked": flag(n.c.state == "blocked"),
        "callable": flag(and_(assigned, reachable)),
        "unreachable": flag(and_(assigned, ~reachable)),
        "contacted": flag(reached),
        "set": flag(sale),
        "came": flag(came),
        "shown": lambda: flag(and_(sale, shown(ctx, o))),
        "done": flag(n.c.done_at.is_not(None)),
        "recall": flag(g.c.type.in_(OPERATIONAL)),
        "campaign_id": n.c.campaign_id,
    }
    day = raw(g.c.created_day)
    where = (
        n.c.state != "undone",
        g.c.undone_at.is_(None),
        ctx.session.scope(n.c.branch_id),
        ctx.within(g.c.created_day),
    )
    key = {
        "row": n.c.id, "stage": literal("vehicles"), "id": n.c.vehicle_id, "customer_id": n.c.customer_id,
        "vehicle_id": n.c.vehicle_id, "branch_id": n.c.branch_id, "dms_id": p["v"].c.source_key,
    }  # fmt: skip
    return Base(source, where, day, columns, facts, key, ("campaign", "plate"), p)
