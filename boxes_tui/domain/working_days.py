"""Days of a branch (PRODUCT §4, §5, §8): *working* days are Monday to Friday without holidays (campaign spread,
``hábil``, legal terms); *open* days are all but Sundays and holidays (retries and suggested due dates)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Calendar:
    """The holidays of a branch."""

    holidays: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Monday to Friday and no holiday."""
        return day.weekday() < 5 and day not in self.holidays

    def is_open(self, day: date) -> bool:
        """Neither a Sunday nor a holiday."""
        return day.weekday() < 6 and day not in self.holidays

    def next_open(self, day: date) -> date:
        """``day`` itself or the first open day after it."""
        while not self.is_open(day):
            day += timedelta(1)
        return day

    def next_working(self, day: date) -> date:
        """``day`` itself or the first working day after it."""
        while not self.is_working(day):
            day += timedelta(1)
        return day

    def add_working(self, day: date, n: int) -> date:
        """The ``n``-th working day after ``day``."""
        for _step in range(n):
            day = self.next_working(day + timedelta(1))
        return day

    def spread(self, start: date, items: int, per_day: int) -> list[tuple[date, int]]:
        """``items`` laid out at ``per_day`` on working days from ``start``: (day, how many)."""
        made: list[tuple[date, int]] = []
        day = self.next_working(start)
        while items > 0:
            made.append((day, min(per_day, items)))
            items -= per_day
            day = self.next_working(day + timedelta(1))
        return made

    def skipped(self, first: date, last: date) -> list[date]:
        """Holidays that fall on would-be working days between two days: what the wizard says it skips."""
        days = (first + timedelta(n) for n in range((last - first).days + 1))
        return [d for d in days if d in self.holidays and d.weekday() < 5]


@lru_cache(maxsize=32)
def argentina_holidays(year: int) -> frozenset[date]:
    """The national holidays of a year, without the bridge days for tourism (a workshop opens on those);
    none for years that only a wrong date can name."""
    if not 1990 <= year <= 2100:
        return frozenset()
    import holidays

    named = holidays.country_holidays("AR", years=year, language="en_US")
    return frozenset(day for day, name in named.items() if "bridge" not in name.lower())


@lru_cache(maxsize=32)
def argentina_calendar(year: int) -> Calendar:
    """The national holidays of a year and the next: for dates of no branch in particular."""
    return Calendar(argentina_holidays(year) | argentina_holidays(year + 1))
