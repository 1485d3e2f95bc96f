"""WhatsApp, telephone and the gate: the phone table of FORMATS.md to links, dialling, and every channel × purpose × role."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from boxes_tui.bootstrap import House
from boxes_tui.data.engine import set_scope, writing
from boxes_tui.data.tables import (
    appointment,
    block,
    campaign,
    contact_log,
    customer,
    dnc_list,
    dnc_number,
    opportunity,
    outbox,
    repair_order,
    sale_delivery,
)
from boxes_tui.domain.phones import parse_phone
from boxes_tui.domain.roles import ROLES
from boxes_tui.errors import BoxesError, ConfigError, Refused, UsageError
from boxes_tui.outreach.dial import LogDial, dialler_of, place_call
from boxes_tui.outreach.links import phone_url, sip_url, tel_url, wa_digits, wa_url
from boxes_tui.outreach.reminder import SendReminder
from boxes_tui.outreach.whatsapp import LogWhatsApp, NoteReply, compose
from boxes_tui.text import OUR_LINK
from tests.outreach.kit import NOW, Kit

TABLE = [
    ("011 15 5555-1234", "5491155551234"),
    ("5491155551234", "5491155551234"),
    ("+54 9 11 5555 1234", "5491155551234"),
    ("(0351) 15-512-3456", "5493515123456"),
    ("351 512 3456", "5493515123456"),
    ("1155551234", "5491155551234"),
    ("+54 11 5555 1234", "5491155551234"),
    ("15 5555-1234", "5491155551234"),
    ("0351 4512345", None),
    ("011 4555-1234", None),
    ("", None),
    ("no tiene", None),
]


@pytest.mark.parametrize(("typed", "digits"), TABLE)
def test_the_phone_table_to_links(typed: str, digits: str | None) -> None:
    assert wa_digits(typed, area_code="11") == digits
    if digits:
        assert wa_url(digits) == f"https://wa.me/{digits}"
        assert tel_url(parse_phone(typed, "11").e164 or "")


def test_an_agents_answer_wins_over_the_written_form() -> None:
    assert wa_digits("351 512 3456", "fixed") is None
    assert wa_digits("0351 4512345", "mobile") == "5493514512345"
    assert sip_url("351 512 3456", "pbx.ejemplo.test") == "sip:+543515123456@pbx.ejemplo.test;user=phone"
    with pytest.raises(ValueError, match="host"):
        sip_url("351 512 3456", "pbx;x\r\n")


@given(st.text(max_size=300))
def test_links_hold_nothing_but_themselves(text: str) -> None:
    clean = "".join(ch for ch in text if not 0xD800 <= ord(ch) <= 0xDFFF)
    url = wa_url("5493515123456", clean)
    assert url.isascii() and url.isprintable()
    assert parse_qs(urlsplit(url).query, keep_blank_values=True).get("text", [""])[0] == clean
    assert OUR_LINK.match(url)
    with pytest.raises(ValueError, match="wa"):
        wa_url(text)
    assert not OUR_LINK.match("javascript:" + url) and not OUR_LINK.match(url + "\x1b")


def test_links_of_telephones() -> None:
    assert phone_url("+5493515123456", "tel") == "tel:+5493515123456"
    assert phone_url("+5493515123456", "sip:pbx.test:5060") == "sip:+5493515123456@pbx.test:5060;user=phone"
    assert phone_url("+5493515123456", "") is None and phone_url(None, "tel") is None
    for url in ("tel:+5493515123456", "sip:+5493515123456@pbx.test:5060;user=phone", "https://wa.me/5493515123456"):
        assert OUR_LINK.match(url), url
    for url in ("https://wa.me/5493515123456/x", "https://wa.me.evil.test/5493515123456", "tel:*21#", "file:///etc/passwd",
                "https://wa.me/5493515123456?text=a b", "sip:+5493515123456@pbx;user=phone;x", "tel:+5493515123456\n"):  # fmt: skip
        assert not OUR_LINK.match(url), url


class Rows:
    """A row of each kind about one person, and what each is for the gate."""

    def __init__(self, kit: Kit) -> None:
        self.who = kit.person()
        self.turn = kit.booked(self.who, comment="SECRETO", notes="SECRETO")
        unit = kit.row(appointment, self.turn)["vehicle_id"]
        common: dict[str, Any] = {"customer_id": self.who, "vehicle_id": unit, "branch_id": kit.branch}
        dms = {**common, "source_id": kit.source, "is_stub": False}
        with writing(kit.house.engine) as conn:
            set_scope(conn, None)
            made = [
                conn.execute(insert(t).values(**v).returning(t.c.id)).scalar_one()
                for t, v in (
                    (sale_delivery, {**dms, "delivered_at": NOW, "delivered_day": NOW.date()}),
                    (repair_order, {**dms, "opened_at": NOW, "opened_day": NOW.date(), "notes": "SECRETO"}),
                    (repair_order, {**dms, "opened_at": NOW, "handover_at": NOW, "handover_day": NOW.date()}),
                    (campaign, {"name": "Airbag", "type": "recall", "created_at": NOW, "created_day": NOW.date()}),
                )
            ]
            oppo = {**common, "state": "open", "due_day": NOW.date(), "about": "SECRETO", "created_at": NOW,
                    "created_day": NOW.date()}  # fmt: skip
            made += [
                conn.execute(insert(opportunity).values(**{**oppo, **v}).returning(opportunity.c.id)).scalar_one()
                for v in ({"origin": "customer"}, {"origin": "campaign", "campaign_id": made[3]})
            ]
        self.operational = (
            f"appointments:{self.turn}", f"deliveries:{made[0]}", f"in_process:{made[1]}", f"completed:{made[2]}",
            f"campaign_opportunities:{made[5]}",
        )  # fmt: skip
        self.offers = (f"opportunities:{made[4]}", f"customers:{self.who}")


def test_texts_of_every_row(kit: Kit) -> None:
    rows = Rows(kit)
    for ref in rows.operational + rows.offers:
        found = kit.house.read(compose, kit.settings, ref)
        head = "PUBLICIDAD%0A%0A" if ref in rows.offers else ""
        assert found.url.startswith(f"https://wa.me/5493515123456?text={head}Hola%20Mar%C3%ADa%20Jos%C3%A9")
        assert "SECRETO" not in found.text
        assert ("Ley 25.326" in found.text) == (ref in rows.offers)
        kit.house.execute(LogWhatsApp(ref))
    with kit.house.engine.connect() as conn:
        set_scope(conn, None)
        logged = conn.execute(select(contact_log)).mappings().all()
        assert len(logged) == 7 and {r["phone_last4"] for r in logged} == {"3456"}
        assert {r["template"] for r in logged} == {
            "wa_turno", "wa_entrega", "wa_taller", "wa_servicio", "wa_seguridad", "wa_oferta"
        }  # fmt: skip
    with pytest.raises(UsageError):
        kit.house.read(compose, kit.settings, rows.offers[0], None, None, "wa_turno")
    with pytest.raises(UsageError):
        kit.house.read(compose, kit.settings, rows.offers[0], None, None, "recordatorio")
    with pytest.raises(Refused):
        kit.house.read(compose, kit.settings, rows.operational[0], "0351 4512345")


STATES = ("free", "own_offer", "own_all", "listed", "old_list", "erased")
ALLOWED = {
    ("offer", "free"), *(("operational", s) for s in ("free", "own_offer", "listed", "old_list")),
}  # fmt: skip


def _put(kit: Kit, who: int, state: str) -> None:
    with writing(kit.house.engine) as conn:
        set_scope(conn, None)
        if state.startswith("own"):
            scope = "offer" if state == "own_offer" else "operational"
            conn.execute(insert(block).values(customer_id=who, scope=scope, at=NOW, user_id=1, how="llamado"))
        if state in ("listed", "old_list"):
            day = NOW.date() - timedelta(2 if state == "listed" else 31)
            new = conn.execute(
                insert(dnc_list)
                .values(name="No Llame", as_of=day, imported_at=NOW, digest="x", total=1, current=True)
                .returning(dnc_list.c.id)
            ).scalar_one()
            number = "3515123456" if state == "listed" else "1155550000"
            conn.execute(insert(dnc_number).values(list_id=new, last10=number))
    if state == "erased":
        kit.change(customer, who, erased_at=NOW)


def _try(kit: Kit, house: House, channel: str, rows: Rows, ref: str) -> bool:
    try:
        if channel == "email":
            house.execute(SendReminder(rows.turn, kit.desk))
        elif channel == "whatsapp":
            house.read(compose, kit.settings, ref)
        else:
            house.execute(LogDial(ref, "+5493515123456"))
    except Refused:
        return False
    return True


@pytest.mark.parametrize("state", STATES)
def test_the_gate_on_every_channel_purpose_and_role(lite: Kit, state: str) -> None:
    rows = Rows(lite)
    _put(lite, rows.who, state)
    for role in ROLES:
        house = lite.as_user(f"u.{role}", role)
        for channel in ("email", "whatsapp", "dial"):
            for purpose, refs in (("operational", rows.operational), ("offer", rows.offers)):
                if channel == "email" and purpose == "offer":
                    continue  # no mail is an offer
                for ref in refs[:1] if channel == "email" else refs:
                    acts = channel != "whatsapp"  # reading a text is no act: the role matters when it is noted
                    expected = (purpose, state) in ALLOWED and (role != "viewer" or not acts)
                    assert _try(lite, house, channel, rows, ref) == expected, (role, channel, ref)
                    if channel == "email":
                        for mail in lite.mails():
                            lite.change(outbox, mail["id"], state="cancelled")
        if role == "viewer":
            with pytest.raises(Refused):
                house.execute(LogWhatsApp(rows.offers[0]))
        else:  # what has happened is recorded all the same, marked
            done = house.execute(LogWhatsApp(rows.offers[0])).result
            assert bool(done["outside_rules"]) == (("offer", state) not in ALLOWED)


@pytest.mark.parametrize("required", [False, True])
def test_offers_by_whatsapp_ask_for_the_opt_in(lite: Kit, monkeypatch: pytest.MonkeyPatch, required: bool) -> None:
    """It warns, or blocks where the configuration says so; appointments and the other channels are never asked for it.
    (Mutant: ``base.whatsapp`` true on every channel.)"""
    from boxes_tui.desk.blocks import OptIn
    from boxes_tui.desk.gate import verdict

    rows = Rows(lite)
    if required:
        monkeypatch.setenv("BOXES_WHATSAPP_OPT_IN", "required")

    def offer(channel: str = "whatsapp") -> Any:
        return lite.house.read(
            lambda conn, s: verdict(
                conn, s, customer_id=rows.who, branch_id=lite.branch, purpose="offer", channel=channel
            )
        )

    assert offer().allowed is not required
    assert [r.ok for r in offer().reasons if r.code == "opt_in"] == [False]
    assert all("opt_in" not in [r.code for r in offer(c).reasons] for c in ("call", "email"))
    assert _try(lite, lite.house, "whatsapp", rows, rows.offers[0]) is not required
    assert _try(lite, lite.house, "whatsapp", rows, rows.operational[0])
    marked = lite.house.execute(LogWhatsApp(rows.offers[0])).result["outside_rules"]
    assert marked == ("opt_in" if required else None)
    with pytest.raises(UsageError):
        lite.house.execute(OptIn(rows.offers[0]))
    lite.house.execute(OptIn(rows.offers[0], "mostrador"))
    assert offer().allowed and "mostrador" in str(offer().reasons)
    assert lite.row(customer, rows.who)["wa_opt_in_at"] == NOW
    lite.house.execute(OptIn(f"customers:{rows.who}", withdraw=True))
    assert offer().allowed is not required
    with pytest.raises(Refused):
        lite.house.execute(OptIn(f"customers:{rows.who}", withdraw=True))


def test_a_reply_confirms_with_one_key(lite: Kit) -> None:
    turn = lite.booked(lite.person())
    lite.house.execute(NoteReply(f"appointments:{turn}", "yes"))
    assert lite.row(appointment, turn)["confirmed_at"] == NOW
    other = lite.booked(lite.person("RUIZ, LUCÍA"))
    lite.house.execute(NoteReply(f"appointments:{other}", "change"))
    for gone in (lite.booked(lite.person(), status="cancelled"), lite.booked(lite.person(), NOW - timedelta(days=2))):
        lite.house.execute(
            NoteReply(f"appointments:{gone}", "yes")
        )  # noted, since it happened; there is nothing to confirm
        assert lite.row(appointment, gone)["confirmed_at"] is None
    assert lite.row(appointment, other)["confirmed_at"] is None


def _dialling(kit: Kit, dial: dict[str, Any], **environ: str) -> House:
    settings = replace(kit.settings, file={"dial": dial}, environ=environ)
    return House(settings, kit.house.clock, kit.house.engine, "admin")


def test_dial_command_without_a_shell(lite: Kit, tmp_path: Path) -> None:
    rows = Rows(lite)
    told = tmp_path / "told"
    write = f"import sys; open({str(told)!r}, 'w').write(repr(sys.argv[1:]))"
    house = _dialling(
        lite, {"command": [sys.executable, "-c", write, "{number}", "x; touch pwned"], "form": "national"}
    )
    place_call(house, rows.operational[0], "+5493515123456")
    assert told.read_text() == "['0351155123456', 'x; touch pwned']"
    broken = _dialling(lite, {"command": ["/bin/false", "{number}"]})
    with pytest.raises(BoxesError, match="a mano"):
        place_call(broken, rows.operational[0], "+5493515123456")
    with pytest.raises(Refused):
        place_call(lite.house, rows.operational[0], "+5493515123456")
    with lite.house.engine.connect() as conn:
        assert list(conn.execute(select(contact_log.c.channel)).scalars()) == ["tel", "tel"]


class Exchange(Thread):
    """A manager interface that answers as Asterisk does and keeps what it was told."""

    def __init__(self, answer: str) -> None:
        super().__init__(daemon=True)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.answer, self.told = answer, b""

    def run(self) -> None:
        line, _peer = self.door.accept()
        with line, line.makefile("rwb") as wire:
            wire.write(b"Asterisk Call Manager/5.0.2\r\n")
            for text in ("Success", self.answer):
                wire.write(b"Event: FullyBooted\r\nStatus: x\r\n\r\n")
                wire.flush()
                while (raw := wire.readline()) not in (b"\r\n", b""):
                    self.told += raw
                wire.write(f"Response: {text}\r\nMessage: m\r\n\r\n".encode())
                wire.flush()
            self.told += wire.readline()


def test_asterisk_originate(lite: Kit) -> None:
    rows = Rows(lite)
    ami = {"host": "127.0.0.1", "user": "boxes", "channel": "PJSIP/{extension}", "context": "salientes",
           "caller_id": "Casa Central <3514001000>"}  # fmt: skip
    for answer in ("Success", "Error"):
        exchange = Exchange(answer)
        exchange.start()
        house = _dialling(
            lite, {"ami": {**ami, "port": exchange.door.getsockname()[1]}, "extensions": {"admin": "201"}},
            BOXES_AMI_SECRET="s3creto",
        )  # fmt: skip
        if answer == "Success":
            place_call(house, rows.operational[0], "+5493515123456")
        else:
            with pytest.raises(BoxesError, match="no aceptó"):
                place_call(house, rows.operational[0], "+5493515123456")
        exchange.join(5)
        for said in (
            b"Channel: PJSIP/201\r\n",
            b"Exten: +5493515123456\r\n",
            b"CallerID: Casa Central <3514001000>\r\n",
        ):
            assert said in exchange.told
    for change in ({"caller_id": ""}, {"caller_id": "Casa Central"}, {"channel": "PJSIP/x\r\nAction: Command"},
                   {"host": "pbx.test"}):  # fmt: skip
        with pytest.raises(ConfigError):
            dialler_of(_dialling(lite, {"ami": {**ami, **change}}, BOXES_AMI_SECRET="s").settings)
    for dial in (
        {"ami": ami},
        {"command": ["x"]},
        {"command": "marcar {number}"},
        {"command": ["x", "{number}"], "ami": ami},
    ):
        with pytest.raises(ConfigError):
            dialler_of(_dialling(lite, dial).settings)
    assert dialler_of(lite.settings) is None
    assert dialler_of(_dialling(lite, {"link": "tel"}).settings) is None  # links alone dial nothing
    for link in ("sip:", "sip:a b", "http://x", 7):
        with pytest.raises(ConfigError, match="link"):
            dialler_of(_dialling(lite, {"link": link, "command": ["x", "{number}"]}).settings)


def test_numbers_generated_over_the_plan() -> None:
    """2,000 Argentine numbers, each written in the forms of FORMATS.md: the right link and kind."""
    import random

    chance = random.Random(7)
    for _n in range(2000):
        area = chance.choice(("11", "351", "341", "221", "2966", "3541", "2320"))
        rest = str(chance.randint(2, 9)) + "".join(str(chance.randint(0, 9)) for _d in range(9 - len(area)))
        national = area + rest
        info = parse_phone(national)
        if not info.valid:
            continue
        forms = {
            f"0{area} 15 {rest}": "mobile", f"+54 9 {area} {rest}": "mobile", f"549{national}": "mobile",
            f"0{area} {rest}": "fixed", national: "unknown", f"+54 {area} {rest}": "unknown",
        }  # fmt: skip
        for typed, kind in forms.items():
            assert parse_phone(typed).kind == kind, typed
            assert wa_digits(typed) == (None if kind == "fixed" else f"549{national}"), typed
        assert wa_digits(f"15{rest}", area_code=area) == f"549{national}"


def test_no_date_is_needed(lite: Kit) -> None:
    turn = lite.booked(lite.person(), starts_at_precision="day")
    assert "27/11/2026" in lite.house.read(compose, lite.settings, f"appointments:{turn}").text
