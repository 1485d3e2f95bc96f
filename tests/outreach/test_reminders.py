"""From the key ``e`` to the server's 250: what is sent, what is not, and what the row says (PRODUCT §7)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.config import Settings
from boxes_tui.data.audit import verify
from boxes_tui.data.reads.reach import mail_errors
from boxes_tui.data.tables import appointment, block, customer
from boxes_tui.errors import ConfigError, Refused
from boxes_tui.outreach.mails import RetryMail
from boxes_tui.outreach.outbox import Sender, Tally
from boxes_tui.outreach.reminder import MailDesk, SendReminder, preview
from tests.outreach.ics import Entry, read_invite
from tests.outreach.kit import NOW, START, Kit
from tests.outreach.server import CERTIFICATE, PASSWORD, USER, Inbox, MailServer


def _mail(inbox: Inbox, n: int = -1) -> EmailMessage:
    message = message_from_bytes(inbox.mails[n].data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _part(message: EmailMessage, kind: str) -> Any:
    return next(p for p in message.walk() if p.get_content_type() == kind)


def _invite(inbox: Inbox, n: int = -1) -> Entry:
    part = _part(_mail(inbox, n), "text/calendar")
    entry = read_invite(part.get_content())
    assert part.get_param("method") == entry.method
    return entry


def test_preview_is_what_arrives(kit: Kit, inbox: Inbox) -> None:
    turn = kit.booked(kit.person(), comment="cliente pesado, cobrarle de más", notes="INTERNO: deuda")
    seen = kit.house.read(preview, kit.desk, turn)
    assert (seen.refusal, seen.recipient, seen.sender) == (None, "maria@ejemplo.test", "turnos@casacentral.test")
    assert seen.subject == "Su turno del viernes 27/11/2026 a las 09:00"
    assert seen.attachment == "turno.ics · invitación, versión 1"
    assert seen.template_line == "recordatorio (es)"
    assert seen.text.splitlines()[4:8] == [
        "  Fecha     viernes 27/11/2026, 09:00",
        "  Unidad    NUEVO SIENA EL 1.4 · AB052JY",
        "  Taller    Casa Central, Av. Colón 1234, Córdoba",
        "",
    ]
    assert "o llame al 351 400-1000." in seen.text
    assert kit.mails() == []
    done = kit.house.execute(SendReminder(turn, kit.desk), "k1")
    assert kit.house.execute(SendReminder(turn, kit.desk), "k1").replayed
    assert done.result["state"] == "queued"
    assert kit.row(appointment, turn)["reminder_state"] == "queued"
    assert inbox.mails == []
    tally = Sender(kit.house, kit.desk).run()
    assert (tally.sent, tally.well) == (1, True)
    got = inbox.mails[0]
    assert (got.sender, got.recipients, got.tls, got.login) == (
        "turnos@casacentral.test", ["maria@ejemplo.test"], True, USER,
    )  # fmt: skip
    message = _mail(inbox)
    assert message["Subject"] == seen.subject
    assert _part(message, "text/plain").get_content().replace("\r\n", "\n").strip() == seen.text.strip()
    assert "<b>NUEVO SIENA EL 1.4 · AB052JY</b>" in _part(message, "text/html").get_content()
    assert b"pesado" not in got.data and b"INTERNO" not in got.data
    attached = _part(message, "application/ics")
    assert attached.get_filename() == "turno.ics"
    assert read_invite(attached.get_content().decode()) == _invite(inbox)
    row = kit.row(appointment, turn)
    assert (row["reminder_state"], row["reminder_at"]) == ("sent", NOW)
    assert kit.mails()[0]["state"] == "sent"
    assert kit.house.read(lambda conn, s: verify(conn)).ok
    assert Sender(kit.house, kit.desk).run().sent == 0


def test_invite_through_create_move_and_cancel(kit: Kit, inbox: Inbox) -> None:
    turn = kit.booked(kit.person(), duration_min=90)

    def go(kind: Any = "") -> Entry:
        kit.house.execute(SendReminder(turn, kit.desk, kind))
        assert Sender(kit.house, kit.desk).run().sent == 1
        return _invite(inbox)

    first = go()
    assert (first.method, first.sequence, first.start, first.end) == (
        "REQUEST", 0, START, START + timedelta(minutes=90),
    )  # fmt: skip
    assert first.attendee == "mailto:maria@ejemplo.test" and first.organizer == "mailto:turnos@casacentral.test"
    again = go()  # the same mail once more is no new version
    assert (again.uid, again.sequence) == (first.uid, 0)
    moved_to = START + timedelta(days=2, hours=1)
    kit.change(appointment, turn, starts_at=moved_to, start_day=moved_to.date(), invite_sequence=1,
               reminder_state="old_date")  # fmt: skip
    seen = kit.house.read(preview, kit.desk, turn)
    assert seen.template_line == "cambio (es)" and "viernes 27/11/2026" in seen.text
    moved = go()
    assert (moved.uid, moved.sequence, moved.start, moved.method) == (first.uid, 1, moved_to, "REQUEST")
    assert kit.row(appointment, turn)["reminder_state"] == "sent"
    with pytest.raises(Refused):
        kit.house.execute(SendReminder(turn, kit.desk, "cancel"))
    kit.change(appointment, turn, status="cancelled")
    with pytest.raises(Refused):
        kit.house.execute(SendReminder(turn, kit.desk))
    gone = go("cancel")
    assert (gone.uid, gone.sequence, gone.method, gone.status) == (first.uid, 2, "CANCEL", "CANCELLED")


def test_a_move_seen_by_the_sender_only_counts_too(kit: Kit, inbox: Inbox) -> None:
    """The sync raises invite_sequence only where a mail had been sent; one on its way while it moved counts too."""
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    assert Sender(kit.house, kit.desk).run().sent == 1
    kit.change(appointment, turn, starts_at=START + timedelta(days=1), reminder_state=None)
    kit.house.execute(SendReminder(turn, kit.desk))
    assert Sender(kit.house, kit.desk).run().sent == 1
    assert [_invite(inbox, n).sequence for n in (0, 1)] == [0, 1]


def test_cancel_with_a_new_key_keeps_one_calendar_entry(kit: Kit, inbox: Inbox) -> None:
    who = kit.person()
    old = kit.booked(who)
    kit.house.execute(SendReminder(old, kit.desk))
    assert Sender(kit.house, kit.desk).run().sent == 1
    kit.change(appointment, old, status="cancelled")
    new = kit.booked(who, START + timedelta(days=1), previous_id=old)
    kit.house.execute(SendReminder(new, kit.desk))
    assert Sender(kit.house, kit.desk).run().sent == 1
    assert _invite(inbox, 0).uid == _invite(inbox, 1).uid
    assert [_invite(inbox, n).sequence for n in (0, 1)] == [0, 1]
    with pytest.raises(Refused, match="otra fecha"):
        kit.house.execute(SendReminder(old, kit.desk, "cancel"))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"status": "cancelled"}, "anulado"),
        ({"vanished_at": NOW}, "no figura"),
        ({"gone_at": NOW}, "no figura"),
        ({"arrived_at": NOW}, "ya ingresó"),
        ({"starts_at": NOW - timedelta(minutes=1)}, "ya empezó"),
        ({"starts_at": START + timedelta(hours=1)}, "cambió de fecha"),
    ],
)
def test_what_no_longer_stands_does_not_leave(lite: Kit, inbox: Inbox, values: dict[str, Any], why: str) -> None:
    turn = lite.booked(lite.person())
    lite.house.execute(SendReminder(turn, lite.desk))
    lite.change(appointment, turn, **values)
    assert Sender(lite.house, lite.desk).run().cancelled == 1
    assert inbox.mails == [] and inbox.steps == []
    assert lite.mails()[0]["state"] == "cancelled" and why in lite.mails()[0]["error"]
    assert lite.row(appointment, turn)["reminder_state"] is None


def test_the_last_look_comes_just_before_the_data(kit: Kit, inbox: Inbox) -> None:
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    inbox.before_data = lambda: kit.change(appointment, turn, status="cancelled")
    assert Sender(kit.house, kit.desk).run().cancelled == 1
    assert inbox.mails == [] and inbox.steps == ["mail", "rcpt"]


def test_people_who_may_not_be_written_to(lite: Kit, inbox: Inbox) -> None:
    who = lite.person()
    turn = lite.booked(who)
    lite.house.execute(SendReminder(turn, lite.desk))
    with lite.house.engine.begin() as conn:
        conn.execute(block.insert().values(customer_id=who, scope="operational", at=NOW, user_id=1, how="llamado"))
    assert Sender(lite.house, lite.desk).run().cancelled == 1
    with pytest.raises(Refused, match="tampoco por turnos"):
        lite.house.execute(SendReminder(turn, lite.desk))
    offers_only = lite.booked(lite.person("RUIZ, LUCÍA", "lucia@ejemplo.test", phone=None))
    with lite.house.engine.begin() as conn:
        conn.execute(block.insert().values(customer_id=who + 1, scope="offer", at=NOW, user_id=1, how="llamado"))
    assert lite.house.read(preview, lite.desk, offers_only).refusal is None
    lite.change(customer, who + 1, erased_at=NOW)
    assert "suprimieron" in (lite.house.read(preview, lite.desk, offers_only).refusal or "")
    assert inbox.mails == []


@pytest.mark.parametrize(
    "email", [None, "", "a@b.test, c@d.test", "a@b.test;c@d.test", "sin arroba", "a@b", "<a@b.test>"]
)
def test_one_recipient_or_none(lite: Kit, email: str | None) -> None:
    turn = lite.booked(lite.person(email=email))
    with pytest.raises(Refused, match="e-mail"):
        lite.house.execute(SendReminder(turn, lite.desk))
    assert lite.mails() == []


def test_a_changed_address_is_not_written_to(lite: Kit) -> None:
    who = lite.person()
    turn = lite.booked(who)
    lite.house.execute(SendReminder(turn, lite.desk))
    lite.change(customer, who, email="otra@ejemplo.test")
    assert Sender(lite.house, lite.desk).run().cancelled == 1
    assert "Cambió el e-mail" in lite.mails()[0]["error"]


def test_failures_stand_on_the_row_and_a_person_may_retry(kit: Kit, inbox: Inbox) -> None:
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    inbox.answers["rcpt"] = "550 no such user"
    tally = Sender(kit.house, kit.desk).run()
    assert (tally.failed, tally.well) == (1, False)
    assert kit.row(appointment, turn)["reminder_state"] == "failed"
    assert "550" in kit.house.read(lambda conn, s: mail_errors(conn, [turn]))[turn]
    assert Sender(kit.house, kit.desk).run().failed == 0
    inbox.answers.clear()
    with pytest.raises(Refused):
        kit.house.execute(RetryMail((999,)))
    kit.house.execute(RetryMail())
    assert Sender(kit.house, kit.desk).run().sent == 1
    assert kit.row(appointment, turn)["reminder_state"] == "sent"
    assert _mail(inbox)["Message-ID"] == kit.mails()[0]["message_id"]


def test_for_a_while_and_for_good(lite: Kit, inbox: Inbox) -> None:
    turn = lite.booked(lite.person())
    lite.house.execute(SendReminder(turn, lite.desk))
    inbox.answers["data"] = "451 greylisted"
    for n in range(1, 12):
        tally = Sender(lite.house, lite.desk).run()
        assert (tally.again, lite.mails()[0]["state"], lite.mails()[0]["tries"]) == (1, "queued", n)
        assert lite.mails()[0]["unknowns"] == 0
        assert Sender(lite.house, lite.desk).run().again == 0, "back-off"
        lite.later()
    assert Sender(lite.house, lite.desk).run().failed == 1


def test_a_lost_answer_is_sent_once_more_and_no_more(kit: Kit, inbox: Inbox) -> None:
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    inbox.dies = lambda step: step == "taken"
    assert Sender(kit.house, kit.desk).run().again == 1
    assert kit.mails()[0]["state"] == "unknown" and kit.row(appointment, turn)["reminder_state"] == "queued"
    kit.later()
    assert Sender(kit.house, kit.desk).run().unknown == 1
    kit.later()
    assert vars(Sender(kit.house, kit.desk).run()) == vars(Tally())
    assert len(inbox.mails) == 2
    assert _mail(inbox, 0)["Message-ID"] == _mail(inbox, 1)["Message-ID"]
    assert kit.row(appointment, turn)["reminder_state"] == "failed"
    inbox.dies = lambda step: False
    kit.house.execute(RetryMail())
    assert Sender(kit.house, kit.desk).run().sent == 1


def test_wrong_password_and_untrusted_certificate_keep_the_mail(lite: Kit, tmp_path: Any) -> None:
    turn = lite.booked(lite.person())
    lite.house.execute(SendReminder(turn, lite.desk))
    smtp = lite.desk.smtp
    assert smtp is not None
    for change, why in (({"password": "otra"}, "usuario o clave"), ({"ca_file": None}, "certificado")):
        bad = MailDesk(type(smtp)(**{**{f: getattr(smtp, f) for f in smtp.__slots__}, **change}), lite.desk.letters)
        assert Sender(lite.house, bad).run().again == 1
        assert why in lite.mails()[0]["error"]
        lite.later()
    assert Sender(lite.house, lite.desk).run().sent == 1


def test_cancel_by_itself_only_where_configured(tmp_path: Any, server: Any, inbox: Inbox) -> None:
    made = Kit(tmp_path, f"sqlite:///{tmp_path / 'b.db'}", server.port, cancel=True)
    turn = made.booked(made.person())
    made.house.execute(SendReminder(turn, made.desk))
    assert Sender(made.house, made.desk).run().sent == 1
    made.change(appointment, turn, status="cancelled")
    assert Sender(made.house, made.desk).run().sent == 1
    assert _invite(inbox).method == "CANCEL"
    assert Sender(made.house, made.desk).run().sent == 0
    made.house.close()


def test_roles_and_configuration(lite: Kit) -> None:
    turn = lite.booked(lite.person())
    with pytest.raises(Refused):
        lite.as_user("vera", "viewer").execute(SendReminder(turn, lite.desk))
    agent = lite.as_user("ana", "agent")
    agent.execute(SendReminder(turn, lite.desk))
    with pytest.raises(Refused):
        Sender(agent, lite.desk)
    unset = MailDesk(None, lite.desk.letters)
    assert "no está configurado" in (lite.house.read(preview, unset, turn).refusal or "")
    with pytest.raises(ConfigError):
        Sender(lite.house, unset)


@pytest.mark.parametrize(
    "smtp",
    [
        {"host": "correo.test", "from": "a@b.test", "security": "none"},
        {"host": "correo.test", "from": "a@b.test, c@d.test"},
        {"host": "correo.test", "from": "a@b.test", "user": "u"},
        {"host": "correo.test", "from": "a@b.test", "puerto": 25},
        {"host": "correo.test", "from": "a@b.test", "port": "25"},
        {"host": "correo.test\nx", "from": "a@b.test"},
        {"from": "a@b.test"},
    ],
)
def test_a_wrong_smtp_section_is_refused(tmp_path: Any, smtp: dict[str, Any]) -> None:
    from boxes_tui.outreach.settings import smtp_of

    with pytest.raises(ConfigError):
        smtp_of(Settings(tmp_path, "sqlite://", "es", None, tmp_path / "c.toml", {"smtp": smtp}, {}))


def test_a_mail_without_an_answer_goes_again_as_the_same_mail(kit: Kit, inbox: Inbox) -> None:
    """``e`` on an appointment whose mail may have arrived makes no second one: the customer's program sees one Message-ID.
    (Mutant: a new row each time.)"""
    turn = kit.booked(kit.person())
    kit.house.execute(SendReminder(turn, kit.desk))
    inbox.dies = lambda step: step == "taken"
    for _n in range(3):
        Sender(kit.house, kit.desk).run()
        kit.later()
    assert [m["state"] for m in kit.mails()] == ["unknown"] and len(inbox.mails) == 2
    inbox.dies = lambda step: False
    kit.house.execute(SendReminder(turn, kit.desk))
    assert Sender(kit.house, kit.desk).run().sent == 1
    assert [m["state"] for m in kit.mails()] == ["sent"]
    assert len({message_from_bytes(m.data)["Message-ID"] for m in inbox.mails}) == 1 and len(inbox.mails) == 3


def test_the_service_sends_what_comes_and_ends_when_told(tmp_path: Path, server: MailServer, inbox: Inbox) -> None:
    """``outbox send --watch`` as systemd runs it: a mail queued later leaves, SIGTERM ends it with 0."""
    kit = Kit(tmp_path, f"sqlite:///{tmp_path / 'boxes.db'}", server.port)
    config = tmp_path / "config.toml"
    config.write_text(
        f'database_url = "sqlite:///{tmp_path / "boxes.db"}"\nuser = "admin"\n[smtp]\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nuser = "{USER}"\nfrom = "turnos@casacentral.test"\nca_file = "{CERTIFICATE}"\n'
    )
    env = {
        **os.environ, "BOXES_CONFIG": str(config), "BOXES_HOME": str(tmp_path / "home"), "BOXES_NOW": NOW.isoformat(),
        "BOXES_SMTP_PASSWORD": PASSWORD,
    }  # fmt: skip
    service = subprocess.Popen([sys.executable, "-m", "boxes_tui", "outbox", "send", "--watch", "1"], env=env)
    try:
        kit.house.execute(SendReminder(kit.booked(kit.person()), kit.desk))
        end = time.monotonic() + 90
        while not inbox.mails:
            assert service.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        service.terminate()
        assert service.wait(60) == 0
    finally:
        service.kill()
        service.wait()
    assert len(inbox.mails) == 1
    kit.house.close()
