"""The business clock: the only source of "now" and "today" (PRODUCT §3).

``BOXES_NOW`` (an ISO instant) fixes it for tests and demos.  Leases, heartbeats, time-outs and file settling
never use it: they take :func:`monotonic` or :func:`wall`, which nothing can fix.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

DEFAULT_ZONE = "America/Argentina/Buenos_Aires"


@dataclass(frozen=True, slots=True)
class Clock:
    """Business time. ``fixed`` is an aware instant, or None for the machine's clock."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        """The business instant, aware, in UTC, whole seconds."""
        moment = self.fixed or datetime.now(UTC)
        return moment.astimezone(UTC).replace(microsecond=0)

    def today(self, zone: str = DEFAULT_ZONE) -> date:
        """The calendar day of :meth:`now` in ``zone`` (the branch's zone)."""
        return self.now().astimezone(ZoneInfo(zone)).date()

    def local(self, zone: str = DEFAULT_ZONE) -> datetime:
        """:meth:`now` as wall time in ``zone``."""
        return self.now().astimezone(ZoneInfo(zone))


def clock_from_env(environ: dict[str, str] | None = None) -> Clock:
    """The clock that ``BOXES_NOW`` asks for; a date-time without offset is taken in the default zone.

    Raises :class:`ConfigError` when the value cannot be read.
    """
    text = (os.environ if environ is None else environ).get("BOXES_NOW", "").strip()
    if not text:
        return Clock()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            _("BOXES_NOW: «{text}» no es un instante ISO (2026-11-24T14:10:00-03:00)").format(text=text)
        ) from None
    return Clock(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(DEFAULT_ZONE)))


def monotonic() -> float:
    """Seconds that only grow: time-outs, back-off, file settling."""
    return time.monotonic()


def wall() -> datetime:
    """The machine's own UTC instant: leases, heartbeats, file names. Ignores ``BOXES_NOW``."""
    return datetime.now(UTC)
