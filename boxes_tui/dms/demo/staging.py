"""The weeks before the anchor, written as a plan of events whose result at the anchor is a full board
(SCREENS §3).

Every quantity below is what the board shows at size 1; nothing is placed in the state directly, it all
*happens*.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from boxes_tui.dms.demo import acts, bookings, people
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.orders import open_order, reopen, void
from boxes_tui.dms.demo.population import DENSE_DAYS
from boxes_tui.dms.demo.state import Appointment, Vehicle

SALES_30, SALES_OLDER = 22, 34
OPEN_TODAY, OPEN_YESTERDAY, OPEN_WEEK, OPEN_OLDER = 21, 6, 4, 18
"""Orders open at the anchor by day of opening; one more of ``older`` is an order opened again,
and one of them the desk marks as handed over (``desk_history``)."""
DONE_15, DONE_OLDER = 25, 88
LATE, A_LITTLE_LATE, LATER_TODAY = 4, 2, 9
AHEAD, CANCELLED, RENUMBERED, VANISHED = 34, 6, 2, 2
NO_SHOWS_7, NO_SHOWS_30, NO_SHOWS_OLDER = 5, 7, 8


class Stage:
    """Draws units that nothing else is planned for, and days on which the workshop is open."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.rng = cell.rng
        self.anchor = cell.anchor
        self.today = cell.anchor.date()
        known = set(people.HOSTILE)
        first = [v for v in cell.vehicles if v.owner.name in known]
        others = [v for v in cell.vehicles if v.owner.name not in known]
        self.rng.shuffle(others)
        self._units = others + first[::-1]

    def count(self, quantity: int) -> int:
        """A quantity of the drawing at the size of this cell, never none."""
        return max(1, round(quantity * self.cell.size))

    def unit(self) -> Vehicle:
        """A unit that has no plan yet; hostile names come first. A tiny cell hands out units again."""
        unit = self._units.pop()
        if len(self._units) < 3:
            self._units = list(reversed(self.cell.vehicles))
        return unit

    def days(self, first: int, last: int) -> list[date]:
        """Working days from ``first`` to ``last`` days after today, never empty."""
        span = [self.today + timedelta(days=n) for n in range(first, last + 1)]
        return [d for d in span if self.cell.works(d)] or span

    def moment(self, day: date, before_close: int = 0) -> datetime:
        """A time in the hours of a day; today before the anchor."""
        opens, closes = self.cell.hours(day)
        if day == self.today:
            closes = self.anchor - timedelta(minutes=1)
        return self.cell.between(opens, max(opens, closes - timedelta(minutes=before_close)))

    def slot(self, day: date) -> datetime:
        """A half hour of a day's appointments."""
        minutes = 30 * self.rng.randint(0, 17)
        return datetime.combine(day, time(8)) + timedelta(minutes=minutes)


def stage(cell: Cell) -> None:
    """Plan everything from ``anchor − DENSE_DAYS`` to the anchor, and the outcome of what is open then."""
    plan = Stage(cell)
    _today(plan)
    _open_orders(plan)
    _appointments_ahead(plan)
    _done(plan)
    _no_shows(plan)
    _sales(plan)
    _odd(plan)


