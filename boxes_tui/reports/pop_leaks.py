"""*Fugas*: what left its window unworked, by the day after the last day of the window, with no limit of age."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, union_all

from boxes_tui.data.reads.conditions import (
    Part,
    late_complaints,
    leaked_deliveries,
    leaked_no_shows,
    leaked_opportunities,
    leaked_services,
)
from boxes_tui.reports.base import Base, Ctx, common, flag, joined, nothing, raw

CODES = ("deliveries", "opportunities", "no_shows", "completed", "complaints")
"""Stages of a leak, as the queue's filters name them."""


def leaks(ctx: Ctx) -> Base:
    """The leaks that are open now, whatever their age."""
    session, live = ctx.session, ctx.live
    parts = dict(
        zip(
            CODES,
            (
                leaked_deliveries(session, live, None), leaked_opportunities(session, live),
                leaked_no_shows(session, live, None), leaked_services(session, live, None), late_complaints(session),
            ),
            strict=True,
        )
    )  # fmt: skip
    u = union_all(*(_part(ctx, code, part) for code, part in parts.items())).subquery("leaked")
    source, p = joined(u, u.c.last_user_id)
    base = common(u, p, own=False)
    columns = {
        "since": u.c.since, "stage": u.c.leak, "customer": base.pop("customer"), "plate": base.pop("plate"),
        "model": base.pop("model"), "days": ctx.today(u.c.branch_id) - raw(u.c.since) + 1,
        "disposition": u.c.last_code, "attempts": u.c.attempts, "agent": base.pop("agent"), **base,
    }  # fmt: skip
    facts = {code: flag(u.c.leak == code) for code in CODES}
    key = {
        "stage": u.c.stage, "id": u.c.id, "customer_id": u.c.customer_id, "vehicle_id": u.c.vehicle_id,
        "branch_id": u.c.branch_id, "dms_id": u.c.dms_id,
    }  # fmt: skip
    return Base(source, (ctx.within(u.c.since),), raw(u.c.since), columns, facts, key, ("since", "stage"), p)


def _part(ctx: Ctx, code: str, part: Part) -> Select[Any]:
    t = part.table
    since: ColumnElement[Any] = part.order[0]
    dms = t.c.source_key if "source_key" in t.c else nothing(_text())
    return select(
        literal(code).label("leak"), literal(part.stage).label("stage"), t.c.id.label("id"),
        t.c.customer_id.label("customer_id"), t.c.vehicle_id.label("vehicle_id"), t.c.branch_id.label("branch_id"),
        dms.label("dms_id"), since.label("since"), t.c.last_user_id.label("last_user_id"),
        t.c.last_code.label("last_code"), t.c.attempts.label("attempts"),
    ).where(part.where, raw(since).between(ctx.low, ctx.high))  # fmt: skip


def _text() -> Any:
    from sqlalchemy import Text

    return Text()
