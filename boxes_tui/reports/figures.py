"""The figures of a report: total, KPIs, slices, series (PRODUCT §9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Integer, and_, case, cast, func, select

from boxes_tui.data.session import Session
from boxes_tui.domain.kpis import KPIS, Figure, Kpi, Part, median, p90, ratio, score, shares
from boxes_tui.reports.base import Ctx
from boxes_tui.reports.columns import column_named
from boxes_tui.reports.kpi_sql import Rule
from boxes_tui.reports.population import Ask, Pop, check, columns_of, holds, names_in, rule_of, side, table

DAYS_OF_A_DAILY_SERIES: Final = 62
DEFAULT_BY: Final = {
    "deliveries": "disposition", "opportunities": "status", "appointments": "state", "in_process": "age",
    "completed": "disposition", "campaigns": "campaign", "agents": "agent", "leaks": "stage",
    "reconciliation": "match", "retention": "lifecycle",
}  # fmt: skip
"""The pie that a report shows first."""


@dataclass(frozen=True, slots=True)
class Period:
    """One bar: a day (``2026-11-24``) or a month (``2026-11``), and how many rows."""

    period: str
    n: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that a report's first screen shows. ``slices`` and ``series`` each sum to ``total``."""

    ask: Ask
    total: int
    kpis: tuple[Figure, ...]
    by: str
    slices: tuple[Part, ...]
    series: tuple[Period, ...]
    monthly: bool

    def kpi(self, code: str) -> Figure:
        """A KPI by code (KeyError where it is none)."""
        return next(f for f in self.kpis if f.kpi.code == code)


def figures(conn: Connection, session: Session, ask: Ask, by: str | None = None) -> Figures:
    """The figures of ``ask``; ``by`` is the column of the pie. Raises ``UsageError`` for wrong names or days."""
    check(ask)
    ctx = Ctx.of(conn, session, ask.low, ask.high)
    column = column_named(by or DEFAULT_BY[ask.report], columns_of(ctx, ask.report), ask.report).id
    series = days(ctx, ask)
    monthly = (ask.high - ask.low).days >= DAYS_OF_A_DAILY_SERIES
    made = kpis(ctx, ask)
    return Figures(
        ask, sum(n for _day, n in series), made, column, slices(ctx, ask, column), periods(series, monthly), monthly
    )


def kpis(ctx: Ctx, ask: Ask, codes: tuple[str, ...] = ()) -> tuple[Figure, ...]:
    """The KPIs of a report (those of ``codes``, else all), in their order."""
    wanted = [k for k in KPIS[ask.report] if not codes or k.code in codes]
    found: dict[str, Figure] = {}
    for source in dict.fromkeys(k.source for k in wanted):
        found |= _of_source(ctx, ask, source, [k for k in wanted if k.source == source])
    return tuple(found[k.code] for k in wanted)


def slices(ctx: Ctx, ask: Ask, column: str) -> tuple[Part, ...]:
    """The pie of a column, largest first."""
    pop = table(ctx, ask, columns=(column,))
    return shares(_counts(ctx, pop, pop.column(column)))


def days(ctx: Ctx, ask: Ask) -> list[tuple[int, int]]:
    """(day ordinal, rows) of the days that have any, in order."""
    pop = table(ctx, ask)
    found = ctx.conn.execute(select(pop.day, func.count()).select_from(pop.cte).group_by(pop.day).order_by(pop.day))
    return [(int(day), int(n)) for day, n in found]


ValueFigures = list[tuple[str | int | None, tuple[Figure, ...]]]
"""For each value of a column (None = unknown) its figures."""


def by_value(
    conn: Connection, session: Session, ask: Ask, column: str, codes: tuple[str, ...] = (), source: str = ""
) -> ValueFigures:
    """The counts, rates and scores of a report for each value of a column, the largest value first: the table under the
    charts (SCREENS *Reporte*, 120×36). ``source`` names the population of the figures where it is not the report's."""
    check(ask)
    ctx = Ctx.of(conn, session, ask.low, ask.high)
    name = column_named(column, columns_of(ctx, source or ask.report), ask.report).id
    wanted = [
        k for k in KPIS[ask.report]
        if k.source == source and k.kind in ("count", "rate", "score") and (not codes or k.code in codes)
    ]  # fmt: skip
    rules = {k.code: rule_of(ask.report, k.code) for k in wanted}
    names: set[str] = set().union(*(names_in(r) for r in rules.values())) if rules else set()
    pop = table(ctx, ask, source, facts=sorted(names), columns=(name,))
    by = pop.column(name)
    query = select(by, func.count(), *_asked(pop, wanted, rules)).select_from(pop.cte).group_by(by)
    found = sorted(conn.execute(query).all(), key=lambda r: (-r[1], r[0] is None, str(r[0])))
    made = []
    for row in found:
        numbers = [int(v or 0) for v in row[2:]]
        figures_ = (_figure(ctx, ask, k, rules[k.code], numbers[5 * n : 5 * n + 5]) for n, k in enumerate(wanted))
        made.append((row[0], tuple(figures_)))
    return made


def periods(series: list[tuple[int, int]], monthly: bool) -> tuple[Period, ...]:
    """Days, or months, that have any rows."""
    made: dict[str, int] = {}
    for ordinal, n in series:
        day = date.fromordinal(ordinal)
        name = f"{day:%Y-%m}" if monthly else day.isoformat()
        made[name] = made.get(name, 0) + n
    return tuple(Period(name, n) for name, n in made.items())


