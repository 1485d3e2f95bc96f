"""Which rows a queue holds, as SQL conditions: the one reading of PRODUCT §4 and of the windows of ``domain.queues``.

Counts, pages, leaks and reports are all made from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, or_, select, true

from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    appointment,
    campaign,
    campaign_unit,
    complaint,
    opportunity,
    repair_order,
    sale_delivery,
    setting,
)
from boxes_tui.domain.queues import (
    COURTESY_DAYS,
    LEAK_LIMITS,
    NO_SHOW_DAYS,
    OPPORTUNITY_DAYS,
    ORDER_AGES,
    WELCOME_DAYS,
    queue_named,
)
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean, row_number

Condition = ColumnElement[bool]

NOT_ORDERS = ("estimate", "voided")


@dataclass(frozen=True, slots=True)
class Part:
    """One table's share of a queue: most queues have one part, leaks have five.

    ``stage`` is the queue name in refs; ``order`` the columns of "late first, then the row's own time"; ``limit``
    caps the part (the ten latest arrivals).
    """

    stage: str
    table: Table
    where: Condition
    order: tuple[Any, ...]
    day: Any
    limit: int | None = None


def present(t: Table) -> Condition:
    """Rows that the DMS still names and that are more than a stub."""
    return and_(t.c.gone_at.is_(None), t.c.is_stub.is_(False))


def delivery_rows() -> Condition:
    """Sale deliveries that count: not annulled, or annulled (or gone) after a call and so kept with a mark."""
    t = sale_delivery
    alive = and_(t.c.gone_at.is_(None), func.coalesce(t.c.status, "delivered") != "annulled")
    return and_(t.c.is_stub.is_(False), or_(alive, t.c.last_call_id.is_not(None)))


def live_appointment() -> Condition:
    """Appointments that stand: not cancelled, not vanished."""
    t = appointment
    return and_(present(t), t.c.vanished_at.is_(None), func.coalesce(t.c.status, "scheduled") != "cancelled")


def true_order() -> Condition:
    """Repair orders that are work: estimates and voided ones are not."""
    t = repair_order
    return and_(present(t), func.coalesce(t.c.status, "open").not_in(NOT_ORDERS))


def undelivered() -> Condition:
    """Orders still in the workshop; those delivered before the first load (``history``) are not."""
    t = repair_order
    return and_(true_order(), t.c.handover_at.is_(None), func.coalesce(t.c.delivery_basis, "") != "history")


def go_live(conn: Connection, session: Session) -> int:
    """The go-live day as an ordinal (PRODUCT §4); today until the first sync has set it."""
    value = conn.execute(select(setting.c.value).where(setting.c.name == "go_live")).scalar()
    return int(value) if value else session.today.toordinal()


def parts(conn: Connection, session: Session, queue: str, flt: str) -> list[Part]:
    """The parts of a queue under a filter, scoped to the session. Raises ``UsageError`` for unknown names."""
    definition = queue_named(queue)
    if queue == "campaign_opportunities":
        return [_campaigns(conn, session, flt)]
    definition.filter_named(flt)
    made = _MAKERS[queue](session, flt) if queue != "leaks" else _leaks(conn, session, flt)
    return [made] if isinstance(made, Part) else made


def _deliveries(session: Session, flt: str) -> Part:
    t = sale_delivery
    where = [delivery_rows(), session.on_days(t.c.branch_id, t.c.delivered_day, -WELCOME_DAYS, 0)]
    done = t.c.welcome_call_id.is_not(None)
    if flt != "all":
        where.append(done if flt == "done" else ~done)
    late = _late_first(session, t, ~done, t.c.delivered_day, WELCOME_DAYS) if flt == "all" else ()
    return _part("deliveries", session, t, where, (*late, t.c.delivered_at), t.c.delivered_day)


def _late_first(session: Session, t: Table, pending: Condition, day: Any, window: int) -> tuple[Condition, ...]:
    """What is in its last day unworked, before everything else. Under *pending* the day alone gives that order."""
    return (~and_(pending, session.on_days(t.c.branch_id, day, None, -window)),)


def _opportunities(session: Session, flt: str) -> Part:
    t = opportunity
    low, high = {
        "all": (-OPPORTUNITY_DAYS, OPPORTUNITY_DAYS),
        "overdue": (-OPPORTUNITY_DAYS, -1),
        "current": (0, 0),
        "upcoming": (1, OPPORTUNITY_DAYS),
    }[flt]
    where = [t.c.state == "open", session.on_days(t.c.branch_id, t.c.due_day, low, high)]
    return _part("opportunities", session, t, where, _due(t), t.c.due_day)


def _campaigns(conn: Connection, session: Session, flt: str) -> Part:
    t = opportunity
    where = [t.c.state == "open", t.c.origin == "campaign"]
    if flt != "all":
        number = row_number(flt) or 0
        known = select(campaign.c.id).where(session.scope(campaign.c.branch_id))
        if conn.execute(known.where(campaign.c.id == number)).first() is None:
            running = known.where(campaign.c.undone_at.is_(None), campaign.c.closed_at.is_(None)).order_by(
                campaign.c.id
            )
            names = ", ".join(["all", *(str(i) for i in conn.execute(running).scalars())])
            raise UsageError(
                _("No hay un filtro «{code}» en {queue}; los que hay: {names}").format(
                    code=clean(flt, 40), queue="campaign_opportunities", names=names
                )
            )
        where.append(exists().where(campaign_unit.c.opportunity_id == t.c.id, campaign_unit.c.campaign_id == number))
    return _part("opportunities", session, t, where, _due(t), t.c.due_day)


def _due(t: Table) -> tuple[Any, ...]:
    return (t.c.due_day, func.coalesce(t.c.due_minute, 1440))


def _appointments(session: Session, flt: str) -> Part:
    t = appointment
    if flt == "latest_arrivals":
        return _latest_arrivals(session)
    where = [live_appointment(), t.c.arrived_at.is_(None)]
    if flt == "to_confirm":
        where += [session.on_days(t.c.branch_id, t.c.start_day, 0, None), t.c.confirmed_at.is_(None)]
    elif flt == "confirmed":
        where += [session.on_days(t.c.branch_id, t.c.start_day, 0, None), t.c.confirmed_at.is_not(None)]
    elif flt == "not_arrived":
        where.append(session.on_days(t.c.branch_id, t.c.start_day, 0, 0))
    else:
        where.append(session.on_days(t.c.branch_id, t.c.start_day, -NO_SHOW_DAYS, -1))
        return _part("appointments", session, t, where, (t.c.starts_at,), t.c.start_day)
    only_day = func.coalesce(t.c.starts_at_precision, "time") == "day"  # its midnight is no hour to be late by
    return _part(
        "appointments", session, t, where, (~(t.c.starts_at < session.now) | only_day, t.c.starts_at), t.c.start_day
    )


def _latest_arrivals(session: Session) -> Part:
    from boxes_tui.domain.queues import LATEST_ARRIVALS

    t = repair_order
    where = [true_order(), session.on_days(t.c.branch_id, t.c.opened_day, 0, 0)]
    return _part("in_process", session, t, where, (t.c.opened_at.desc(),), t.c.opened_day, LATEST_ARRIVALS)


def _in_process(session: Session, flt: str) -> Part:
    t = repair_order
    where = [undelivered()]
    if flt != "all":
        where.append(session.on_days(t.c.branch_id, t.c.opened_day, *ORDER_AGES[flt]))
    late = func.coalesce(t.c.promised_at, _FAR) >= session.now  # false sorts first: promised and past
    return _part("in_process", session, t, where, (late, t.c.opened_at), t.c.opened_day)


_FAR = 4102444800  # 2100-01-01: an order without a promise is never late


def _completed(session: Session, flt: str) -> Part:
    t = repair_order
    where = [true_order(), session.on_days(t.c.branch_id, t.c.handover_day, -COURTESY_DAYS, 0)]
    done = t.c.courtesy_call_id.is_not(None)
    if flt != "all":
        where.append(done if flt == "done" else ~done)
    late = _late_first(session, t, ~done, t.c.handover_day, COURTESY_DAYS) if flt == "all" else ()
    return _part("completed", session, t, where, (*late, t.c.handover_at), t.c.handover_day)


_MAKERS: dict[str, Any] = {
    "deliveries": _deliveries,
    "opportunities": _opportunities,
    "appointments": _appointments,
    "in_process": _in_process,
    "completed": _completed,
}


def _leaks(conn: Connection, session: Session, flt: str) -> list[Part]:
    live = go_live(conn, session)
    made: dict[str, Callable[[], Part]] = {
        "deliveries": lambda: leaked_deliveries(session, live, LEAK_LIMITS["deliveries"]),
        "opportunities": lambda: leaked_opportunities(session, live),
        "no_shows": lambda: leaked_no_shows(session, live, LEAK_LIMITS["no_shows"]),
        "completed": lambda: leaked_services(session, live, LEAK_LIMITS["completed"]),
        "complaints": lambda: late_complaints(session),
    }
    return [make() for code, make in made.items() if flt in ("all", code)]


def leaked_deliveries(session: Session, live: int, limit: int | None) -> Part:
    """Deliveries past their 30 days with no welcome call that closes; ``limit`` days back at most (None = all)."""
    t = sale_delivery
    where = [
        present(t),
        func.coalesce(t.c.status, "delivered") != "annulled",
        t.c.welcome_call_id.is_(None),
        session.on_days(t.c.branch_id, t.c.delivered_day, _back(limit), -WELCOME_DAYS - 1),
        t.c.delivered_day + WELCOME_DAYS >= live,
    ]
    return _part("deliveries", session, t, where, (t.c.delivered_day + WELCOME_DAYS + 1,), t.c.delivered_day)


def leaked_opportunities(session: Session, live: int) -> Part:
    """Open opportunities overdue by more than 15 days."""
    t = opportunity
    where = [
        t.c.state == "open",
        session.on_days(t.c.branch_id, t.c.due_day, None, -OPPORTUNITY_DAYS - 1),
        t.c.due_day + OPPORTUNITY_DAYS >= live,
    ]
    return _part("opportunities", session, t, where, (t.c.due_day + OPPORTUNITY_DAYS + 1,), t.c.due_day)


def leaked_no_shows(session: Session, live: int, limit: int | None) -> Part:
    """No-shows past their 7 days, neither rebooked nor reached by a call that closes."""
    t = appointment
    where = [
        live_appointment(),
        t.c.arrived_at.is_(None),
        t.c.rebooked_id.is_(None),
        t.c.follow_call_id.is_(None),
        session.on_days(t.c.branch_id, t.c.start_day, _back(limit), -NO_SHOW_DAYS - 1),
        t.c.start_day + NO_SHOW_DAYS >= live,
    ]
    return _part("appointments", session, t, where, (t.c.start_day + NO_SHOW_DAYS + 1,), t.c.start_day)


def leaked_services(session: Session, live: int, limit: int | None) -> Part:
    """Services past their 15 days with no courtesy call that closes."""
    t = repair_order
    where = [
        true_order(),
        t.c.courtesy_call_id.is_(None),
        session.on_days(t.c.branch_id, t.c.handover_day, _back(limit), -COURTESY_DAYS - 1),
        t.c.handover_day + COURTESY_DAYS >= live,
    ]
    return _part("completed", session, t, where, (t.c.handover_day + COURTESY_DAYS + 1,), t.c.handover_day)


def late_complaints(session: Session) -> Part:
    """Complaints past their 24 hours and not closed."""
    t = complaint
    where = [t.c.closed_at.is_(None), t.c.annulled_at.is_(None), t.c.due_at < session.now]
    return _part("complaints", session, t, where, (t.c.opened_day + 1,), t.c.opened_day)


def _back(limit: int | None) -> int | None:
    return None if limit is None else -limit


def _part(
    stage: str, session: Session, t: Table, where: list[Condition], order: tuple[Any, ...], day: Any,
    limit: int | None = None,
) -> Part:  # fmt: skip
    return Part(stage, t, and_(true(), session.scope(t.c.branch_id), *where), (*order, t.c.id), day, limit)


def narrowed(part: Part, day: date | None, low: date | None = None) -> Part:
    """The part kept to one day of its own (``--day``)."""
    if day is None and low is None:
        return part
    where = and_(part.where, part.day == day)
    return Part(part.stage, part.table, where, part.order, part.day, part.limit)
