"""A whole campaign undone (PRODUCT §8): only while none of its units was worked, and then all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, literal, or_, select, update

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.engine import patient
from boxes_tui.data.session import Session
from boxes_tui.data.tables import act, app_user, call, campaign, campaign_unit, opportunity, vehicle
from boxes_tui.desk.campaign_rows import mark_months
from boxes_tui.desk.campaign_units import every_branch
from boxes_tui.errors import Refused
from boxes_tui.i18n import N_, _, ngettext

NAMED: Final = 5
"""Worked units that a refusal names."""

WORDS: Final = {
    "done": N_("hecha"), "called": N_("llamada"), "sold": N_("turno vendido"), "discarded": N_("descartada"),
    "rescheduled": N_("replanificada"), "cancelled": N_("anulada"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worked:
    """A unit that somebody has worked: its plate (without one, the end of its chassis), and a code of :data:`WORDS`."""

    unit: str
    what: str


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What the undo of a campaign would do: opportunities cancelled, those that other campaigns keep, units that joined,
    and the units that forbid it (all of them)."""

    name: str
    at: datetime
    by: str | None
    undone: bool
    cancelled: int
    kept: int
    joined: int
    worked: tuple[Worked, ...]


@dataclass(frozen=True)
class UndoCampaign(Command):
    """Undo a whole campaign; refused once one of its units was worked (called, rescheduled, sold, discarded, done)."""

    verb: ClassVar[str] = "campaign_undo"
    undoable: ClassVar[bool] = False
    campaign_id: int

    def run(self, tx: Tx) -> dict[str, Any]:
        row = tx.lock(campaign, self.campaign_id)
        tx.subject, tx.subject_id, tx.branch_id = "campaign", self.campaign_id, row["branch_id"]
        patient(tx.conn)
        freed, kept = free(tx, self.campaign_id)
        if row["act_id"] is not None:
            tx.conn.execute(update(act).where(act.c.id == row["act_id"]).values(undone_by=tx.act_id))
        tx.title = _("Deshacer campaña {name}").format(name=row["name"])
        tx.detail = {"campaign": self.campaign_id, "cancelled": freed}
        return {"campaign": str(self.campaign_id), "cancelled": freed, "kept_for_others": kept}


def preview(conn: Connection, session: Session, campaign_id: int) -> UndoPreview:
    """What :class:`UndoCampaign` would do now; :class:`Refused` where there is no such campaign in scope."""
    g = campaign.c
    row = conn.execute(
        select(g.name, g.created_at, app_user.c.name, g.undone_at.is_not(None))
        .select_from(campaign.outerjoin(app_user, app_user.c.id == g.created_by))
        .where(g.id == campaign_id, session.scope(g.branch_id))
    ).first()
    if row is None:
        raise Refused(_("No existe esa campaña en las sucursales de este usuario."))
    with every_branch(conn, session):
        cancelled, kept = _counts(conn, campaign_id)
        n = campaign_unit.c
        joined = conn.execute(
            select(func.count()).select_from(campaign_unit).where(n.campaign_id == campaign_id, n.joined, n.state == "open")
        ).scalar_one()  # fmt: skip
        name, at, by, undone = row
        return UndoPreview(name, at, by, undone, cancelled, kept, int(joined), tuple(worked(conn, campaign_id)))


def check_untouched(conn: Connection, session: Session, campaign_id: int) -> None:
    """:class:`Refused`, naming some of the units, once one was worked; or when it is undone already."""
    if conn.execute(select(campaign.c.undone_at).where(campaign.c.id == campaign_id)).scalar() is not None:
        raise Refused(_("Esa campaña ya se deshizo."))
    with every_branch(conn, session):
        found = worked(conn, campaign_id)
    if found:
        raise Refused(_("No se puede deshacer: {what}. No se cambió nada.").format(what=worked_text(found)))


def worked_text(found: list[Worked] | tuple[Worked, ...]) -> str:
    """*2 unidades ya trabajadas: AB123CD (llamada), AC456EF (hecha)*, with … after the first five."""
    named = ", ".join(f"{w.unit} ({_(WORDS[w.what])})" for w in found[:NAMED])
    more = ", …" if len(found) > NAMED else ""
    text = ngettext("{n} unidad ya trabajada: {units}", "{n} unidades ya trabajadas: {units}", len(found))
    return text.format(n=len(found), units=named + more)


