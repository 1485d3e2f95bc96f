"""How dates, numbers and rates are written (PRODUCT §2, FORMATS.md): ``dd/mm/aaaa``, 24 h, ``96/112 (85,7 %)``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from boxes_tui.i18n import _, language

_LONG: Final = {
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT: Final = {
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def show_day(day: date, today: date) -> str:
    """``24/11``; with two digits of the year when it is not this one: ``14/05/27``."""
    return f"{day:%d/%m}" if day.year == today.year else f"{day:%d/%m/%y}"


def full_day(day: date) -> str:
    """``24/11/2026``."""
    return f"{day:%d/%m/%Y}"


def long_day(day: date, spoken: str | None = None) -> str:
    """``martes 24/11/2026``; ``spoken`` is the language of a letter, else that of the screen."""
    return f"{_LONG[spoken or language()][day.weekday()]} {day:%d/%m/%Y}"


def short_day(day: date) -> str:
    """``mié 25/11/2026``."""
    return f"{_SHORT[language()][day.weekday()]} {day:%d/%m/%Y}"


def weekday_day(day: date, today: date) -> str:
    """``vie 27/11``, with the year when it is not this one."""
    return f"{_SHORT[language()][day.weekday()]} {show_day(day, today)}"


def clock(at: datetime) -> str:
    """``15:30``."""
    return f"{at:%H:%M}"


def number(value: float | int, decimals: int = 0) -> str:
    """``1.234,5`` in Spanish, ``1,234.5`` in English."""
    text = f"{value:,.{decimals}f}"
    return text if language() == "en" else text.translate(str.maketrans(",.", ".,"))


def money(cents: int, currency: str = "$") -> str:
    """``$ 412.300,50``."""
    return f"{currency} {number(cents / 100, 2)}"


def percent(tenths: int) -> str:
    """Tenths of a percent as ``85,7 %``."""
    return f"{number(tenths / 10, 1)} %"


def rate_tenths(num: int, den: int) -> int | None:
    """The rate in tenths of a percent, half up; None when ``den`` is 0."""
    return (2000 * num + den) // (2 * den) if den else None


def rate(num: int, den: int) -> str:
    """``96/112 (85,7 %)``; ``—`` when ``den`` is 0, never 0 %."""
    tenths = rate_tenths(num, den)
    return "—" if tenths is None else f"{number(num)}/{number(den)} ({percent(tenths)})"


def largest_remainder(counts: Sequence[int], whole: int = 1000) -> list[int]:
    """Shares of ``whole`` (tenths of a percent) that sum to it exactly; all zero where there is nothing (KPIS.md)."""
    total = sum(counts)
    if total <= 0:
        return [0] * len(counts)
    floors = [n * whole // total for n in counts]
    order = sorted(range(len(counts)), key=lambda i: (-(counts[i] * whole % total), i))
    for i in order[: whole - sum(floors)]:
        floors[i] += 1
    return floors


def ago(minutes: int) -> str:
    """``4 min``, ``3 h``, ``2 d``: the age of a read."""
    if minutes < 120:
        return _("{n} min").format(n=minutes)
    return _("{n} h").format(n=minutes // 60) if minutes < 48 * 60 else _("{n} d").format(n=minutes // 1440)


def document(kind: str | None, text: str) -> str:
    """*DNI 20.001.234*, *CUIT 20-20001234-3*; a document of another shape as it is."""
    shown = text
    if text.isascii() and text.isdigit():
        if len(text) in (7, 8):
            shown = number(int(text)) if text[0] != "0" else text
        elif len(text) == 11:
            shown = f"{text[:2]}-{text[2:10]}-{text[10]}"
    return f"{kind or 'DNI'} {shown}"
