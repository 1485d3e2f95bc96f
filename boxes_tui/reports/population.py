"""A report's rows as one SQL table: population, filters, and what of it a number stands for.

Figures, slices, series and rows are all made of :func:`table`, so that every number opens into exactly its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Connection, and_, exists, false, func, or_, select, true

from boxes_tui.data.tables import app_user, branch, customer, repair_order, sale_delivery, vehicle
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.reports import pop_calls, pop_leaks, pop_orders, pop_people, pop_sales, pop_work
from boxes_tui.reports.base import Base, Ctx, Expr, Made
from boxes_tui.reports.columns import COLUMNS
from boxes_tui.reports.kpi_sql import RULES, Names, Rule
from boxes_tui.text import fold

SOURCES: Final[dict[str, Callable[[Ctx], Base]]] = {
    "deliveries": pop_sales.deliveries,
    "opportunities": pop_work.opportunities,
    "appointments": pop_orders.appointments,
    "in_process": pop_orders.in_process,
    "completed": pop_orders.completed,
    "campaigns": pop_work.campaigns,
    "agents": pop_calls.agents,
    "leaks": pop_leaks.leaks,
    "reconciliation": pop_work.reconciliation,
    "retention": pop_sales.retention,
    "units": pop_work.units,
    "claims": pop_calls.claims,
    "shifts": pop_calls.shifts,
    "park": pop_sales.park,
    "people": pop_people.people,
    "blocks": pop_people.blocks,
    "lists": pop_people.lists,
}
"""Every population by name; the first ten are the reports."""

REPORTS: Final = tuple(SOURCES)[:10]


@dataclass(frozen=True, slots=True)
class Ask:
    """A report's question: inclusive days, and filters (branch code, agent login, make and model in part, free text)."""

    report: str
    low: date
    high: date
    branch: str | None = None
    agent: str | None = None
    make: str | None = None
    model: str | None = None
    text: str | None = None

    def filters(self) -> dict[str, str]:
        """The filters that are set."""
        found = {n: getattr(self, n) for n in ("branch", "agent", "make", "model", "text")}
        return {n: v for n, v in found.items() if v}


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a report is opened: a KPI (``side`` num, den or waiting; with ``part`` one share of a breakdown), a slice
    (``by`` and ``value``, None = unknown), or a period of the series (a day or a month). Empty = all rows."""

    kpi: str = ""
    side: str = "num"
    part: str | int | None = ""
    by: str = ""
    value: str | int | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Pop:
    """A population as a table: ``c`` finds a column, fact or key of it."""

    base: Base
    cte: CTE
    columns: tuple[str, ...] = field(default=())

    def column(self, name: str) -> ColumnElement[Any]:
        """A column by id."""
        return self.cte.c[f"c_{name}"]

    def fact(self, name: str) -> ColumnElement[Any]:
        """A flag or measure."""
        return self.cte.c[f"f_{name}"]

    def key(self, name: str) -> ColumnElement[Any]:
        """A part of the row's identity."""
        return self.cte.c[f"k_{name}"]

    @property
    def day(self) -> ColumnElement[Any]:
        """The day under which the row is counted, as an ordinal."""
        return self.cte.c["p_day"]


def check(ask: Ask) -> None:
    """:class:`UsageError` for an unknown report, or days in the wrong order."""
    if ask.report not in REPORTS:
        raise UsageError(
            _("No hay un reporte «{name}»; los que hay: {names}").format(name=ask.report, names=", ".join(REPORTS))
        )
    if ask.low > ask.high:
        raise UsageError(_("La fecha «desde» es posterior a «hasta»."))


def columns_of(ctx: Ctx, source: str) -> tuple[str, ...]:
    """The ids of the columns of a population, in the order of its grid."""
    return tuple(base_of(ctx, source).columns)


def base_of(ctx: Ctx, source: str) -> Base:
    """A population of this request, made once."""
    if source not in ctx.bases:
        ctx.bases[source] = SOURCES[source](ctx)
    return ctx.bases[source]


def _made(expr: Expr | Made) -> Expr:
    return expr if isinstance(expr, ColumnElement) else expr()


