"""What the phone desk of the demo dealership did in the weeks before: a pure plan of acts, executed by
others.

The plan refers to rows by their DMS keys, as ``queue --json`` shows them in ``dms_id``. Whoever executes it
runs the real commands with the clock fixed at ``act.at`` and the agent ``act.agent``, in the order of the
plan, after the first sync. A command that refuses an act (the DMS has gone on meanwhile) is passed over;
nothing later depends on exactly one act. With :func:`go_live` as the day of go-live, seven rows are left in
*Fugas*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from boxes_tui.dms.demo.world import World

Kind = Literal["campaign", "opportunity", "call", "discard", "reschedule", "sell", "confirm", "deliver", "shift"]
GO_LIVE_DAYS: Final = 56
"""The desk has used BOXES for eight weeks."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A user of the demo: login, name on screen, role (PRODUCT §12) and branch codes."""

    login: str
    name: str
    role: Literal["agent", "supervisor"]
    branches: tuple[str, ...]


AGENTS: Final = (
    Agent("ana", "Ana Quiroga", "agent", ("CBA",)),
    Agent("luis", "Luis Vega", "supervisor", ("CBA", "ROS")),
    Agent("marta", "Marta Sosa", "agent", ("CBA",)),
    Agent("rocio", "Rocío Báez", "agent", ("ROS",)),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign to create: ``boxes campaign create --name … --type … --vins … --due … --agents …``."""

    name: str
    type: Literal["technical_note", "recall", "service", "offer"]
    due: date
    agents: tuple[str, ...]
    chassis: tuple[str, ...]
    """Lines of the VIN list: 17 characters, or the tail where the DMS knows no more."""


@dataclass(frozen=True, slots=True)
class PlannedAct:
    """One act of the desk.

    ``queue`` and ``row`` name the row: a delivery (``deliveries``, ``V-040449``), an appointment
    (``appointments``, ``CBA/8203``), an order (``in_process`` or ``completed``, ``CBA/4511``). In
    ``opportunities`` the row is the *vehicle's* key (``U001486``) and ``origin`` that of its open
    opportunity; in ``campaign_opportunities`` the vehicle's key and ``campaign`` the campaign's name. A
    ``campaign`` act has no row.

    Used by kind: ``campaign`` → plan; ``opportunity`` → due, about; ``call`` → disposition, note and what
    it asks for (sold_at, due, reason, score, mine); ``discard`` → reason, note; ``reschedule`` → due;
    ``sell`` → sold_at; ``confirm`` → note; ``deliver`` → nothing; ``shift`` → shift, and no
    row. Instants are aware; a ``due`` without
    hour is a ``date``.
    """

    kind: Kind
    at: datetime
    agent: str
    queue: str = ""
    row: str = ""
    origin: str = ""
    campaign: str = ""
    disposition: str = ""
    note: str = ""
    sold_at: datetime | None = None
    due: date | datetime | None = None
    about: str = ""
    reason: str = ""
    score: int | None = None
    mine: bool = False
    shift: str = ""
    plan: Campaign | None = None


def go_live(anchor: datetime) -> date:
    """The day of go-live that belongs to the plan."""
    return anchor.date() - timedelta(days=GO_LIVE_DAYS)


def plan(world: World, cells: int = 4) -> list[PlannedAct]:
    """The acts of the desk up to the anchor, in the order of their instants; at scale 1 some 1,000.

    The world must stand at its anchor, so that it knows the keys (ValueError otherwise). ``cells`` bounds
    the part of a large world that the desk has worked.
    """
    from boxes_tui.dms.demo import desk_calls, desk_sales, desk_shifts
    from boxes_tui.dms.demo.desk import Desk

    if world.now != world.anchor:
        raise ValueError("the plan is made at the anchor")
    acts: list[PlannedAct] = []
    for cell, _n in zip(world.cells(), range(cells), strict=False):
        desk = Desk(world.seed, cell)
        desk_sales.campaigns(desk)
        desk_sales.opportunities(desk)
        desk_calls.welcome(desk)
        desk_calls.courtesy(desk)
        desk_calls.confirmations(desk)
        desk_calls.no_shows(desk)
        desk_sales.sold_and_discarded(desk)
        desk_calls.delivered_by_hand(desk)
        if cell.index == 0:
            desk_shifts.shifts(desk)
        acts += desk.acts
    return sorted(acts, key=lambda act: act.at)
