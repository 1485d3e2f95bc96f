"""S15: one command hands out everything about a person; erased, the person stays erased through three re-imports under
any of his names and the restoring of an older copy, and the audit chain still verifies."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from boxes_tui.data import personal
from boxes_tui.data.audit import verify
from boxes_tui.data.backup import restore
from boxes_tui.data.engine import parse_url, reading, set_scope
from boxes_tui.data.reads.search import search
from boxes_tui.data.tables import audit, customer, customer_phone, metadata, person_secret, repair_order
from boxes_tui.errors import Refused, UsageError
from boxes_tui.outreach.rights import ErasePerson, ExportPerson, LogRequest, RectifyPerson, due_day, export_of, requests
from boxes_tui.outreach.suppression import LEDGER, after_erasure, beside, erase_again, load, note_copy
from tests.dms.house import desk, sync

NOW = "2026-11-24T14:10:00-03:00"
TOML = """
[source.dms]
kind = "folder"
path = "in"
timezone = "America/Argentina/Buenos_Aires"
[source.dms.entity.customer]
files = "clientes*.csv"
mode = "snapshot"
key = ["COD"]
[source.dms.entity.customer.map]
display_name = "NOMBRE"
doc_number = "DNI"
email = "MAIL"
address = "DOMICILIO"
phones = ["TEL"]
[source.dms.entity.appointment]
files = "turnos*.csv"
mode = "delta"
key = ["NRO"]
[source.dms.entity.appointment.map]
starts_at = { from = "FECHA", format = "%d/%m/%Y %H:%M" }
plate = "DOMINIO"
contact_name = "CONTACTO"
contact_phone = "CEL"
notes = "OBS"
customer_key = "COD"
customer.display_name = "CONTACTO"
customer.phones = ["CEL"]
[source.dms.entity.repair_order]
files = "ordenes*.csv"
mode = "delta"
key = ["OR"]
[source.dms.entity.repair_order.map]
opened_at = { from = "ABRE", format = "%d/%m/%Y" }
plate = "DOMINIO"
customer_key = "COD"
notes = "OBS"
status = { from = "EST", values = { A = "open" } }
"""
CANARIES = ("CANARIA", "20001234", "20.001.234", "canaria@ejemplo.test", "5123456", "512-3456", "Laprida 77")
PERSON = "C1,CANARIA ROCA ANA,20.001.234,canaria@ejemplo.test,Laprida 77,351 512-3456"


class Dealer:
    """A small dealership on the real path: files, sync, acts."""

    def __init__(self, tmp: Path, url: str | None) -> None:
        self.tmp, self.url = tmp, url
        (tmp / "in").mkdir()
        (tmp / "dms.toml").write_text(TOML)
        self.house = desk(tmp / "home", NOW, url)

    def read(self, **files: str) -> None:
        """Write files (name → lines) and sync."""
        heads = {
            "clientes": "COD,NOMBRE,DNI,MAIL,DOMICILIO,TEL", "turnos": "NRO,FECHA,DOMINIO,CONTACTO,CEL,OBS,COD",
            "ordenes": "OR,ABRE,DOMINIO,COD,OBS,EST",
        }  # fmt: skip
        for name, lines in files.items():
            path = self.tmp / "in" / f"{name}.csv"
            path.write_text(f"{heads[name]}\n{lines}\n")
            path.with_name(path.name + ".ok").touch()
        for report in sync(self.house, self.tmp / "dms.toml", allow=frozenset({"G-SHRINK"})):
            assert report.exit in (0, 3), report

    def start(self) -> int:
        """Two customers, an appointment and an order of the first; returns the id of that one."""
        self.read(
            clientes=f"{PERSON}\nC2,OTRO CLIENTE,30111222,otro@ejemplo.test,,351 400-1111",
            turnos="T1,27/11/2026 09:00,AB052JY,CANARIA ANA,351 512-3456,llamar a CANARIA,C1",
            ordenes="O1,20/11/2026,AB052JY,C1,CANARIA dejó la llave,A",
        )
        with reading(self.house.engine) as conn:
            set_scope(conn, None)
            return int(conn.execute(select(customer.c.id).where(customer.c.source_key == "C1")).scalar_one())

    def holds(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """Where a canary stands in the database: ``table.column``."""
        found = []
        with reading(self.house.engine) as conn:
            set_scope(conn, None)
            for table in metadata.sorted_tables:
                for row in conn.execute(select(table)).mappings():
                    for column, value in row.items():
                        if any(c.lower() in str(value).lower() for c in CANARIES) and table.name not in but:
                            found.append(f"{table.name}.{column}")
        return found

    def found(self, what: str) -> int:
        """Hits of search anywhere."""
        return len([h for h in self.house.read(search, what, None) if h.name and "CANARIA" in h.name.upper()])


@pytest.fixture
def dealer(tmp_path: Path, db_url: str) -> Any:
    """The dealership on each database."""
    made = Dealer(tmp_path, db_url)
    yield made
    made.house.close()


def _acts(dealer: Dealer, who: int) -> None:
    """An agent's work on the person, so that every kind of row exists."""
    house = dealer.house
    house.execute(RectifyPerson(who, (("city", "Córdoba CANARIA"),)))
    with house.engine.begin() as conn:
        set_scope(conn, None)
        at, day = int(house.clock.now().timestamp()), house.session.today.toordinal()
        values = {"who": who, "at": at, "day": day}
        for statement in (
            "INSERT INTO call (at, day, type, purpose, customer_id, phone, code, contact, productive, closes, note) "
            "VALUES (:at, :day, 'appointment', 'operational', :who, '+5493515123456', 'attended', true, true, true, "
            "'CANARIA dijo')",
            "INSERT INTO note (at, customer_id, text) VALUES (:at, :who, 'es CANARIA')",
            "INSERT INTO opportunity (branch_id, customer_id, origin, state, due_day, about, created_at, created_day) "
            "SELECT id, :who, 'customer', 'open', :day, 'CANARIA quiere service', :at, :day FROM branch",
            "INSERT INTO block (customer_id, last10, doc_digits, scope, at) "
            "VALUES (:who, '3515123456', '20001234', 'offer', :at)",
            "INSERT INTO complaint (customer_id, opened_at, opened_day, due_at, text) "
            "VALUES (:who, :at, :day, :at, 'CANARIA')",
            'UPDATE act SET images = \'["CANARIA"]\', result = \'{"n": "CANARIA"}\', undoable = true '
            "WHERE id = (SELECT max(id) FROM act) AND customer_id = :who",  # an act has its entry in the audit
        ):
            conn.execute(text(statement), values)