def table(
    ctx: Ctx,
    ask: Ask,
    source: str = "",
    *,
    facts: Sequence[str] = (),
    columns: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> Pop:
    """The population with the facts, columns and keys that the question needs (a name of a rule may be any of them)."""
    base = base_of(ctx, source or ask.report)
    chosen: dict[str, Any] = {"p_day": base.day}
    for name in facts:
        word = name.strip("!?")
        if word in base.facts:
            chosen[f"f_{word}"] = _made(base.facts[word])
        else:
            chosen[f"c_{word}"] = _made(base.columns[word])
    chosen |= {f"c_{name}": _made(base.columns[name]) for name in columns}
    chosen |= {f"k_{name}": base.keys[name] for name in keys}
    where = and_(true(), *base.where, *_filters(ctx, ask, base, source or ask.report))
    query = select(*(expr.label(name) for name, expr in chosen.items())).select_from(base.source).where(where)
    made = query.cte("p")
    # facts are looked up once per row; plain columns are left to the planner, which then counts along an index
    return Pop(base, made.prefix_with("MATERIALIZED") if facts else made, tuple(base.columns))


def names_in(rule: Rule) -> set[str]:
    """Every fact or column that a rule asks about."""
    found = {*rule.num, *(rule.den or ()), *(rule.waiting or ()), *rule.minus}
    return found | ({rule.measure} if rule.measure else set()) | ({rule.parts} if rule.parts else set())


def holds(pop: Pop, names: Names | None) -> ColumnElement[bool]:
    """The condition that all of a rule's names hold; None selects nothing."""
    if names is None:
        return false()
    made: list[ColumnElement[bool]] = [true()]
    for name in names:
        word = name.strip("!?")
        if f"f_{word}" not in pop.cte.c:
            made.append(pop.column(word).is_not(None))
        elif name.endswith("?"):
            made.append(pop.fact(word).is_not(None))
        else:
            made.append(pop.fact(word) == (0 if name.startswith("!") else 1))
    return and_(*made)


def side(rule: Rule, which: str, kind: str) -> Names | None:
    """The names that select the rows of a KPI's side; means and scores open the rows that they divide by."""
    if which == "waiting":
        return rule.waiting
    if which == "den" or kind in ("mean", "score"):
        return rule.den if rule.den is not None else rule.num
    return (*(rule.den or ()), *rule.num)


def rule_of(report: str, code: str) -> Rule:
    """The rule of a KPI; :class:`UsageError` with the list of right ones."""
    rules = RULES[report]
    if code not in rules:
        raise UsageError(
            _("No hay un KPI «{name}» en {report}; los que hay: {names}").format(
                name=code, report=report, names=", ".join(rules)
            )
        )
    return rules[code]


def known_columns(pop: Pop) -> Sequence[str]:
    """Columns of the population that :data:`reports.columns.COLUMNS` names."""
    return [c for c in pop.columns if c in COLUMNS]


def _filters(ctx: Ctx, ask: Ask, base: Base, source: str) -> list[ColumnElement[bool]]:
    """A filter that a population cannot apply leaves none of its rows: a wrong number would be worse."""
    p, made = base.people, []
    if ask.branch:
        branch_id = _branch_id(ctx.conn, ask.branch)
        if source == "park":
            made.append(_seen_in(branch_id))
        elif source == "people":
            made.append(_served_by(branch_id))
        else:
            made.append(p["b"].c.id == branch_id if "b" in p else false())
    if ask.agent:
        user_id = _user_id(ctx.conn, ask.agent)
        made.append(p["u"].c.id == user_id if "u" in p else false())
    for name in ("make", "model"):
        wanted = getattr(ask, name)
        if wanted:
            words = (
                func.lower(p["v"].c[name]).contains(wanted.strip().lower(), autoescape=True) if "v" in p else false()
            )
            made.append(words)
    if ask.text:
        made.append(_matches(p, ask.text) if "v" in p else false())
    return made


def _seen_in(branch_id: int) -> ColumnElement[bool]:
    s, r, v = sale_delivery.alias(), repair_order.alias(), vehicle
    return or_(
        exists().where(s.c.vehicle_id == v.c.id, s.c.branch_id == branch_id),
        exists().where(r.c.vehicle_id == v.c.id, r.c.branch_id == branch_id),
    )


def _served_by(branch_id: int) -> ColumnElement[bool]:
    s, r, c = sale_delivery.alias(), repair_order.alias(), customer
    return or_(
        exists().where(s.c.customer_id == c.c.id, s.c.branch_id == branch_id),
        exists().where(r.c.customer_id == c.c.id, r.c.branch_id == branch_id),
    )


def _matches(p: Mapping[str, Any], text: str) -> ColumnElement[bool]:
    plate = "".join(ch for ch in text.upper() if ch.isalnum())
    found = [p["c"].c.name_fold.contains(fold(text), autoescape=True)]
    if plate:
        found.append(p["v"].c.plate.contains(plate, autoescape=True))
        found.append(p["v"].c.tail_rev.startswith(plate[::-1], autoescape=True))
    return or_(*found)


def _branch_id(conn: Connection, code: str) -> int:
    found = conn.execute(select(branch.c.id).where(func.lower(branch.c.code) == code.strip().lower())).scalar()
    if found is None:
        names = ", ".join(conn.execute(select(branch.c.code).order_by(branch.c.code)).scalars())
        raise UsageError(_("No hay una sucursal «{code}»; las que hay: {names}").format(code=code, names=names))
    return int(found)


def _user_id(conn: Connection, login: str) -> int:
    found = conn.execute(select(app_user.c.id).where(func.lower(app_user.c.login) == login.strip().lower())).scalar()
    if found is None:
        names = ", ".join(conn.execute(select(app_user.c.login).order_by(app_user.c.login)).scalars())
        raise UsageError(_("No hay un usuario «{login}»; los que hay: {names}").format(login=login, names=names))
    return int(found)
