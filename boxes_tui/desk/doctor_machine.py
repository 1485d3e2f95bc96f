"""What ``boxes doctor`` looks at around the database: copies, and the door of SSH (RELIABILITY §5.17)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from boxes_tui.clock import wall
from boxes_tui.i18n import _

OLDEST_COPY_HOURS: Final = 48
"""A copy a day (RPO 24 h), one of them missed."""
SSHD: Final = Path("/etc/ssh")
WANTED: Final = {
    "authenticationmethods": "publickey", "authorizedkeysfile": "none", "disableforwarding": "yes", "permituserrc": "no",
}  # fmt: skip
"""What the part of ``sshd_config`` that ``boxes ssh-keys ACCOUNT --sshd`` prints must say."""


def copies(listed: Path) -> tuple[bool, str]:
    """How old the newest known copy is; ``listed`` names where copies lie. Each was verified when it was made."""
    try:
        places = [Path(line) for line in listed.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        places = []
    made = [path.stat().st_mtime for path in places if path.is_file()]
    if not made:
        return not places, _("ninguna copia a la vista: boxes db backup")
    newest = datetime.fromtimestamp(max(made), UTC)
    hours = int((wall() - newest).total_seconds() // 3600)
    return hours <= OLDEST_COPY_HOURS, _("la última hace {n} h, verificada al hacerla").format(n=hours)


def sshd(folder: Path = SSHD) -> tuple[bool, str]:
    """Whether this machine's sshd, where it serves our keys, gives nothing but the app."""
    told = list(_told(folder))
    blocks = [options for condition, options in told if "ssh-keys" in options.get("authorizedkeyscommand", "")]
    if not blocks:
        return True, _("el sshd de esta máquina no pide claves a boxes (boxes ssh-keys CUENTA --sshd)")
    if any(options.get("permituserenvironment", "no") != "no" for _condition, options in told):
        return False, _("PermitUserEnvironment tiene que ser no")
    for options in blocks:
        if "forcecommand" in options:
            return False, _("ForceCommand oculta quién entra; la orden está en cada clave")
        wrong = [name for name, value in WANTED.items() if options.get(name, "").lower() != value]
        if wrong:
            return False, _("falta {name} {value} en el bloque de las claves").format(
                name=wrong[0], value=WANTED[wrong[0]]
            )
    return True, _("sólo el tablero, por clave y sin reenvíos")


def _told(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """(condition, options) of the global part and of every ``Match`` block; the first word on an option counts."""
    for path in [*sorted((folder / "sshd_config.d").glob("*.conf")), folder / "sshd_config"]:
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        condition, options = "", dict[str, str]()
        for line in lines:
            found = re.match(r"\s*([A-Za-z]+)[\s=]+(.*?)\s*$", line)
            if found is None:
                continue
            name, value = found[1].lower(), found[2].strip('"')
            if name == "match":
                yield condition, options
                condition, options = value, {}
            else:
                options.setdefault(name, value)
        yield condition, options
