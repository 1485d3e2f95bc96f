"""Issue 6 by keys: reminders in rows and in rounds, failures with their reason, answers, the ladder, dialling, the gate.

Mutants seen to fail here: answered rows that do not leave; ``absent()`` empty; the reason of a mail not read; a block of
the person counted as one that a supervisor lifts; the dial logged after it instead of before; mails that wait in the journal.
"""

from __future__ import annotations

import asyncio
import base64
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from boxes_tui.bootstrap import House
from boxes_tui.data.engine import set_scope, writing
from boxes_tui.data.tables import appointment, block, branch, contact_log, dnc_list, dnc_number, opportunity
from boxes_tui.i18n import set_language
from boxes_tui.outreach.outbox import Sender
from boxes_tui.outreach.reminder import SendReminder
from tests.outreach.front import Front, front
from tests.outreach.kit import NOW, Kit
from tests.outreach.server import Inbox
from tests.widgets.terminal import Terminal

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _spanish() -> Iterator[None]:
    set_language("es")
    yield
    set_language("es")


def _send(kit: Kit) -> None:
    Sender(kit.house, kit.desk).run()


def _marked(house: House, dial: dict[str, Any]) -> House:
    settings = replace(house.settings, file={**house.settings.file, "dial": dial})
    return House(settings, house.clock, house.engine, "admin")


def test_a_round_of_reminders_fails_is_sent_and_answered(lite: Kit, inbox: Inbox) -> None:
    turns = [lite.booked(lite.person(f"PEÑA {n}, ANA", f"a{n}@ejemplo.test"), TOMORROW) for n in range(3)]
    lite.booked(lite.person("SIN MAIL, JUAN", None), TOMORROW + timedelta(minutes=5))

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("3")
            await desk.sees("4 turnos sin recordatorio", "[E]")
            await desk.press("E")
            await desk.sees("[Por recordar 4]", "SIN MAIL, JUAN", "WhatsApp")
            await desk.press("space", "down", "space", "down", "space", "down", "space", "e")
            await desk.sees("RECORDATORIOS · 3 mensajes", "a2@ejemplo.test", "El cliente no tiene e-mail.",
                            "El envío no se puede deshacer.", "Estimado/a Ana")  # fmt: skip
            await desk.press("enter")
            await desk.sees("3 mensajes en cola para salir.", "en cola")
            assert [m["appointment_id"] for m in lite.mails()] == turns
            inbox.answers["rcpt"] = "550 no"
            _send(lite)
            await desk.press("tab", "tab")
            await desk.sees("[Con falla 3]", "dirección rechazada (550)", "@!")
            await desk.press("escape")
            await desk.sees("[Por confirmar 4]", "@!", "@! no salió: dirección rechazada (550)")
            inbox.answers.clear()
            await desk.press("e")
            await desk.sees("Plantilla", "falló", "(550)")
            await desk.press("enter")
            await desk.sees("El recordatorio está en cola para salir: PEÑA 0, ANA.")
            _send(lite)
            assert len(inbox.mails) == 1 and inbox.mails[0].tls and inbox.mails[0].login
            await desk.press("E", "tab")
            await desk.sees("[Sin respuesta 1]", "hoy 14:10", "recordatorio enviado hoy 14:10")
            await desk.press("S")
            await desk.sees("Se anotó que viene: PEÑA 0, ANA. Turno confirmado.", "confirm.")
            assert lite.row(appointment, turns[0])["confirmed_at"] == NOW
            await desk.press("down")
            await desk.sees("[Sin respuesta 0]", "Nadie debe una respuesta.")
            await desk.press("u")
            await desk.sees("¿Deshacer?")
            await desk.press("enter")
            await desk.sees("[Sin respuesta 1]")
            assert lite.row(appointment, turns[0])["confirmed_at"] is None

    asyncio.run(work())


