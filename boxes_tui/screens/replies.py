"""What the customer answered to a reminder, noted with one key; and the one-key rebook of a no-show (PRODUCT §4, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _
from boxes_tui.outreach.whatsapp import Answer, NoteReply
from boxes_tui.screens.row_text import name

if TYPE_CHECKING:
    from boxes_tui.screens.acts import ActingScreen

SAID: dict[Answer, tuple[str, str]] = {
    "yes": (N_("Se anotó que viene: {name}. Turno confirmado."), N_("confirm.")),
    "no": (N_("Se anotó que no viene: {name}. Falta anularlo en el DMS."), N_("no viene")),
    "change": (N_("Se anotó que pide cambio: {name}. Falta moverlo en el DMS."), N_("cambio")),
}


async def note_reply(screen: ActingScreen, answer: Answer) -> None:
    """Note the answer about the screen's appointment; *sí* confirms it too."""
    row = await screen.turn_row()
    if row.state in ("arrived", "no_show"):
        raise BoxesError(_("El turno ya pasó o la unidad ya ingresó; no espera respuesta."))
    text, short = SAID[answer]
    leaves = screen.place == "followup" or (screen.place == "appointments" and answer == "yes")
    await screen.done(row, NoteReply(row.ref, answer), _(text).format(name=name(row)), _(short), leaves=leaves)


async def rebook(screen: ActingScreen) -> None:
    """Open the no-show's opportunity, due today."""
    from boxes_tui.desk.opportunities import Rebook

    row = screen.acted_row()
    screen.held(row)
    if row.subject != "appointment" or row.state != "no_show":
        raise BoxesError(_("Se recupera una inasistencia de días anteriores; hoy todavía puede ingresar. [l] llamar"))
    text = _("Se recuperó la inasistencia: {name}. Oportunidad para hoy.").format(name=name(row))
    await screen.done(row, Rebook(row.ref), text, "◆", leaves=screen.place != "appointments")
