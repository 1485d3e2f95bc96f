"""*¿Se puede contactar?* (``i``): every reason of the contact gate as a ✓ or ✗ line, for offers and for the rest; a
supervisor may go on in spite of a No Llame list, with a reason (PRODUCT §5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import events
from textual.widget import Widget

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.gate import OverrideGate
from boxes_tui.desk.permits import Permits, permits
from boxes_tui.domain.contact_gate import Reason, Verdict
from boxes_tui.domain.roles import may
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.forms import Form
from boxes_tui.screens.row_text import name
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.panel import Text
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.acting import ActingBase

MOST = 5
"""Lines of reasons under each heading; several No Llame lists each have one of their own."""


async def show_why(screen: ActingBase, row: QueueRow) -> None:
    """Show the reasons; a supervisor's reason, once given, becomes an act of its own."""
    found = await screen.background(screen.house.read, permits, row)
    lift = found.to_lift if may(screen.session.role, "override") else frozenset()
    made = await screen.app.push_screen_wait(WhyPanel(f"{_('¿SE PUEDE CONTACTAR?')} · {name(row)}", found, bool(lift)))
    if made is None:
        return
    if "opt_in" in made:
        await _opt_in(screen, row, found)
        return
    try:
        if "list_age" in lift:
            await screen.run_act(OverrideGate(None, made["reason"]))
        if "list" in lift:
            await screen.run_act(OverrideGate(row.ref, made["reason"]))
    except BoxesError as error:
        screen.say_error(str(error))
        return
    screen.say(_("Se permitieron ofertas por hoy, con motivo: {name}.").format(name=name(row)))
    screen.reload()


async def _opt_in(screen: ActingBase, row: QueueRow, found: Permits) -> None:
    """Note that offers by WhatsApp are accepted, and where that was said; or that they no longer are."""
    from boxes_tui.desk.blocks import OptIn
    from boxes_tui.screens.dialogs.forms import AskForm, NoteForm

    if found.opt_in.ok:
        ask = AskForm(f"{_('WHATSAPP')} · {name(row)}", (found.opt_in.text,), _("¿Ya no acepta?"), _("ya no acepta"))
        if await screen.app.push_screen_wait(ask) is not None:
            text = _("Se anotó que no acepta ofertas por WhatsApp: {name}.").format(name=name(row))
            await screen.done(row, OptIn(row.ref, withdraw=True), text, "", leaves=False)
        return
    title = f"{_('ACEPTA OFERTAS POR WHATSAPP')} · {name(row)}"
    made = await screen.app.push_screen_wait(NoteForm(title, _("Dónde lo dijo: mostrador, llamado, formulario…")))
    if made is not None:
        text = _("Se anotó que acepta ofertas por WhatsApp: {name}.").format(name=name(row))
        await screen.done(row, OptIn(row.ref, made["text"]), text, "", leaves=False)


class WhyPanel(Form):
    """Two headings with their reasons, the row's own purpose first."""

    def __init__(self, title: str, found: Permits, lift: bool) -> None:
        super().__init__(title, lines=17)
        self._found, self._lift = found, lift
        self.reason = self.field("reason", _("Motivo"), note=_("lo ve quien audita"))
        if not lift:
            self.fields.clear()

    def compose_body(self) -> Iterator[Widget]:
        """The reasons, and the supervisor's field where it would lift them."""
        yield Text(*why_lines(self._found))
        if self._lift:
            yield self.reason

    def begin(self) -> None:
        """Nothing to do but to read, unless a supervisor may lift what blocks."""
        super().begin()
        if self._lift:
            self.status.hint(_("Con un motivo, un supervisor permite ofrecer por hoy a pesar de la lista."))
            self.keys.set_keys([Key("Enter", _("permitir por hoy")), Key("Esc", _("cerrar"))])
        else:
            self.set_focus(None)
            self.status.hint(_("Registrar lo que pasó nunca se bloquea: queda marcado «fuera de norma»."))
            word = _("ya no acepta WhatsApp") if self._found.opt_in.ok else _("acepta WhatsApp")
            self.keys.set_keys([Key("w", word), Key("Esc", _("cerrar"))])

    def on_key(self, event: events.Key) -> None:
        """``w`` goes on to the consent; while a reason is typed it is a letter."""
        if event.character == "w" and not self._lift:
            event.stop()
            self.dismiss({"opt_in": ""})
        else:
            super().on_key(event)

    def accept(self) -> None:
        """A reason is needed to lift; otherwise ``Enter`` closes."""
        if not self._lift:
            self.dismiss(None)
        elif self.require(self.reason, _("Falta el motivo.")):
            super().accept()


def why_lines(found: Permits) -> list[Line]:
    """Both verdicts as lines, the purpose of the row first."""
    offer = _block(_("OFERTAS Y CAMPAÑAS DE SERVICE"), found.offer)
    offer.append(_reason_line(found.opt_in))
    rest = _block(_("TURNOS, ÓRDENES, BIENVENIDA, CORTESÍA Y RECALLS"), found.operational)
    return [*offer, "", *rest] if found.own == "offer" else [*rest, "", *offer]


def _block(title: str, verdict: Verdict) -> list[Line]:
    said, tone = (_("se puede"), "exito") if verdict.allowed else (_("no se puede"), "peligro")
    lines: list[Line] = [[(f"{title}: ", "atenuado"), (said, tone)]]
    for reason in verdict.reasons[:MOST]:
        lines.append(_reason_line(reason))
    return lines


def _reason_line(reason: Reason) -> Line:
    warns = not reason.ok and not reason.blocks
    sign, colour = ("✓", "exito") if reason.ok else ("✗", "hoy" if warns else "peligro")
    return [(f"  {sign} ", colour), reason.text + (_(" (sólo aviso)") if warns else "")]
