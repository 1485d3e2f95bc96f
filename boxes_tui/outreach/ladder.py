"""Who still has to be told or asked: reminders due, and the ladder of no-shows (D0, D1, D3, D7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, or_, select, true

from boxes_tui.data.reads.conditions import live_appointment
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.reads.people import best_phones
from boxes_tui.data.reads.reach import mail_errors, replies
from boxes_tui.data.session import Session
from boxes_tui.data.tables import appointment, call, contact_log, customer, outbox, vehicle
from boxes_tui.outreach.links import wa_digits
from boxes_tui.outreach.mail import one_recipient

STEPS: Final = (0, 1, 3, 7)
"""Days after a missed appointment on which somebody asks again."""


@dataclass(frozen=True, slots=True)
class Due:
    """An appointment whose customer has not been reminded of its present time. ``why`` is ``none``, ``old_date``,
    ``failed``, or ``cancelled`` where the cancellation is what he was not told; ``error`` the reason of a failure."""

    id: int
    ref: str
    branch_id: int | None
    starts_at: datetime
    customer_id: int | None
    customer: str | None
    plate: str | None
    by_mail: bool
    by_whatsapp: bool
    why: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """An appointment of whose present time the customer was told, by ``channel`` (``email``, ``whatsapp``) at ``at``."""

    id: int
    ref: str
    branch_id: int | None
    starts_at: datetime
    customer_id: int | None
    customer: str | None
    plate: str | None
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Missed:
    """A no-show on its ladder. ``step`` is the highest step reached; ``due`` whether nobody has asked since then."""

    id: int
    ref: str
    branch_id: int | None
    starts_at: datetime
    customer_id: int | None
    customer: str | None
    plate: str | None
    step: int
    due: bool
    last_at: datetime | None


def due_days(conn: Connection, session: Session, branch_id: int | None) -> tuple[date, date]:
    """Tomorrow … the next working day of a branch: on a Friday, Saturday to Monday."""
    tomorrow = session.today_of(branch_id) + timedelta(1)
    return tomorrow, calendar(conn, branch_id, tomorrow).next_working(tomorrow)


def reminders_due(conn: Connection, session: Session, day: date | None = None) -> list[Due]:
    """Appointments of ``day`` (default: tomorrow up to the next working day) without a reminder of their present time,
    by mail or by WhatsApp, earliest first. Cancelled, vanished and arrived ones are out, and so are erased persons and
    those who have answered already."""
    a = appointment.c
    days = [
        (b.id, (day, day) if day else due_days(conn, session, b.id)) for b in session.branches
    ]  # fmt: skip
    if not days:
        return []
    when = or_(*((a.branch_id == b) & a.start_day.between(low, high) for b, (low, high) in days))
    rows = _rows(conn, session, when & or_(a.reminder_state.is_(None), a.reminder_state.in_(("old_date", "failed"))))
    texts = _last(conn, [r["id"] for r in rows], ("whatsapp",))
    told = {r["id"] for r in rows if r["id"] in texts and (r["moved_at"] is None or texts[r["id"]] > r["moved_at"])}
    answered = replies(conn, rows)
    rows = [r for r in rows if r["id"] not in told and r["id"] not in answered]
    errors = mail_errors(conn, [r["id"] for r in rows])
    phones = best_phones(conn, {r["customer_id"] for r in rows if r["customer_id"] is not None})
    return [_due(session, r, phones, errors) for r in rows]


def unanswered(conn: Connection, session: Session) -> list[Told]:
    """Appointments to come whose customer was reminded of their present time and has neither answered nor confirmed,
    earliest first."""
    a = appointment.c
    to_come = session.on_days(a.branch_id, a.start_day, 0, None) & (a.starts_at > session.now)
    rows = _rows(conn, session, to_come & a.confirmed_at.is_(None))
    texts = _last(conn, [r["id"] for r in rows], ("whatsapp",))
    answered = replies(conn, rows)
    made = []
    for r in rows:
        text = texts.get(r["id"])
        if text is not None and r["moved_at"] is not None and text <= r["moved_at"]:
            text = None
        mail = r["reminder_at"] if r["reminder_state"] == "sent" else None
        at = max((x for x in (text, mail) if x is not None), default=None)
        if at is not None and r["id"] not in answered:
            made.append(Told(**_common(session, r), channel="whatsapp" if at == text else "email", at=at))
    return made


def not_sent(conn: Connection, session: Session) -> list[Due]:
    """Appointments to come whose last mail did not leave, with the reason, earliest first."""
    a = appointment.c
    rows = _rows(conn, session, (a.reminder_state == "failed") & (a.starts_at > session.now))
    errors = mail_errors(conn, [r["id"] for r in rows])
    phones = best_phones(conn, {r["customer_id"] for r in rows if r["customer_id"] is not None})
    return [_due(session, r, phones, errors) for r in rows]


def to_cancel(session: Session) -> ColumnElement[bool]:
    """Appointments to come that the DMS cancelled after their invite left (or may have left), whose customer has not been
    told; one that was given again under another key is no cancellation for the customer."""
    a, o, other = appointment.c, outbox.c, appointment.alias("given_again")
    left = exists().where(
        o.appointment_id == a.id, o.kind != "cancel", or_(o.state == "sent", (o.state == "unknown") & (o.unknowns > 0))
    )
    told = exists().where(o.appointment_id == a.id, o.kind == "cancel", o.state != "cancelled")
    again = exists().where(
        other.c.previous_id == a.id, other.c.vanished_at.is_(None),
        func.coalesce(other.c.status, "scheduled") != "cancelled",
    )  # fmt: skip
    gone = or_(a.status == "cancelled", a.vanished_at.is_not(None))
    return and_(gone, a.starts_at > session.now, left, ~told, ~again)


def cancelled(conn: Connection, session: Session) -> list[Due]:
    """Cancelled appointments whose customer still has the invite, earliest first."""
    rows = _rows(conn, session, to_cancel(session), live=False)
    phones = best_phones(conn, {r["customer_id"] for r in rows if r["customer_id"] is not None})
    return [replace(_due(session, r, phones, {}), why="cancelled") for r in rows]


def no_show_ladder(conn: Connection, session: Session) -> list[Missed]:
    """No-shows of today and the last seven days that are neither rebooked nor closed by a call, due steps first."""
    a = appointment.c
    missed = session.on_days(a.branch_id, a.start_day, -STEPS[-1], 0)
    open_ = a.rebooked_id.is_(None) & a.follow_call_id.is_(None) & (a.starts_at < session.now)
    rows = _rows(conn, session, missed & open_)
    asked = _last(conn, [r["id"] for r in rows], ("whatsapp", "tel", "email_reply"), calls=True)
    made = []
    for r in rows:
        gone = (session.today_of(r["branch_id"]) - r["start_day"]).days
        if gone == 0 and r["starts_at_precision"] == "day":
            continue
        step = max(s for s in STEPS if s <= gone)
        zone = ZoneInfo(session.zone_of(r["branch_id"]))
        last = asked.get(r["id"])
        since = r["start_day"] + timedelta(step)
        on_time = last is not None and last > r["starts_at"] and last.astimezone(zone).date() >= since
        made.append(Missed(**_common(session, r), step=step, due=not on_time, last_at=last))
    return sorted(made, key=lambda m: (not m.due, -m.step, m.starts_at, m.id))


def _rows(conn: Connection, session: Session, where: Any, *, live: bool = True) -> list[RowMapping]:
    a, c, v = appointment.c, customer.c, vehicle.c
    query = (
        select(
            a.id, a.branch_id, a.starts_at, a.starts_at_precision, a.start_day, a.customer_id, a.contact_name,
            a.contact_e164, a.contact_kind, a.reminder_state, a.reminder_at, a.moved_at, c.display_name, c.email,
            func.coalesce(v.plate, a.plate).label("unit"),
        )
        .select_from(appointment.outerjoin(customer, c.id == a.customer_id).outerjoin(vehicle, v.id == a.vehicle_id))
        .where(live_appointment() if live else true(), a.arrived_at.is_(None), a.starts_at.is_not(None), c.erased_at.is_(None), where)
        .where(session.scope(a.branch_id))
        .order_by(a.starts_at, a.id)
    )  # fmt: skip
    return list(conn.execute(query).mappings())


def _due(
    session: Session, r: RowMapping, phones: Mapping[int, tuple[str, str]], errors: Mapping[int, str]
) -> Due:  # fmt: skip
    return Due(
        **_common(session, r), by_mail=one_recipient(r["email"] or "") is not None, by_whatsapp=_texts(r, phones),
        why=r["reminder_state"] or "none", error=errors.get(r["id"]),
    )  # fmt: skip


def _common(session: Session, r: RowMapping) -> dict[str, Any]:
    return {
        "id": int(r["id"]), "ref": f"appointments:{r['id']}", "branch_id": r["branch_id"],
        "starts_at": r["starts_at"].astimezone(ZoneInfo(session.zone_of(r["branch_id"]))),
        "customer_id": r["customer_id"], "customer": r["contact_name"] or r["display_name"], "plate": r["unit"],
    }  # fmt: skip


def _texts(r: RowMapping, phones: Mapping[int, tuple[str, str]]) -> bool:
    number, kind = (
        (r["contact_e164"], r["contact_kind"]) if r["contact_e164"] else phones.get(r["customer_id"], ("", ""))
    )
    return bool(number) and wa_digits(number, kind) is not None


def _last(conn: Connection, ids: list[int], channels: tuple[str, ...], *, calls: bool = False) -> dict[int, datetime]:
    """The last contact about each appointment."""
    found: dict[int, datetime] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        for t in (contact_log, call) if calls else (contact_log,):
            query = select(t.c.subject_id, func.max(t.c.at)).where(
                t.c.subject == "appointment", t.c.subject_id.in_(part), t.c.annulled_at.is_(None)
            )
            if t is contact_log:
                query = query.where(t.c.channel.in_(channels))
            for row_id, at in conn.execute(query.group_by(t.c.subject_id)):
                found[int(row_id)] = max(at, found.get(int(row_id), at))
    return found
