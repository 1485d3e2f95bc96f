"""Search anywhere: plate, VIN tail, phone tail, document, name without accents, order, appointment (PRODUCT §5, §11).

Tails are prefix scans over reversed text; the rest is substring search over folded words (FTS5 trigram, pg_trgm).
A text of one or two characters matches the beginnings of words, at most :data:`SHORT_LIMIT` of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, literal_column, or_, select, text

from boxes_tui.data.engine import is_sqlite
from boxes_tui.data.reads.people import best_phones, open_opportunities
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    appointment,
    call,
    customer,
    customer_phone,
    repair_order,
    search_entry,
    source,
    vehicle,
)
from boxes_tui.domain.phones import parse_phone
from boxes_tui.i18n import _
from boxes_tui.text import fold

SHORT_LIMIT = 50
EXACT, SUFFIX, START, INSIDE = range(4)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that matched: a customer, or a vehicle whose customer nobody knows."""

    rank: int
    matched: str
    customer_id: int | None
    vehicle_id: int | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the search screen and of ``boxes customer search --json``."""

    id: int | None
    name: str | None
    doc: str | None
    city: str | None
    phones: tuple[str, ...]
    vehicles: tuple[tuple[str | None, str | None, str | None], ...]  # vin (or chassis), plate, model
    vehicle_id: int | None
    matched: str
    rank: int
    open_opportunity: bool
    last_code: str | None = None
    last_at: datetime | None = None


def search(conn: Connection, session: Session, query: str, limit: int | None = None) -> list[Hit]:
    """Everything that matches, best first: exact, tail, word beginning, inside; ``limit`` None = all."""
    folded = fold(query)
    compact = "".join(ch for ch in query.upper() if ch.isalnum())
    if not folded and not compact:
        return []
    found: dict[tuple[int | None, int | None], Found] = {}
    for item in _matches(conn, session, query, folded, compact):
        key = (item.customer_id, item.vehicle_id if item.customer_id is None else None)
        if key not in found or item.rank < found[key].rank:
            found[key] = item
    hits = _hits(conn, found.values())
    hits.sort(key=lambda h: (h.rank, fold(h.name or ""), h.id or 0))
    return with_last_calls(conn, session, hits if limit is None else hits[:limit])


def with_last_calls(conn: Connection, session: Session, hits: list[Hit]) -> list[Hit]:
    """The hits with the outcome and instant of the last call to each, of the branches that the reader may see."""
    c = call.c
    found: dict[int, tuple[str, datetime]] = {}
    for chunk in _chunks({h.id for h in hits if h.id is not None}):
        rows = conn.execute(
            select(c.customer_id, c.code, c.at)
            .where(c.customer_id.in_(chunk), c.annulled_at.is_(None), session.scope(c.branch_id))
            .order_by(c.at, c.id)
        )
        found.update({who: (code, at) for who, code, at in rows})
    return [replace(h, last_code=found[h.id][0], last_at=found[h.id][1]) if h.id in found else h for h in hits]


def _matches(conn: Connection, session: Session, query: str, folded: str, compact: str) -> Iterable[Found]:
    digits = "".join(ch for ch in query if ch.isdigit())
    if len(compact) <= 2:
        yield from _beginnings(conn, folded, SHORT_LIMIT)
        return
    if len(digits) >= 4 and not any(ch.isalpha() for ch in query):
        yield from _phones(conn, _tails_of(session, query, digits))
        yield from _documents(conn, digits)
    if len(compact) >= 4:
        yield from _tails(conn, compact)
    yield from _plates(conn, compact)
    yield from _keys(conn, session, query.strip())
    yield from _words(conn, folded)


def _tails_of(session: Session, query: str, digits: str) -> set[str]:
    """The ends of a number to look for: what was typed, and what it means with its 0, 15, 9 or 54 taken out."""
    local = session.branches[0].area_code if session.branches else None
    meant = parse_phone(query, local).last10 if len(digits) >= 8 else None
    return {digits[-10:], *([meant] if meant else [])}


def _phones(conn: Connection, tails: set[str]) -> Iterable[Found]:
    c = customer_phone.c
    wanted = or_(*(_starts(conn, c.last10_rev, tail[::-1]) for tail in sorted(tails)))
    for who, number in conn.execute(select(c.customer_id, c.last10).where(wanted, c.last10.is_not(None))):
        yield Found(EXACT if number in tails else SUFFIX, f"tel …{number[-4:]}", who, None)


def _documents(conn: Connection, digits: str) -> Iterable[Found]:
    rows = conn.execute(select(customer.c.id).where(customer.c.doc_digits == digits))
    for (who,) in rows:
        yield Found(EXACT, _("doc."), who, None)


def _tails(conn: Connection, compact: str) -> Iterable[Found]:
    c = vehicle.c
    rows = conn.execute(
        select(c.id, c.owner_id, c.vin, c.chassis).where(
            _starts(conn, c.tail_rev, compact[::-1]), c.merged_into_id.is_(None)
        )
    )
    for unit, who, vin, chassis in rows:
        rank = EXACT if compact in (vin, chassis) else SUFFIX
        yield Found(rank, f"VIN …{compact[-4:]}", who or _last_customer(conn, unit), unit)


def _plates(conn: Connection, compact: str) -> Iterable[Found]:
    c = vehicle.c
    rows = conn.execute(
        select(c.id, c.owner_id, c.plate).where(_starts(conn, c.plate, compact), c.merged_into_id.is_(None))
    )
    for unit, who, plate in rows:
        yield Found(
            EXACT if plate == compact else START,
            _("pat. {plate}").format(plate=plate),
            who or _last_customer(conn, unit),
            unit,
        )


def _last_customer(conn: Connection, vehicle_id: int) -> int | None:
    for t, order in ((repair_order, repair_order.c.opened_at), (appointment, appointment.c.starts_at)):
        found = conn.execute(
            select(t.c.customer_id)
            .where(t.c.vehicle_id == vehicle_id, t.c.customer_id.is_not(None))
            .order_by(order.desc())
            .limit(1)
        ).scalar()
        if found is not None:
            return int(found)
    return None


def _keys(conn: Connection, session: Session, query: str) -> Iterable[Found]:
    """Orders and appointments by their DMS key or number, whole."""
    for t, name in ((repair_order, _("OR")), (appointment, _("turno"))):
        keys: list[Any] = [
            and_(t.c.source_id.in_(select(source.c.id)), t.c.source_key == query)
        ]  # that is the unique key
        if "number" in t.c:
            keys.append(t.c.number == query)
        for condition in keys:
            rows = conn.execute(
                select(t.c.source_key, t.c.customer_id, t.c.vehicle_id).where(condition, session.scope(t.c.branch_id))
            )
            for key, who, unit in rows:
                yield Found(EXACT, f"{name} {key}", who, unit)


def _words(conn: Connection, folded: str) -> Iterable[Found]:
    """Substring search over the folded words; every word of the query has to occur."""
    tokens = folded.split()
    if not tokens:
        return
    c = search_entry.c
    query = select(c.kind, c.row_id, c.customer_id, c.vehicle_id, c.words).where(
        *(c.words.like(f"%{_like(token)}%", escape="\\") for token in tokens)
    )
    long = [token for token in tokens if len(token) >= 3]
    if is_sqlite(conn) and long:
        wanted = " AND ".join('"' + token.replace('"', '""') + '"' for token in long)
        query = query.where(c.id.in_(select(literal_column("rowid")).select_from(text("search_fts")).where(
            text("search_fts MATCH :wanted")))).params(wanted=wanted)  # fmt: skip
    for kind, _row, who, unit, words in conn.execute(query):
        starts = all(f" {token}" in words for token in tokens)
        rank = EXACT if words.strip() == folded else START if starts else INSIDE
        label = {"customer": _("nombre"), "vehicle": _("unidad"), "order": _("OR"), "appointment": _("turno")}[kind]
        if kind in ("order", "appointment"):
            label += " …" + next((word for word in words.split() if tokens[0] in word), "").upper()
        yield Found(rank, label, who, unit)


def _starts(conn: Connection, column: Any, start: str) -> Any:
    """Whether a column of capitals and digits begins so, by its index: SQLite's LIKE knows no capitals and uses none."""
    if is_sqlite(conn):
        return and_(column >= start, column < start[:-1] + chr(ord(start[-1]) + 1))
    return column.like(start + "%")


