"""*Ver en grilla*: the rows behind a number, every column of which can be filtered, sorted, grouped or made a pie."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from boxes_tui.data.session import Session
from boxes_tui.domain.kpis import KPIS, Part, shares
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.reports.base import Ctx
from boxes_tui.reports.columns import COLUMNS, ReportColumn, column_named, grid_columns
from boxes_tui.reports.months import month_index, month_last
from boxes_tui.reports.population import (
    Ask,
    Pop,
    Selection,
    base_of,
    check,
    columns_of,
    holds,
    names_in,
    rule_of,
    side,
    table,
)

KEYS = ("stage", "id", "customer_id", "vehicle_id", "branch_id", "dms_id")
STREAMED = 1000
"""Rows that a complete read holds at a time."""
Values = Mapping[str, Sequence[str | int | None]]
"""Column id → the values that are kept (None = unknown)."""


@dataclass(frozen=True, slots=True)
class View:
    """What of the rows is shown: what was opened, values kept by column, the order ((column, descending), …), and the
    columns that are hidden."""

    selection: Selection = field(default_factory=Selection)
    kept: Values = field(default_factory=dict)
    order: tuple[tuple[str, bool], ...] = ()
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row: ``ref`` as acts take it, and the values in the order of the grid's columns (days, local instants, amounts,
    codes as they are stored)."""

    ref: str
    id: int
    customer_id: int | None
    vehicle_id: int | None
    dms_id: str | None
    values: tuple[Any, ...]


@dataclass(frozen=True)
class _Opened:
    ctx: Ctx
    pop: Pop
    where: ColumnElement[bool]


def columns(
    conn: Connection, session: Session, ask: Ask, selection: Selection | None = None
) -> tuple[ReportColumn, ...]:
    """The columns of the grid that a selection opens (some KPIs stand on rows of their own)."""
    check(ask)
    ctx = Ctx.of(conn, session, ask.low, ask.high)
    return grid_columns(columns_of(ctx, _source(ask, selection or Selection()) or ask.report))


def rows(
    conn: Connection, session: Session, ask: Ask, view: View | None = None, limit: int | None = None, offset: int = 0
) -> list[ReportRow]:
    """The rows of a view, in its order; complete unless ``limit`` is given."""
    view = view or View()
    keys = row_keys(conn, session, ask, view, limit, offset) if limit is not None and limit <= STREAMED else None
    if keys is None:
        return list(stream(conn, session, ask, view, limit, offset))
    return rows_by_key(conn, session, ask, view, keys)


def row_keys(
    conn: Connection, session: Session, ask: Ask, view: View, limit: int | None = None, offset: int = 0
) -> array[int] | None:
    """The keys of a view's rows in its order, for :func:`rows_by_key`; None where the population has none. Only what
    filters and order need is read, so that a page of a million rows costs no more than their keys."""
    check(ask)
    ctx = Ctx.of(conn, session, ask.low, ask.high)
    base = base_of(ctx, _source(ask, view.selection) or ask.report)
    if "row" not in base.keys:
        return None
    order = [name for name, _down in view.order] or [name.removeprefix("-") for name in base.order]
    opened = _open(conn, session, ask, view, more=order, keys=("stage", "id", "row"), ctx=ctx)
    query = select(opened.pop.key("row")).where(opened.where).order_by(*_order(opened, ask, view))
    if limit is not None or offset:
        query = query.limit(limit if limit is not None else 2**62).offset(offset)
    return array("q", conn.execute(query).scalars())


def rows_by_key(conn: Connection, session: Session, ask: Ask, view: View, keys: Sequence[int]) -> list[ReportRow]:
    """The rows of those keys, in that order; those that have gone since are left out."""
    source = _source(ask, view.selection)
    ctx = Ctx.of(conn, session, ask.low, ask.high)
    ids = columns_of(ctx, source or ask.report)
    found: dict[int, ReportRow] = {}
    for start in range(0, len(keys), STREAMED):
        pop = table(ctx, ask, source, columns=ids, keys=(*KEYS, "row"))
        query = select(pop.key("row"), *(pop.key(k) for k in KEYS), *(pop.column(i) for i in ids))
        part = query.where(pop.key("row").in_(list(keys[start : start + STREAMED])))
        made = conn.execute(part).all()
        shown = _shown(session, ids, (tuple(r[1:]) for r in made))
        found |= {int(r[0]): row for r, row in zip(made, shown, strict=True)}
    return [found[k] for k in keys if k in found]


def stream(
    conn: Connection, session: Session, ask: Ask, view: View | None = None, limit: int | None = None, offset: int = 0
) -> Iterator[ReportRow]:
    """:func:`rows` one by one, for exports."""
    view = view or View()
    opened = _open(conn, session, ask, view, every=True)
    pop = opened.pop
    shown = [pop.column(i) for i in pop.columns]
    query = select(*(pop.key(k) for k in KEYS), *shown).where(opened.where).order_by(*_order(opened, ask, view))
    if limit is not None or offset:
        query = query.limit(limit if limit is not None else 2**62).offset(offset)
    streamed = {"yield_per": STREAMED} if limit is None else {}
    yield from _shown(session, pop.columns, conn.execute(query, execution_options=streamed))