def test_every_table_has_a_decision() -> None:
    assert personal.undecided() == []


def test_a_table_without_a_decision_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("note", "vehicle_owner", "rollup"):
        fewer = {k: v for k, v in personal.PERSONAL.items() if k != name}
        monkeypatch.setattr(personal, "PERSONAL", fewer)
        monkeypatch.setattr(personal, "OTHERS", {k: v for k, v in personal.OTHERS.items() if k != name})
        assert personal.undecided(), name
        monkeypatch.undo()
    monkeypatch.setattr(personal, "PERSONAL", {**personal.PERSONAL, "vehicle": personal.Personal(("owner_id",))})
    assert personal.undecided() == ["vehicle.driver_id", "vehicle.relation_ended_owner_id"]


def test_export_is_whole_and_noted(dealer: Dealer) -> None:
    who = dealer.start()
    _acts(dealer, who)
    dealer.house.execute(ExportPerson(who))
    got = dealer.house.read(export_of, who)
    exported = {f"{t}.{c}" for t, rows in got["tables"].items() for row in rows for c in row}
    missing = set(dealer.holds(but=("audit", "sync_run"))) - exported
    assert missing == set()
    assert {"customer", "customer_phone", "appointment", "repair_order", "call", "note"} <= set(got["tables"])
    assert "OTRO" not in json.dumps(got)
    log = dealer.house.read(requests)
    assert [(r["kind"], r["done_at"] is not None) for r in log if r["kind"] == "access"] == [("access", True)]
    assert next(r["due_day"] for r in log if r["kind"] == "access") == date(2026, 12, 4)
    with reading(dealer.house.engine) as conn:
        set_scope(conn, None)
        verbs = conn.execute(select(audit.c.verb, audit.c.subject_id)).tuples().all()
    assert ("rights_export", who) in verbs


