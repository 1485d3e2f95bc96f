"""Populations behind the campaigns' report that are no calls and no units: the customers and how they can be reached, the
do-not-contact list of the house, and the No Llame lists in force (KPIS.md, *Datos / legal*). All of them as of now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, and_, case, exists, func, literal

from boxes_tui.data.tables import block, customer, customer_phone, dnc_list
from boxes_tui.reports.base import Base, Ctx, Expr, Exprs, flag, nothing, raw, yes_no


def people(ctx: Ctx) -> Base:
    """Customers that the DMS still names, each once; erased and merged ones out. They are the dealer's, not a branch's."""
    t, p, other = customer, customer_phone.alias(), customer.alias()
    phone = exists().where(p.c.customer_id == t.c.id, p.c.present, p.c.wrong_at.is_(None), p.c.e164.is_not(None))
    mail = and_(t.c.email.like("_%@_%.__%"), ~t.c.email.like("% %"), ~t.c.email.like("%@%@%"))
    twin = exists().where(
        other.c.doc_digits == t.c.doc_digits, other.c.doc_digits != "", other.c.id < t.c.id, *_alive(other)
    )
    columns: Exprs = {
        "customer": t.c.display_name, "city": t.c.city, "phone_ok": lambda: yes_no(phone), "email_ok": yes_no(mail),
        "duplicate": lambda: yes_no(twin),
    }  # fmt: skip
    facts: Exprs = {"phoned": lambda: flag(phone), "mailed": flag(mail), "twin": lambda: flag(twin)}
    key = _key("customers", t.c.id, t.c.id, t.c.source_key)
    return Base(t, _alive(t), literal(ctx.today_ordinal), columns, facts, key, ("customer",), {"c": t})


def _alive(t: Any) -> tuple[Expr, ...]:
    return (t.c.gone_at.is_(None), t.c.is_stub.is_(False), t.c.merged_into_id.is_(None), t.c.erased_at.is_(None))


def blocks(ctx: Ctx) -> Base:
    """The house's own do-not-contact list (key ``9``): entries that stand, whoever asked."""
    t, c = block, customer.alias()
    source = t.outerjoin(c, c.c.id == t.c.customer_id)
    columns = {"at": t.c.at, "customer": c.c.display_name, "purpose": t.c.scope, "how": t.c.how, "city": c.c.city}
    stage = case((t.c.customer_id.is_not(None), literal("customers")), else_=literal("blocks"))
    key = _key(stage, func.coalesce(t.c.customer_id, t.c.id), t.c.customer_id)
    return Base(source, (t.c.lifted_at.is_(None),), literal(ctx.today_ordinal), columns, {}, key, ("-at",), {"c": c})


def lists(ctx: Ctx) -> Base:
    """The No Llame lists in force, with their age in days."""
    t = dnc_list
    columns = {"day": t.c.as_of, "list": t.c.name, "numbers": t.c.total, "at": t.c.imported_at}
    age = ctx.today_ordinal - raw(t.c.as_of)
    key = _key("lists", t.c.id)
    return Base(t, (t.c.current,), literal(ctx.today_ordinal), columns, {"age": age}, key, ("day",), {})


def _key(stage: Any, row_id: Any, customer_id: Any = None, dms_id: Any = None) -> dict[str, Expr]:
    return {
        "stage": literal(stage) if isinstance(stage, str) else stage, "id": row_id,
        "customer_id": nothing() if customer_id is None else customer_id, "vehicle_id": nothing(),
        "branch_id": nothing(), "dms_id": nothing(Text()) if dms_id is None else dms_id,
    }  # fmt: skip
