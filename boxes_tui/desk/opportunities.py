"""Opportunities (PRODUCT §6): create, discard, reschedule, sell. The life cycle's table decides what is legal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import func, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import app_user, appointment, note
from boxes_tui.desk.opening import open_opportunity, open_twin
from boxes_tui.desk.opening import origin_of as origin_of
from boxes_tui.desk.outcomes import find_reason
from boxes_tui.desk.states import discard, reschedule, sell
from boxes_tui.desk.subjects import Subject, load, title
from boxes_tui.desk.whens import Moment, due, instant, read, warnings
from boxes_tui.domain.formats import full_day, short_day
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean, clean_note

OPPORTUNITY: Final = ("opportunity",)


@dataclass(frozen=True)
class CreateOpportunity(Command):
    """Open an opportunity from any row. ``assigned``: a login, ``"me"``, or None for anyone.

    Refused where the unit already has an open one of the same origin.
    """

    verb: ClassVar[str] = "opportunity"
    ref: str
    due: Moment | None
    about: str | None
    assigned: str | None = None
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        about = clean(self.about or "")
        if not about:
            raise UsageError(_("Falta el motivo de la oportunidad (--about)."))
        subject = load(tx, self.ref)
        day, minute = due(tx, subject.branch_id, self.due)
        assigned = user_id(tx, self.assigned)
        origin = origin_of(tx, subject)
        _refuse_twin(tx, subject, origin)
        made = open_opportunity(tx, subject, origin, day, minute, about, assigned=assigned)
        if origin == "no_show" and subject.row["rebooked_id"] is None:
            tx.update(appointment, subject.id, rebooked_id=made)
        if self.note:
            add_note(tx, subject, self.note)
        tx.title = title(_("Crear oportunidad"), subject)
        tx.detail = {"opportunity": made, "origin": origin}
        return {
            "opportunity": str(made), "ref": f"opportunities:{made}", "origin": origin, "due": _due_text(day, minute),
            "warnings": warnings(tx, subject.branch_id, day),
        }  # fmt: skip


@dataclass(frozen=True)
class Rebook(Command):
    """Open an opportunity for somebody who did not come; without a day, it is due today."""

    verb: ClassVar[str] = "rebook"
    ref: str
    due: Moment | None = None
    about: str | None = None
    assigned: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref, only=("appointment",))
        if origin_of(tx, subject) != "no_show":
            raise Refused(_("El turno no es una inasistencia; no se cambió nada."))
        if subject.row["rebooked_id"] is not None:
            raise Refused(_("La inasistencia ya tiene su oportunidad; no se cambió nada."))
        day, minute = due(tx, subject.branch_id, self.due if self.due else tx.today(subject.branch_id))
        _refuse_twin(tx, subject, "no_show")
        about = clean(self.about or "") or _("Inasistencia del {day}").format(day=full_day(subject.row["start_day"]))
        made = open_opportunity(tx, subject, "no_show", day, minute, about, assigned=user_id(tx, self.assigned))
        tx.update(appointment, subject.id, rebooked_id=made)
        tx.title = title(_("Recuperar inasistencia"), subject)
        tx.detail = {"opportunity": made}
        return {"opportunity": str(made), "ref": f"opportunities:{made}", "due": _due_text(day, minute)}


@dataclass(frozen=True)
class Discard(Command):
    """Close an opportunity with its reason (code or key); *otro* needs the text in ``note``."""

    verb: ClassVar[str] = "discard"
    ref: str
    reason: str | None
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        text = clean_note(self.note or "")
        reason = find_reason(tx.conn, self.reason, text)
        subject = load(tx, self.ref, only=OPPORTUNITY)
        also = discard(tx, subject, reason.code, text if reason.needs_text else None)
        if text and not reason.needs_text:
            add_note(tx, subject, text)
        tx.title = title(_("Descartar por {reason}").format(reason=_(reason.label)), subject)
        tx.detail = {"reason": reason.code, "also": also}
        return {"state": "discarded", "reason": reason.code, "also": [f"opportunities:{i}" for i in also]}


@dataclass(frozen=True)
class Reschedule(Command):
    """Give an open opportunity another day, and a time where one is given."""

    verb: ClassVar[str] = "reschedule"
    ref: str
    due: Moment | None
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref, only=OPPORTUNITY)
        day, minute = due(tx, subject.branch_id, self.due)
        reschedule(tx, subject, day, minute)
        if self.note:
            add_note(tx, subject, self.note)
        tx.title = title(_("Replanificar para el {day}").format(day=short_day(day)), subject)
        tx.detail = {"due": day.isoformat()}
        return {
            "state": "open", "due": _due_text(day, minute), "reschedules": subject.row["reschedules"] + 1,
            "warnings": warnings(tx, subject.branch_id, day),
        }  # fmt: skip


@dataclass(frozen=True)
class Sell(Command):
    """*Turno vendido*: the appointment was given in the DMS for ``at`` (day and time).

    On an opportunity it is sold; on any other row one is made that is already sold (PRODUCT §5).
    """

    verb: ClassVar[str] = "sell"
    ref: str
    at: Moment | None
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        at = sold_moment(tx, subject.branch_id, self.at)
        sold = sell(tx, subject, at, None)
        if self.note:
            add_note(tx, subject, self.note)
        tx.title = title(_("Turno vendido"), subject)
        tx.detail = {"opportunity": sold}
        local = at.astimezone(tx.session.clock.local(tx.session.zone_of(subject.branch_id)).tzinfo)
        return {
            "state": "sold", "opportunity": str(sold), "sold_for": local.isoformat(),
            "warnings": warnings(tx, subject.branch_id, local.date()),
        }  # fmt: skip


def sold_moment(tx: Tx, branch_id: int | None, value: Moment | None) -> datetime:
    """The instant of the appointment that was given; its day is today or later."""
    when = read(tx, branch_id, value, _("Falta el día y la hora del turno (--at)."))
    at = instant(tx, branch_id, when)
    if when.day < tx.today(branch_id):
        raise Refused(_("El turno sería de un día que ya pasó ({day}).").format(day=short_day(when.day)))
    return at


def add_note(tx: Tx, subject: Subject, text: str, kind: int = 0) -> int | None:
    """A note on the row and its customer; None when the text is empty. ``kind`` 1 is a confirmation's comment."""
    body = clean_note(text)
    if not body:
        return None
    return tx.insert(
        note, at=tx.now, user_id=tx.session.user_id, branch_id=subject.branch_id, subject=subject.name,
        subject_id=subject.id, customer_id=subject.customer_id, vehicle_id=subject.vehicle_id, text=body, kind=kind,
    )  # fmt: skip


def user_id(tx: Tx, login: str | None) -> int | None:
    """The id of an active user by login (``me`` is whoever acts); None for nobody in particular."""
    if not login:
        return None
    if login in ("me", "yo", "mí"):
        return tx.session.user_id
    found = (
        tx.conn.execute(
            select(app_user.c.id, app_user.c.active).where(func.lower(app_user.c.login) == login.strip().lower())
        )
        .mappings()
        .first()
    )
    if found is None:
        raise UsageError(_("No hay un usuario «{login}»").format(login=clean(login)))
    if not found["active"]:
        raise Refused(_("El usuario «{login}» está deshabilitado.").format(login=clean(login)))
    return int(found["id"])


def _refuse_twin(tx: Tx, subject: Subject, origin: str) -> None:
    twin = open_twin(tx, subject.vehicle_id, subject.customer_id, origin)
    if twin is not None:
        raise Refused(_("Ya tiene una abierta ({date}).").format(date=full_day(twin["due_day"])))


def _due_text(day: date, minute: int | None) -> str:
    return day.isoformat() if minute is None else f"{day.isoformat()}T{minute // 60:02d}:{minute % 60:02d}"
