"""A small dealership whose exports a test writes row by row: one CSV per entity, read by the real path."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from boxes_tui.bootstrap import House
from boxes_tui.clock import Clock
from boxes_tui.dms.runs import Report
from tests.dms import house

NOON = datetime.fromisoformat("2026-11-24T12:00:00-03:00")

TOML = """
[source.mini]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"
mode = "snapshot"

[source.mini.entity.customer]
files = "customers*.csv"
key = ["id"]
[source.mini.entity.customer.map]
display_name = "name"
doc_number = "doc"
phones = ["phone", "phone2"]
merged_into_key = "merged"
source_updated_at = { from = "ver", format = "%Y-%m-%dT%H:%M" }

[source.mini.entity.vehicle]
files = "vehicles*.csv"
key = ["id"]
[source.mini.entity.vehicle.map]
vin = "vin"
chassis = "chassis"
plate = "plate"
model = "model"
owner_key = "owner"

[source.mini.entity.delivery]
files = "sales*.csv"
key = ["id"]
[source.mini.entity.delivery.map]
delivered_at = { from = "at", format = ["%Y-%m-%dT%H:%M", "%Y-%m-%d"] }
plate = "plate"
customer_key = "customer"
buyer_name = "buyer"
branch = "branch"
status = { from = "state", values = { E = "delivered", A = "annulled" } }

[source.mini.entity.appointment]
files = "agenda*.csv"
mode = "window"
window_days = [-10, 60]
key = ["id"]
[source.mini.entity.appointment.map]
starts_at = { from = "start", format = ["%Y-%m-%dT%H:%M", "%Y-%m-%d"] }
vin = "vin"
chassis = "chassis"
plate = "plate"
customer_key = "customer"
contact_name = "contact"
contact_phone = "phone"
vehicle_text = "unit"
repair_order_key = "order"
status = { from = "state", values = { P = "scheduled", X = "cancelled", I = "converted", N = "no_show" } }
source_updated_at = { from = "ver", format = "%Y-%m-%dT%H:%M" }

[source.mini.entity.repair_order]
files = "orders*.csv"
key = ["id"]
[source.mini.entity.repair_order.map]
number = "id"
appointment_key = "turno"
opened_at = { from = "opened", format = "%Y-%m-%dT%H:%M" }
closed_at = { from = "closed", format = "%Y-%m-%dT%H:%M" }
delivered_at = { from = "delivered", format = "%Y-%m-%dT%H:%M" }
vin = "vin"
chassis = "chassis"
plate = "plate"
customer_key = "customer"
odometer_in = "km"
notes = "notes"
status = { from = "state", values = { AB = "open", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" } }

[source.mini.entity.repair_order_line]
files = "lines*.csv"
key = ["order", "n"]
[source.mini.entity.repair_order_line.map]
repair_order_key = "order"
line_no = "n"
description = "text"
"""

HEADS = {
    "customers": "id name doc phone phone2 merged ver",
    "vehicles": "id vin chassis plate model owner",
    "sales": "id at plate customer buyer branch state",
    "agenda": "id start vin chassis plate customer contact phone unit order state ver",
    "orders": "id turno opened closed delivered vin chassis plate customer km notes state",
    "lines": "order n text",
}
STATES = {"sales": "E", "agenda": "P", "orders": "AB"}


def day(n: int, hour: str = "10:00") -> str:
    """``n`` days after the first business day, as the exports write it."""
    return f"{(NOON + timedelta(days=n)).date().isoformat()}T{hour}"


class Mini:
    """The drop folder, the desk over it, and the clock."""

    def __init__(self, folder: Path, url: str | None, toml: str = TOML) -> None:
        self.folder, self.toml = folder, folder / "source.toml"
        self.inbox = folder / "in"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.toml.write_text(toml, encoding="utf-8")
        self.house: House = house.desk(folder / "home", NOON.isoformat(), url)

    def at(self, days: float) -> Mini:
        """Set the business clock to noon ``days`` after the first day."""
        self.house.clock = Clock(NOON + timedelta(days=days))
        return self

    def put(self, name: str, *rows: dict[str, Any], file: str | None = None, head: Sequence[str] = ()) -> Mini:
        """Drop an export: ``name`` of :data:`HEADS`, rows as dicts; states default to the living one."""
        columns = list(head) or HEADS[name].split()
        path = self.inbox / (file or f"{name}.csv")
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="")
            writer.writeheader()
            for row in rows:
                writer.writerow({**({"state": STATES[name]} if name in STATES else {}), **row})
        path.with_name(path.name + ".ok").touch()
        return self

    def run(self, **options: Any) -> Report:
        """One run; checks that the counters of every entity add up."""
        report = house.sync(self.house, self.toml, **options)[0]
        house.adds_up(house.entities([report]))
        return report

    def counts(self, report: Report, entity: str) -> dict[str, Any]:
        """The counters that are not zero, without times and warnings."""
        found = house.entities([report])[entity]
        return {
            k: v for k, v in found.items() if isinstance(v, int) and not isinstance(v, bool) and v and "ms_" not in k
        }

    def keys(self, name: str) -> list[str]:
        """DMS keys of ``queue/filter``."""
        return house.keys(self.house, name)

    def sql(self, query: str, **params: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the database."""
        with self.house.engine.connect() as conn:
            conn.execute(text("SELECT 1"))
            if conn.dialect.name == "postgresql":
                conn.execute(text("SELECT set_config('app.branches', '*', true)"))
            return [tuple(r) for r in conn.execute(text(query), params)]

    def act(self, statement: str, **params: Any) -> None:
        """What an agent's command would have written."""
        with self.house.engine.connect().execution_options(boxes_write=True) as conn, conn.begin():
            if conn.dialect.name == "postgresql":
                conn.execute(text("SELECT set_config('app.branches', '*', true)"))
            conn.execute(text(statement), params)
