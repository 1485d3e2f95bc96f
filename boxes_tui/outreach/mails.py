"""Mails as lists and acts show them: ``boxes outbox list``, the reason beside a failed reminder, and sending again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.session import Session
from boxes_tui.data.tables import appointment, outbox
from boxes_tui.errors import Refused
from boxes_tui.i18n import _

STATES: Final = ("queued", "sending", "sent", "unknown", "failed", "cancelled")
STUCK = or_(
    outbox.c.state == "failed",
    and_(outbox.c.state == "unknown", outbox.c.next_at.is_(None), outbox.c.lease_until.is_(None)),
)
"""Mails that wait for a person."""


def mails(conn: Connection, session: Session, states: Collection[str] = ()) -> list[RowMapping]:
    """Mails of the session's branches, newest first."""
    o = outbox.c
    query = select(
        o.id, o.kind, o.appointment_id, o.customer_id, o.recipient, o.subject, o.state, o.sequence, o.tries, o.next_at,
        o.error, o.created_at, o.sent_at, o.message_id, o.for_start,
    ).where(session.scope(o.branch_id)).order_by(o.id.desc())  # fmt: skip
    if states:
        query = query.where(o.state.in_(states))
    return list(conn.execute(query).mappings())


def mail_counts(conn: Connection, session: Session) -> dict[str, int]:
    """How many mails stand in each state."""
    o = outbox.c
    rows = conn.execute(select(o.state, func.count()).where(session.scope(o.branch_id)).group_by(o.state))
    found = {str(state): int(n) for state, n in rows}
    return {state: found.get(state, 0) for state in STATES}


@dataclass(frozen=True)
class RetryMail(Command):
    """Put failed and unknown mails back in the queue, under their old Message-ID; without ids, all that wait."""

    verb: ClassVar[str] = "outbox_retry"
    undoable: ClassVar[bool] = False
    ids: tuple[int, ...] = ()

    def run(self, tx: Tx) -> dict[str, Any]:
        mine = tx.session.scope(outbox.c.branch_id)
        found = list(tx.conn.execute(select(outbox.c.id).where(STUCK, mine).order_by(outbox.c.id)).scalars())
        wrong = [i for i in self.ids if i not in found]
        if wrong:
            raise Refused(_("El mensaje {id} no espera reintento.").format(id=wrong[0]))
        chosen = list(self.ids) or found
        for mail_id in chosen:
            row = tx.lock(outbox, mail_id)
            tx.update(outbox, mail_id, state="queued", tries=0, unknowns=0, next_at=db_now(tx.conn), error=None)
            if row["appointment_id"] is not None:
                tx.update(appointment, row["appointment_id"], reminder_state="queued")
        tx.title = _("Reintentar correo")
        tx.detail = {"mails": chosen}
        return {"retried": [str(i) for i in chosen]}
