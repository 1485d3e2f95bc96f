"""The demo desk's opportunities: open ones of every age, sold, discarded and put off, and three campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from boxes_tui.dms.demo.catalogue import RECALL_MODELS
from boxes_tui.dms.demo.desk import Desk
from boxes_tui.dms.demo.desk_calls import callback
from boxes_tui.dms.demo.desk_history import Campaign
from boxes_tui.dms.demo.state import Appointment, Vehicle

OVERDUE, CURRENT, UPCOMING = 9, 14, 23
"""Open opportunities by due day; two campaigns add 15 to the upcoming ones."""
DISCARDED, SOLD = 26, 22


@dataclass(frozen=True, slots=True)
class _Spec:
    """A campaign: its units by model, days since it began and until it is due; units open, sold at most,
    discarded.
    """

    name: str
    type: Literal["technical_note", "recall", "offer"]
    model: str
    began: int
    due: int
    open: int
    sold: int
    discarded: int


CAMPAIGNS = (
    _Spec("NT 4711 airbag", "technical_note", RECALL_MODELS[0], 40, 30, 31, 30, 10),
    _Spec("Recall 2231", "recall", RECALL_MODELS[1], 21, 12, 12, 14, 4),
    _Spec("Invierno", "offer", RECALL_MODELS[2], 30, 7, 3, 8, 9),
)
_REASONS = (
    "price", "done_elsewhere", "price", "self_service", "distance", "low_use", "done_elsewhere",
    "bad_experience", "no_reply", "price", "no_valid_data",
)  # fmt: skip
_NOTES = ("Llamar después de las 18", "Pide presupuesto de correa", "Viaja la semana que viene", "", "", "")


def campaigns(desk: Desk) -> None:
    """Three campaigns; the sold units are those that came in with a turno booked after the campaign began."""
    for spec in CAMPAIGNS:
        began = desk.moment(desk.today - timedelta(days=spec.began))
        fitting = [v for v in desk.cell.vehicles if v.model.model == spec.model and v.sold_on < began.date()]
        turnos = {a.vehicle.key: a for a in desk.kept() if a.vehicle and a.booked > began and a.key not in desk.sold}
        came = [v for v in fitting if v.key in turnos][: desk.count(spec.sold)]
        others = [v for v in fitting if v not in came and v.chassis == v.vin]
        opened = others[: desk.count(spec.open)]
        refused = others[desk.count(spec.open) :][: desk.count(spec.discarded)]
        units = came + opened + refused
        due = desk.today + timedelta(days=spec.due)
        plan = Campaign(
            spec.name if desk.cell.index == 0 else f"{spec.name} ({desk.cell.index + 1})",
            spec.type,
            due,
            ("ana", "marta", "luis"),
            tuple(v.chassis for v in units),
        )
        desk.act("campaign", began, "luis", plan=plan)
        for unit in came:
            _campaign_sold(desk, plan.name, turnos[unit.key])
        for n, unit in enumerate(refused):
            at = desk.moment(began.date() + timedelta(days=2 + n % 15))
            more = {"campaign": plan.name, "reason": _REASONS[n % 6]}
            agent = desk.agent(unit.branch)
            desk.act("discard", at, agent, "campaign_opportunities", unit.key, **more)
        for n, unit in enumerate(opened):
            if n % 4 == 1:
                first = desk.today - timedelta(days=2 + n % 9)
                agent = desk.agent(unit.branch)
                desk.attempts(1, first, agent, "campaign_opportunities", unit.key, campaign=plan.name)


def _campaign_sold(desk: Desk, name: str, turno: Appointment) -> None:
    assert turno.vehicle is not None
    desk.sold.add(turno.key)
    at = turno.booked + timedelta(minutes=4)
    more = {"disposition": "appointment_sold", "sold_at": turno.start, "campaign": name}
    desk.act("call", at, desk.agent(turno.branch), "campaign_opportunities", turno.vehicle.key, **more)


def opportunities(desk: Desk) -> None:
    """Open opportunities due in the window, made weeks ago from the last service of units long away."""
    units = desk.idle_units()[::2]
    total = desk.count(OVERDUE), desk.count(CURRENT), desk.count(UPCOMING)
    days = (
        [desk.today - timedelta(days=1 + n * 12 // max(1, total[0])) for n in range(total[0])]
        + [desk.today] * total[1]
        + [desk.today + timedelta(days=1 + n * 15 // total[2]) for n in range(total[2])]
    )
    returns = 0
    for n, (unit, day) in enumerate(zip(units, days, strict=False)):
        hour = time(9 + n % 9, 30 * (n % 2))
        due: date | datetime = datetime.combine(day, hour) if n % 4 == 0 else day
        agent = _create(desk, unit, due, desk.today - timedelta(days=18 + n % 30), put_off=n % 5 == 2)
        if day == desk.today and unit.branch == 0 and returns == 0 and desk.cell.index == 0:
            returns += 1
            when = desk.anchor + timedelta(minutes=50)
            callback(desk, "opportunities", unit.key, when, "Llamar a la tarde", origin="completed")
        elif n % 3 == 0:
            first = desk.today - timedelta(days=1 + n % 3)
            note = desk.rng.choice(_NOTES)
            desk.attempts(1 + n % 2, first, agent, "opportunities", unit.key, origin="completed", note=note)
    for n, unit in enumerate(desk.idle_units()[1::2][: desk.count(DISCARDED)]):
        _refused(desk, unit, n)


def _create(desk: Desk, unit: Vehicle, due: date | datetime, born: date, put_off: bool = False) -> str:
    """An opportunity made from the unit's last order; ``put_off``: first for an earlier day, then
    rescheduled.
    """
    order = desk.last_order(unit)
    assert order is not None
    agent = desk.agent(unit.branch)
    at = desk.moment(born)
    km = (unit.km(desk.today) // 10_000 + 1) * 10_000
    about = f"Service {km:,} km".replace(",", ".") if order.number % 7 else "Frenos"
    first = at.date() + timedelta(days=9) if put_off else due
    desk.act("opportunity", at, agent, "completed", order.key, due=first, about=about)
    if put_off:
        again = desk.moment(at.date() + timedelta(days=9))
        desk.act("reschedule", again, agent, "opportunities", unit.key, origin="completed", due=due)
    return agent


def _refused(desk: Desk, unit: Vehicle, n: int) -> None:
    """An opportunity that was discarded, by call or from the list."""
    born = desk.today - timedelta(days=25 + n % 28)
    agent = _create(desk, unit, born + timedelta(days=12), born)
    at = desk.moment(born + timedelta(days=11 + n % 9))
    reason = _REASONS[n % len(_REASONS)]
    more = {"origin": "completed", "reason": reason, "note": desk.rng.choice(_NOTES)}
    if n % 3:
        desk.act("call", at, agent, "opportunities", unit.key, disposition="not_interested", **more)
    else:
        desk.act("discard", at, agent, "opportunities", unit.key, **more)


def sold_and_discarded(desk: Desk) -> None:
    """Turnos sold: most stand in the DMS as said, some on another day, two nowhere; three were sold today
    by Ana.
    """
    past = [a for a in desk.kept() if a.key not in desk.sold and a.vehicle and desk.last_order(a.vehicle, a.booked)]
    for n, turno in enumerate(past[::3][: desk.count(SOLD)]):
        off = timedelta(days=(1, 2, 3)[n % 3]) if n % 8 == 5 else timedelta()
        _sold(desk, turno, turno.booked + timedelta(minutes=6), desk.agent(turno.branch), off)
    ahead = [a for a in desk.cell.appointments if a.waiting and a.customer and a.branch == 0]
    ahead = [a for a in ahead if a.start.date() > desk.today and a.vehicle and desk.last_order(a.vehicle, a.booked)]
    for turno in sorted(ahead, key=lambda a: a.booked)[-2:]:
        _sold(desk, turno, desk.moment(desk.today), "ana", timedelta())
    lone = [v for v in desk.idle_units()[1::2] if v.branch == 0][desk.count(DISCARDED) :][:3]
    for n, unit in enumerate(lone):
        day = desk.today - timedelta(days=(0, 9, 13)[n])
        at = desk.moment(day)
        _create(desk, unit, day, day - timedelta(days=12))
        when = datetime.combine(desk.today + timedelta(days=(4, -4, -8)[n]), time(10))
        more = {"disposition": "appointment_sold", "sold_at": when, "origin": "completed"}
        desk.act("call", at, "ana", "opportunities", unit.key, **more)


def _sold(desk: Desk, turno: Appointment, at: datetime, agent: str, off: timedelta) -> None:
    """An opportunity from the unit's order before, and the act that sold this turno (written ``off`` by
    some days).
    """
    assert turno.vehicle is not None
    order = desk.last_order(turno.vehicle, turno.booked)
    assert order is not None
    desk.sold.add(turno.key)
    born = at.date() - timedelta(days=desk.rng.randint(4, 15))
    about = turno.job.capitalize()
    desk.act("opportunity", desk.moment(born), agent, "completed", order.key, due=at.date(), about=about)
    more = {"sold_at": turno.start + off, "origin": "completed"}
    if turno.number % 4 == 0:
        desk.act("sell", at, agent, "opportunities", turno.vehicle.key, **more)
    else:
        more["disposition"] = "appointment_sold"
        desk.act("call", at, agent, "opportunities", turno.vehicle.key, **more)
