"""A campaign before it is made: which units enter, who gets them and for which day (the dry run of step 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Select, case, func, literal, select

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, vehicle
from boxes_tui.desk.campaign_gate import leaving
from boxes_tui.desk.campaign_lookup import unhurried
from boxes_tui.desk.campaign_match import ENTER, Match, match_list
from boxes_tui.desk.campaign_segment import Segment, segment_count, segment_units, within
from boxes_tui.desk.campaign_units import MANY, every_branch, listed, named, units
from boxes_tui.domain.working_days import Calendar
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _

TYPES: Final = ("technical_note", "recall", "service", "offer")


@dataclass(frozen=True)
class Plan:
    """What creating would do: how many units are new, join an open one, or stay out by the code of their reason.
    ``skipped`` counts lines (units, without a list) by group; ``days`` is the spread; ``per_agent`` new opportunities by
    login; ``holidays`` are skipped days that would have been working ones. ``units`` is the statement of all of them."""

    units: FromClause
    new: int = 0
    joined: int = 0
    blocked: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    days: tuple[tuple[date, int], ...] = ()
    users: tuple[tuple[int, str], ...] = ()
    holidays: tuple[date, ...] = ()
    how: Mapping[int, str] = field(default_factory=dict)

    @property
    def per_agent(self) -> dict[str, int]:
        """New opportunities by login, dealt in turn."""
        share, rest = divmod(self.new, max(1, len(self.users)))
        return {login: share + (n < rest) for n, (_id, login) in enumerate(self.users)}

    @property
    def entering(self) -> int:
        """Units that enter: new ones and those that join."""
        return self.new + self.joined

    @property
    def left_out(self) -> int:
        """Units that the person's wish leaves out."""
        return sum(self.blocked.values())

    @property
    def chosen(self) -> int:
        """Units that were chosen: those that enter, and those left out because of the person's wish."""
        return self.entering + self.left_out

    def as_json(self) -> dict[str, Any]:
        """The summary of the dry run."""
        return {
            "created": self.new, "joined": self.joined, "skipped": dict(self.skipped),
            "agents": self.per_agent, "days": [{"day": d.isoformat(), "n": n} for d, n in self.days],
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


def candidates(conn: Connection, session: Session, choice: Choice, type_: str) -> tuple[Match, Select[Any]]:
    """The report of the list (empty without one) and the units that step 2 shows, as a statement of ``vehicle_id`` and
    ``place``."""
    check_type(type_)
    if choice.lines is None:
        if choice.segment.empty:
            raise UsageError(_("Falta elegir unidades: una lista, o al menos un filtro."))
        return Match(), segment_units(conn, choice.segment)
    match = match_list(conn, session, choice.lines, type_)
    found = named(conn, [v for v, group in match.how.items() if group in ENTER])
    if not choice.segment.empty:
        all_ = found.subquery()
        joined = all_.join(vehicle, vehicle.c.id == all_.c.vehicle_id)
        found = select(all_.c.vehicle_id, all_.c.place).select_from(joined).where(*within(conn, choice.segment))
    return match, found


def _marked(conn: Connection, choice: Choice, found: Select[Any]) -> Select[Any]:
    """What the marks of step 2 leave of the units found."""
    all_ = found.subquery()
    made = select(all_.c.vehicle_id, all_.c.place)
    if choice.only is not None:
        made = made.where(all_.c.vehicle_id.in_(_values(conn, choice.only)))
    return made.where(all_.c.vehicle_id.not_in(_values(conn, choice.without))) if choice.without else made


def _values(conn: Connection, ids: Sequence[int]) -> Select[Any]:
    return select(listed(conn, ids).subquery().c.value)


def state_of(units_: FromClause, type_: str) -> ColumnElement[str]:
    """``blocked``, ``joined`` or ``new``."""
    return case(
        (units_.c.why.in_(leaving(type_)), literal("blocked")), (units_.c.open_id.is_not(None), literal("joined")),
        else_=literal("new"),
    )  # fmt: skip


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
    patient(conn)
    with unhurried():
        match, found = candidates(conn, session, choice, type_)
    size = len(match.how) if choice.lines is not None else segment_count(conn, session, choice.segment)
    with every_branch(conn, session):
        made = units(conn, session, type_, _marked(conn, choice, found), many=size > MANY)
        counts, blocked = _counted(conn, made, type_)
    new = counts.get("new", 0)
    days = calendar(conn, session.branches[0].id if session.branches else None, due)
    spread = _spread(days, due, new, per_day)
    skipped = {g: match.counts[g] for g in ("ambiguous", "unknown", "duplicate")} | {"blocked": sum(blocked.values())}
    holidays = days.skipped(due, spread[-1][0]) if per_day is not None and spread else []
    return Plan(
        made, new, counts.get("joined", 0), blocked, skipped, tuple(spread), tuple(users), tuple(holidays), match.how
    )


def _counted(conn: Connection, made: FromClause, type_: str) -> tuple[dict[str, int], dict[str, int]]:
    """How many units of each state, and how many of the blocked for each reason."""
    state = state_of(made, type_)
    told = select(state.label("state"), case((state == "blocked", made.c.why)).label("why")).subquery()
    counts: dict[str, int] = {}
    blocked: dict[str, int] = {}
    for word, why, n in conn.execute(select(told.c.state, told.c.why, func.count()).group_by(told.c.state, told.c.why)):
        counts[word] = counts.get(word, 0) + int(n)
        if word == "blocked":
            blocked[str(why)] = int(n)
    return counts, blocked


def _spread(days: Calendar, due: date, n: int, per_day: int | None) -> list[tuple[date, int]]:
    if not n:
        return []
    return [(due, n)] if per_day is None else days.spread(due, n, per_day)


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
