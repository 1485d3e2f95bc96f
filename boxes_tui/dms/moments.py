"""Dates and times of a source to instants: by the declared formats, in the declared zone, each day read once (DMS.md §1, §3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Moment = tuple[int, bool, int]
"""Epoch seconds UTC, whether it is a day without a time, and the local day's ordinal."""

_TIME_PART: Final = re.compile(r"[\sT,\-/]*%[HIMSfpXcZz].*$")
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?")
_CLOCK: Final = re.compile(r"\s*(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*(?:hs?\.?)?\s*", re.IGNORECASE)
_REMEMBERED: Final = 50_000
EARLIEST, LATEST = 1950, 2100


class Unreadable(ValueError):
    """A cell that is no date, or no number."""


class _Format:
    """One format, cut where its date ends and its time begins, so that each half is parsed once per distinct text."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.day_form = _TIME_PART.sub("", form)
        self.timed = self.day_form != form
        self.sign, self.clock_form = self._cut()

    def _cut(self) -> tuple[str | None, str]:
        rest = self.form[len(self.day_form) :]
        sign, clock = rest[:1], rest[1:]
        simple = (
            re.fullmatch(r"(?:%[HMS]|[:.])+", clock) is not None and re.search(r"%[^dmyYbBj]", self.day_form) is None
        )
        return (sign, clock) if simple and sign and sign not in self.day_form else (None, "")


class Moments:
    """The dates of one field: its formats, the zone of the source, and what was read before."""

    def __init__(self, zone: str, formats: Sequence[str], birth: bool = False) -> None:
        self.zone = ZoneInfo(zone)
        self.formats = [_Format(f) for f in formats]
        self.days_only = bool(formats) and not any(f.timed for f in self.formats)
        self.earliest = date(1900 if birth else EARLIEST, 1, 1).toordinal()
        self.latest = date(LATEST, 12, 31).toordinal()
        self._dates: dict[tuple[str, str], tuple[date, int | None]] = {}
        self._clocks: dict[tuple[str, str], int] = {}
        self._starts: dict[int, int | None] = {}

    def odd(self, day: int) -> bool:
        """A day outside of every plausible year (``W-DATE-RANGE``)."""
        return not self.earliest <= day <= self.latest

    def read(self, cell: Any, day_only: bool = False) -> Moment:
        """The moment of a cell; raises :class:`Unreadable`. ``day_only``: the time column was null, so the date part of
        the formats is enough."""
        if not isinstance(cell, str):
            return self._typed(cell, day_only)
        return self._parse(cell.strip(), day_only)

    def join(self, first: Any, second: Any) -> Moment:
        """A date cell and a time cell, at least one of them typed, as one moment."""
        _seconds, _day_only, ordinal = self.read(first, day_only=True)
        clock = clock_of(second)
        return self._local(datetime.combine(date.fromordinal(ordinal), clock))

    # -- texts -------------------------------------------------------------------------------------

    def _parse(self, text: str, day_only: bool) -> Moment:
        for form in self.formats:
            try:
                return self._by(form, text, day_only)
            except (ValueError, OverflowError):
                continue
        if not self.formats or day_only:
            return self._iso(text)
        raise Unreadable

    def _by(self, form: _Format, text: str, day_only: bool) -> Moment:
        if day_only or not form.timed:
            return self._day(self._date(form.day_form, text)[0])
        if form.sign is not None:
            day_text, sign, clock_text = text.partition(form.sign)
            if sign and clock_text:
                try:
                    day, start = self._date(form.day_form, day_text)
                    seconds = self._clock(form.clock_form, clock_text)
                except ValueError:
                    pass  # strptime reads some texts whole that it does not read in halves: let it judge
                else:
                    if start is not None:
                        return start + seconds, False, day.toordinal()
        return self._local(datetime.strptime(text, form.form))

    def _date(self, form: str, text: str) -> tuple[date, int | None]:
        """A date and the instant at which its day begins, None where the clock changes within the day."""
        found = self._dates.get((form, text))
        if found is None:
            if len(self._dates) > _REMEMBERED:
                self._dates.clear()
            day = datetime.strptime(text, form).date()
            found = self._dates[(form, text)] = (day, self._steady_start(day))
        return found

    def _clock(self, form: str, text: str) -> int:
        found = self._clocks.get((form, text))
        if found is None:
            if len(self._clocks) > _REMEMBERED:
                self._clocks.clear()
            at = datetime.strptime(text, form)
            found = self._clocks[(form, text)] = at.hour * 3600 + at.minute * 60 + at.second
        return found

    def _iso(self, text: str) -> Moment:
        try:
            if _ISO_DAY.fullmatch(text):
                return self._day(date.fromisoformat(text))
            if _ISO_TIME.fullmatch(text):
                return self._local(datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", "")))
        except (ValueError, OverflowError):
            pass
        raise Unreadable

    # -- typed cells -------------------------------------------------------------------------------

    def _typed(self, cell: Any, day_only: bool) -> Moment:
        if isinstance(cell, datetime):
            if day_only or self.days_only:
                return self._day((cell.astimezone(self.zone) if cell.tzinfo else cell).date())
            return self._local(cell)
        if isinstance(cell, date):
            return self._day(cell)
        if isinstance(cell, int) and not isinstance(cell, bool):  # 20261124 in a column without a format of its own
            return self._parse(str(cell), day_only)
        if isinstance(cell, float) and cell.is_integer():
            return self._parse(str(int(cell)), day_only)
        raise Unreadable

    def _local(self, at: datetime) -> Moment:
        try:
            moment = at if at.tzinfo else at.replace(tzinfo=self.zone)
            return int(moment.timestamp()), False, moment.astimezone(self.zone).toordinal()
        except (OverflowError, ValueError, OSError):
            raise Unreadable from None

    def _day(self, day: date) -> Moment:
        try:
            return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()), True, day.toordinal()
        except (OverflowError, ValueError, OSError):
            raise Unreadable from None

    def _steady_start(self, day: date) -> int | None:
        number = day.toordinal()
        if number not in self._starts:
            start, is_day, _number = self._day(day)
            try:
                end = self._day(day + timedelta(days=1))[0]
            except OverflowError:
                end = start
            self._starts[number] = start if is_day and end - start == 86400 else None
        return self._starts[number]


def clock_of(cell: Any) -> time:
    """The time of a cell that holds one: typed, a text ``9:30``, or the fraction of a day. Raises :class:`Unreadable`."""
    if isinstance(cell, datetime):
        return cell.time()
    if isinstance(cell, time):
        return cell
    if isinstance(cell, float) and 0 <= cell < 1:
        cell = timedelta(days=cell)
    if isinstance(cell, timedelta) and timedelta(0) <= cell < timedelta(days=1):
        return (datetime.min + timedelta(seconds=round(cell.total_seconds()))).time()
    if isinstance(cell, str) and (found := _CLOCK.fullmatch(cell)):
        try:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
        except ValueError:
            raise Unreadable from None
    raise Unreadable
