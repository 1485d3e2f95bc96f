"""Who has whom on the telephone: a claim is a lease on the *person*, renewed by a heartbeat (PRODUCT §5).

Claims and renewals are neither acts nor audited; a supervisor's steal is an act.  Leases run on the database's clock,
never on ``BOXES_NOW``.  Correctness rests on the unique ``claim.person`` and on conditional writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from boxes_tui.data.commands import Command, Tx, notify
from boxes_tui.data.engine import is_sqlite, set_scope, writing
from boxes_tui.data.prepared import Prepared
from boxes_tui.data.reads.people import db_now, person_key
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, claim, claim_log, customer
from boxes_tui.desk.subjects import TABLES, Subject, load, split_ref, title
from boxes_tui.errors import Refused
from boxes_tui.i18n import _

LEASE_SECONDS: Final = 120
HEARTBEAT_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Target:
    """What is claimed: the person's key, and the row that led to it."""

    person: str
    subject: str
    row_id: int
    branch_id: int | None
    customer_id: int | None
    vehicle_id: int | None


_PERSON = Prepared(select(func.coalesce(customer.c.person_id, customer.c.id)).where(customer.c.id == bindparam("who")))


def target_of(conn: Connection, session: Session, ref: str) -> Target:
    """The person behind a ref; :class:`Refused` for a row that is not, or not in scope."""
    _word, name, row_id = split_ref(ref)
    row = conn.execute(select(TABLES[name]).where(TABLES[name].c.id == row_id)).mappings().first()
    if row is None or ("branch_id" in row and not session.may_see(row["branch_id"])):
        raise Refused(_("No existe esa fila en las sucursales de este usuario."))
    who = row["id"] if name == "customer" else row["owner_id"] if name == "vehicle" else row["customer_id"]
    what = row["id"] if name == "vehicle" else row.get("vehicle_id")
    return _target(conn, name, row_id, row.get("branch_id"), who, what)


def _target(
    conn: Connection, name: str, row_id: int, branch_id: int | None, customer_id: int | None, vehicle_id: int | None
) -> Target:
    group = None
    if customer_id is not None:
        group = _PERSON.scalar(conn, {"who": customer_id})
    return Target(person_key(group, vehicle_id, name, row_id), name, row_id, branch_id, customer_id, vehicle_id)


def claim_person(conn: Connection, session: Session, target: Target) -> bool:
    """Take the lease; True when it is mine now (also when it was). An expired one of somebody else is taken over."""
    now = db_now(conn)
    c = claim.c
    mine = c.user_id == session.user_id
    expired = select(c.user_id, c.branch_id, c.subject, c.subject_id).where(
        c.person == target.person, c.expires_at <= now, ~mine
    )
    lost = conn.execute(expired).first()
    values = {
        "person": target.person, "user_id": session.user_id, "branch_id": target.branch_id,
        "subject": target.subject, "subject_id": target.row_id, "customer_id": target.customer_id,
        "vehicle_id": target.vehicle_id, "session": session.chain, "taken_at": now, "expires_at": now + LEASE_SECONDS,
    }  # fmt: skip
    dialect: Any = sqlite if is_sqlite(conn) else postgresql
    wanted = dialect.insert(claim).values(values)
    wanted = wanted.on_conflict_do_update(
        index_elements=[c.person],
        set_={k: v for k, v in values.items() if k != "person"},
        where=or_(c.expires_at <= now, mine),
    ).returning(c.id)
    taken = conn.execute(wanted).first() is not None
    if taken and lost is not None:
        _log(conn, session, target.person, lost.user_id, lost.branch_id, lost.subject, lost.subject_id, "expired")
    return taken


def renew(engine: Engine, session: Session) -> set[str]:
    """The heartbeat: lengthen this session's leases; returns the persons that are still held."""
    with writing(engine) as conn:
        query = (
            update(claim)
            .where(claim.c.session == session.chain, claim.c.user_id == session.user_id)
            .values(expires_at=db_now(conn) + LEASE_SECONDS)
            .returning(claim.c.person)
        )
        return set(conn.execute(query).scalars())