def _like(token: str) -> str:
    return token.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _beginnings(conn: Connection, folded: str, limit: int) -> Iterable[Found]:
    c = search_entry.c
    rows = conn.execute(
        select(c.customer_id, c.vehicle_id)
        .where(and_(c.kind == "customer", c.words.like(f"% {_like(folded)}%", escape="\\")))
        .order_by(c.words)
        .limit(limit)
    )
    for who, unit in rows:
        yield Found(START, _("nombre"), who, unit)


def _hits(conn: Connection, found: Iterable[Found]) -> list[Hit]:
    items = list(found)
    ids = {i.customer_id for i in items if i.customer_id is not None}
    people = _people(conn, ids)
    phones = _all_phones(conn, ids)
    units = _units(conn, ids, {i.vehicle_id for i in items if i.vehicle_id is not None})
    by_customer, by_vehicle = open_opportunities(conn, ids, {i.vehicle_id for i in items if i.vehicle_id is not None})
    hits = []
    for item in items:
        name, doc, city, erased = people.get(item.customer_id or 0, (item.name, None, None, None))
        if erased is not None:
            continue
        own = units.get(("c", item.customer_id or 0), [])
        if item.vehicle_id is not None:
            own = [*units.get(("v", item.vehicle_id), []), *(u for u in own if u[3] != item.vehicle_id)]
        marked = item.customer_id in by_customer if item.customer_id is not None else item.vehicle_id in by_vehicle
        hits.append(
            Hit(
                item.customer_id, name, doc, city, tuple(phones.get(item.customer_id or 0, ())),
                tuple((u[0], u[1], u[2]) for u in own), item.vehicle_id, item.matched, item.rank, marked,
            )
        )  # fmt: skip
    return hits


