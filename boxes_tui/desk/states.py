"""Moves of an opportunity, as both the direct verbs and the outcomes of a call make them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from boxes_tui.data.commands import Tx
from boxes_tui.data.tables import appointment, opportunity, vehicle
from boxes_tui.desk.opening import open_opportunity, origin_of
from boxes_tui.desk.subjects import Row, Subject, touch
from boxes_tui.domain.opportunity import check_move
from boxes_tui.i18n import _

NOTHING_NEXT: dict[str, Any] = {"next_at": None, "next_kind": None, "next_user_id": None}


def _state(tx: Tx, branch_id: int | None, state: str) -> dict[str, Any]:
    return {
        "state": state, "state_at": tx.now, "state_day": tx.today(branch_id), "state_by": tx.session.user_id,
        **NOTHING_NEXT,
    }  # fmt: skip


def move(tx: Tx, row: Row, **values: Any) -> None:
    """Write an opportunity and mark the months of the reports that count it, before and after."""
    touch(tx, "opportunity", row)
    tx.update(opportunity, row["id"], **values)
    after = {**row, **values}
    if (after["due_day"], after["state"], after["state_day"]) != (row["due_day"], row["state"], row["state_day"]):
        touch(tx, "opportunity", after)


def sell(tx: Tx, subject: Subject, at: datetime, call_id: int | None) -> int:
    """Sell the opportunity, or make one already sold from another row; returns its id."""
    contacted = {"contacted_at": tx.now} if call_id is not None else {}
    if subject.name == "opportunity":
        check_move(subject.row["state"], "sell")
        move(
            tx, subject.row, **_state(tx, subject.branch_id, "sold"), sold_for=at, sold_call_id=call_id,
            match="waiting", match_reads=0, appointment_id=None, **contacted,
        )  # fmt: skip
        return subject.id
    origin = origin_of(tx, subject)
    day = at.astimezone(ZoneInfo(tx.session.zone_of(subject.branch_id))).date()
    made = open_opportunity(tx, subject, origin, day, None, _("Turno vendido"), sold_for=at, call_id=call_id)
    if origin == "no_show" and subject.row["rebooked_id"] is None:
        tx.update(appointment, subject.id, rebooked_id=made)
    return made


def reschedule(tx: Tx, subject: Subject, day: date, minute: int | None, *, contacted: bool = False) -> None:
    """Give an open opportunity another day; counted."""
    check_move(subject.row["state"], "reschedule")
    more = {"contacted_at": tx.now} if contacted else {}
    move(tx, subject.row, due_day=day, due_minute=minute, reschedules=subject.row["reschedules"] + 1, **more)


def discard(tx: Tx, subject: Subject, reason: str, text: str | None, *, contacted: bool = False) -> list[int]:
    """Close an opportunity with its reason; *vendió la unidad* ends the relation with the unit.

    Returns the ids of the unit's other opportunities that end with it.
    """
    check_move(subject.row["state"], "discard")
    more = {"contacted_at": tx.now} if contacted else {}
    move(tx, subject.row, **_state(tx, subject.branch_id, "discarded"), reason=reason, reason_text=text, **more)
    if reason == "vehicle_sold":
        return end_relation(tx, subject.vehicle_id, subject.customer_id, but=subject.id)
    return []


def end_relation(tx: Tx, vehicle_id: int | None, customer_id: int | None, *, but: int | None = None) -> list[int]:
    """The unit was sold: it leaves this customer's work until the DMS names a new owner (PRODUCT §5).

    His open opportunities for it are discarded as *vendió la unidad*; returns their ids.
    """
    if vehicle_id is None:
        return []
    unit = tx.lock(vehicle, vehicle_id)
    if unit["relation_ended_at"] is None:
        owner = customer_id if customer_id is not None else unit["owner_id"]
        tx.update(vehicle, vehicle_id, relation_ended_at=tx.now, relation_ended_owner_id=owner)
    c = opportunity.c
    query = select(opportunity).where(c.vehicle_id == vehicle_id, c.customer_id == customer_id, c.state == "open")
    ended = []
    for row in tx.conn.execute(query.order_by(c.id)).mappings().all():
        if row["id"] != but:
            move(tx, row, **_state(tx, row["branch_id"], "discarded"), reason="vehicle_sold", reason_text=None)
            ended.append(int(row["id"]))
    return ended
