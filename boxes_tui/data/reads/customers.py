"""*Ver cliente*: one customer with phones, vehicles and services, calls and notes, opportunities and appointments.

Services of every branch are shown; notes and calls of a branch that the reader may not see keep only their day and
*gestionado en …* (PRODUCT §4).  An old owner's page ends where the new owner's time begins (DMS.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from boxes_tui.data.engine import set_scope
from boxes_tui.data.reads.card_phones import CardPhone, card_phones
from boxes_tui.data.reads.details import local
from boxes_tui.data.reads.people import own_blocks
from boxes_tui.data.reads.reach import contacts_of
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    app_user,
    appointment,
    branch,
    call,
    customer,
    incident,
    note,
    opportunity,
    repair_order,
    repair_order_line,
    sale_delivery,
    vehicle,
    vehicle_owner,
)
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


@dataclass(frozen=True, slots=True)
class Service:
    """One repair order as the card shows it."""

    id: int
    order: str | None
    branch_id: int | None
    branch: str | None
    opened: date | None
    delivered: date | None
    km: int | None
    result: str | None
    status: str | None
    about: str | None
    total_cents: int | None
    lines: tuple[str, ...]
    incidents: tuple[tuple[str, str], ...]  # kind, text


@dataclass(frozen=True, slots=True)
class Unit:
    """A vehicle of the customer with its services, newest first. ``since``/``until`` bound the ownership."""

    id: int
    vin: str | None
    plate: str | None
    model: str | None
    model_year: int | None
    km: int | None
    predicted_due: date | None
    km_per_day: float | None
    since: date | None
    until: date | None
    other_owner_before: bool
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A call, note or contact of the card; of another branch only day and branch are told. ``kind`` is ``call``,
    ``note``, ``comment``, ``email``, ``whatsapp``, ``tel`` (dialled) or ``email_reply``; of the last four ``note`` is
    the kind of mail, the last four digits, or the answer."""

    id: int
    act: int | None
    at: datetime
    agent: str | None
    kind: str
    type: str | None
    code: str | None
    note: str | None
    score: int | None
    branch: str | None
    hidden: bool
    callback_at: datetime | None = None


@dataclass(frozen=True)
class Card:
    """Everything of *Ver cliente*. Row mappings are plain dicts of column values."""

    customer: dict[str, Any]
    phones: tuple[CardPhone, ...]
    vehicles: tuple[Unit, ...]
    lines: tuple[Line, ...]
    opportunities: tuple[dict[str, Any], ...]
    appointments: tuple[dict[str, Any], ...]
    blocked: str | None
    detractor: int | None
    promised: tuple[Line, ...] = field(default=())

    @property
    def last_service(self) -> tuple[Unit, Service] | None:
        """The most recent service of any vehicle."""
        all_ = [(unit, s) for unit in self.vehicles for s in unit.services if s.opened]
        return max(all_, key=lambda pair: (pair[1].opened or date.min, pair[1].id), default=None)


def card(conn: Connection, session: Session, customer_id: int) -> Card:
    """The card of a customer (of the survivor, when merged); :class:`Refused` for an unknown id."""
    set_scope(conn, None)  # services of every branch; what may not be seen is masked below
    row = conn.execute(select(customer).where(customer.c.id == customer_id)).mappings().first()
    while row is not None and row["merged_into_id"]:
        customer_id = row["merged_into_id"]
        row = conn.execute(select(customer).where(customer.c.id == customer_id)).mappings().first()
    if row is None:
        raise Refused(_("No existe ese cliente."))
    names: dict[int, str] = dict(conn.execute(select(branch.c.id, branch.c.name)).all())
    lines = _lines(conn, session, customer_id, names)
    scores = [x.score for x in lines if x.score is not None and not x.hidden]
    now = session.now
    return Card(
        customer=dict(row),
        phones=card_phones(conn, customer_id),
        vehicles=_vehicles(conn, session, customer_id, names),
        lines=lines,
        opportunities=tuple(_opportunities(conn, session, customer_id)),
        appointments=tuple(_appointments(conn, session, customer_id)),
        blocked=own_blocks(conn, [customer_id]).get(customer_id),
        detractor=scores[0] if scores and scores[0] <= 6 else None,
        promised=tuple(x for x in lines if x.callback_at is not None and x.callback_at >= now),
    )


