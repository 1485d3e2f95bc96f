"""The same dealership as different DMSs would export it: each function writes a feed and its TOML."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from tests.dms.dealer import Dealer, Turno


def _csv(path: Path, head: str, rows: Iterable[Sequence[str]], *, encoding: str = "cp1252", sign: str = ";") -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if sign in text or '"' in text else text

    lines = [head.replace(";", sign), *(sign.join(cell(c) for c in row) for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    path.with_name(path.name + ".ok").touch()


def _day(moment: datetime | None) -> str:
    return f"{moment:%d/%m/%Y}" if moment else "  /  /    "


def _hour(moment: datetime | None) -> str:
    return f"{moment:%H:%M}" if moment else ""


def car_names(turno: Turno) -> tuple[str, str]:
    """(plate, chassis) as the agenda of a DMS holds them."""
    car = turno.car
    return {
        "plate": (car.plate[:2] + " " + car.plate[2:].lower(), ""),
        "tail7": ("", car.vin[-7:]),
        "tail8": ("", car.vin[-8:]),
        "vin": ("", car.vin),
        "both": (car.plate, car.vin[-7:]),
        "text": ("", ""),
    }[turno.named]


SUR = """
[source.sur]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
encoding = "cp1252"
delimiter = ";"
decimal = ","
stop_at = "^TOTAL"
null = ["", "NULL", "  /  /    "]

[source.sur.entity.delivery]
files = "entregas*.csv"
mode = "snapshot"
key = ["OPERACION"]
[source.sur.entity.delivery.map]
delivered_at = { from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }
chassis = "CHASIS"
buyer_name = "COMPRADOR"
branch = "SUC"
status = { from = "ESTADO", values = { E = "delivered", A = "annulled" } }
customer.display_name = "COMPRADOR"
customer.doc_number = "DNI"
customer.phones = ["CELULAR"]
vehicle.plate = "DOMINIO"
vehicle.model = "UNIDAD"

[source.sur.entity.appointment]
files = "turnos*.csv"
mode = "window"
window_days = [-10, 60]
key = ["SUC", "NRO"]
[source.sur.entity.appointment.map]
starts_at = { from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }
plate = "DOMINIO"
chassis = "CHASIS"
vehicle_text = "UNIDAD"
branch = "SUC"
contact_phone = { coalesce = ["CELULAR", "TEL"] }
status = { from = "ESTADO", values = { P = "scheduled", X = "cancelled" } }
services = ["TRABAJO"]
customer.display_name = "CLIENTE"
customer.phones = ["CELULAR", "TEL"]
vehicle.model = "UNIDAD"

