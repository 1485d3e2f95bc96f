"""Full rows of a page: what every list column, the detail lines and the JSON of ``boxes queue`` need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Select, func, select

from boxes_tui.data.engine import set_scope
from boxes_tui.data.reads.people import (
    Claim,
    best_phones,
    live_claims,
    open_opportunities,
    own_blocks,
    person_key,
)
from boxes_tui.data.reads.reach import told
from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    app_user,
    appointment,
    campaign,
    complaint,
    customer,
    opportunity,
    repair_order,
    repair_order_line,
    sale_delivery,
    vehicle,
)
from boxes_tui.domain.queues import COURTESY_DAYS, NO_SHOW_DAYS, OPPORTUNITY_DAYS, REF_SUBJECTS, WELCOME_DAYS


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of any queue. ``when`` is the row's own time (an aware instant, local to the branch, or a day where the
    DMS tells only the day); ``day`` its local day; ``leaves_on`` the last day inside its window."""

    id: int
    stage: str
    ref: str
    subject: str
    dms_id: str | None
    branch_id: int | None
    branch: str | None
    zone: str
    customer_id: int | None
    customer: str | None
    vehicle_id: int | None
    vin: str | None
    plate: str | None
    unit: str | None
    model_year: int | None
    km: int | None
    when: datetime | date | None
    day: date | None
    state: str
    late: bool
    leaves_on: date | None
    open_opportunity: date | None
    blocked: str | None
    claim: Claim | None
    person: str
    phone: str | None
    phone_kind: str | None
    attempts: int
    last_code: str | None
    last_at: datetime | None
    last_user: str | None
    next_at: datetime | None
    next_kind: str | None
    next_user_id: int | None
    unreachable: bool
    about: str | None = None
    due_minute: int | None = None
    assigned: str | None = None
    origin: str | None = None
    campaign: str | None = None
    campaign_id: int | None = None
    order: str | None = None
    advisor: str | None = None
    salesperson: str | None = None
    promised: datetime | None = None
    work: str | None = None
    total_cents: int | None = None
    mail: str | None = None
    email: str | None = None
    comment: str | None = None
    confirmed_by: str | None = None
    mark: str | None = None
    mail_at: datetime | None = None
    mail_error: str | None = None
    reply: str | None = None
    reply_at: datetime | None = None


def detail(conn: Connection, session: Session, queue: str, stage: str, ids: Sequence[int]) -> list[QueueRow]:
    """Rows of one stage by id, in no particular order."""
    if not ids:
        return []
    raw = conn.execute(_query(stage, ids)).mappings().all()
    customers = {r["customer_id"] for r in raw if r["customer_id"] is not None}
    vehicles = {r["vehicle_id"] for r in raw if r["vehicle_id"] is not None}
    by_customer, by_vehicle = _opportunities(conn, session, customers, vehicles)
    blocked = own_blocks(conn, customers)
    phones = best_phones(conn, customers)
    claims = live_claims(conn)
    work = _work(conn, [r["id"] for r in raw]) if stage in ("in_process", "completed") else {}
    reached = told(conn, raw) if stage == "appointments" else {}
    made = []
    for r in raw:
        key = person_key(r["person_id"], r["vehicle_id"], REF_SUBJECTS[stage], r["id"])
        due = by_customer.get(r["customer_id"]) if r["customer_id"] is not None else by_vehicle.get(r["vehicle_id"])
        phone, kind = phones.get(r["customer_id"], (None, None))
        if r.get("contact_e164") or r.get("contact_phone"):
            phone, kind = r["contact_e164"] or r["contact_phone"], r["contact_kind"]
        facts = _FACTS[stage](session, r)
        facts.setdefault("work", work.get(r["id"]))
        facts |= reached.get(r["id"], {})
        made.append(
            QueueRow(
                id=r["id"], stage=stage, ref=f"{stage}:{r['id']}", subject=REF_SUBJECTS[stage],
                dms_id=r.get("source_key"), branch_id=r["branch_id"], branch=_branch(session, r["branch_id"]),
                zone=session.zone_of(r["branch_id"]),
                customer_id=r["customer_id"], customer=facts.pop("name", None) or r["display_name"],
                vehicle_id=r["vehicle_id"], vin=r["v_vin"] or facts.pop("own_vin", None),
                plate=r["v_plate"] or facts.pop("own_plate", None),
                unit=_unit(r) or facts.pop("vehicle_text", None), model_year=r["model_year"], km=r["last_km"],
                open_opportunity=due, blocked=blocked.get(r["customer_id"]), claim=claims.get(key), person=key,
                phone=phone, phone_kind=kind, attempts=r["attempts"], last_code=r["last_code"],
                last_at=r["last_call_at"], last_user=r["last_user"], next_at=r["next_at"],
                next_kind=r["next_kind"], next_user_id=r["next_user_id"],
                unreachable=r["unreachable_at"] is not None, email=r["email"],
                **{k: v for k, v in facts.items() if k not in ("own_vin", "own_plate", "vehicle_text")},
            )
        )  # fmt: skip
    return made