def _vehicles(conn: Connection, session: Session, customer_id: int, names: dict[int, str]) -> tuple[Unit, ...]:
    owned = {
        v: (since, until)
        for v, since, until in conn.execute(
            select(vehicle_owner.c.vehicle_id, vehicle_owner.c.since, vehicle_owner.c.until)
            .where(vehicle_owner.c.customer_id == customer_id)
            .order_by(vehicle_owner.c.id)
        )
    }
    ids = set(owned)
    ids |= set(
        conn.execute(
            select(vehicle.c.id).where(or_(vehicle.c.owner_id == customer_id, vehicle.c.driver_id == customer_id))
        ).scalars()
    )
    for t in (repair_order, appointment, sale_delivery):
        ids |= set(
            conn.execute(
                select(t.c.vehicle_id).where(t.c.customer_id == customer_id, t.c.vehicle_id.is_not(None)).distinct()
            ).scalars()
        )
    rows = conn.execute(
        select(vehicle).where(vehicle.c.id.in_(ids), vehicle.c.merged_into_id.is_(None)).order_by(vehicle.c.id)
    ).mappings()
    units = []
    for v in rows:
        since, until = owned.get(v["id"], (None, None))
        mine = v["owner_id"] in (None, customer_id) or v["driver_id"] == customer_id or v["id"] in owned
        units.append(
            Unit(
                v["id"], v["vin"] or v["chassis"], v["plate"],
                " ".join(x for x in (v["model"], v["version"]) if x) or None, v["model_year"], v["last_km"],
                v["predicted_due"] if until is None else None,
                v["km_per_day_milli"] / 1000 if v["km_per_day_milli"] else None, since, until,
                _had_owner_before(conn, v["id"], customer_id, since),
                _services(conn, v["id"], customer_id if not mine else None, until, names),
            )
        )  # fmt: skip
    units.sort(key=lambda u: u.services[0].opened if u.services and u.services[0].opened else date.min, reverse=True)
    return tuple(units)


def _had_owner_before(conn: Connection, vehicle_id: int, customer_id: int, since: date | None) -> bool:
    c = vehicle_owner.c
    return since is not None and bool(
        conn.execute(
            select(c.id).where(c.vehicle_id == vehicle_id, c.customer_id != customer_id, c.until <= since).limit(1)
        ).scalar()
    )


def _services(
    conn: Connection, vehicle_id: int, only_customer: int | None, until: date | None, names: dict[int, str]
) -> tuple[Service, ...]:
    c = repair_order.c
    where = [
        c.vehicle_id == vehicle_id,
        c.gone_at.is_(None),
        c.is_stub.is_(False),
        func.coalesce(c.status, "open") != "voided",
    ]
    if only_customer is not None:
        where.append(c.customer_id == only_customer)
    if until is not None:
        where.append(c.opened_day <= until)
    orders = conn.execute(select(repair_order).where(*where).order_by(c.opened_at.desc(), c.id.desc())).mappings().all()
    ids = [o["id"] for o in orders]
    lines: dict[int, list[str]] = {}
    for order_id, words in conn.execute(
        select(
            repair_order_line.c.order_id,
            func.coalesce(repair_order_line.c.description, repair_order_line.c.code),
        )
        .where(repair_order_line.c.order_id.in_(ids), repair_order_line.c.gone_at.is_(None))
        .order_by(repair_order_line.c.order_id, repair_order_line.c.line_no, repair_order_line.c.id)
    ):
        lines.setdefault(order_id, []).append(words or "")
    incidents: dict[int, list[tuple[str, str]]] = {}
    for order_id, kind, words in conn.execute(
        select(incident.c.order_id, incident.c.kind, incident.c.text)
        .where(incident.c.order_id.in_(ids), incident.c.gone_at.is_(None))
        .order_by(incident.c.order_id, incident.c.seq, incident.c.id)
    ):
        incidents.setdefault(order_id, []).append((kind or "complaint", words or ""))
    return tuple(
        Service(
            o["id"], o["source_key"] or o["number"], o["branch_id"], names.get(o["branch_id"]), o["opened_day"],
            o["handover_day"], o["odometer_in"] or o["odometer_out"], o["result"], o["status"],
            (lines.get(o["id"]) or [o["notes"]])[0], int(o["total"] * 100) if o["total"] is not None else None,
            tuple(lines.get(o["id"], ())), tuple(incidents.get(o["id"], ())),
        )
        for o in orders
    )  # fmt: skip