def test_an_answer_by_one_key_on_queue_and_card(lite: Kit) -> None:
    turns = [lite.booked(lite.person(f"SOSA {n}, JOSÉ"), TOMORROW + timedelta(minutes=n)) for n in range(2)]

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("3")
            await desk.sees("SOSA 0", "SOSA 1")
            await desk.press("C")
            await desk.sees("Se anotó que pide cambio: SOSA 0, JOSÉ. Falta moverlo en el DMS.")
            await desk.press("up")
            await desk.sees("cambio", "pide cambio hoy 14:10")
            await desk.press("down", "v")
            await desk.sees("CLIENTE · SOSA 1, JOSÉ")
            await desk.press("X")
            await desk.sees("Se anotó que no viene: SOSA 1, JOSÉ.", "Respuesta", "no viene")

    asyncio.run(work())
    assert [lite.row(appointment, t)["confirmed_at"] for t in turns] == [None, None]
    with lite.house.engine.connect() as conn:
        said = conn.execute(select(contact_log.c.subject_id, contact_log.c.detail).order_by(contact_log.c.id)).all()
    assert [(t, d["answer"]) for t, d in said] == [(turns[0], "change"), (turns[1], "no")]


def test_a_cancelled_appointment_whose_invite_is_out_is_told(lite: Kit, inbox: Inbox) -> None:
    turn = lite.booked(lite.person("PEÑA, ANA"), TOMORROW)
    lite.house.execute(SendReminder(turn, lite.desk))
    _send(lite)
    lite.booked(lite.person("NADIE, NADA"), TOMORROW, status="cancelled")  # was never invited
    lite.change(appointment, turn, status="cancelled")

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("E", "shift+tab", "shift+tab")
            await desk.sees("[Anulados 1]", "PEÑA, ANA", "[e] avisar que se anuló")
            assert "NADIE" not in desk.text
            await desk.press("e")
            await desk.sees("Plantilla", "anulacion (es)", "turno.ics · anulación, versión 2", "enviado")
            await desk.press("enter")
            await desk.sees("El aviso de anulación está en cola para salir: PEÑA, ANA.")
            _send(lite)
            await desk.press("down")
            await desk.sees("[Anulados 0]")

    asyncio.run(work())
    assert [b"METHOD:CANCEL" in _ics(m.data) for m in inbox.mails] == [False, True]


def _ics(raw: bytes) -> bytes:
    parts = [p for p in message_from_bytes(raw).walk() if p.get_content_type() == "text/calendar"]
    return bytes(parts[0].get_payload(decode=True))


def test_the_ladder_and_the_one_key_rebook(lite: Kit) -> None:
    missed = lite.booked(lite.person("RUIZ, LUCÍA"), NOW - timedelta(days=3))
    lite.booked(lite.person("HOY, TARDE", phone=None), NOW - timedelta(hours=2))

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("E", "shift+tab")
            await desk.sees(
                "[Inasistencias 2]", "D3 hoy", "D0 hoy", "2 con paso para hoy", "Paso D3: falta preguntar hoy"
            )
            await desk.press("R")
            await desk.sees("Se recuperó la inasistencia: RUIZ, LUCÍA. Oportunidad para hoy.", "[u]")
            await desk.press("R")
            await desk.sees("hoy todavía puede ingresar", "[Inasistencias 1]")
            await desk.misses("RUIZ, LUCÍA")

    asyncio.run(work())
    with lite.house.engine.connect() as conn:
        made = conn.execute(select(opportunity.c.origin, opportunity.c.due_day, opportunity.c.id)).one()
    assert made[:2] == ("no_show", NOW.date()) and lite.row(appointment, missed)["rebooked_id"] == made[2]