def _opportunities(
    conn: Connection, session: Session, customers: set[int], vehicles: set[int]
) -> tuple[dict[int, date], dict[int, date]]:
    """The mark ◆ is the dealer's: one open opportunity per vehicle and origin holds across branches (PRODUCT §4, §6)."""
    if session.branch_ids is None:
        return open_opportunities(conn, customers, vehicles)
    set_scope(conn, None)
    try:
        return open_opportunities(conn, customers, vehicles)
    finally:
        set_scope(conn, session.branch_ids)


def _query(stage: str, ids: Sequence[int]) -> Select[Any]:
    t = {
        "deliveries": sale_delivery,
        "opportunities": opportunity,
        "appointments": appointment,
        "in_process": repair_order,
        "completed": repair_order,
        "complaints": complaint,
    }[stage]
    last_user = app_user.alias("last_user")
    columns: list[Any] = [
        *t.c, customer.c.display_name, customer.c.email,
        func.coalesce(customer.c.person_id, customer.c.id).label("person_id"),
        vehicle.c.vin.label("v_vin"), vehicle.c.chassis.label("v_chassis"), vehicle.c.plate.label("v_plate"),
        vehicle.c.model.label("v_model"), vehicle.c.version.label("v_version"), vehicle.c.model_year,
        vehicle.c.last_km, last_user.c.name.label("last_user"),
    ]  # fmt: skip
    source = (
        t.outerjoin(customer, customer.c.id == t.c.customer_id)
        .outerjoin(vehicle, vehicle.c.id == t.c.vehicle_id)
        .outerjoin(last_user, last_user.c.id == t.c.last_user_id)
    )
    if t is opportunity:
        assigned = app_user.alias("assigned")
        source = source.outerjoin(assigned, assigned.c.id == t.c.assigned_user_id).outerjoin(
            campaign, campaign.c.id == t.c.campaign_id
        )
        columns += [assigned.c.name.label("assigned_name"), campaign.c.name.label("campaign_name")]
    if t is appointment:
        by = app_user.alias("confirmer")
        source = source.outerjoin(by, by.c.id == t.c.confirmed_by)
        columns.append(by.c.name.label("confirmer"))
    return select(*columns).select_from(source).where(t.c.id.in_(ids))


def _branch(session: Session, branch_id: int | None) -> str | None:
    found = session.by_id.get(branch_id) if branch_id is not None else None
    return found.code if found else None


def _unit(r: RowMapping) -> str | None:
    model, version = r["v_model"], r["v_version"]
    if model and version and version not in model:
        return f"{model} {version}"
    return str(model or version) if model or version else None


def local(session: Session, moment: datetime | None, branch_id: int | None) -> datetime | None:
    """An instant in the zone of a branch."""
    return moment.astimezone(ZoneInfo(session.zone_of(branch_id))) if moment else None


def _when(session: Session, r: RowMapping, name: str) -> datetime | date | None:
    moment = local(session, r[name], r["branch_id"])
    if moment is not None and r.get(f"{name}_precision") == "day":
        return moment.date()
    return moment


def _delivery(session: Session, r: RowMapping) -> dict[str, Any]:
    day, today = r["delivered_day"], session.today_of(r["branch_id"])
    leaves = day + timedelta(WELCOME_DAYS) if day else None
    gone = r["gone_at"] is not None or r["status"] == "annulled"
    return {
        "name": None if r["display_name"] else r["buyer_name"],
        "when": _when(session, r, "delivered_at"), "day": day, "leaves_on": leaves,
        "state": "done" if r["welcome_call_id"] is not None else "pending",
        "late": leaves is not None and leaves <= today and r["welcome_call_id"] is None,
        "salesperson": r["salesperson"], "mark": "annulled" if gone else None,
        "own_vin": r["vin"] or r["chassis"], "own_plate": r["plate"],
    }  # fmt: skip


