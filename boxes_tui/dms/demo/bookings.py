"""Appointments of the simulated dealership: taken, moved, cancelled, vanished, kept or missed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from boxes_tui.dms.demo import catalogue, people
from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import KEYS_PER_CELL, Cell
from boxes_tui.dms.demo.orders import next_job, open_order
from boxes_tui.dms.demo.state import Appointment, Vehicle


def book(
    cell: Cell, vehicle: Vehicle, start: datetime, *, counter: bool = False, job: str | None = None
) -> Appointment:
    """Take a turno now. ``counter``: written without customer code, with the caller's own name and
    telephone.
    """
    rng = cell.rng
    owner = vehicle.owner
    branch = BRANCHES[vehicle.branch]
    number = cell.appointment_number(vehicle.branch)
    other = rng.random()
    caller_index = cell.index * KEYS_PER_CELL + 1_900 - number % 400
    appointment = Appointment(
        branch=vehicle.branch,
        number=number,
        vehicle=vehicle,
        customer=None if counter else owner,
        caller=people.person(rng) if counter or other < 0.06 else owner.name,
        caller_phone=people.mobile(rng, caller_index, branch) if counter or other < 0.1 else owner.mobile,
        start=start,
        booked=cell.now,
        advisor=rng.choice(branch.advisors),
        job=job or next_job(cell, vehicle, start).label,
        second_job="LAVADO" if rng.random() < 0.25 else "",
        notes=rng.choice(catalogue.NOTES),
        linked=rng.random() < 0.7,
    )
    cell.appointments.append(appointment)
    vehicle.busy += 1
    return appointment


def release(appointment: Appointment) -> None:
    """The appointment binds its unit no more."""
    if appointment.vehicle is not None and appointment.vehicle.busy:
        appointment.vehicle.busy -= 1


def dms_confirm(cell: Cell, appointment: Appointment) -> None:
    """The DMS's own confirmation flag; it is no confirmation of the desk."""
    if appointment.status == "P":
        appointment.status = "C"


def move(cell: Cell, appointment: Appointment, start: datetime) -> None:
    """Moved with the same key."""
    if appointment.waiting:
        appointment.start = start
        appointment.moves += 1


def cancel(cell: Cell, appointment: Appointment) -> None:
    """Cancelled; the unit is free again."""
    if appointment.waiting:
        appointment.status = "X"
        release(appointment)


def vanish(cell: Cell, appointment: Appointment) -> None:
    """Deleted from the DMS without a trace."""
    if appointment.waiting:
        appointment.vanished = True
        release(appointment)


def miss(cell: Cell, appointment: Appointment) -> None:
    """The day is over and nobody came; some desks write it down."""
    if not appointment.waiting:
        return
    if appointment.start > cell.now:
        watch(cell, appointment)
        return
    if cell.rng.random() < 0.3:
        appointment.status = "N"
    release(appointment)


def watch(cell: Cell, appointment: Appointment) -> None:
    """At the end of its day an appointment is kept or missed."""
    end = datetime.combine(appointment.start.date(), time(23, 56))
    cell.at(max(end, appointment.start + timedelta(minutes=1)), miss, appointment)


def expect(cell: Cell, appointment: Appointment, cancels: bool = True) -> None:
    """Decide what becomes of a new appointment: most come, around their hour; some cancel shortly before."""
    luck = cell.rng.random()
    if luck < 0.86:
        late = cell.rng.randint(-20, 25) if luck < 0.72 else cell.rng.randint(25, 80)
        cell.at(appointment.start + timedelta(minutes=late), come, appointment, None)
    elif luck < 0.91 and cancels:
        cell.at(appointment.start - timedelta(hours=cell.rng.randint(1, 20)), cancel, appointment)
    watch(cell, appointment)


def move_as_new(cell: Cell, appointment: Appointment, start: datetime) -> None:
    """Moved as some desks do it: cancelled, and written again under a new number."""
    vehicle = appointment.vehicle
    if appointment.waiting and vehicle is not None:
        cancel(cell, appointment)
        again = book(cell, vehicle, start, job=appointment.job)
        expect(cell, again)


def come(cell: Cell, appointment: Appointment, until: datetime | None) -> None:
    """The customer of a waiting appointment arrives now; a moved one has his arrival planned anew."""
    if not appointment.waiting or appointment.vehicle is None:
        return
    if appointment.start > cell.now + timedelta(hours=2):
        cell.at(appointment.start + timedelta(minutes=cell.rng.randint(-15, 25)), come, appointment, None)
        return
    if appointment.start.date() != cell.now.date():
        return
    release(appointment)
    order = open_order(cell, appointment.vehicle, until, appointment)
    appointment.order = order
    appointment.arrived = cell.now if appointment.linked else None
    appointment.status = "I" if appointment.linked else appointment.status