def test_dialling_from_panel_and_card(lite: Kit, tmp_path: Path) -> None:
    told = tmp_path / "told"
    write = f"import sys; open({str(told)!r}, 'a').write(sys.argv[1] + chr(10))"
    who = lite.person("PEÑA, INÉS")
    lite.booked(who, TOMORROW)
    house = _marked(lite.house, {"command": [sys.executable, "-c", write, "{number}"], "form": "national"})

    async def work() -> None:
        async with front(house) as desk:
            await desk.press("3")
            await desk.sees("PEÑA, INÉS")
            await desk.press("l")
            await desk.sees("LLAMADA", "M marcar", "351 512-3456")
            await desk.press("M")
            await desk.sees("Se marcó 351 512-3456; quedó anotado.")
            await desk.press("escape")
            await desk.press("v", "M")
            await desk.sees("CLIENTE", "Se marcó 351 512-3456; quedó anotado.", "Marcado", "tel. …3456")

    asyncio.run(work())
    assert told.read_text() == "0351155123456\n" * 2
    with lite.house.engine.connect() as conn:
        assert conn.execute(select(contact_log.c.channel)).scalars().all() == ["tel", "tel"]


@pytest.mark.parametrize(
    ("dial", "said", "logged"),
    [
        ({"command": ["/bin/false", "{number}"]}, "El programa de marcado falló; se puede marcar a mano.", 1),
        ({"command": ["/bin/true"]}, "no dice dónde va", 0),
    ],
)
def test_a_dial_that_does_not_work_says_why(lite: Kit, dial: dict[str, Any], said: str, logged: int) -> None:
    lite.booked(lite.person(), TOMORROW)

    async def work() -> None:
        async with front(_marked(lite.house, dial)) as desk:
            await desk.press("3")
            await desk.sees("PEÑA")
            await desk.press("l")
            await desk.sees("351 512-3456")
            await desk.press("M")
            await desk.sees(said)

    asyncio.run(work())
    with lite.house.engine.connect() as conn:
        assert len(conn.execute(select(contact_log.c.id)).all()) == logged


def test_no_key_to_dial_where_nothing_dials(lite: Kit) -> None:
    lite.booked(lite.person(), TOMORROW)

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("3")
            await desk.sees("PEÑA")
            await desk.press("v", "M")
            await desk.sees("CLIENTE")
            await desk.press("question_mark")
            await desk.sees("AYUDA", "WhatsApp")
            assert "Marcar el teléfono" not in desk.text
            await desk.press("escape", "l")
            await desk.sees("LLAMADA", "1-0 resultado")
            assert "marcar" not in desk.text

    asyncio.run(work())


def _listed(kit: Kit, days: int) -> None:
    with writing(kit.house.engine) as conn:
        set_scope(conn, None)
        made = conn.execute(
            insert(dnc_list)
            .values(
                name="Nacional", as_of=NOW.date() - timedelta(days), imported_at=NOW, digest="x", total=1, current=True
            )
            .returning(dnc_list.c.id)
        ).scalar_one()
        conn.execute(insert(dnc_number).values(list_id=made, last10="3515123456"))


def _offer(kit: Kit) -> int:
    who = kit.person()
    with writing(kit.house.engine) as conn:
        set_scope(conn, None)
        conn.execute(
            insert(opportunity).values(
                customer_id=who, branch_id=kit.branch, origin="customer", state="open", due_day=NOW.date(),
                about="Service", created_at=NOW, created_day=NOW.date(),
            )
        )  # fmt: skip
    return who


