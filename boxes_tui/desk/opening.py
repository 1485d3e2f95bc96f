"""Opening an opportunity: its origin, the one that may already be open, the row itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, select

from boxes_tui.data.commands import Tx, encode
from boxes_tui.data.engine import set_scope
from boxes_tui.data.tables import opportunity, vehicle
from boxes_tui.desk.subjects import Subject, home_branch, is_no_show, touch
from boxes_tui.domain.opportunity import ORIGINS

WATCHED = ("state", "due_day", "due_minute", "reschedules", "assigned_user_id", "sold_for")
"""Undo annuls an opportunity only while these stand as the act that made it left them."""


@contextmanager
def every_branch(tx: Tx) -> Iterator[None]:
    """Look across branches for a moment: one open opportunity per vehicle holds for the whole dealer."""
    set_scope(tx.conn, None)
    try:
        yield
    finally:
        set_scope(tx.conn, tx.session.branch_ids)


def origin_of(tx: Tx, subject: Subject) -> str:
    """The origin of an opportunity made from this row (PRODUCT §6)."""
    row = subject.row
    if subject.name == "appointment":
        return "no_show" if is_no_show(row, tx.today(subject.branch_id)) else "appointment"
    if subject.name == "repair_order":
        return "in_process" if row["handover_at"] is None else "completed"
    return ORIGINS.get(subject.name, "customer")


def open_twin(tx: Tx, vehicle_id: int | None, customer_id: int | None, origin: str) -> RowMapping | None:
    """The open opportunity of the same vehicle (without one, of the same customer) and origin.

    The vehicle's row is locked until the act ends, so that two acts at once cannot both find none.
    """
    c = opportunity.c
    query = select(opportunity).where(c.state == "open", c.origin == origin)
    if vehicle_id is not None:
        tx.lock(vehicle, vehicle_id)
        query = query.where(c.vehicle_id == vehicle_id)
    elif customer_id is not None:
        query = query.where(c.vehicle_id.is_(None), c.customer_id == customer_id)
    else:
        return None
    with every_branch(tx):
        return tx.conn.execute(query.limit(1)).mappings().first()


def open_opportunity(
    tx: Tx,
    subject: Subject,
    origin: str,
    day: date,
    minute: int | None,
    about: str,
    *,
    assigned: int | None = None,
    sold_for: datetime | None = None,
    call_id: int | None = None,
    campaign_id: int | None = None,
) -> int:
    """Insert an opportunity that is open, or already sold where ``sold_for`` is given; returns its id."""
    branch_id = home_branch(tx, subject.branch_id)
    today = tx.today(branch_id)
    values: dict[str, Any] = {
        "branch_id": branch_id, "customer_id": subject.customer_id, "vehicle_id": subject.vehicle_id,
        "origin": origin, "origin_subject": subject.name, "origin_id": subject.id, "campaign_id": campaign_id,
        "state": "open", "due_day": day, "due_minute": minute, "about": about, "assigned_user_id": assigned,
        "created_at": tx.now, "created_day": today, "created_by": tx.session.user_id, "reschedules": 0,
    }  # fmt: skip
    if sold_for is not None:
        values |= {
            "state": "sold", "state_at": tx.now, "state_day": today, "state_by": tx.session.user_id,
            "sold_for": sold_for, "sold_call_id": call_id, "match": "waiting",
            "contacted_at": tx.now if call_id else None,
        }  # fmt: skip
    made = tx.insert(opportunity, **values)
    watch(tx, values)
    touch(tx, "opportunity", values)
    return made


def watch(tx: Tx, values: dict[str, Any]) -> None:
    """Put the watched columns of the opportunity just inserted into its image."""
    tx.images[-1]["a"] = {k: encode(opportunity, k, values.get(k)) for k in WATCHED}
