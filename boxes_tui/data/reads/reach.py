"""What has been sent to the customer about an appointment, and what he answered: the row's ``@``, ``@!`` and reply."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, or_, select

from boxes_tui.data.tables import app_user, contact_log, outbox

CHUNK = 500
CONTACT_KINDS = ("email", "whatsapp", "tel", "email_reply")
"""Kinds of the card's lines that are contacts and neither calls nor notes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a reminder: ``yes``, ``no`` or ``change``, when it was noted (aware instant) and by whom."""

    answer: str
    at: datetime
    by: str | None


def mail_errors(conn: Connection, appointment_ids: Collection[int]) -> dict[int, str]:
    """Why the last mail of each appointment did not leave: what the row shows beside *falló el recordatorio*."""
    o = outbox.c
    found: dict[int, str] = {}
    for part in _parts(appointment_ids):
        rows = conn.execute(
            select(o.appointment_id, o.error)
            .where(o.appointment_id.in_(part), o.error.is_not(None), o.state != "sent")
            .order_by(o.id)
        )
        found.update((int(a), str(e)) for a, e in rows)
    return found


def replies(conn: Connection, rows: Sequence[RowMapping]) -> dict[int, Reply]:
    """The last answer about each appointment's present time; one given before the DMS moved it counts no more.

    ``rows`` bring ``id``, ``customer_id`` and ``moved_at`` (contacts are found by their customer's index).
    """
    c = contact_log.c
    moved = {int(r["id"]): r["moved_at"] for r in rows}
    people = {r["customer_id"] for r in rows}
    found: dict[int, Reply] = {}
    for part in _parts(moved):
        known = [p for p in people if p is not None]
        whose = or_(c.customer_id.in_(known), c.customer_id.is_(None)) if None in people else c.customer_id.in_(known)
        query = (
            select(c.subject_id, c.detail, c.at, app_user.c.name)
            .outerjoin(app_user, app_user.c.id == c.user_id)
            .where(whose, c.subject == "appointment", c.subject_id.in_(part))
            .where(c.channel == "email_reply", c.annulled_at.is_(None))
            .order_by(c.at, c.id)
        )
        for row_id, detail, at, who in conn.execute(query):
            since = moved[int(row_id)]
            if since is None or at > since:
                found[int(row_id)] = Reply(str((detail or {}).get("answer", "")), at, who)
    return found


def told(conn: Connection, raw: Sequence[RowMapping]) -> dict[int, dict[str, Any]]:
    """Why a mail did not leave, and what was answered, by appointment."""
    errors = mail_errors(conn, [r["id"] for r in raw if r["reminder_state"] == "failed"])
    made: dict[int, dict[str, Any]] = {i: {"mail_error": error} for i, error in errors.items()}
    for i, reply in replies(conn, raw).items():
        made.setdefault(i, {}).update(reply=reply.answer, reply_at=reply.at)
    return made


def contacts_of(conn: Connection, customer_id: int) -> list[Mapping[str, Any]]:
    """Texts, dials, answers and mails of a customer for his card: ``kind``, ``at``, ``agent``, ``branch_id``, ``words``."""
    c, o = contact_log.c, outbox.c
    made: list[Mapping[str, Any]] = [
        {"id": i, "act": act, "at": at, "agent": who, "branch_id": branch, "kind": channel,
         "words": str((detail or {}).get("answer", "")) or last4}
        for i, act, at, channel, branch, last4, detail, who in conn.execute(
            select(c.id, c.act_id, c.at, c.channel, c.branch_id, c.phone_last4, c.detail, app_user.c.name)
            .outerjoin(app_user, app_user.c.id == c.user_id)
            .where(c.customer_id == customer_id, c.annulled_at.is_(None))
        )
    ]  # fmt: skip
    mails = select(o.id, o.act_id, o.sent_at, o.kind, o.branch_id, app_user.c.name).outerjoin(
        app_user, app_user.c.id == o.created_by
    )
    made += [
        {"id": i, "act": act, "at": at, "agent": who, "branch_id": branch, "kind": "email", "words": kind}
        for i, act, at, kind, branch, who in conn.execute(
            mails.where(and_(o.customer_id == customer_id, o.state == "sent", o.sent_at.is_not(None)))
        )
    ]
    return made


def _parts(ids: Collection[int]) -> list[list[int]]:
    whole = list(ids)
    return [whole[n : n + CHUNK] for n in range(0, len(whole), CHUNK)]
