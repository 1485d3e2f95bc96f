"""*Nord*: UTF-16 with tabs, German headers, days with dots, masters with names in parts, an agenda per branch under
``scope``, and one flat file of jobs that feeds orders, lines and incidents."""

from __future__ import annotations

from pathlib import Path

from tests.dms.dealer import Dealer
from tests.dms.dealers.files import day, names, put

TOML = """
[source.nord]
kind = "folder"
path = "eingang"
timezone = "America/Argentina/Buenos_Aires"
branch = "CBA"
encoding = "utf-16"
delimiter = "\\t"
decimal = ","
mode = "snapshot"
null = ["", "-", "00.00.0000"]

[source.nord.entity.customer]
files = "Kunden*.txt"
key = ["KundenNr"]
[source.nord.entity.customer.map]
family_name = "Nachname"
given_name = "Vorname"
kind = { const = "person" }
doc_number = "SteuerNr"
phones = [{ from = "Mobil", kind = "mobile" }, "Festnetz"]

[source.nord.entity.vehicle]
files = "Fahrzeuge*.txt"
key = "FahrzeugNr"
[source.nord.entity.vehicle.map]
chassis = "Fahrgestell"
plate = "Kennzeichen"
model = "Modell"
owner_key = "Halter"
odometer_km = "Laufleistung"

[source.nord.entity.delivery]
files = "Verkauf*.txt"
key = ["VertragNr"]
[source.nord.entity.delivery.map]
delivered_at = { from = ["Datum", "Uhr"], format = "%d.%m.%Y %H:%M Uhr" }
vehicle_key = "FahrzeugNr"
customer_key = "KundenNr"
branch = "Filiale"
condition = { from = "Zustand", values = { Neu = "new", Gebraucht = "used" } }
status = { from = "Status", values = { Ausgeliefert = "delivered", Storniert = "annulled" } }

[source.nord.entity.appointment]
files = "Termine_*.txt"
mode = "window"
window_days = [-10, 60]
scope = ["Filiale"]
key = ["Filiale", "TerminNr"]
[source.nord.entity.appointment.map]
starts_at = { from = ["Datum", "Uhr"], format = "%d.%m.%Y %H:%M Uhr" }
plate = "Kennzeichen"
chassis = "Fahrgestell"
branch = "Filiale"
customer_key = "KundenNr"
contact_phone = { coalesce = ["Mobil", "Festnetz"] }
duration_min = "Dauer"
status = { from = "Status", values = { offen = "scheduled", "bestätigt" = "confirmed", storniert = "cancelled" } }

[source.nord.entity.repair_order]
files = "Auftraege*.txt"
key = ["Filiale", "AuftragNr"]
[source.nord.entity.repair_order.map]
number = "AuftragNr"
opened_at = { from = "Eröffnet", format = ["%d.%m.%Y %H:%M", "%d.%m.%Y"] }
delivered_at = { from = "Übergabe", format = ["%d.%m.%Y %H:%M", "%d.%m.%Y"] }
vehicle_key = "FahrzeugNr"
branch = "Filiale"
total = "Summe"
currency = { const = "ARS" }
status = { from = "Status", values = { Offen = "open", Arbeit = "in_progress", Wartet = "on_hold", Fertig = "finished", Abgeholt = "delivered", Storno = "voided", Angebot = "estimate" } }

[source.nord.entity.repair_order_line]
files = "Auftraege*.txt"
key = ["Filiale", "AuftragNr", "Pos"]
[source.nord.entity.repair_order_line.map]
description = "Arbeit"
amount = "Betrag"
hours = "Stunden"

[source.nord.entity.incident]
files = "Auftraege*.txt"
key = ["Filiale", "AuftragNr", "Pos"]
[source.nord.entity.incident.map]
text = "Beanstandung"
kind = { const = "complaint" }
"""

