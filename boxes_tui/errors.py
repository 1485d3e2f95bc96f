"""Expected failures: each carries one sentence for the person and the exit status of the command line.

The sentence says what happened, what is kept and what mends it; it never holds personal data or secrets.
"""

from __future__ import annotations

import errno
from typing import Final

from boxes_tui.i18n import N_, _


class BoxesError(Exception):
    """A failure that the person can understand and mend. ``exit_code`` as in PRODUCT §10 and DMS.md §6."""

    exit_code = 1


class UsageError(BoxesError):
    """A missing or unreadable value, an unknown name (exit 2)."""

    exit_code = 2


class ConfigError(BoxesError):
    """Configuration that cannot be used: file, line and key are named (exit 2)."""

    exit_code = 2


class Refused(BoxesError):
    """The rules refuse the act; nothing was written (exit 1)."""


class Unavailable(BoxesError):
    """The database does not answer; what was typed is kept (exit 1)."""


class NoSpace(BoxesError):
    """A disk is full; nothing of the act was written, what was there is intact (exit 1)."""


class Locked(BoxesError):
    """Another run of the same source is at work (exit 4)."""

    exit_code = 4


_WHY: Final = {
    errno.ENOENT: N_("no existe"), errno.EACCES: N_("sin permiso"), errno.EPERM: N_("sin permiso"),
    errno.EISDIR: N_("es una carpeta"), errno.ENOTDIR: N_("no es una carpeta"), errno.EEXIST: N_("ya existe"),
    errno.ENOSPC: N_("no hay lugar en el disco"), errno.EROFS: N_("el disco es de sólo lectura"),
    errno.EIO: N_("falló el disco"), errno.ENAMETOOLONG: N_("el nombre es demasiado largo"),
}  # fmt: skip


def is_usual(error: OSError) -> bool:
    """Whether the system's answer is one that a person can mend, and no slip of the program."""
    return error.errno in _WHY


def why(error: OSError) -> str:
    """What the system says of a file, in the language in use where it is one of the usual answers."""
    known = _WHY.get(error.errno or 0)
    return _(known) if known else str(error.strerror or type(error).__name__)
