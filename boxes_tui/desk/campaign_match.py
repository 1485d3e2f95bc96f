"""The report of a pasted list: every line in exactly one group (PRODUCT §8).

``exact``, ``suffix`` enter; ``open`` joins the campaign opportunity that the unit has; ``blocked`` is somebody who does not
want to be contacted (technical notes and recalls take him all the same); ``ambiguous``, ``unknown`` and ``duplicate`` stay
out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from boxes_tui.data.engine import set_scope
from boxes_tui.data.session import Session
from boxes_tui.data.tables import opportunity, repair_order, sale_delivery, vehicle
from boxes_tui.desk.campaign_gate import Wishes, wishes
from boxes_tui.desk.campaign_lines import entries
from boxes_tui.desk.campaign_lookup import portions, resolve, suggestions

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


class Unit(NamedTuple):
    """A vehicle that may enter: who answers for it, its branch, the campaign opportunity that it has, and why its
    customer would rather not be called (a code of ``campaign_gate.WHY``)."""

    vehicle_id: int
    customer_id: int | None
    branch_id: int | None
    open_id: int | None
    why: str | None


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
    units = load_units(conn, session, named, type_)
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


def load_units(conn: Connection, session: Session, vehicles: Collection[int], type_: str) -> dict[int, Unit]:
    """What a campaign has to know of those vehicles, in their order; branches come with :func:`with_branches`."""
    ids = dict.fromkeys(vehicles)
    owners, ended = _owners(conn, ids)
    opened = _open_campaign(conn, session, ids)
    known: Wishes = wishes(conn, session, type_, {c for c in owners.values() if c is not None})
    made = {}
    for unit in ids:
        who = owners.get(unit)
        why = "sold" if unit in ended else known.why(who) or known.everybody
        made[unit] = Unit(unit, who, None, opened.get(unit), why)
    return made


def with_branches(conn: Connection, session: Session, units: Sequence[Unit]) -> list[Unit]:
    """The units with the branch of the session that saw each of them last (None where there is nothing to choose)."""
    if len(session.branches) < 2:
        return list(units)
    last = _branches(conn, session, {u.vehicle_id: None for u in units})
    return [u._replace(branch_id=last.get(u.vehicle_id)) for u in units]


Ids = Mapping[int, Any]


def _owners(conn: Connection, ids: Ids) -> tuple[dict[int, int | None], set[int]]:
    """The customer of each vehicle (owner, else of its last order, else of its sale), and the vehicles that were sold on
    to somebody whom the DMS has not named yet."""
    v, r, s = vehicle.c, repair_order.c, sale_delivery.c
    owners: dict[int, int | None] = {}
    ended: set[int] = set()
    for part in portions(v.id, ids):
        for unit, owner, gone, before in conn.execute(
            select(v.id, v.owner_id, v.relation_ended_at.is_not(None), v.relation_ended_owner_id).where(part)
        ):
            owners[unit] = owner
            if gone and owner == before:
                ended.add(unit)
    alone = {u: None for u, owner in owners.items() if owner is None and u in ids}
    for table, day in ((s, s.delivered_day), (r, r.opened_day)):
        for part in portions(table.vehicle_id, alone):
            query = select(table.vehicle_id, table.customer_id).where(
                part, table.vehicle_id.is_not(None), table.customer_id.is_not(None), table.gone_at.is_(None)
            )
            owners |= {int(u): int(c) for u, c in conn.execute(query.order_by(day)) if u in alone}
    return owners, ended


def _open_campaign(conn: Connection, session: Session, ids: Ids) -> dict[int, int]:
    c = opportunity.c
    made: dict[int, int] = {}
    with every_branch(conn, session):
        for part in portions(c.vehicle_id, ids):
            query = select(c.vehicle_id, c.id).where(part, c.state == "open", c.origin == "campaign")
            made |= {int(v): int(i) for v, i in conn.execute(query) if v in ids}
    return made


def _branches(conn: Connection, session: Session, ids: Ids) -> dict[int, int]:
    r, s = repair_order.c, sale_delivery.c
    made: dict[int, int] = {}
    for table, day in ((s, s.delivered_day), (r, r.opened_day)):
        for part in portions(table.vehicle_id, ids):
            query = select(table.vehicle_id, table.branch_id).where(
                part, table.branch_id.is_not(None), session.scope(table.branch_id)
            )
            made |= {int(v): int(b) for v, b in conn.execute(query.order_by(day)) if v in ids}
    return made


@contextmanager
def every_branch(conn: Connection, session: Session) -> Iterator[None]:
    """Look across branches for a moment: one open campaign opportunity per vehicle holds for the whole dealer."""
    set_scope(conn, None)
    try:
        yield
    finally:
        set_scope(conn, session.branch_ids)
