"""Dialling for the agent, where the dealership wants it: a command, or an Asterisk over its manager interface (AMI).

``[dial]`` is never needed: without it the number is shown.  ``link`` makes the numbers on the screen links.  Every dial passes the gate and is
logged before it is tried.  The law asks for a caller id (COMPLIANCE.md): an AMI without one is refused when loaded.

.. code-block:: toml

   [dial]
   link = "tel"                                   # or "sip:pbx.ejemplo.test": OSC 8 links on the screen
   form = "e164"                                  # or "national": 0351155123456
   command = ["/usr/local/bin/marcar", "{number}", "{extension}"]   # no shell
   extensions = { ana = "201" }
   # or
   ami = { host = "127.0.0.1", port = 5038, user = "boxes", secret_file = "ami", channel = "PJSIP/{extension}",
           context = "salientes", caller_id = "Casa Central <3514001000>" }
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from boxes_tui.config import Settings, without_secrets
from boxes_tui.data.commands import ActResult, Command, Tx
from boxes_tui.desk import gate
from boxes_tui.desk.subjects import call_type, load, title
from boxes_tui.domain.phones import area_length, parse_phone
from boxes_tui.errors import BoxesError, ConfigError, Refused
from boxes_tui.i18n import _
from boxes_tui.outreach.links import sip_url
from boxes_tui.outreach.settings import LOOPBACK, flag_of, known, number_of, secret_of, text_of
from boxes_tui.outreach.whatsapp import log_contact

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

DIAL_KEYS: Final = ("command", "form", "extensions", "ami", "link")
AMI_KEYS: Final = (
    "host", "port", "user", "secret", "secret_file", "channel", "context", "caller_id", "timeout", "tls",
)  # fmt: skip
COMMAND_SECONDS: Final = 10
_NUMBER = re.compile(r"\+?[0-9]{3,15}\Z")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class Ami:
    """An Asterisk that rings the agent's extension first and then the customer."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    channel: str
    context: str
    caller_id: str
    timeout: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Dialler:
    """How numbers are dialled here; exactly one of ``command`` and ``ami``."""

    form: str
    command: tuple[str, ...]
    ami: Ami | None
    extensions: Mapping[str, str]

    def written(self, e164: str) -> str:
        """The number as the exchange wants it."""
        if self.form == "e164" or not e164.startswith("+54"):
            return e164
        ten = e164[-10:]
        size = area_length(ten)
        return f"0{ten[:size]}15{ten[size:]}" if e164.startswith("+549") else f"0{ten}"

    def call(self, e164: str, login: str) -> None:
        """Dial; raises :class:`BoxesError` with a sentence when it did not work."""
        number, extension = self.written(e164), self.extensions.get(login, login)
        if not _NUMBER.match(number) or not _WORD.match(extension):
            raise BoxesError(_("El número o el interno no se pueden marcar."))
        if self.ami is not None:
            originate(self.ami, number, extension)
            return
        words = [w.replace("{number}", number).replace("{extension}", extension) for w in self.command]
        try:
            done = subprocess.run(
                words, env=without_secrets(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            raise BoxesError(_("El programa de marcado no respondió; se puede marcar a mano.")) from None
        if done.returncode != 0:
            raise BoxesError(_("El programa de marcado falló; se puede marcar a mano."))


def dialler_of(settings: Settings) -> Dialler | None:
    """The ``[dial]`` section, None where there is none; raises :class:`ConfigError` naming the key."""
    raw = settings.section("dial")
    if not raw:
        return None
    known(settings, "dial", raw, DIAL_KEYS)
    command, ami = raw.get("command", []), raw.get("ami")
    if link_scheme(settings) and not command and not ami:
        return None
    if bool(command) == bool(ami):
        raise ConfigError(
            _("{config_path}: [dial] lleva command o ami, uno de los dos").format(config_path=settings.config_path)
        )
    if not isinstance(command, list) or not all(isinstance(w, str) for w in command):
        raise ConfigError(
            _("{config_path}: [dial] command es una lista de palabras, sin intérprete").format(
                config_path=settings.config_path
            )
        )
    if command and not any("{number}" in w for w in command[1:]):
        raise ConfigError(
            _("{config_path}: [dial] command no dice dónde va {{number}}").format(config_path=settings.config_path)
        )
    form = raw.get("form", "e164")
    if form not in ("e164", "national"):
        raise ConfigError(_("{config_path}: [dial] form es e164 o national").format(config_path=settings.config_path))
    extensions = raw.get("extensions", {})
    if not isinstance(extensions, dict) or not all(_WORD.match(str(v)) for v in extensions.values()):
        raise ConfigError(
            _("{config_path}: [dial] extensions es una tabla usuario = interno").format(
                config_path=settings.config_path
            )
        )
    made = _ami_of(settings, ami) if ami else None
    return Dialler(form, tuple(command), made, {str(k): str(v) for k, v in extensions.items()})


def link_scheme(settings: Settings) -> str:
    """``[dial] link``: ``tel`` or ``sip:HOST`` makes telephones on the screen links of the terminal, empty makes none."""
    raw = settings.section("dial").get("link", "")
    if raw in ("", "tel"):
        return str(raw)
    try:
        if isinstance(raw, str) and raw.startswith("sip:") and sip_url("+5493515123456", raw[4:]):
            return raw
    except ValueError:
        pass
    raise ConfigError(_("{config_path}: [dial] link es tel o sip:SERVIDOR").format(config_path=settings.config_path))


def _ami_of(settings: Settings, raw: Any) -> Ami:
    if not isinstance(raw, dict):
        raise ConfigError(_("{config_path}: [dial] ami es una tabla").format(config_path=settings.config_path))
    known(settings, "dial.ami", raw, AMI_KEYS)
    texts = {k: text_of(settings, "dial.ami", raw, k) for k in ("host", "user", "channel", "context", "caller_id")}
    secret = secret_of(settings, "dial.ami", raw, "secret", "BOXES_AMI_SECRET")
    if not secret:
        raise ConfigError(_("Falta la clave de la central: BOXES_AMI_SECRET o [dial.ami] secret_file"))
    if not any(ch.isdigit() for ch in texts["caller_id"]):
        raise ConfigError(
            _("{config_path}: [dial.ami] caller_id sin número: la ley pide que se vea quién llama").format(
                config_path=settings.config_path
            )
        )
    tls = flag_of(settings, "dial.ami", raw, "tls")
    if not tls and texts["host"] not in LOOPBACK and "tls" not in raw:
        raise ConfigError(
            _("{config_path}: [dial.ami] a otro equipo hace falta tls = true (o decir tls = false)").format(
                config_path=settings.config_path
            )
        )
    return Ami(
        **texts, secret=secret, port=number_of(settings, "dial.ami", raw, "port", 5039 if tls else 5038, 1, 65535),
        timeout=number_of(settings, "dial.ami", raw, "timeout", 30, 1, 120), tls=tls,
    )  # fmt: skip


def originate(ami: Ami, number: str, extension: str) -> None:
    """Ask the exchange to ring the extension and then the number; raises :class:`BoxesError` when it refuses."""
    try:
        with socket.create_connection((ami.host, ami.port), timeout=10) as plain:
            line = ssl.create_default_context().wrap_socket(plain, server_hostname=ami.host) if ami.tls else plain
            with line.makefile("rwb") as wire:
                wire.readline(200)
                _ask(wire, {"Action": "Login", "Username": ami.user, "Secret": ami.secret, "Events": "off"})
                _ask(wire, {
                    "Action": "Originate", "Channel": ami.channel.replace("{extension}", extension),
                    "Context": ami.context, "Exten": number, "Priority": "1", "CallerID": ami.caller_id,
                    "Timeout": str(ami.timeout * 1000), "Async": "true",
                })  # fmt: skip
                _send(wire, {"Action": "Logoff"})
    except OSError:
        raise BoxesError(_("La central telefónica no responde; se puede marcar a mano.")) from None


def _send(wire: Any, fields: Mapping[str, str]) -> None:
    for value in fields.values():
        if not value.isprintable():
            raise BoxesError(_("El número o el interno no se pueden marcar."))
    wire.write("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n")
    wire.flush()


def _ask(wire: Any, fields: Mapping[str, str]) -> None:
    _send(wire, fields)
    answer: dict[str, str] = {}
    for _line in range(100):
        raw = wire.readline(1000).decode("utf-8", "replace").strip()
        if not raw:
            if "Response" in answer:
                break
            answer.clear()
            continue
        key, _colon, value = raw.partition(":")
        answer[key.strip()] = value.strip()
    if answer.get("Response") != "Success":
        raise BoxesError(_("La central telefónica no aceptó el llamado; se puede marcar a mano."))


@dataclass(frozen=True)
class LogDial(Command):
    """Note that the number of a row is dialled; refused where the gate refuses a call about that row."""

    verb: ClassVar[str] = "dial"
    ref: str
    number: str

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        info = parse_phone(self.number)
        if info.e164 is None or info.last10 is None:
            raise Refused(_("Ese teléfono no se puede marcar."))
        kind, purpose = call_type(tx, subject)
        verdict = gate.verdict(
            tx.conn, tx.session, customer_id=subject.customer_id, branch_id=subject.branch_id,
            purpose="offer" if purpose == "offer" else "operational", numbers=(info.last10,),
        )  # fmt: skip
        if not verdict.allowed:
            raise Refused(verdict.sentence)
        made = log_contact(
            tx, self.ref, "tel", "offer" if purpose == "offer" else "operational", self.number, kind=kind
        )
        tx.title = title(_("Marcar"), subject)
        return made


def place_call(house: House, ref: str, number: str) -> ActResult:
    """Gate, log, dial. ``number`` is E.164 as the card holds it. Raises :class:`Refused` by the gate, and
    :class:`BoxesError` when the exchange or the command did not take it (the log keeps that it was tried)."""
    dialler = dialler_of(house.settings)
    if dialler is None:
        raise Refused(_("No hay marcado automático ([dial] en la configuración)."))
    info = parse_phone(number)
    if info.e164 is None:
        raise Refused(_("Ese teléfono no se puede marcar."))
    done = house.execute(LogDial(ref, number))
    dialler.call(number if number.startswith("+") else info.e164, house.session.login)
    return done