def free(tx: Tx, campaign_id: int) -> tuple[int, int]:
    """Cancel the campaign's own opportunities; one that another campaign has joined becomes that campaign's. Returns how
    many of each. :class:`Refused` where a unit was worked."""
    check_untouched(tx.conn, tx.session, campaign_id)
    with every_branch(tx.conn, tx.session):
        found = _free(tx, campaign_id)
    tx.conn.execute(update(campaign).where(campaign.c.id == campaign_id).values(undone_at=tx.now))
    return found


def _own(campaign_id: int) -> ColumnElement[bool]:
    return and_(opportunity.c.campaign_id == campaign_id, opportunity.c.state == "open")


def _heirs(campaign_id: int) -> Select[Any]:
    """Of the campaign's own opportunities those that other campaigns have joined, with the unit that joined first."""
    n = campaign_unit.c
    return (
        select(n.opportunity_id, func.min(n.id).label("unit_id"))
        .join(opportunity, opportunity.c.id == n.opportunity_id)
        .where(_own(campaign_id), n.campaign_id != campaign_id, n.state == "open")
        .group_by(n.opportunity_id)
    )


def _counts(conn: Connection, campaign_id: int) -> tuple[int, int]:
    """How many of its opportunities would be cancelled, and how many stay with others."""
    mine = conn.execute(select(func.count()).select_from(opportunity).where(_own(campaign_id))).scalar_one()
    kept = conn.execute(select(func.count()).select_from(_heirs(campaign_id).subquery())).scalar_one()
    return int(mine - kept), int(kept)


def _free(tx: Tx, campaign_id: int) -> tuple[int, int]:
    o, n = opportunity.c, campaign_unit.c
    mark_months(tx, campaign_id)
    counts = _counts(tx.conn, campaign_id)
    if counts[1]:
        heirs = _heirs(campaign_id).subquery()
        first = campaign_unit.alias()
        heir = (
            select(first.c.campaign_id)
            .where(first.c.opportunity_id == o.id, first.c.campaign_id != campaign_id, first.c.state == "open")
            .order_by(first.c.id).limit(1).scalar_subquery()
        )  # fmt: skip
        tx.conn.execute(update(campaign_unit).where(n.id.in_(select(heirs.c.unit_id))).values(joined=False))
        inherited = o.id.in_(select(heirs.c.opportunity_id))
        tx.conn.execute(update(opportunity).where(inherited).values(campaign_id=heir, origin_id=heir))
    cancelled = {"state": "cancelled", "state_at": tx.now, "state_day": tx.today(), "state_by": tx.session.user_id}
    tx.conn.execute(update(opportunity).where(_own(campaign_id)).values(cancelled))
    tx.conn.execute(update(campaign_unit).where(n.campaign_id == campaign_id).values(state="undone"))
    return counts


def worked(conn: Connection, campaign_id: int) -> list[Worked]:
    """Units that were called, rescheduled, sold, discarded or done since they entered."""
    n, o, v = campaign_unit, opportunity, vehicle
    called = exists().where(
        call.c.subject == "opportunity", call.c.subject_id == n.c.opportunity_id, call.c.annulled_at.is_(None),
        call.c.at >= n.c.assigned_at,
    )  # fmt: skip
    own = and_(n.c.joined.is_(False), or_(o.c.state != "open", o.c.reschedules > 0))
    closed = and_(n.c.joined, o.c.state != "open")
    touched: ColumnElement[bool] = or_(n.c.done_at.is_not(None), called, own, closed)
    what = case(
        (n.c.done_at.is_not(None), literal("done")), (o.c.state != "open", o.c.state), (called, literal("called")),
        else_=literal("rescheduled"),
    )  # fmt: skip
    query = (
        select(v.c.plate, func.coalesce(v.c.vin, v.c.chassis), what)
        .select_from(n.join(v, v.c.id == n.c.vehicle_id).outerjoin(o, o.c.id == n.c.opportunity_id))
        .where(n.c.campaign_id == campaign_id, n.c.state.in_(("open", "done")), touched)
        .order_by(n.c.id)
    )
    return [Worked(plate or (vin or "—")[-8:], word) for plate, vin, word in conn.execute(query)]
