"""One cell of a source to one value of a record: dates, numbers, enums, texts (DMS.md §1, §3, §5).

A cell is text (CSV), or typed (XLSX, SQL).  Converters return the value; trouble goes to the warnings of the row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from boxes_tui.dms.records import UNTOUCHED

_TIME_PART = re.compile(r"[\sT]*%(?:[HIMSfpXzZ]|-[HIMS]).*$")
_TRUE: Final = frozenset({"1", "s", "si", "sí", "y", "yes", "true", "t", "x", "v", "verdadero", "activo", "a"})
_FALSE: Final = frozenset({"0", "n", "no", "false", "f", "falso", "inactivo", "i", "b", "baja"})
_MOJIBAKE: Final = re.compile("Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡-¿]|â€|Â[ ¡-¿]|\ufffd")
EARLIEST, LATEST = 1950, 2100


class _Error:
    """A spreadsheet's error cell (#N/A, #REF!)."""


ERROR: Final = _Error()


def as_text(cell: Any) -> str:
    """A cell as text: a whole number without ``.0``, a date in ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, Decimal):
        return str(int(cell)) if cell == cell.to_integral_value() else format(cell.normalize(), "f")
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def looks_broken(text: str) -> bool:
    """Text that was decoded wrongly once before it came to us (``W-MOJIBAKE``)."""
    return _MOJIBAKE.search(text) is not None


class Unreadable(ValueError):
    """A cell that is no date, or no number."""


class Dates:
    """Dates of one source's zone, by the formats of one field, remembered by text."""

    def __init__(self, zone: str, formats: Sequence[str]) -> None:
        self.zone = ZoneInfo(zone)
        self.formats = tuple(formats)
        self.day_formats = tuple(dict.fromkeys(_TIME_PART.sub("", f) for f in formats))
        self._known: dict[tuple[str, bool], tuple[int, bool, int]] = {}

    def read(self, cell: Any, day_only: bool = False) -> tuple[int, bool, int]:
        """(epoch seconds UTC, whether it is a day without time, local day ordinal).

        ``day_only``: the time column was null, so the date part of the formats is enough.
        """
        if not isinstance(cell, str):
            return self._typed(cell)
        text = cell.strip()
        found = self._known.get((text, day_only))
        if found is None:
            found = self._parse(text, day_only)
            if len(self._known) > 200_000:
                self._known.clear()
            self._known[(text, day_only)] = found
        return found

    def join(self, cells: Sequence[Any]) -> Any:
        """A date cell and a time cell of a spreadsheet as one moment; anything else as it is."""
        first, second = cells[0], cells[1]
        clock = second
        if isinstance(second, timedelta):
            clock = (datetime.min + second).time()
        elif isinstance(second, datetime):
            clock = second.time()
        elif isinstance(second, str) and (found := re.fullmatch(r"\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*", second)):
            clock = time(int(found[1]), int(found[2]))
        if isinstance(first, datetime):
            first = first.date()
        if isinstance(first, date) and isinstance(clock, time):
            return datetime.combine(first, clock)
        return first

    def _typed(self, cell: Any) -> tuple[int, bool, int]:
        if isinstance(cell, datetime):
            moment = cell if cell.tzinfo else cell.replace(tzinfo=self.zone)
            return int(moment.timestamp()), False, moment.astimezone(self.zone).toordinal()
        if isinstance(cell, date):
            return self._day(cell)
        raise Unreadable

    def _day(self, day: date) -> tuple[int, bool, int]:
        start = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(start.timestamp()), True, day.toordinal()

    def _parse(self, text: str, day_only: bool) -> tuple[int, bool, int]:
        for form in self.day_formats if day_only else self.formats:
            try:
                moment = datetime.strptime(text, form)
            except (ValueError, OverflowError):
                continue
            if _TIME_PART.search(form) is None:
                return self._day(moment.date())
            return self._typed(moment)
        if not self.formats or day_only:
            return self._iso(text)
        raise Unreadable

    def _iso(self, text: str) -> tuple[int, bool, int]:
        try:
            if len(text) <= 10:
                return self._day(date.fromisoformat(text))
            return self._typed(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise Unreadable from None

    def odd(self, day: int) -> bool:
        """A day outside of every plausible year (``W-DATE-RANGE``)."""
        year = date.fromordinal(day).year
        return not EARLIEST <= year <= LATEST


def number(cell: Any, decimal: str) -> Decimal:
    """A number as written with the declared decimal sign; raises :class:`Unreadable`."""
    if isinstance(cell, bool) or isinstance(cell, (date, time, timedelta)):
        raise Unreadable
    if isinstance(cell, (int, Decimal)):
        return Decimal(cell)
    if isinstance(cell, float):
        return Decimal(repr(cell))
    text = str(cell).strip().replace("\u00a0", "").replace(" ", "").lstrip("$")
    text = text.removesuffix("km").removesuffix("KM").removesuffix("%").removeprefix("AR$").lstrip("$")
    other = "." if decimal == "," else ","
    if other in text:
        head, _sign, tail = text.partition(decimal) if decimal in text else (text, "", "")
        groups = head.lstrip("+-").split(other)
        if other in tail or not all(len(g) == 3 for g in groups[1:]) or not 1 <= len(groups[0]) <= 3:
            raise Unreadable
        text = text.replace(other, "")
    text = text.replace(decimal, ".")
    if text.endswith("-"):
        text = "-" + text[:-1]
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text) or len(text) > 40:
        raise Unreadable
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unreadable from None


def boolean(text: str) -> bool | Any:
    """Yes or no; :data:`UNTOUCHED` for anything else."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else UNTOUCHED


__all__ = ["ERROR", "UTC", "Dates", "Unreadable", "as_text", "boolean", "looks_broken", "number"]
