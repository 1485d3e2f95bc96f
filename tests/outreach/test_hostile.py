"""S9: whatever a customer is called, one recipient, the fixed headers, and an invite that reads back the same."""

from __future__ import annotations

import random
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.config import Settings
from boxes_tui.outreach.invite import Invite, build
from boxes_tui.outreach.mail import Letter, NotSent, compose, one_recipient
from boxes_tui.outreach.templates import FIELDS, Letters, as_html, load_letters
from boxes_tui.text import clean
from tests.outreach.ics import read_invite
from tests.outreach.kit import NOW, START

HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
}
PIECES = (
    "\r\nBcc: e@e.test", "\nSubject: x", "\r", "\x00", "\x1b]52;c;AA\x07", "\u2028", "\u202e", "\x85", ", evil@x.test",
    "<b>", "&amp;", '"', "\\", ";", ",", ":", "{nombre}", "{comentario}", "[x]", "%s", "=?utf-8?q?x?=", "BEGIN:VEVENT",
    "\nATTENDEE:mailto:e@e.test", "JUAN", "Peña", "O'Higgins", "漢字", "e\u0301\u0301\u0301", "😀", " " * 40, "A" * 300,
    ".", "\n.\n", "\r\n.\r\n", "@", "(c)", "\t", "\ud800",
)  # fmt: skip
ADDRESSES = (
    "a@b.test", "a@b.test, c@d.test", "a@b.test\r\nBcc: e@e.test", "<a@b.test>", "JUAN <a@b.test>", '"a,b"@c.test',
    "a@b", "a@b.test;c@d.test", "a b@c.test", "a@[1.2.3.4]", "ñandú@b.test", "a@ñandú.test", "a@b..test", "@b.test",
    "a@", "a@b.test\x00", "a@b.test>c@d.test", "a@b.test c@d.test", ".a@b.test", "a@-b.test", "a" * 65 + "@b.test",
    "a@b.test.", "a@b.te\u200bst",
)  # fmt: skip


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Letters:
    """The packaged templates."""
    return load_letters(Settings(tmp_path_factory.mktemp("home"), "sqlite://", "es", None, None))


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _n in range(chance.randint(1, 5)))


@pytest.mark.parametrize(
    "count", [pytest.param(1000, id="short"), pytest.param(5000, id="long", marks=pytest.mark.long)]
)
def test_hostile_names_and_addresses(letters: Letters, count: int) -> None:
    chance = random.Random(count)
    for _n in range(count):
        values: dict[str, str | None] = {f: _text(chance) for f in FIELDS if chance.random() < 0.9}
        address = chance.choice(ADDRESSES)
        name = chance.choice(("recordatorio", "cambio", "anulacion"))
        subject, text = letters.render(name, chance.choice(("es", "en")), values)
        assert "\n" not in subject and len(subject) <= 200
        summary, location = clean(_text(chance), 200), clean(_text(chance), 300)
        invite = Invite("u@x.boxes.invalid", 3, "REQUEST", START, None, NOW, summary, location, text[:400],
                        "t@c.test", _text(chance), "a@b.test")  # fmt: skip
        ics = build(invite)
        entry = read_invite(ics)
        assert (entry.summary, entry.location) == (summary, location)
        assert entry.attendee == "mailto:a@b.test" and entry.organizer == "mailto:t@c.test"
        letter = Letter(
            address, subject, text, as_html(text, "es"), ics, "REQUEST", "<m@c.test>", NOW, "es", "r@c.test"
        )
        if one_recipient(address) is None:
            with pytest.raises(NotSent):
                compose(letter, "t@c.test", _text(chance))
            continue
        _one_mail(compose(letter, "t@c.test", _text(chance)))


