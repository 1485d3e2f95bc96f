"""Expected failures: each carries one sentence for the person and the exit status of the command line.

The sentence says what happened, what is kept and what mends it; it never holds personal data or secrets.
"""

from __future__ import annotations


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


class Locked(BoxesError):
    """Another run of the same source is at work (exit 4)."""

    exit_code = 4
