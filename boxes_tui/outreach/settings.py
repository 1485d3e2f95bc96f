"""What the configuration file says about mail, letters, the telephone and personal data: checked once, with key names.

Secrets come from ``BOXES_SMTP_PASSWORD`` and ``BOXES_AMI_SECRET``, from a file of mode 0600, or from the configuration
file itself, which must then be 0600 too (RELIABILITY S11).
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxes_tui.config import Settings
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

SMTP_KEYS = (
    "host", "port", "security", "user", "password", "password_file", "from", "from_name", "reply_to", "ca_file",
    "timeout", "cancel",
)  # fmt: skip
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Smtp:
    """How mail leaves. ``security`` is ``starttls``, ``tls`` or ``none`` (a relay on this machine only); ``cancel``
    queues a CANCEL by itself when the DMS cancels an appointment whose invite was sent."""

    host: str
    port: int
    security: str
    sender: str
    sender_name: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    ca_file: Path | None = None
    timeout: float = 20.0
    cancel: bool = False


def smtp_of(settings: Settings) -> Smtp | None:
    """The ``[smtp]`` section, None where there is none; raises :class:`ConfigError` naming the key."""
    from boxes_tui.outreach.mail import one_recipient

    raw = settings.section("smtp")
    if not raw:
        return None
    known(settings, "smtp", raw, SMTP_KEYS)
    host, security = text_of(settings, "smtp", raw, "host"), str(raw.get("security", "starttls"))
    if security not in ("starttls", "tls", "none"):
        raise ConfigError(
            _("{config_path}: [smtp] security es starttls, tls o none").format(config_path=settings.config_path)
        )
    if security == "none" and host not in LOOPBACK:
        raise ConfigError(
            _("{config_path}: [smtp] security = none sólo vale para un servidor de este equipo").format(
                config_path=settings.config_path
            )
        )
    addresses = {}
    for key in ("from", "reply_to"):
        if raw.get(key) or key == "from":
            found = one_recipient(str(raw.get(key, "")))
            if found is None:
                raise ConfigError(
                    _("{config_path}: [smtp] {key} tiene que ser una sola dirección de correo").format(
                        config_path=settings.config_path, key=key
                    )
                )
            addresses[key] = found
    user = str(raw["user"]) if raw.get("user") else None
    password = secret_of(settings, "smtp", raw, "password", "BOXES_SMTP_PASSWORD")
    if user and not password:
        raise ConfigError(_("Falta la clave del correo: BOXES_SMTP_PASSWORD o [smtp] password_file"))
    default_port = {"starttls": 587, "tls": 465, "none": 25}[security]
    return Smtp(
        host=host,
        port=number_of(settings, "smtp", raw, "port", default_port, 1, 65535),
        security=security,
        sender=addresses["from"],
        sender_name=str(raw.get("from_name", "")),
        user=user,
        password=password,
        reply_to=addresses.get("reply_to"),
        ca_file=path_of(settings, str(raw["ca_file"])) if raw.get("ca_file") else None,
        timeout=number_of(settings, "smtp", raw, "timeout", 20, 1, 300),
        cancel=flag_of(settings, "smtp", raw, "cancel"),
    )


def known(settings: Settings, section: str, raw: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Refuse keys that the section does not have."""
    for key in raw:
        if key not in keys:
            raise ConfigError(
                _("{config_path}: [{section}] no tiene «{key}»; las que hay: {names}").format(
                    config_path=settings.config_path, section=section, key=key, names=", ".join(keys)
                )
            )


def text_of(settings: Settings, section: str, raw: Mapping[str, Any], key: str) -> str:
    """An obligatory text."""
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ConfigError(
            _("{config_path}: [{section}] falta {key}").format(
                config_path=settings.config_path, section=section, key=key
            )
        )
    return value.strip()


def number_of(
    settings: Settings, section: str, raw: Mapping[str, Any], key: str, default: int, low: int, high: int
) -> int:
    """A whole number within limits."""
    value = raw.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(
            _("{config_path}: [{section}] {key} es un número de {low} a {high}").format(
                config_path=settings.config_path, section=section, key=key, low=low, high=high
            )
        )
    return value


def flag_of(settings: Settings, section: str, raw: Mapping[str, Any], key: str) -> bool:
    """true or false."""
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(
            _("{config_path}: [{section}] {key} es true o false").format(
                config_path=settings.config_path, section=section, key=key
            )
        )
    return value


def path_of(settings: Settings, value: str) -> Path:
    """A path of the configuration file, relative to that file."""
    base = settings.config_path.parent if settings.config_path else settings.home
    return (base / Path(value).expanduser()).absolute()


def secret_of(settings: Settings, section: str, raw: Mapping[str, Any], key: str, variable: str) -> str | None:
    """A secret: the variable, else ``<key>_file`` (mode 0600), else the key itself."""
    if settings.environ.get(variable):
        return settings.environ[variable]
    if name := raw.get(f"{key}_file"):
        path = path_of(settings, str(name))
        try:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    _("{path}: guarda un secreto y otros usuarios lo pueden leer; chmod 600").format(path=path)
                )
            return path.read_text(encoding="utf-8").rstrip("\r\n") or None
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                _("{path}: no se puede leer ([{section}] {key}_file)").format(path=path, section=section, key=key)
            ) from None
    value = raw.get(key)
    return str(value) if value else None
