"""The five years before: customers, fleets, vehicles, their sales and the services they came for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from boxes_tui.dms.demo import acts, catalogue, people
from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.orders import add_findings, fill_lines
from boxes_tui.dms.demo.state import Appointment, Customer, Order, Vehicle

DENSE_DAYS = 77
"""How many days before the anchor the day-by-day simulation begins; older work is the archive."""
YEARS = 5
_CUSTOMERS, _COMPANIES, _FLEET, _VEHICLES = 375, 12, (2, 6), 430


def populate(cell: Cell) -> None:
    """Fill an empty cell up to ``anchor − DENSE_DAYS`` (at size 1: about 390 customers, 430 vehicles)."""
    start = cell.anchor - timedelta(days=DENSE_DAYS)
    owners = _customers(cell)
    first, last = start.date() - timedelta(days=365 * YEARS), start.date() - timedelta(days=1)
    span = (last - first).days
    bought: list[tuple[date, bool, Customer]] = []
    for owner in owners:
        used = cell.rng.random() < 0.15
        bought.append((first + timedelta(days=cell.rng.randint(0, span)), used, owner))
    bought.sort(key=lambda item: item[0])
    for day, used, owner in bought:
        _sale(cell, owner, day, used)
    archive = sorted(_visits(cell, last), key=lambda item: item[0])
    for opened, vehicle in archive:
        _old_order(cell, opened, vehicle)
    cell.now = start


def _customers(cell: Cell) -> list[Customer]:
    """Owners, one entry per vehicle: fleets, people with two units, people with one."""
    rng, size = cell.rng, cell.size
    owners: list[Customer] = []
    for n in range(max(1, round(_COMPANIES * size))):
        name = people.COMPANIES[n % len(people.COMPANIES)]
        fleet = cell.new_customer(name, company=True)
        owners += [fleet] * rng.randint(*_FLEET)
    persons = [cell.new_customer(cell.next_name()) for _ in range(max(12, round(_CUSTOMERS * size)))]
    owners += persons
    while len(owners) < round(_VEHICLES * size):
        owners.append(rng.choice(persons))
    return owners


def _sale(cell: Cell, owner: Customer, day: date, used: bool) -> None:
    """A unit sold years ago; some came from elsewhere and have no delivery here."""
    rng = cell.rng
    cell.now = datetime.combine(day, time(9)) + timedelta(minutes=rng.randint(0, 520))
    vehicle = cell.new_vehicle(owner, day, used=used)
    if rng.random() < 0.9:
        acts.hand_over(cell, vehicle, "USADO" if used else rng.choice(("0KM", "0KM", "PLAN")))


def _visits(cell: Cell, last: date) -> list[tuple[datetime, Vehicle]]:
    """When each unit came: every 10.000 km or 12 months, less and less faithfully, and now and then a
    repair.
    """
    rng = cell.rng
    visits: list[tuple[datetime, Vehicle]] = []
    for vehicle in cell.vehicles:
        stride = min(10_000 / vehicle.km_day, 365.0)
        day, faith = vehicle.sold_on, 0.95
        while True:
            day += timedelta(days=int(stride * rng.uniform(0.85, 1.25)) + 1)
            if day > last:
                break
            if day.weekday() == 6:
                day += timedelta(days=1)
            if rng.random() < faith:
                visits.append((datetime.combine(day, time(8)) + timedelta(minutes=rng.randint(0, 560)), vehicle))
            if rng.random() < 0.22:
                repair = day + timedelta(days=rng.randint(10, 60))
                if repair <= last and repair.weekday() != 6:
                    visits.append((datetime.combine(repair, time(8, 30)), vehicle))
            faith = max(0.45, faith - 0.05)
    return visits


def _old_order(cell: Cell, opened: datetime, vehicle: Vehicle) -> None:
    """An order of the archive, handed over long ago; half of them came with an appointment."""
    rng = cell.rng
    cell.now = opened
    branch = BRANCHES[vehicle.branch]
    km = vehicle.km(opened.date())
    repair = opened.minute == 30 and opened.hour == 8
    job = rng.choice(catalogue.REPAIRS) if repair else catalogue.service_job(km)
    done = cell.next_work(opened + timedelta(minutes=rng.randint(120, 2_900 if repair else 540)))
    order = Order(
        branch=vehicle.branch,
        number=cell.order_number(vehicle.branch),
        vehicle=vehicle,
        customer=vehicle.owner,
        opened=opened,
        promised=opened + timedelta(hours=8),
        job=job,
        status="EN",
        km=km,
        pay={"GAR": "G", "SIN": "S"}.get(job.order_type, "C"),
        advisor=rng.choice(branch.advisors),
        changed=done,
        finished=done - timedelta(minutes=50),
        invoiced=done - timedelta(minutes=20),
        delivered=done,
        result=rng.choice(catalogue.RESULTS[:4]),
        deliveries=1,
    )
    if repair:
        order.incidents.append(("Q", rng.choice(catalogue.COMPLAINTS), opened, ""))
    fill_lines(cell, order)
    add_findings(cell, order)
    cell.orders.append(order)
    vehicle.reading, vehicle.last_visit, vehicle.changed = km, opened.date(), opened
    if rng.random() < 0.5:
        cell.appointments.append(_old_appointment(cell, order))


def _old_appointment(cell: Cell, order: Order) -> Appointment:
    rng, opened = cell.rng, order.opened
    start = opened.replace(minute=opened.minute // 30 * 30)
    appointment = Appointment(
        branch=order.branch,
        number=cell.appointment_number(order.branch),
        vehicle=order.vehicle,
        customer=order.customer,
        caller=order.customer.name,
        caller_phone=order.customer.mobile,
        start=start,
        booked=start - timedelta(days=rng.randint(1, 20), minutes=rng.randint(0, 200)),
        advisor=order.advisor,
        job=order.job.label,
        status="I",
        arrived=opened,
        order=order,
    )
    order.appointment = appointment
    return appointment
