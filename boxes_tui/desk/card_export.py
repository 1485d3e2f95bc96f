"""Handing out a customer's card as a file: nothing changes, but who took it is on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import customer
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


@dataclass(frozen=True)
class ExportCard(Command):
    """Note that somebody took the card of a customer as a file (COMPLIANCE: every export of personal data is audited)."""

    verb: ClassVar[str] = "card_export"
    undoable: ClassVar[bool] = False
    customer_id: int

    def run(self, tx: Tx) -> dict[str, Any]:
        name = tx.conn.execute(select(customer.c.display_name).where(customer.c.id == self.customer_id)).first()
        if name is None:
            raise Refused(_("No existe ese cliente."))
        tx.title = _("Exportar la ficha")
        return {"customer": str(self.customer_id)}
