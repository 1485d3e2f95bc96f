"""Life after the anchor: every minute or two something happens, steered so that the board stays about as
full.

Pulses follow the clock of the world, so a demo that is closed and opened again has lived on meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from boxes_tui.dms.demo import acts, bookings
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.orders import open_order, reopen, void
from boxes_tui.dms.demo.staging import (
    AHEAD,
    LATER_TODAY,
    OPEN_OLDER,
    OPEN_TODAY,
    OPEN_WEEK,
    OPEN_YESTERDAY,
    SALES_30,
)
from boxes_tui.dms.demo.state import Order, Vehicle

_IN_PROCESS = OPEN_TODAY + OPEN_YESTERDAY + OPEN_WEEK + OPEN_OLDER
_BOOKED = AHEAD + LATER_TODAY + 12
_CHOICES = (
    "book", "walk_in", "move", "cancel", "vanish", "renumber", "sell", "phone", "owner", "reopen", "void",
    "promise", "nothing",
)  # fmt: skip


def pulse(cell: Cell) -> None:
    """One thing happens, and the next pulse is planned: 50 to 110 s later in working hours, minutes at
    night.
    """
    rng = cell.rng
    day = cell.now.date()
    opens, closes = cell.hours(day)
    working = cell.works(day) and opens <= cell.now <= max(closes, opens.replace(hour=20, minute=0))
    pace = rng.randint(50, 110) if working else rng.randint(240, 480)
    cell.at(cell.now + timedelta(seconds=pace), pulse)
    _happen(cell, rng.choices(_CHOICES, _weights(cell, working))[0])


def _weights(cell: Cell, working: bool) -> tuple[int, ...]:
    """What is likely now, in the order of :data:`_CHOICES`: full queues are drained, empty ones filled."""
    recent = cell.appointments[-300:]
    booked = sum(1 for a in recent if a.waiting and a.start > cell.now)
    busy = sum(1 for o in cell.orders[-400:] if o.in_process)
    month = cell.now - timedelta(days=30)
    sold = sum(1 for d in cell.deliveries[-80:] if d.delivered >= month)
    room = booked < _BOOKED * cell.size
    open_shop = int(working)
    return (
        24 if room else 0,
        (14 if busy < _IN_PROCESS * cell.size else 0) * open_shop,
        5,
        2,
        1,
        1,
        (4 if sold < (SALES_30 + 3) * cell.size else 0) * open_shop,
        2 * open_shop,
        1 * open_shop,
        1 * open_shop,
        1 * open_shop,
        9 * open_shop,
        25 if working else 60,
    )


def _happen(cell: Cell, what: str) -> None:
    rng, now = cell.rng, cell.now
    if what == "book":
        vehicle = _idle(cell)
        day = now.date() + timedelta(days=rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28)))
        start = cell.next_work(datetime.combine(day, datetime.min.time())) + timedelta(minutes=30 * rng.randint(0, 18))
        if vehicle is not None:
            bookings.expect(cell, bookings.book(cell, vehicle, start, counter=rng.random() < 0.05))
    elif what == "walk_in":
        vehicle = _idle(cell)
        if vehicle is not None:
            open_order(cell, vehicle, None)
    elif what in ("move", "cancel", "vanish", "renumber"):
        _change_booking(cell, what)
    elif what == "sell":
        acts.sell(cell, rng.choice(("0KM", "0KM", "PLAN", "USADO")))
    elif what == "phone":
        acts.change_phone(cell, rng.choice(cell.customers))
    elif what == "owner":
        vehicle = _idle(cell)
        if vehicle is not None:
            acts.change_owner(cell, vehicle)
    elif what != "nothing":
        _change_order(cell, what)


def _idle(cell: Cell) -> Vehicle | None:
    """A unit with nothing open that was not here lately."""
    limit = cell.now.date() - timedelta(days=20)
    for _ in range(40):
        vehicle = cell.rng.choice(cell.vehicles)
        if not vehicle.busy and vehicle.sold_on < limit and (vehicle.last_visit is None or vehicle.last_visit < limit):
            return vehicle
    return None


def _change_booking(cell: Cell, what: str) -> None:
    ahead = [a for a in cell.appointments[-300:] if a.waiting and a.start > cell.now + timedelta(hours=2)]
    if not ahead:
        return
    appointment = cell.rng.choice(ahead)
    later = cell.next_work(appointment.start + timedelta(days=cell.rng.randint(1, 5)))
    later = later.replace(minute=later.minute // 30 * 30, second=0, microsecond=0)
    if what == "move":
        bookings.move(cell, appointment, later)
    elif what == "cancel":
        bookings.cancel(cell, appointment)
    elif what == "renumber":
        bookings.move_as_new(cell, appointment, later)
    else:
        bookings.vanish(cell, appointment)


def _change_order(cell: Cell, what: str) -> None:
    """An order is opened again, voided, or promised for later."""
    since = cell.now - timedelta(days=12)
    recent: list[Order] = [o for o in cell.orders[-400:] if o.opened > since]
    if what == "reopen":
        done = [o for o in recent if o.status == "EN" and not o.vehicle.busy and o.deliveries == 1]
        if done:
            reopen(cell, cell.rng.choice(done), cell.next_work(cell.now + timedelta(days=2)))
        return
    pending = [o for o in recent if o.in_process]
    if not pending:
        return
    order = cell.rng.choice(pending)
    if what == "void":
        if order.status == "AB":
            void(cell, order)
    elif order.promised is not None:
        order.promised = cell.next_work(max(order.promised, cell.now) + timedelta(hours=cell.rng.choice((3, 24, 48))))
        order.changed = cell.now
