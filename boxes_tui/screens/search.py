"""Search anywhere (SCREENS *Buscar*): hits while typing, ``Enter`` opens the customer."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events

from boxes_tui.data.reads.board import freshness
from boxes_tui.data.reads.search import Hit, search
from boxes_tui.domain.phones import show_phone
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_text import Moment, outcome_text
from boxes_tui.widgets.bars import Bar, Key
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.fields import TextField
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.rows import ListSource, Row
from boxes_tui.widgets.safe import Line

COLUMNS = (
    ("matched", N_("Coincide"), 12, 12, 0),
    ("customer", N_("Cliente"), 24, 26, 0),
    ("plate", N_("Patente"), 8, 8, 0),
    ("unit", N_("Unidad"), 14, 18, 1),
    ("last", N_("Último"), 12, 14, 0),
)
LIMIT = 500


class SearchScreen(DeskScreen):
    """A field over a list of hits."""

    place: ClassVar[str] = "search"
    DEFAULT_CSS = "SearchScreen > FieldBase { dock: top; }"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.grid = Grid([Column(i, _(t), w, wide, leaves=leaves) for i, t, w, wide, leaves in COLUMNS], marks=False)
        self.field = TextField(_("Buscar").upper(), text, on_change=lambda _text: self.reload(), id="search", limit=100)
        self.field.ground = "barra"
        self.frame: Frame[Any] = Frame(self.grid)
        self.hint = Bar()
        self.hint.tone = "atenuado"
        self.hits: dict[str, Hit] = {}

    def compose(self) -> Any:
        """The field stands in the title line's place."""
        _title, _filters, *rest = self.frame.compose()
        yield self.field
        yield self.hint
        yield from rest

    def entered(self) -> None:
        """Type at once."""
        self.set_focus(self.field)
        self.hint.show(_("Patente, chasis, teléfono, nombre, OR o turno · sin acentos · 4 cifras o más"))

    async def load(self) -> None:
        """Read the hits of what is typed now."""
        if self.freshness is None:
            self.freshness = await self.background(self.house.read, freshness)
        text = self.field.value
        hits = await self.background(self.house.read, search, text, LIMIT) if text.strip() else []
        if text != self.field.value:
            self.reload()
            return
        self.hits = {str(n): hit for n, hit in enumerate(hits)}
        at = self.at if self.ready else None
        self.grid.set_source(ListSource([_hit_row(str(n), hit, at) for n, hit in enumerate(hits)]))
        nothing = _("Nada coincide con «{text}». Se busca desde 4 cifras o el comienzo de una palabra.")
        self.grid.set_empty(nothing.format(text=text[:30]) if text.strip() else "")
        self.show_details()

    def show_frame(self) -> None:
        """Keys, and at the right of the field, which is the title, who is here and the age of the DMS."""
        right = self.title_rights()[0]
        self.field.set_note([*([right] if isinstance(right, str) else right), " "])
        self.frame.keys.set_keys([Key("Enter", _("cliente")), Key("↑↓", _("mover")),
                                  Key("Esc", _("volver donde estaba"))])  # fmt: skip

    def show_details(self) -> None:
        """Who the hit is, and what is open."""
        n = len(self.hits)
        right = ngettext("{n} resultado", "{n} resultados", n).format(n=n)
        self.frame.totals.show("", f"{right} · {self.grid.cursor_index + 1}/{n}" if n else right)
        hit = self.hits.get(self.grid.cursor_key or "")
        if hit is None:
            self.frame.details.show_texts("", "")
            return
        units = ngettext("{n} unidad", "{n} unidades", len(hit.vehicles)).format(n=len(hit.vehicles))
        phone = show_phone(hit.phones[0]) if hit.phones and hit.phones[0].startswith("+") else (hit.phones or ("",))[0]
        first = " · ".join(x for x in ((hit.name or "—").upper(), phone, units, hit.city) if x)
        second: Line = [("◆ ", "acento"), _("oportunidad agendada")] if hit.open_opportunity else ""
        self.frame.details.show_texts(first, second)

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Another hit."""
        self.show_details()

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        """``Enter`` or a click on the list."""
        self._open()

    def on_key(self, event: events.Key) -> None:
        """The arrows move in the list while one types; ``Enter`` opens, ``Esc`` goes back."""
        if event.key in ("up", "down", "pageup", "pagedown"):
            event.stop()
            self.grid.on_key(event)
        elif event.key == "enter":
            event.stop()
            self._open()
        elif event.key == "escape":
            event.stop()
            self.dismiss(None)

    def _open(self) -> None:
        from boxes_tui.screens.customer import CustomerScreen

        hit = self.hits.get(self.grid.cursor_key or "")
        if hit is not None and hit.id is not None:
            self.app.push_screen(CustomerScreen(hit.id))
        elif hit is not None:
            self.say_error(_("Esa unidad no tiene un cliente conocido en el DMS."))


def _hit_row(key: str, hit: Hit, at: Moment | None) -> Row:
    unit = hit.vehicles[0] if hit.vehicles else (None, None, None)
    last = outcome_text(hit.last_code, hit.last_at, at) if at is not None else "—"
    cells = (hit.matched, (hit.name or "—").upper(), unit[1] or _("s/pat."), unit[2] or "—", last)
    return Row(key, cells, third="◆" if hit.open_opportunity else "", third_tone="acento")
