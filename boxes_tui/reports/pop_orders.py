"""Populations of the workshop: appointments by their day, orders by opening day, orders by delivery day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select

from boxes_tui.data.reads.conditions import live_appointment as standing
from boxes_tui.data.reads.conditions import true_order as work
from boxes_tui.data.reads.conditions import undelivered
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.tables import appointment, call, complaint, contact_log, opportunity, outbox, repair_order
from boxes_tui.domain.dispositions import COMPLAINT_HOURS, DETRACTOR_SCORE
from boxes_tui.domain.queues import COURTESY_DAYS, NO_SHOW_DAYS
from boxes_tui.reports.base import (
    Base,
    Ctx,
    Expr,
    Exprs,
    Made,
    bucket,
    call_about,
    common,
    flag,
    joined,
    keys,
    live_appointment,
    raw,
    true_order,
    yes_no,
)
from boxes_tui.reports.pop_sales import open_ahead

COMEBACK_DAYS, COMEBACK_KM = 30, 1000
RESPONSE_DAYS = 90
TOP_BOX = 9
OPEN_LIMIT = 3
"""Working days after which an open order counts as long (KPIS.md)."""


def appointments(ctx: Ctx) -> Base:
    """Appointments by their day; cancelled and vanished ones out."""
    t = appointment
    source, p = joined(t, func.coalesce(t.c.confirmed_by, t.c.last_user_id))
    today, day = ctx.today(t.c.branch_id), raw(t.c.start_day)
    booked, confirmed_on = ctx.day_of(t.c.booked_at, t.c.branch_id), ctx.day_of(t.c.confirmed_at, t.c.branch_id)
    past, came, confirmed = day < today, t.c.arrived_at.is_not(None), t.c.confirmed_at.is_not(None)
    missed = and_(past, ~came)
    state = case(
        (came, literal("arrived")), (past, literal("no_show")), (confirmed, literal("confirmed")),
        else_=literal("to_confirm"),
    )  # fmt: skip
    base = common(t, p)
    columns: Exprs = {
        "day": t.c.start_day, "starts": t.c.starts_at,
        "customer": func.coalesce(t.c.contact_name, base.pop("customer")), "plate": base.pop("plate"),
        "model": base.pop("model"), "advisor": t.c.advisor, "state": state, "confirmed": yes_no(confirmed),
        "status": t.c.status, "agent": base.pop("agent"), "disposition": t.c.last_code, "attempts": t.c.attempts, **base,
    }  # fmt: skip
    eligible = and_(or_(t.c.booked_at.is_(None), booked < day), day >= ctx.live)
    due = day + NO_SHOW_DAYS
    facts: Exprs = {
        "past": flag(past),
        "ahead": flag(~past),
        "came": flag(came),
        "missed": flag(missed),
        "confirmed": flag(confirmed),
        "eligible": flag(and_(eligible, day <= today)),
        "not_yet": flag(and_(eligible, day > today)),
        "in_time": flag(confirmed_on < day),
        "lost": flag(and_(missed, due < today, due >= ctx.live)),
        "losing": flag(and_(missed, due >= today)),
        "rebooked": lambda: flag(_rebooked(ctx, t, day)),
        "came_back": lambda: flag(_came_back(t, day)),
        "lead": case((booked <= day, day - booked)),
    }
    where = (standing(), ctx.session.scope(t.c.branch_id), ctx.within(t.c.start_day))
    return Base(source, where, day, columns, facts, keys(t, "appointments"), ("-starts",), p)


def _rebooked(ctx: Ctx, t: Any, day: Expr) -> Expr:
    """An opportunity made from the no-show, or another appointment booked, within seven days."""
    o, a = opportunity.alias(), appointment.alias()
    made = exists().where(
        o.c.id == t.c.rebooked_id, o.c.state != "cancelled", raw(o.c.created_day) <= day + NO_SHOW_DAYS
    )  # fmt: skip
    on = ctx.day_of(a.c.booked_at, a.c.branch_id)
    booked = exists().where(
        a.c.vehicle_id == t.c.vehicle_id, live_appointment(a), raw(a.c.start_day) > day,
        on.between(day, day + NO_SHOW_DAYS),
    )  # fmt: skip
    return or_(made, booked)


def _came_back(t: Any, day: Expr) -> Expr:
    r = repair_order.alias()
    return exists().where(r.c.vehicle_id == t.c.vehicle_id, true_order(r), raw(r.c.opened_day) > day)


def _order_columns(t: Any, base: dict[str, Expr]) -> dict[str, Expr]:
    return {
        "customer": base.pop("customer"), "plate": base.pop("plate"), "model": base.pop("model"), "advisor": t.c.advisor
    }  # fmt: skip


def _order_key(t: Any) -> Expr:
    return func.coalesce(t.c.source_key, t.c.number)


def _workshop(t: Any) -> dict[str, Expr]:
    return {
        "pay_type": t.c.pay_type, "order_type": t.c.order_type, "result": t.c.result,
        "delivery_basis": t.c.delivery_basis, "status": t.c.status, "km": t.c.odometer_in, "amount": t.c.total,
    }  # fmt: skip


def in_process(ctx: Ctx) -> Base:
    """Orders by opening day, delivered since or not; estimates and voided ones out."""
    t = repair_order
    source, p = joined(t, t.c.last_user_id)
    today, day = ctx.today(t.c.branch_id), raw(t.c.opened_day)
    is_open, delivered = undelivered(), t.c.handover_at.is_not(None)
    age = bucket(today - day, ((0, "today"), (1, "yesterday"), (7, "week")), "older")
    promised_day = ctx.day_of(t.c.promised_at, t.c.branch_id)
    by_day = func.coalesce(t.c.promised_at_precision, "time") == "day"
    kept = or_(
        and_(by_day, raw(t.c.handover_day) <= promised_day), and_(~by_day, raw(t.c.handover_at) <= raw(t.c.promised_at))
    )  # fmt: skip
    overdue = or_(and_(by_day, promised_day < today), and_(~by_day, raw(t.c.promised_at) < ctx.now))
    base = common(t, p)
    columns: Exprs = {
        "opened": t.c.opened_day, **_order_columns(t, base), "order": _order_key(t),
        "state": case((is_open, literal("open")), else_=literal("delivered")), "age": case((is_open, age)),
        "promised": t.c.promised_at, "handed_over": t.c.handover_at, "agent": base.pop("agent"),
        "disposition": t.c.last_code, "attempts": t.c.attempts, **_workshop(t), "channel": lambda: _channel(t), **base,
    }  # fmt: skip
    facts: Exprs = {
        "open": flag(is_open),
        "delivered": flag(delivered),
        "by_hand": flag(t.c.delivery_basis == "manual"),
        "cycle": raw(t.c.handover_at) - raw(t.c.opened_at),
        "long": lambda: flag(_long(ctx, t, day)),
        "promised": flag(t.c.promised_at.is_not(None)),
        "kept": flag(kept),
        "late": flag(overdue),
        **_coverage(t, t.c.opened_day),
    }
    where = (work(), ctx.session.scope(t.c.branch_id), ctx.within(t.c.opened_day))
    return Base(source, where, day, columns, facts, keys(t, "in_process"), ("-opened",), p)


def _long(ctx: Ctx, t: Any, day: Expr) -> Expr:
    """Open for more than three working days of its branch."""
    limits = [(b.id, _limit(ctx, b.id, ctx.session.today_of(b.id))) for b in ctx.session.branches]
    general = _limit(ctx, None, ctx.session.today)
    if not limits:
        return day <= general
    return day <= case(*((t.c.branch_id == i, limit) for i, limit in limits), else_=general)


def _limit(ctx: Ctx, branch_id: int | None, today: date) -> int:
    """The last opening day of which more than three working days have passed, today included."""
    days = calendar(ctx.conn, branch_id, today)
    day, passed = today, 0
    while True:
        passed += days.is_working(day)
        day -= timedelta(1)
        if passed > OPEN_LIMIT:
            return day.toordinal()


def _coverage(t: Any, by: Any) -> dict[str, Made]:
    """Each vehicle once (its last order), and whether it has an open opportunity."""
    return {
        "once": lambda: flag(and_(t.c.vehicle_id.is_not(None), _last_of_vehicle(t, by))),
        "agreed": lambda: flag(open_ahead(t.c.vehicle_id, t.c.customer_id)),
    }


def _last_of_vehicle(t: Any, by: Any) -> Expr:
    return func.row_number().over(partition_by=t.c.vehicle_id, order_by=(by.desc(), t.c.id.desc())) == 1


def _channel(t: Any) -> Expr:
    """The channel of the last outbound contact within 90 days before the order: call, email, whatsapp; none without."""
    k, w, m, a = call.alias(), contact_log.alias(), outbox.alias(), appointment.alias()
    span = raw(t.c.opened_at) - RESPONSE_DAYS * 86400, raw(t.c.opened_at)
    last = {
        "call": select(func.max(raw(k.c.at))).where(
            k.c.customer_id == t.c.customer_id, k.c.contact, k.c.annulled_at.is_(None), raw(k.c.at).between(*span)
        ),
        "email": select(func.max(raw(m.c.sent_at))).where(
            a.c.customer_id == t.c.customer_id, m.c.appointment_id == a.c.id, m.c.state == "sent",
            raw(m.c.sent_at).between(*span),
        ),
        "whatsapp": select(func.max(raw(w.c.at))).where(
            w.c.customer_id == t.c.customer_id, w.c.channel == "whatsapp", w.c.annulled_at.is_(None),
            raw(w.c.at).between(*span),
        ),
    }  # fmt: skip
    at = {name: func.coalesce(query.scalar_subquery(), 0) for name, query in last.items()}
    newest = {name: and_(at[name] > 0, *(at[name] >= at[other] for other in at if other != name)) for name in at}
    return case(*((condition, literal(name)) for name, condition in newest.items()))


def completed(ctx: Ctx) -> Base:
    """Orders by the day of delivery (DMS or manual); estimates and voided ones out."""
    t = repair_order
    source, p = joined(t, t.c.last_user_id)
    today, day = ctx.today(t.c.branch_id), raw(t.c.handover_day)
    last, back = day + COURTESY_DAYS, day + COMEBACK_DAYS
    k, about = call_about("repair_order", t.c.id, "courtesy")
    base = common(t, p)
    score = _survey(t)
    columns: Exprs = {
        "delivered": t.c.handover_day, **_order_columns(t, base), "disposition": lambda: _outcome(t),
        "attempts": t.c.attempts, "order": _order_key(t), "score": score,
        "state": case((t.c.courtesy_call_id.is_(None), literal("pending")), else_=literal("done")),
        "agent": base.pop("agent"), "opened": t.c.opened_day, **_workshop(t), **base,
    }  # fmt: skip
    unhappy = score <= DETRACTOR_SCORE
    due = _due(t)
    facts: Exprs = {
        "matured": flag(and_(last < today, last >= ctx.live)),
        "waiting": flag(last >= today),
        "contact15": lambda: flag(exists().where(about, k.c.contact, raw(k.c.day) - day <= COURTESY_DAYS)),
        "contacted": lambda: flag(exists().where(about, k.c.contact)),
        "surveyed": flag(score.is_not(None)),
        "top": flag(score >= TOP_BOX),
        "detractor": flag(and_(unhappy, due < ctx.now)),
        "complaining": flag(and_(unhappy, due >= ctx.now)),
        "unhappy": flag(unhappy),
        "answered": lambda: flag(_answered(t)),
        "back_due": flag(back < today),
        "back_waiting": flag(back >= today),
        "came_back": lambda: flag(_comeback(t, day)),
        **_coverage(t, t.c.handover_day),
    }
    where = (work(), ctx.session.scope(t.c.branch_id), ctx.within(t.c.handover_day))
    return Base(source, where, day, columns, facts, keys(t, "completed"), ("-delivered", "order"), p)


def _outcome(t: Any) -> Expr:
    k, about = call_about("repair_order", t.c.id, "courtesy")
    return select(k.c.code).where(about).order_by(k.c.at.desc(), k.c.id.desc()).limit(1).scalar_subquery()


def _survey(t: Any) -> Expr:
    """The last score that the customer gave for this order."""
    k, about = call_about("repair_order", t.c.id, "courtesy")
    scored = select(k.c.score).where(about, k.c.score.is_not(None))
    return scored.order_by(k.c.at.desc(), k.c.id.desc()).limit(1).scalar_subquery()


def _due(t: Any) -> Expr:
    """When the answer to the detractor is due: 24 hours after the call that gave the score."""
    k, about = call_about("repair_order", t.c.id, "courtesy")
    scored = select(raw(k.c.at) + COMPLAINT_HOURS * 3600).where(about, k.c.score.is_not(None))
    return scored.order_by(k.c.at.desc(), k.c.id.desc()).limit(1).scalar_subquery()


def _answered(t: Any) -> Expr:
    """A contacted call about the complaint within 24 hours of its opening."""
    m, k = complaint.alias(), call.alias()
    return exists().where(
        m.c.order_id == t.c.id, m.c.annulled_at.is_(None), k.c.id == m.c.owner_call_id, k.c.annulled_at.is_(None),
        raw(k.c.at) <= raw(m.c.opened_at) + COMPLAINT_HOURS * 3600,
    )  # fmt: skip


def _comeback(t: Any, day: Expr) -> Expr:
    """A later order of the vehicle within 30 days or 1,000 km of this one."""
    r = repair_order.alias()
    driven = r.c.odometer_in - func.coalesce(t.c.odometer_out, t.c.odometer_in)
    soon = raw(r.c.opened_day) <= day + COMEBACK_DAYS
    return exists().where(
        r.c.vehicle_id == t.c.vehicle_id, r.c.id != t.c.id, true_order(r), raw(r.c.opened_at) >= raw(t.c.handover_at),
        or_(soon, driven.between(0, COMEBACK_KM)),
    )  # fmt: skip
