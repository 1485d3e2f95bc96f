"""``M``: the chosen telephone dialled by the configured command or exchange; the result is a sentence in the status line.

Where the configuration has no ``[dial]`` the key is absent. The dial is logged before it is tried (``outreach.dial``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from boxes_tui.domain.phones import show_phone
from boxes_tui.errors import BoxesError, ConfigError, Unavailable
from boxes_tui.i18n import _
from boxes_tui.widgets.menu import Menu, MenuItem

if TYPE_CHECKING:
    from boxes_tui.data.reads.card_phones import CardPhone
    from boxes_tui.screens.acts import ActingScreen

SECONDS = 45.0
"""The exchange and the command have time-outs of their own; this one is only for a name server that hangs."""


def can_dial(house: Any) -> bool:
    """Whether this installation dials. A faulty section counts: the key then says what is wrong with it."""
    return house is not None and bool(set(house.settings.section("dial")) - {"link"})


def scheme_of(house: Any) -> str:
    """How telephones on the screen are links; a faulty setting makes none."""
    from boxes_tui.outreach.dial import link_scheme

    try:
        return link_scheme(house.settings) if house is not None else ""
    except ConfigError:
        return ""


async def dial(app: Any, status: Any, ref: str, phone: CardPhone) -> None:
    """Dial about the row of ``ref`` and tell what became of it."""
    from boxes_tui.outreach.dial import place_call

    number = phone.e164 or phone.raw
    shown = show_phone(phone.e164) if phone.e164 else phone.raw
    status.warn(_("Se está marcando {phone}…").format(phone=shown))
    try:
        await app.background(place_call, app.house, ref, number, deadline=SECONDS, lane="dial")
    except Unavailable:
        status.error(_("La central telefónica no responde; se puede marcar a mano."))
    except BoxesError as error:
        status.error(str(error))
    else:
        status.ok(_("Se marcó {phone}; quedó anotado.").format(phone=shown))


async def dial_from(screen: ActingScreen, phones: Sequence[CardPhone]) -> None:
    """From the card: its chosen telephone; where there are several good ones, a menu."""
    row = screen.acted_row()
    screen.held(row)
    good = [p for p in phones if p.wrong_at is None and p.e164]
    if not good:
        raise BoxesError(_("Sin teléfono que se pueda marcar."))
    chosen = good[0]
    if len(good) > 1:
        items = [MenuItem(str(n), show_phone(p.e164 or p.raw), str(n + 1)) for n, p in enumerate(good[:9])]
        taken = await screen.app.push_screen_wait(Menu(_("MARCAR"), items, line=3, right=40, width=30))
        if not taken:
            return
        chosen = good[int(taken[0])]
    await dial(screen.app, screen.frame.status, row.ref, chosen)  # type: ignore[union-attr]
