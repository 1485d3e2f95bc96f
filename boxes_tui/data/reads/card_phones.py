"""Telephones of the customer's card: kind, digits for WhatsApp, wrong ones, and those that offers may not reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from boxes_tui.data.tables import app_user, block, customer_phone, dnc_list, dnc_number
from boxes_tui.domain.phones import parse_phone


@dataclass(frozen=True, slots=True)
class CardPhone:
    """A telephone of the card; ``whatsapp`` is the digits for wa.me or None; ``blocked``: no offers
    to this number, since somebody asked for it or a No Llame list in force holds it."""

    id: int
    raw: str
    e164: str | None
    kind: str
    whatsapp: str | None
    wrong_by: str | None
    wrong_at: datetime | None
    blocked: bool = False


def card_phones(conn: Connection, customer_id: int) -> tuple[CardPhone, ...]:
    """The phones of a customer: those that agents gave first, the wrong ones last."""
    c = customer_phone.c
    rows = conn.execute(
        select(c.id, c.raw, c.e164, func.coalesce(c.confirmed_kind, c.kind), c.wrong_at, app_user.c.name, _listed(c))
        .outerjoin(app_user, app_user.c.id == c.wrong_by)
        .where(c.customer_id == customer_id, c.present.is_(True))
        .order_by(c.wrong_at.is_not(None), c.origin != "agent", c.position, c.id)
    )
    made = []
    for i, raw, e164, kind, wrong_at, wrong_by, listed in rows:
        info = parse_phone(raw)
        digits = info.whatsapp if kind == info.kind else _whatsapp(e164, kind)
        made.append(CardPhone(i, raw, e164, kind, digits if e164 else None, wrong_by, wrong_at, bool(listed)))
    return tuple(made)


def _listed(c: Any) -> Any:
    own = exists().where(block.c.last10 == c.last10, block.c.lifted_at.is_(None))
    law = exists().where(
        dnc_number.c.last10 == c.last10, dnc_list.c.id == dnc_number.c.list_id, dnc_list.c.current.is_(True)
    )
    return or_(own, law)


def _whatsapp(e164: str | None, kind: str) -> str | None:
    if e164 is None or kind == "fixed":
        return None
    return "549" + e164[-10:] if e164.startswith("+54") else e164[1:]
