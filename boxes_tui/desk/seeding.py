"""``boxes seed opportunities``: open work made from the history, so that the main queue is not empty on day one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import exists, func, or_, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.reads.days import calendar
from boxes_tui.data.tables import appointment, opportunity, repair_order, vehicle
from boxes_tui.desk.campaign_gate import leaves_out, wishes
from boxes_tui.desk.opening import watch
from boxes_tui.desk.subjects import home_branch, report_days
from boxes_tui.desk.takeover import Rehearsed
from boxes_tui.domain.formats import full_day
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _


@dataclass(frozen=True, slots=True)
class Unit:
    """A vehicle that has not come for long, its owner, and the branch where it came last."""

    vehicle_id: int
    customer_id: int
    branch_id: int | None
    last: date


@dataclass(frozen=True)
class SeedOpportunities(Command):
    """Open one opportunity for every unit whose last service was before a day, ``per_day`` on each working day from
    ``start`` (today or the next working day), the most recent customers first.

    Left out: who has an open opportunity or an appointment ahead, units that were sold, and whom the gate blocks.
    """

    verb: ClassVar[str] = "seed"
    last_service_before: date
    per_day: int
    start: date | None = None
    limit: int | None = None
    about: str = ""
    dry: bool = False

    def run(self, tx: Tx) -> dict[str, Any]:
        if self.per_day < 1:
            raise UsageError(_("--per-day es un número desde 1."))
        today = tx.session.today
        if self.start is not None and self.start < today:
            raise Refused(_("El primer día ya pasó; no se creó nada."))
        units = self._units(tx)
        known = wishes(tx.conn, tx.session, "offer", {u.customer_id for u in units})
        free = [u for u in units if not known.everybody and not leaves_out("offer", known.why(u.customer_id))]
        wanted = free[: self.limit]
        days = calendar(tx.conn, None, today).spread(self.start or today, len(wanted), self.per_day)
        result = {
            "created": len(wanted), "blocked": len(units) - len(free),
            "from": days[0][0].isoformat() if days else None, "to": days[-1][0].isoformat() if days else None,
            "per_day": self.per_day, "dry_run": self.dry,
        }  # fmt: skip
        if self.dry:
            raise Rehearsed(result)
        if not wanted:
            raise Refused(_("Ninguna unidad cumple: no se creó nada."))
        self._open(tx, wanted, days)
        tx.title = _("Sembrar {n} oportunidades").format(n=len(wanted))
        tx.detail = {k: result[k] for k in ("created", "blocked", "per_day")}
        return result

    def _units(self, tx: Tx) -> list[Unit]:
        v, o, a = vehicle.c, opportunity.c, appointment.c
        busy = exists().where(o.vehicle_id == v.id, o.state == "open")
        ahead = exists().where(
            a.vehicle_id == v.id, a.start_day >= tx.session.today, a.gone_at.is_(None), a.vanished_at.is_(None),
            func.coalesce(a.status, "scheduled") != "cancelled",
        )  # fmt: skip
        place = (
            select(repair_order.c.branch_id)
            .where(repair_order.c.vehicle_id == v.id, repair_order.c.branch_id.is_not(None))
            .order_by(repair_order.c.opened_day.desc(), repair_order.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(v.id, v.owner_id, place.label("place"), v.last_service_day)
            .where(
                v.last_service_day < self.last_service_before, v.owner_id.is_not(None), v.merged_into_id.is_(None),
                v.gone_at.is_(None),
                or_(v.relation_ended_at.is_(None), v.relation_ended_owner_id != v.owner_id), ~busy, ~ahead,
            )
            .order_by(v.last_service_day.desc(), v.id)
        )  # fmt: skip
        found = [Unit(int(i), int(who), branch_id, last) for i, who, branch_id, last in tx.conn.execute(query)]
        return [u for u in found if tx.session.may_see(u.branch_id)]

    def _open(self, tx: Tx, units: Sequence[Unit], days: Sequence[tuple[date, int]]) -> None:
        marks: set[tuple[str, int, int | None]] = set()
        rest = iter(units)
        for day, count in days:
            for _n, unit in zip(range(count), rest, strict=False):
                branch_id = home_branch(tx, unit.branch_id)
                row: dict[str, Any] = {
                    "branch_id": branch_id, "customer_id": unit.customer_id, "vehicle_id": unit.vehicle_id,
                    "origin": "customer", "state": "open", "due_day": day, "created_at": tx.now,
                    "created_day": tx.today(branch_id), "created_by": tx.session.user_id, "imported": True,
                    "about": self.about or _("Service: último {day}").format(day=full_day(unit.last)),
                    "reschedules": 0,
                }  # fmt: skip
                tx.insert(opportunity, **row)
                watch(tx, row)
                for report, counted in report_days("opportunity", row):
                    if (
                        counted is not None
                        and (mark := (report, counted.year * 12 + counted.month, branch_id)) not in marks
                    ):
                        marks.add(mark)
                        tx.dirty(report, counted, branch_id)
