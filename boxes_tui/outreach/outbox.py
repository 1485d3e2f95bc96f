"""The sender of the outbox (PRODUCT §7, RELIABILITY R16): claim by lease, look again, send, write down the answer.

States: ``queued`` → ``sending`` (a lease runs) → ``unknown`` (written just before the closing dot leaves) → ``sent``.
A process that dies in ``sending`` has surely sent nothing, so the mail goes back to the queue; one that dies in
``unknown`` may have, so it is sent once more under the same Message-ID; after a second lost answer a person decides.
Leases and back-off take the database's clock, the appointment's begin the business clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, and_, or_, select, update

from boxes_tui.data.audit import append_audit
from boxes_tui.data.commands import notify
from boxes_tui.data.engine import is_sqlite, reading, set_scope, writing
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.session import Session
from boxes_tui.data.tables import appointment, outbox
from boxes_tui.domain.roles import may
from boxes_tui.errors import ConfigError, Refused
from boxes_tui.i18n import N_, _
from boxes_tui.outreach.ladder import to_cancel
from boxes_tui.outreach.mail import AnswerLost, Letter, NotSent, Post, Withdrawn, compose
from boxes_tui.outreach.reminder import MailDesk, SendReminder, why_not

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

LEASE_SECONDS = 180
MAX_TRIES = 12
MAX_UNKNOWNS = 2
"""The answer may get lost twice; after that only a person sends again."""
GIVE_UP_PASS = 3
"""Failures in a row after which a pass ends: the server is down, the mails wait for their time."""


@dataclass
class Tally:
    """What a pass did: mails by what became of them."""

    sent: int = 0
    cancelled: int = 0
    again: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def well(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.again or self.failed or self.unknown)


class _LeaseLost(Exception):
    """Another sender has the mail now: this one lets go of it."""


def backoff(tries: int) -> int:
    """Seconds until the next try: 30, 60, 120 … at most an hour, ± 20 %."""
    return int(min(3600, 30 * 2 ** max(0, tries - 1)) * (0.8 + 0.4 * random.random()))


class Sender:
    """A pass over what is due. Not for several threads; several processes may run one each."""

    def __init__(self, house: House, desk: MailDesk, post: Post | None = None) -> None:
        if desk.smtp is None:
            raise ConfigError(_("El correo no está configurado ([smtp] en la configuración)."))
        if not may(house.session.role, "outbox_send"):
            raise Refused(_("El rol de este usuario no permite esa acción."))
        self.house, self.desk, self.smtp = house, desk, desk.smtp
        self.post = post or Post(desk.smtp)
        self.session: Session = replace(house.session, chain=uuid4().hex)

    def run(self, stop: Callable[[], bool] = lambda: False) -> Tally:
        """Send everything that is due now; ``stop`` is asked between two mails."""
        done = Tally()
        if self.smtp.cancel:
            queue_cancels(self.house, self.desk)
        in_a_row = 0
        try:
            while not stop() and in_a_row < GIVE_UP_PASS:
                row = self._claim()
                if row is None:
                    break
                outcome = self._one(row)
                if outcome:
                    setattr(done, outcome, getattr(done, outcome) + 1)
                in_a_row = in_a_row + 1 if outcome == "again" else 0
        finally:
            self.post.close()
        return done

    def _claim(self) -> RowMapping | None:
        """The next mail that is due, leased; one whose sender died is taken over when its lease has ended."""
        o = outbox.c
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            now = db_now(conn)
            due = or_(
                and_(o.state.in_(("queued", "unknown")), o.lease_until.is_(None), o.next_at <= now),
                and_(o.state.in_(("sending", "unknown")), o.lease_until < now),
            )
            query = select(outbox).where(due).order_by(o.next_at, o.id).limit(1)
            if not is_sqlite(conn):
                query = query.with_for_update(skip_locked=True)
            row = conn.execute(query).mappings().first()
            if row is None:
                return None
            values = {"lease_until": now + LEASE_SECONDS}
            if row["unknowns"] < MAX_UNKNOWNS:
                values["state"] = "sending"  # type: ignore[assignment]
            conn.execute(update(outbox).where(o.id == row["id"]).values(**values))
            return conn.execute(select(outbox).where(o.id == row["id"])).mappings().one()

    def _one(self, row: RowMapping) -> str | None:
        if row["state"] == "unknown":  # its sender died at the second lost answer
            return self._settle(row, "unknown", error=LOST)
        try:
            self._look(row)
            self.post.send(self._message(row), lambda: self._look(row), lambda: self._may_get_lost(row))
        except Withdrawn as reason:
            return self._settle(row, "cancelled", error=str(reason))
        except NotSent as error:
            return self._not_sent(row, error)
        except AnswerLost:
            return self._answer_lost(row)
        except _LeaseLost:
            return None
        return self._settle(row, "sent")

    def _message(self, row: RowMapping) -> Any:
        house = self.session.by_id.get(row["branch_id"] or 0)
        language = "en" if (row["template"] or "").endswith("(en)") else "es"
        letter = Letter(
            recipient=row["recipient"], subject=row["subject"], text=row["body_text"], html=row["body_html"],
            ics=row["ics"], method="CANCEL" if row["kind"] == "cancel" else "REQUEST", message_id=row["message_id"],
            sent_at=self.session.now, language=language,
            reply_to=self.smtp.reply_to or _reply_address(house.email if house else None),
        )  # fmt: skip
        return compose(letter, self.smtp.sender, self.smtp.sender_name or (house.name if house else ""))

    def _look(self, row: RowMapping) -> None:
        """The last look: raises :class:`Withdrawn` with the reason when the mail must not leave any more."""
        with reading(self.house.engine) as conn:
            set_scope(conn, None)
            lease = conn.execute(select(outbox.c.lease_until).where(outbox.c.id == row["id"])).scalar()
            if lease != row["lease_until"]:
                raise _LeaseLost
            found = (
                conn.execute(select(appointment).where(appointment.c.id == row["appointment_id"])).mappings().first()
            )
            if found is None:
                raise Withdrawn(_("El turno ya no figura en el DMS."))
            reason = why_not(conn, self.session, found, row["kind"], row["recipient"])
            if reason is None and row["kind"] != "cancel" and found["starts_at"] != row["for_start"]:
                reason = _("El turno cambió de fecha.")
            if reason is not None:
                raise Withdrawn(reason)

    def _may_get_lost(self, row: RowMapping) -> None:
        """From here on a death leaves the answer unknown."""
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            marked = conn.execute(
                update(outbox)
                .where(outbox.c.id == row["id"], outbox.c.lease_until == row["lease_until"])
                .values(state="unknown", unknowns=row["unknowns"] + 1)
            )
            if marked.rowcount != 1:
                raise _LeaseLost

    def _not_sent(self, row: RowMapping, error: NotSent) -> str | None:
        tries = row["tries"] + 1
        if error.lasting or tries >= MAX_TRIES:
            return self._settle(row, "failed", tries=tries, unknowns=row["unknowns"], error=error.why)
        return self._settle(row, "queued", "again", tries=tries, unknowns=row["unknowns"], error=error.why)

    def _answer_lost(self, row: RowMapping) -> str | None:
        last = row["unknowns"] + 1 >= MAX_UNKNOWNS
        return self._settle(row, "unknown", "unknown" if last else "again", tries=row["tries"] + 1, error=LOST)

    def _settle(self, row: RowMapping, state: str, outcome: str | None = None, **values: Any) -> str | None:
        """Write down what became of a mail, on its row and on the appointment; None when the lease was lost."""
        outcome = outcome or state
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            now = db_now(conn)
            values["next_at"] = now + backoff(values.get("tries", 1)) if outcome == "again" else None
            if state == "sent":
                values.update(sent_at=self.session.now, error=None)
            done = conn.execute(
                update(outbox)
                .where(outbox.c.id == row["id"], outbox.c.lease_until == row["lease_until"])
                .values(state=state, lease_until=None, **values)
            )
            if done.rowcount != 1:
                return None
            restate(conn, row["appointment_id"])
            if outcome != "again":
                append_audit(
                    conn, self.session, f"mail_{outcome}", "outbox", row["id"], row["act_id"],
                    {"kind": row["kind"], "sequence": row["sequence"]}, branch_id=row["branch_id"],
                )  # fmt: skip
            notify(conn)
        return outcome


LOST = N_("no se sabe si el servidor lo aceptó")


def _reply_address(raw: str | None) -> str | None:
    from boxes_tui.outreach.mail import one_recipient

    return one_recipient(raw or "")


def restate(conn: Connection, appointment_id: int | None) -> None:
    """Set the appointment's reminder state from its mails: what is under way, else what was sent, else what failed."""
    if appointment_id is None:
        return
    start = conn.execute(select(appointment.c.starts_at).where(appointment.c.id == appointment_id)).scalar()
    o = outbox.c
    mails = conn.execute(
        select(o.state, o.for_start, o.sent_at, o.next_at, o.lease_until)
        .where(o.appointment_id == appointment_id, o.state != "cancelled", o.kind != "cancel")
        .order_by(o.id.desc())
    ).all()
    state: str | None = None
    sent_at: datetime | None = None
    for mail_state, told, at, next_at, lease in mails:
        if mail_state == "sent":
            state, sent_at = ("sent" if told == start else "old_date"), at
        elif mail_state == "failed" or (mail_state == "unknown" and next_at is None and lease is None):
            state = "failed"
        else:
            state = "queued"
        break
    values: dict[str, Any] = {"reminder_state": state}
    if sent_at is not None:
        values["reminder_at"] = sent_at
    conn.execute(update(appointment).where(appointment.c.id == appointment_id).values(**values))


def queue_cancels(house: House, desk: MailDesk) -> int:
    """Queue the CANCEL of appointments that the DMS cancelled after their invite left (``[smtp] cancel = true``)."""
    with reading(house.engine) as conn:
        set_scope(conn, house.session.branch_ids)
        ids = list(conn.execute(select(appointment.c.id).where(to_cancel(house.session))).scalars())
    count = 0
    for appointment_id in ids:
        try:
            house.execute(SendReminder(appointment_id, desk, "cancel"))
            count += 1
        except Refused:
            continue
    return count
