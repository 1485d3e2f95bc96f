"""*Costa*: latin-1 with ``|`` under two title lines, years of two digits, keys of three parts, orders in two files that
tell what changed, a table of clients by version whose older copy comes late, codes that the mapping does not know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.dms.dealer import Dealer, at
from tests.dms.dealers.files import day, names, put

TOML = """
[source.costa]
kind = "folder"
path = "bandeja"
branch = "CBA"
encoding = "latin-1"
delimiter = "|"
header_row = 3
stop_at = "(?i)^fin del"
decimal = ","
null = ["", "S/D", "00/00/00"]
area_code = "351"

[source.costa.entity.customer]
files = "cli_*.txt"
mode = "delta"
key = ["EMP", "COD"]
[source.costa.entity.customer.map]
display_name = { from = ["APELLIDO", "NOMBRES"], join = ", " }
doc_number = "CUIT"
email = "MAIL"
phones = { coalesce = ["CEL", "TEL"] }
contact_consent = { from = "PROMO", values = { S = "1", N = "0" } }
source_updated_at = { from = "MODIF", format = "%d/%m/%y %H:%M" }

[source.costa.entity.vehicle]
files = "uni_*.txt"
mode = "snapshot"
key = ["EMP", "COD"]
[source.costa.entity.vehicle.map]
vin = "BASTIDOR"
plate = "PATENTE"
owner_key = { from = ["EMP", "CLI"], join = "/" }
model_year = "ANIO"
odometer_km = "KM"

[source.costa.entity.delivery]
files = "ent_*.txt"
mode = "snapshot"
key = ["EMP", "SUC", "NRO"]
[source.costa.entity.delivery.map]
delivered_at = { from = ["FEC", "HORA"], format = "%d/%m/%y %H%M" }
plate = "PATENTE"
vin = "BASTIDOR"
customer_key = { from = ["EMP", "CLI"], join = "/" }
branch = "SUC"
salesperson = "VEND"
status = { from = "EST", values = { "1" = "delivered", "9" = "annulled" } }

[source.costa.entity.appointment]
files = "tur_*.txt"
mode = "snapshot"
key = ["EMP", "SUC", "NRO"]
[source.costa.entity.appointment.map]
starts_at = { from = ["FEC", "HORA"], format = "%d/%m/%y %H%M" }
plate = "PATENTE"
chassis = "CHASIS"
customer_key = { from = ["EMP", "CLI"], join = "/" }
branch = "SUC"
services = ["TRAB1", "TRAB2"]
notes = { from = ["OBS1", "OBS2"] }
status = { from = "EST", values = { "1" = "scheduled", "2" = "confirmed", "9" = "cancelled" } }

