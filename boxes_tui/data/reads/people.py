"""What stands beside a row: open opportunities, claims, blocks, telephones of the people on a page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from boxes_tui.clock import wall
from boxes_tui.data.engine import is_sqlite
from boxes_tui.data.tables import app_user, block, claim, customer, customer_phone, opportunity


@dataclass(frozen=True, slots=True)
class Claim:
    """A live claim as lists show it (*Ana, 3 min*)."""

    user_id: int
    login: str
    name: str
    taken_at: datetime
    expires_at: datetime
    session: str


def db_now(conn: Connection) -> int:
    """The database's own clock in epoch seconds: leases ignore the business clock (PRODUCT §3)."""
    if is_sqlite(conn):
        return int(wall().timestamp())
    return int(conn.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())::bigint").scalar_one())


def person_key(person_id: int | None, vehicle_id: int | None, subject: str, row_id: int) -> str:
    """What a claim is on: the person, without one the vehicle, else the row (PRODUCT §5)."""
    if person_id is not None:
        return f"p:{person_id}"
    if vehicle_id is not None:
        return f"v:{vehicle_id}"
    return f"r:{subject}:{row_id}"


def live_claims(conn: Connection) -> dict[str, Claim]:
    """Every claim that has not expired, by person key."""
    c = claim.c
    rows = conn.execute(
        select(c.person, c.user_id, app_user.c.login, app_user.c.name, c.taken_at, c.expires_at, c.session)
        .join(app_user, app_user.c.id == c.user_id)
        .where(c.expires_at > db_now(conn))
    )
    return {r[0]: Claim(*r[1:]) for r in rows}


def persons(conn: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Customer id → person id (customers that share a document or a phone count as one)."""
    if not customer_ids:
        return {}
    c = customer.c
    rows = conn.execute(select(c.id, func.coalesce(c.person_id, c.id)).where(c.id.in_(customer_ids)))
    return {int(a): int(b) for a, b in rows}


def open_opportunities(
    conn: Connection, customer_ids: Collection[int], vehicle_ids: Collection[int]
) -> tuple[dict[int, date], dict[int, date]]:
    """Earliest due day of the open opportunities, by customer and by vehicle."""
    c = opportunity.c
    by_customer: dict[int, date] = {}
    by_vehicle: dict[int, date] = {}
    if customer_ids or vehicle_ids:
        rows = conn.execute(
            select(c.customer_id, c.vehicle_id, func.min(c.due_day))
            .where(c.state == "open", or_(c.customer_id.in_(customer_ids), c.vehicle_id.in_(vehicle_ids)))
            .group_by(c.customer_id, c.vehicle_id)
        )
        for who, unit, due in rows:
            _earliest(by_customer, who, due)
            _earliest(by_vehicle, unit, due)
    return by_customer, by_vehicle


def _earliest(found: dict[int, date], key: int | None, due: Any) -> None:
    if key is not None:
        day = due if isinstance(due, date) else date.fromordinal(due)
        found[key] = min(day, found.get(key, day))


_GROUP = customer.alias("same_person")


def own_blocks(conn: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    """Customers on the dealership's own list → the widest scope (``operational`` holds ``offer`` too).

    A block on a customer holds for the whole person: same phone digits or same document (PRODUCT §5).
    """
    if not customer_ids:
        return {}
    query = (
        select(customer.c.id, block.c.scope)
        .select_from(
            customer.join(_GROUP, and_(_GROUP.c.person_id == customer.c.person_id)).join(
                block, and_(block.c.customer_id == _GROUP.c.id, block.c.lifted_at.is_(None))
            )
        )
        .where(customer.c.id.in_(customer_ids))
    )
    direct = select(block.c.customer_id, block.c.scope).where(
        block.c.customer_id.in_(customer_ids), block.c.lifted_at.is_(None)
    )
    found: dict[int, str] = {}
    for who, scope in [*conn.execute(query), *conn.execute(direct)]:
        if found.get(who) != "operational":
            found[int(who)] = scope
    return found


def best_phones(conn: Connection, customer_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The phone to call first, (E.164 or raw, kind), by customer: agents' corrections first, wrong ones left out."""
    if not customer_ids:
        return {}
    c = customer_phone.c
    rows = conn.execute(
        select(c.customer_id, func.coalesce(c.e164, c.raw), func.coalesce(c.confirmed_kind, c.kind))
        .where(c.customer_id.in_(customer_ids), c.wrong_at.is_(None), c.present.is_(True))
        .order_by(c.customer_id, (c.origin != "agent"), (c.e164.is_(None)), c.position, c.id)
    )
    found: dict[int, tuple[str, str]] = {}
    for who, number, kind in rows:
        found.setdefault(int(who), (number, kind))
    return found
