"""Names of vehicles to vehicles, a whole list at once: exact, by suffix, several, none (PRODUCT §8, FORMATS.md)."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, String, and_, column, func, or_, select, true, values

from boxes_tui.data.engine import is_sqlite
from boxes_tui.data.tables import vehicle
from boxes_tui.desk.campaign_lines import TAIL, VIN_LENGTH, Entry, Span, Token
from boxes_tui.domain.vehicle_ids import suggest_vin

CHUNK: Final = 500
PORTION: Final = 5000
"""Ids that one statement names."""
WHOLE: Final = 200_000
"""Units from which on whole tables are read instead of looked up."""
SERIAL: Final = 6
"""The last characters of a VIN that number the vehicles of a series."""

SHORTEST: Final = 4
"""Characters that a range of tails has to tell at least."""
MAKER: Final = 3
"""The first characters, which name the maker: ends that differ in them are no range."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hit:
    """What a line names: the vehicles in ascending order, and how they were found."""

    how: Literal["exact", "suffix", "ambiguous", "unknown"]
    vehicles: tuple[int, ...] = ()


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in pieces that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@contextmanager
def unhurried() -> Iterator[None]:
    """Without the cycle collector, which would walk a million small objects again and again while they are made."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def portions(name: Any, ids: Collection[int]) -> Iterator[ColumnElement[bool]]:
    """Conditions that between them hold for all of ``ids``. For very many one condition that holds for every row: the
    caller keeps to his ids, and one scan beats thousands of statements."""
    if len(ids) > WHOLE:
        yield true()
        return
    for part in chunks(list(ids), PORTION):
        yield name.in_(part)


def resolve(conn: Connection, found: Sequence[Entry]) -> list[Hit]:
    """What every entry names, in order."""
    tokens = sorted({t.text for e in found for t in e.tokens})
    plates = _by_plate(conn, tokens)
    whole, tails = _by_tail(conn, tokens)
    rest = [t for t in tokens if len(t) == VIN_LENGTH and t not in whole and t not in plates]
    short = _by_short_chassis(conn, rest)
    made = []
    for entry in found:
        if entry.span is not None:
            made.append(_range_hit(conn, entry.span))
            continue
        made.append(_together([_one(t, plates, whole, tails, short) for t in entry.tokens]))
    return made


def _one(
    token: Token, plates: dict[str, set[int]], whole: dict[str, set[int]], tails: dict[str, set[int]],
    short: dict[str, set[int]],
) -> Hit:  # fmt: skip
    text = token.text
    full = whole.get(text, set()) | plates.get(text, set())
    longer = tails.get(text, set()) if len(text) < VIN_LENGTH and text not in plates else set()
    units = full | longer
    if len(units) > 1:
        return Hit("ambiguous", tuple(sorted(units)))
    if units:
        return Hit("exact" if full else "suffix", tuple(units))
    near = short.get(text, set())
    if near:
        return Hit("suffix" if len(near) == 1 else "ambiguous", tuple(sorted(near)))
    return Hit("unknown")


def _together(hits: Sequence[Hit]) -> Hit:
    """Several names on one line describe one vehicle: what they agree in; names that lead to different ones are listed,
    never guessed."""
    known = [h for h in hits if h.vehicles]
    if not known:
        return Hit("unknown")
    common = set(known[0].vehicles).intersection(*(h.vehicles for h in known[1:]))
    if len(common) == 1:
        one = tuple(common)
        best = "exact" if any(h.how == "exact" and h.vehicles == one for h in known) else "suffix"
        return Hit("exact" if best == "exact" else "suffix", one)
    every = set().union(*(h.vehicles for h in known))
    return Hit("ambiguous", tuple(sorted(common or every)))


def _by_plate(conn: Connection, tokens: Sequence[str]) -> dict[str, set[int]]:
    made: dict[str, set[int]] = {}
    short = [t for t in tokens if len(t) <= 8]
    for part in chunks(short):
        query = select(vehicle.c.plate, vehicle.c.id).where(
            vehicle.c.plate.in_(part), vehicle.c.merged_into_id.is_(None)
        )
        for plate, unit in conn.execute(query):
            made.setdefault(plate, set()).add(int(unit))
    return made


def _by_tail(conn: Connection, tokens: Sequence[str]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Vehicles whose whole VIN (or chassis, where the DMS knows no more) is the token, and those that end in it."""
    whole: dict[str, set[int]] = {}
    tails: dict[str, set[int]] = {}
    tail = vehicle.c.tail_rev
    for part in chunks([t[::-1] for t in tokens if len(t) >= VIN_LENGTH]):
        query = select(tail, vehicle.c.id).where(tail.in_(part), vehicle.c.merged_into_id.is_(None))
        for rev, unit in conn.execute(query):
            whole.setdefault(rev[::-1], set()).add(int(unit))
    for part in chunks([t[::-1] for t in tokens if TAIL[0] <= len(t) < VIN_LENGTH]):
        names = [(rev, rev + "~") for rev in part]
        listed = values(column("rev", String), column("stop", String)).data(names).cte("wanted")
        low, high = listed.c.rev, listed.c.stop
        if is_sqlite(conn):
            near: ColumnElement[Any] = and_(tail >= low, tail < high)
        else:
            near = and_(tail.op("~>=~", is_comparison=True)(low), tail.op("~<~", is_comparison=True)(high))
        joined = listed.join(vehicle, near)
        ending = select(low, tail, vehicle.c.id).select_from(joined).where(vehicle.c.merged_into_id.is_(None))
        for rev, found, unit in conn.execute(ending):
            target = whole if rev == found else tails
            target.setdefault(rev[::-1], set()).add(int(unit))
    return whole, tails


