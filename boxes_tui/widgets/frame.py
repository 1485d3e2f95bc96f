"""The fixed places of a screen in one object, at 80×24 and from 110 columns with the card at the right
(SCREENS §1, §4).

A screen makes a :class:`Frame`, yields ``frame.compose()`` and speaks to its parts::

frame = Frame(Grid(columns), card=True) # frame.title, .filters, .body, .card, .totals, .details …
frame.title.show("2 OPORTUNIDADES NUEVAS · Casa Central", "Ana Quiroga · agente · DMS hace 4 min", …)
frame.filters.set_filters([FilterItem("all", "Todas", 61), …], "all", "f: todos") frame.status.ok(_("Se
guardó {outcome}: {name}. [u] deshacer").format(…)) frame.keys.set_keys([Key("l", "llamar", press="l"), …])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from textual.containers import Horizontal
from textual.widget import Widget

from boxes_tui.widgets.bars import DetailLines, FilterBar, KeysLine, StatusLine, TitleBar, TotalsLine
from boxes_tui.widgets.page import Card

Body = TypeVar("Body", bound=Widget)

CARD_FROM = 110
"""Screen columns from which the card stands at the right: 88 cells of list, ``│``, 30 cells of card."""

TALL_FROM = 36
"""Screen lines from which, beside a card, four lines stand between totals and status instead of two."""


class Middle(Horizontal):
    """The body and, on wide screens, the card at its right."""

    DEFAULT_CSS = "Middle { height: 1fr; width: 1fr; background: transparent; }"


class Frame(Generic[Body]):
    """Title, filter line, body (head line and rows of a grid, or anything), totals, two detail lines,
    status, keys.

    ``filters``, ``totals``, ``details`` leave those lines out (their attribute is None where they are off;
    the body gets their room). ``card`` adds the card, shown from 110 columns.
    """

    def __init__(
        self, body: Body, *, filters: bool = True, totals: bool = True, details: bool = True, card: bool = False
    ) -> None:
        self.title = TitleBar()
        self.filters = FilterBar()
        self.body = body
        self.card = Card()
        self.totals = TotalsLine()
        self.details = DetailLines()
        self.status = StatusLine()
        self.keys = KeysLine()
        self._shown = (filters, totals, details, card)

    def compose(self) -> Iterator[Widget]:
        """The widgets from top to bottom."""
        filters, totals, details, card = self._shown
        yield self.title
        if filters:
            yield self.filters
        if card:
            yield Middle(self.body, self.card)
        else:
            yield self.body
        if totals:
            yield self.totals
        if details:
            yield self.details
        yield self.status
        yield self.keys

    def fit(self, width: int, height: int) -> None:
        """Arrange for a screen of this size; :class:`~boxes_tui.widgets.screen.BoxesScreen` calls it."""
        card = self._shown[3] and width >= CARD_FROM
        if self._shown[3]:
            self.card.display = card
        if self._shown[2]:
            self.details.styles.height = 4 if card and height >= TALL_FROM else 2

    @property
    def card_shown(self) -> bool:
        """Whether the card stands at the right now; the detail lines then stay empty."""
        return self._shown[3] and bool(self.card.display)