def test_erased_and_it_stays_so(dealer: Dealer, tmp_path: Path) -> None:
    who = dealer.start()
    _acts(dealer, who)
    assert dealer.found("canaria") and len(set(dealer.holds())) > 12
    done = dealer.house.execute(ErasePerson(who)).result
    after_erasure(dealer.house)
    assert done["kept"] == {"repair_orders": 1}
    assert dealer.holds() == []
    if dealer.house.engine.dialect.name == "sqlite":
        raw = (tmp_path / "boxes.db").read_bytes() + (tmp_path / "boxes.db-wal").read_bytes()
        assert not [c for c in CANARIES if c.encode() in raw], "still in the file"
    with reading(dealer.house.engine) as conn:
        set_scope(conn, None)
        assert conn.execute(select(repair_order.c.id).where(repair_order.c.customer_id == who)).all()
        assert conn.execute(select(person_secret)).all() == []
        suppressed = load(conn)
        assert suppressed.holds("phone", "3515123456") and suppressed.holds("email", "Canaria@ejemplo.test")
        assert not suppressed.holds("phone", "3514001111")
    again = (
        {"clientes": PERSON + "\nC2,OTRO CLIENTE,30111222,otro@ejemplo.test,,351 400-1111"},
        {"clientes": PERSON.replace("Laprida 77", "Laprida 77 bis") + "\nC2,OTRO CLIENTE 2,30111222,,,351 400-1111",
         "turnos": "T1,28/11/2026 10:00,AB052JY,CANARIA ANA,351 512-3456,otra vez CANARIA,C1",
         "ordenes": "O1,20/11/2026,AB052JY,C1,CANARIA volvió,A"},
        {"clientes": "C9,CANARIA ROCA ANA,20001234,,,\nC8,CANARIA ANA,,,,0351 15 512-3456\n"
                     "C7,X,,canaria@ejemplo.test,,",
         "turnos": "T2,30/11/2026 10:00,ZZ999ZZ,ANA CANARIA,+54 9 351 512-3456,nota,"},
    )  # fmt: skip
    for files in again:
        dealer.read(**files)
        assert dealer.holds() == [], files
        assert dealer.found("canaria") == 0 and dealer.found("5123456") == 0
    assert len(dealer.house.read(search, "otro cliente", None)) == 1
    assert dealer.house.read(lambda conn, s: verify(conn)).ok
    with pytest.raises(Refused):
        dealer.house.execute(ErasePerson(who))


def test_another_person_with_the_same_number_is_left_alone(dealer: Dealer) -> None:
    who = dealer.start()
    dealer.house.execute(ErasePerson(who))
    dealer.read(
        clientes="C2,OTRO CLIENTE,30111222,otro@ejemplo.test,,351 400-1111\n"
        "C5,CANARIA HIJA,45000111,,,351 512-3456\nC6,LOPEZ JUAN,,,,351 512-3456"
    )
    with reading(dealer.house.engine) as conn:
        rows = dict(
            conn.execute(
                select(customer.c.source_key, customer.c.erased_at).where(customer.c.source_key.in_(("C5", "C6")))
            )
            .tuples()
            .all()
        )
        assert rows == {"C5": None, "C6": None}
        assert len(conn.execute(select(customer_phone.c.id).where(customer_phone.c.last10 == "3515123456")).all()) == 2


@pytest.mark.parametrize("where", ["home", "beside"])
def test_an_older_copy_does_not_bring_the_person_back(tmp_path: Path, where: str) -> None:
    from boxes_tui.data.backup import backup

    dealer = Dealer(tmp_path, None)
    who = dealer.start()
    copy = backup(dealer.house.engine, tmp_path / "elsewhere" / "yesterday.copy")
    note_copy(dealer.house, copy)
    dealer.house.execute(ErasePerson(who))
    after_erasure(dealer.house)
    dealer.house.close()
    assert (tmp_path / "home" / LEDGER).stat().st_mode & 0o77 == 0
    assert b"CANARIA" in copy.read_bytes() and b"CANARIA" not in beside(copy).read_bytes()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    if where == "home":
        (fresh / LEDGER).write_bytes((tmp_path / "home" / LEDGER).read_bytes())
        beside(copy).unlink()
    restore(parse_url(f"sqlite:///{fresh / 'boxes.db'}"), copy)
    back = Dealer.__new__(Dealer)
    back.tmp, back.url, back.house = tmp_path, None, desk(fresh, NOW)
    assert back.holds()
    assert erase_again(back.house, copy) == 1
    assert back.holds() == [] and erase_again(back.house, copy) == 0
    assert back.house.read(lambda conn, s: verify(conn)).ok
    back.read(clientes=PERSON + "\nC2,OTRO CLIENTE,30111222,otro@ejemplo.test,,351 400-1111")
    assert back.holds() == []
    back.house.close()


