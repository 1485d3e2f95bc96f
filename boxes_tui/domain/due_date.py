"""The suggested due date of the next service, with its arithmetic (PRODUCT §6, SCREENS *Crear oportunidad*)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from boxes_tui.domain.formats import full_day, number, show_day
from boxes_tui.domain.working_days import Calendar
from boxes_tui.i18n import _

DEFAULT_KM: Final = 10_000
DEFAULT_MONTHS: Final = 12
DEFAULT_KM_PER_DAY: Final = 38.0
MIN_SPAN_DAYS: Final = 30
"""Readings closer together than this tell nothing about the use of a vehicle."""

MAX_DAYS: Final = 36_500
"""A vehicle that hardly moves is never due by its kilometres; a date must still come out."""

Reading = tuple[date, int]
"""A day and the kilometres that the odometer showed."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The day and how it was found. ``by_km`` or ``by_months`` is None where it cannot be told."""

    due: date
    by_km: date | None
    by_months: date | None
    target_km: int | None
    km_per_day: float | None
    lines: tuple[str, ...]


def km_per_day(readings: Sequence[Reading]) -> float | None:
    """The average use between the first and the last growing odometer reading; None where they tell nothing."""
    span = _span(readings)
    return (span[1][1] - span[0][1]) / (span[1][0] - span[0][0]).days if span else None


def _span(readings: Sequence[Reading]) -> tuple[Reading, Reading] | None:
    """The two readings that the use is told from."""
    ordered = sorted(readings)
    for first in ordered:
        last = ordered[-1]
        if (last[0] - first[0]).days >= MIN_SPAN_DAYS and last[1] > first[1]:
            return first, last
    return None


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, the last of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(1)).day
    return date(year, month + 1, min(day.day, last))


def next_target(service_km: int, interval_km: int = DEFAULT_KM) -> int:
    """The kilometres of the service after the one done at ``service_km``: a service done up to a fifth of the interval
    early counts as that one (28.300 km was the 30.000 km service, so 40.000 comes next)."""
    return ((service_km + interval_km // 5) // interval_km + 1) * interval_km


def suggest(
    today: date,
    base_day: date | None,
    current_km: int | None,
    readings: Sequence[Reading],
    calendar: Calendar,
    *,
    interval_km: int = DEFAULT_KM,
    interval_months: int = DEFAULT_MONTHS,
    usual_km_per_day: float = DEFAULT_KM_PER_DAY,
    base_word: str = "",
) -> Suggestion:
    """What comes first: the kilometres of the next service at the vehicle's use (``usual_km_per_day``, that of its
    model, where the readings tell none), or ``interval_months`` after the last service or delivery (``base_day``).

    ``current_km`` counts from the day of the last reading where it is that reading, else from today.  Never in the
    past; Sundays and holidays are skipped.
    """
    known = km_per_day(readings)
    use = known or usual_km_per_day
    sums: list[tuple[str, date]] = []
    by_km, target = None, None
    if current_km is not None:
        target = _target(base_day, current_km, readings, interval_km)
        left = max(0, target - current_km)
        days = min(round(left / use), MAX_DAYS)
        by_km = _day_of(current_km, readings, today) + timedelta(days)
        text = _("{target} km − {now} km = {left} km ÷ {use} km/día = {days} días").format(
            target=number(target), now=number(current_km), left=number(left), use=number(use), days=days
        )
        sums.append((text, by_km))
    by_months = add_months(base_day, interval_months) if base_day else None
    if base_day is not None and by_months is not None:
        text = _("{n} meses desde {what} ({base})").format(
            n=interval_months, what=base_word or _("el último service"), base=full_day(base_day)
        )
        sums.append((text, by_months))
    due = min((d for d in (by_km, by_months) if d is not None), default=add_months(today, interval_months))
    due = calendar.next_open(max(due, today + timedelta(1)))
    lines = _lines(sums, today, current_km, readings)
    return Suggestion(due, by_km, by_months, target, use if current_km is not None else None, lines)


def _target(base_day: date | None, current_km: int, readings: Sequence[Reading], interval_km: int) -> int:
    """The kilometres that are due: after those of the last service where its odometer is known."""
    served = max((km for day, km in readings if day == base_day), default=None)
    return (current_km // interval_km + 1) * interval_km if served is None else next_target(served, interval_km)


def _day_of(km: int, readings: Sequence[Reading], today: date) -> date:
    last = max(readings, default=None)
    return last[0] if last is not None and last[1] == km else today


def _lines(
    sums: Sequence[tuple[str, date]], today: date, km: int | None, readings: Sequence[Reading]
) -> tuple[str, ...]:
    """The arithmetic with its arrows under one another, the rule, and what the use was told from."""
    width = max((len(text) for text, _day in sums), default=0)
    lines = [f"{text:<{width}} → {full_day(day)}" for text, day in sums]
    lines.append(_("Vale lo que llega antes. Domingos y feriados se saltean."))
    if km is None:
        return tuple(lines)
    if span := _span(readings):
        first, last = (_reading(one, today) for one in span)
        lines.append(_("Cálculo con lecturas del {first} y del {last}.").format(first=first, last=last))
    elif readings:
        typed = (today, km)
        last_read = max((one for one in readings if one != typed), default=typed)
        text = _("Cálculo con lecturas del {day} y uso medio del modelo.")
        lines.append(text.format(day=_reading(last_read, today)))
    else:
        lines.append(_("Sin lecturas de km: uso medio del modelo."))
    return tuple(lines)


def _reading(one: Reading, today: date) -> str:
    return _("{day} ({km} km)").format(day=show_day(one[0], today), km=number(one[1]))