def _opportunity(session: Session, r: RowMapping) -> dict[str, Any]:
    day, today = r["due_day"], session.today_of(r["branch_id"])
    when: datetime | date = day
    if r["due_minute"] is not None:
        zone = ZoneInfo(session.zone_of(r["branch_id"]))
        hour, minute = divmod(r["due_minute"], 60)
        when = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    state = "overdue" if day < today else "current" if day == today else "upcoming"
    return {
        "when": when, "day": day, "leaves_on": day + timedelta(OPPORTUNITY_DAYS),
        "state": state if r["state"] == "open" else r["state"], "late": day < today, "about": r["about"],
        "due_minute": r["due_minute"], "assigned": r["assigned_name"], "origin": r["origin"],
        "campaign": r["campaign_name"], "campaign_id": r["campaign_id"], "mark": r["flag"],
    }  # fmt: skip


def _appointment(session: Session, r: RowMapping) -> dict[str, Any]:
    day, today = r["start_day"], session.today_of(r["branch_id"])
    if r["arrived_at"] is not None:
        state = "arrived"
    elif day is not None and day < today:
        state = "no_show"
    else:
        state = "confirmed" if r["confirmed_at"] is not None else "to_confirm"
    late = (
        state != "arrived" and r["starts_at"] is not None
        and (day < today or (r["starts_at_precision"] != "day" and r["starts_at"] < session.now))
    )  # fmt: skip
    mail = {"queued": "queued", "sent": "sent", "failed": "failed", "old_date": "old_date"}.get(
        r["reminder_state"] or ""
    )
    return {
        "name": r["contact_name"], "when": _when(session, r, "starts_at"), "day": day,
        "leaves_on": day + timedelta(NO_SHOW_DAYS) if day else None, "state": state, "late": late,
        "advisor": r["advisor"], "mail": mail, "mail_at": r["reminder_at"], "comment": r["comment"],
        "confirmed_by": r["confirmer"],
        "about": _services(r), "vehicle_text": r["vehicle_text"], "own_vin": r["vin"] or r["chassis"],
        "own_plate": r["plate"], "mark": "moved" if r["moved_at"] else None,
    }  # fmt: skip


def _services(r: RowMapping) -> str | None:
    named = [text for _code, text in r["services"] or [] if text]
    return " · ".join(named) if named else r["notes"]


def _order(session: Session, r: RowMapping) -> dict[str, Any]:
    day, today = r["opened_day"], session.today_of(r["branch_id"])
    age = (today - day).days if day else 0
    state = "today" if age <= 0 else "yesterday" if age == 1 else "week" if age <= 7 else "older"
    return {
        **_order_facts(session, r), "when": _when(session, r, "opened_at"), "day": day, "leaves_on": None,
        "state": state if r["handover_at"] is None else "delivered",
        "late": r["promised_at"] is not None and r["promised_at"] < session.now,
        "mark": "reopened" if r["reopened_at"] else r["manual_review"],
    }  # fmt: skip


def _service(session: Session, r: RowMapping) -> dict[str, Any]:
    day, today = r["handover_day"], session.today_of(r["branch_id"])
    leaves = day + timedelta(COURTESY_DAYS) if day else None
    when = local(session, r["handover_at"], r["branch_id"])
    return {
        **_order_facts(session, r), "when": when, "day": day, "leaves_on": leaves,
        "state": "done" if r["courtesy_call_id"] is not None else "pending",
        "late": leaves is not None and leaves <= today and r["courtesy_call_id"] is None,
        "mark": "manual" if r["manual_delivered_at"] else None,
    }  # fmt: skip


def _order_facts(session: Session, r: RowMapping) -> dict[str, Any]:
    return {
        "order": r["source_key"] or r["number"], "advisor": r["advisor"], "about": r["result"] or r["notes"],
        "promised": local(session, r["promised_at"], r["branch_id"]),
        "total_cents": int(r["total"] * 100) if r["total"] is not None else None,
        "own_vin": r["vin"] or r["chassis"], "own_plate": r["plate"],
    }  # fmt: skip


def _complaint(session: Session, r: RowMapping) -> dict[str, Any]:
    return {
        "when": local(session, r["due_at"], r["branch_id"]), "day": r["opened_day"], "leaves_on": None,
        "state": "closed" if r["closed_at"] else "open", "late": r["due_at"] < session.now, "about": r["text"],
    }  # fmt: skip


_FACTS: dict[str, Any] = {
    "deliveries": _delivery,
    "opportunities": _opportunity,
    "appointments": _appointment,
    "in_process": _order,
    "completed": _service,
    "complaints": _complaint,
}


def _work(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """What was done under each order: the text of its first labour line, else of its first line."""
    c = repair_order_line.c
    rows = conn.execute(
        select(c.order_id, c.description)
        .where(c.order_id.in_(ids), c.gone_at.is_(None), c.description.is_not(None))
        .order_by(c.order_id, c.kind != "labour", c.line_no, c.id)
    )
    found: dict[int, str] = {}
    for order_id, text in rows:
        found.setdefault(order_id, text)
    return found
