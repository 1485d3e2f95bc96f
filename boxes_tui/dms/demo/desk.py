"""The diary in which the demo desk's acts are planned: who, when, on which row."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.desk_history import GO_LIVE_DAYS, Kind, PlannedAct
from boxes_tui.dms.demo.state import Appointment, Order, Vehicle
from boxes_tui.dms.demo.world import ZONE

ATTEMPTS, WEIGHTS = ("no_answer", "voicemail", "busy"), (55, 25, 20)
CBA_AGENTS = ("ana", "ana", "marta", "luis")


class Desk:
    """Collects the acts of one cell; every time handed out lies in the desk's hours and before the anchor."""

    def __init__(self, seed: int, cell: Cell) -> None:
        self.cell = cell
        self.rng = Random(f"boxes-desk/{seed}/{cell.index}")
        self.anchor = cell.anchor
        self.today = cell.anchor.date()
        self.acts: list[PlannedAct] = []
        self._orders: dict[str, list[Order]] = {}
        for order in cell.orders:
            if order.status == "EN":
                self._orders.setdefault(order.vehicle.key, []).append(order)
        self.sold: set[str] = set()
        """Keys of appointments that an act has claimed as sold."""

    def last_order(self, unit: Vehicle, before: datetime | None = None) -> Order | None:
        """The last order of a unit that was handed over, at all or before an instant."""
        for order in reversed(self._orders.get(unit.key, ())):
            if before is None or (order.delivered is not None and order.delivered < before):
                return order
        return None

    def count(self, quantity: int) -> int:
        """A quantity of the drawing at the size of this cell."""
        return max(1, round(quantity * self.cell.size))

    def agent(self, branch: int) -> str:
        """Who works a branch."""
        return "rocio" if BRANCHES[branch].code == "ROS" else self.rng.choice(CBA_AGENTS)

    def moment(self, day: date) -> datetime:
        """A time in the desk's hours of a day, after go-live, moved on from Sundays; today shortly before
        the anchor.
        """
        day = max(day, self.today - timedelta(days=GO_LIVE_DAYS))
        while not self.cell.works(day) and day < self.today:
            day += timedelta(days=1)
        if day >= self.today:
            first = max(datetime.combine(self.today, time(0, 1)), self.anchor - timedelta(hours=5))
            return self.between(first, self.anchor - timedelta(minutes=2))
        return datetime.combine(day, time(9)) + timedelta(minutes=self.rng.randint(0, 525))

    def between(self, first: datetime, last: datetime) -> datetime:
        """A whole minute in [first, last] from the desk's own random stream."""
        span = int((last - first).total_seconds() // 60)
        return first + timedelta(minutes=self.rng.randint(0, max(span, 0)))

    def act(self, kind: Kind, at: datetime, agent: str, queue: str = "", row: str = "", **more: Any) -> None:
        """Plan an act at a wall time; never later than the anchor."""
        for name in ("due", "sold_at"):
            value = more.get(name)
            if isinstance(value, datetime):
                more[name] = value.replace(tzinfo=ZONE)
        at = min(at, self.anchor - timedelta(minutes=1))
        self.acts.append(PlannedAct(kind, at.replace(tzinfo=ZONE), agent, queue, row, **more))

    def attempts(self, number: int, first: date, agent: str, queue: str, row: str, **more: Any) -> None:
        """Calls that reached nobody, one a day from ``first`` on."""
        for n in range(number):
            day = first + timedelta(days=n)
            if day <= self.today:
                code = self.rng.choices(ATTEMPTS, WEIGHTS)[0]
                self.act("call", self.moment(day), agent, queue, row, disposition=code, **more)

    def idle_units(self) -> list[Vehicle]:
        """Units with history and nothing open or recent, the longest away first."""
        limit = self.today - timedelta(days=80)
        units = [
            v
            for v in self.cell.vehicles
            if not v.busy and v.key in self._orders and v.last_visit is not None and v.last_visit < limit
        ]
        return sorted(units, key=lambda v: (v.last_visit or self.today, v.key))

    def kept(self) -> list[Appointment]:
        """Appointments of the dense weeks that ended in an order."""
        first = self.today - timedelta(days=54)
        return [
            a for a in self.cell.appointments if a.order and a.booked.date() >= first and a.customer and not a.vanished
        ]
