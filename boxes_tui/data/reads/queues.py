"""The reads of the queues: counts, ids in order, and full rows (PRODUCT §4 and §10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, exists, func, literal, or_, select, union_all

from boxes_tui.data.reads.conditions import Part, parts
from boxes_tui.data.reads.details import QueueRow, detail
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, branch, campaign, customer, opportunity, vehicle
from boxes_tui.domain.queues import QUEUES
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean, fold

__all__ = ["Ask", "QueueRow", "all_counts", "campaign_filters", "count", "row_keys", "rows", "rows_by_key"]

Key = tuple[str, int]
"""(stage, row id): what ``ref`` prints as ``stage:id``."""


COUNTS = 40
"""Counts that one statement takes: the board is one or two round trips, not forty."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What of a queue is asked for: a filter, and narrowing by one day, branch code, agent login, free text, model,
    or ``only`` to one of :data:`ONLY`."""

    ONLY: ClassVar = ("unreachable", "no_phone", "callbacks")
    """*Sin contacto* (``max_attempts`` reached), *sin teléfono* (the last phone was marked wrong), what is promised."""

    queue: str
    filter: str
    day: date | None = None
    branch: str | None = None
    agent: str | None = None
    text: str | None = None
    model: str | None = None
    only: str | None = None


def count(conn: Connection, session: Session, ask: Ask) -> int:
    """How many rows; equal to ``len(rows(...))`` by construction."""
    total = 0
    for part in narrow(conn, session, ask):
        number = conn.execute(select(func.count()).select_from(part.table).where(part.where)).scalar_one()
        total += min(number, part.limit) if part.limit is not None else number
    return total


def all_counts(conn: Connection, session: Session) -> dict[str, dict[str, int]]:
    """Every queue and filter: the numbers of the board."""
    asked: list[tuple[str, str, Part]] = []
    for queue in QUEUES.values():
        codes = [f.code for f in queue.filters if (queue.code, f.code) != ("leaks", "all")]
        if queue.code == "campaign_opportunities":
            codes += [code for code, _name in campaign_filters(conn, session)]
        asked += [(queue.code, code, part) for code in codes for part in parts(conn, session, queue.code, code)]
    counts = [select(func.count()).select_from(p.table).where(p.where).scalar_subquery() for _q, _c, p in asked]
    numbers: list[int] = []
    for start in range(0, len(counts), COUNTS):
        numbers += conn.execute(select(*counts[start : start + COUNTS])).one()
    made: dict[str, dict[str, int]] = {queue.code: {} for queue in QUEUES.values()}
    for (queue_code, code, part), number in zip(asked, numbers, strict=True):
        found = min(number, part.limit) if part.limit is not None else number
        made[queue_code][code] = made[queue_code].get(code, 0) + found
    made["leaks"] = {"all": sum(made["leaks"].values()), **made["leaks"]}
    return made


def campaign_filters(conn: Connection, session: Session) -> list[tuple[str, str]]:
    """(filter code, campaign name) of the campaigns that still have open work or are not closed."""
    c = campaign.c
    rows_ = conn.execute(
        select(c.id, c.name)
        .where(c.undone_at.is_(None), c.closed_at.is_(None), session.scope(c.branch_id))
        .order_by(c.id)
    )
    return [(str(i), name) for i, name in rows_]


def row_keys(conn: Connection, session: Session, ask: Ask, limit: int | None = None, offset: int = 0) -> list[Key]:
    """The keys of the rows in the queue's order: what is late first, then the row's own time."""
    selected = []
    found = narrow(conn, session, ask)
    for part in found:
        columns = [column.label(f"o{n}") for n, column in enumerate(part.order)] if len(found) > 1 else []
        query = select(literal(part.stage).label("stage"), part.table.c.id.label("id"), *columns).where(part.where)
        if part.limit is not None:
            query = query.order_by(*part.order).limit(part.limit)
        selected.append((part, query))
    if not selected:
        return []
    if len(selected) == 1:
        part, query = selected[0]
        if part.limit is None:
            query = query.order_by(*part.order)
            if limit is not None or offset:
                query = query.limit(limit if limit is not None else 2**62).offset(offset)
        result = [(r.stage, int(r.id)) for r in conn.execute(query)]
        return result if part.limit is None else result[offset : None if limit is None else offset + limit]
    union = union_all(*(query for _part, query in selected)).subquery()
    ordered = select(union.c.stage, union.c.id).order_by(union.c.o0, union.c.stage, union.c.id)
    if limit is not None or offset:
        ordered = ordered.limit(limit if limit is not None else 2**62).offset(offset)
    return [(r.stage, int(r.id)) for r in conn.execute(ordered)]


def rows_by_key(conn: Connection, session: Session, ask: Ask, keys: Sequence[Key]) -> list[QueueRow]:
    """Full rows of those keys, in that order; keys whose row is no longer in the database are left out."""
    by_stage: dict[str, list[int]] = {}
    for stage, row_id in keys:
        by_stage.setdefault(stage, []).append(row_id)
    found: dict[Key, QueueRow] = {}
    for stage, ids in by_stage.items():
        for chunk in (ids[n : n + 500] for n in range(0, len(ids), 500)):
            for row in detail(conn, session, ask.queue, stage, chunk):
                found[(stage, row.id)] = row
    return [found[key] for key in keys if key in found]


def rows(conn: Connection, session: Session, ask: Ask, limit: int | None = None, offset: int = 0) -> list[QueueRow]:
    """Rows of a queue in order; complete unless ``limit`` is given."""
    return rows_by_key(conn, session, ask, row_keys(conn, session, ask, limit, offset))


def narrow(conn: Connection, session: Session, ask: Ask) -> list[Part]:
    """The parts of a queue kept to what is asked for."""
    made = []
    for part in parts(conn, session, ask.queue, ask.filter):
        extra: list[Any] = []
        where = part.where
        t = part.table
        if ask.branch:
            where = and_(where, t.c.branch_id == _branch_id(conn, ask.branch))
        if ask.day is not None:
            extra.append(part.day == ask.day)
        if ask.agent:
            extra.append(_of_agent(t, _user_id(conn, ask.agent)))
        if ask.text:
            extra.append(_matches(t, ask.text))
        if ask.model:
            extra.append(
                exists().where(vehicle.c.id == t.c.vehicle_id, func.lower(vehicle.c.model).contains(ask.model.lower()))
            )
        if ask.only:
            extra.append(_only(t, ask.only))
        if extra and part.limit is not None:  # of the ten that came in last, not ten of all that came in
            where = t.c.id.in_(select(t.c.id).where(where).order_by(*part.order).limit(part.limit).scalar_subquery())
        made.append(replace(part, where=and_(where, *extra)))
    return made


def _only(t: Any, what: str) -> Any:
    if what == "unreachable":
        return t.c.unreachable_at.is_not(None)
    if what == "callbacks":
        return t.c.next_kind == "callback"
    if what == "no_phone":
        return exists().where(customer.c.id == t.c.customer_id, customer.c.without_phone_at.is_not(None))
    raise UsageError(_("No hay «{what}»; --only es {names}").format(what=clean(what, 40), names=", ".join(Ask.ONLY)))


def _branch_id(conn: Connection, code: str) -> int:
    found = conn.execute(select(branch.c.id).where(func.lower(branch.c.code) == code.lower())).scalar()
    if found is None:
        names = ", ".join(conn.execute(select(branch.c.code).order_by(branch.c.code)).scalars())
        raise UsageError(_("No hay una sucursal «{code}»; las que hay: {names}").format(code=code, names=names))
    return int(found)


def _user_id(conn: Connection, login: str) -> int:
    found = conn.execute(select(app_user.c.id).where(func.lower(app_user.c.login) == login.lower())).scalar()
    if found is None:
        raise UsageError(_("No hay un usuario «{login}»").format(login=login))
    return int(found)


def _of_agent(t: Any, user_id: int) -> Any:
    touched = or_(t.c.last_user_id == user_id, t.c.next_user_id == user_id)
    if t is opportunity:
        return or_(t.c.assigned_user_id == user_id, touched)
    return touched


def _matches(t: Any, text: str) -> Any:
    words = fold(text)
    plate = "".join(ch for ch in text.upper() if ch.isalnum())
    named = exists().where(customer.c.id == t.c.customer_id, customer.c.name_fold.contains(words, autoescape=True))
    tail = plate[::-1]
    unit = exists().where(
        vehicle.c.id == t.c.vehicle_id,
        or_(
            vehicle.c.plate.contains(plate, autoescape=True),
            vehicle.c.tail_rev.startswith(tail, autoescape=True),
        ),
    )
    found: list[Any] = [named, unit] if plate else [named]
    if "source_key" in t.c:
        found.append(func.lower(t.c.source_key).contains(text.strip().lower(), autoescape=True))
    return or_(*found)


def _instant(row: QueueRow) -> str | None:
    """The row's own time as an instant: of a fact that has only a day its midnight; of a due day its end."""
    when = row.when
    if when is None:
        return None
    if not isinstance(when, datetime):
        last = time(23, 59) if row.subject == "opportunity" else time()
        when = datetime.combine(when, last, ZoneInfo(row.zone))
    return when.isoformat()


