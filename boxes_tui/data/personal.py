"""Where the data of a customer lie, and what stays of each when the person is erased (COMPLIANCE.md, RELIABILITY S15).

Every table of the schema has a decision here: :data:`PERSONAL` or :data:`OTHERS`. A test holds the two against the
metadata, so that a new table without a decision fails the build.  Export, erasure and the sync's sweep all read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, insert, or_, select, update

from boxes_tui.data.search_words import put, remove
from boxes_tui.data.tables import dirty_month, metadata, opportunity
from boxes_tui.text import fold

GONE: Final = "Suprimido"
"""What stands where a text of an erased person stood and the column may not be empty."""


@dataclass(frozen=True, slots=True)
class Personal:
    """A table with rows of a person. ``links`` are the columns that hold a customer id, or the id of a row of
    ``parent``; ``wipe`` what erasure leaves in a column; ``delete`` removes the rows instead; ``entity`` narrows them
    to the rows whose ``entity`` column says so."""

    links: tuple[str, ...] = ("customer_id",)
    wipe: Mapping[str, Any] = field(default_factory=dict)
    delete: bool = False
    parent: str | None = None
    entity: str | None = None


def _nothing(*columns: str) -> dict[str, Any]:
    return dict.fromkeys(columns)


PERSONAL: Final[dict[str, Personal]] = {
    "customer": Personal(
        ("id", "merged_into_id"),
        {"display_name": GONE, "blocked_review": False, **_nothing(
            "name_fold", "given_name", "family_name", "company_name", "doc_type", "doc_number", "doc_digits", "email",
            "address", "city", "province", "postal_code", "birth_date", "language", "contact_consent", "feed_key",
            "without_phone_at", "wa_opt_in_at", "wa_opt_in_source",
        )},
    ),
    "customer_phone": Personal(delete=True),
    "fed": Personal(("row_id",), delete=True, entity="customer"),
    "person_secret": Personal(delete=True),
    "claim": Personal(delete=True),
    "vehicle": Personal(("owner_id", "driver_id", "relation_ended_owner_id")),
    "vehicle_owner": Personal(),
    "sale_delivery": Personal(wipe=_nothing("buyer_name")),
    "appointment": Personal(wipe=_nothing(
        "contact_name", "contact_phone", "contact_e164", "contact_last10", "contact_kind", "comment", "notes",
    )),
    "repair_order": Personal(wipe=_nothing("notes")),
    "repair_order_line": Personal(("order_id",), parent="repair_order"),
    "incident": Personal(("order_id",), parent="repair_order"),
    "search_entry": Personal(),
    "call": Personal(wipe=_nothing("note", "incident_note", "phone", "phone_id")),
    "opportunity": Personal(wipe={"about": GONE, "reason_text": None}),
    "complaint": Personal(wipe=_nothing("text")),
    "note": Personal(wipe={"text": GONE}),
    "block": Personal(wipe=_nothing("last10", "doc_digits", "how")),
    "gate_override": Personal(wipe={"reason": GONE}),
    "campaign_unit": Personal(wipe=_nothing("blocked_why")),
    "outbox": Personal(wipe={
        "recipient": "", "subject": "", "body_text": "", **_nothing("body_html", "ics", "next_at"),
    }),
    "contact_log": Personal(wipe=_nothing("phone_last4", "detail")),
    "subject_request": Personal(),
    "act": Personal(wipe={"undoable": False, **_nothing("images", "result")}),
}  # fmt: skip
"""Repair orders stay, as the law asks, with the number of somebody who has no name any more."""

SCANNED: Final = {"reject": "raw"}
"""Tables that may quote a person without naming the customer: the column is searched for his data."""

OTHERS: Final[dict[str, str]] = {
    **dict.fromkeys(("branch", "holiday", "setting", "disposition", "discard_reason"), "how the dealership works"),
    **dict.fromkeys(("app_user", "user_branch", "shift_log", "ssh_key", "saved_view"), "people who work here"),
    **dict.fromkeys(("audit", "audit_seal", "claim_log", "dms_event", "alias"), "ids and codes, never a value"),
    **dict.fromkeys(("dirty_month", "rollup"), "counts"),
    **dict.fromkeys(
        ("source", "sync_run", "sync_entity", "sync_read", "sync_cursor", "move_pending", "missing", "line_block", "star_bod"),
        "the sync's own book-keeping",
    ),
    "dnc_list": "a public register", "dnc_number": "numbers of a public register, tied to nobody here",
    "campaign": "segments and scripts", "suppression": "digests only: what keeps an erased person out",
}  # fmt: skip

CUSTOMER_COLUMNS: Final = ("customer_id", "owner_id", "driver_id", "relation_ended_owner_id")
CHUNK: Final = 400


def undecided() -> list[str]:
    """Tables and columns without a decision: empty, or the build fails."""
    wrong = []
    for table in metadata.sorted_tables:
        if table.name in OTHERS or table.name in SCANNED:
            if _links(table):
                wrong.append(f"{table.name}: names a customer")
        elif table.name not in PERSONAL:
            wrong.append(f"{table.name}: no decision")
        else:
            wrong += [f"{table.name}.{c}" for c in _links(table) if c not in PERSONAL[table.name].links]
    return wrong


def _links(table: Table) -> list[str]:
    """Columns of a table that refer to customers, by foreign key or by name."""
    found = [c.name for c in table.c if any(k.column.table.name == "customer" for k in c.foreign_keys)]
    return sorted({*found, *(c.name for c in table.c if c.name in CUSTOMER_COLUMNS)})


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in portions that a statement can bind."""
    whole = list(ids)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


