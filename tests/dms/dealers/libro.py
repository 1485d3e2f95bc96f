"""*Libro*: one workbook with a sheet per record; typed dates, hours, numbers and errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.dms.dealer import Dealer
from tests.dms.dealers.files import names

TOML = """
[source.libro]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"
mode = "snapshot"
header_row = 2
stop_at = "^TOTAL"

[source.libro.entity.customer]
files = "Gestion*.xlsx"
sheet = "Clientes"
key = ["Código"]
[source.libro.entity.customer.map]
display_name = "Cliente"
doc_number = "DNI"
phones = ["Celular"]
birth_date = "Nacimiento"

[source.libro.entity.vehicle]
files = "Gestion*.xlsx"
sheet = 2
key = ["N°"]
[source.libro.entity.vehicle.map]
vin = "VIN"
plate = "Dominio"
owner_key = "Titular"
odometer_km = "Km"

[source.libro.entity.delivery]
files = "Gestion*.xlsx"
sheet = "Entregas"
key = ["Operación"]
[source.libro.entity.delivery.map]
delivered_at = { from = ["Fecha", "Hora"] }
vehicle_key = "Unidad"
branch = "Sucursal"
status = { from = "Anulada", values = { "0" = "delivered", "1" = "annulled" } }

[source.libro.entity.appointment]
files = "Gestion*.xlsx"
sheet = "Agenda"
mode = "window"
window_days = [-10, 60]
key = ["Sucursal", "Turno"]
[source.libro.entity.appointment.map]
starts_at = { from = ["Fecha", "Hora"], format = "%d/%m/%Y %H:%M" }
plate = "Dominio"
chassis = "Chasis"
customer_key = "Cliente"
branch = "Sucursal"
status = { from = "Estado", values = { P = "scheduled", X = "cancelled" } }

[source.libro.entity.repair_order]
files = "Gestion*.xlsx"
sheet = "Órdenes"
key = ["Sucursal", "OR"]
[source.libro.entity.repair_order.map]
number = "OR"
opened_at = "Abierta"
delivered_at = "Entregada"
vehicle_key = "Unidad"
branch = "Sucursal"
odometer_in = "Km"
total = "Importe"
status = { from = "Estado", values = { AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" } }
"""

REJECTED = {"delivery": 1, "appointment": 2, "repair_order": 1}
CODES = ["E-DATE", "E-KEY", "E-KEY", "E-REQ"]
ZERO = object()
"""An empty date as some systems export it: 0 under a date format."""


def write(folder: Path, d: Dealer, gone: set[str], later: bool) -> Path:
    (folder / "in").mkdir(parents=True, exist_ok=True)
    path = folder / "in" / "Gestion.xlsx"
    book = xlsxwriter.Workbook(str(path))
    forms = {kind: book.add_format({"num_format": form}) for kind, form in
             ((datetime, "dd/mm/yyyy hh:mm"), (date, "dd/mm/yyyy"), (time, "hh:mm"))}  # fmt: skip
    place = {car.vin: n for n, car in enumerate(d.cars)}

    def sheet(name: str, head: str, rows: Sequence[Sequence[Any]]) -> None:
        page = book.add_worksheet(name)
        page.write(0, 0, f"Listado de {name}")
        page.write_row(1, 0, head.split())
        for y, row in enumerate(rows, 2):
            for x, cell in enumerate(row):
                if isinstance(cell, (datetime, date, time)):
                    page.write_datetime(y, x, cell, forms[type(cell)])
                elif cell is ZERO:
                    page.write_number(y, x, 0, forms[date])
                elif cell == "#N/A":
                    page.write_formula(y, x, "=NA()", None, "#N/A")
                elif cell is not None:
                    page.write(y, x, cell)
        page.write_row(len(rows) + 2, 0, ["TOTAL", len(rows)])

    sheet("Clientes", "Código Cliente DNI Celular Nacimiento",
          [(int(p.key), p.name, int(p.doc), p.mobile, date(1980, 2, 29)) for p in d.people])  # fmt: skip
    sheet(
        "Unidades",
        "N° VIN Dominio Titular Km",
        [(n, c.vin, c.plate, int(c.owner.key), "#N/A") for n, c in enumerate(d.cars)],
    )
    sheet("Entregas", "Operación Fecha Hora Unidad Sucursal Anulada",
          [*((s.key, s.at.date(), s.at.time(), place[s.car.vin], s.branch, int(s.annulled)) for s in d.sales),
           ("V900", ZERO, None, 1, "CBA", 0)])  # fmt: skip
    turnos: list[Sequence[Any]] = [(t.branch, t.number, t.start.date(), t.start.time() if t.number % 2 else t.start.strftime("%H:%M"), *names(t),
               int(t.car.owner.key), t.state) for t in d.turnos if t.key not in gone]  # fmt: skip
    turnos += [("CBA", None, *turnos[0][2:]), ("CBA", 9999, "mañana", *turnos[0][3:])]
    sheet("Agenda", "Sucursal Turno Fecha Hora Dominio Chasis Cliente Estado", turnos)
    orders: list[Sequence[Any]] = [
        (o.branch, o.number, o.opened, o.delivered or (ZERO if o.number % 2 else None), place[o.car.vin], 30000.0, 1234.5, o.state)
        for o in d.orders
    ]  # fmt: skip
    orders.append(("CBA", datetime(2026, 11, 24), *orders[0][2:]))
    sheet("Órdenes", "Sucursal OR Abierta Entregada Unidad Km Importe Estado", orders)
    book.close()
    path.with_name(path.name + ".ok").touch()
    toml = folder / "source.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml
