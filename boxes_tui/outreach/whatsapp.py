"""``w``: the ready WhatsApp text of a row, gated by its purpose, and the note that the agent sent it (PRODUCT §7).

Writing the text is gated like a call; noting that it was sent never is: it is marked *fuera de norma* instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from sqlalchemy import Connection, select

from boxes_tui.config import Settings
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.reads.people import best_phones
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, appointment, campaign, contact_log
from boxes_tui.desk import gate
from boxes_tui.desk.subjects import OPERATIONAL_CAMPAIGNS, TABLES, Subject, is_no_show, load, split_ref, title
from boxes_tui.domain.contact_gate import Purpose, Verdict
from boxes_tui.domain.phones import parse_phone
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.outreach.links import wa_digits, wa_url
from boxes_tui.outreach.templates import KINDS, load_letters
from boxes_tui.outreach.values import letter_values, person_of
from boxes_tui.text import clean

Row = Mapping[str, Any]
WHEN: Final = {"appointment": "starts_at", "sale_delivery": "delivered_at", "repair_order": "handover_at"}
"""The column that a text about a row calls its date."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text ready to send. ``phone_last4`` is all that the log keeps of the number."""

    url: str
    digits: str
    text: str
    template: str
    purpose: Purpose
    verdict: Verdict

    @property
    def phone_last4(self) -> str:
        return self.digits[-4:]


def compose(
    conn: Connection, session: Session, settings: Settings, ref: str, number: str | None = None,
    kind: str | None = None, template: str | None = None,
) -> Message:  # fmt: skip
    """The text of the row of ``ref`` for a number (its own, else the customer's best); raises :class:`Refused` for a
    fixed line, a row out of scope, or where the gate says no."""
    name, row, who, unit = _row(conn, session, ref)
    chosen = template or template_of(conn, session, ref, name, row)
    purpose = _purpose(chosen)
    if template and purpose == "operational" and template_purpose(conn, session, ref, name, row) == "offer":
        raise UsageError(_("Esa plantilla no es para ofrecer."))
    if number is None:
        number, kind = _number(conn, row, who)
    house = session.by_id.get(row.get("branch_id") or 0) or (session.branches[0] if session.branches else None)
    digits = wa_digits(number, kind, house.area_code if house else None) if number else None
    if digits is None:
        raise Refused(_("Ese teléfono no admite WhatsApp."))
    verdict = gate.verdict(
        conn, session, customer_id=who, branch_id=row.get("branch_id"), purpose=purpose,
        numbers=(digits[-10:],), channel="whatsapp",
    )  # fmt: skip
    if not verdict.allowed:
        raise Refused(verdict.sentence)
    person = person_of(conn, who, unit)
    language = "en" if (person.get("language") or "").lower().startswith("en") else "es"
    when = WHEN.get(name)
    dated = {
        "branch_id": row.get("branch_id"), "vehicle_text": row.get("vehicle_text"), "plate": row.get("plate"),
        "starts_at": row[when] if when else None, "starts_at_precision": row.get(f"{when}_precision"),
    }  # fmt: skip
    text = load_letters(settings).render(chosen, language, letter_values(session, house, person, dated, language))[1]
    return Message(wa_url(digits, text), digits, text, chosen, purpose, verdict)


def link(
    conn: Connection, session: Session, settings: Settings, row: QueueRow, template: str | None = None
) -> str:  # fmt: skip
    """The ``https://wa.me/549…?text=…`` of a row of a list; raises as :func:`compose`."""
    return compose(conn, session, settings, row.ref, row.phone, row.phone_kind, template).url


def template_of(conn: Connection, session: Session, ref: str, name: str, row: Row) -> str:
    """Which text suits a row."""
    if name == "appointment":
        return "wa_inasistencia" if is_no_show(row, session.today_of(row["branch_id"])) else "wa_turno"
    if name == "sale_delivery":
        return "wa_entrega"
    if name == "repair_order":
        return "wa_servicio" if row["handover_at"] is not None else "wa_taller"
    if name == "complaint":
        return "wa_taller"
    return "wa_seguridad" if template_purpose(conn, session, ref, name, row) == "operational" else "wa_oferta"


def template_purpose(conn: Connection, session: Session, ref: str, name: str, row: Row) -> Purpose:
    """What the gate makes of a text about a row: as for a call about it (``desk.subjects.call_type``)."""
    if name == "opportunity" and row["origin"] == "campaign":
        kind = conn.execute(select(campaign.c.type).where(campaign.c.id == row["campaign_id"])).scalar()
        return "operational" if kind in OPERATIONAL_CAMPAIGNS else "offer"
    return "offer" if name in ("opportunity", "customer", "vehicle") else "operational"


def _purpose(template: str) -> Purpose:
    """The purpose of a WhatsApp template; :class:`UsageError` for anything else."""
    if template not in KINDS or KINDS[template][0] != "whatsapp":
        raise UsageError(_("No hay una plantilla de WhatsApp «{name}».").format(name=template))
    return KINDS[template][1]