def _people(conn: Connection, ids: set[int]) -> dict[int, tuple[Any, ...]]:
    c = customer.c
    found: dict[int, tuple[Any, ...]] = {}
    for chunk in _chunks(ids):
        rows = conn.execute(select(c.id, c.display_name, c.doc_number, c.city, c.erased_at).where(c.id.in_(chunk)))
        found.update({r[0]: tuple(r[1:]) for r in rows})
    return found


def _all_phones(conn: Connection, ids: set[int]) -> dict[int, list[str]]:
    first = {}
    for chunk in _chunks(ids):
        first.update(best_phones(conn, chunk))
    c = customer_phone.c
    found: dict[int, list[str]] = {who: [number] for who, (number, _kind) in first.items()}
    for chunk in _chunks(ids):
        rows = conn.execute(
            select(c.customer_id, func.coalesce(c.e164, c.raw))
            .where(c.customer_id.in_(chunk), c.present.is_(True))
            .order_by(c.customer_id, c.position)
        )
        for who, number in rows:
            if number not in found.setdefault(who, []):
                found[who].append(number)
    return found


def _units(conn: Connection, ids: set[int], vehicle_ids: set[int]) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
    c = vehicle.c
    columns = (func.coalesce(c.vin, c.chassis), c.plate, c.model, c.id)
    found: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    for chunk in _chunks(ids):
        rows = conn.execute(
            select(c.owner_id, *columns)
            .where(c.owner_id.in_(chunk), c.merged_into_id.is_(None), c.gone_at.is_(None))
            .order_by(c.id)
        )
        for owner, *unit in rows:
            found.setdefault(("c", owner), []).append(tuple(unit))
    for chunk in _chunks(vehicle_ids):
        for row in conn.execute(select(*columns).where(c.id.in_(chunk))):
            found[("v", row[3])] = [tuple(row)]
    return found


def _chunks(ids: set[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[n : n + 500] for n in range(0, len(ordered), 500))
