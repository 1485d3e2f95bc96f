"""Queue state against the facts: every column that commands keep is computed again and compared (issue *recompute*)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from boxes_tui.data.tables import act, customer, customer_phone, opportunity
from boxes_tui.desk import work
from boxes_tui.desk.subjects import TABLES, WORK_TABLES, Row


@dataclass(frozen=True, slots=True)
class Difference:
    """A column that does not hold what the facts give."""

    table: str
    row_id: int
    column: str
    holds: Any
    facts: Any


def recompute(conn: Connection, limit: int | None = None) -> list[Difference]:
    """Compute the queue state of every row that was ever called or waits for something; the differences, at most
    ``limit``. Reads only."""
    found: list[Difference] = []
    for difference in _differences(conn):
        found.append(difference)
        if limit is not None and len(found) >= limit:
            break
    return found


def _differences(conn: Connection) -> Iterator[Difference]:
    closed_by_hand = set(
        conn.execute(
            select(act.c.subject_id).where(act.c.verb == "complaint_close", act.c.undone_by.is_(None))
        ).scalars()
    )  # fmt: skip
    for name in WORK_TABLES:
        table = TABLES[name]
        for row in conn.execute(select(table)).mappings().all():
            for column, facts in work.derive(conn, name, row).items():
                if row[column] != facts:
                    yield Difference(name, int(row["id"]), column, row[column], facts)
            if name == "complaint" and row["closed_at"] is not None and row["id"] not in closed_by_hand:
                closing = [c for c in _reaching(conn, row) if c["closes"]]
                if not closing:
                    yield Difference(name, int(row["id"]), "closed_at", row["closed_at"], None)
    yield from _twins(conn)
    yield from _phones(conn)


def _reaching(conn: Connection, row: Row) -> list[Row]:
    calls = work.calls_of(conn, "complaint", row["id"])
    if row["order_id"] is not None:
        calls += work.calls_of(conn, "repair_order", row["order_id"])
    return [c for c in calls if c["contact"]]


def _twins(conn: Connection) -> Iterator[Difference]:
    """Two open opportunities of one vehicle and origin; the index forbids them, so that this finds a missing index."""
    c = opportunity.c
    seen: dict[tuple[int, str], int] = {}
    for row_id, unit, origin in conn.execute(
        select(c.id, c.vehicle_id, c.origin).where(c.state == "open", c.vehicle_id.is_not(None)).order_by(c.id)
    ):
        first = seen.setdefault((unit, origin), row_id)
        if first != row_id:
            yield Difference("opportunity", row_id, "state", "open", f"twin of {first}")


def _phones(conn: Connection) -> Iterator[Difference]:
    """*Sin teléfono* stands only where no usable phone is left."""
    p = customer_phone.c
    usable = select(p.id).where(p.customer_id == customer.c.id, p.wrong_at.is_(None), p.present, p.origin != "dms")
    query = select(customer.c.id, customer.c.without_phone_at).where(
        customer.c.without_phone_at.is_not(None), usable.exists()
    )
    for row_id, since in conn.execute(query):
        yield Difference("customer", int(row_id), "without_phone_at", since, None)
