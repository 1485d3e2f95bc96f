"""``Ctrl+P``: the verbs of the screen in front, from the one verb table; nothing of Textual's own, no
customer names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from boxes_tui.i18n import _
from boxes_tui.widgets.safe import t


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One verb: how it is called, its key and help, and what runs it."""

    label: str
    help: str
    run: Callable[[], object]


class VerbCommands(Provider):
    """Asks the screen for ``palette_items()``; a screen without it has an empty palette."""

    def _items(self) -> Iterable[PaletteItem]:
        ask = getattr(self.screen, "palette_items", None)
        return ask() if ask is not None else ()

    async def discover(self) -> Hits:
        """Every verb, before anything is typed."""
        for item in self._items():
            yield DiscoveryHit(t(item.label), item.run, text=item.label, help=item.help)

    async def search(self, query: str) -> Hits:
        """The verbs that match."""
        matcher = self.matcher(query)
        found = False
        for item in self._items():
            score = matcher.match(item.label)
            if score > 0:
                found = True
                yield Hit(score, t(item.label), item.run, text=item.label, help=item.help)
        if not found:  # Textual's own sentence is English
            yield Hit(0.01, t(_("Ninguna acción coincide.")), lambda: None)


class VerbPalette(CommandPalette):
    """Textual's palette, without the picture that is two cells wide on some terminals and one on others."""

    DEFAULT_CSS = "VerbPalette SearchIcon { display: none; }"

    def __init__(self) -> None:
        super().__init__(placeholder=_("Buscar una acción de esta pantalla"), id="--command-palette")
