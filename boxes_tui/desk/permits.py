"""*¿Se puede contactar?*: the verdict of the contact gate for a row, and for appointments and offers in general."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.session import Session
from boxes_tui.desk import gate
from boxes_tui.desk.sheet import purpose_of
from boxes_tui.domain.contact_gate import Purpose, Reason, Verdict
from boxes_tui.domain.phones import parse_phone

LIFTED: Final = frozenset({"list", "list_age"})
"""Reasons that a supervisor's override lifts."""


@dataclass(frozen=True, slots=True)
class Permits:
    """``own`` is the purpose of a call about the row; both verdicts are for this instant."""

    own: Purpose
    offer: Verdict
    operational: Verdict
    opt_in: Reason
    """Whether the person accepted offers by WhatsApp."""

    @property
    def to_lift(self) -> frozenset[str]:
        """Reasons that block an offer and that a supervisor may lift; empty where something else blocks it too."""
        codes = {r.code for r in self.offer.reasons if not r.ok and r.blocks}
        return frozenset(codes) if codes <= LIFTED else frozenset()


def permits(conn: Connection, session: Session, row: QueueRow) -> Permits:
    """The permits of a row's person, with the number that stands on the row itself."""
    last10 = parse_phone(row.phone).last10 if row.phone else None
    numbers = (last10,) if last10 else ()

    def asked(purpose: Purpose, channel: str = "call") -> Verdict:
        return gate.verdict(
            conn, session, customer_id=row.customer_id, branch_id=row.branch_id, purpose=purpose, numbers=numbers,
            channel=channel,
        )  # fmt: skip

    consent = next(r for r in asked("offer", "whatsapp").reasons if r.code == "opt_in")
    return Permits(purpose_of(conn, session, row), asked("offer"), asked("operational"), consent)
