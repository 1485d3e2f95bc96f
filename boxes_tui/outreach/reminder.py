"""The e-mail of an appointment (PRODUCT §7): what it will say, why it may not go, and the verb that queues it.

The mail is written when it is queued, in the transaction of the act; the sender looks at the appointment again just
before it leaves (``outreach.outbox``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any, ClassVar, Literal

from sqlalchemy import Connection, RowMapping, or_, select

from boxes_tui.config import Settings
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.reads.people import db_now
from boxes_tui.data.session import Branch, Session
from boxes_tui.data.tables import appointment, outbox, setting
from boxes_tui.desk import gate
from boxes_tui.desk.subjects import Row
from boxes_tui.errors import Refused
from boxes_tui.i18n import _
from boxes_tui.outreach.invite import Invite, Method, build, uid_of
from boxes_tui.outreach.mail import one_recipient
from boxes_tui.outreach.settings import Smtp, smtp_of
from boxes_tui.outreach.templates import Letters, as_html, load_letters
from boxes_tui.outreach.values import day_words, letter_values, person_of, start_of

Kind = Literal["reminder", "update", "cancel"]
TEMPLATE: Mapping[Kind, str] = {"reminder": "recordatorio", "update": "cambio", "cancel": "anulacion"}
PENDING = ("queued", "sending")


@dataclass(frozen=True, slots=True)
class MailDesk:
    """What a letter needs beside the row: the sender (None where mail is not set up) and the templates."""

    smtp: Smtp | None
    letters: Letters


def mail_desk(settings: Settings) -> MailDesk:
    """Read ``[smtp]`` and every template; raises :class:`~boxes_tui.errors.ConfigError` with file and line."""
    return MailDesk(smtp_of(settings), load_letters(settings))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A mail about the same appointment: its state in the outbox, when it left (else when it was queued), the time
    that it told."""

    state: str
    at: datetime | None
    start: datetime | None
    sequence: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter ready to queue. ``refusal`` is the sentence why it may not go, None when it may."""

    kind: Kind
    recipient: str | None
    sender: str
    subject: str
    text: str
    html: str
    ics: str
    method: Method
    sequence: int
    template: str
    language: str
    start: datetime | None
    earlier: tuple[Earlier, ...]
    refusal: str | None

    @property
    def attachment(self) -> str:
        """*turno.ics · invitación, versión 1*."""
        what = _("anulación") if self.method == "CANCEL" else _("invitación")
        return _("turno.ics · {what}, versión {n}").format(what=what, n=self.sequence + 1)

    @property
    def template_line(self) -> str:
        """*recordatorio (es)*."""
        return f"{self.template} ({self.language})"


def preview(
    conn: Connection, session: Session, desk: MailDesk, appointment_id: int, kind: Literal["", "cancel"] = ""
) -> Draft:
    """What ``e`` shows before ``Enter``; raises :class:`Refused` for a row out of scope. Writes nothing."""
    row = conn.execute(select(appointment).where(appointment.c.id == appointment_id)).mappings().first()
    if row is None or not session.may_see(row["branch_id"]):
        raise Refused(_("No existe esa fila en las sucursales de este usuario."))
    return write(conn, session, desk, row, kind)


def write(conn: Connection, session: Session, desk: MailDesk, row: Row, kind: Literal["", "cancel"] = "") -> Draft:
    """Write the letter of an appointment row."""
    chain = _chain(conn, row)
    past = _past(conn, chain)
    left = [p for p in past if p["state"] in ("sent", "sending", "unknown") or p["unknowns"]]
    moved = bool(left) and left[0]["for_start"] != row["starts_at"]
    chosen: Kind = "cancel" if kind == "cancel" else "update" if moved and left[0]["kind"] != "cancel" else "reminder"
    sequence = int(row["invite_sequence"])
    if left:
        top = max(int(p["sequence"]) for p in left)
        sequence = max(sequence, top + (1 if moved or chosen == "cancel" or left[0]["kind"] == "cancel" else 0))
    person = _person(conn, row)
    house = session.by_id.get(row["branch_id"] or 0) or (session.branches[0] if session.branches else None)
    language = "en" if (person.get("language") or "").lower().startswith("en") else "es"
    values = letter_values(session, house, person, row, language)
    if chosen == "update":
        values["fecha_anterior"] = day_words(session, row["branch_id"], left[0]["for_start"], language)
    name = TEMPLATE[chosen]
    subject, text = desk.letters.render(name, language, values)
    recipient = one_recipient(person.get("email") or "")
    method: Method = "CANCEL" if chosen == "cancel" else "REQUEST"
    sender = desk.smtp.sender if desk.smtp else (house.email or "" if house else "")
    invite = Invite(
        uid=uid_of(chain[-1], _install_key(conn)), sequence=sequence, method=method,
        start=start_of(session, row) or session.now, minutes=row["duration_min"], stamp=session.now,
        summary=subject, location=", ".join(x for x in _place(house) if x),
        description=" · ".join(x for x in (values["unidad"], values["patente"], values["taller_telefono"]) if x),
        organizer=sender or "nadie@boxes.invalid", organizer_name=house.name if house else "",
        attendee=recipient or "nadie@boxes.invalid",
    )  # fmt: skip
    return Draft(
        kind=chosen, recipient=recipient, sender=sender, subject=subject, text=text, html=as_html(text, language),
        ics=build(invite), method=method, sequence=sequence, template=name, language=language, start=row["starts_at"],
        earlier=tuple(Earlier(p["state"], p["sent_at"] or p["created_at"], p["for_start"], p["sequence"], p["error"]) for p in past),
        refusal=_refusal(conn, session, desk, row, person, chosen, past),
    )  # fmt: skip


def why_not(conn: Connection, session: Session, row: Row, kind: str, recipient: str | None) -> str | None:
    """Why a mail about this appointment may not leave now, None when it may: asked at queueing and before DATA."""
    standing = appointment_stands(row)
    if kind == "cancel":
        if standing is None:
            return _("El turno no está anulado.")
        if _superseded(conn, row["id"]):
            return _("El turno se dio de nuevo con otra fecha.")
    elif standing is not None:
        return standing
    elif row["arrived_at"] is not None:
        return _("La unidad ya ingresó.")
    if begun(session, row):
        return _("El turno ya empezó.")
    person = _person(conn, row)
    if not person.get("email"):
        return _("El cliente no tiene e-mail.")
    now = one_recipient(person["email"])
    if now is None:
        return _("El e-mail del cliente no es una sola dirección válida; se corrige en el DMS.")
    if recipient is not None and now != recipient:
        return _("Cambió el e-mail del cliente.")
    answer = gate.verdict(
        conn, session, customer_id=row["customer_id"], branch_id=row["branch_id"], purpose="operational",
        channel="email",
    )  # fmt: skip
    return None if answer.allowed else answer.sentence


def appointment_stands(row: Row) -> str | None:
    """The sentence of an appointment that does not stand, None for one that does."""
    if row["status"] == "cancelled":
        return _("El turno está anulado en el DMS.")
    if row["gone_at"] is not None or row["vanished_at"] is not None or row["is_stub"]:
        return _("El turno ya no figura en el DMS.")
    if row["starts_at"] is None:
        return _("El turno no tiene fecha en el DMS.")
    return None


def begun(session: Session, row: Row) -> bool:
    """Whether the appointment has begun; with a day alone, whether that day is over."""
    if row["starts_at"] is None:
        return False
    if row["starts_at_precision"] == "day":
        return bool(row["start_day"] is not None and row["start_day"] < session.today_of(row["branch_id"]))
    return bool(row["starts_at"] <= session.now)


def _refusal(
    conn: Connection, session: Session, desk: MailDesk, row: Row, person: Mapping[str, Any], kind: Kind,
    past: list[RowMapping],
) -> str | None:  # fmt: skip
    if desk.smtp is None:
        return _("El correo no está configurado ([smtp] en la configuración).")
    for mail in past:
        same = mail["for_start"] == row["starts_at"] and (mail["kind"] == "cancel") == (kind == "cancel")
        if mail["state"] in PENDING and same:
            return _("Ya hay un mensaje en cola para este turno.")
    return why_not(conn, session, row, kind, None)


def _place(house: Branch | None) -> tuple[str | None, ...]:
    return (house.name, house.address, house.city) if house else ()


def _person(conn: Connection, row: Row) -> dict[str, Any]:
    return person_of(conn, row["customer_id"], row["vehicle_id"])


def _chain(conn: Connection, row: Row) -> list[int]:
    """The appointment and those that it replaced (cancel + new key), oldest last."""
    ids, previous = [int(row["id"])], row["previous_id"]
    while previous is not None and previous not in ids and len(ids) < 20:
        ids.append(int(previous))
        previous = conn.execute(select(appointment.c.previous_id).where(appointment.c.id == previous)).scalar()
    return ids


def _past(conn: Connection, chain: list[int]) -> list[RowMapping]:
    o = outbox.c
    return list(
        conn.execute(
            select(o.id, o.kind, o.state, o.for_start, o.sequence, o.sent_at, o.created_at, o.unknowns, o.error)
            .where(o.appointment_id.in_(chain))
            .order_by(o.id.desc())
        ).mappings()
    )


def _superseded(conn: Connection, appointment_id: int) -> bool:
    c = appointment.c
    return conn.execute(
        select(c.id).where(
            c.previous_id == appointment_id, or_(c.status.is_(None), c.status != "cancelled"), c.vanished_at.is_(None)
        )
    ).first() is not None  # fmt: skip


def _install_key(conn: Connection) -> str:
    return str(conn.execute(select(setting.c.value).where(setting.c.name == "install_key")).scalar_one())


@dataclass(frozen=True)
class SendReminder(Command):
    """Queue the mail of an appointment: reminder, or the new date where an earlier mail told another; ``kind`` "cancel"
    sends the CANCEL of an appointment that the DMS cancelled. It cannot be undone (PRODUCT §5)."""

    verb: ClassVar[str] = "reminder"
    undoable: ClassVar[bool] = False
    appointment_id: int
    desk: MailDesk = field(repr=False)
    kind: Literal["", "cancel"] = ""

    def arguments(self) -> dict[str, Any]:
        return {"appointment_id": self.appointment_id, "kind": self.kind}

    def run(self, tx: Tx) -> dict[str, Any]:
        row = tx.lock(appointment, self.appointment_id)
        tx.on("appointment", row, f"appointments:{self.appointment_id}")
        draft = write(tx.conn, tx.session, self.desk, row, self.kind)
        if draft.refusal is not None or draft.recipient is None:
            raise Refused(draft.refusal or _("El cliente no tiene e-mail."))
        for old in tx.conn.execute(
            select(outbox.c.id).where(outbox.c.appointment_id == self.appointment_id, outbox.c.state == "queued")
        ).scalars().all():  # fmt: skip
            tx.update(outbox, old, state="cancelled", next_at=None, error=_("Lo reemplazó otro mensaje."))
        again = self._unanswered(tx, row, draft)
        if again is not None:
            return again
        domain = draft.sender.rpartition("@")[2]
        message_id = f"<boxes.{tx.act_id}.{token_hex(8)}@{domain}>"
        made = tx.insert(
            outbox, act_id=tx.act_id, branch_id=row["branch_id"], kind=draft.kind, appointment_id=self.appointment_id,
            customer_id=row["customer_id"], for_start=row["starts_at"], recipient=draft.recipient,
            subject=draft.subject, body_text=draft.text, body_html=draft.html, ics=draft.ics,
            template=draft.template_line, sequence=draft.sequence, message_id=message_id, state="queued",
            next_at=db_now(tx.conn), created_at=tx.now, created_by=tx.session.user_id,
        )  # fmt: skip
        tx.update(appointment, self.appointment_id, reminder_state="queued", invite_sequence=draft.sequence)
        unit = row["plate"]
        tx.title = _("Enviar recordatorio") + (f" · {unit}" if unit else "")
        tx.detail = {"mail": made, "kind": draft.kind, "sequence": draft.sequence}
        return {"mail": str(made), "kind": draft.kind, "sequence": draft.sequence, "state": "queued"}

    def _unanswered(self, tx: Tx, row: Mapping[str, Any], draft: Draft) -> dict[str, Any] | None:
        """Where the very same mail may have arrived already, it goes again under its old Message-ID: the customer's
        mail program then keeps one. None where there is no such mail."""
        o = outbox.c
        found = tx.conn.execute(
            select(o.id, o.sequence).where(
                o.appointment_id == self.appointment_id, o.state == "unknown", o.next_at.is_(None),
                o.lease_until.is_(None), o.kind == draft.kind, o.for_start == row["starts_at"],
                o.recipient == draft.recipient,
            )
        ).first()  # fmt: skip
        if found is None:
            return None
        tx.update(outbox, int(found[0]), state="queued", tries=0, unknowns=0, next_at=db_now(tx.conn), error=None)
        tx.update(appointment, self.appointment_id, reminder_state="queued")
        tx.title = _("Enviar recordatorio") + (f" · {row['plate']}" if row["plate"] else "")
        tx.detail = {"mail": int(found[0]), "kind": draft.kind, "sequence": int(found[1])}
        return {"mail": str(found[0]), "kind": draft.kind, "sequence": int(found[1]), "state": "queued"}