def take(engine: Engine, session: Session, ref: str) -> tuple[bool, str | None]:
    """Claim the person of a row: (mine now, name of who has it otherwise)."""
    with writing(engine) as conn:
        set_scope(conn, session.branch_ids)
        target = target_of(conn, session, ref)
        if claim_person(conn, session, target):
            notify(conn)
            return True, None
        return False, holder(conn, target.person)


def holder(conn: Connection, person: str) -> str | None:
    """The name of who holds a person now."""
    query = (
        select(app_user.c.name)
        .join(claim, claim.c.user_id == app_user.c.id)
        .where(claim.c.person == person, claim.c.expires_at > db_now(conn))
    )
    return conn.execute(query).scalar()


def release(engine: Engine, session: Session, ref: str | None = None) -> int:
    """Give up my claim on the person of a row, or (None) every claim of this session; returns how many ended."""
    with writing(engine) as conn:
        set_scope(conn, session.branch_ids)
        if ref is None:
            mine = and_(claim.c.session == session.chain, claim.c.user_id == session.user_id)
        else:
            target = target_of(conn, session, ref)
            mine = and_(claim.c.person == target.person, claim.c.user_id == session.user_id)
        ended = _end(conn, session, mine, "released")
        notify(conn)
        return ended


def sweep(engine: Engine, session: Session) -> int:
    """End the leases that ran out a while ago, so that the log tells of them; lists ignore them already."""
    with writing(engine) as conn:
        return _end(conn, session, claim.c.expires_at <= db_now(conn) - LEASE_SECONDS, "expired")


def dispose(conn: Connection, session: Session, subject: Subject) -> None:
    """An outcome was recorded: my claim on that person ends."""
    mine = dict(_MINE.tuples(conn, {"me": session.user_id}))
    if not mine:
        return
    target = _target(conn, subject.name, subject.id, subject.branch_id, subject.customer_id, subject.vehicle_id)
    if target.person in mine:
        _end(conn, session, claim.c.id == mine[target.person], "disposed")


_MINE = Prepared(select(claim.c.person, claim.c.id).where(claim.c.user_id == bindparam("me")))


def _end(conn: Connection, session: Session, which: Any, how: str) -> int:
    c = claim.c
    gone = conn.execute(
        delete(claim).where(which).returning(c.person, c.user_id, c.branch_id, c.subject, c.subject_id)
    ).all()
    for row in gone:
        _log(conn, session, *row, how)
    return len(gone)


def _log(
    conn: Connection, session: Session, person: str, user_id: int, branch_id: int | None, subject: str | None,
    subject_id: int | None, how: str,
) -> None:  # fmt: skip
    conn.execute(
        insert(claim_log).values(
            person=person, user_id=user_id, branch_id=branch_id, subject=subject, subject_id=subject_id,
            day=session.today_of(branch_id), ended=how,
        )
    )  # fmt: skip


def drop(conn: Connection, session: Session, person: str) -> None:
    """Take back a lease of this very transaction, which nobody has seen."""
    conn.execute(delete(claim).where(claim.c.person == person, claim.c.user_id == session.user_id))


@dataclass(frozen=True)
class Steal(Command):
    """A supervisor takes the customer of a row over from whoever has it."""

    verb: ClassVar[str] = "steal"
    undoable: ClassVar[bool] = False
    ref: str

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        target = _target(tx.conn, subject.name, subject.id, subject.branch_id, subject.customer_id, subject.vehicle_id)
        before = tx.conn.execute(select(claim.c.user_id).where(claim.c.person == target.person)).scalar()
        others = and_(claim.c.person == target.person, claim.c.user_id != tx.session.user_id)
        _end(tx.conn, tx.session, others, "stolen")
        if not claim_person(tx.conn, tx.session, target):
            raise Refused(_("Otro usuario lo tomó en este momento; se puede repetir."))
        tx.title = title(_("Tomar cliente de otro"), subject)
        tx.detail = {"from": before}
        return {"claimed": target.row_id, "from": str(before) if before is not None else None}