def _lines(conn: Connection, session: Session, customer_id: int, names: dict[int, str]) -> tuple[Line, ...]:
    made = []
    c = call.c
    for r in conn.execute(
        select(call, app_user.c.name.label("agent"))
        .outerjoin(app_user, app_user.c.id == c.user_id)
        .where(c.customer_id == customer_id, c.annulled_at.is_(None))
    ).mappings():
        seen = session.may_see(r["branch_id"])
        made.append(
            Line(
                r["id"], r["act_id"], r["at"], r["agent"] if seen else None, "call", r["type"] if seen else None,
                r["code"] if seen else None, r["note"] if seen else None, r["score"] if seen else None,
                names.get(r["branch_id"]), not seen, r["callback_at"] if seen else None,
            )
        )  # fmt: skip
    n = note.c
    for r in conn.execute(
        select(note, app_user.c.name.label("agent"))
        .outerjoin(app_user, app_user.c.id == n.user_id)
        .where(n.customer_id == customer_id, n.annulled_at.is_(None))
    ).mappings():
        seen = session.may_see(r["branch_id"])
        made.append(
            Line(
                r["id"], None, r["at"], r["agent"] if seen else None, "comment" if r["kind"] else "note", None, None,
                r["text"] if seen else None, None, names.get(r["branch_id"]), not seen,
            )
        )  # fmt: skip
    for told in contacts_of(conn, customer_id):
        seen = session.may_see(told["branch_id"])
        made.append(
            Line(
                told["id"], told["act"], told["at"], told["agent"] if seen else None, told["kind"], None, None,
                told["words"] if seen else None, None, names.get(told["branch_id"]), not seen,
            )
        )  # fmt: skip
    made.sort(key=lambda x: (x.at, x.id), reverse=True)
    return tuple(made)


def _opportunities(conn: Connection, session: Session, customer_id: int) -> list[dict[str, Any]]:
    c = opportunity.c
    rows = conn.execute(
        select(opportunity).where(c.customer_id == customer_id).order_by(c.state != "open", c.due_day.desc())
    )
    return [dict(r) for r in rows.mappings() if session.may_see(r["branch_id"])]


def _appointments(conn: Connection, session: Session, customer_id: int) -> list[dict[str, Any]]:
    c = appointment.c
    rows = conn.execute(
        select(appointment)
        .where(and_(c.customer_id == customer_id, c.gone_at.is_(None), c.is_stub.is_(False)))
        .order_by(c.starts_at.desc())
    ).mappings()
    today, made = session.today, []
    for r in rows:
        if not session.may_see(r["branch_id"]):
            continue
        if r["vanished_at"] is not None:
            state = "vanished"
        elif r["status"] == "cancelled":
            state = "cancelled"
        elif r["arrived_at"] is not None:
            state = "arrived"
        elif r["start_day"] < today:
            state = "no_show"
        else:
            state = "confirmed" if r["confirmed_at"] is not None else "to_confirm"
        made.append({**r, "state": state, "local_start": local(session, r["starts_at"], r["branch_id"])})
    return made
