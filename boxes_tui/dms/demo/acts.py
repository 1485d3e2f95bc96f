"""Sales and master files of the simulated dealership, one function per event; ``cell.now`` is when it
happens.
"""

from __future__ import annotations

from datetime import timedelta

from boxes_tui.dms.demo import people
from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import KEYS_PER_CELL, Cell
from boxes_tui.dms.demo.state import Customer, Delivery, Vehicle


def sell(cell: Cell, condition: str, name: str | None = None, branch: int | None = None) -> None:
    """A unit is handed over to a new customer; a new one gets its plate days later."""
    rng = cell.rng
    customer = cell.new_customer(name, branch=branch)
    used = condition == "USADO"
    day = cell.now.date()
    plated = used or rng.random() < 0.35
    vehicle = cell.new_vehicle(customer, day, used=used, plated=plated)
    if not plated:
        cell.at(cell.now + timedelta(days=rng.randint(2, 12), hours=2), give_plate, vehicle)
    hand_over(cell, vehicle, condition)


def hand_over(cell: Cell, vehicle: Vehicle, condition: str) -> Delivery:
    """Write the sale delivery of a unit, now."""
    rng = cell.rng
    delivery = Delivery(
        key=cell.sale_number(),
        vehicle=vehicle,
        customer=vehicle.owner,
        delivered=cell.now,
        condition=condition,
        seller=rng.choice(BRANCHES[vehicle.branch].sellers),
        branch=vehicle.branch,
        dated_only=rng.random() < 0.1,
    )
    cell.deliveries.append(delivery)
    cell.sales_changed = cell.now
    return delivery


def give_plate(cell: Cell, vehicle: Vehicle) -> None:
    """A new unit gets its plate."""
    vehicle.plate = people.plate(vehicle.index, vehicle.year)
    _touch_vehicle(cell, vehicle)
    cell.sales_changed = cell.now


def annul(cell: Cell, delivery: Delivery) -> None:
    """The delivery is annulled: the paper was wrong."""
    delivery.annulled = True
    cell.sales_changed = cell.now


def change_owner(cell: Cell, vehicle: Vehicle) -> None:
    """The unit was sold privately: the DMS learns its new owner."""
    vehicle.owner = cell.new_customer(branch=vehicle.branch)
    _touch_vehicle(cell, vehicle)


def change_phone(cell: Cell, customer: Customer) -> None:
    """Someone corrects the mobile in the master file."""
    index = int(customer.key) - 101 + KEYS_PER_CELL // 2
    customer.mobile = people.mobile(cell.rng, index, BRANCHES[customer.branch])
    customer.changed = cell.now
    cell.masters_changed = cell.now


def _touch_vehicle(cell: Cell, vehicle: Vehicle) -> None:
    vehicle.changed = cell.now
    cell.masters_changed = cell.now