def test_why_nobody_may_offer_and_the_supervisors_reason(lite: Kit) -> None:
    _offer(lite)
    _listed(lite, 31)

    async def work(desk: Front) -> None:
        await desk.press("2")
        await desk.sees("PEÑA")
        await desk.press("i")
        await desk.sees("¿SE PUEDE CONTACTAR?", "OFERTAS Y CAMPAÑAS DE SERVICE: no se puede",
                        "✗ La lista Nacional tiene 31 días (hasta 30).",
                        "✗ Está en la lista Nacional: no se le puede ofrecer.",
                        "✓ No pidió que no se lo llame.",
                        "TURNOS, ÓRDENES, BIENVENIDA, CORTESÍA Y RECALLS: se puede")  # fmt: skip

    async def agent() -> None:
        async with front(lite.as_user("ana", "agent")) as desk:
            await work(desk)
            assert "permitir" not in desk.text
            await desk.press("escape", "l")
            await desk.sees("FUERA DE NORMA", "[i]")
            await desk.press("i")
            await desk.sees("✗ La lista Nacional tiene 31 días (hasta 30).", "volver a los resultados")
            await desk.press("1")
            await desk.sees("No atiende")

    async def supervisor() -> None:
        async with front(lite.as_user("sol", "supervisor")) as desk:
            await work(desk)
            await desk.sees("permitir por hoy")
            await desk.press("enter")
            await desk.sees("Falta el motivo.")
            await desk.type("lo pidió él")
            await desk.press("enter")
            await desk.sees("Se permitieron ofertas por hoy, con motivo")
            await desk.press("i")
            await desk.sees("OFERTAS Y CAMPAÑAS DE SERVICE: se puede")

    asyncio.run(agent())
    asyncio.run(supervisor())


def test_what_a_person_asked_for_is_never_lifted(lite: Kit) -> None:
    who = _offer(lite)
    with writing(lite.house.engine) as conn:
        set_scope(conn, None)
        conn.execute(insert(block).values(customer_id=who, scope="offer", at=NOW, user_id=1, how="llamado"))
    _listed(lite, 2)

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("2")
            await desk.sees("PEÑA")
            await desk.press("i")
            await desk.sees("✗ No se puede ofrecer: No llamar más", "Registrar lo que pasó nunca se bloquea")
            assert "permitir" not in desk.text
            await desk.press("escape", "v")
            await desk.sees("ofertas: bloqueadas [i]")

    asyncio.run(work())


def test_the_opt_in_for_offers_by_whatsapp(lite: Kit) -> None:
    _offer(lite)

    async def work() -> None:
        async with front(lite.house) as desk:
            await desk.press("2")
            await desk.sees("PEÑA")
            await desk.press("i")
            await desk.sees("✗ No consta que acepte ofertas por WhatsApp. (sólo aviso)", "w acepta WhatsApp")
            await desk.press("w")
            await desk.sees("Dónde lo dijo")
            await desk.type("mostrador")
            await desk.press("enter")
            await desk.sees("Se anotó que acepta ofertas por WhatsApp")
            await desk.press("i")
            await desk.sees("✓ Aceptó ofertas por WhatsApp (24/11/2026, mostrador).", "w ya no acepta WhatsApp")
            await desk.press("w")
            await desk.sees("¿Ya no acepta?")
            await desk.press("enter")
            await desk.sees("Se anotó que no acepta ofertas por WhatsApp")

    asyncio.run(work())


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (60, 15)])
def test_every_list_fits(lite: Kit, language: str, size: tuple[int, int]) -> None:
    for n in range(30):
        lite.booked(lite.person(f"FERNÁNDEZ IBARGÜENGOITIA {n}, MARÍA DE LOS ÁNGELES"), TOMORROW)
    lite.booked(lite.person("RUIZ, LUCÍA"), NOW - timedelta(days=3))
    lite.house.execute(SendReminder(1, lite.desk))
    lite.change(appointment, 2, reminder_state="sent", reminder_at=NOW)
    set_language(language)

    async def work() -> None:
        async with front(lite.house, size) as desk:
            await desk.press("E")
            for _list in range(5):
                await desk.until(lambda: "Total" in desk.text and "…" not in desk.lines()[0])
                lines = desk.lines()
                assert len(lines) == size[1] and all(len(line) <= size[0] for line in lines)
                if size[0] >= 80:
                    assert "…" not in lines[1] + lines[2][:88] + lines[-1], lines  # the card stands from cell 88 on
                    assert lines[-1].endswith(("? más", "? more"))
                await desk.press("tab")

    asyncio.run(work())


