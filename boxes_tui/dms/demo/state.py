"""The rows of the simulated DMS. Times are wall times of the dealership (naive,
America/Argentina/Buenos_Aires).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from boxes_tui.dms.demo.catalogue import BRANCHES, Job, Model


@dataclass(slots=True, eq=False)
class Customer:
    """A customer of the master file; ``branch`` is an index into the branches."""

    key: str
    name: str
    company: bool
    doc: str
    mobile: str
    phone: str
    work: str
    email: str
    address: str
    city: str
    province: str
    postal: str
    born: date | None
    branch: int
    changed: datetime


@dataclass(slots=True, eq=False)
class Vehicle:
    """A unit. ``chassis`` is what the DMS knows of it: 17 characters, or the tail of them."""

    key: str
    index: int
    model: Model
    vin: str
    chassis: str
    plate: str
    year: int
    color: str
    sold_on: date
    km_start: int
    km_day: float
    owner: Customer
    branch: int
    changed: datetime
    reading: int = 0
    """The odometer that the master file shows: of the last visit."""
    last_visit: date | None = None
    busy: int = 0
    """Open appointments and open orders; a busy unit is given no other work."""

    def km(self, day: date) -> int:
        """The odometer on a day, in whole kilometres."""
        return self.km_start + int(max(0, (day - self.sold_on).days) * self.km_day)

    @property
    def label(self) -> str:
        """The unit in a text field."""
        return self.model.model


@dataclass(slots=True, eq=False)
class Delivery:
    """A sale handed over; ``dated_only`` writes no hour."""

    key: str
    vehicle: Vehicle
    customer: Customer
    delivered: datetime
    condition: str
    seller: str
    branch: int
    annulled: bool = False
    dated_only: bool = False


@dataclass(slots=True, eq=False)
class Appointment:
    """A turno. ``status`` is the DMS's letter (P C I X N); ``vanished`` ones are written no more."""

    branch: int
    number: int
    vehicle: Vehicle | None
    customer: Customer | None
    """None: taken at the counter without a customer code; ``caller`` and ``caller_phone`` say who."""
    caller: str
    caller_phone: str
    start: datetime
    booked: datetime
    advisor: str
    job: str
    second_job: str = ""
    notes: str = ""
    status: str = "P"
    arrived: datetime | None = None
    order: Order | None = None
    linked: bool = True
    """Whether the DMS writes the order's number here and the appointment's in the order."""
    vanished: bool = False
    moves: int = 0

    @property
    def key(self) -> str:
        """The DMS key as BOXES reads it."""
        return f"{BRANCHES[self.branch].code}/{self.number}"

    @property
    def waiting(self) -> bool:
        """Still to come in."""
        return self.status in ("P", "C") and not self.vanished and self.order is None


Line = tuple[str, str, str, int, int, int, str, str]
"""kind, code, description, quantity in hundredths, hours in hundredths, amount in cents, pay letter,
technician.
"""
Incident = tuple[str, str, datetime | None, str]
"""kind letter, text, when, severity."""


@dataclass(slots=True, eq=False)
class Order:
    """An orden de reparación. ``status``: PR AB EP ES TE FA EN AN; ``pay``: C G I S."""

    branch: int
    number: int
    vehicle: Vehicle
    customer: Customer
    opened: datetime
    promised: datetime | None
    job: Job
    status: str
    km: int
    pay: str
    advisor: str
    changed: datetime
    appointment: Appointment | None = None
    finished: datetime | None = None
    invoiced: datetime | None = None
    delivered: datetime | None = None
    result: str = ""
    notes: str = ""
    total: int = 0
    """Cents."""
    lines: list[Line] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    deliveries: int = 0
    """How many times it was handed over; more than one means it was opened again."""
    turn: int = 0
    """Grows when the course changes, so that steps planned before are void."""

    @property
    def key(self) -> str:
        """The DMS key as BOXES reads it."""
        return f"{BRANCHES[self.branch].code}/{self.number}"

    @property
    def in_process(self) -> bool:
        """Opened and not delivered, neither estimate nor voided."""
        return self.status not in ("EN", "AN", "PR")
