"""A made-up dealership whose queues are known: the truth, and what every queue has to hold (PRODUCT §4).

Nothing here knows how BOXES works; ``dialects.py`` writes the truth down the way different DMSs would.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

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


def tomorrow(d: Dealer, seed: int) -> tuple[Dealer, set[str]]:
    """The same dealership a day later, and the keys of the turnos that its export no longer lists.

    Turnos move, are cancelled, are cancelled and booked anew, vanish; orders are delivered, opened again, voided, and new
    ones come in; a sale is annulled and another one made.
    """
    rng = random.Random(seed + 1000)
    n = copy.deepcopy(d)
    ahead = [t for t in n.turnos if t.state == "P" and 2 <= (t.start.date() - TODAY).days <= 30]
    rng.shuffle(ahead)
    for turno in ahead[:3]:
        turno.start += timedelta(days=3)
    for turno in ahead[3:5]:
        turno.state = "X"
    for turno in ahead[5:7]:
        turno.state = "X"
        n.turnos.append(replace(turno, number=turno.number + 5000, start=turno.start + timedelta(days=2), state="P"))
    gone = {t.key for t in ahead[7:9]}
    gone |= {t.key for t in n.turnos if t.state == "P" and t.start.date() < TODAY and t.number % 17 == 3}
    _orders_tomorrow(n, rng)
    standing = [s for s in n.sales if not s.annulled and s.at.date() > TODAY - timedelta(days=20)]
    standing[0].annulled = True
    n.sales.append(replace(standing[1], key="V9000", at=at(1, 9)))
    return n, gone


def _orders_tomorrow(n: Dealer, rng: random.Random) -> None:
    open_ = [o for o in n.orders if o.state in ("AB", "EP")]
    done = [o for o in n.orders if o.state == "EN"]
    rng.shuffle(open_)
    for order in open_[:3]:
        order.state, order.delivered = "EN", at(1, 11)
    open_[3].state = "AN"
    done[0].state, done[0].delivered = "EP", None
    for k, car in enumerate((n.cars[7], n.cars[11])):
        n.orders.append(Order(n.orders[0].branch, 700 + k, at(1, 8, 45), car, "AB"))


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


def expected(
    d: Dealer, *, dated: bool = True, today: date = TODAY, gone: Collection[str] = (), reads: int = 0
) -> dict[str, list[str]]:
    """The DMS keys in every queue and filter. ``dated``: the DMS tells when an order was delivered; ``gone``: turnos that
    the last ``reads`` complete exports did not list (DMS.md §4 *vanished*)."""

    def age(moment: datetime) -> int:
        return (moment.date() - today).days

    now = datetime.combine(today, time(14, 10))
    live = [t for t in d.turnos if t.state != "X" and not (t.key in gone and reads >= 2 and t.start > now)]
    pending = [t for t in live if not arrived(d, t)]
    in_process = [o for o in d.orders if o.state in ("AB", "EP", "ES", "TE")]
    opened = {o.key: age(o.opened) for o in in_process}
    done = {o.key: age(o.delivered) for o in d.orders if o.state == "EN" and dated and o.delivered}
    sold = {s.key: age(s.at) for s in d.sales if not s.annulled}
    newest = sorted(
        (o for o in d.orders if age(o.opened) == 0 and o.state not in ("AN", "PR")),
        key=lambda o: o.opened,
        reverse=True,
    )
    first = (TODAY - today).days  # the first sync is the go-live: what had left its window before is no leak
    leaks = {
        "leaks/deliveries": [k for k, n in sold.items() if -90 <= n <= -31 and n + 30 >= first],
        "leaks/no_shows": [t.key for t in pending if -30 <= age(t.start) <= -8 and age(t.start) + 7 >= first],
        "leaks/completed": [k for k, n in done.items() if -45 <= n <= -16 and n + 15 >= first],
        "leaks/opportunities": [],
        "leaks/complaints": [],
    }
    found = {
        "deliveries/all": [k for k, n in sold.items() if -30 <= n <= 0],
        "deliveries/done": [],
        "appointments/to_confirm": [t.key for t in pending if age(t.start) >= 0],
        "appointments/not_arrived": [t.key for t in pending if age(t.start) == 0],
        "appointments/no_show": [t.key for t in pending if -7 <= age(t.start) <= -1],
        "appointments/confirmed": [],
        "appointments/latest_arrivals": [o.key for o in newest[:10]],
        "in_process/all": [o.key for o in in_process],
        "in_process/today": [k for k, n in opened.items() if n == 0],
        "in_process/yesterday": [k for k, n in opened.items() if n == -1],
        "in_process/week": [k for k, n in opened.items() if -7 <= n <= -2],
        "in_process/older": [k for k, n in opened.items() if n < -7],
        "completed/all": [k for k, n in done.items() if -15 <= n <= 0],
        "completed/done": [],
        "opportunities/all": [],
        **leaks,
        "leaks/all": [key for keys in leaks.values() for key in keys],
    }
    found["deliveries/pending"] = found["deliveries/all"]
    found["completed/pending"] = found["completed/all"]
    return {queue: sorted(keys) for queue, keys in found.items()}
