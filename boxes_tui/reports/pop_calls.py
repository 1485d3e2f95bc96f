"""Populations of the agents' report: calls by day, claims that ended, and shifts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select

from boxes_tui.data.tables import app_user, call, campaign, claim_log, opportunity, shift_log
from boxes_tui.domain.queues import REF_SUBJECTS
from boxes_tui.reports.base import Base, Ctx, Expr, Exprs, common, flag, joined, keys, nothing, raw, yes_no

ON_TIME_SECONDS = 15 * 60
WORKING = ("ready", "on_call", "wrap_up")
"""Shift states that count as logged in: ``paused`` and ``off`` do not."""


def agents(ctx: Ctx) -> Base:
    """Calls by the day of the call, annulled ones out."""
    t = call
    source, p = joined(t, t.c.user_id)
    o, g = opportunity.alias(), campaign.alias()
    about = and_(t.c.subject == "opportunity", o.c.id == t.c.subject_id)
    source = source.outerjoin(o, about).outerjoin(g, g.c.id == o.c.campaign_id)
    base = common(t, p, own=False)
    columns = {
        "at": t.c.at, "agent": base.pop("agent"), "type": t.c.type, "disposition": t.c.code,
        "customer": base.pop("customer"), "plate": base.pop("plate"), "contact": yes_no(t.c.contact),
        "productive": yes_no(t.c.productive), "purpose": t.c.purpose, "reason": t.c.reason, "score": t.c.score,
        "campaign": g.c.name, "outside_rules": t.c.outside_rules, "model": base.pop("model"), **base, "day": t.c.day,
    }  # fmt: skip
    record = (_subject(t), _subject_id(t))
    who = func.coalesce(t.c.customer_id, -t.c.vehicle_id, t.c.subject_id)
    person = (t.c.user_id, t.c.day, t.c.type, who)
    facts: Exprs = {
        "contact": flag(t.c.contact),
        "record": lambda: flag(_first(record, t.c.contact.desc(), t.c.at, t.c.id)),
        "person": lambda: flag(_first(person, t.c.productive.desc(), t.c.at, t.c.id)),
        "productive": flag(t.c.productive),
        "sold": flag(t.c.code == "appointment_sold"),
        "reached": lambda: flag(and_(t.c.contact, ~exists().where(*_before(t, contact=True)))),
        "tries": lambda: 1 + select(func.count()).where(*_before(t)).scalar_subquery(),
        "promised": flag(and_(t.c.callback_at.is_not(None), raw(t.c.callback_at) + ON_TIME_SECONDS < ctx.now)),
        "promising": flag(and_(t.c.callback_at.is_not(None), raw(t.c.callback_at) + ON_TIME_SECONDS >= ctx.now)),
        "kept": lambda: flag(_kept(t)),
        "handle": case((t.c.opened_at.is_not(None), raw(t.c.at) - raw(t.c.opened_at))),
        "outside": flag(t.c.outside_rules.is_not(None)),
    }
    where = (t.c.annulled_at.is_(None), ctx.session.scope(t.c.branch_id), ctx.within(t.c.day))
    key = {**keys(t, "calls", False), "stage": _stage(t), "id": func.coalesce(t.c.subject_id, t.c.id)}
    return Base(source, where, raw(t.c.day), columns, facts, key, ("-at",), p)


def _subject(t: Any) -> Expr:
    return func.coalesce(t.c.subject, literal("customer"))


def _subject_id(t: Any) -> Expr:
    return func.coalesce(t.c.subject_id, t.c.customer_id, -t.c.id)


def _stage(t: Any) -> Expr:
    """The word before the colon of the ref of the row that the call was about."""
    stages = {subject: stage for stage, subject in reversed(REF_SUBJECTS.items())}
    stages["repair_order"] = "in_process"
    stages |= {"customer": "customers", "vehicle": "vehicles"}
    named = [(t.c.subject == subject, literal(stage)) for subject, stage in stages.items()]
    return case((t.c.type == "courtesy", literal("completed")), *named, else_=literal("calls"))


def _first(group: tuple[Any, ...], *order: Any) -> Expr:
    return func.row_number().over(partition_by=group, order_by=order) == 1


def _before(t: Any, *, contact: bool = False) -> list[Expr]:
    """Earlier calls of the same record, whenever they were made."""
    k = call.alias()
    earlier = or_(raw(k.c.at) < raw(t.c.at), and_(raw(k.c.at) == raw(t.c.at), k.c.id < t.c.id))
    where = [
        k.c.subject == t.c.subject, k.c.subject_id == t.c.subject_id, k.c.annulled_at.is_(None), earlier
    ]  # fmt: skip
    return [*where, k.c.contact] if contact else where


def _kept(t: Any) -> Expr:
    """A later call about the same record within 15 minutes of what was promised."""
    k = call.alias()
    promised = raw(t.c.callback_at)
    return exists().where(
        k.c.subject == t.c.subject, k.c.subject_id == t.c.subject_id, k.c.annulled_at.is_(None), k.c.id != t.c.id,
        raw(k.c.at) >= raw(t.c.at), raw(k.c.at).between(promised - ON_TIME_SECONDS, promised + ON_TIME_SECONDS),
    )  # fmt: skip


def claims(ctx: Ctx) -> Base:
    """Claims that ended, by the day on which they did."""
    t = claim_log
    b, u = _branch(), app_user.alias()
    source = t.outerjoin(b, b.c.id == t.c.branch_id).outerjoin(u, u.c.id == t.c.user_id)
    columns = {"day": t.c.day, "agent": u.c.login, "ended": t.c.ended, "type": t.c.subject, "branch": b.c.code}
    stages = {subject: stage for stage, subject in reversed(REF_SUBJECTS.items())}
    stage = case(*((t.c.subject == s, literal(word)) for s, word in stages.items()), else_=literal("claims"))
    key = {
        "row": t.c.id, "stage": stage, "id": func.coalesce(t.c.subject_id, t.c.id), "customer_id": nothing(),
        "vehicle_id": nothing(), "branch_id": t.c.branch_id, "dms_id": nothing(),
    }  # fmt: skip
    where = (ctx.session.scope(t.c.branch_id), ctx.within(t.c.day))
    facts: Exprs = {"undisposed": flag(t.c.ended != "disposed")}
    return Base(source, where, raw(t.c.day), columns, facts, key, ("-day", "agent"), {"b": b, "u": u})


def shifts(ctx: Ctx) -> Base:
    """Stretches of shifts that touch the span, cut to it, in whole minutes; those of people out of scope are out."""
    t, u = shift_log, app_user.alias()
    start, end = _edge(ctx, ctx.low), min(_edge(ctx, ctx.high + 1), ctx.now)
    until = func.coalesce(raw(t.c.until), ctx.now)
    first = case((raw(t.c.since) < start, literal(start)), else_=raw(t.c.since))
    last = case((until > end, literal(end)), else_=until)
    minutes = (last - first) // 60
    source = t.join(u, u.c.id == t.c.user_id)
    columns = {"agent": u.c.login, "shift": t.c.shift, "at": t.c.since, "until": t.c.until, "minutes": minutes}
    facts: Exprs = {
        "minutes": minutes,
        "working": flag(t.c.shift.in_(WORKING)),
        "talk": flag(t.c.shift == "on_call"),
        "wait": flag(t.c.shift == "ready"),
        "pause": flag(t.c.shift == "paused"),
        "wrap": flag(t.c.shift == "wrap_up"),
    }
    key = {
        "row": t.c.id, "stage": literal("shifts"), "id": t.c.id, "customer_id": nothing(), "vehicle_id": nothing(),
        "branch_id": nothing(), "dms_id": nothing(),
    }  # fmt: skip
    where = [raw(t.c.since) < end, until > start]
    if ctx.session.branch_ids is not None:
        where.append(t.c.user_id.in_(_colleagues(ctx)))
    return Base(source, tuple(where), ctx.day_of(t.c.since, nothing()), columns, facts, key, ("agent", "-at"), {"u": u})


def _colleagues(ctx: Ctx) -> Any:
    from boxes_tui.data.tables import user_branch

    return select(user_branch.c.user_id).where(user_branch.c.branch_id.in_(ctx.session.branch_ids or ()))


def _edge(ctx: Ctx, ordinal: int) -> int:
    """The instant at which a day begins in the zone of the first branch."""
    from datetime import date, datetime, time
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(ctx.session.zone_of(ctx.session.branches[0].id if ctx.session.branches else None))
    return int(datetime.combine(date.fromordinal(ordinal), time(), zone).timestamp())


def _branch() -> Any:
    from boxes_tui.data.tables import branch

    return branch.alias()
