"""*Confirmar turno* and its comment (PRODUCT §4, queue 3). Comments stay inside: no template can read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import app_user, appointment
from boxes_tui.desk.opportunities import add_note
from boxes_tui.desk.subjects import Subject, load, title, touch
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean_note

ONLY = ("appointment",)


@dataclass(frozen=True)
class Confirm(Command):
    """Confirm an appointment of today or later, with a comment for the card."""

    verb: ClassVar[str] = "confirm"
    ref: str
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref, only=ONLY)
        _confirmable(tx, subject)
        comment = clean_note(self.note or "")
        tx.update(
            appointment, subject.id, confirmed_at=tx.now, confirmed_by=tx.session.user_id,
            confirmed_start=subject.row["starts_at"], **({"comment": comment} if comment else {}),
        )  # fmt: skip
        if comment:
            add_note(tx, subject, comment, kind=1)
        touch(tx, "appointment", subject.row)
        tx.title = title(_("Confirmar turno"), subject)
        return {"state": "confirmed", "comment": comment or subject.row["comment"]}


@dataclass(frozen=True)
class Comment(Command):
    """Write the comment of an appointment; it takes the place of the one before, which stays in the history."""

    verb: ClassVar[str] = "note"
    ref: str
    text: str

    def run(self, tx: Tx) -> dict[str, Any]:
        comment = clean_note(self.text)
        if not comment:
            raise UsageError(_("Falta el texto."))
        subject = load(tx, self.ref, only=ONLY)
        tx.update(appointment, subject.id, comment=comment)
        add_note(tx, subject, comment, kind=1)
        tx.title = title(_("Comentario del turno"), subject)
        return {"comment": comment}


def _confirmable(tx: Tx, subject: Subject) -> None:
    row = subject.row
    if row["gone_at"] is not None or row["vanished_at"] is not None or row["status"] == "cancelled":
        raise Refused(_("El turno ya no figura en el DMS; no se confirmó."))
    if row["arrived_at"] is not None:
        raise Refused(_("La unidad ya ingresó; no hace falta confirmar."))
    if row["start_day"] is not None and row["start_day"] < tx.today(subject.branch_id):
        raise Refused(_("El día del turno ya pasó; no se confirmó."))
    if row["confirmed_at"] is not None:
        query = select(app_user.c.name).where(app_user.c.id == row["confirmed_by"])
        who = tx.conn.execute(query).scalar()
        raise Refused(_("El turno ya está confirmado ({name}); no se cambió nada.").format(name=who or "—"))
