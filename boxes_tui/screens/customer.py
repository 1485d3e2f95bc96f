"""*Ver cliente*: one screen, no tabs (PRODUCT §4, SCREENS *Ver cliente*)."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.data.reads.board import freshness
from boxes_tui.data.reads.customers import Card, card
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.card_row import card_row
from boxes_tui.desk.permits import Permits, permits
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _, ngettext
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.customer_text import customer_lines
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line, plain

WIDE = 119
"""Cells of the exported card: the layout with two columns."""


class CustomerScreen(ActingScreen):
    """Indicators first, phones, the last service, vehicles with their services, calls and notes, what is promised."""

    place: ClassVar[str] = "customer"

    def __init__(self, customer_id: int, row: QueueRow | None = None) -> None:
        super().__init__()
        self.customer_id = customer_id
        self._from = row
        self.row = row
        self.card: Card | None = None
        self.permits: Permits | None = None
        self.open_services: set[str] = set()
        self.page = Page(["", "  " + _("Leyendo…")])
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    async def load(self) -> None:
        """Read the card."""
        self.card = await self.background(self.house.read, card, self.customer_id)
        self.freshness = await self.background(self.house.read, freshness)
        if self._from is None:
            self.row = await self.background(self.house.read, card_row, self.customer_id)
        self.permits = await self.background(self.house.read, permits, self.row) if self.row else None
        self.show_card()

    def acted_row(self) -> QueueRow:
        """The row from which the card was opened, else what is due for the customer first."""
        if self.row is None:
            raise BoxesError(_("No hay ninguna fila elegida."))
        return self.row

    async def verb_dial(self) -> None:
        """Dial the chosen telephone."""
        from boxes_tui.screens.dialling import dial_from

        await dial_from(self, self.card.phones if self.card else ())

    def acted(self, row: QueueRow, short: str, leaves: bool) -> None:
        """An act closed the row: from now on what is due next."""
        if leaves:
            self._from = None

    def show_card(self) -> None:
        """Lay the card out for the width."""
        if self.card is None:
            return
        lines, keys = customer_lines(
            self.card,
            self.at,
            self.size.width,
            self.open_services,
            self.permits.offer.allowed if self.permits else None,
        )
        self.page.show(lines, keys)
        self._hint()

    def _hint(self) -> None:
        below = self.page.hidden_below
        text = ngettext("▸ hay {n} línea más abajo", "▸ hay {n} líneas más abajo", below).format(n=below)
        self.frame.status.hint([(text, "atenuado")] if below else "")

    def on_resize(self, event: Any) -> None:
        """Another width, another layout."""
        super().on_resize(event)
        self.show_frame()
        self.show_card()

    def heading(self) -> Line:
        """*CLIENTE · PEÑA NÚÑEZ, MARÍA JOSÉ*."""
        name = (self.card.customer["display_name"] or "—").upper() if self.card else ""
        return f"{_('Cliente').upper()} · {name}"

    def on_page_scrolled(self, event: Page.Scrolled) -> None:
        """Movement changes what lies below."""
        self._hint()

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` on a service shows or hides its lines."""
        self.open_services ^= {event.key}
        self.show_card()

    async def verb_export(self) -> None:
        """The card as it is on screen, with every service open, into a file of the exports folder; who took it is
        on record."""
        from boxes_tui.desk.card_export import ExportCard
        from boxes_tui.screens.dialogs.export import save_text, target

        if self.card is None:
            return
        found, at = self.card, self.at
        every = {f"order:{s.id}" for unit in found.vehicles for s in unit.services}
        lines, _keys = customer_lines(found, at, WIDE, every)
        await self.run_act(ExportCard(self.customer_id))
        path = target(self, f"cliente-{self.customer_id}", "txt")
        text = "\n".join([plain(self.heading()), "", *(plain(line).rstrip() for line in lines)]) + "\n"
        await self.background(save_text, path, text)
        self.say(_("Se exportó la ficha: {file}.").format(file=str(path)))
