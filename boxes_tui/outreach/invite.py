"""The iCalendar invite of an appointment (PRODUCT §7): a stable UID, SEQUENCE on change, REQUEST or CANCEL, UTC.

An appointment that the DMS moved as "cancel + new key" keeps the UID of the first one, so that the customer's calendar
has one entry and not two.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from boxes_tui.text import clean

Method = Literal["REQUEST", "CANCEL"]
DEFAULT_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Invite:
    """What the entry says. ``start`` is an aware instant, or a day where the DMS tells only the day."""

    uid: str
    sequence: int
    method: Method
    start: datetime | date
    minutes: int | None
    stamp: datetime
    summary: str
    location: str
    description: str
    organizer: str
    organizer_name: str
    attendee: str


def uid_of(appointment_id: int, install_key: str) -> str:
    """The stable UID of an appointment of this installation; tells nothing about the person."""
    mark = hmac.new(install_key.encode(), b"ics", hashlib.sha256).hexdigest()[:16]
    return f"turno-{appointment_id}@{mark}.boxes.invalid"


def build(invite: Invite) -> str:
    """The calendar text, lines of at most 75 octets, ended by newlines alone (the mail writes CRLF)."""
    from icalendar import Calendar, Event, vCalAddress, vText

    event = Event()
    event.add("uid", invite.uid)
    event.add("sequence", invite.sequence)
    event.add("dtstamp", invite.stamp.astimezone(UTC))
    if isinstance(invite.start, datetime):
        start = invite.start.astimezone(UTC)
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(minutes=invite.minutes or DEFAULT_MINUTES))
    else:
        event.add("dtstart", invite.start)
        event.add("dtend", invite.start + timedelta(1))
    event.add("summary", clean(invite.summary, 200))
    event.add("location", clean(invite.location, 300))
    event.add("description", clean(invite.description, 500))
    event.add("status", "CONFIRMED" if invite.method == "REQUEST" else "CANCELLED")
    organizer = vCalAddress(f"mailto:{invite.organizer}")
    organizer.params["CN"] = vText(clean(invite.organizer_name, 100))
    event.add("organizer", organizer, encode=False)
    attendee = vCalAddress(f"mailto:{invite.attendee}")
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//BOXES TUI//Turnos//ES")
    calendar.add("version", "2.0")
    calendar.add("method", invite.method)
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8")).replace("\r\n", "\n")
