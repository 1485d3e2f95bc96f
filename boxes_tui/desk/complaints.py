"""*Reclamos*: opened by a low score or an incident, due in 24 hours, answered by the first call that reaches him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from sqlalchemy import or_, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import complaint
from boxes_tui.desk.subjects import Subject, load, title, touch
from boxes_tui.domain.dispositions import COMPLAINT_HOURS, DETRACTOR_SCORE
from boxes_tui.errors import Refused
from boxes_tui.i18n import _


def wants_complaint(score: int | None, incident: str | None) -> bool:
    """A score of 6 or less, or an incident note (PRODUCT §5)."""
    return (score is not None and score <= DETRACTOR_SCORE) or bool(incident and incident.strip())


def open_complaint(tx: Tx, subject: Subject, call_id: int, score: int | None, text: str | None) -> int | None:
    """Open a complaint for the branch's supervisor; None where one of the same row is still open."""
    if subject.name == "complaint":
        return None
    order = subject.id if subject.name == "repair_order" else None
    c = complaint.c
    if order is not None:
        query = select(c.id).where(c.order_id == order, c.closed_at.is_(None), c.annulled_at.is_(None))
        if tx.conn.execute(query.limit(1)).scalar() is not None:
            return None
    today = tx.today(subject.branch_id)
    made = tx.insert(
        complaint, call_id=call_id, branch_id=subject.branch_id, customer_id=subject.customer_id,
        vehicle_id=subject.vehicle_id, order_id=order, opened_at=tx.now, opened_day=today,
        due_at=tx.now + timedelta(hours=COMPLAINT_HOURS), score=score, text=text,
    )  # fmt: skip
    tx.dirty("leaks", today + timedelta(1), subject.branch_id)
    return made


def answered(tx: Tx, item: Subject, call_id: int, closes: bool) -> None:
    """A contacted call about a complaint or its order: the first is the owner's call, one that closes ends it."""
    c = complaint.c
    if item.name == "complaint":
        about = c.id == item.id
    elif item.name == "repair_order":
        about = c.order_id == item.id
    else:
        return
    query = select(complaint).where(
        about, c.annulled_at.is_(None), or_(c.owner_call_id.is_(None), c.closed_at.is_(None))
    )
    for row in tx.conn.execute(query).mappings().all():
        values: dict[str, Any] = {}
        if row["owner_call_id"] is None:
            values["owner_call_id"] = call_id
        if closes and row["closed_at"] is None:
            values |= {
                "closed_at": tx.now, "closed_by": tx.session.user_id, "next_at": None, "next_kind": None,
                "next_user_id": None,
            }  # fmt: skip
        if values:
            tx.update(complaint, row["id"], **values)
            touch(tx, "complaint", row)


@dataclass(frozen=True)
class CloseComplaint(Command):
    """Close a complaint that was settled without a call, with what was done."""

    verb: ClassVar[str] = "complaint_close"
    ref: str
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        from boxes_tui.desk.opportunities import add_note

        subject = load(tx, self.ref, only=("complaint",))
        if subject.row["closed_at"] is not None or subject.row["annulled_at"] is not None:
            raise Refused(_("El reclamo ya está cerrado; no se cambió nada."))
        tx.update(
            complaint, subject.id, closed_at=tx.now, closed_by=tx.session.user_id, next_at=None, next_kind=None,
            next_user_id=None,
        )  # fmt: skip
        if self.note:
            add_note(tx, subject, self.note)
        touch(tx, "complaint", subject.row)
        tx.title = title(_("Cerrar reclamo"), subject)
        return {"closed_at": tx.now.isoformat()}
