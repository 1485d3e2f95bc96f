"""The bodies of the campaign wizard's first two steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from boxes_tui.desk.campaign_match import Match
from boxes_tui.domain.formats import number
from boxes_tui.i18n import _
from boxes_tui.screens import wizard_text
from boxes_tui.screens.wizard_units import COLUMNS, Units, columns
from boxes_tui.widgets.columns import WIDE
from boxes_tui.widgets.fields import FieldBase, TextField
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.marks import LinesField
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.panel import Text

if TYPE_CHECKING:
    from boxes_tui.screens.campaign_wizard import WizardScreen

LABEL = 10
LIST_WIDTH, NARROW_LIST = 38, 23
"""Cells of the list and its head; on a narrow screen as few as a whole VIN takes."""


class Step(Vertical):
    """What the steps share: fields that ``Tab`` goes through, and what was typed before."""

    DEFAULT_CSS = "Step { height: 1fr; width: 1fr; background: transparent; } Step FieldBase { width: 1fr; }"
    texts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, wizard: WizardScreen) -> None:
        super().__init__()
        self.wizard = wizard
        self.stops: list[Widget] = []

    def field(self, name: str, label: str, **options: Any) -> TextField:
        """A text field that the draft knows by ``name``."""
        options.setdefault("label_width", LABEL)
        made = TextField(label, id=f"f-{name}", on_change=lambda text: self.wizard.changed(name, text), **options)
        made.ground = "fondo"
        self.stops.append(made)
        return made

    def go(self, step: int) -> None:
        """The field before or after the one with the focus."""
        at = next((n for n, stop in enumerate(self.stops) if stop.has_focus), -step)
        self.stops[(at + step) % len(self.stops)].focus()

    def begin(self) -> None:
        """The step is shown."""
        self.stops[0].focus()

    def restore(self, values: Mapping[str, str]) -> None:
        """Show what was typed before."""
        for stop in self.stops:
            name = (stop.id or "").removeprefix("f-")
            if isinstance(stop, FieldBase) and name in values:
                stop.value = values[name]  # type: ignore[misc]


class ListStep(Step):
    """1 *Buscar unidades*: the list at the left, the filters at the right, the report below."""

    DEFAULT_CSS = f"""
    ListStep Horizontal {{ height: auto; width: 1fr; margin: 1 0; }}
    ListStep .pair {{ height: 1; margin: 0; }}
    ListStep .left {{ width: {LIST_WIDTH}; height: 8; padding: 0 2 0 0; }}
    ListStep .right {{ width: 1fr; height: 8; }}
    ListStep .pair > .low {{ width: 26; }}
    ListStep LinesField {{ height: 6; margin: 0 0 0 1; }}
    ListStep .right TextField {{ margin: 0 1 0 0; }}
    ListStep.-narrow .left {{ width: {NARROW_LIST}; padding: 0 1 0 0; }}
    """

    def __init__(self, wizard: WizardScreen) -> None:
        super().__init__(wizard)
        self.list = LinesField(id="f-list", on_change=lambda text: wizard.changed("list", text))
        self.list.ground = "fondo"
        self.stops.append(self.list)
        self.file = self.field("file", _("Archivo"))
        self.model = self.field("model", _("Modelo"), label_width=15)
        self.pairs = [
            (
                self.field(f"{name}_from", label, label_width=15, width=8),
                self.field(f"{name}_to", _("a"), label_width=2),
            )
            for name, label in (("year", _("Año modelo")), ("service", _("Último service")), ("km", "Km"))
        ]
        self.branch = self.field("branch", _("Sucursal"), label_width=15)
        self.since = self.field("not_since", _("Sin volver"), label_width=15)
        self.segment = self.field("segment", _("Segmento"), label_width=15)
        self.page = Page()
        self.stops.append(self.page)

    def compose(self) -> Iterator[Widget]:
        """List, filters, report."""
        with Horizontal():
            with Vertical(classes="left"):
                yield self._head(_("Lista de VIN o patentes (pegar)"))
                yield self.list
                yield self.file
            with Vertical(classes="right"):
                yield self._head(_("Filtros (se suman a la lista)"))
                yield self.model
                yield self._pair(0)
                yield self.branch
                yield self._pair(1)
                yield self._pair(2)
                yield self.since
                yield self.segment
        yield self.page

    def on_resize(self, event: events.Resize) -> None:
        """On a narrow screen the filters need the room more than the list does."""
        self.set_class(event.size.width < 80, "-narrow")

    def _head(self, text: str) -> Text:
        made = Text([(text, "atenuado")])
        made.ground = "fondo"
        return made

    def _pair(self, n: int) -> Horizontal:
        low, high = self.pairs[n]
        low.add_class("low")
        return Horizontal(low, high, classes="pair")

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` on a group shows its lines."""
        event.stop()
        self.wizard.perform(lambda: self.wizard.show_group(event.key))

    def show_report(self, match: Match | None, found: int) -> None:
        """The report of the list, or how many the filters find."""
        if match is not None:
            self.page.show(*wizard_text.report(match, found, self.wizard.size.width))
        elif self.wizard.units is not None:
            self.show_found(found)
        else:
            self.page.show([" " + _("Pegue la lista, escriba un archivo o ponga un filtro.")])

    def name_segments(self, saved: Collection[str]) -> None:
        """What the field of saved segments takes: one of these names brings it, a new one saves the filters."""
        named = ", ".join(saved)
        self.segment.set_note(_("Enter: {names}").format(names=named) if saved else _("Enter los guarda"))

    def show_found(self, found: int) -> None:
        """How many units the filters find."""
        self.page.show(*wizard_text.segment_report(found))

    def fail(self, text: str) -> None:
        """What cannot be read, in the place of the report."""
        if text:
            self.page.show([[(" ✗ " + text, "peligro")]])