def test_a_mail_never_waits_on_this_machine(lite: Kit) -> None:
    """Without the database a mail is not promised; what has happened (a text sent, an answer) waits."""
    from boxes_tui.outreach.whatsapp import LogWhatsApp, NoteReply
    from boxes_tui.screens.pending import can_wait, restore

    assert not can_wait(SendReminder(1, lite.desk))
    assert can_wait(LogWhatsApp("appointments:1")) and can_wait(NoteReply("appointments:1", "yes"))
    kept = restore({"class": "NoteReply", "args": {"ref": "appointments:1", "answer": "no"}})
    assert kept == NoteReply("appointments:1", "no")


def test_several_branches_are_not_mixed(lite: Kit) -> None:
    """An agent of one branch sees the reminders of that one only."""
    with writing(lite.house.engine) as conn:
        set_scope(conn, None)
        other = conn.execute(
            insert(branch).values(code="ROS", name="Rosario", zone="America/Argentina/Buenos_Aires", active=True)
            .returning(branch.c.id)
        ).scalar_one()  # fmt: skip
    lite.house.refresh()
    mine = lite.booked(lite.person("MÍO, UNO"), TOMORROW)
    lite.change(appointment, lite.booked(lite.person("AJENO, DOS"), TOMORROW), branch_id=other)
    from boxes_tui.data.tables import app_user, user_branch
    from boxes_tui.outreach.followup import follow_up

    ana = lite.as_user("ana", "agent")
    with writing(lite.house.engine) as conn:
        who = conn.execute(select(app_user.c.id).where(app_user.c.login == "ana")).scalar_one()
        conn.execute(app_user.update().where(app_user.c.id == who).values(all_branches=False))
        conn.execute(insert(user_branch).values(user_id=who, branch_id=lite.branch))
    ana.refresh()
    assert [i.row.id for i in ana.read(follow_up, "due").items] == [mine]


def test_whatsapp_reaches_the_terminal_as_a_link_and_a_copy(lite: Kit, tmp_path: Path) -> None:
    """OSC 8 and OSC 52 of the very link, on a pseudo-terminal; with ``link = "tel"`` the telephone is one too; the name
    of the customer, which tries to be a link, is none. (Mutant: the armour deletes our links too.)"""
    hostile = "PEÑA \x1b]8;;https://evil.test\x1b\\ANA\x1b]8;;\x1b\\"
    lite.booked(lite.person(), TOMORROW)
    with lite.house.engine.begin() as conn:  # past the cleaning types, as a hand in the database would
        conn.exec_driver_sql("UPDATE customer SET display_name = ?", (hostile,))
    home = tmp_path / "agent"
    home.mkdir()
    (home / "config.toml").write_text('[dial]\nlink = "tel"\n')
    lite.house.close()
    desk = Terminal(home, "boxes_tui", BOXES_DATABASE_URL=lite.settings.database_url, BOXES_USER="admin",
                    BOXES_NOW=NOW.isoformat())  # fmt: skip
    try:
        desk.until("TABLERO")
        desk.until("por confirmar")
        desk.send(b"3", 0.5)
        desk.until("PEÑA")
        desk.send(b"w", 0.5)
        desk.until("¿Se envió?")
        url = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", desk.raw)
        assert url is not None
        link = base64.b64decode(url[1])
        assert link.startswith(b"https://wa.me/5493515123456?text=Hola%20")
        desk.send(b"\x1b", 0.5)
        desk.send(b"l", 0.5)
        desk.until("LLAMADA")
        desk.until("351 512-3456")
        told = set(re.findall(rb"\x1b\]8;[^;]*;([^\x1b]*)\x1b", desk.raw)) - {b""}
        assert told == {link, b"tel:+5493515123456"}
    finally:
        desk.close()
