"""What a verb on the customer's card acts on: the row that is due for him first, else the customer himself."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, select

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.reads.people import best_phones, live_claims, open_opportunities, own_blocks, person_key, persons
from boxes_tui.data.session import Session
from boxes_tui.data.tables import customer, vehicle
from boxes_tui.desk.sheet import due_for
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


def card_row(conn: Connection, session: Session, customer_id: int) -> QueueRow:
    """The row that is due for a customer first (deliveries, opportunities, appointments, completed); without one, the
    customer as a row of no queue. Raises :class:`Refused` for an unknown customer."""
    alone = _alone(conn, session, customer_id)
    found = due_for(conn, session, alone)
    return found[0] if found else alone


def _alone(conn: Connection, session: Session, customer_id: int) -> QueueRow:
    c = customer.c
    who = conn.execute(select(c.display_name, c.email).where(c.id == customer_id)).first()
    if who is None:
        raise Refused(_("Ese cliente ya no está."))
    v = vehicle.c
    query = select(v.id, v.vin, v.plate, v.model, v.model_year, v.last_km).where(v.owner_id == customer_id)
    unit = conn.execute(query.order_by(v.predicted_due.is_(None), v.predicted_due, v.id).limit(1)).first()
    vehicle_id, vin, plate, model, year, km = unit if unit else (None,) * 6
    by_customer, _by_vehicle = open_opportunities(conn, {customer_id}, set())
    phone, kind = best_phones(conn, {customer_id}).get(customer_id, (None, None))
    person = person_key(persons(conn, {customer_id}).get(customer_id), vehicle_id, "customer", customer_id)
    known: dict[str, Any] = {
        "id": customer_id, "stage": "customers", "ref": f"customers:{customer_id}", "subject": "customer",
        "zone": session.zone_of(None), "customer_id": customer_id, "customer": who[0], "email": who[1], "vehicle_id": vehicle_id, "vin": vin,
        "plate": plate, "unit": model, "model_year": year, "km": km, "state": "", "late": False, "person": person,
        "open_opportunity": by_customer.get(customer_id), "blocked": own_blocks(conn, {customer_id}).get(customer_id),
        "claim": live_claims(conn).get(person), "phone": phone, "phone_kind": kind, "attempts": 0,
        "unreachable": False,
    }  # fmt: skip
    values: dict[str, Any] = {f.name: known.get(f.name) for f in fields(QueueRow)}
    return QueueRow(**values)
