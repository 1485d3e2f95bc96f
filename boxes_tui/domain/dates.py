"""Date and time as people type them (PRODUCT §11, FORMATS.md): ``12/5``, ``12-05-26``, ``hoy``, ``mañana``, ``+3d``,
``lu 15:30``; English adds ``today``, ``tomorrow``, ``mon 15:30``; ISO is always understood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from datetime import time as clock
from typing import Final
from zoneinfo import ZoneInfo

from boxes_tui.i18n import _
from boxes_tui.text import fold

_WEEKDAYS: Final[dict[str, int]] = {}
for _n, _names in enumerate(
    (
        "lu lun lunes mo mon monday", "ma mar martes tu tue tuesday", "mi mie miercoles we wed wednesday",
        "ju jue jueves th thu thursday", "vi vie viernes fr fri friday", "sa sab sabado sat saturday",
        "do dom domingo su sun sunday",
    )
):  # fmt: skip
    for _name in _names.split():
        _WEEKDAYS[_name] = _n

_RELATIVE: Final = {
    "hoy": 0, "today": 0, "manana": 1, "tomorrow": 1, "pasado": 2, "pasado manana": 2, "ayer": -1, "yesterday": -1,
}  # fmt: skip
_TIME = re.compile(r"(?:^|\s)(?:a las\s+)?(\d{1,2})(?:[:.](\d{2})|\s?(?:hs?|h)\b\.?)\s*(?:hs?\b\.?)?$")
_BARE_HOUR = re.compile(r"\s(?:a las\s+)?(\d{1,2})$")
_DMY = re.compile(r"(\d{1,2})[/\-.](\d{1,2})(?:[/\-.](\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_PLUS = re.compile(r"\+\s?(\d{1,3})\s?([dsmhw]|min|dias?|semanas?|mes(?:es)?|horas?)?")


class NotUnderstood(ValueError):
    """The text is no date; the message is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class When:
    """A local day, and a local time where one was given."""

    day: date
    time: clock | None = None

    def at(self, zone: str, default: clock | None = None) -> datetime:
        """The aware local instant; ``default`` where no time was given (midnight without one)."""
        return datetime.combine(self.day, self.time or default or clock(), ZoneInfo(zone))


def parse_when(text: str, now_local: datetime, lang: str = "es", *, past: bool = False) -> When:
    """Read ``text`` relative to ``now_local``; a day without a year is the next such day (the last one with ``past``).

    Raises :class:`NotUnderstood` with the sentence of SCREENS §9.
    """
    try:
        found = _parse(text.strip(), now_local, past)
    except ValueError:
        found = None
    if found is None or not 1990 <= found.day.year <= 2199:
        raise NotUnderstood(
            _("No se entiende «{text}». Ejemplos: 12/5, mañana, lu 15:30.").format(text=text.strip()[:40])
        )
    return found


def _parse(text: str, now: datetime, past: bool) -> When | None:
    if iso := _ISO.fullmatch(text):
        return _iso(iso, now)
    words = " ".join(_plain(text).split())
    if not words:
        return None
    if plus := _PLUS.fullmatch(words):
        return _plus(int(plus[1]), plus[2] or "d", now)
    words, clock = _take_time(words)
    if not words:
        return When(now.date(), clock) if clock else None
    day = _day(words, now, clock, past)
    if day is None and clock is None and (bare := _BARE_HOUR.search(words)):
        day, clock = _day(words[: bare.start()].strip(), now, None, past), time(int(bare[1]))
    return When(day, clock) if day else None


def _plain(text: str) -> str:
    return "".join(fold(ch) if ch.isalpha() else ch for ch in unicodedata.normalize("NFC", text.lower())).replace(
        "ñ", "n"
    )


def _iso(found: re.Match[str], now: datetime) -> When:
    day = date(int(found[1]), int(found[2]), int(found[3]))
    if found[4] is None:
        return When(day)
    clock = time(int(found[4]), int(found[5]))
    if found[6]:
        offset = found[6].replace("Z", "+00:00")
        offset = offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(now.tzinfo)
        return When(moment.date(), moment.time().replace(second=0, microsecond=0))
    return When(day, clock)


def _plus(n: int, unit: str, now: datetime) -> When:
    if unit == "min" or unit.startswith("h"):
        later = now + (timedelta(minutes=n) if unit == "min" else timedelta(hours=n))
        return When(later.date(), later.time().replace(second=0, microsecond=0))
    if unit.startswith("m"):
        month = now.month - 1 + n
        year, month = now.year + month // 12, month % 12 + 1
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(1)).day
        return When(date(year, month, min(now.day, last)))
    return When(now.date() + timedelta(days=n * (7 if unit[0] in "sw" else 1)))


def _take_time(words: str) -> tuple[str, time | None]:
    found = _TIME.search(words)
    looks = _DMY.fullmatch(words)
    if not found or (looks and int(looks[2]) <= 12 and ":" not in words and "h" not in words):
        return words, None
    return words[: found.start()].strip(), time(int(found[1]), int(found[2] or 0))


def _day(words: str, now: datetime, clock: time | None, past: bool) -> date | None:
    today = now.date()
    if words in _RELATIVE:
        return today + timedelta(_RELATIVE[words])
    if plus := _PLUS.fullmatch(words):
        return _plus(int(plus[1]), plus[2] or "d", now).day
    head, _blank, rest = words.partition(" ")
    if head.rstrip(".") in _WEEKDAYS:
        if rest:
            return _dmy(rest, today, past)
        ahead = (_WEEKDAYS[head.rstrip(".")] - today.weekday()) % 7
        if past:
            return today - timedelta((7 - ahead) % 7)
        if ahead == 0 and (clock is None or clock <= now.time()):
            ahead = 7
        return today + timedelta(ahead)
    return _dmy(words, today, past)


def _dmy(words: str, today: date, past: bool) -> date | None:
    found = _DMY.fullmatch(words)
    if not found:
        return None
    day, month = int(found[1]), int(found[2])
    if found[3]:
        year = int(found[3])
        return date(year if year > 99 else 2000 + year, month, day)
    for year in range(today.year, today.year - 9, -1) if past else range(today.year, today.year + 9):
        try:
            made = date(year, month, day)
        except ValueError:
            continue  # 29/2 of a year that has none
        if (made <= today) if past else (made >= today):
            return made
    return None


def to_instant(when: When, zone: str, default: time | None = None) -> datetime:
    """The aware instant of a :class:`When` in a zone."""
    return when.at(zone, default)
