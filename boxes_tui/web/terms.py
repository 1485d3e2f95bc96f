"""What ``boxes serve`` asks before anybody comes in: its settings, and the checks of a request. No network here."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from boxes_tui.config import Settings
from boxes_tui.errors import BoxesError, ConfigError
from boxes_tui.i18n import _

SECRET_HEADER = "X-Boxes-Secret"
USER_HEADER = "X-Remote-User"
LEAST_SECRET = 24
"""Characters: 24 of base64 are 144 bits."""
KNOWN = {"port", "public_url", "secret", "secret_file", "sessions", "user_header"}

_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", re.ASCII)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Terms:
    """Where and for whom: the loopback port, the address that browsers know, the proxy's secret, how many at once."""

    port: int
    public_url: str
    secret: str
    user_header: str = USER_HEADER
    sessions: int = 20

    @property
    def origin(self) -> str:
        """What a browser's ``Origin`` says on a page of ours."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def socket_url(self) -> str:
        """The address of the WebSocket as the browser knows it."""
        return "ws" + self.public_url.removeprefix("http").rstrip("/") + "/ws"


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further: an HTTP status and a sentence."""

    status: int
    sentence: str


def terms_of(settings: Settings, port: int | None = None, public_url: str | None = None, sessions: int | None = None) -> Terms:  # fmt: skip
    """The ``[serve]`` table with the command line over it; :class:`ConfigError` for what cannot be served safely."""
    told = settings.section("serve")
    if unknown := sorted(set(told) - KNOWN):
        raise ConfigError(_("[serve]: clave desconocida «{key}»").format(key=unknown[0]))
    number = _whole(port if port is not None else told.get("port", 8060), "port", 1, 65535)
    url = str(public_url or told.get("public_url") or f"http://127.0.0.1:{number}").lower()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in url:
        raise ConfigError(_("[serve] public_url: se espera https://servidor, tal como lo escribe quien entra"))
    header = str(told.get("user_header", USER_HEADER))
    if not _HEADER.fullmatch(header) or header.lower() == SECRET_HEADER.lower():
        raise ConfigError(_("[serve] user_header: no es el nombre de una cabecera de HTTP"))
    count = _whole(sessions if sessions is not None else told.get("sessions", 20), "sessions", 1, 500)
    return Terms(number, url, _secret(settings, told), header, count)


def _whole(value: object, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(_("[serve] {name}: se espera un número de {least} a {most}").format(name=name, least=least, most=most))  # fmt: skip
    return value


def _secret(settings: Settings, told: Mapping[str, object]) -> str:
    secret = settings.environ.get("BOXES_SERVE_SECRET") or str(told.get("secret") or "")
    if not secret and (named := told.get("secret_file")):
        path = Path(str(named)).expanduser()
        try:
            open_to_others = path.stat().st_mode & 0o077
            secret = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(_("[serve] secret_file: no se puede leer {path}").format(path=path)) from None
        if open_to_others:
            raise ConfigError(
                _("{path}: guarda un secreto y otros usuarios la pueden leer; chmod 600").format(path=path)
            )
    if len(secret) < LEAST_SECRET or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise BoxesError(
            _(
                "boxes serve no arranca sin el secreto que comparte con el proxy: [serve] secret_file, un archivo con "
                "una línea de {least} caracteres o más (openssl rand -base64 33)."
            ).format(least=LEAST_SECRET)
        )
    return secret


def check(terms: Terms, headers: Mapping[str, Sequence[str]], *, socket: bool) -> str | Refusal:
    """Who comes, or why not. ``headers`` has lower-case names and every value that was sent.

    The secret says that the proxy speaks; only then the proxy's word for the person counts. A page of another site
    cannot open a socket: browsers always send its ``Origin``, so on a socket an absent one is refused too.
    """
    secrets = headers.get(SECRET_HEADER.lower(), ())
    if len(secrets) != 1 or not hmac.compare_digest(secrets[0].encode("utf-8", "replace"), terms.secret.encode()):
        return Refusal(403, _("Se entra por el proxy del concesionario."))
    origins = headers.get("origin", ())
    if (socket and not origins) or any(origin.lower() != terms.origin for origin in origins):
        return Refusal(403, _("La página es de otro sitio."))
    users = headers.get(terms.user_header.lower(), ())
    if len(users) != 1 or not _LOGIN.fullmatch(users[0]):
        return Refusal(401, _("El proxy no dice quién entra."))
    return users[0]
