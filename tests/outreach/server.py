"""A real SMTP server with STARTTLS and AUTH, whose death a test can order at any point of the conversation."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HERE = Path(__file__).parent
CERTIFICATE = HERE / "localhost.crt"
USER, PASSWORD = "turnos", "clave-de-prueba"


@dataclass
class Received:
    """A mail that the server took: envelope and bytes."""

    sender: str
    recipients: list[str]
    data: bytes
    tls: bool
    login: str | None


class Inbox:
    """What arrived, and what the server does next. ``dies`` is asked at each step: ``mail``, ``rcpt``, ``data`` (before
    354 is sent), ``taken`` (the mail is kept, the answer is not sent); true cuts the connection there."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.dies: Any = lambda step: False
        self.answers: dict[str, str] = {}
        self.before_data: Any = lambda: None
        self.steps: list[str] = []

    def _step(self, server: SMTP, step: str) -> str | None:
        self.steps.append(step)
        if self.dies(step):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            raise ConnectionResetError
        return self.answers.get(step)

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, opts: Any) -> str:
        answer = self._step(server, "mail")
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, opts: Any) -> str:
        answer = self._step(server, "rcpt")
        if answer is None:
            envelope.rcpt_tos.append(address)
            await asyncio.get_running_loop().run_in_executor(None, self.before_data)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._step(server, "data")
        if answer is not None:
            return answer
        assert isinstance(envelope.content, bytes)
        self.mails.append(
            Received(
                envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content, session.ssl is not None,
                session.auth_data.login.decode() if session.auth_data else None,
            )
        )  # fmt: skip
        return self._step(server, "taken") or "250 OK"


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False, auth_data=data)


class MailServer(Controller):
    """The server on a free port of this machine; ``with`` starts and stops it."""

    def __init__(self, inbox: Inbox) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, HERE / "localhost.key")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__(
            inbox, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
            authenticator=_authenticate,
        )  # fmt: skip
        self.inbox = inbox

    def __enter__(self) -> MailServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