[source.sur.entity.repair_order]
files = "ordenes*.csv"
mode = "snapshot"
key = ["SUC", "NRO"]
[source.sur.entity.repair_order.map]
number = "NRO"
opened_at = { from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }
delivered_at = { from = ["FEC_ENT", "HORA_ENT"], format = "%d/%m/%Y %H:%M" }
vin = "CHASIS"
branch = "SUC"
total = "IMPORTE"
status = { from = "ESTADO", values = { AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" } }
customer.display_name = "CLIENTE"
customer.doc_number = "DNI"
vehicle.plate = "DOMINIO"

[source.sur.entity.repair_order_line]
files = "renglones*.csv"
mode = "snapshot"
key = ["SUC", "NRO", "REN"]
[source.sur.entity.repair_order_line.map]
repair_order_key = { from = ["SUC", "NRO"], join = "/" }
line_no = "REN"
description = "TEXTO"
amount = "IMPORTE"
"""

SUR_REJECTED = {"delivery": 2, "appointment": 5, "repair_order": 3}


def sur(folder: Path, d: Dealer, *, dated: bool = True) -> Path:
    """cp1252 with ``;``, dates in two columns, no masters: customers and cars are in every row; bad rows in between."""
    inbox = folder / "in"
    sales = [(s.key, s.branch, _day(s.at), _hour(s.at), s.car.vin, s.car.plate, s.car.owner.name, s.car.owner.doc,
              s.car.owner.mobile, s.car.model, "A" if s.annulled else "E") for s in d.sales]  # fmt: skip
    sales += [("", "CBA", "01/01/2026", "10:00", sales[0][4], "", "SIN CLAVE", "", "", "", "E"),
              ("V9999", "CBA", "31/02/2026", "10:00", sales[0][4], "", "FECHA", "", "", "", "E")]  # fmt: skip
    _csv(inbox / "entregas.csv", "OPERACION;SUC;FECHA;HORA;CHASIS;DOMINIO;COMPRADOR;DNI;CELULAR;UNIDAD;ESTADO", sales)
    turnos: list[tuple[str, ...]] = [(t.branch, str(t.number), _day(t.start), _hour(t.start), *car_names(t), t.car.owner.name,
               t.car.owner.mobile, "", t.car.model, t.state, "SERVICE 10.000") for t in d.turnos]  # fmt: skip
    turnos += [
        turnos[0],  # the same row once more
        ("CBA", "1", "a confirmar", "10:00", "AB123CD", "", "SIN FECHA", "", "", "", "P", ""),
        ("CBA", "2", "", "10:00", "AB123CD", "", "SIN FECHA", "", "", "", "P", ""),
        ("", "3", "24/11/2026", "10:00", "AB123CD", "", "SIN SUCURSAL", "", "", "", "P", ""),
        ("CBA", "4", "24/11/2026", "10:00", "", "", "", "", "", "", "P", ""),
        ("CBA", "5", "24/11/2026", "10:00", "AB123CD", "", "UN CAMPO", "MENOS"),
    ]
    _csv(inbox / "turnos.csv", "SUC;NRO;FECHA;HORA;DOMINIO;CHASIS;CLIENTE;CELULAR;TEL;UNIDAD;ESTADO;TRABAJO",
         [*turnos, ("TOTAL", str(len(turnos)))])  # fmt: skip
    orders = [(o.branch, str(o.number), _day(o.opened), _hour(o.opened), _day(o.delivered if dated else None),
               _hour(o.delivered if dated else None), o.car.vin, o.car.plate, o.car.owner.name, o.car.owner.doc,
               "1.234,50", o.state) for o in d.orders]  # fmt: skip
    one = orders[0]
    orders += [
        ("CBA", "77", *one[2:10], "10,00", "AB"), ("CBA", "77", *one[2:10], "20,00", "AB"),  # no version to decide
        ("CBA", "78", "??", *one[3:]),
    ]  # fmt: skip
    _csv(inbox / "ordenes.csv", "SUC;NRO;FECHA;HORA;FEC_ENT;HORA_ENT;CHASIS;DOMINIO;CLIENTE;DNI;IMPORTE;ESTADO", orders)
    lines = [(o.branch, str(o.number), str(n + 1), f"Renglón {n}", "99,90") for o in d.orders for n in range(o.lines)]
    _csv(inbox / "renglones.csv", "SUC;NRO;REN;TEXTO;IMPORTE", lines)
    toml = folder / "source.toml"
    toml.write_text(SUR, encoding="utf-8")
    return toml


SQL = """
[source.dms]
kind = "sql"
url = "sqlite:///dms.db"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"

[source.dms.entity.customer]
select = "SELECT id, name, doc, mobile FROM people"
mode = "snapshot"
key = ["id"]
[source.dms.entity.customer.map]
display_name = "name"
doc_number = "doc"
phones = [{ from = "mobile", kind = "mobile" }]

[source.dms.entity.vehicle]
select = "SELECT n, vin, plate, model, owner FROM cars"
mode = "snapshot"
key = ["n"]
[source.dms.entity.vehicle.map]
vin = "vin"
plate = "plate"
model = "model"
owner_key = "owner"

[source.dms.entity.delivery]
select = "SELECT * FROM sales"
mode = "snapshot"
key = ["id"]
[source.dms.entity.delivery.map]
delivered_at = "at"
vehicle_key = "car"
branch = "branch"
status = { from = "state", values = { E = "delivered", A = "annulled" } }

[source.dms.entity.appointment]
select = "SELECT * FROM agenda WHERE start >= :from AND start < :to"
mode = "window"
window_days = [-10, 60]
key = ["branch", "number"]
[source.dms.entity.appointment.map]
starts_at = "start"
plate = "plate"
chassis = "chassis"
customer_key = "owner"
branch = "branch"
status = { from = "state", values = { P = "scheduled", X = "cancelled" } }

[source.dms.entity.repair_order]
select = "SELECT * FROM orders"
mode = "snapshot"
key = ["branch", "number"]
[source.dms.entity.repair_order.map]
number = "number"
opened_at = "opened"
delivered_at = "delivered"
vehicle_key = "car"
branch = "branch"
status = { from = "state", values = { AB = "open", EP = "in_progress", ES = "on_hold", TE = "finished", EN = "delivered", AN = "voided", PR = "estimate" } }
"""

SQL_REJECTED = {"appointment": 1}


def sql(folder: Path, d: Dealer) -> Path:
    """Views of a relational DMS with masters, numeric keys and ISO times."""
    with sqlite3.connect(folder / "dms.db") as conn:
        conn.executescript(
            "CREATE TABLE people (id TEXT, name TEXT, doc TEXT, mobile TEXT);"
            "CREATE TABLE cars (n INTEGER, vin TEXT, plate TEXT, model TEXT, owner TEXT);"
            "CREATE TABLE sales (id TEXT, at TEXT, car INTEGER, branch TEXT, state TEXT);"
            "CREATE TABLE agenda (branch TEXT, number INTEGER, start TEXT, plate TEXT, chassis TEXT, owner TEXT, state TEXT);"
            "CREATE TABLE orders (branch TEXT, number INTEGER, opened TEXT, delivered TEXT, car INTEGER, state TEXT);"
        )
        place = {id(car): n for n, car in enumerate(d.cars)}
        conn.executemany("INSERT INTO people VALUES (?,?,?,?)", [(p.key, p.name, p.doc, p.mobile) for p in d.people])
        conn.executemany(
            "INSERT INTO cars VALUES (?,?,?,?,?)",
            [(n, c.vin, c.plate, c.model, c.owner.key) for n, c in enumerate(d.cars)],
        )
        conn.executemany(
            "INSERT INTO sales VALUES (?,?,?,?,?)",
            [(s.key, s.at.isoformat(), place[id(s.car)], s.branch, "A" if s.annulled else "E") for s in d.sales],
        )
        conn.executemany(
            "INSERT INTO agenda VALUES (?,?,?,?,?,?,?)",
            [(t.branch, t.number, t.start.isoformat(), *car_names(t), t.car.owner.key, t.state) for t in d.turnos]
            + [("CBA", None, "2026-11-24T10:00:00", "AB123CD", "", "00001", "P")],
        )
        conn.executemany(
            "INSERT INTO orders VALUES (?,?,?,?,?,?)",
            [(o.branch, o.number, o.opened.isoformat(), o.delivered.isoformat() if o.delivered else None,
              place[id(o.car)], o.state) for o in d.orders],
        )  # fmt: skip
    conn.close()
    toml = folder / "source.toml"
    toml.write_text(SQL, encoding="utf-8")
    return toml