def _local(moment: datetime | None, zone: str) -> str | None:
    return moment.astimezone(ZoneInfo(zone)).isoformat() if moment is not None else None


def as_json(row: QueueRow) -> dict[str, Any]:
    """The row as ``boxes queue --json`` prints it (PRODUCT §10): ids are text, instants carry their offset."""
    return {
        "id": str(row.id),
        "ref": row.ref,
        "dms_id": row.dms_id,
        "branch": row.branch,
        "customer_id": str(row.customer_id) if row.customer_id is not None else None,
        "customer": row.customer,
        "vehicle_id": str(row.vehicle_id) if row.vehicle_id is not None else None,
        "vin": row.vin,
        "plate": row.plate,
        "unit": row.unit,
        "when": _instant(row),
        "precision": "time" if isinstance(row.when, datetime) else "day",
        "state": row.state,
        "late": row.late,
        "open_opportunity": row.open_opportunity is not None,
        "blocked": row.blocked,
        "claimed_by": row.claim.login if row.claim else None,
        "attempts": row.attempts,
        "last": row.last_code,
        "unreachable": row.unreachable,
        "next_kind": row.next_kind,
        "next_at": _local(row.next_at, row.zone),
        "about": row.about,
        "stage": row.stage,
        "origin": row.origin,
        "campaign": row.campaign,
        "due": row.day.isoformat() if row.subject == "opportunity" and row.day else None,
        "assigned": row.assigned,
        "order": row.order,
        "advisor": row.advisor,
        "comment": row.comment,
        "mark": row.mark,
    }


def as_text(row: QueueRow) -> dict[str, Any]:
    """:func:`as_json` for a person: a day without a time stays a day."""
    made = as_json(row)
    return made if isinstance(row.when, datetime) else {**made, "when": row.when.isoformat() if row.when else None}