def test_rectify_and_the_log(dealer: Dealer) -> None:
    who = dealer.start()
    house = dealer.house
    house.execute(LogRequest(who, "rectify", date(2026, 11, 20)))
    pending = house.read(requests, pending=True)
    assert [(r["kind"], r["due_day"]) for r in pending] == [("rectify", date(2026, 11, 30))]  # 23/11 is a holiday
    with reading(house.engine) as conn:
        assert conn.execute(select(customer.c.blocked_review).where(customer.c.id == who)).scalar()
    done = house.execute(RectifyPerson(who, (("email", "nueva@ejemplo.test"), ("display_name", "ROCA, ANA MARÍA"))))
    assert house.read(requests, pending=True) == []
    assert [h.id for h in house.read(search, "ana maria", None)] == [who]
    with reading(house.engine) as conn:
        set_scope(conn, None)
        row = conn.execute(select(customer).where(customer.c.id == who)).mappings().one()
        detail = json.dumps(conn.execute(select(audit.c.detail).where(audit.c.act_id == done.act)).scalar())
    assert (row["email"], row["blocked_review"]) == ("nueva@ejemplo.test", False)
    assert "nueva" not in detail and "canaria" not in detail.lower()
    for wrong in (("email", "a@b.test, c@d.test"), ("id", "7"), ("display_name", " "), ("birth_date", "31/12")):
        with pytest.raises(UsageError):
            house.execute(RectifyPerson(who, (wrong,)))
    with pytest.raises(Refused):
        house.execute(ExportPerson(999_999))
    assert due_day_of(dealer, "erase", date(2026, 12, 4)) == date(2026, 12, 14)  # 8/12 is a holiday, 7/12 a bridge day
    assert due_day_of(dealer, "access", date(2026, 12, 4)) == date(2026, 12, 14)


def due_day_of(dealer: Dealer, kind: Any, day: date) -> date:
    return dealer.house.read(due_day, kind, day)


def test_command_line(tmp_path: Path) -> None:
    dealer = Dealer(tmp_path, None)
    who = dealer.start()
    dealer.house.close()
    env = {**os.environ, "BOXES_HOME": str(tmp_path / "home"), "BOXES_NOW": NOW, "BOXES_USER": "admin"}

    def boxes(*words: str, code: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "boxes_tui", *words],
            env=env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr

    boxes("db", "backup", str(tmp_path / "c.copy"))
    target = tmp_path / "out.json"
    assert boxes("customer", "export", str(who), "--output", str(target), "--json")["rows"] > 3
    assert target.stat().st_mode & 0o777 == 0o600 and "CANARIA" in target.read_text()
    boxes("customer", "export", str(who), "--output", str(target), code=1)
    assert boxes("customer", "export", str(who))["tables"]["customer"]
    boxes("customer", "rectify", str(who), "--field", "city", code=2)
    assert boxes("customer", "rectify", str(who), "--field", "city=Jesús María", "--json")["fields"] == ["city"]
    assert (
        boxes("customer", "request", str(who), "--kind", "erase", "--requested", "2026-11-23", "--json")["due"]
        == "2026-11-30"
    )
    assert boxes("customer", "requests", "--pending", "--json")["total"] == 1
    done = boxes("customer", "erase", str(who), "--json")
    assert done["erased"] == [str(who)] and done["kept"]["repair_orders"] == 1
    boxes("customer", "erase", str(who), code=1)
    assert boxes("customer", "search", "canaria", "--json")["total"] == 0
    assert boxes("customer", "requests", "--pending", "--json")["total"] == 0
    env["BOXES_HOME"] = str(tmp_path / "other")
    assert boxes("db", "restore", str(tmp_path / "c.copy"), "--json")["erased_again"] == 1
    assert boxes("customer", "search", "canaria", "--json")["total"] == 0
    with sqlite3.connect(tmp_path / "other" / "boxes.db") as conn:
        assert conn.execute("SELECT count(*) FROM customer WHERE display_name LIKE '%CANARIA%'").fetchone() == (0,)
