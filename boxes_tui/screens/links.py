"""Links that reach the customer: shown whole, copied by the terminal (OSC 52), logged when the agent says it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain.phones import parse_phone
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.outreach.links import copies
from boxes_tui.screens.dialogs.forms import AskForm
from boxes_tui.screens.row_text import name
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.acts import ActingScreen


async def whatsapp(screen: ActingScreen, row: QueueRow) -> None:
    """``w``: the ready wa.me link of the row's telephone; ``Enter`` logs it as sent."""
    from boxes_tui.outreach.whatsapp import LogWhatsApp, link

    info = parse_phone(row.phone) if row.phone else None
    if info is None or (row.phone_kind or info.kind) == "fixed" or info.whatsapp is None:
        raise BoxesError(_("Ese teléfono no admite WhatsApp."))
    url = await screen.background(screen.house.read, link, screen.house.settings, row)
    if not await show_link(screen, row, url):
        return
    await screen.done(
        row,
        LogWhatsApp(row.ref),
        _("Se anotó el WhatsApp: {name}.").format(name=name(row)),
        _("WhatsApp"),
        leaves=False,
    )


async def show_link(screen: Any, row: QueueRow, url: str) -> bool:
    """The link in lines that fit, copied to the agent's clipboard where the terminal allows it."""
    told = _("Se copió el enlace; también se puede abrir desde acá:")
    if copies(url):
        screen.app.copy_to_clipboard(url)
    else:
        told = _("El enlace es largo para copiarlo; se puede abrir desde acá:")
    width = max(40, screen.size.width - 4)
    shown: list[Line] = [[(url[n : n + width], "acento", url)] for n in range(0, len(url), width)]
    lines: tuple[Line, ...] = (told, "", *shown)
    form = AskForm(f"{_('WHATSAPP')} · {name(row)}", lines, _("¿Se envió?"), _("se envió, anotar"), _("no se envió"))
    return await screen.app.push_screen_wait(form) is not None


async def offer_link(panel: Any, row: QueueRow, number: str) -> None:
    """From the call panel: copy the ready link of the chosen telephone, gated like the call."""
    from boxes_tui.outreach.whatsapp import compose

    app = panel.app
    try:
        made = await app.background(app.house.read, compose, app.house.settings, row.ref, number)
    except BoxesError as error:
        panel.status.error(str(error))
        return
    if copies(made.url):
        app.copy_to_clipboard(made.url)
    panel.status.ok([(_("Se copió:") + " ", "exito"), (made.url, "acento", made.url)])
