"""One mail to one person: the message with its fixed headers, and the SMTP conversation that sends it (PRODUCT §7).

The conversation tells apart what was surely not accepted (it may be sent again) from what may have been accepted (the
answer was lost): only the latter can ever arrive twice, and it does so under the same Message-ID (RELIABILITY R16).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import TYPE_CHECKING

from boxes_tui.i18n import N_, _
from boxes_tui.text import BAD, clean

if TYPE_CHECKING:
    from boxes_tui.outreach.settings import Smtp

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_DOMAIN = re.compile(r"(?=.{3,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{1,62}\Z")
_DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, already rendered; ``ics`` with its ``method`` where there is an invite."""

    recipient: str
    subject: str
    text: str
    html: str | None
    ics: str | None
    method: str | None
    message_id: str
    sent_at: datetime
    language: str = "es"
    reply_to: str | None = None


class NotSent(Exception):
    """Surely not accepted. ``lasting`` when another try would be answered alike. ``why`` holds no personal data."""

    def __init__(self, why: str, *, lasting: bool) -> None:
        super().__init__(why)
        self.why, self.lasting = why, lasting


class AnswerLost(Exception):
    """The end of the data left and no answer came: nobody knows whether the server took it."""


class Withdrawn(Exception):
    """The last look before the data said no; nothing was sent."""


_CODED = re.compile(r"(.*?)( \(\d{3}\))?\Z", re.S)


def coded(why: str, code: int) -> str:
    """*dirección rechazada (550)*, as the outbox keeps it: the reason in Spanish with the server's code."""
    return f"{why} ({code})"


def error_words(kept: str) -> str:
    """A reason that the outbox keeps, in the reader's language."""
    match = _CODED.match(kept)
    assert match is not None  # every part of the pattern may be empty
    return _(match[1]) + (match[2] or "") if match[1] else kept


def one_recipient(raw: str) -> str | None:
    """The one plain address of a text, lower-case domain; None for several, none, or one that cannot be written to."""
    text = raw.strip()
    if not text or BAD.search(text) or len(text) > 254 or text.count("@") != 1:
        return None
    local, domain = text.split("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    if len(local) > 64 or not _LOCAL.match(local) or not _DOMAIN.match(domain):
        return None
    return str(Address(addr_spec=f"{local}@{domain.lower()}"))


def compose(letter: Letter, sender: str, sender_name: str) -> EmailMessage:
    """The message: plain and HTML parts, the invite as an alternative and as ``turno.ics``; a fixed set of headers."""
    recipient = one_recipient(letter.recipient)
    if recipient is None:
        raise NotSent(N_("la dirección no es una sola dirección válida"), lasting=True)
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(clean(sender_name, 100), addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Subject"] = clean(letter.subject, 200)
    message["Date"] = letter.sent_at
    message["Message-ID"] = letter.message_id
    message.set_content(letter.text + "\n", cte="quoted-printable")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.ics and letter.method:
        ics = letter.ics.replace("\r\n", "\n").replace("\n", "\r\n")
        message.add_alternative(ics, subtype="calendar", cte="base64", params={"method": letter.method})
        message.add_attachment(
            ics.encode(), maintype="application", subtype="ics", filename="turno.ics", params={"name": "turno.ics"}
        )
    message["Content-Language"] = letter.language  # last: making parts moves Content-* headers into the first part
    return message


class Post:
    """An SMTP conversation kept open over several mails; every time-out and refusal becomes one of the exceptions
    above."""

    def __init__(self, smtp: Smtp) -> None:
        self.smtp = smtp
        self._line: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, last_look: Callable[[], None], before_end: Callable[[], None]) -> None:
        """Send to the one recipient of the message.

        ``last_look`` runs when everything but DATA is settled and may raise :class:`Withdrawn`; ``before_end`` runs
        when all but the closing dot has left, to write down that the answer may get lost.
        """
        recipients = message["To"].addresses
        if len(recipients) != 1:
            raise NotSent(N_("más de un destinatario"), lasting=True)
        line = self._ready()
        try:
            self._envelope(line, recipients[0].addr_spec)
            last_look()
            self._data(line, message.as_bytes(), before_end)
        except (OSError, smtplib.SMTPException):
            self.close()
            raise NotSent(N_("se cortó la conexión con el servidor"), lasting=False) from None
        except BaseException:  # whatever it was, the next mail begins on a fresh connection
            self.close()
            raise

    def _envelope(self, line: smtplib.SMTP, recipient: str) -> None:
        for code, _answer in (line.mail(self.smtp.sender), line.rcpt(recipient)):
            if code not in (250, 251):
                raise NotSent(coded(N_("dirección rechazada"), code), lasting=500 <= code < 600)

    def _data(self, line: smtplib.SMTP, raw: bytes, before_end: Callable[[], None]) -> None:
        code, _answer = line.docmd("DATA")
        if code != 354:
            raise NotSent(coded(N_("mensaje rechazado"), code), lasting=500 <= code < 600)
        body = _DOTS.sub(b"..", raw)
        line.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        before_end()
        try:
            line.send(b".\r\n")
            code, _answer = line.getreply()
        except (OSError, smtplib.SMTPException):
            raise AnswerLost from None
        if code != 250:
            raise NotSent(coded(N_("mensaje rechazado"), code), lasting=500 <= code < 600)

    def _ready(self) -> smtplib.SMTP:
        if self._line is not None:
            with suppress(OSError, smtplib.SMTPException):
                if self._line.noop()[0] == 250:
                    return self._line
            self.close()
        self._line = self._connect()
        return self._line

    def _connect(self) -> smtplib.SMTP:
        s = self.smtp
        line: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context(cafile=str(s.ca_file) if s.ca_file else None)
            if s.security == "tls":
                line = smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout, context=context)
            else:
                line = smtplib.SMTP(s.host, s.port, timeout=s.timeout)
            line.ehlo_or_helo_if_needed()
            if s.security == "starttls":
                line.starttls(context=context)
                line.ehlo()
            if s.user:
                line.login(s.user, s.password or "")
            return line
        except (OSError, smtplib.SMTPException) as error:
            if line is not None:
                line.close()
            raise NotSent(_connect_sentence(error), lasting=False) from None

    def close(self) -> None:
        """End the conversation; never raises."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError, smtplib.SMTPException):
                line.close()


def _connect_sentence(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return N_("certificado no válido en el servidor")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return coded(N_("usuario o clave rechazados"), error.smtp_code)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return N_("el servidor no ofrece STARTTLS o AUTH")
    if isinstance(error, (TimeoutError, socket.gaierror, ConnectionError)):
        return N_("el servidor no responde")
    return N_("no se pudo conectar al servidor")
