"""Erased persons stay erased (RELIABILITY §5.13, S15): digests of what would bring them back; sync and restore ask.

A digest is an HMAC with the installation's key: whoever reads the list learns nothing.  Somebody is taken for an erased
person when a row has his DMS key or document; or, without another document, his e-mail, or his phone together with a
word of his name (a number that the company gave to somebody else is nobody's return).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from boxes_tui.data.personal import GONE, PERSONAL, chunks, wipe
from boxes_tui.data.tables import appointment, customer, customer_phone, fed, metadata, setting, suppression
from boxes_tui.text import fold

KINDS: Final = ("key", "doc", "phone", "email")
DOC_MIN: Final = 6
WORD_MIN: Final = 3
KEPT: Final = ("display_name", "name_fold", "blocked_review")
"""Columns that the sync may derive again from what stays."""
SYNCED: Final = ("sale_delivery", "appointment", "repair_order")
"""Tables whose personal texts the sync writes again."""

GONE_IDS: Final = select(customer.c.id).where(customer.c.erased_at.is_not(None))

Mark = tuple[str, str]
"""(kind, digest)."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The list in force; false when it is empty. ``holds`` is the question of an importer."""

    install_key: str
    digests: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.digests)

    def mark(self, kind: str, value: str) -> Mark:
        """The digest of a value."""
        return kind, hmac.new(self.install_key.encode(), f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()

    def holds(self, kind: str, value: str | None) -> bool:
        """Whether the value is an erased person's: ``key`` as ``source_id/source_key``, ``doc`` digits, ``phone`` last
        ten digits, ``email``."""
        return bool(value) and bool(self.digests) and self.mark(kind, _plain(kind, str(value)))[1] in self.digests

    def person(
        self, key: str | None, doc: str | None, email: str | None, phones: Iterable[str], name: str | None
    ) -> bool:
        """Whether a row is an erased person (the rule of the module)."""
        if self.holds("key", key):
            return True
        if doc and len(doc) >= DOC_MIN:
            return self.holds("doc", doc)
        if self.holds("email", email):
            return True
        words = _words(name)
        for number in phones:
            if self.holds("phone", number) and (not words or any(self.holds("phone", f"{number} {w}") for w in words)):
                return True
        return False


def load(conn: Connection) -> Suppressed:
    """The list as the database holds it."""
    key = conn.execute(select(setting.c.value).where(setting.c.name == "install_key")).scalar() or ""
    return Suppressed(key, frozenset(conn.execute(select(suppression.c.digest)).scalars()))


def remember(conn: Connection, ids: Sequence[int], now: datetime) -> list[Mark]:
    """Put the marks of these customers on the list, before they are wiped. A phone or e-mail that somebody else has too
    is not theirs alone and stays off it."""
    found = load(conn)
    made: list[Mark] = []
    for row in _people(conn, customer.c.id.in_(ids)):
        if row.key:
            made.append(found.mark("key", row.key))
        if row.doc and len(row.doc) >= DOC_MIN:
            made.append(found.mark("doc", row.doc))
        if row.email and not _others(conn, ids, func.lower(customer.c.email) == row.email):
            made.append(found.mark("email", row.email))
        for number in row.phones:
            sharing = customer.c.id.in_(select(customer_phone.c.customer_id).where(customer_phone.c.last10 == number))
            if not _others(conn, ids, sharing):
                made += [found.mark("phone", number), *(found.mark("phone", f"{number} {w}") for w in _words(row.name))]
    return add(conn, made, now)


def add(conn: Connection, marks: Iterable[Mark], now: datetime) -> list[Mark]:
    """Add marks that are not there yet; returns the whole given list, each once."""
    known = set(conn.execute(select(suppression.c.digest)).scalars())
    unique = list(dict.fromkeys(marks))
    fresh = [{"kind": k, "digest": d, "at": now} for k, d in unique if d not in known]
    if fresh:
        conn.execute(insert(suppression), fresh)
    return unique


def sweep(conn: Connection, since_run: int | None, now: datetime) -> int:
    """Wipe again whatever the rows changed since a run (None = all rows) brought back of erased persons, in the
    caller's transaction; returns how many customers were taken for one and wiped for the first time."""
    found = load(conn)
    if not found and not conn.execute(select(exists().where(customer.c.erased_at.is_not(None)))).scalar():
        return 0
    changed = customer.c.last_changed_run >= since_run if since_run is not None else customer.c.id.is_not(None)
    texts = (v.is_not(None) for k, v in customer.c.items() if k in PERSONAL["customer"].wipe and k not in KEPT)
    said = or_(*texts, customer.c.display_name != GONE, exists().where(customer_phone.c.customer_id == customer.c.id))
    back = set(conn.execute(select(customer.c.id).where(customer.c.erased_at.is_not(None), said)).scalars())
    fresh = []
    if found:
        unknown = and_(changed, customer.c.erased_at.is_(None))
        fresh = [
            p.id for p in _people(conn, unknown) if found.person(p.key, p.doc, p.email, p.phones, p.name)
        ]  # fmt: skip
    if back or fresh:
        wipe(conn, sorted(back | set(fresh)), now)
    conn.execute(delete(fed).where(fed.c.entity == "customer", fed.c.row_id.in_(GONE_IDS)))
    _texts(conn, since_run)
    _contacts(conn, found, since_run)
    return len(fresh)


def _texts(conn: Connection, since_run: int | None) -> None:
    """Names and notes that a read wrote again on the rows of erased persons."""
    for name in SYNCED:
        table = metadata.tables[name]
        values = {k: v for k, v in PERSONAL[name].wipe.items() if k != "comment"}
        where = [table.c.customer_id.in_(GONE_IDS), or_(*(table.c[k].is_not(None) for k in values))]
        if since_run is not None:
            where.append(table.c.last_changed_run >= since_run)
        conn.execute(update(table).where(*where).values(**values))


def _contacts(conn: Connection, found: Suppressed, since_run: int | None) -> None:
    """Appointments without a customer whose contact is an erased person."""
    if not found:
        return
    a = appointment.c
    query = select(a.id, a.contact_last10, a.contact_name).where(a.customer_id.is_(None), a.contact_last10.is_not(None))
    if since_run is not None:
        query = query.where(a.last_changed_run >= since_run)
    ids = [i for i, number, name in conn.execute(query).all() if found.person(None, None, None, (number,), name)]
    for part in chunks(ids):
        conn.execute(update(appointment).where(a.id.in_(part)).values(**PERSONAL["appointment"].wipe))


@dataclass(frozen=True, slots=True)
class _Person:
    id: int
    key: str | None
    doc: str | None
    email: str | None
    name: str | None
    phones: tuple[str, ...]


def _people(conn: Connection, where: Any) -> Iterator[_Person]:
    c, p = customer.c, customer_phone.c
    rows = conn.execute(
        select(
            c.id, c.source_id, c.source_key, c.feed_key, c.doc_digits, c.email, c.display_name, c.given_name,
            c.family_name, c.company_name,
        ).where(where).order_by(c.id)
    ).all()  # fmt: skip
    for part in chunks(range(len(rows))):
        portion = [rows[n] for n in part]
        numbers: dict[int, list[str]] = {}
        for who, number in conn.execute(
            select(p.customer_id, p.last10).where(p.customer_id.in_([r.id for r in portion]), p.last10.is_not(None))
        ):
            numbers.setdefault(int(who), []).append(str(number))
        for r in portion:
            key = (
                f"{r.source_id}/{r.source_key}"
                if r.source_key
                else f"{r.source_id}/{r.feed_key}"
                if r.feed_key
                else None
            )
            name = " ".join(x for x in (r.display_name, r.given_name, r.family_name, r.company_name) if x)
            email = r.email.strip().lower() if r.email else None
            yield _Person(int(r.id), key, r.doc_digits, email, name or None, tuple(numbers.get(int(r.id), ())))


def _others(conn: Connection, ids: Sequence[int], where: Any) -> bool:
    """Whether a living customer besides these has it too."""
    c = customer.c
    return conn.execute(select(c.id).where(where, c.id.not_in(ids), c.erased_at.is_(None)).limit(1)).first() is not None


def _words(name: str | None) -> tuple[str, ...]:
    return tuple(sorted({w for w in fold(name or "").split() if len(w) >= WORD_MIN}))


def _plain(kind: str, value: str) -> str:
    return value.strip().lower() if kind == "email" else value
