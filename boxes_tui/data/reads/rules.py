"""What an admin may set and every act asks, in one statement: outcomes, holidays, hours of calling, No Llame lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Integer, Text, cast, literal_column, null, select, union_all

from boxes_tui.data.prepared import Prepared
from boxes_tui.data.tables import branch, disposition, dnc_list, holiday
from boxes_tui.domain.contact_gate import DEFAULT_HOURS, Hours
from boxes_tui.domain.working_days import Calendar, argentina_holidays


@dataclass(frozen=True, slots=True)
class HouseRules:
    """The rules of one transaction. ``outcomes`` holds only what an admin changed, as rows (code, digit, label,
    contact, productive, closes, retry minutes); ``lists`` the No Llame lists in force: name → the day of the list."""

    outcomes: tuple[tuple[Any, ...], ...]
    lists: Mapping[str, date]
    holidays: tuple[tuple[int | None, date], ...]
    spans: Mapping[int, str]

    def calendar(self, branch_id: int | None, around: date) -> Calendar:
        """The working days of a branch: the country's holidays and those that an admin added, for the years around a
        day."""
        own = frozenset(day for where, day in self.holidays if where is None or where == branch_id)
        return Calendar(_country(around.year) | own if own else _country(around.year))

    def hours(self, branch_id: int | None) -> Hours:
        """The hours of calling of a branch by weekday (0 = Monday)."""
        made = self.spans.get(branch_id) if branch_id is not None else None
        return _hours(made) if made else DEFAULT_HOURS


@lru_cache(maxsize=32)
def _country(year: int) -> frozenset[date]:
    return frozenset().union(*(argentina_holidays(y) for y in range(year - 1, year + 3)))


@lru_cache(maxsize=64)
def _hours(written: str) -> Hours:
    hours: dict[int, tuple[time, time] | None] = dict.fromkeys(range(7))
    for day, span in json.loads(written).items():
        if span:
            hours[int(day) - 1] = (time.fromisoformat(span[0]), time.fromisoformat(span[1]))
    return hours


def house_rules(conn: Connection) -> HouseRules:
    """Read them all."""
    found: dict[str, list[tuple[Any, ...]]] = {"outcome": [], "list": [], "holiday": [], "hours": []}
    for kind, *row in _RULES.tuples(conn, {}):
        found[kind].append(tuple(row))
    return HouseRules(
        outcomes=tuple(
            (code, digit, label, bool(contact), bool(productive), bool(closes), retry)
            for retry, code, digit, label, contact, productive, closes in found["outcome"]
        ),
        lists={row[1]: date.fromordinal(row[4]) for row in sorted(found["list"])},
        holidays=tuple((row[0], date.fromordinal(row[4])) for row in found["holiday"]),
        spans={row[0]: row[1] for row in found["hours"]},
    )


def _part(kind: str, number: Any, texts: tuple[Any, ...], numbers: tuple[Any, ...]) -> Any:
    """One kind of rule in the common shape: kind, a number, three texts, three numbers."""
    words = [cast(t, Text) for t in (*texts, *[null()] * (3 - len(texts)))]
    counts = [cast(n, Integer) for n in (*numbers, *[null()] * (3 - len(numbers)))]
    cells: list[Any] = [cast(number, Integer), *words, *counts]
    named = [cell.label(f"c{n}") for n, cell in enumerate(cells)]
    return select(literal_column(f"'{kind}'", Text).label("kind"), *named)


_D, _L, _H = disposition.c, dnc_list.c, holiday.c
_RULES = Prepared(
    union_all(
        _part("outcome", _D.retry_minutes, (_D.code, _D.digit, _D.label), (_D.contact, _D.productive, _D.closes)),
        _part("list", _L.id, (_L.name,), (_L.as_of,)).where(_L.current),
        _part("holiday", _H.branch_id, (), (_H.day,)),
        _part("hours", branch.c.id, (branch.c.hours,), ()).where(branch.c.hours.is_not(None)),
    )
)
