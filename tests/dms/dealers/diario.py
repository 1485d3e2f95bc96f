"""*Diario*: UTF-8 with BOM and commas, English headers, instants with their offset; one file of sales feeds sales, cars and
buyers, and what an agenda knows of its people comes by dotted fields without any key."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.dms.dealer import Dealer
from tests.dms.dealers.files import day, names, put

TOML = """
[source.diario]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
encoding = "utf-8-sig"
branch = "CBA"

[source.diario.entity.customer]
files = "sales-*.csv"
mode = "delta"
key = ["BuyerNo"]
map.display_name = "Buyer"
map.doc_number = "TaxId"
map.phones = "Phone"

[source.diario.entity.vehicle]
files = "sales-*.csv"
mode = "delta"
key = ["VIN"]
[source.diario.entity.vehicle.map]
vin = "VIN"
plate = "Plate"
model = "Model"
owner_key = "BuyerNo"

[source.diario.entity.delivery]
files = "sales-*.csv"
mode = "snapshot"
key = ["Sale"]
[source.diario.entity.delivery.map]
delivered_at = { from = "Delivered", format = "%Y-%m-%dT%H:%M:%S%z" }
vin = "VIN"
customer_key = "BuyerNo"
branch = "Site"
status = { from = "State", values = { ok = "delivered", void = "annulled" } }

[source.diario.entity.appointment]
files = "agenda-*.csv"
mode = "window"
window_days = [-10, 60]
key = ["Site", "No"]
[source.diario.entity.appointment.map]
starts_at = { from = "Start", format = "%Y-%m-%dT%H:%M:%S%z" }
plate = "Plate"
chassis = "Chassis"
branch = "Site"
contact_name = "Name"
contact_phone = "Phone"
status = { from = "State", values = { booked = "scheduled", "called off" = "cancelled" } }
customer.display_name = "Name"
customer.phones = ["Phone"]

[source.diario.entity.repair_order]
files = "orders-*.csv"
mode = "snapshot"
key = ["Site", "No"]
[source.diario.entity.repair_order.map]
number = "No"
opened_at = { from = "Opened", format = "%Y-%m-%dT%H:%M:%S%z" }
picked_up_at = { from = "PickedUp", format = "%Y-%m-%dT%H:%M:%S%z" }
vin = "VIN"
plate = "Plate"
branch = "Site"
status = { from = "State", values = { AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "finished", AN = "voided", PR = "estimate" } }
customer.display_name = "Name"
customer.doc_number = "TaxId"
vehicle.model = "Model"
"""

REJECTED = {"customer": 1, "vehicle": 1, "delivery": 1, "appointment": 2}
CODES = ["E-COLS", "E-COLS", "E-COLS", "E-DUP", "E-DUP"]
ZONES = (timezone(timedelta(hours=-3)), timezone(timedelta(0)), timezone(timedelta(hours=2)))


def _iso(moment: datetime | None, n: int) -> str:
    """The same instant, written in one of several zones."""
    if moment is None:
        return ""
    return day(moment.replace(tzinfo=ZONES[0]).astimezone(ZONES[n % 3]), "%Y-%m-%dT%H:%M:%S%z")


def write(folder: Path, d: Dealer, gone: set[str], later: bool) -> Path:
    inbox, tag = folder / "in", "2" if later else "1"
    how = {"encoding": "utf-8-sig", "sign": ",", "end": "\n"}
    sales = [(s.key, _iso(s.at, n), s.car.vin, s.car.plate, s.car.model, s.car.owner.key, s.car.owner.name, s.car.owner.doc,
              s.car.owner.mobile, s.branch, "void" if s.annulled else "ok") for n, s in enumerate(d.sales)]  # fmt: skip
    put(inbox / f"sales-{tag}.csv", ["Sale", "Delivered", "VIN", "Plate", "Model", "BuyerNo", "Buyer", "TaxId", "Phone", "Site", "State"],
        [*sales, (*["x"] * 11, "one too many")], **how)  # fmt: skip
    turnos = [(t.branch, str(t.number), _iso(t.start, t.number), *names(t), t.car.owner.name, t.car.owner.mobile,
               "called off" if t.state == "X" else "booked") for t in d.turnos if t.key not in gone]  # fmt: skip
    turnos += [
        ("CBA", "1", turnos[0][2], "AB123CD", "", f"Dos\nlíneas {n}", "351 155 000 000", "booked") for n in (1, 2)
    ]
    put(
        inbox / f"agenda-{tag}.csv",
        ["Site", "No", "Start", "Plate", "Chassis", "Name", "Phone", "State"],
        turnos,
        **how,
    )
    put(inbox / f"orders-{tag}.csv", ["Site", "No", "Opened", "PickedUp", "VIN", "Plate", "State", "Name", "TaxId", "Model"],
        [(o.branch, str(o.number), _iso(o.opened, o.number), _iso(o.delivered, o.number + 1), o.car.vin, o.car.plate, o.state,
          o.car.owner.name, o.car.owner.doc, o.car.model) for o in d.orders], **how)  # fmt: skip
    toml = folder / "source.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml
