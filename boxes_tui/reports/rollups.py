"""Counts by month and branch, kept for the long reports (QUALITY §1).

Commands and the sync only append the months that they touched to ``dirty_month``. Whoever reads rebuilds those months from
the facts first, then deletes the marks that he saw. The current month and cut months are always counted from the facts, and
so is everything once a business day, so that a mark that nobody made cannot stand longer than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, and_, delete, exists, func, insert, or_, select

from boxes_tui.data.engine import reading, set_scope, writing
from boxes_tui.data.session import Session
from boxes_tui.data.tables import dirty_month, rollup
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.reports.base import Ctx
from boxes_tui.reports.months import month_first, month_index, month_last
from boxes_tui.reports.population import Ask, check, table

ROLLED: Final = (
    "deliveries", "opportunities", "appointments", "in_process", "completed", "campaigns", "agents", "reconciliation",
)  # fmt: skip
"""Reports whose months add up; leaks depend on today and retention on its span."""

CODE: Final = "total"
BUILT: Final = "built"
"""Code of the row that says on which day (``num``) everything was counted last."""

Counts = dict[tuple[int, int], int]
"""(month index, branch id or 0) → rows."""


@dataclass(frozen=True, slots=True)
class MonthCount:
    """Rows of a month in a branch (None = no branch)."""

    month: date
    branch_id: int | None
    n: int


def monthly(engine: Engine, session: Session, report: str, low: date, high: date) -> list[MonthCount]:
    """Rows by month and branch of the session between two inclusive days, unfiltered, in order."""
    check(Ask(report, low, high))
    if report not in ROLLED:
        raise UsageError(
            _("«{name}» no se cuenta por mes; los que sí: {names}").format(name=report, names=", ".join(ROLLED))
        )
    with reading(engine) as conn:
        if not _stale(conn, report, session.today.toordinal()):
            set_scope(conn, session.branch_ids)
            return _read(conn, session, report, low, high)
    refresh(engine, session, report)
    with reading(engine) as conn:
        set_scope(conn, session.branch_ids)
        return _read(conn, session, report, low, high)


def refresh(engine: Engine, session: Session, report: str) -> int:
    """Rebuild what is marked, or everything where it was not counted today; returns the months rebuilt."""
    today = session.today.toordinal()
    with reading(engine) as conn:
        if not _stale(conn, report, today):
            return 0
    with writing(engine) as conn:
        set_scope(conn, None)
        marks = conn.execute(
            select(dirty_month.c.id, dirty_month.c.month).where(dirty_month.c.report == report)
        ).all()  # fmt: skip
        whole = _built(conn, report) != today
        months = None if whole else {int(m) for _id, m in marks}
        _rebuild(conn, session, report, months)
        if whole:
            _mark_built(conn, report, today)
        if marks:
            last = max(int(i) for i, _month in marks)
            conn.execute(delete(dirty_month).where(dirty_month.c.report == report, dirty_month.c.id <= last))
        set_scope(conn, session.branch_ids)
    return len({int(m) for _id, m in marks})


def count_facts(conn: Connection, session: Session, report: str, low: date, high: date) -> Counts:
    """The same numbers straight from the rows that the connection may see."""
    query = _statement(conn, session, report)
    made: Counts = {}
    for day, branch_id, n in conn.execute(query, {"low": low.toordinal(), "high": high.toordinal()}):
        key = (month_index(date.fromordinal(day)), int(branch_id or 0))
        made[key] = made.get(key, 0) + int(n)
    return made


def _statement(conn: Connection, session: Session, report: str) -> Select[Any]:
    """Rows by day and branch for bound days. Written once for a report and a scope: nothing else of the session, and no
    clock, is in it."""
    key = (report, session.branch_ids)
    if key not in _WRITTEN:
        today = session.today
        pop = table(Ctx.of(conn, session, today, today), Ask(report, today, today), keys=("branch_id",))
        branch = pop.key("branch_id")
        _WRITTEN[key] = select(pop.day, branch, func.count()).select_from(pop.cte).group_by(pop.day, branch)
    return _WRITTEN[key]


_WRITTEN: dict[tuple[str, tuple[int, ...] | None], Select[Any]] = {}


def differences(conn: Connection, session: Session, report: str) -> list[tuple[int, int]]:
    """Months and branches where the kept counts are not those of the facts (marked months aside)."""
    c = rollup.c
    kept: Counts = {
        (int(m), int(b)): int(n)
        for m, b, n in conn.execute(select(c.month, c.branch_id, c.num).where(c.report == report, c.code == CODE))
    }
    marked = set(conn.execute(select(dirty_month.c.month).where(dirty_month.c.report == report)).scalars())
    true = count_facts(conn, session, report, date(1990, 1, 1), date(2199, 12, 31))
    return sorted(k for k in kept.keys() | true.keys() if kept.get(k, 0) != true.get(k, 0) and k[0] not in marked)


def _stale(conn: Connection, report: str, today: int) -> bool:
    marked = select(exists().where(dirty_month.c.report == report)).scalar_subquery()
    built = select(rollup.c.num).where(rollup.c.report == report, rollup.c.code == BUILT).scalar_subquery()
    found = conn.execute(select(marked, built)).one()
    return bool(found[0]) or found[1] != today


def _built(conn: Connection, report: str) -> int | None:
    c = rollup.c
    return conn.execute(select(c.num).where(c.report == report, c.code == BUILT)).scalar()


def _mark_built(conn: Connection, report: str, today: int) -> None:
    c = rollup.c
    conn.execute(delete(rollup).where(c.report == report, c.code == BUILT))
    conn.execute(insert(rollup).values(report=report, month=0, branch_id=0, code=BUILT, num=today))


def _rebuild(conn: Connection, session: Session, report: str, months: set[int] | None) -> None:
    """Count those months again (None = all) and put the counts in place of the old ones."""
    c = rollup.c
    old = and_(c.report == report, c.code == CODE)
    every = session if session.sees_all else _whole(session)
    made: Counts = {}
    if months is None:
        conn.execute(delete(rollup).where(old))
        made = count_facts(conn, every, report, date(1990, 1, 1), date(2199, 12, 31))
    else:
        conn.execute(delete(rollup).where(old, c.month.in_(months)))
        for first, last in _stretches(months):
            made |= count_facts(conn, every, report, month_first(first), month_last(last))
    if made:
        rows = [{"report": report, "month": m, "branch_id": b, "code": CODE, "num": n} for (m, b), n in made.items()]
        conn.execute(insert(rollup), rows)


def _whole(session: Session) -> Session:
    """The session with the scope of the whole dealer: roll-ups are everybody's, readers see their branches of them."""
    from dataclasses import replace

    return replace(session, sees_all=True)


def _stretches(months: Iterable[int]) -> list[tuple[int, int]]:
    """Months in a row as one stretch each."""
    made: list[tuple[int, int]] = []
    for month in sorted(months):
        if made and month == made[-1][1] + 1:
            made[-1] = (made[-1][0], month)
        else:
            made.append((month, month))
    return made


def _read(conn: Connection, session: Session, report: str, low: date, high: date) -> list[MonthCount]:
    first, last, now = month_index(low), month_index(high), month_index(session.today)
    cut = {now} | ({first} if low.day > 1 else set()) | ({last} if high != month_last(last) else set())
    c = rollup.c
    ids = session.branch_ids
    mine = [] if ids is None else [or_(c.branch_id.in_(ids), c.branch_id == 0)]
    query = select(c.month, c.branch_id, c.num).where(
        c.report == report, c.code == CODE, c.month.between(first, last), c.month.not_in(cut), *mine
    )
    made: Counts = {(int(m), int(b)): int(n) for m, b, n in conn.execute(query)}
    for month in cut:
        start, end = max(low, month_first(month)), min(high, month_last(month))
        if start <= end:
            made |= count_facts(conn, session, report, start, end)
    return [MonthCount(month_first(m), b or None, n) for (m, b), n in sorted(made.items())]
