"""The days of a report: presets, and days as people write them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from boxes_tui.data.session import Session
from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.errors import UsageError
from boxes_tui.i18n import N_, _, language
from boxes_tui.text import fold

PRESETS: Final = {"today": N_("hoy"), "week": N_("semana"), "month": N_("mes"), "year": N_("año")}
"""Up to today: today, since Monday, since the first of the month, since the first of January."""

_WORDS: Final = {
    "hoy": "today", "semana": "week", "mes": "month", "ano": "year", "año": "year",
    "today": "today", "week": "week", "month": "month", "year": "year",
}  # fmt: skip


def preset(session: Session, word: str) -> tuple[date, date]:
    """The inclusive days of a preset; :class:`UsageError` with the list of them."""
    code = _WORDS.get(fold(word))
    today = session.today
    if code is None:
        names = ", ".join(_(p) for p in PRESETS.values())
        raise UsageError(_("No hay un período «{name}»; los que hay: {names}").format(name=word, names=names))
    first = {
        "today": today,
        "week": today - timedelta(today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[code]
    return first, today


def preset_of(session: Session, low: date, high: date) -> str:
    """The word of the preset that those days are; nothing where they are none (on its first day a longer one is too)."""
    return next((_(word) for code, word in PRESETS.items() if preset(session, code) == (low, high)), "")


def day(session: Session, text: str) -> date:
    """A day as people write it, the last such day where it has no year; :class:`UsageError` when it cannot be read."""
    zone = session.zone_of(session.branches[0].id if session.branches else None)
    try:
        return parse_when(text, session.clock.local(zone), language(), past=True).day
    except NotUnderstood as error:
        raise UsageError(str(error)) from None


def span(session: Session, low: str | None, high: str | None, word: str | None = None) -> tuple[date, date]:
    """The days of ``--from``, ``--to`` and ``--preset``: without any, this month up to today; only the first, up to
    today; only the last, from the first of its month. :class:`UsageError` when the first is after the last."""
    if word:
        if low or high:
            raise UsageError(_("--preset y --from/--to no van juntos."))
        return preset(session, word)
    last = day(session, high) if high else None
    first = day(session, low) if low else (last or session.today).replace(day=1)
    last = last or session.today
    if first > last:
        raise UsageError(_("La fecha «desde» es posterior a «hasta»."))
    return first, last