def _today(plan: Stage) -> None:
    """Who came today, who is late, who is still to come."""
    cell, anchor = plan.cell, plan.anchor
    for n in range(plan.count(OPEN_TODAY)):
        came = plan.moment(plan.today)
        until = cell.next_work(anchor + timedelta(minutes=20 + 11 * n + plan.rng.randint(0, 9)))
        if n % 8 < 5:
            _visit(plan, came, until)
        else:
            cell.at(came, open_order, plan.unit(), until)
    for n in range(plan.count(LATE)):
        start = max(cell.opens, _five(anchor - timedelta(minutes=33 + 17 * n)))
        fate = anchor + timedelta(minutes=9 + 14 * n) if n % 4 < 2 else None
        _turno(plan, start, fate)
    for n in range(plan.count(A_LITTLE_LATE)):
        start = max(cell.opens, _five(anchor - timedelta(minutes=8 + 10 * n)))
        _turno(plan, start, anchor + timedelta(minutes=4 + 9 * n))
    room = max(1, int((cell.closes - anchor).total_seconds() // 60))
    number = plan.count(LATER_TODAY)
    for n in range(number):
        exact = anchor + timedelta(minutes=max(1, room * (n + 1) // (number + 1)))
        exact = min(exact, datetime.combine(plan.today, time(23, 59)))
        start = _five(exact) if _five(exact) > anchor else exact
        fate = max(anchor + timedelta(minutes=1 + n), start + timedelta(minutes=plan.rng.randint(-9, 22)))
        _turno(plan, start, None if n % 7 == 6 else fate)


def _open_orders(plan: Stage) -> None:
    """What came in before today and is still in the workshop; the older the longer it drags."""
    cell = plan.cell
    for quantity, first, last, longest in (
        (OPEN_YESTERDAY, -1, -1, 30),
        (OPEN_WEEK, -7, -2, 60),
        (OPEN_OLDER, -26, -8, 400),
    ):
        days = plan.days(first, last)
        for n in range(plan.count(quantity)):
            came = plan.moment(days[n % len(days)] if last == -1 else plan.rng.choice(days))
            until = cell.next_work(plan.anchor + timedelta(hours=plan.rng.randint(1, longest), minutes=5))
            if n % 3:
                _visit(plan, came, until)
            else:
                cell.at(came, open_order, plan.unit(), until)


def _done(plan: Stage) -> None:
    """Orders already handed over: 15 days for the courtesy list, and the weeks before for history."""
    cell = plan.cell
    for quantity, first, last in ((DONE_15, -15, 0), (DONE_OLDER, 4 - DENSE_DAYS, -16)):
        days = plan.days(first, last)
        for n in range(plan.count(quantity)):
            day = days[0] if n < 2 else days[-1] if n < 5 else plan.rng.choice(days)
            gone = plan.moment(day)
            came = _entry(plan, gone)
            if n % 5 < 3:
                _visit(plan, came, gone)
            else:
                cell.at(came, open_order, plan.unit(), gone)


def _entry(plan: Stage, gone: datetime) -> datetime:
    """When a unit handed over at ``gone`` had come in: hours before, or some days."""
    opens, _closes = plan.cell.hours(gone.date())
    if plan.rng.random() < 0.65 or gone.date() == plan.today:
        return plan.cell.between(opens, max(opens, gone - timedelta(minutes=40)))
    day = gone.date() - timedelta(days=plan.rng.randint(1, 3))
    if not plan.cell.works(day):
        day -= timedelta(days=1)
    return plan.moment(day)


def _visit(plan: Stage, came: datetime, until: datetime) -> None:
    """An appointment that was kept: the arrival lies around its hour, on its day."""
    start = came - timedelta(minutes=plan.rng.randint(-15, 30))
    if start.date() != came.date():
        start = came
    _turno(plan, _five(start), came, until)


def _five(moment: datetime) -> datetime:
    """The full five minutes at or before a moment: nobody books 14:43."""
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def _turno(plan: Stage, start: datetime, fate: datetime | None, until: datetime | None = None) -> None:
    """Plan a booking some days before ``start`` and the arrival at ``fate`` (None: nobody comes)."""
    days = min(plan.rng.randint(1, 18), max(1, (start - plan.cell.now).days - 1))
    booked = plan.moment(start.date() - timedelta(days=days))
    plan.cell.at(booked, _booked, plan.unit(), start, fate, until, plan.rng.random() < 0.05)


def _booked(
    cell: Cell,
    vehicle: Vehicle,
    start: datetime,
    fate: datetime | None,
    until: datetime | None,
    counter: bool,
) -> None:
    appointment = bookings.book(cell, vehicle, start, counter=counter)
    if fate is not None:
        cell.at(fate, bookings.come, appointment, until)
    bookings.watch(cell, appointment)
    if cell.rng.random() < 0.15:
        cell.at(
            min(start, cell.now + timedelta(hours=30)) - timedelta(minutes=30),
            bookings.dms_confirm,
            appointment,
        )


def _appointments_ahead(plan: Stage) -> None:
    """What is booked for the next 30 days, with the ones moved, renumbered, cancelled or vanished lately."""
    cell, anchor = plan.cell, plan.anchor
    days = plan.days(1, 30)
    for n in range(plan.count(AHEAD)):
        day = days[0] if n < plan.count(7) else plan.rng.choice(days[: max(3, len(days) * 2 // 3)])
        start = plan.slot(day)
        booked = anchor - timedelta(minutes=plan.rng.randint(60, 60 * 24 * 12))
        cell.at(booked, _ahead, plan.unit(), start, "move" if n % 9 == 4 else "")
    for quantity, what in ((CANCELLED, "cancel"), (RENUMBERED, "renumber"), (VANISHED, "vanish")):
        for _ in range(plan.count(quantity)):
            booked = anchor - timedelta(minutes=plan.rng.randint(60 * 30, 60 * 24 * 12))
            cell.at(booked, _ahead, plan.unit(), plan.slot(plan.rng.choice(days[:15])), what)


def _ahead(cell: Cell, vehicle: Vehicle, start: datetime, what: str) -> None:
    """Book ahead; whatever happens to it happens in the last 20 hours before the anchor, for the sync to
    notice.
    """
    appointment: Appointment = bookings.book(cell, vehicle, start, counter=what == "" and cell.rng.random() < 0.06)
    soon = cell.anchor - timedelta(minutes=cell.rng.randint(45, 1_200))
    other = cell.next_work(start + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    if what == "move":
        cell.at(soon, bookings.move, appointment, other)
    elif what == "renumber":
        cell.at(soon, bookings.move_as_new, appointment, other)
    elif what == "cancel":
        cell.at(soon, bookings.cancel, appointment)
    elif what == "vanish":
        cell.at(soon, bookings.vanish, appointment)
    if what in ("", "move"):
        bookings.expect(cell, appointment, cancels=False)


def _no_shows(plan: Stage) -> None:
    """Appointments that nobody kept."""
    for quantity, first, last in (
        (NO_SHOWS_7, -7, -1),
        (NO_SHOWS_30, -30, -8),
        (NO_SHOWS_OLDER, 20 - DENSE_DAYS, -31),
    ):
        days = plan.days(first, last)
        for _ in range(plan.count(quantity)):
            _turno(plan, plan.slot(plan.rng.choice(days)), None)


def _sales(plan: Stage) -> None:
    """Deliveries of the last 30 days (one on its last day in the list, two of today), and of the weeks
    before.
    """
    cell = plan.cell
    for quantity, first, last in ((SALES_30, -30, 0), (SALES_OLDER, -DENSE_DAYS + 1, -31)):
        days = plan.days(first, last)
        names = [people.LONG_BUYER, None, "MÜLLER PEÑA [0 KM], INÉS"] if last == 0 and cell.index == 0 else []
        for n in range(plan.count(quantity)):
            day = plan.today + timedelta(days=first) if n == 0 else plan.today if last == 0 and n < 3 else None
            when = plan.moment(day or plan.rng.choice(days))
            name = names[n] if n < len(names) else None
            cell.at(when, acts.sell, plan.rng.choice(("0KM", "0KM", "0KM", "PLAN", "USADO")), name)


def _odd(plan: Stage) -> None:
    """Estimates, voided and re-opened orders, an annulled sale, corrections in the master files."""
    cell = plan.cell
    for _ in range(plan.count(3)):
        cell.at(plan.moment(plan.today), open_order, plan.unit(), None, None, "PR")
    for _ in range(plan.count(2)):
        cell.at(plan.moment(plan.rng.choice(plan.days(-6, -1))), _opened_by_mistake, plan.unit())
    older = plan.days(-24, -12)
    back = cell.next_work(plan.anchor + timedelta(days=2))
    cell.at(plan.moment(older[0]), _comes_back, plan.unit(), timedelta(days=5), back)
    again = plan.moment(plan.days(-6, -4)[0])
    cell.at(plan.moment(older[-1]), _comes_back, plan.unit(), timedelta(days=4), again)
    cell.at(plan.moment(plan.days(-12, -6)[0]), _annulled, plan)
    for n in range(plan.count(4)):
        soon = plan.anchor - timedelta(hours=3 + 13 * n)
        cell.at(soon, acts.change_phone, plan.unit().owner)
        cell.at(soon + timedelta(minutes=7), acts.change_owner, plan.unit())


def _opened_by_mistake(cell: Cell, vehicle: Vehicle) -> None:
    order = open_order(cell, vehicle, cell.anchor + timedelta(days=1))
    cell.at(cell.now + timedelta(minutes=35), void, order)


def _comes_back(cell: Cell, vehicle: Vehicle, after: timedelta, until: datetime) -> None:
    order = open_order(cell, vehicle, cell.now + timedelta(hours=7))
    cell.at(cell.now + after, reopen, order, until)


def _annulled(cell: Cell, plan: Stage) -> None:
    acts.sell(cell, "0KM")
    cell.at(cell.now + timedelta(days=1), acts.annul, cell.deliveries[-1])
