"""The contact gate asked for many people at once: who does not want to be contacted, and whom a campaign leaves out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, or_, select, true

from boxes_tui.data.reads.rules import house_rules
from boxes_tui.data.session import Session
from boxes_tui.data.tables import block, customer, customer_phone, dnc_list, dnc_number, gate_override
from boxes_tui.desk.campaign_lookup import chunks, portions
from boxes_tui.desk.gate import list_required
from boxes_tui.domain.contact_gate import LIST_MAX_AGE_DAYS
from boxes_tui.i18n import N_

OPERATIONAL: Final = ("technical_note", "recall")
"""Campaign types whose calls are operational; the others are offers (PRODUCT §8)."""

WHY: Final = {
    "own": N_("No llamar más"), "own_operational": N_("No llamar más, tampoco por turnos"),
    "list": N_("Está en la lista No Llame"), "list_age": N_("La lista No Llame está vencida"),
    "list_missing": N_("Falta la lista No Llame"), "erased": N_("Datos suprimidos"),
    "sold": N_("Vendió la unidad"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """Who does not want to be contacted: customer → code of :data:`WHY`. ``everybody`` is set where no offer at all may
    be made (a list too old, or missing though it is required)."""

    own: dict[int, str]
    everybody: str | None = None

    def why(self, customer_id: int | None) -> str | None:
        """The code for a person, None where nothing is known against contacting him."""
        return self.own.get(customer_id) if customer_id is not None else None


def leaves_out(type_: str, code: str | None) -> bool:
    """Whether a campaign of that type leaves a person with that code out: offers always; technical notes and recalls are
    operational and go on, unless the person does not want those calls either."""
    return code is not None and (type_ not in OPERATIONAL or code in ("own_operational", "erased", "sold"))


def leaving(type_: str) -> tuple[str, ...]:
    """The codes that :func:`leaves_out` of a campaign of that type."""
    return tuple(code for code in WHY if leaves_out(type_, code))


def wishes(conn: Connection, session: Session, type_: str, customers: Collection[int] | None) -> Wishes:
    """What is known of those customers (None: of all), as ``domain.contact_gate`` reads it; hours of calling are not asked
    here."""
    wanted = None if customers is None else sorted(set(customers))
    found: dict[int, str] = {}
    lists = house_rules(conn).lists
    if lists:
        overridden = _overridden(conn, session)
        found |= {i: "list" for i in _listed(conn, wanted) if i not in overridden}
    found |= _own(conn)
    for part in _parts(wanted):
        query = select(customer.c.id).where(part, customer.c.erased_at.is_not(None))
        found |= {int(i): "erased" for i in conn.execute(query).scalars()}
    if wanted is not None:
        found = {i: found[i] for i in wanted if i in found}
    return Wishes(found, None if type_ in OPERATIONAL else _everybody(conn, session, lists))


def _everybody(conn: Connection, session: Session, lists: Mapping[str, date]) -> str | None:
    if not lists:
        return "list_missing" if list_required() else None
    oldest = max((session.today - as_of).days for as_of in lists.values())
    if oldest <= LIST_MAX_AGE_DAYS or _standing(conn, session, gate_override.c.customer_id.is_(None)):
        return None
    return "list_age"


def _standing(conn: Connection, session: Session, about: Any) -> bool:
    c = gate_override.c
    query = select(c.id).where(about, c.until > session.now, c.lifted_at.is_(None)).limit(1)
    return conn.execute(query).scalar() is not None


def _parts(wanted: Sequence[int] | None) -> Iterator[ColumnElement[bool]]:
    """Conditions that between them hold for those customers; one that holds for all for None."""
    return iter([true()]) if wanted is None else portions(customer.c.id, wanted)


def _overridden(conn: Connection, session: Session) -> set[int]:
    """Customers for whom, or for another record of the same person, a supervisor's reason stands."""
    c, named, mate = gate_override.c, customer.alias(), customer.alias()
    query = (
        select(mate.c.id)
        .select_from(gate_override.join(named, named.c.id == c.customer_id))
        .join(mate, or_(mate.c.id == named.c.id, mate.c.person_id == named.c.person_id))
        .where(c.until > session.now, c.lifted_at.is_(None))
    )
    return set(conn.execute(query).scalars())


def _own(conn: Connection) -> dict[int, str]:
    """The dealership's own list: by customer, phone or document, for everybody who counts as the same person."""
    named = customer.alias()
    hit = or_(
        block.c.customer_id == named.c.id,
        and_(block.c.doc_digits.is_not(None), block.c.doc_digits != "", block.c.doc_digits == named.c.doc_digits),
    )
    direct = select(named.c.id, named.c.person_id, block.c.scope).join(block, hit).where(block.c.lifted_at.is_(None))
    by_phone = (
        select(named.c.id, named.c.person_id, block.c.scope)
        .select_from(block.join(customer_phone, customer_phone.c.last10 == block.c.last10))
        .join(named, named.c.id == customer_phone.c.customer_id)
        .where(block.c.lifted_at.is_(None), customer_phone.c.present)
    )
    scopes: dict[int, str] = {}
    persons: dict[int, str] = {}
    for query in (direct, by_phone):
        for who, person, scope in conn.execute(query):
            code = "own_operational" if scope == "operational" else "own"
            for table, key in ((scopes, who), (persons, person)):
                if key is not None and table.get(key) != "own_operational":
                    table[int(key)] = code
    for part in chunks(sorted(persons)):
        query_ = select(customer.c.id, customer.c.person_id).where(customer.c.person_id.in_(part))
        for who, person in conn.execute(query_):
            if scopes.get(who) != "own_operational":
                scopes[int(who)] = persons[person]
    return scopes


def _listed(conn: Connection, wanted: Sequence[int] | None) -> set[int]:
    """Customers one of whose numbers (or of the same person's) is on a No Llame list in force."""
    made: set[int] = set()
    mate, p = customer.alias(), customer_phone
    for part in _parts(wanted):
        query = (
            select(customer.c.id).distinct()
            .join(mate, or_(mate.c.id == customer.c.id, mate.c.person_id == customer.c.person_id))
            .join(p, p.c.customer_id == mate.c.id)
            .join(dnc_number, dnc_number.c.last10 == p.c.last10)
            .join(dnc_list, and_(dnc_list.c.id == dnc_number.c.list_id, dnc_list.c.current))
            .where(part, p.c.present)
        )  # fmt: skip
        made |= {int(i) for i in conn.execute(query).scalars()}
    return made