def _of_source(ctx: Ctx, ask: Ask, source: str, wanted: list[Kpi]) -> dict[str, Figure]:
    rules = {k.code: rule_of(ask.report, k.code) for k in wanted}
    names: set[str] = set().union(*(names_in(r) for r in rules.values())) if rules else set()
    pop = table(ctx, ask, source, facts=sorted(names))
    asked = _asked(pop, wanted, rules)
    row = [int(v or 0) for v in ctx.conn.execute(select(*asked).select_from(pop.cte)).one()]
    made = {}
    for n, kpi in enumerate(wanted):
        made[kpi.code] = _figure(ctx, ask, kpi, rules[kpi.code], row[5 * n : 5 * n + 5])
    return made


def _asked(pop: Pop, wanted: list[Kpi], rules: dict[str, Rule]) -> list[Any]:
    """Five sums for each KPI: num, den, waiting, detractors, measure."""
    asked: list[Any] = []
    for kpi in wanted:
        rule = rules[kpi.code]
        for which in ("num", "den", "waiting"):
            asked.append(_sum(pop, _chosen(rule, which)))
        asked.append(_sum(pop, rule.minus and (*(rule.den or ()), *rule.minus)))
        asked.append(_measured(pop, rule))
    return asked


def _chosen(rule: Rule, which: str) -> tuple[str, ...] | None:
    if which == "num":
        return (*(rule.den or ()), *rule.num)
    return rule.den if which == "den" else rule.waiting


def _sum(pop: Pop, names: tuple[str, ...] | None) -> Any:
    if names is None:
        return cast(0, Integer)
    return func.sum(case((holds(pop, names), 1), else_=0))


def _measured(pop: Pop, rule: Rule) -> Any:
    if not rule.measure:
        return cast(0, Integer)
    return func.sum(case((holds(pop, (*(rule.den or ()), *rule.num)), pop.fact(rule.measure)), else_=0))


def _figure(ctx: Ctx, ask: Ask, kpi: Kpi, rule: Rule, row: list[int]) -> Figure:
    num, den, waiting, minus, measured = row
    late = waiting if rule.waiting is not None else None
    if kpi.kind == "rate":
        return Figure(kpi, num, den, ratio(num, den), late)
    if kpi.kind == "score":
        return Figure(kpi, num - minus, den, score(num, minus, den), more={"promoters": num, "detractors": minus})
    if kpi.kind == "mean":
        more = {"median": median(_histogram(ctx, ask, kpi, rule))} if kpi.unit else {}
        return Figure(kpi, measured, den, ratio(measured, den), more=more)
    if kpi.kind == "median":
        return _median(kpi, rule, num, late, _histogram(ctx, ask, kpi, rule))
    if kpi.kind == "max":
        spread = _histogram(ctx, ask, kpi, rule)
        return Figure(kpi, num, None, spread[-1][0] if spread else None)
    if kpi.kind == "parts":
        parts = shares(_parts(ctx, ask, kpi, rule))
        return Figure(kpi, num, None, num, parts=parts)
    if kpi.kind == "hourly":
        hours = working_minutes(ctx, ask) / 60
        return Figure(kpi, num, round(hours, 2), ratio(num, hours))
    value = measured if rule.measure else num
    return Figure(kpi, value, None, value)


def _median(kpi: Kpi, rule: Rule, n: int, waiting: int | None, spread: list[tuple[int, int]]) -> Figure:
    middle, high = median(spread), p90(spread)
    value = None if middle is None else middle / rule.divide
    more: dict[str, float | int | None] = {"p90": None if high is None else high / rule.divide}
    if kpi.unit == "hours" and value is not None and high is not None:
        more |= {"days": value / 24, "p90_days": high / rule.divide / 24}
    return Figure(kpi, n, None, value, waiting, more)


def _histogram(ctx: Ctx, ask: Ask, kpi: Kpi, rule: Rule) -> list[tuple[int, int]]:
    pop = table(ctx, ask, kpi.source, facts=sorted(names_in(rule)))
    value = pop.fact(rule.measure)
    where = and_(holds(pop, (*(rule.den or ()), *rule.num)), value.is_not(None))
    query = select(value, func.count()).select_from(pop.cte).where(where).group_by(value).order_by(value)
    return [(int(v), int(n)) for v, n in ctx.conn.execute(query)]


def _parts(ctx: Ctx, ask: Ask, kpi: Kpi, rule: Rule) -> list[tuple[str | int | None, int]]:
    pop = table(ctx, ask, kpi.source, facts=sorted(names_in(rule)))
    return _counts(ctx, pop, pop.column(rule.parts), holds(pop, side(rule, "num", kpi.kind)))


def _counts(ctx: Ctx, pop: Pop, column: Any, where: Any = None) -> list[tuple[str | int | None, int]]:
    query = select(column, func.count().label("n")).select_from(pop.cte).group_by(column)
    if where is not None:
        query = query.where(where)
    found = [(value, int(n)) for value, n in ctx.conn.execute(query)]
    return sorted(found, key=lambda f: (-f[1], f[0] is None, str(f[0])))


def working_minutes(ctx: Ctx, ask: Ask) -> int:
    """Minutes logged in and not paused, of the people of the question."""
    pop = table(ctx, ask, "shifts", facts=("working", "minutes"))
    return int(ctx.conn.execute(select(func.sum(pop.fact("minutes"))).where(pop.fact("working") == 1)).scalar() or 0)
