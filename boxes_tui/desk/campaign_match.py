"""The report of a pasted list: every line in exactly one group (PRODUCT §8).

``exact``, ``suffix`` enter; ``open`` joins the campaign opportunity that the unit has; ``blocked`` is somebody who does not
want to be contacted (technical notes and recalls take him all the same); ``ambiguous``, ``unknown`` and ``duplicate`` stay
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from boxes_tui.data.session import Session
from boxes_tui.desk.campaign_lines import entries
from boxes_tui.desk.campaign_lookup import resolve, suggestions
from boxes_tui.desk.campaign_units import Unit, load

MATCHES: Final = ("exact", "suffix", "ambiguous", "unknown", "duplicate", "open", "blocked")
ENTER: Final = ("exact", "suffix", "open", "blocked")
"""Groups whose units may enter; of ``blocked`` the type decides."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list with its group. ``suggestion`` is a VIN that exists with I, O, Q read as 1, 0, 0."""

    line: int
    text: str
    match: str
    vehicles: tuple[int, ...]
    suggestion: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As PRODUCT §10 fixes it."""
        made: dict[str, Any] = {
            "line": self.line, "text": self.text, "match": self.match, "vehicles": [str(v) for v in self.vehicles]
        }  # fmt: skip
        return {**made, "suggestion": self.suggestion} if self.suggestion else made


@dataclass(frozen=True)
class Match:
    """The whole report. ``units`` are the vehicles that may enter, in the order of the list; ``how`` the group of the
    line that brought each in."""

    lines: tuple[Line, ...] = ()
    units: Mapping[int, Unit] = field(default_factory=dict)
    how: Mapping[int, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Lines by group, every group named."""
        made = dict.fromkeys(MATCHES, 0)
        for line in self.lines:
            made[line.match] += 1
        return made


def match_list(conn: Connection, session: Session, text: str, type_: str = "technical_note") -> Match:
    """The report of a list; ``type_`` is the campaign's."""
    listed = entries(text)
    hits = resolve(conn, listed)
    named = list(dict.fromkeys(v for h in hits if h.how in ("exact", "suffix") for v in h.vehicles))
    units = load(conn, session, named, type_)
    lost = [e.tokens[0].text for e, h in zip(listed, hits, strict=True) if h.how == "unknown" and len(e.tokens) == 1]
    offered = suggestions(conn, lost)
    seen: dict[int, str] = {}
    lines = []
    for entry, hit in zip(listed, hits, strict=True):
        word = entry.tokens[0].text if len(entry.tokens) == 1 else ""
        if hit.how in ("ambiguous", "unknown"):
            lines.append(Line(entry.line, entry.text, hit.how, hit.vehicles, offered.get(word)))
            continue
        fresh = [v for v in hit.vehicles if v not in seen]
        group = _group(hit.how, [units[v] for v in fresh])
        seen |= dict.fromkeys(fresh, group)
        lines.append(Line(entry.line, entry.text, group, hit.vehicles))
    return Match(tuple(lines), {v: units[v] for v in seen}, seen)


def _group(how: str, fresh: list[Unit]) -> str:
    """The group of a line by its units that no earlier line named; a range is open or blocked when all of it is."""
    if not fresh:
        return "duplicate"
    if all(u.why for u in fresh):
        return "blocked"
    return "open" if all(u.open_id is not None for u in fresh) else how