[source.costa.entity.repair_order]
files = "or_*.txt"
mode = "delta"
key = ["EMP", "SUC", "NRO"]
[source.costa.entity.repair_order.map]
number = "NRO"
opened_at = { from = ["FEC", "HORA"], format = "%d/%m/%y %H%M" }
delivered_at = { from = ["FECE", "HORAE"], format = "%d/%m/%y %H%M" }
vehicle_key = { from = ["EMP", "UNI"], join = "/" }
branch = "SUC"
odometer_in = "KM"
pay_type = { from = "CARGO", values = { C = "customer", G = "warranty" } }
status = { from = "EST", values = { "1" = "open", "2" = "in_progress", "3" = "on_hold", "4" = "finished", "5" = "delivered", "8" = "estimate", "9" = "voided" } }
"""

STATES = {"AB": "1", "EP": "2", "ES": "3", "TE": "4", "EN": "5", "AN": "9", "PR": "8"}
REJECTED = {"customer": 2, "delivery": 1, "appointment": 3, "repair_order": 1}
CODES = ["E-COLS", "E-DATE", "E-DUP", "E-DUP", "E-KEY", "E-REQ", "E-REQ"]


def plain(key: str) -> str:
    """The key of the truth: without the firm, and of a sale without the branch."""
    firm, branch, number = key.split("/")
    assert firm == "01"
    return number if number.startswith("V") else f"{branch}/{number}"


def write(folder: Path, d: Dealer, gone: set[str], later: bool) -> Path:
    inbox, tag = folder / "bandeja", "b" if later else "a"
    place = {car.vin: f"{n:04d}" for n, car in enumerate(d.cars)}

    def drop(name: str, head: str, rows: Sequence[tuple[str, ...]]) -> None:
        put(inbox / name, head.split(), rows, encoding="latin-1", sign="|",
            before=["Exportación del sistema", ""], after=["", "Fin del listado|1", "basura|2|3"])  # fmt: skip

    people = [("01", p.key, *p.name.partition(", ")[::2], p.doc, "nadie@", p.mobile, "S/D", "SN"[n % 2], "20/11/26 10:00")
              for n, p in enumerate(d.people)]  # fmt: skip
    if later:  # an older copy, late and out of order: nothing of it may count
        people = [(*row[:2], "VIEJO", "NOMBRE", *row[4:9], "01/11/26 10:00") for row in people]
    people += [("01", "77", "DOS", "A", "", "", "", "", "", ""), ("01", "77", "DOS", "B", "", "", "", "", "", "")]
    drop(f"cli_{tag}.txt", "EMP COD APELLIDO NOMBRES CUIT MAIL CEL TEL PROMO MODIF", people)
    drop(f"uni_{tag}.txt", "EMP COD BASTIDOR PATENTE CLI ANIO KM",
         [("01", place[c.vin], c.vin, f"{c.plate[:2]}-{c.plate[2:]}", c.owner.key, "2.024", "99.999.999") for c in d.cars])  # fmt: skip
    drop(f"ent_{tag}.txt", "EMP SUC NRO FEC HORA PATENTE BASTIDOR CLI VEND EST",
         [*(("01", s.branch, s.key, day(s.at, "%d/%m/%y"), day(s.at, "%H%M"), s.car.plate, s.car.vin, s.car.owner.key,
             "RÍOS", "9" if s.annulled else "1") for s in d.sales),
          ("01", "CBA", "V1", "00/00/00", "", "AB123CD", "S/D", "00001", "PAZ", "1")])  # fmt: skip
    turnos = [("01", t.branch, str(t.number), day(t.start, "%d/%m/%y"), day(t.start, "%H%M") if t.number % 6 else "S/D", *names(t), t.car.owner.key,
               "SERVICE", "S/D", "línea", "otra", "9" if t.state == "X" else "1" if t.number % 4 else "77")
              for t in d.turnos if t.key not in gone]  # fmt: skip
    turnos += [("01", "CBA", "1", "24/11/2026", "1000", *turnos[0][5:]), ("01", "CBA", "S/D", *turnos[0][3:]),
               ("01", "CBA", "2", "", "1000", *turnos[0][5:])]  # fmt: skip
    drop(f"tur_{tag}.txt", "EMP SUC NRO FEC HORA PATENTE CHASIS CLI TRAB1 TRAB2 OBS1 OBS2 EST", turnos)
    changed = [
        o for o in d.orders if not later or max(o.opened, o.delivered or o.opened) >= at(0, 0) or o.state != "EN"
    ]
    rows = {
        o.key: ("01", o.branch, str(o.number), day(o.opened, "%d/%m/%y"), day(o.opened, "%H%M"), day(o.delivered, "%d/%m/%y", "00/00/00"),
                day(o.delivered, "%H%M"), place[o.car.vin], "30.000", "CGX"[o.number % 3], STATES[o.state]) for o in changed
    }  # fmt: skip
    head = "EMP SUC NRO FEC HORA FECE HORAE UNI KM CARGO EST"
    drop(f"or_{tag}1.txt", head, [r for k, r in rows.items() if int(k[-1]) % 2])
    drop(f"or_{tag}2.txt", head, [*(r for k, r in rows.items() if not int(k[-1]) % 2), ("01", "CBA", "99", "24/11/26")])
    toml = folder / "source.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml
