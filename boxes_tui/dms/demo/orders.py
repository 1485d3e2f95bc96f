"""Repair orders of the simulated dealership: opened, in progress, dragging, handed over, opened again."""

from __future__ import annotations

from datetime import datetime, timedelta

from boxes_tui.dms.demo import catalogue
from boxes_tui.dms.demo.catalogue import BRANCHES, Job
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.state import Appointment, Incident, Line, Order, Vehicle


def next_job(cell: Cell, vehicle: Vehicle, when: datetime) -> Job:
    """What the unit comes for: mostly the service of its reading."""
    if cell.rng.random() < 0.62:
        return catalogue.service_job(vehicle.km(when.date()))
    return cell.rng.choice(catalogue.REPAIRS)


def open_order(
    cell: Cell,
    vehicle: Vehicle,
    until: datetime | None,
    appointment: Appointment | None = None,
    status: str = "AB",
) -> Order:
    """Open an order now; ``until`` is when the unit will be handed over (None: decided here)."""
    rng, now = cell.rng, cell.now
    if appointment is not None:
        labels = {j.label: j for j in catalogue.REPAIRS}
        job = labels.get(appointment.job) or catalogue.service_job(vehicle.km(now.date()))
    else:
        job = next_job(cell, vehicle, now)
    order = Order(
        branch=vehicle.branch,
        number=cell.order_number(vehicle.branch),
        vehicle=vehicle,
        customer=vehicle.owner,
        opened=now,
        promised=cell.next_work(now + timedelta(hours=rng.choice((4, 6, 8, 24, 30)))),
        job=job,
        status=status,
        km=vehicle.km(now.date()),
        pay={"GAR": "G", "SIN": "S"}.get(job.order_type, "I" if rng.random() < 0.04 else "C"),
        advisor=appointment.advisor if appointment else rng.choice(BRANCHES[vehicle.branch].advisors),
        changed=now,
        appointment=appointment,
        notes=rng.choice(catalogue.NOTES),
    )
    if rng.random() < 0.45 or job.order_type == "GAR":
        order.incidents.append(("Q", rng.choice(catalogue.COMPLAINTS), now, rng.choice(("", "MEDIA", "ALTA"))))
    cell.orders.append(order)
    vehicle.busy += 1
    vehicle.reading, vehicle.last_visit = order.km, now.date()
    vehicle.changed = now
    cell.masters_changed = now
    if status == "AB":
        plan_course(cell, order, until or course_end(cell, now))
    return order


def course_end(cell: Cell, now: datetime) -> datetime:
    """When a unit that enters now will be handed over: the same day, the next one, or an order that drags."""
    luck = cell.rng.random()
    if luck < 0.50:
        return cell.next_work(now + timedelta(minutes=cell.rng.randint(150, 480)))
    if luck < 0.76:
        return cell.next_work(now + timedelta(hours=cell.rng.randint(20, 50)))
    return cell.next_work(now + timedelta(days=cell.rng.randint(3, 26)))


def plan_course(cell: Cell, order: Order, until: datetime) -> None:
    """Put the steps of an order between now and its handover into the future."""
    span = until - cell.now
    order.turn += 1
    steps: list[tuple[float, str]] = [(0.1, "EP"), (0.8, "TE"), (0.93, "FA"), (1.0, "EN")]
    if span > timedelta(days=3):
        steps[1:1] = [(0.18, "ES"), (0.72, "EP")]
    for share, status in steps:
        cell.at(cell.now + span * share, step, order, status, order.turn)


def step(cell: Cell, order: Order, status: str, turn: int) -> None:
    """An order goes on to its next status, unless its course has changed since it was planned."""
    if order.turn != turn or order.status == "AN":
        return
    order.status, order.changed = status, cell.now
    if status == "TE":
        order.finished = cell.now
        order.result = cell.rng.choice(catalogue.RESULTS)
        fill_lines(cell, order)
        add_findings(cell, order)
    elif status == "FA":
        order.invoiced = cell.now
    elif status == "EN":
        order.delivered = cell.now
        order.deliveries += 1
        order.vehicle.busy = max(0, order.vehicle.busy - 1)


def reopen(cell: Cell, order: Order, until: datetime) -> None:
    """The unit comes back with the same fault: the handover is withdrawn and the course begins again."""
    if order.status != "EN":
        return
    order.status, order.delivered, order.invoiced, order.finished = "EP", None, None, None
    order.changed = cell.now
    order.incidents.append(("V", "VUELVE POR LA MISMA FALLA", cell.now, "ALTA"))
    order.vehicle.busy += 1
    plan_course(cell, order, until)


def void(cell: Cell, order: Order) -> None:
    """An order opened by mistake."""
    if order.in_process or order.status == "PR":
        order.status, order.changed = "AN", cell.now
        order.turn += 1
        order.vehicle.busy = max(0, order.vehicle.busy - 1)


def fill_lines(cell: Cell, order: Order) -> None:
    """The lines of the order, whose amounts are its total; warranty and internal work costs the customer
    nothing.
    """
    rng = cell.rng
    parts = order.job.lines if len(order.job.lines) < 3 else order.job.lines[: rng.randint(2, len(order.job.lines))]
    paid = order.pay in "CS"
    lines: list[Line] = []
    for kind, code, text in parts:
        amount = round(order.job.price * rng.uniform(0.8, 1.25) * 100 / len(parts)) if paid else 0
        hours = round(order.job.hours * 100) if kind == "MO" else 0
        quantity = 400 if "ACEITE MOTOR" in text else 100
        lines.append((kind, code, text, quantity, hours, amount, order.pay, rng.choice(catalogue.TECHNICIANS)))
    order.lines = lines
    order.total = sum(line[5] for line in lines)


def add_findings(cell: Cell, order: Order) -> None:
    """Cause and correction of a complaint, and what was recommended or declined."""
    rng = cell.rng
    found: list[Incident] = []
    if order.incidents:
        found.append(("C", rng.choice(catalogue.CAUSES), None, ""))
        found.append(("S", rng.choice(catalogue.CORRECTIONS), None, ""))
    if rng.random() < 0.18:
        kind = "R" if rng.random() < 0.6 else "D"
        found.append((kind, rng.choice(catalogue.ADVICE), None, ""))
    order.incidents = order.incidents + found
