"""*Siguiente* (``n``): the next best record of a queue, claimed; two agents never get the same person (PRODUCT §5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, text

from boxes_tui.data.commands import notify
from boxes_tui.data.engine import is_sqlite, reading, set_scope, writing
from boxes_tui.data.reads.details import QueueRow, detail, local
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import Session
from boxes_tui.desk import gate
from boxes_tui.desk.candidates import (
    Candidate,
    Phase,
    batches,
    branch_facts,
    candidates,
    closed_branches,
    next_back,
)
from boxes_tui.desk.claims import Target, claim_person, drop
from boxes_tui.domain.contact_gate import Facts, check
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.domain.queues import REF_SUBJECTS
from boxes_tui.domain.roles import may
from boxes_tui.errors import Refused
from boxes_tui.i18n import _, ngettext

PHASES: Final[tuple[Phase, ...]] = ("callback", "rest")
ROUNDS: Final = 20
"""How often the list is read again when others took everything that was read."""


def next_row(
    engine: Engine, session: Session, ask: Ask, skip: Collection[str] = (), phases: Sequence[Phase] = PHASES
) -> tuple[QueueRow | None, str]:
    """Claim the next best record of a queue; ``skip`` are persons (``QueueRow.person``) to pass over, ``phases`` what is
    looked through, in this order.

    Returns the row, its claim included, with the line that says why this one; (None, why not) when nobody is left.
    """
    if not may(session.role, "next"):
        raise Refused(_("El rol de este usuario no permite esa acción."))
    for _round in range(ROUNDS):
        with reading(engine) as conn:
            set_scope(conn, session.branch_ids)
            base = branch_facts(conn, session)
        take = _look_and_take if is_sqlite(engine) else _take_what_is_free
        found, lost = take(engine, session, ask, phases, skip, base)
        if found is not None:
            return _handed(engine, session, ask, found)
        if not lost:
            with reading(engine) as conn:
                set_scope(conn, session.branch_ids)
                back = next_back(conn, session, ask)
            return None, _nobody(session, base, back)
    return None, _("Los demás tomaron lo que había; se puede repetir.")


def _look_and_take(
    engine: Engine, session: Session, ask: Ask, phases: Sequence[Phase], skip: Collection[str],
    base: Mapping[int, Facts],
) -> tuple[Candidate | None, bool]:  # fmt: skip
    """The first who may be called and whom nobody takes meanwhile, and whether others took somebody. Candidates are
    read without a lock, for SQLite has one writer: only taking the lease is a write."""
    lost = False
    with reading(engine) as conn:
        set_scope(conn, session.branch_ids)
        for phase in phases:
            for found in candidates(conn, session, ask, phase, skip, base):
                if not _allowed(conn, session, base, found):
                    continue
                with writing(engine) as writer:
                    set_scope(writer, session.branch_ids)
                    if _claimed(writer, session, ask, phase, base, found):
                        return found, lost
                lost = True
    return None, lost


def _take_what_is_free(
    engine: Engine, session: Session, ask: Ask, phases: Sequence[Phase], skip: Collection[str],
    base: Mapping[int, Facts],
) -> tuple[Candidate | None, bool]:  # fmt: skip
    """The same where many write at once: read and taken in one transaction. Whom another is taking at this moment is
    passed over instead of waited for, and the gate is asked of those alone who were free."""
    lost = False
    with writing(engine) as conn:
        set_scope(conn, session.branch_ids)
        for phase in phases:
            for batch in batches(conn, session, ask, phase, skip, base):
                left = {found.person: found for found in reversed(batch)}
                order = list(dict.fromkeys(found.person for found in batch))
                while order:
                    free = conn.execute(_FREE, {"persons": order, "me": session.user_id}).scalar()
                    if free is None:
                        lost = True
                        break
                    found, order = left[free], order[order.index(free) + 1 :]
                    if not _allowed(conn, session, base, found):
                        continue
                    if _claimed(conn, session, ask, phase, base, found):
                        return found, lost
                    lost = True
    return None, lost


_FREE: Final = text(
    "SELECT p.person FROM unnest(CAST(:persons AS text[])) AS p (person) WHERE NOT EXISTS (SELECT 1 FROM claim c "
    "WHERE c.person = p.person AND c.user_id <> :me AND c.expires_at > extract(epoch FROM clock_timestamp())::bigint) "
    "AND pg_try_advisory_xact_lock(hashtextextended(p.person, 7212203)) LIMIT 1"
)
"""The first of the persons whom nobody has and nobody is taking; locked until the transaction ends."""


def _handed(engine: Engine, session: Session, ask: Ask, found: Candidate) -> tuple[QueueRow, str]:
    with reading(engine) as conn:
        set_scope(conn, session.branch_ids)
        row = detail(conn, session, ask.queue, found.stage, [found.row_id])[0]
    return row, why(session, row)


def peek(conn: Connection, session: Session, ask: Ask, skip: Collection[str] = ()) -> QueueRow | None:
    """Who would come next, without claiming: the card is made ready while the agent still talks."""
    base = branch_facts(conn, session)
    for phase in PHASES:
        for found in candidates(conn, session, ask, phase, skip, base):
            if _allowed(conn, session, base, found):
                return detail(conn, session, ask.queue, found.stage, [found.row_id])[0]
    return None


def _allowed(conn: Connection, session: Session, base: Mapping[int, Facts], found: Candidate) -> bool:
    who = gate.person(conn, found.customer_id, (found.number,) if found.number else ())
    known = base.get(found.branch_id) if found.branch_id is not None else None
    known = known or gate.base_facts(conn, session, found.branch_id)
    return check("offer" if found.offer else "operational", gate.about(conn, session, known, who)).allowed


def _claimed(
    conn: Connection, session: Session, ask: Ask, phase: Phase, base: Mapping[int, Facts], found: Candidate
) -> bool:
    """Take the lease, then look again: since it was read the row may have been called."""
    target = Target(
        found.person, REF_SUBJECTS[found.stage], found.row_id, found.branch_id, found.customer_id, found.vehicle_id
    )
    if not claim_person(conn, session, target):
        return False
    again = candidates(conn, session, ask, phase, (), base, only=found)
    if next(again, None) is None:
        drop(conn, session, found.person)
        return False
    notify(conn)
    return True


def _nobody(session: Session, base: Mapping[int, Facts], back: datetime | None) -> str:
    shut = closed_branches(base)
    if base and len(shut) == len(base):
        return _("No queda nadie para llamar en esta lista. Ofertas: {why}").format(
            why=check("offer", base[shut[0]]).sentence
        )
    if back is None:
        return _("No queda nadie para llamar en esta lista.")
    at = local(session, back, None) or back
    when = clock(at) if at.date() == session.today else f"{show_day(at.date(), session.today)} {clock(at)}"
    return _("Nada para llamar ahora; lo próximo vuelve {t}.").format(t=when)


def why(session: Session, row: QueueRow) -> str:
    """The line *por qué ahora* of a row."""
    if row.next_kind == "callback" and row.next_at is not None and row.next_at <= session.now:
        return _callback(session, row)
    today = session.today_of(row.branch_id)
    if row.day is None:
        return _("es lo más antiguo de la lista")
    days = (today - row.day).days
    ago = ngettext("hace {n} día", "hace {n} días", days).format(n=days)
    if row.subject == "opportunity":
        if days > 0:
            return _("vencida {ago}, sin otra devolución antes").format(ago=ago)
        return _("vence hoy") if days == 0 else _("vence el {day}").format(day=show_day(row.day, today))
    if row.stage == "appointments":
        if row.state == "no_show":
            return _("no vino al turno del {day}").format(day=show_day(row.day, today))
        return _("turno del {day}").format(day=show_day(row.day, today))
    if row.subject == "complaint":
        return _("reclamo vencido") if row.late else _("reclamo abierto {ago}").format(ago=ago)
    if row.leaves_on is None:
        return _("prometida y vencida") if row.late else _("ingresó {ago}").format(ago=ago)
    if row.leaves_on < today:
        left = row.leaves_on + timedelta(1)
        return _("fuera de su ventana desde el {day}").format(day=show_day(left, today))
    if row.leaves_on == today:
        return _("último día de la ventana: hoy")
    return _("entregada {ago}; la ventana cierra el {day}").format(ago=ago, day=show_day(row.leaves_on, today))


def _callback(session: Session, row: QueueRow) -> str:
    at = local(session, row.next_at, row.branch_id)
    assert at is not None
    hour = clock(at)
    if row.next_user_id is None:
        return _("devolución prometida para las {hour}").format(hour=hour)
    if row.next_user_id == session.user_id:
        return _("devolución prometida para las {hour}, mía").format(hour=hour)
    return _("devolución de las {hour} que nadie tocó: pasó a cualquiera").format(hour=hour)
