"""One cell of the demo dealership: about 500 vehicles with their customers, their own random stream and
event queue.

A world of any scale is a row of cells, so that files stream cell after cell with the memory of one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from boxes_tui.dms.demo import people
from boxes_tui.dms.demo.catalogue import (
    BRANCH_SHARE,
    BRANCHES,
    COLORS,
    MODELS,
    STREETS,
    TOWNS,
    Model,
)
from boxes_tui.dms.demo.state import Appointment, Customer, Delivery, Order, Vehicle

KEYS_PER_CELL = 2_000
"""Customers and vehicles are numbered from ``index × KEYS_PER_CELL``; a cell begins with about 500."""
NUMBERS_PER_CELL = 20_000
"""The same for orders and appointments, per branch."""
_HOLIDAYS = {(1, 1), (3, 24), (4, 2), (5, 1), (5, 25), (6, 20), (7, 9), (12, 8), (12, 25)}
_WEIGHTS = tuple(m.weight for m in MODELS)


class Cell:
    """State and clock of a cell. ``anchor`` is the local instant at which the demo begins and every queue
    is full.
    """

    def __init__(self, seed: int, index: int, size: float, anchor: datetime) -> None:
        self.rng = Random(f"boxes-demo/{seed}/{index}")
        self.index = index
        self.size = size
        self.anchor = anchor
        self.now = anchor - timedelta(days=1830)
        self.customers: list[Customer] = []
        self.vehicles: list[Vehicle] = []
        self.deliveries: list[Delivery] = []
        self.appointments: list[Appointment] = []
        self.orders: list[Order] = []
        self.masters_changed = anchor
        self.sales_changed = anchor
        """Last change of customers or vehicles, and of sale deliveries (what decides whether a file is
        written).
        """
        self._heap: list[tuple[datetime, int, Callable[..., object], tuple[Any, ...]]] = []
        self._seq = 0
        base = index * NUMBERS_PER_CELL
        self._next_order = [b.first_order + base for b in BRANCHES]
        self._next_appointment = [b.first_appointment + base for b in BRANCHES]
        self._next_sale = 40_000 + base
        self._hostile = list(reversed(people.HOSTILE)) if index == 0 else []
        day = anchor.date()
        midnight = datetime.combine(day, time())
        self.opens = max(midnight, min(midnight + timedelta(hours=8), anchor - timedelta(hours=6)))
        self.closes = min(
            midnight + timedelta(hours=23, minutes=54),
            max(midnight + timedelta(hours=18), anchor + timedelta(hours=4)),
        )
        """Working hours of the anchor's day: they always hold the anchor, at night and on Sundays too."""

    # --- the clock --------------------------------------------------------------------------------

    def at(self, when: datetime, action: Callable[..., object], *args: Any) -> None:
        """Plan ``action(cell, *args)``; what is planned in the past happens at once, in order."""
        self._seq += 1
        heapq.heappush(self._heap, (max(when, self.now), self._seq, action, args))

    def advance(self, to: datetime) -> int:
        """Play every event up to ``to`` and return how many. Twice in two steps is the same as once."""
        heap = self._heap
        played = 0
        while heap and heap[0][0] <= to:
            when, _seq, action, args = heapq.heappop(heap)
            self.now = when
            action(self, *args)
            played += 1
        self.now = max(self.now, to)
        return played

    # --- days and hours ---------------------------------------------------------------------------

    def works(self, day: date) -> bool:
        """Whether the workshop opens that day: the anchor's day and the one before always do."""
        if 0 <= (self.anchor.date() - day).days <= 1:
            return True
        return day.weekday() != 6 and (day.month, day.day) not in _HOLIDAYS

    def hours(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing time of a day."""
        if day == self.anchor.date():
            return self.opens, self.closes
        midnight = datetime.combine(day, time())
        return midnight + timedelta(hours=8), midnight + timedelta(hours=18)

    def next_work(self, when: datetime) -> datetime:
        """The same moment if the workshop is open then, else a moment of its next hours."""
        day = when.date()
        for _ in range(20):
            opens, closes = self.hours(day)
            if self.works(day) and when <= closes:
                return max(when, opens + timedelta(minutes=when.minute))
            day += timedelta(days=1)
        return when

    def between(self, first: datetime, last: datetime) -> datetime:
        """A random whole minute in [first, last]."""
        span = int((last - first).total_seconds() // 60)
        moment = first + timedelta(minutes=self.rng.randint(0, max(span, 0)))
        return moment.replace(second=0, microsecond=0) if span > 0 else moment.replace(microsecond=0)

    # --- numbers ----------------------------------------------------------------------------------

    def order_number(self, branch: int) -> int:
        """The next order number of a branch."""
        self._next_order[branch] += 1
        return self._next_order[branch]

    def appointment_number(self, branch: int) -> int:
        """The next appointment number of a branch."""
        self._next_appointment[branch] += 1
        return self._next_appointment[branch]

    def sale_number(self) -> str:
        """The next sale operation."""
        self._next_sale += 1
        return f"V-{self._next_sale:06d}"

    def pick_branch(self) -> int:
        """A branch by its share of the work."""
        return int(self.rng.random() < BRANCH_SHARE)

    # --- newcomers --------------------------------------------------------------------------------

    def new_customer(self, name: str | None = None, company: bool = False, branch: int | None = None) -> Customer:
        """Someone enters the master file now."""
        rng = self.rng
        index = self.index * KEYS_PER_CELL + len(self.customers)
        site = self.pick_branch() if branch is None else branch
        place = BRANCHES[site]
        name = name or people.person(rng)
        town, postal = rng.choice(TOWNS) if site == 0 and rng.random() < 0.2 else (place.city, place.postal)
        customer = Customer(
            key=f"{index + 101:06d}",
            name=name,
            company=company,
            doc=people.cuit(index) if company else ("" if rng.random() < 0.05 else people.dni(index)),
            mobile=people.mobile(rng, index, place),
            phone=people.landline(rng, index, place) if company or rng.random() < 0.5 else "",
            work=people.landline(rng, index + 5_000, place) if rng.random() < 0.08 else "",
            email=people.email(rng, name, index),
            address=f"{rng.choice(STREETS)} {rng.randint(20, 4800)}",
            city=town,
            province=place.province,
            postal=postal,
            born=None if company or rng.random() < 0.4 else date(rng.randint(1948, 2004), rng.randint(1, 12), 15),
            branch=site,
            changed=self.now,
        )
        self.customers.append(customer)
        self.masters_changed = self.now
        return customer

    def next_name(self) -> str | None:
        """A hostile name while there are any left (first cell only), else None."""
        return self._hostile.pop() if self._hostile else None

    def new_vehicle(self, owner: Customer, sold_on: date, used: bool = False, plated: bool = True) -> Vehicle:
        """A unit enters the master file now. A short chassis is all that the DMS knows of some."""
        rng = self.rng
        index = self.index * KEYS_PER_CELL + len(self.vehicles)
        model: Model = rng.choices(MODELS, _WEIGHTS)[0]
        year = sold_on.year - (rng.randint(4, 12) if used else 0)
        # two units whose last seven characters are the same, as happens between makes
        serial = 7 if index == 8 else index
        full = people.vin(model.vin, max(year, 2010), index, serial)
        short = rng.random() if index not in (7, 8) else 0.0
        old = used and year < 2016
        vehicle = Vehicle(
            key=f"U{index + 1001:06d}",
            index=index,
            model=model,
            vin=full,
            chassis=full if short < 0.9 else (full[-8:] if short < 0.97 else full[-7:]),
            plate=(people.old_plate(index) if old else people.plate(index, max(year, 2019))) if plated else "",
            year=year,
            color=rng.choice(COLORS),
            sold_on=sold_on,
            km_start=rng.randint(40_000, 120_000) if used else rng.randint(5, 40),
            km_day=round(model.km_day * rng.uniform(0.5, 1.6), 1),
            owner=owner,
            branch=owner.branch,
            changed=self.now,
        )
        vehicle.reading = vehicle.km_start
        self.vehicles.append(vehicle)
        self.masters_changed = self.now
        return vehicle