def _by_short_chassis(conn: Connection, tokens: Sequence[str]) -> dict[str, set[int]]:
    """Whole VINs of vehicles of which the DMS knows only the short chassis."""
    tail = vehicle.c.tail_rev
    short = and_(vehicle.c.vin.is_(None), vehicle.c.chassis.is_not(None), vehicle.c.merged_into_id.is_(None))
    made: dict[str, set[int]] = {}
    if not tokens:
        return made
    for length in conn.execute(select(func.length(tail)).where(short).distinct()).scalars().all():
        if not TAIL[0] <= length <= TAIL[1]:
            continue
        ends: dict[str, list[str]] = {}
        for token in tokens:
            ends.setdefault(token[-length:][::-1], []).append(token)
        for part in chunks(list(ends)):
            query = select(tail, vehicle.c.id).where(tail.in_(part), short)
            for rev, unit in conn.execute(query):
                for token in ends[rev]:
                    made.setdefault(token, set()).add(int(unit))
    return made


def suggestions(conn: Connection, tokens: Iterable[str]) -> dict[str, str]:
    """Unknown VINs that exist with I→1, O→0, Q→0: what to offer (FORMATS.md)."""
    offered = {t: fixed for t in tokens if (fixed := suggest_vin(t))}
    whole, _tails = _by_tail(conn, sorted(set(offered.values())))
    return {token: fixed for token, fixed in offered.items() if fixed in whole}


def _range_hit(conn: Connection, span: Span) -> Hit:
    units = tuple(sorted(_in_range(conn, span)))
    if not units:
        return Hit("unknown")
    whole = len(span.low) == VIN_LENGTH and "*" not in span.low + span.high
    return Hit("exact" if whole else "suffix", units)


def _in_range(conn: Connection, span: Span) -> set[int]:
    """Vehicles of a range. Whole VINs in order compare as texts, without the characters that do not matter; where the order
    turns only in the serial number (other model year or plant), the common beginning and the serial decide; tails compare
    with the same number of last characters, digits with digits."""
    low, high = span.low, span.high
    wild = [i for i in range(len(low)) if "*" in (low[i], high[i])]
    if len(low) < VIN_LENGTH:
        known = len(low) - 1 - wild[-1] if wild else len(low)
        return _tail_range(conn, low[-known:], high[-known:], "") if known >= SHORTEST else set()
    head = low[: next((i for i in range(VIN_LENGTH) if low[i] != high[i] or i in wild), VIN_LENGTH)]
    first, last = (_without(end, wild) for end in (low, high))
    if first > last:
        return _tail_range(conn, low[-SERIAL:], high[-SERIAL:], head) if len(head) >= MAKER else set()
    name = vehicle.c.vin
    where = name.startswith(head, autoescape=True) if wild else _between(conn, name, low, high)
    if wild and len(head) < MAKER:
        return set()
    found = conn.execute(select(vehicle.c.id, name).where(where, _alive()))
    return {int(i) for i, vin in found if len(vin) == VIN_LENGTH and first <= _without(vin, wild) <= last}


def _without(text: str, places: Sequence[int]) -> str:
    return "".join(ch for i, ch in enumerate(text) if i not in places)


def _tail_range(conn: Connection, low: str, high: str, head: str) -> set[int]:
    if low > high:
        return set()
    n = len(low)
    name = func.coalesce(vehicle.c.vin, vehicle.c.chassis)
    tail = func.substr(name, -n) if is_sqlite(conn) else func.right(name, n)
    where = [_between(conn, tail, low, high), _alive(), func.length(name) >= n]
    if head:
        where.append(name.startswith(head, autoescape=True))
    digits = low.isdigit() and high.isdigit()
    query = select(vehicle.c.id, name).where(*where)
    return {int(i) for i, text in conn.execute(query) if not digits or text[-n:].isdigit()}


def _between(conn: Connection, text: Any, low: str, high: str) -> ColumnElement[bool]:
    """Between two texts by their characters, whatever the database's own order of letters."""
    if is_sqlite(conn):
        return and_(text >= low, text <= high)
    return and_(text.op("~>=~", is_comparison=True)(low), text.op("~<=~", is_comparison=True)(high))


def _alive() -> ColumnElement[bool]:
    return and_(vehicle.c.merged_into_id.is_(None), or_(vehicle.c.vin.is_not(None), vehicle.c.chassis.is_not(None)))
