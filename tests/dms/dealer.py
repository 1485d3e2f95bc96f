"""A made-up dealership whose queues are known: the truth, and what every queue has to hold (PRODUCT §4).

Nothing here knows how BOXES works; ``dialects.py`` writes the truth down the way different DMSs would.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

TODAY = date(2026, 11, 24)
NOW = "2026-11-24T14:10:00-03:00"
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass
class Person:
    key: str
    name: str
    doc: str
    mobile: str


@dataclass
class Car:
    vin: str
    plate: str
    owner: Person
    model: str


@dataclass
class Sale:
    key: str
    branch: str
    at: datetime
    car: Car
    annulled: bool = False


@dataclass
class Turno:
    branch: str
    number: int
    start: datetime
    car: Car
    named: str
    """How the DMS names the car: plate, tail7, tail8, vin, both, text."""
    state: str = "P"

    @property
    def key(self) -> str:
        return f"{self.branch}/{self.number}"


@dataclass
class Order:
    branch: str
    number: int
    opened: datetime
    car: Car
    state: str
    delivered: datetime | None = None
    turno: Turno | None = None
    lines: int = 1

    @property
    def key(self) -> str:
        return f"{self.branch}/{self.number}"


@dataclass
class Dealer:
    people: list[Person] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    turnos: list[Turno] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Local time ``day`` days after today."""
    return datetime(TODAY.year, TODAY.month, TODAY.day, hour, minute) + timedelta(days=day)


def make(seed: int, size: int = 60, branches: tuple[str, ...] = ("CBA", "ROS")) -> Dealer:
    """A dealership of ``size`` cars, the same for the same seed."""
    rng = random.Random(seed)
    d = Dealer()
    names = ["Muñoz, Ángela", "O'Higgins [b], José", "=1+1 Peña", "Núñez; Iñaki", "Zoë Ibáñez", "Sosa, Raúl"]
    for n in range(size):
        d.people.append(
            Person(f"{n:05d}", f"{names[n % len(names)]} {n}", str(20_000_000 + n * 37), f"351 155{n:06d}"[:15])
        )
        tail = f"{n:07d}" if n not in (3, 4) else "0000003"  # two cars share a chassis tail
        vin = "8AP" + "".join(rng.choice(_LETTERS) for _ in range(7)) + tail
        d.cars.append(
            Car(vin, f"A{_LETTERS[n // 20]}{100 + n}{_LETTERS[n % 20]}{_LETTERS[n % 7]}", d.people[n], "CRONOS 1.3")
        )
    _sales(d, rng, branches)
    _turnos(d, rng, branches)
    _orders(d, rng, branches)
    return d


def _sales(d: Dealer, rng: random.Random, branches: tuple[str, ...]) -> None:
    days = [0, -1, -29, -30, -31, -60, -90, -91, -200]
    for n in range(len(d.cars) // 2):
        day = days[n % len(days)]
        d.sales.append(
            Sale(
                f"V{n:04d}", rng.choice(branches), at(day, *((22, 30), (0, 5), (12, 0))[n % 3]), d.cars[n], n % 11 == 5
            )
        )


def _turnos(d: Dealer, rng: random.Random, branches: tuple[str, ...]) -> None:
    days = [-9, -8, -7, -3, -1, 0, 0, 0, 1, 2, 7, 30, 59]
    kinds = ["plate", "tail7", "tail8", "vin", "both", "text"]
    for n, car in enumerate(d.cars):
        named = kinds[n % len(kinds)] if n not in (3, 4) else "tail7"
        state = "X" if n % 13 == 12 else "P"
        d.turnos.append(
            Turno(rng.choice(branches), 900 + n, at(days[(n * 5) % len(days)], 8 + n % 9, 30), car, named, state)
        )


def _orders(d: Dealer, rng: random.Random, branches: tuple[str, ...]) -> None:
    number = 100
    for n, turno in enumerate(d.turnos):
        if n % 2 == 0 and turno.start.date() <= TODAY and turno.state != "X":
            state = ("AB", "EP", "EN", "AN", "PR")[(n // 2) % 5]
            opened = turno.start.replace(hour=8, minute=n % 60)
            delivered = opened + timedelta(hours=5) if state == "EN" else None
            d.orders.append(Order(turno.branch, number, opened, turno.car, state, delivered))
            number += 1
    ages = [0, -1, -2, -7, -8, -40]
    for n in range(len(d.cars) // 2):
        car = d.cars[-1 - n]
        opened = at(ages[n % len(ages)] - 1, 23, 40) if n % 4 else at(ages[n % len(ages)], 8, 1)
        if any(t.car is car and t.start.date() == opened.date() for t in d.turnos):
            continue
        state = ("AB", "EP", "ES", "TE", "EN", "AN", "PR")[n % 7]
        delivered = opened + timedelta(days=1) if state == "EN" else None
        d.orders.append(Order(rng.choice(branches), number, opened, car, state, delivered, lines=n % 3))
        number += 1


def arrived(d: Dealer, turno: Turno) -> bool:
    """Whether the car of a turno came in that day, as far as the DMS's names allow to know."""
    if turno.named == "text" or (turno.named.startswith("tail") and _shared(d, turno)):
        return False
    return any(
        o.car is turno.car and o.opened.date() == turno.start.date() and o.state not in ("AN", "PR") for o in d.orders
    )


def _shared(d: Dealer, turno: Turno) -> bool:
    size = int(turno.named[-1])
    return sum(c.vin[-size:] == turno.car.vin[-size:] for c in d.cars) > 1


def expected(d: Dealer, *, dated: bool = True) -> dict[str, list[str]]:
    """The DMS keys in every queue and filter. ``dated``: the DMS tells when an order was delivered."""
    live = [t for t in d.turnos if t.state != "X"]
    age = {id(t): (t.start.date() - TODAY).days for t in live}
    pending = [t for t in live if not arrived(d, t)]
    in_process = [o for o in d.orders if o.state in ("AB", "EP", "ES", "TE")]
    opened = {o.key: (o.opened.date() - TODAY).days for o in in_process}
    done = [
        o
        for o in d.orders
        if o.state == "EN" and dated and o.delivered and -15 <= (o.delivered.date() - TODAY).days <= 0
    ]
    found = {
        "deliveries/all": [s.key for s in d.sales if not s.annulled and -30 <= (s.at.date() - TODAY).days <= 0],
        "appointments/to_confirm": [t.key for t in pending if age[id(t)] >= 0],
        "appointments/not_arrived": [t.key for t in pending if age[id(t)] == 0],
        "appointments/no_show": [t.key for t in pending if -7 <= age[id(t)] <= -1],
        "appointments/confirmed": [],
        "in_process/all": [o.key for o in in_process],
        "in_process/today": [k for k, n in opened.items() if n == 0],
        "in_process/yesterday": [k for k, n in opened.items() if n == -1],
        "in_process/week": [k for k, n in opened.items() if -7 <= n <= -2],
        "in_process/older": [k for k, n in opened.items() if n < -7],
        "completed/all": [o.key for o in done],
        "opportunities/all": [],
        "leaks/all": [],
    }  # fmt: skip
    found["deliveries/pending"] = found["deliveries/all"]
    found["completed/pending"] = found["completed/all"]
    return {queue: sorted(keys) for queue, keys in found.items()}