def same_human(conn: Connection, customer_id: int) -> list[int]:
    """The customer, those merged into him, and those with his document: one human in several rows."""
    c = metadata.tables["customer"].c
    ids = [customer_id]
    row = conn.execute(select(c.merged_into_id, c.doc_digits).where(c.id == customer_id)).first()
    if row is None:
        return []
    if row[0] is not None:
        ids.append(int(row[0]))
    if row[1] and len(row[1]) >= 6:
        ids += conn.execute(select(c.id).where(c.doc_digits == row[1])).scalars()
    for _depth in range(10):
        more = set(conn.execute(select(c.id).where(c.merged_into_id.in_(ids))).scalars()) - set(ids)
        if not more:
            break
        ids += sorted(more)
    return sorted(set(ids))


def rows_of(conn: Connection, name: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Every row of a table about these customers."""
    table, rule = metadata.tables[name], PERSONAL[name]
    found = []
    for part in chunks(ids):
        query = select(table).where(_about(table, rule, part)).order_by(*table.primary_key.columns)
        found += [dict(r) for r in conn.execute(query).mappings()]
    return found


def _about(table: Table, rule: Personal, ids: Sequence[int]) -> Any:
    if rule.parent:
        above = metadata.tables[rule.parent]
        return table.c[rule.links[0]].in_(select(above.c.id).where(_about(above, PERSONAL[rule.parent], ids)))
    about = or_(*(table.c[name].in_(ids) for name in rule.links))
    return and_(about, table.c.entity == rule.entity) if rule.entity else about


def wipe(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Take the person out of every table: texts go, repair orders and counts stay. Safe to repeat."""
    for part in chunks(ids):
        _close_work(conn, part, now)
        for name, rule in PERSONAL.items():
            table = metadata.tables[name]
            if name == "customer":
                conn.execute(
                    update(table).where(table.c.id.in_(part)).values(**rule.wipe, person_id=table.c.id, erased_at=now)
                )
            elif rule.delete:
                conn.execute(delete(table).where(_about(table, rule, part)))
            elif rule.wipe:
                conn.execute(update(table).where(_about(table, rule, part)).values(**rule.wipe))
        _search(conn, part)


def _close_work(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Nothing about an erased person waits in a queue: open opportunities and complaints end, mails stay here."""
    o, complaint, outbox = opportunity.c, metadata.tables["complaint"], metadata.tables["outbox"]
    ending = and_(o.customer_id.in_(ids), o.state == "open")
    months = {
        (r[0].year * 12 + r[0].month - 1, r[1] or 0) for r in conn.execute(select(o.due_day, o.branch_id).where(ending))
    }
    if months:
        marks = [
            {"report": r, "month": m, "branch_id": b} for m, b in sorted(months) for r in ("opportunities", "leaks")
        ]
        conn.execute(insert(dirty_month), marks)
    conn.execute(
        update(opportunity).where(ending).values(state="cancelled", state_at=now, state_day=now.date(), next_at=None)
    )
    still = and_(complaint.c.customer_id.in_(ids), complaint.c.closed_at.is_(None))
    conn.execute(update(complaint).where(still).values(closed_at=now))
    waiting = and_(outbox.c.customer_id.in_(ids), outbox.c.state.in_(("queued", "sending", "unknown", "failed")))
    conn.execute(update(outbox).where(waiting).values(state="cancelled", lease_until=None, error=None))


def _search(conn: Connection, ids: Sequence[int]) -> None:
    """Out of the search: the name goes; an appointment is found by its number only."""
    t = metadata.tables["appointment"].c
    rows = conn.execute(select(t.id, t.customer_id, t.vehicle_id, t.source_key).where(t.customer_id.in_(ids))).all()
    put(conn, "appointment", [{"i": i, "c": who, "v": unit, "w": " " + fold(key or "")} for i, who, unit, key in rows])
    remove(conn, "customer", list(ids))