def _row(conn: Connection, session: Session, ref: str) -> tuple[str, Row, int | None, int | None]:
    """(table, row, customer id, vehicle id) of a ref; :class:`Refused` out of scope."""
    _word, name, row_id = split_ref(ref)
    found = conn.execute(select(TABLES[name]).where(TABLES[name].c.id == row_id)).mappings().first()
    if found is None or not session.may_see(found.get("branch_id")):
        raise Refused(_("No existe esa fila en las sucursales de este usuario."))
    row = dict(found)
    if name == "customer":
        return name, row, row_id, None
    if name == "vehicle":
        return name, row, row["owner_id"], row_id
    return name, row, row["customer_id"], row["vehicle_id"]


def _number(conn: Connection, row: Row, who: int | None) -> tuple[str | None, str | None]:
    own = row.get("contact_e164") or row.get("contact_phone")
    if own:
        return own, row.get("contact_kind")
    return best_phones(conn, [who]).get(who, (None, None)) if who is not None else (None, None)


@dataclass(frozen=True)
class LogWhatsApp(Command):
    """Note that the agent sent the text of a row; ``number`` as called, of which four digits are kept."""

    verb: ClassVar[str] = "whatsapp"
    ref: str
    template: str | None = None
    number: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        row = dict(subject.row)
        chosen = self.template or template_of(tx.conn, tx.session, self.ref, subject.name, row)
        purpose = _purpose(chosen)
        number = self.number or _number(tx.conn, row, subject.customer_id)[0]
        made = log_contact(tx, self.ref, "whatsapp", purpose, number, template=chosen)
        tx.title = title(_("Enviar WhatsApp"), subject)
        return made


Answer = Literal["yes", "no", "change"]


@dataclass(frozen=True)
class NoteReply(Command):
    """Note what the customer answered to a reminder: comes, does not, wants another time."""

    verb: ClassVar[str] = "reply"
    ref: str
    answer: Answer

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref, only=("appointment",))
        if self.answer not in ("yes", "no", "change"):
            raise UsageError(_("La respuesta es yes, no o change."))
        made = log_contact(tx, self.ref, "email_reply", "operational", None, answer=self.answer)
        if self.answer == "yes" and _stands(tx, subject):
            tx.update(
                appointment, subject.id, confirmed_at=tx.now, confirmed_by=tx.session.user_id,
                confirmed_start=subject.row["starts_at"],
            )  # fmt: skip
        tx.title = title(_("Respuesta al recordatorio"), subject)
        return {**made, "answer": self.answer}


def _stands(tx: Tx, subject: Subject) -> bool:
    """Whether an appointment can still be confirmed: of today or later, not in yet, not cancelled, not confirmed."""
    row = subject.row
    gone = row["gone_at"] is not None or row["vanished_at"] is not None or row["status"] == "cancelled"
    past = row["start_day"] is None or row["start_day"] < tx.today(subject.branch_id)
    return not gone and not past and row["arrived_at"] is None and row["confirmed_at"] is None


def log_contact(
    tx: Tx, ref: str, channel: str, purpose: Purpose, number: str | None, *, template: str | None = None, **detail: Any
) -> dict[str, Any]:
    """A row of ``contact_log`` about the act's row. Never refused by the gate: what it would have said is kept."""
    last10 = parse_phone(number).last10 if number else None
    answer = gate.verdict(
        tx.conn, tx.session, customer_id=tx.customer_id, branch_id=tx.branch_id, purpose=purpose,
        numbers=(last10,) if last10 else (), channel="email" if channel == "email_reply" else "whatsapp",
    )  # fmt: skip
    if answer.outside_rules:
        detail["outside_rules"] = answer.outside_rules
    made = tx.insert(
        contact_log, act_id=tx.act_id, at=tx.now, day=tx.today(), channel=channel, user_id=tx.session.user_id,
        branch_id=tx.branch_id, subject=tx.subject, subject_id=tx.subject_id, customer_id=tx.customer_id,
        phone_last4=last10[-4:] if last10 else None, template=clean(template) if template else None, detail=detail,
    )  # fmt: skip
    tx.detail = {"contact": made, "channel": channel, **detail}
    return {"contact": str(made), "channel": channel, "outside_rules": answer.outside_rules}


def contacts(conn: Connection, subject: str, ids: list[int]) -> dict[int, list[tuple[Any, str, str]]]:
    """Texts and dials about rows, newest first: (when, channel, who)."""
    c = contact_log.c
    rows = conn.execute(
        select(c.subject_id, c.at, c.channel, app_user.c.name)
        .outerjoin(app_user, app_user.c.id == c.user_id)
        .where(c.subject == subject, c.subject_id.in_(ids), c.annulled_at.is_(None))
        .order_by(c.at.desc(), c.id.desc())
    )
    made: dict[int, list[tuple[Any, str, str]]] = {}
    for row_id, at, channel, who in rows:
        made.setdefault(int(row_id), []).append((at, channel, who or "—"))
    return made
