"""An iCalendar reader of the tests' own, apart from the library that writes the invites (RFC 5545 §3.1, §3.3.11)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

ALLOWED = {
    "BEGIN", "END", "PRODID", "VERSION", "METHOD", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY",
    "LOCATION", "DESCRIPTION", "STATUS", "ORGANIZER", "ATTENDEE",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """The one event of an invite."""

    method: str
    uid: str
    sequence: int
    start: datetime | date
    end: datetime | date
    summary: str
    location: str
    description: str
    status: str
    organizer: str
    attendee: str


def read_invite(text: str) -> Entry:
    """Parse an invite strictly: fails on long lines, unknown or repeated properties, anything but one event."""
    assert "\r" not in text.replace("\r\n", "")
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    for line in lines:
        assert len(line.encode()) <= 75, line
    whole = re.sub(r"\n[ \t]", "", "\n".join(lines)).split("\n")
    found: dict[str, str] = {}
    for line in whole:
        name, value = _split(line)
        assert name in ALLOWED, line
        if name in ("BEGIN", "END"):
            assert value in ("VCALENDAR", "VEVENT")
            continue
        assert name not in found, f"{name} twice"
        found[name] = value
    assert whole[0] == "BEGIN:VCALENDAR" and whole[-1] == "END:VCALENDAR"
    assert sum(line == "BEGIN:VEVENT" for line in whole) == 1
    return Entry(
        found["METHOD"], found["UID"], int(found["SEQUENCE"]), _when(found["DTSTART"]), _when(found["DTEND"]),
        _text(found["SUMMARY"]), _text(found["LOCATION"]), _text(found["DESCRIPTION"]), found["STATUS"],
        found["ORGANIZER"], found["ATTENDEE"],
    )  # fmt: skip


def _split(line: str) -> tuple[str, str]:
    """Name and value; parameters (with quoted colons) are passed over."""
    quoted = False
    for n, ch in enumerate(line):
        if ch == '"':
            quoted = not quoted
        elif ch == ":" and not quoted:
            return line[:n].partition(";")[0], line[n + 1 :]
    raise AssertionError(f"no value: {line!r}")


def _when(value: str) -> datetime | date:
    if len(value) == 8:
        return datetime.strptime(value, "%Y%m%d").date()
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _text(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), value
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)
