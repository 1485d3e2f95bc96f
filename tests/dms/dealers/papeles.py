"""*Papeles*: STAR documents, the agenda as JSON of the ``domain`` dialect, sales as ``legacy`` JSON, orders as XML BODs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.dms.dealer import Dealer, Order
from tests.dms.dealers.files import names

TOML = """
[source.papeles]
kind = "star"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"

[source.papeles.entity.delivery]
resource = "retail_delivery_report"
files = "sales*.json"
mode = "snapshot"
key = ["retailDeliveryId"]
[source.papeles.entity.delivery.map]
delivered_at = "delivery.deliveryDateTime"
vin = "vehicle.vin"
branch = "dealer.site"
status = { from = "status", values = { DONE = "delivered", ANNULLED = "annulled" } }
customer.display_name = "buyer.name"
customer.doc_number = "buyer.taxId"
customer.phones = ["buyer.contactMethod[type=phone].value"]
vehicle.plate = "vehicle.plate"

[source.papeles.entity.appointment]
resource = "service_appointment"
files = "agenda*.json"
mode = "window"
window_days = [-10, 60]
key = ["site", "appointment_id"]
[source.papeles.entity.appointment.map]
starts_at = "scheduled_start"
plate = "vehicle.license_plate"
chassis = "vehicle.chassis"
branch = "site"
contact_name = "customer.name"
services = ["jobs.0.text", "jobs.1.text"]
status = { from = "appointment_status", values = { BOOKED = "scheduled", CANCELLED = "cancelled" } }

[source.papeles.entity.repair_order]
resource = "repair_order"
files = "orders*.xml"
mode = "snapshot"
key = ["Site", "OrderNumber"]
[source.papeles.entity.repair_order.map]
number = "OrderNumber"
opened_at = "Opened"
delivered_at = "Closed.HandedOver"
vin = "Vehicle.VIN"
plate = "Vehicle.Plate"
branch = "Site"
status = { from = "Status", values = { AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" } }

[source.papeles.entity.repair_order_line]
resource = "repair_order.Job"
files = "orders*.xml"
key = ["Site", "OrderNumber", "JobNumber"]
[source.papeles.entity.repair_order_line.map]
line_no = "JobNumber"
description = "Text"
"""

REJECTED = {"delivery": 1, "appointment": 2}
CODES = ["E-DATE", "E-JSON", "E-KEY"]


def write(folder: Path, d: Dealer, gone: set[str], later: bool) -> Path:
    inbox = folder / "in"
    inbox.mkdir(parents=True, exist_ok=True)

    def drop(name: str, text: str) -> None:
        (inbox / name).write_text(text, encoding="utf-8")
        (inbox / f"{name}.ok").touch()

    sales: list[Any] = [
        {"retailDeliveryId": s.key, "status": "ANNULLED" if s.annulled else "DONE", "dealer": {"site": s.branch},
         "delivery": {"deliveryDateTime": s.at.isoformat()}, "vehicle": {"vin": s.car.vin, "plate": s.car.plate},
         "buyer": {"name": s.car.owner.name, "taxId": s.car.owner.doc, "contactMethod": [
             {"type": "email", "value": "x@y.test"}, {"type": "phone", "value": s.car.owner.mobile}]}} for s in d.sales
    ]  # fmt: skip
    sales.append({**sales[0], "retailDeliveryId": "V1", "delivery": {"deliveryDateTime": "pronto"}})
    drop("sales.json", json.dumps({"data": sales}))
    agenda: list[Any] = [
        {"appointment_id": t.number, "site": t.branch, "scheduled_start": f"{t.start.isoformat()}-03:00",
         "appointment_status": "CANCELLED" if t.state == "X" else "BOOKED", "customer": {"name": t.car.owner.name},
         "vehicle": dict(zip(("license_plate", "chassis"), names(t), strict=True)), "jobs": [{"text": "SERVICE"}]}
        for t in d.turnos if t.key not in gone
    ]  # fmt: skip
    drop(
        "agenda.json",
        json.dumps([*agenda, "no es un registro", {**agenda[0], "appointment_id": None}], ensure_ascii=False),
    )
    bods = "".join(_order(o) for o in d.orders)
    drop("orders.xml",
         '<?xml version="1.0"?><s:SyncRepairOrder xmlns:s="http://www.starstandard.org/STAR/5"><s:ApplicationArea>'
         f"<s:BODID>{'b' if later else 'a'}-{len(d.orders)}</s:BODID></s:ApplicationArea><s:SyncRepairOrderDataArea><s:Sync/>"
         f"{bods}</s:SyncRepairOrderDataArea></s:SyncRepairOrder>")  # fmt: skip
    toml = folder / "source.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml


def _order(o: Order) -> str:
    closed = f"<s:HandedOver>{o.delivered.isoformat()}</s:HandedOver>" if o.delivered else "<s:HandedOver/>"
    jobs = "".join(
        f"<s:Job><s:JobNumber>{n}</s:JobNumber><s:Text>{escape('<a & b>')}</s:Text></s:Job>" for n in range(o.lines)
    )
    return (
        f"<s:RepairOrder><s:Site>{o.branch}</s:Site><s:OrderNumber>{o.number}</s:OrderNumber><s:Status>{o.state}</s:Status>"
        f"<s:Opened>{o.opened.isoformat()}</s:Opened><s:Closed>{closed}</s:Closed>"
        f"<s:Vehicle><s:VIN>{o.car.vin}</s:VIN><s:Plate>{o.car.plate}</s:Plate></s:Vehicle>{jobs}</s:RepairOrder>"
    )