STATES = {
    "AB": "Offen", "EP": "Arbeit", "ES": "Wartet", "TE": "Fertig", "EN": "Abgeholt", "AN": "Storno", "PR": "Angebot",
}  # fmt: skip
REJECTED = {"delivery": 1, "appointment": 2, "repair_order": 1, "repair_order_line": 1, "incident": 1}
CODES = ["E-COLS", "E-COLS", "E-COLS", "E-DATE", "E-KEY", "E-REF"]


def write(folder: Path, d: Dealer, gone: set[str], later: bool) -> Path:
    inbox, how = folder / "eingang", {"encoding": "utf-16", "sign": "\t"}
    place = {car.vin: str(n) for n, car in enumerate(d.cars)}
    put(inbox / "Kunden.txt", ["KundenNr", "Nachname", "Vorname", "SteuerNr", "Mobil", "Festnetz"],
        [(p.key, *p.name.partition(", ")[::2], p.doc, p.mobile, "-") for p in d.people], **how)  # fmt: skip
    put(inbox / "Fahrzeuge.txt", ["FahrzeugNr", "Fahrgestell", "Kennzeichen", "Modell", "Halter", "Laufleistung"],
        [(place[c.vin], c.vin, c.plate, c.model, c.owner.key, "12.345") for c in d.cars], **how)  # fmt: skip
    sales = [(s.key, day(s.at, "%d.%m.%Y"), day(s.at, "%H:%M Uhr"), place[s.car.vin], s.car.owner.key, s.branch, "Neu",
              "Storniert" if s.annulled else "Ausgeliefert") for s in d.sales]  # fmt: skip
    put(inbox / "Verkauf.txt", ["VertragNr", "Datum", "Uhr", "FahrzeugNr", "KundenNr", "Filiale", "Zustand", "Status"],
        [*sales, ("V777", "31.02.2026", "10:00 Uhr", "1", "00001", "CBA", "Neu", "Ausgeliefert")], **how)  # fmt: skip
    head = ["Filiale", "TerminNr", "Datum", "Uhr", "Kennzeichen", "Fahrgestell", "KundenNr", "Mobil", "Festnetz", "Dauer", "Status"]  # fmt: skip
    for branch in {t.branch for t in d.turnos}:
        rows: list[tuple[str, ...]] = [
            (t.branch, str(t.number), day(t.start, "%d.%m.%Y"), day(t.start, "%H:%M Uhr"), *names(t), t.car.owner.key,
             "-", t.car.owner.mobile, "60", "storniert" if t.state == "X" else "offen" if t.number % 5 else "???")
            for t in d.turnos if t.branch == branch and t.key not in gone
        ]  # fmt: skip
        if branch == "CBA":
            rows.insert(3, ("CBA", "", *rows[0][2:]))
            rows.append(("CBA", "8001", "24.11.2026", "10:00 Uhr", "-", "-", "-", "-", "-", "-", "offen"))
        put(inbox / f"Termine_{branch}.txt", head, rows, **how)
    flat: list[tuple[str, ...]] = []
    for o in d.orders:
        common = (o.branch, str(o.number), day(o.opened, "%d.%m.%Y %H:%M"), day(o.delivered, "%d.%m.%Y %H:%M", "00.00.0000"),
                  place[o.car.vin], "1.234,50", STATES[o.state])  # fmt: skip
        flat += [(*common, str(n + 1), f"Arbeit {n}", "99,90", "1,5", "quietscht" if n == 0 else "-") for n in range(max(1, o.lines))]  # fmt: skip
    flat.append((*flat[0][:3], "nur vier"))
    put(inbox / "Auftraege.txt", ["Filiale", "AuftragNr", "Eröffnet", "Übergabe", "FahrzeugNr", "Summe", "Status", "Pos",
        "Arbeit", "Betrag", "Stunden", "Beanstandung"], flat, **how)  # fmt: skip
    toml = folder / "source.toml"
    toml.write_text(TOML, encoding="utf-8")
    return toml
