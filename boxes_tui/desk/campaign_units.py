"""The units of a campaign as one statement, however many they are: who answers for each, its branch, the campaign
opportunity that it has, and why its customer would rather not be called. No row of them passes through Python."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from boxes_tui.data.engine import is_sqlite, set_scope
from boxes_tui.data.session import Session
from boxes_tui.data.tables import opportunity, repair_order, sale_delivery, vehicle
from boxes_tui.desk.campaign_gate import Wishes, wishes

MANY: Final = 20_000
"""Units from which on one pass over everybody's wishes is cheaper than asking for theirs."""


class Unit(NamedTuple):
    """A vehicle that may enter: who answers for it, its branch, the campaign opportunity that it has, and why its
    customer would rather not be called (a code of ``campaign_gate.WHY``)."""

    vehicle_id: int
    customer_id: int | None
    branch_id: int | None
    open_id: int | None
    why: str | None


@contextmanager
def every_branch(conn: Connection, session: Session) -> Iterator[None]:
    """Look across branches for a moment: one open campaign opportunity per vehicle holds for the whole dealer."""
    set_scope(conn, None)
    try:
        yield
    except DBAPIError:  # the transaction is over, and its scope with it
        raise
    except BaseException:
        set_scope(conn, session.branch_ids)
        raise
    set_scope(conn, session.branch_ids)


def listed(conn: Connection, ids: Sequence[int]) -> Select[Any]:
    """Numbers as a table of ``place`` (from 0) and ``value``, in one parameter however many they are. The limit keeps
    SQLite from reading them anew for every row that they are joined to."""
    text = json.dumps(list(ids))
    if is_sqlite(conn):
        made = func.json_each(text).table_valued("key", "value")
        return select(made.c.key.label("place"), cast(made.c.value, BigInteger).label("value")).limit(len(ids))
    items = func.jsonb_array_elements_text(cast(literal(text, Text), JSONB))
    made = items.table_valued(column("value", Text), with_ordinality="place", name="listed").render_derived()
    return select((made.c.place - 1).label("place"), cast(made.c.value, BigInteger).label("value")).limit(len(ids))


def named(conn: Connection, ids: Sequence[int]) -> Select[Any]:
    """Those vehicles in their order."""
    found = listed(conn, ids).subquery()
    return select(found.c.value.label("vehicle_id"), found.c.place)


def units(conn: Connection, session: Session, type_: str, chosen: Select[Any], *, many: bool) -> FromClause:
    """The chosen vehicles (``vehicle_id``, ``place``) with the columns of :class:`Unit`, to be read under
    :func:`every_branch`. ``many``: the wishes of all people are asked, not of these alone."""
    owned = _owned(session, chosen).cte("owned")
    asked = select(owned.c.customer_id).where(owned.c.customer_id.is_not(None))
    known = wishes(conn, session, type_, None if many else set(conn.execute(asked).scalars()))
    o = opportunity.alias()
    tables: FromClause = owned.outerjoin(
        o, and_(o.c.vehicle_id == owned.c.vehicle_id, o.c.state == "open", o.c.origin == "campaign")
    )
    why: ColumnElement[Any] = literal(known.everybody, Text) if known.everybody else null()
    if known.own:
        codes = _codes(conn, known)
        tables = tables.outerjoin(codes, codes.c.customer_id == owned.c.customer_id)
        why = func.coalesce(codes.c.code, why)
    query = select(
        owned.c.place, owned.c.vehicle_id, owned.c.customer_id, owned.c.branch_id, o.c.id.label("open_id"),
        o.c.campaign_id.label("open_campaign"), o.c.assigned_user_id.label("open_user"),
        case((owned.c.ended, literal("sold")), else_=why).label("why"),
    ).select_from(tables)  # fmt: skip
    return query.cte("unit")


def load(conn: Connection, session: Session, vehicles: Sequence[int], type_: str) -> dict[int, Unit]:
    """What a campaign has to know of those vehicles, in their order."""
    ids = list(dict.fromkeys(vehicles))
    with every_branch(conn, session):
        u = units(conn, session, type_, named(conn, ids), many=len(ids) > MANY)
        query = select(u.c.vehicle_id, u.c.customer_id, u.c.branch_id, u.c.open_id, u.c.why).order_by(u.c.place)
        return {int(row[0]): Unit(*row) for row in conn.execute(query)}


def _owned(session: Session, chosen: Select[Any]) -> Select[Any]:
    """Owner (else the customer of the last order, else of the sale), branch of the session that saw the unit last (None
    where there is nothing to choose), and whether it was sold on to somebody whom the DMS has not named yet."""
    wanted, v, r, s = chosen.subquery(), vehicle.c, repair_order.c, sale_delivery.c

    def last(table: Any, day: Any, value: Any, *where: Any) -> Any:
        query = select(value).where(table.c.vehicle_id == v.id, value.is_not(None), *where)
        return query.order_by(day.desc().nulls_last(), table.c.id.desc()).limit(1).correlate(vehicle).scalar_subquery()

    owner = func.coalesce(
        v.owner_id,
        last(repair_order, r.opened_day, r.customer_id, r.gone_at.is_(None)),
        last(sale_delivery, s.delivered_day, s.customer_id, s.gone_at.is_(None)),
    )
    branch: Any = null()
    if len(session.branches) > 1:
        branch = func.coalesce(
            last(repair_order, r.opened_day, r.branch_id, session.scope(r.branch_id)),
            last(sale_delivery, s.delivered_day, s.branch_id, session.scope(s.branch_id)),
        )
    ended = and_(v.relation_ended_at.is_not(None), v.owner_id.is_not_distinct_from(v.relation_ended_owner_id))
    return select(
        wanted.c.place, v.id.label("vehicle_id"), owner.label("customer_id"), cast(branch, BigInteger).label("branch_id"),
        ended.label("ended"),
    ).select_from(wanted.join(vehicle, v.id == wanted.c.vehicle_id))  # fmt: skip


def _codes(conn: Connection, known: Wishes) -> FromClause:
    by_code: dict[str, list[int]] = {}
    for customer_id, code in known.own.items():
        by_code.setdefault(code, []).append(customer_id)
    parts = []
    for code, ids in by_code.items():
        found = listed(conn, ids).subquery()
        parts.append(select(found.c.value.label("customer_id"), literal(code, Text).label("code")))
    return union_all(*parts).cte("wish")
