"""*Op. Campaña*: how far each campaign has come (PRODUCT §8), from the same rows as the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, select

from boxes_tui.data.session import Session
from boxes_tui.data.tables import campaign, campaign_unit, customer, opportunity, vehicle
from boxes_tui.domain.kpis import KPIS, Figure, ratio
from boxes_tui.errors import Refused
from boxes_tui.i18n import _
from boxes_tui.reports.base import Ctx
from boxes_tui.reports.kpi_sql import RULES
from boxes_tui.reports.population import Ask, holds, names_in, table


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign of the list: units by what became of them; ``assigned`` are all but the blocked ones."""

    id: int
    name: str
    type: str
    created: date
    due: date | None
    assigned: int
    done: int
    open: int
    blocked: int
    joined: int
    undone: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A unit that cannot be called: ``why`` is a code of ``desk.campaign_gate.WHY``, or ``no_phone``."""

    vehicle_id: int
    customer_id: int | None
    customer: str | None
    vin: str | None
    plate: str | None
    why: str


@dataclass(frozen=True)
class Progress:
    """One campaign: its line, the KPIs of ``units`` (reach, conversion, completion, …), and whom nobody can call."""

    line: CampaignLine
    kpis: tuple[Figure, ...]
    left: tuple[Left, ...]


def campaign_list(conn: Connection, session: Session, *, every: bool = False) -> list[CampaignLine]:
    """Campaigns in scope, newest first; undone ones only with ``every``."""
    g, n, o = campaign.c, campaign_unit, opportunity
    where = [session.scope(g.branch_id)] + ([] if every else [g.undone_at.is_(None)])
    counted = _counts(conn)
    query = select(g.id, g.name, g.type, g.created_day, g.due_day, g.undone_at, g.closed_at).where(*where)
    opened: dict[int, int] = dict(
        conn.execute(
            select(n.c.campaign_id, func.count())
            .join(o, o.c.id == n.c.opportunity_id)
            .where(n.c.state == "open", o.c.state == "open")
            .group_by(n.c.campaign_id)
        ).tuples().all()
    )  # fmt: skip
    made = []
    for i, name, type_, created, due, undone, closed in conn.execute(query.order_by(g.id.desc())):
        assigned, done, blocked, joined = counted.get(i, (0, 0, 0, 0))
        made.append(
            CampaignLine(
                i, name, type_, created, due, assigned, done, int(opened.get(i, 0)), blocked, joined,
                undone is not None, closed is not None,
            )
        )  # fmt: skip
    return made


def _counts(conn: Connection) -> dict[int, tuple[int, int, int, int]]:
    """(assigned, done, blocked, joined) by campaign."""
    n = campaign_unit.c
    query = select(n.campaign_id, n.state, n.joined, n.done_at.is_not(None), func.count()).group_by(
        n.campaign_id, n.state, n.joined, n.done_at.is_not(None)
    )
    made: dict[int, list[int]] = {}
    for i, state, joined, done, count in conn.execute(query):
        found = made.setdefault(int(i), [0, 0, 0, 0])
        if state == "blocked":
            found[2] += count
            continue
        found[0] += count
        found[1] += count if done else 0
        found[3] += count if joined else 0
    return {i: (a, b, c, d) for i, (a, b, c, d) in made.items()}


def campaign_progress(conn: Connection, session: Session, campaign_id: int) -> Progress:
    """How far one campaign has come; :class:`Refused` where there is none in scope."""
    line = next((c for c in campaign_list(conn, session, every=True) if c.id == campaign_id), None)
    if line is None:
        raise Refused(_("No existe esa campaña en las sucursales de este usuario."))
    ctx = Ctx.of(conn, session, line.created, line.created)
    ask = Ask("campaigns", line.created, line.created)
    rules = RULES["campaigns"]
    wanted = [k for k in KPIS["campaigns"] if k.source == "units"]
    names = sorted({"campaign_id"}.union(*(names_in(rules[k.code]) for k in wanted)))
    pop = table(ctx, ask, "units", facts=names)
    own = pop.fact("campaign_id") == campaign_id
    made = []
    for kpi in wanted:
        rule = rules[kpi.code]
        sides = ((*(rule.den or ()), *rule.num), rule.den)
        num, den = (
            int(conn.execute(select(func.count()).select_from(pop.cte).where(and_(own, holds(pop, s)))).scalar_one())
            for s in sides
        )
        value: Any = ratio(num, den) if rule.den is not None else num
        made.append(Figure(kpi, num, den if rule.den is not None else None, value))
    return Progress(line, tuple(made), tuple(_left(ctx, ask, campaign_id)))


def _left(ctx: Ctx, ask: Ask, campaign_id: int) -> list[Left]:
    """Units that are blocked or whose customer has no phone that works."""
    pop = table(ctx, ask, "units", facts=("campaign_id", "blocked", "unreachable"), keys=("vehicle_id",))
    own = pop.fact("campaign_id") == campaign_id
    nobody = select(pop.key("vehicle_id")).where(own, (pop.fact("blocked") == 1) | (pop.fact("unreachable") == 1))
    n, v, c = campaign_unit, vehicle, customer
    query = (
        select(n.c.vehicle_id, n.c.customer_id, c.c.display_name, func.coalesce(v.c.vin, v.c.chassis), v.c.plate,
               n.c.state, n.c.blocked_why)
        .select_from(n.join(v, v.c.id == n.c.vehicle_id).outerjoin(c, c.c.id == n.c.customer_id))
        .where(n.c.campaign_id == campaign_id, n.c.vehicle_id.in_(nobody))
        .order_by(n.c.id)
    )  # fmt: skip
    return [
        Left(unit, who, name, vin, plate, (why or "own") if state == "blocked" else "no_phone")
        for unit, who, name, vin, plate, state, why in ctx.conn.execute(query)
    ]
