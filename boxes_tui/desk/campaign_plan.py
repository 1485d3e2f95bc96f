"""A campaign before it is made: which units enter, who gets them and for which day (the dry run of step 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from boxes_tui.data.reads.days import calendar
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user
from boxes_tui.desk.campaign_gate import leaves_out
from boxes_tui.desk.campaign_lookup import unhurried
from boxes_tui.desk.campaign_match import ENTER, Match, Unit, load_units, match_list, with_branches
from boxes_tui.desk.campaign_segment import Segment, both, segment_ids
from boxes_tui.domain.working_days import Calendar
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _

TYPES: Final = ("technical_note", "recall", "service", "offer")


class Planned(NamedTuple):
    """A new opportunity: its unit, its day, its agent (None = anyone)."""

    unit: Unit
    due: date
    user_id: int | None


@dataclass(frozen=True)
class Plan:
    """What creating would do. ``skipped`` counts lines (units, without a list) by group; ``days`` is the spread;
    ``per_agent`` new opportunities by login; ``holidays`` are skipped days that would have been working ones."""

    new: tuple[Planned, ...] = ()
    joined: tuple[Unit, ...] = ()
    blocked: tuple[Unit, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    days: tuple[tuple[date, int], ...] = ()
    per_agent: Mapping[str, int] = field(default_factory=dict)
    holidays: tuple[date, ...] = ()
    how: Mapping[int, str] = field(default_factory=dict)

    @property
    def entering(self) -> int:
        """Units that enter: new ones and those that join."""
        return len(self.new) + len(self.joined)

    @property
    def chosen(self) -> int:
        """Units that were chosen: those that enter, and those left out because of the person's wish."""
        return len(self.new) + len(self.joined) + len(self.blocked)

    def as_json(self) -> dict[str, Any]:
        """The summary of the dry run."""
        return {
            "created": len(self.new), "joined": len(self.joined), "skipped": dict(self.skipped),
            "agents": dict(self.per_agent), "days": [{"day": d.isoformat(), "n": n} for d, n in self.days],
            "holidays": [d.isoformat() for d in self.holidays], "chosen": self.chosen,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: the list, the segment (both: units of the list that the segment holds), and the marks of step 2:
    ``only`` those, or all but ``without``."""

    lines: str | None = None
    segment: Segment = field(default_factory=Segment)
    only: tuple[int, ...] | None = None
    without: tuple[int, ...] = ()


def check_type(type_: str) -> None:
    """:class:`UsageError` with the list of right ones for an unknown type."""
    if type_ not in TYPES:
        raise UsageError(
            _("No hay un tipo de campaña «{name}»; los que hay: {names}").format(name=type_, names=", ".join(TYPES))
        )


def candidates(conn: Connection, session: Session, choice: Choice, type_: str) -> tuple[Match, dict[int, Unit]]:
    """The report of the list (empty without one) and the units that step 2 shows, in its order."""
    check_type(type_)
    if choice.lines is None:
        if choice.segment.empty:
            raise UsageError(_("Falta elegir unidades: una lista, o al menos un filtro."))
        return Match(), load_units(conn, session, segment_ids(conn, session, choice.segment), type_)
    match = match_list(conn, session, choice.lines, type_)
    units = [v for v, group in match.how.items() if group in ENTER]
    if not choice.segment.empty:
        units = both(units, segment_ids(conn, session, choice.segment))
    return match, {v: match.units[v] for v in units}


def plan(
    conn: Connection,
    session: Session,
    choice: Choice,
    type_: str,
    due: date,
    per_day: int | None = None,
    agents: Sequence[str] = (),
) -> Plan:
    """The dry run: the very code that :class:`desk.campaigns.CreateCampaign` runs before it writes."""
    if per_day is not None and per_day < 1:
        raise UsageError(_("Por día hábil va al menos una unidad."))
    users = _users(conn, agents)
    with unhurried():
        return _planned(conn, session, choice, type_, due, per_day, users)


def _planned(
    conn: Connection,
    session: Session,
    choice: Choice,
    type_: str,
    due: date,
    per_day: int | None,
    users: Sequence[tuple[int, str]],
) -> Plan:
    match, units = candidates(conn, session, choice, type_)
    marked = None if choice.only is None else set(choice.only)
    left = set(choice.without)
    kept = [u for v, u in units.items() if v not in left and (marked is None or v in marked)]
    chosen = with_branches(conn, session, kept)
    blocked = [u for u in chosen if leaves_out(type_, u.why)]
    entering = [u for u in chosen if not leaves_out(type_, u.why)]
    joined = [u for u in entering if u.open_id is not None]
    fresh = [u for u in entering if u.open_id is None]
    days = calendar(conn, session.branches[0].id if session.branches else None, due)
    spread = _spread(days, due, len(fresh), per_day)
    new = _assigned(fresh, spread, [user_id for user_id, _login in users])
    logins = dict(users)
    per_agent = {login: 0 for _id, login in users}
    for item in new:
        if item.user_id is not None:
            per_agent[logins[item.user_id]] += 1
    skipped = {g: match.counts[g] for g in ("ambiguous", "unknown", "duplicate")} | {"blocked": len(blocked)}
    holidays = days.skipped(due, spread[-1][0]) if per_day is not None and spread else []
    return Plan(
        tuple(new), tuple(joined), tuple(blocked), skipped, tuple(spread), per_agent, tuple(holidays), match.how
    )


def _spread(days: Calendar, due: date, n: int, per_day: int | None) -> list[tuple[date, int]]:
    if not n:
        return []
    return [(due, n)] if per_day is None else days.spread(due, n, per_day)


def _assigned(fresh: Sequence[Unit], spread: Sequence[tuple[date, int]], users: Sequence[int]) -> list[Planned]:
    """Units in their order over the days, to the agents in turn."""
    due = [day for day, n in spread for _one in range(n)]
    return [
        Planned(unit, day, users[n % len(users)] if users else None)
        for n, (unit, day) in enumerate(zip(fresh, due, strict=True))
    ]


def _users(conn: Connection, agents: Sequence[str]) -> list[tuple[int, str]]:
    """(id, login) of the agents in the order given; :class:`UsageError` for one that is unknown or disabled."""
    made = []
    for login in dict.fromkeys(a.strip() for a in agents if a.strip()):
        c = app_user.c
        row = conn.execute(select(c.id, c.login, c.active, c.role).where(c.login == login)).first()
        if row is None or not row[2] or row[3] == "viewer":
            raise UsageError(_("«{login}» no es un agente en actividad.").format(login=login))
        made.append((int(row[0]), str(row[1])))
    return made