class UnitStep(Step):
    """2 *Elegir unidades*: the grid, all units marked at first."""

    def __init__(self, wizard: WizardScreen) -> None:
        super().__init__(wizard)
        self.grid = Grid(
            columns(), mark_all_keys=True, column_cursor=True, all_but=True, empty=(_("Ninguna unidad. [PgUp] buscar"),)
        )
        self.stops.append(self.grid)
        self.units: Units | None = None

    def compose(self) -> Iterator[Widget]:
        """The grid."""
        yield self.grid

    def show_units(self, units: Units, values: Mapping[str, str]) -> None:
        """Show other units: all of them marked but those that were unmarked before (``without``), or ``only`` some."""
        self.units = units
        left, only = values.get("without", ""), values.get("only")
        self.show_rows()
        self.grid.everything = True
        if only is None:
            self.grid.mark_all()
            self.grid.mark([key for key in left.split(",") if key], on=False)
        else:
            self.grid.mark_none()
            self.grid.mark([key for key in only.split(",") if key])
        self.grid.everything = units.whole

    @property
    def chosen(self) -> int:
        """How many are marked."""
        left = self.grid.unmarked
        return len(self.grid.marked) if left is None else len(self.units or ()) - len(left)

    def show_rows(self) -> None:
        """Show the rows that the filters keep."""
        if self.units is not None:
            wide = self.wizard.size.width >= WIDE + 2
            self.grid.everything = self.units.whole
            self.grid.set_source(self.units.source(wide), self.grid.cursor_key)
            self.wizard.show_totals()

    def on_grid_marks_changed(self, event: Grid.MarksChanged) -> None:
        """Keep which units were left out."""
        if self.units is not None:
            left, values = self.grid.unmarked, self.wizard.values
            values.pop("only" if left is not None else "without", None)
            if left is None:
                values["only"] = ",".join(sorted(event.marked, key=int))
            else:
                values["without"] = ",".join(sorted(left, key=int))
            self.wizard.keep("campaign", "new")(values)
        self.wizard.show_totals()

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """The cursor moved."""
        self.wizard.show_totals()

    async def menu(self) -> None:
        """*Más opciones* of the chosen column: filter, sort, group, export."""
        if self.units is None:
            return
        column = self.grid.column.id
        title = next(_(t) for c, t, _w, _x in COLUMNS if c == column).upper()
        items = [
            MenuItem("group", _("filtrar y agrupar por valor…"), "1", "▸"), MenuItem("up", _("ordenar A a Z"), "2"),
            MenuItem("down", _("ordenar Z a A"), "3"), MenuItem("export", _("exportar…"), "4"),
            MenuItem("clear", _("quitar todo"), "0"),
        ]  # fmt: skip
        wizard = self.wizard
        taken = await wizard.app.push_screen_wait(Menu(title, items, line=3, right=wizard.size.width, width=36))
        code = taken[0] if taken else ""
        if code in ("group", "up", "down"):
            self.units.check_menu()
        if code == "group":
            await self._group(column, title)
        elif code in ("up", "down"):
            self.units.order = (column, code == "down")
        elif code == "clear":
            self.units.order, self.units.kept = None, {}
        elif code == "export":
            await self._export()
        if code:
            self.show_rows()

    async def _group(self, column: str, title: str) -> None:
        assert self.units is not None
        found = self.units.groups(column)
        items = [MenuItem(str(n), text, right=number(count)) for n, (text, count) in enumerate(found)]
        taken = await self.wizard.app.push_screen_wait(
            Menu(title, items, line=3, right=self.wizard.size.width, width=38)
        )
        if taken:
            self.units.kept[column] = found[int(taken[0])][0]

    async def _export(self) -> None:
        from boxes_tui.reports.export import Sheet, save
        from boxes_tui.screens.dialogs.export import FORMATS, choose_format, target, written

        assert self.units is not None
        kind = await choose_format(self.wizard, FORMATS[:2])
        if kind:
            path = target(self.wizard, "campaña", kind)
            titles, rows, count = self.units.sheet()
            await written(self.wizard, path, lambda told: save(Sheet("campaña", titles, rows, count), path, told))
