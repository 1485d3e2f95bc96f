"""What every population of the reports is made of: the span and the clock of a request, joins, and common conditions.

All arithmetic is on stored units (epoch seconds, day ordinals), so that SQLite and PostgreSQL give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    type_coerce,
)

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.data.reads.conditions import NOT_ORDERS, go_live
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, branch, call, customer, vehicle

Expr = ColumnElement[Any]
Made = Callable[[], ColumnElement[Any]]
Exprs = dict[str, Expr | Made]
EPOCH_DAY = date(1970, 1, 1).toordinal()
YES_NO = ("no", "yes")


@dataclass(frozen=True)
class Ctx:
    """A request: the connection and session that ask, and the inclusive span of days as ordinals."""

    conn: Connection
    session: Session
    low: int
    high: int
    live: int
    now: int
    bases: dict[str, Base] = field(default_factory=dict, compare=False)
    """The populations that this request has used already."""

    @classmethod
    def of(cls, conn: Connection, session: Session, low: date, high: date) -> Ctx:
        """The context of a request for the days ``low`` … ``high``."""
        return cls(
            conn, session, low.toordinal(), high.toordinal(), go_live(conn, session), int(session.now.timestamp())
        )

    @property
    def today_ordinal(self) -> int:
        """The business day of the first branch."""
        return self.session.today.toordinal()

    def today(self, branch_id: Any) -> Expr:
        """The business day of the row's branch, as an ordinal."""
        groups = self.session.days()
        base: Expr = literal(self.today_ordinal)
        if len(groups) < 2:
            return base
        return case(*((branch_id.in_(ids), day.toordinal()) for day, ids in groups), else_=base)

    def day_of(self, instant: Any, branch_id: Any) -> Expr:
        """The local calendar day (ordinal) of an instant in the zone of the row's branch."""
        zones: dict[str, list[int]] = {}
        for item in self.session.branches:
            zones.setdefault(item.zone, []).append(item.id)
        seconds = raw(instant)
        days = {zone: (seconds + _offset(seconds, zone)) // 86400 + EPOCH_DAY for zone in zones or [DEFAULT_ZONE]}
        if len(days) == 1:
            return next(iter(days.values()))
        parts = [(branch_id.in_(ids), days[zone]) for zone, ids in zones.items()]
        return case(*parts, else_=next(iter(days.values())))

    def within(self, day: Any) -> Expr:
        """Whether a day lies in the span: bound by name, so that a statement can be kept and asked for other days."""
        return raw(day).between(bindparam("low", self.low, BigInteger), bindparam("high", self.high, BigInteger))


@dataclass(frozen=True)
class Base:
    """A population: where its rows come from, what they show, and what the KPIs ask about them.

    ``columns`` are expressions by column id (``reports.columns`` names them); ``facts`` are 0/1 flags, measures and
    breakdowns that KPIs use. What costs to write down is a function, called only where it is asked for. ``keys`` identify the row: stage, id, customer_id, vehicle_id, branch_id, dms_id; ``row`` is the key of the table's own row,
    by which a page is read (a population without one is read whole).
    ``order`` is that of the rows until a person asks for another; ``-`` before a column: the newest first.
    """

    source: FromClause
    where: tuple[Expr, ...]
    day: Expr
    columns: Mapping[str, Expr | Made]
    facts: Mapping[str, Expr | Made]
    keys: Mapping[str, Expr]
    order: tuple[str, ...] = ()
    people: Mapping[str, Any] = field(default_factory=dict)


def raw(column: Any) -> Expr:
    """A day or an instant as the integer that is stored."""
    return type_coerce(column, BigInteger)


def flag(condition: Any) -> Expr:
    """1 where the condition holds, else 0 (unknown counts as not)."""
    return case((condition, 1), else_=0)


def yes_no(condition: Any) -> Expr:
    """``yes`` or ``no``: a flag as a column that people read."""
    return case((condition, literal("yes")), else_=literal("no"))


def true_order(t: Any) -> Expr:
    """Repair orders that are work, for any alias of the table (PRODUCT §4: estimates and voided ones are not)."""
    return and_(t.c.gone_at.is_(None), t.c.is_stub.is_(False), func.coalesce(t.c.status, "open").not_in(NOT_ORDERS))


def live_appointment(t: Any) -> Expr:
    """Appointments that stand, for any alias of the table."""
    return and_(
        t.c.gone_at.is_(None), t.c.is_stub.is_(False), t.c.vanished_at.is_(None),
        func.coalesce(t.c.status, "scheduled") != "cancelled",
    )  # fmt: skip


def call_about(subject: str, row_id: Any, *kinds: str) -> tuple[Any, Expr]:
    """An alias of ``call`` and the condition that it is about that row, of one of those kinds, and not annulled."""
    k = call.alias()
    where = and_(k.c.subject == subject, k.c.subject_id == row_id, k.c.annulled_at.is_(None))
    return k, and_(where, k.c.type.in_(kinds)) if kinds else where


def joined(t: Any, agent_id: Any, customer_id: Any = None, vehicle_id: Any = None) -> tuple[FromClause, dict[str, Any]]:
    """``t`` with its customer, vehicle, branch and agent; the aliases by name."""
    c, v, b, u = _beside()
    source = (
        t.outerjoin(c, c.c.id == (t.c.customer_id if customer_id is None else customer_id))
        .outerjoin(v, v.c.id == (t.c.vehicle_id if vehicle_id is None else vehicle_id))
        .outerjoin(b, b.c.id == t.c.branch_id)
        .outerjoin(u, u.c.id == agent_id)
    )
    return source, {"c": c, "v": v, "b": b, "u": u}


@cache
def _beside() -> tuple[Any, ...]:
    """The tables that stand beside every population, once for all: an alias costs a millisecond."""
    return customer.alias("who"), vehicle.alias("unit"), branch.alias("place"), app_user.alias("agent")


def common(t: Any, p: Mapping[str, Any], *, own: bool = True) -> dict[str, Expr]:
    """The columns that all populations share: who, what unit, branch, agent."""
    c, v = p["c"].c, p["v"].c
    plate, vin = (t.c.plate, func.coalesce(t.c.vin, t.c.chassis)) if own else (None, None)
    return {
        "customer": c.display_name,
        "city": c.city,
        "plate": v.plate if plate is None else func.coalesce(v.plate, plate),
        "vin": func.coalesce(v.vin, v.chassis) if vin is None else func.coalesce(v.vin, v.chassis, vin),
        "make": v.make,
        "model": v.model,
        "version": v.version,
        "model_year": v.model_year,
        "branch": p["b"].c.code,
        "agent": p["u"].c.login,
    }


def keys(t: Any, stage: str, dms: bool = True) -> dict[str, Expr]:
    """Identity of a row: ``ref`` is stage:id."""
    return {
        "stage": literal(stage), "id": t.c.id, "customer_id": t.c.customer_id, "vehicle_id": t.c.vehicle_id,
        "branch_id": t.c.branch_id, "dms_id": t.c.source_key if dms else nothing(Text()), "row": t.c.id,
    }  # fmt: skip


def nothing(kind: Any = None) -> Expr:
    """NULL with a type, so that PostgreSQL takes it beside other columns of a union."""
    return cast(null(), kind or Integer())


def bucket(expr: Any, steps: Sequence[tuple[Any, str]], last: str) -> Expr:
    """The word of the first step that ``expr`` does not exceed."""
    return case(*((expr <= top, literal(word)) for top, word in steps), else_=literal(last))


def _offset(seconds: Expr, zone: str) -> Expr:
    steps = offsets(zone)
    if len(steps) == 1:
        return literal(steps[0][1])
    return case(*((seconds < nxt[0], now[1]) for now, nxt in pairwise(steps)), else_=steps[-1][1])


@lru_cache(16)
def offsets(zone: str) -> tuple[tuple[int, int], ...]:
    """(epoch second from which, seconds east of UTC) of a zone, 2010 to 2040."""
    info = ZoneInfo(zone)

    def at(second: int) -> int:
        found = datetime.fromtimestamp(second, UTC).astimezone(info).utcoffset()
        return int(found.total_seconds()) if found is not None else 0

    start, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (2010, 2040))
    week = 7 * 86400
    made = [(start, at(start))]
    for low in range(start, end, week):
        if at(low + week) != made[-1][1]:
            first, last = low, low + week
            while last - first > 1:
                middle = (first + last) // 2
                first, last = (middle, last) if at(middle) == made[-1][1] else (first, middle)
            made.append((last, at(last)))
    return tuple(made)
