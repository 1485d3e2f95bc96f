"""The rows of a new campaign, by one statement for its opportunities and one for its units, however many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, literal, null, select, update

from boxes_tui.data.commands import Tx, encode
from boxes_tui.data.tables import campaign_unit, opportunity
from boxes_tui.desk.campaign_plan import Plan, state_of
from boxes_tui.desk.campaign_units import listed
from boxes_tui.desk.opening import WATCHED
from boxes_tui.desk.subjects import report_days

IMAGES_UP_TO: Final = 2000
"""Units up to which the act keeps before-images, so that its undo can be undone again; larger ones are undone as
``desk.campaign_undo`` undoes them, for good."""


def enter(tx: Tx, campaign_id: int, name: str, home: int, type_: str, made: Plan) -> None:
    """Write the new opportunities and all units, mark the months that count them, and keep the images of a campaign that
    is not large. Reads and writes across branches."""
    columns = {
        "origin": "campaign", "origin_subject": "campaign", "origin_id": campaign_id, "campaign_id": campaign_id,
        "state": "open", "about": name, "created_at": tx.now, "created_by": tx.session.user_id, "reschedules": 0,
    }  # fmt: skip
    total = made.new + made.chosen
    tx.went(0, total)
    if made.new:
        names, query = _opportunities(tx, columns, home, type_, made)
        tx.conn.execute(insert(opportunity).from_select(names, query))
        mark_months(tx, campaign_id)
        tx.went(made.new, total)
    names, query = _units(tx, campaign_id, home, type_, made)
    tx.conn.execute(insert(campaign_unit).from_select(names, query))
    _tell_matches(tx, campaign_id, made.how)
    tx.went(total, total)
    if made.chosen <= IMAGES_UP_TO:
        _keep_images(tx, campaign_id)


def _opportunities(
    tx: Tx, columns: Mapping[str, Any], home: int, type_: str, made: Plan
) -> tuple[list[str], Select[Any]]:
    """The new ones in their order: as many a day as the spread says, to the agents in turn."""
    u = made.units
    numbered = select(
        u.c.customer_id, u.c.vehicle_id, func.coalesce(u.c.branch_id, home).label("branch_id"),
        (func.row_number().over(order_by=u.c.place) - 1).label("n"),
    ).where(state_of(u, type_) == "new").subquery()  # fmt: skip
    tables: Any = numbered
    due: ColumnElement[Any] = literal(made.days[0][0], opportunity.c.due_day.type)
    if len(made.days) > 1:
        days = listed(tx.conn, [day.toordinal() for day, _n in made.days]).subquery()
        tables = tables.join(days, days.c.place == numbered.c.n // made.days[0][1])
        due = days.c.value
    agent: ColumnElement[Any] = null()
    if made.users:
        agents = listed(tx.conn, [user_id for user_id, _login in made.users]).subquery()
        tables = tables.join(agents, agents.c.place == numbered.c.n % len(made.users))
        agent = agents.c.value
    row: dict[str, ColumnElement[Any]] = {
        "branch_id": numbered.c.branch_id, "customer_id": numbered.c.customer_id, "vehicle_id": numbered.c.vehicle_id,
        "due_day": due, "assigned_user_id": agent, "created_day": _today(tx, numbered.c.branch_id),
        **{key: literal(value, opportunity.c[key].type) for key, value in columns.items()},
    }  # fmt: skip
    return list(row), select(*row.values()).select_from(tables).order_by(numbered.c.n)


def _units(tx: Tx, campaign_id: int, home: int, type_: str, made: Plan) -> tuple[list[str], Select[Any]]:
    """All units: those of an opportunity of this campaign are its own, the others joined or stay out."""
    u, c = made.units, campaign_unit.c
    blocked = state_of(u, type_) == "blocked"
    own = u.c.open_campaign == campaign_id
    branch = func.coalesce(u.c.branch_id, home)
    row: dict[str, ColumnElement[Any]] = {
        "campaign_id": literal(campaign_id, c.campaign_id.type), "branch_id": branch, "vehicle_id": u.c.vehicle_id,
        "customer_id": u.c.customer_id, "opportunity_id": u.c.open_id,
        "state": case((blocked, literal("blocked")), else_=literal("open")),
        "joined": and_(~blocked, ~own), "blocked_why": u.c.why,
        "assigned_at": case((~blocked, literal(tx.now, c.assigned_at.type))),
        "assigned_day": case((~blocked, _today(tx, branch))),
        "assigned_user_id": case((and_(~blocked, own), u.c.open_user)),
    }  # fmt: skip
    return list(row), select(*row.values()).order_by(u.c.place)


def _today(tx: Tx, branch: ColumnElement[Any]) -> ColumnElement[Any]:
    """The business day of a branch."""
    kind = opportunity.c.created_day.type
    here, there = tx.today(), [(b.id, tx.today(b.id)) for b in tx.session.branches]
    other = [(branch == i, literal(day, kind)) for i, day in there if day != here]
    return case(*other, else_=literal(here, kind)) if other else literal(here, kind)


def _tell_matches(tx: Tx, campaign_id: int, how: Mapping[int, str]) -> None:
    c = campaign_unit.c
    for group in dict.fromkeys(how.values()):
        found = select(listed(tx.conn, [v for v, word in how.items() if word == group]).subquery().c.value)
        mine = and_(c.campaign_id == campaign_id, c.vehicle_id.in_(found))
        tx.conn.execute(update(campaign_unit).where(mine).values(match=group))


def mark_months(tx: Tx, campaign_id: int) -> None:
    """Mark the months of the reports that count the campaign's open opportunities."""
    c = opportunity.c
    query = select(c.branch_id, c.origin, c.state, c.state_day, c.due_day, c.created_day).where(
        c.campaign_id == campaign_id, c.state == "open"
    )  # fmt: skip
    seen = set()
    for row in tx.conn.execute(query.distinct()).mappings():
        for report, day in report_days("opportunity", row):
            if day is not None:
                seen.add((report, day.replace(day=1), row["branch_id"]))
    for report, day, branch_id in sorted(seen):
        tx.dirty(report, day, branch_id)


def _keep_images(tx: Tx, campaign_id: int) -> None:
    o, n = opportunity.c, campaign_unit.c
    query = select(o.id, *(o[k] for k in WATCHED)).where(o.campaign_id == campaign_id).order_by(o.id)
    for row in tx.conn.execute(query).mappings():
        image = {k: encode(opportunity, k, row[k]) for k in WATCHED}
        tx.images.append({"t": "opportunity", "id": row["id"], "b": None, "a": image})
    for unit in tx.conn.execute(select(n.id).where(n.campaign_id == campaign_id).order_by(n.id)).scalars():
        tx.images.append({"t": "campaign_unit", "id": unit, "b": None, "a": {}})
