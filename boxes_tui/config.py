"""Settings: a TOML file and ``BOXES_*`` variables (PRODUCT §10), read once by the composition root.

The variables win over the file.  A file that holds a secret must be readable by its owner only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from boxes_tui.errors import BoxesError, ConfigError, why
from boxes_tui.i18n import _

SECRETS = ("password", "database_url", "secret")
KNOWN = {
    "database_url", "lang", "theme", "user", "go_live", "no_llame", "whatsapp_opt_in", "mouse", "ascii", "branch",
    "ssh_account", "smtp", "dial", "serve", "support", "source", "include", "limits", "templates", "scripts", "retention",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process of BOXES is told from outside. Paths are absolute."""

    home: Path
    database_url: str
    lang: str
    user: str | None
    config_path: Path | None
    file: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """A table of the configuration file, empty where there is none."""
        value = self.file.get(name, {})
        if not isinstance(value, dict):
            raise ConfigError(
                _("{config_path}: [{name}] tiene que ser una tabla").format(config_path=self.config_path, name=name)
            )
        return value

    def option(self, name: str, default: str = "") -> str:
        """A plain text value of the file, or of ``BOXES_<NAME>``."""
        return str(self.environ.get(f"BOXES_{name.upper()}") or self.file.get(name) or default)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment and the configuration file; raises :class:`ConfigError` with file and key."""
    env = dict(os.environ if environ is None else environ)
    home = Path(env["BOXES_HOME"]).expanduser().absolute() if env.get("BOXES_HOME") else _default_home()
    named = env.get("BOXES_CONFIG")
    path = Path(named).expanduser().absolute() if named else home / "config.toml"
    values: dict[str, Any] = {}
    if named or path.exists():
        values = _read(path)
    for name in ("database_url", "lang", "user"):
        if not isinstance(values.get(name, ""), str):
            raise ConfigError(_("{path}: {name} tiene que ser un texto entre comillas").format(path=path, name=name))
    url = env.get("BOXES_DATABASE_URL") or values.get("database_url") or f"sqlite:///{home / 'boxes.db'}"
    told = str(env.get("BOXES_LANG") or values.get("lang") or "es")
    lang = told[:2].lower()
    if lang not in ("es", "en"):
        raise ConfigError(_("idioma «{lang}»: sólo es o en (BOXES_LANG)").format(lang=told))
    return Settings(
        home=home,
        database_url=str(url),
        lang=lang,
        user=env.get("BOXES_USER") or values.get("user"),
        config_path=path if values or named else None,
        file=values,
        environ={k: v for k, v in env.items() if k.startswith("BOXES_")},
    )


def spoken() -> str:
    """The language of the person, also where the settings cannot be read: the command itself will tell."""
    try:
        return load_settings().lang
    except BoxesError:
        return os.environ.get("BOXES_LANG", "es")[:2].lower()


def option_now(name: str) -> str:
    """A plain option as it stands now: the file is read again only when it changed. For rules that are asked often."""
    names = ("BOXES_HOME", "BOXES_CONFIG", "HOME", "XDG_DATA_HOME")
    path = _file_of(*(os.environ.get(n) for n in names))
    try:
        made = path.stat()
        written = _written(path, name, (made.st_mtime_ns, made.st_size, made.st_mode))
    except OSError:
        written = str(_read(path).get(name) or "") if os.environ.get("BOXES_CONFIG") else ""
    return os.environ.get(f"BOXES_{name.upper()}") or written


@lru_cache(maxsize=8)
def _file_of(home: str | None, named: str | None, *_where: str | None) -> Path:
    if named:
        return Path(named).expanduser().absolute()
    return (Path(home).expanduser().absolute() if home else _default_home()) / "config.toml"


@lru_cache(maxsize=8)
def _written(path: Path, name: str, stamp: tuple[int, int, int]) -> str:
    return str(_read(path).get(name) or "")


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is not ours: without the database's address and any password."""
    words = ("DATABASE_URL", "PASSWORD", "SECRET", "TOKEN")
    ours = ("BOXES_", "PG")
    return {k: v for k, v in environ.items() if not (k.startswith(ours) and any(word in k for word in words))}


def _default_home() -> Path:
    from platformdirs import user_data_dir

    return Path(user_data_dir("boxes", appauthor=False))


def _read(path: Path) -> dict[str, Any]:
    import tomllib  # only where there is a file: the first frame waits for this module

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(_("{path}: no se puede leer ({why})").format(path=path, why=why(error))) from None
    try:
        values = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(_("{path}: no es TOML válido: {error}").format(path=path, error=error)) from None
    unknown = sorted(set(values) - KNOWN)
    if unknown:
        line = next((n for n, row in enumerate(raw.decode().splitlines(), 1) if unknown[0] in row), 1)
        raise ConfigError(
            _("{path}:{line}: clave desconocida «{unknown}»").format(path=path, line=line, unknown=unknown[0])
        )
    if _holds_secret(values) and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(_("{path}: guarda un secreto y otros usuarios la pueden leer; chmod 600").format(path=path))
    return values


def _holds_secret(values: Mapping[str, Any]) -> bool:
    for key, value in values.items():
        if isinstance(value, Mapping):
            if _holds_secret(value):
                return True
        elif key.endswith("_file"):  # names the file that holds the secret
            continue
        elif any(word in key for word in SECRETS) and ":" in str(value) + ":" and value:
            if key == "database_url" and "@" not in str(value):
                continue
            return True
    return False
