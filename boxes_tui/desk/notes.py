"""Notes on a row or a customer: never sent anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from boxes_tui.data.commands import Command, Tx
from boxes_tui.desk.opportunities import add_note
from boxes_tui.desk.subjects import load, title
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _


@dataclass(frozen=True)
class Note(Command):
    """Write a note on the row of ``ref`` and on its customer's card."""

    verb: ClassVar[str] = "note"
    ref: str
    text: str

    def run(self, tx: Tx) -> dict[str, Any]:
        subject = load(tx, self.ref)
        made = add_note(tx, subject, self.text)
        if made is None:
            raise UsageError(_("Falta el texto."))
        tx.title = title(_("Nota"), subject)
        return {"note": str(made)}
