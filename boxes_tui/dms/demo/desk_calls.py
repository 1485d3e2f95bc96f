"""The demo desk on the telephone: welcome and courtesy calls, confirmations, no-shows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from boxes_tui.dms.demo.desk import Desk
from boxes_tui.dms.demo.state import Appointment, Delivery, Order

LEAKED_DELIVERIES, LEAKED_SERVICES = 3, 4
WELCOMED_30, CALLED_15 = 4, 6
CONFIRMED = 12
_WELCOME_NOTES = (
    "Muy conforme con la entrega",
    "Consulta por el manual",
    "Pide turno para polarizar",
    "",
    "",
    "",
)
_COURTESY_NOTES = ("Todo bien", "Conforme", "Agradece el llamado", "Le quedó sucio el tapizado", "", "")
_COMMENTS = ("Llega 15 min más tarde", "Viene con el hermano", "Pide remís", "", "", "Trae el repuesto", "")
_ANGRY = ("Demoraron tres días más", "Sigue el ruido en el tren delantero", "Nadie le avisó que estaba listo")


def welcome(desk: Desk) -> None:
    """Deliveries of the last 30 days: four welcomed, the rest pending; older ones all welcomed but three."""
    rows = [d for d in desk.cell.deliveries if not d.annulled and (desk.today - d.delivered.date()).days <= 86]
    recent = [d for d in rows if (desk.today - d.delivered.date()).days <= 30]
    older = [d for d in rows if (desk.today - d.delivered.date()).days > 30]
    leaks = {d.key for d in older[-desk.count(LEAKED_DELIVERIES) :]}
    for row in older:
        if row.key in leaks:
            desk.attempts(1, row.delivered.date() + timedelta(days=9), desk.agent(row.branch), "deliveries", row.key)
        else:
            _welcomed(desk, row, desk.rng.randint(1, 12))
    done = [d for d in recent if 3 <= (desk.today - d.delivered.date()).days <= 20][: desk.count(WELCOMED_30)]
    for row in done:
        _welcomed(desk, row, 2)
    pending = [d for d in recent if d not in done]
    for n, row in enumerate(pending):
        age = (desk.today - row.delivered.date()).days
        agent = desk.agent(row.branch)
        if n == 0:
            desk.attempts(2, desk.today - timedelta(days=4), agent, "deliveries", row.key)
        elif n % 3 == 0 and age > 4:
            desk.attempts(1 + n % 2, desk.today - timedelta(days=3), agent, "deliveries", row.key)
    back = next((d for d in pending[1:] if d.branch == 0 and (desk.today - d.delivered.date()).days > 1), None)
    if back is not None and desk.cell.index == 0:
        callback(desk, "deliveries", back.key, desk.anchor + timedelta(minutes=20), "después de almorzar")


def callback(desk: Desk, queue: str, row: str, due: datetime, note: str, **more: str) -> None:
    """Ana has promised to call back today."""
    at = desk.moment(desk.today)
    due = min(due, datetime.combine(desk.today, time(23, 58)))
    desk.act("call", at, "ana", queue, row, disposition="callback", due=due, mine=True, note=note, **more)


def _welcomed(desk: Desk, row: Delivery, days: int) -> None:
    """A welcome call that closes, after some that reached nobody; mostly with the opportunity it sows."""
    rng, agent = desk.rng, desk.agent(row.branch)
    if days > 2:
        desk.attempts(rng.randint(0, 2), row.delivered.date() + timedelta(days=1), agent, "deliveries", row.key)
    at = desk.moment(row.delivered.date() + timedelta(days=max(days, 3)))
    luck = rng.random()
    if luck < 0.82:
        note = rng.choice(_WELCOME_NOTES)
        desk.act("call", at, agent, "deliveries", row.key, disposition="attended", note=note)
        if luck < 0.70:
            days_to = min(365, int(10_000 / row.vehicle.km_day))
            due = row.delivered.date() + timedelta(days=max(days_to, 110))
            about = "Primer service 10.000 km"
            desk.act("opportunity", at + timedelta(minutes=1), agent, "deliveries", row.key, due=due, about=about)
    elif luck < 0.92:
        due = desk.today + timedelta(days=rng.randint(40, 160))
        desk.act("call", at, agent, "deliveries", row.key, disposition="later", due=due, note="Viaja seguido")
    else:
        reason = rng.choice(("distance", "price"))
        desk.act("call", at, agent, "deliveries", row.key, disposition="not_interested", reason=reason)


def courtesy(desk: Desk) -> None:
    """Services handed over: six of the last 15 days called, those of 16–71 days ago all but four."""
    rows = [o for o in desk.cell.orders if o.status == "EN" and o.delivered and o.deliveries == 1]
    aged = [((desk.today - o.delivered.date()).days, o) for o in rows if o.delivered]
    older = [o for age, o in aged if 16 <= age <= 71]
    recent = [o for age, o in aged if age <= 15]
    young = [o for age, o in aged if 17 <= age <= 30]
    leaks = {o.key for o in young[-desk.count(LEAKED_SERVICES) :]}
    for row in older:
        if row.key not in leaks:
            _thanked(desk, row, desk.rng.randint(1, 9))
        elif row.number % 2:
            desk.attempts(1, desk.today - timedelta(days=8), desk.agent(row.branch), "completed", row.key)
    called = [o for o in recent if o.delivered and o.delivered.date() < desk.today][2:][::3][: desk.count(CALLED_15)]
    for n, row in enumerate(called):
        if n == len(called) - 1 and row.delivered:
            _complained(desk, row, desk.moment(desk.today), answered=False)
        else:
            _thanked(desk, row, 20 if n in (1, 2) else 1)
    for n, row in enumerate(o for o in recent if o not in called):
        if n % 3 == 0 and row.delivered and row.delivered.date() < desk.today:
            first = max(row.delivered.date() + timedelta(days=1), desk.today - timedelta(days=3))
            desk.attempts(1 + n % 2, first, desk.agent(row.branch), "completed", row.key)


def _thanked(desk: Desk, row: Order, days: int) -> None:
    """A courtesy call with its score; an unhappy customer is answered by the supervisor within a day."""
    rng, agent = desk.rng, desk.agent(row.branch)
    assert row.delivered is not None
    day = min(row.delivered.date() + timedelta(days=days), desk.today)
    if days > 3:
        desk.attempts(rng.randint(0, 2), row.delivered.date() + timedelta(days=1), agent, "completed", row.key)
    at = desk.moment(day)
    luck = rng.random()
    if luck < 0.04:
        _complained(desk, row, at, answered=True)
        return
    score = rng.choice((9, 10, 10, 9)) if luck < 0.66 else rng.choice((7, 8, 8)) if luck < 0.92 else None
    note = rng.choice(_COURTESY_NOTES)
    desk.act("call", at, agent, "completed", row.key, disposition="attended", score=score, note=note)
    if rng.random() < 0.6:
        due = row.delivered.date() + timedelta(days=min(365, max(90, int(10_000 / row.vehicle.km_day))))
        km = (row.km // 10_000 + 1) * 10_000
        about = f"Service {km:,} km".replace(",", ".")
        desk.act("opportunity", at + timedelta(minutes=1), agent, "completed", row.key, due=due, about=about)


def _complained(desk: Desk, row: Order, at: datetime, answered: bool) -> None:
    """A score that opens a complaint; ``answered``: the supervisor has called within 24 h."""
    note = desk.rng.choice(_ANGRY)
    score = desk.rng.randint(3, 5)
    desk.act(
        "call",
        at,
        desk.agent(row.branch),
        "completed",
        row.key,
        disposition="attended",
        score=score,
        note=note,
    )
    if answered:
        soon = at + timedelta(hours=desk.rng.randint(1, 3))
        note = "Reclamo atendido: se lo cita sin cargo"
        desk.act("call", soon, "luis", "completed", row.key, disposition="attended", note=note)


def confirmations(desk: Desk) -> None:
    """Twelve turnos ahead are confirmed, the next ones first; of the past ones, most that came."""
    ahead = [a for a in desk.cell.appointments if a.waiting and a.start > desk.anchor and a.customer]
    ahead.sort(key=lambda a: a.start)
    today = [a for a in ahead if a.start.date() == desk.today]
    chosen = today[1::3][:3] + [a for a in ahead if a.start.date() > desk.today]
    for row in chosen[: desk.count(CONFIRMED)]:
        _confirm(desk, row, desk.today - timedelta(days=desk.rng.randint(0, 1)))
    first = desk.today - timedelta(days=54)
    for row in desk.cell.appointments:
        day = row.start.date()
        if not first <= day < desk.today or row.status == "X" or row.vanished:
            continue
        if desk.rng.random() < (0.6 if row.order else 0.2) and row.booked.date() < day - timedelta(days=1):
            _confirm(desk, row, day - timedelta(days=1))


def _confirm(desk: Desk, row: Appointment, day: date) -> None:
    """A confirmation with its comment, after the turno was booked."""
    at = max(desk.moment(day), row.booked + timedelta(minutes=5))
    desk.act("confirm", at, desk.agent(row.branch), "appointments", row.key, note=desk.rng.choice(_COMMENTS))


def no_shows(desk: Desk) -> None:
    """Who missed a turno 8 or more days ago has been called or booked again; of the last week one was
    tried.
    """
    first = desk.today - timedelta(days=54)
    for n, row in enumerate(a for a in desk.cell.appointments if a.waiting or a.status == "N"):
        day = row.start.date()
        age = (desk.today - day).days
        if not first <= day or row.vanished or age < 1:
            continue
        agent = desk.agent(row.branch)
        if age >= 8:
            at = desk.moment(day + timedelta(days=1 + n % 5))
            if n % 3 == 0:
                desk.act("call", at, agent, "appointments", row.key, disposition="attended", note="Se olvidó")
            else:
                due = desk.today + timedelta(days=desk.rng.randint(20, 70))
                note = "Pide otra fecha"
                desk.act("call", at, agent, "appointments", row.key, disposition="later", due=due, note=note)
        elif n % 3 == 0 and age > 1:
            desk.attempts(1, day + timedelta(days=1), agent, "appointments", row.key)


def delivered_by_hand(desk: Desk) -> None:
    """One order that the DMS still shows open was handed over; the desk says so."""
    hours = timedelta(hours=30)
    for row in desk.cell.orders:
        if row.in_process and row.opened < desk.anchor - timedelta(days=8) and row.status in ("TE", "FA", "EP"):
            at = desk.moment((desk.anchor - hours).date())
            desk.act("deliver", at, "luis", "in_process", row.key)
            return