def _one_mail(message: EmailMessage) -> None:
    raw = message.as_bytes()
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")
    read: Any = message_from_bytes(raw, policy=default)
    assert set(read.keys()) == HEADERS and len(read.keys()) == len(HEADERS)
    assert len(read["To"].addresses) == 1 and len(read["From"].addresses) == 1
    assert read["To"].addresses[0].addr_spec in ("a@b.test", "a@xn--and-6ma2c.test")
    assert read["From"].addresses[0].addr_spec == "t@c.test"
    assert [p.get_content_type() for p in read.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip


def test_only_plain_addresses() -> None:
    good = {a: one_recipient(a) for a in ADDRESSES}
    assert {a: g for a, g in good.items() if g} == {"a@b.test": "a@b.test", "a@ñandú.test": "a@xn--and-6ma2c.test"}


def _own(home: Path, name: str, text: str | bytes) -> Settings:
    folder = home / "templates"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Settings(home, "sqlite://", "es", None, None)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("recordatorio.es.txt", "Asunto: x\n\nHola\n{comentario}\n", "recordatorio.es.txt:4"),
        ("recordatorio.es.txt", "Asunto: {notes}\n\nHola\n", "recordatorio.es.txt:1"),
        ("recordatorio.es.txt", "Asunto: x\n\n{nombre.__class__}\n", "recordatorio.es.txt:3"),
        ("recordatorio.es.txt", "Asunto: x\n\nHola {\n", "recordatorio.es.txt:3"),
        ("recordatorio.es.txt", "Asunto: x\n\nHola [{nombre}\n", "recordatorio.es.txt:3"),
        ("recordatorio.es.txt", "Hola\n", "recordatorio.es.txt:1"),
        ("recordatorio.es.txt", "Asunto: x\n\n", "recordatorio.es.txt:2"),
        ("recordatorio.es.txt", "Asunto: x\n\nHola\x1b[2J\n", "recordatorio.es.txt:3"),
        ("recordatorio.es.txt", b"Asunto: x\n\nMa\xf1ana\n", "recordatorio.es.txt:3"),
        ("recordatorio.es.txt", "Asunto: x\n" + "a" * 20_000, "recordatorio.es.txt:1"),
        ("recordatori.es.txt", "Asunto: x\n\nHola\n", "recordatori.es.txt:1"),
        ("recordatorio.fr.txt", "Asunto: x\n\nHola\n", "recordatorio.fr.txt:1"),
        ("pie_oferta.es.txt", " \n", "pie_oferta.es.txt:1"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(tmp_path: Path, name: str, text: str | bytes, where: str) -> None:
    from boxes_tui.errors import ConfigError

    with pytest.raises(ConfigError) as error:
        load_letters(_own(tmp_path, name, text))
    assert where in str(error.value)


def test_an_admins_template_wins_and_signs_can_be_written(tmp_path: Path) -> None:
    found = load_letters(
        _own(
            tmp_path,
            "recordatorio.es.txt",
            "\ufeffAsunto: Turno {fecha}\r\n\r\nHola[, {nombre}[ de {unidad}]] \\[\\{x\\}\\]\r\n",
        )
    )
    assert found.render("recordatorio", "es", {"fecha": "hoy", "nombre": "{hora}"}) == (
        "Turno hoy",
        "Hola, {hora} [{x}]",
    )
    assert found.render("recordatorio", "es", {"unidad": "Sandero"})[1] == "Hola [{x}]"
    assert found.render("recordatorio", "en", {"fecha": "today"})[0] == "Your appointment on today"


def test_a_mail_that_offers_says_so_in_its_subject(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    """No packaged mail offers anything; one that would begins its subject with the word of Disp. 4/2009."""
    from boxes_tui.outreach import templates

    mail = templates.parse("recordatorio.es.txt", "Asunto: Su service\n\nHola {nombre}\n")
    offer = templates.Template(mail.name, "es", "mail", "offer", mail.subject, mail.body)
    monkeypatch.setitem(letters._found, ("recordatorio", "es"), offer)
    subject, text = letters.render("recordatorio", "es", {"nombre": "Ana", "taller": "Casa Central"})
    assert subject == "PUBLICIDAD · Su service"
    assert text.startswith("PUBLICIDAD\n\nHola Ana\n\nPublicidad de Casa Central.")


def test_offers_carry_the_way_out_and_operational_texts_never(letters: Letters) -> None:
    from boxes_tui.outreach.templates import KINDS

    for name, (channel, purpose) in KINDS.items():
        for language in ("es", "en"):
            if channel not in ("header", "footer"):
                text = letters.render(name, language, {"taller": "Casa Central"})[1]
                assert ("Ley 25.326" in text) == (purpose == "offer"), name
                assert text.startswith("PUBLICIDAD") == (purpose == "offer"), name
