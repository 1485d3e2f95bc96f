"""What an outcome does besides being recorded (PRODUCT §5): sell, reschedule, discard, block, mark the phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from boxes_tui.data.commands import Tx
from boxes_tui.data.tables import appointment, opportunity
from boxes_tui.desk.blocks import add_block
from boxes_tui.desk.opening import open_opportunity, open_twin, origin_of
from boxes_tui.desk.phones import mark_wrong
from boxes_tui.desk.states import discard, end_relation, move, reschedule, sell
from boxes_tui.desk.subjects import Subject, call_type
from boxes_tui.domain.dispositions import Disposition
from boxes_tui.domain.formats import full_day
from boxes_tui.i18n import _
from boxes_tui.text import clean


@dataclass
class Asked:
    """The answers that an outcome asked for, checked."""

    note: str = ""
    about: str | None = None
    assigned: int | None = None
    tampoco: bool = False
    new_owner: str | None = None
    phone: tuple[int | None, str | None, str | None] = (None, None, None)
    callback_at: datetime | None = None
    sold_at: datetime | None = None
    due: tuple[date, int | None] | None = None
    reason: str | None = None
    reason_text: str | None = None


def apply(
    tx: Tx, item: Subject, outcome: Disposition, asked: Asked, call_id: int, *, main: bool, alone: bool
) -> dict[str, Any]:
    """Do the effects of the outcome on one row; returns what the result tells of them.

    ``alone``: no opportunity is among the rows of the call, so that the main row makes the one that is sold or open.
    """
    if outcome.code == "wrong_number":
        return _wrong(tx, item, asked) if main else {}
    if outcome.code == "do_not_call":
        return _block(tx, item, asked, call_id, main=main)
    if item.name == "opportunity":
        return _on_opportunity(tx, item, outcome, asked, call_id)
    if outcome.asks == "sold_at" and asked.sold_at and main and alone:
        return {"opportunity": str(sell(tx, item, asked.sold_at, call_id)), "state": "sold"}
    if outcome.asks == "due" and asked.due and main and alone:
        return _later(tx, item, asked)
    if outcome.asks == "reason" and asked.reason == "vehicle_sold" and main:
        return _sold_unit(tx, item, asked)
    if not main and item.name == "appointment" and outcome.code == "attended":
        return _confirm(tx, item)
    return {}


def _on_opportunity(tx: Tx, item: Subject, outcome: Disposition, asked: Asked, call_id: int) -> dict[str, Any]:
    """5, 6 and 7 sell, reschedule and discard it; where it is open no more, the call alone is kept and it is said."""
    if item.row["state"] != "open":
        return {"state": item.row["state"], "unchanged": True} if outcome.closes else {}
    if outcome.asks == "sold_at" and asked.sold_at:
        sell(tx, item, asked.sold_at, call_id)
        return {"state": "sold", "opportunity": str(item.id)}
    if outcome.asks == "due" and asked.due:
        reschedule(tx, item, *asked.due, contacted=True)
        return {"state": "open", "opportunity": str(item.id), "due": asked.due[0].isoformat()}
    if outcome.asks == "reason" and asked.reason:
        also = discard(tx, item, asked.reason, asked.reason_text, contacted=True)
        _owner_note(tx, item, asked)
        return {"state": "discarded", "reason": asked.reason, "ended": [f"opportunities:{i}" for i in also]}
    if outcome.contact:
        tx.update(opportunity, item.id, contacted_at=tx.now)
    return {}


def _later(tx: Tx, item: Subject, asked: Asked) -> dict[str, Any]:
    assert asked.due is not None
    day, minute = asked.due
    origin = origin_of(tx, item)
    twin = open_twin(tx, item.vehicle_id, item.customer_id, origin)
    if twin is not None and tx.session.may_see(twin["branch_id"]):
        move(tx, twin, due_day=day, due_minute=minute, reschedules=twin["reschedules"] + 1)
        return {"opportunity": str(twin["id"]), "state": "open", "due": day.isoformat(), "joined": True}
    if twin is not None:
        return {"opportunity": None, "elsewhere": full_day(twin["due_day"])}
    about = clean(asked.about or "") or _("Más adelante")
    made = open_opportunity(tx, item, origin, day, minute, about, assigned=asked.assigned)
    if origin == "no_show" and item.row["rebooked_id"] is None:
        tx.update(appointment, item.id, rebooked_id=made)
    return {"opportunity": str(made), "state": "open", "due": day.isoformat()}


def _sold_unit(tx: Tx, item: Subject, asked: Asked) -> dict[str, Any]:
    ended = end_relation(tx, item.vehicle_id, item.customer_id)
    _owner_note(tx, item, asked)
    return {"reason": asked.reason, "ended": [f"opportunities:{i}" for i in ended]}


def _owner_note(tx: Tx, item: Subject, asked: Asked) -> None:
    from boxes_tui.desk.opportunities import add_note

    words = owner_words(asked.new_owner)
    if words and asked.reason == "vehicle_sold":
        add_note(tx, item, words)


def owner_words(who: str | None) -> str | None:
    """The note that says who has a unit that was sold; None where nobody was named."""
    named = clean(who or "")
    return _("La unidad la tiene ahora: {who}").format(who=named) if named else None


def _wrong(tx: Tx, item: Subject, asked: Asked) -> dict[str, Any]:
    if item.customer_id is None:
        return {}
    phone_id, number, last10 = asked.phone
    left = mark_wrong(tx, item.customer_id, phone_id, number, last10)
    return {"phones_left": left, "without_phone": left == 0}


def _block(tx: Tx, item: Subject, asked: Asked, call_id: int, *, main: bool) -> dict[str, Any]:
    """Block at once; an offer on the acted opportunity ends with it, operational work stays unless *tampoco*."""
    made: dict[str, Any] = {}
    if main:
        scope = "operational" if asked.tampoco else "offer"
        how = _("llamado")
        block_id = add_block(tx, item.customer_id, asked.phone[2], "operational" if asked.tampoco else "offer", how,
                             call_id)  # fmt: skip
        made = {"block": str(block_id) if block_id else None, "scope": scope}
    offer = call_type(tx, item)[1] == "offer"
    if item.name == "opportunity" and item.row["state"] == "open" and (offer or asked.tampoco):
        discard(tx, item, "other", _("No llamar más"), contacted=True)
        made["state"] = "discarded"
    return made


def _confirm(tx: Tx, item: Subject) -> dict[str, Any]:
    """A pending appointment of the same customer that the call settled too."""
    row = item.row
    if row["confirmed_at"] is not None or row["arrived_at"] is not None or row["status"] == "cancelled":
        return {}
    if row["start_day"] is None or row["start_day"] < tx.today(item.branch_id):
        return {}
    tx.update(
        appointment, item.id, confirmed_at=tx.now, confirmed_by=tx.session.user_id, confirmed_start=row["starts_at"]
    )
    return {"confirmed": True}
