"""*Unidad entregada*: an agent says that a unit was handed over before the DMS does (PRODUCT §4, DMS.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import repair_order
from boxes_tui.desk.subjects import load, title, touch
from boxes_tui.desk.whens import Moment, instant, read
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


@dataclass(frozen=True)
class Deliver(Command):
    """Mark an order in process as delivered now, or at ``at``; effective at once, the DMS's own time wins later."""

    verb: ClassVar[str] = "deliver"
    ref: str
    at: Moment | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref, only=("repair_order",))
        row, zone = subject.row, ZoneInfo(tx.session.zone_of(subject.branch_id))
        if row["gone_at"] is not None or row["status"] in ("voided", "estimate"):
            raise Refused(_("La orden está anulada o es un presupuesto; no se marcó."))
        if row["handover_at"] is not None or row["delivery_basis"] == "history":
            raise Refused(_("La unidad ya figura entregada; no se cambió nada."))
        at = tx.now
        if self.at:
            when = read(tx, subject.branch_id, self.at, "", past=True)
            local = tx.now.astimezone(zone)
            default = local.time() if when.day == local.date() else row["opened_at"].astimezone(zone).time()
            at = instant(tx, subject.branch_id, when, default)
        if at > tx.now:
            raise Refused(_("La entrega no puede ser en el futuro; no se marcó."))
        if at.astimezone(zone).date() < row["opened_day"]:
            raise Refused(_("La entrega no puede ser anterior al ingreso; no se marcó."))
        touch(tx, "repair_order", row)
        day = at.astimezone(zone).date()
        tx.update(
            repair_order, subject.id, manual_delivered_at=at, manual_delivered_by=tx.session.user_id,
            manual_marked_at=tx.now, handover_at=at, handover_day=day, delivery_basis="manual", manual_review=None,
        )  # fmt: skip
        touch(tx, "repair_order", {**row, "handover_day": day})
        tx.title = title(_("Unidad entregada"), subject)
        return {"delivered_at": at.astimezone(zone).isoformat(), "basis": "manual"}
