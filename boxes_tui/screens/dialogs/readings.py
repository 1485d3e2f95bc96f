"""Live readings of what is typed: the date it means, how far away it is, and what to mind about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from boxes_tui.domain.dates import NotUnderstood, When, parse_when
from boxes_tui.domain.formats import short_day
from boxes_tui.i18n import _, language, ngettext
from boxes_tui.widgets.fields import Reading


def date_reading(
    now: datetime, *, with_time: bool, holidays: frozenset[object] = frozenset()
) -> Callable[[str], Reading]:
    """A reader for a date field: ``mié 25/11/2026 10:00 · faltan 19 h 50 min``, or the sentence with examples."""

    def read(text: str) -> Reading:
        try:
            when = parse_when(text, now, language())
        except NotUnderstood as error:
            return False, str(error)
        return told(when, now, with_time=with_time, holidays=holidays)

    return read


def told(when: When, now: datetime, *, with_time: bool, holidays: frozenset[object] = frozenset()) -> Reading:
    """A date in words; false for one that has passed, or without the hour that is needed."""
    if with_time and when.time is None:
        return False, _("{day}: falta la hora").format(day=short_day(when.day))
    at = datetime.combine(when.day, when.time or time(23, 59), now.tzinfo)
    shown = short_day(when.day) + (f" {when.time:%H:%M}" if when.time else "")
    if at < now:
        return False, _("{day}: ya pasó").format(day=shown)
    mind = ""
    if when.day.weekday() == 6:
        mind = " · " + _("Domingo: vale igual, ¿seguro?")
    elif when.day in holidays:
        mind = " · " + _("Feriado: vale igual, ¿seguro?")
    return True, f"{shown} · {left(at, now, exact=when.time is not None)}{mind}"


def left(at: datetime, now: datetime, *, exact: bool) -> str:
    """*faltan 19 h 50 min*, *faltan 200 días*."""
    days = (at.date() - now.date()).days
    minutes = int((at - now).total_seconds() // 60)
    if exact and minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return _("faltan {h} h {m} min").format(h=hours, m=rest) if hours else _("faltan {m} min").format(m=rest)
    if days == 0:
        return _("es hoy")
    return ngettext("falta {n} día", "faltan {n} días", days).format(n=days)
