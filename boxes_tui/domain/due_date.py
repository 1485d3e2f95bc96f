"""The suggested due date of the next service, with its arithmetic (PRODUCT §6, SCREENS *Crear oportunidad*)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from boxes_tui.domain.formats import full_day, number
from boxes_tui.domain.working_days import Calendar
from boxes_tui.i18n import _

DEFAULT_KM: Final = 10_000
DEFAULT_MONTHS: Final = 12
DEFAULT_KM_PER_DAY: Final = 38.0
MIN_SPAN_DAYS: Final = 30
"""Readings closer together than this tell nothing about the use of a vehicle."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The day and how it was found. ``by_km`` or ``by_months`` is None where it cannot be told."""

    due: date
    by_km: date | None
    by_months: date | None
    target_km: int | None
    km_per_day: float | None
    lines: tuple[str, ...]


def km_per_day(readings: Sequence[tuple[date, int]]) -> float | None:
    """The average use between the first and the last growing odometer reading; None where they tell nothing."""
    ordered = sorted(readings)
    for first in ordered:
        last = ordered[-1]
        span = (last[0] - first[0]).days
        if span >= MIN_SPAN_DAYS and last[1] > first[1]:
            return (last[1] - first[1]) / span
    return None


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, the last of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(1)).day
    return date(year, month + 1, min(day.day, last))


def suggest(
    today: date,
    base_day: date | None,
    current_km: int | None,
    readings: Sequence[tuple[date, int]],
    calendar: Calendar,
    *,
    interval_km: int = DEFAULT_KM,
    interval_months: int = DEFAULT_MONTHS,
    base_word: str = "",
) -> Suggestion:
    """What comes first: the next multiple of ``interval_km`` at the vehicle's use, or ``interval_months`` after the last
    service or delivery (``base_day``).  Never in the past; Sundays and holidays are skipped."""
    use = km_per_day(readings)
    known = use is not None
    use = use or DEFAULT_KM_PER_DAY
    lines: list[str] = []
    by_km: date | None = None
    target: int | None = None
    if current_km is not None:
        target = (current_km // interval_km + 1) * interval_km
        left = target - current_km
        days = round(left / use)
        by_km = today + timedelta(days)
        lines.append(
            _("{target} km − {now} km = {left} km ÷ {use} km/día = {days} días → {day}").format(
                target=number(target), now=number(current_km), left=number(left), use=number(use), days=days,
                day=full_day(by_km),
            )
        )  # fmt: skip
    by_months = add_months(base_day, interval_months) if base_day else None
    if by_months is not None and base_day is not None:
        lines.append(
            _("{n} meses desde {what} ({base}) → {day}").format(
                n=interval_months, what=base_word or _("el último service"), base=full_day(base_day),
                day=full_day(by_months),
            )
        )  # fmt: skip
    candidates = [d for d in (by_km, by_months) if d is not None]
    due = min(candidates) if candidates else add_months(today, interval_months)
    due = calendar.next_open(max(due, calendar.next_open(today + timedelta(1))))
    lines.append(_("Vale lo que llega antes. Domingos y feriados se saltean."))
    if current_km is not None and not known:
        lines.append(_("Sin dos lecturas de km: se usa el promedio de {use} km/día.").format(use=number(use)))
    return Suggestion(due, by_km, by_months, target, use if current_km is not None else None, tuple(lines))