def _shown(session: Session, ids: Sequence[str], found_rows: Iterable[Sequence[Any]]) -> Iterator[ReportRow]:
    """Rows as people read them: local instants, days as days."""
    zones: dict[int | None, ZoneInfo] = {}
    instants = [n for n, i in enumerate(ids) if COLUMNS[i].type == "instant"]
    dates = [n for n, i in enumerate(ids) if COLUMNS[i].type == "day"]
    for found in found_rows:
        stage, row_id, customer_id, vehicle_id, branch_id, dms_id = found[:6]
        values = list(found[6:])
        zone = zones.get(branch_id) or zones.setdefault(branch_id, ZoneInfo(session.zone_of(branch_id)))
        for n in instants:
            values[n] = values[n].astimezone(zone) if values[n] is not None else None
        for n in dates:
            values[n] = date.fromordinal(values[n]) if isinstance(values[n], int) else values[n]
        yield ReportRow(f"{stage}:{row_id}", row_id, customer_id, vehicle_id, dms_id, tuple(values))


def count(conn: Connection, session: Session, ask: Ask, view: View | None = None) -> int:
    """How many rows a view has: ``len(rows(...))`` by construction."""
    opened = _open(conn, session, ask, view or View())
    return int(conn.execute(select(func.count()).select_from(opened.pop.cte).where(opened.where)).scalar_one())


def groups(conn: Connection, session: Session, ask: Ask, column: str, view: View | None = None) -> tuple[Part, ...]:
    """The values of a column within a view with their counts: pie, groups, and the choices of *filtrar por valor*."""
    opened = _open(conn, session, ask, view or View(), more=(column,))
    expr = opened.pop.column(column)
    query = select(expr, func.count()).select_from(opened.pop.cte).where(opened.where).group_by(expr)
    found = [(value, int(n)) for value, n in conn.execute(query)]
    return shares(sorted(found, key=lambda f: (-f[1], f[0] is None, str(f[0]))))


def _source(ask: Ask, selection: Selection) -> str:
    return next((k.source for k in KPIS[ask.report] if k.code == selection.kpi), "")


def _open(
    conn: Connection,
    session: Session,
    ask: Ask,
    view: View,
    *,
    more: Sequence[str] = (),
    every: bool = False,
    keys: Sequence[str] = (),
    ctx: Ctx | None = None,
) -> _Opened:
    check(ask)
    ctx = ctx or Ctx.of(conn, session, ask.low, ask.high)
    chosen = view.selection
    source = _source(ask, chosen)
    ids = columns_of(ctx, source or ask.report)
    by = column_named(chosen.by, ids, ask.report).id if chosen.by else ""
    kept = {column_named(name, ids, ask.report, categorical=False).id: values for name, values in view.kept.items()}
    rule = rule_of(ask.report, chosen.kpi) if chosen.kpi else None
    needed = {*more, *kept, *([by] if by else ())}
    facts = sorted(names_in(rule)) if rule else []
    pop = table(ctx, ask, source, facts=facts, columns=ids if every else sorted(needed), keys=KEYS if every else keys)
    where: list[ColumnElement[bool]] = [true()]
    if rule is not None:
        kind = next(k.kind for k in KPIS[ask.report] if k.code == chosen.kpi)
        where.append(holds(pop, side(rule, chosen.side, kind)))
        if rule.parts and chosen.part != "":
            where.append(_is(pop, rule.parts, [chosen.part]))
    if by:
        where.append(_is(pop, by, [chosen.value]))
    if chosen.period:
        where.append(pop.day.between(*_period(chosen.period)))
    where += [_is(pop, name, values) for name, values in kept.items()]
    return _Opened(ctx, pop, and_(*where))


def _is(pop: Pop, name: str, values: Sequence[str | int | None]) -> ColumnElement[bool]:
    column = pop.column(name)
    known = [_typed(name, v) for v in values if v is not None]
    made: list[ColumnElement[bool]] = [column.in_(known)] if known else []
    if None in values:
        made.append(column.is_(None))
    return or_(*made) if made else column.in_([])


def _typed(name: str, value: str | int) -> str | int:
    """A value as its column holds it: numbers may come as they are typed."""
    if COLUMNS[name].type != "int" or not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        raise UsageError(_("«{value}» no es un número.").format(value=value)) from None


def _period(text: str) -> tuple[int, int]:
    try:
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            return first.toordinal(), month_last(month_index(first)).toordinal()
        return date.fromisoformat(text).toordinal(), date.fromisoformat(text).toordinal()
    except ValueError:
        raise UsageError(_("No se entiende el período «{text}»; es un día o un mes.").format(text=text)) from None


def _order(opened: _Opened, ask: Ask, view: View) -> list[Any]:
    pop = opened.pop
    made: list[Any] = []
    usual = tuple((n.removeprefix("-"), n.startswith("-")) for n in pop.base.order)
    for name, descending in view.order or usual:
        found = column_named(name, pop.columns, ask.report, categorical=False)
        column = pop.column(found.id)
        key = func.lower(column) if found.type == "text" else column
        made += [column.is_(None), key.desc() if descending else key]
    return [*made, pop.key("stage"), pop.key("id")]
