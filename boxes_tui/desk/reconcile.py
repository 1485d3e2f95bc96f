"""Settling what was sold against the DMS (PRODUCT §6 *Conciliación*): credit, correct the date. Supervisors' verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import appointment, opportunity
from boxes_tui.domain.opportunity import check_move
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


@dataclass(frozen=True)
class CreditSale(Command):
    """Credit a sale to its seller with the DMS appointment that it became."""

    verb: ClassVar[str] = "credit"
    opportunity_id: int
    appointment_id: int

    def run(self, tx: Tx) -> dict[str, Any]:
        row = tx.lock(opportunity, self.opportunity_id)
        tx.on("opportunity", row, f"opportunities:{self.opportunity_id}")
        check_move(row["state"], "credit")
        found = tx.lock(appointment, self.appointment_id)
        taken = tx.conn.execute(
            select(opportunity.c.id).where(
                opportunity.c.appointment_id == self.appointment_id,
                opportunity.c.state == "sold",
                opportunity.c.id != self.opportunity_id,
            )
        ).scalar()
        if taken is not None:
            raise Refused(_("Ese turno ya está acreditado a otra venta; no se cambió nada."))
        tx.update(opportunity, self.opportunity_id, appointment_id=self.appointment_id, match="credited")
        tx.title = _("Acreditar turno")
        tx.dirty("reconciliation", row["state_day"], row["branch_id"])
        tx.dirty("opportunities", row["due_day"], row["branch_id"])
        return {"opportunity": str(self.opportunity_id), "appointment": found["source_key"]}


@dataclass(frozen=True)
class CorrectSale(Command):
    """Set the date and time that were really given; the next DMS read matches it again."""

    verb: ClassVar[str] = "correct"
    opportunity_id: int
    sold_for: datetime

    def run(self, tx: Tx) -> dict[str, Any]:
        row = tx.lock(opportunity, self.opportunity_id)
        tx.on("opportunity", row, f"opportunities:{self.opportunity_id}")
        check_move(row["state"], "correct")
        tx.update(
            opportunity,
            self.opportunity_id,
            sold_for=self.sold_for,
            match="waiting",
            match_reads=0,
            appointment_id=None,
        )
        tx.title = _("Corregir fecha del turno vendido")
        tx.dirty("reconciliation", row["state_day"], row["branch_id"])
        return {"opportunity": str(self.opportunity_id), "sold_for": self.sold_for.isoformat()}
