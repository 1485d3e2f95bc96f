"""*Ver en grilla*: the rows behind a number; every column can be filtered, sorted, grouped, made a pie, hidden (SCREENS §3)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from boxes_tui.data.reads.details import detail
from boxes_tui.domain.formats import number
from boxes_tui.domain.kpis import KPIS, Part, name
from boxes_tui.i18n import _
from boxes_tui.reports import grid as rows_of
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.grid import ReportRow, View
from boxes_tui.reports.labels import UNKNOWN, Labels, opened_text
from boxes_tui.reports.population import Ask
from boxes_tui.reports.render import cells_of
from boxes_tui.reports.titles import title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.column_menu import column_items
from boxes_tui.screens.report_rows import BY_TYPE, SIDES, WIDTHS, ReportSource, cell_text, read_grid, read_sides
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.text import cell_width
from boxes_tui.widgets.bars import FilterItem, Key
from boxes_tui.widgets.columns import WIDE, Column
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.safe import Line

LISTED = frozenset({"deliveries", "opportunities", "appointments", "in_process", "completed"})
"""Stages whose rows have detail lines of their own."""


class ReportGridScreen(DeskScreen):
    """The grid of a report."""

    place: ClassVar[str] = "grid"

    def __init__(self, ask: Ask, view: View) -> None:
        super().__init__()
        self.ask, self.view = ask, view
        self.columns: tuple[ReportColumn, ...] = ()
        self.words: Labels | None = None
        self.rows: dict[str, ReportRow] = {}
        self.hidden: frozenset[str] = frozenset()
        self.total = self.whole = 0
        self.sides: dict[str, int] = {}
        self._fresh = True
        self.grid = Grid([Column("customer", "", 24)], empty=(_("Leyendo…"),), marks=False, column_cursor=True)
        self.frame: Frame[Any] = Frame(self.grid)

    def heading(self) -> Line:
        """*6 REPORTE · SERVICIOS REALIZADOS · GRILLA*."""
        return f"6 {_('REPORTE')} · {title_of(self.ask.report).upper()} · {_('GRILLA')}"

    async def load(self) -> None:
        """Read columns and counts; the rows come by blocks."""
        made = await self.background(self.house.read, read_grid, self.ask, self.view, deadline=60.0)
        self.columns, self.words, self.total, self.whole, self.freshness = made
        self.sides = await self.background(self.house.read, read_sides, self.ask, self.view, deadline=60.0)
        if self._fresh:
            self._fresh = False
            shown = [c for c in self.columns if c.id not in self.hidden]
            self.grid.set_columns(
                [self._column(c, max(0, len(shown) - n) if n > 1 else 0) for n, c in enumerate(shown)]
            )
            self.grid.set_source(ReportSource(self, self.total))
        self.grid.set_empty(_("Ninguna fila con este filtro. [Esc] quitarlo"))
        self.show_frame()
        self._details()

    def _column(self, c: ReportColumn, leaves: int) -> Column:
        """Its title in full where the screen is wide."""
        narrow, wide = WIDTHS.get(c.id, BY_TYPE[c.type])
        order = dict(self.view.order)
        sign = {True: " ↓", False: " ↑"}[order[c.id]] if c.id in order else ""
        align = "right" if c.type in ("int", "money") else "left"
        title = _(c.short if c.short and self.size.width < WIDE + 2 else c.title)
        wide = max(wide, min(12, cell_width(title)))
        return Column(c.id, title + sign, narrow, wide, align, leaves, cut=c.type == "text")  # type: ignore[arg-type]

    def keys(self) -> list[Key]:
        """Column, menu, chart, pie, customer, export."""
        own = super().keys()
        return [Key("←→", _("columna")), *own[:3], Key("Enter", _("cliente"), press="enter"), *own[3:]]

    def show_frame(self) -> None:
        """Title, what is opened, keys, totals."""
        super().show_frame()
        opened = opened_text(self.words, self.ask, self.view) if self.words else ""
        narrowed = self.view.kept or self.view.order or self.hidden
        right = _("[Esc] quita el filtro") if narrowed else ""
        brief = next((name(k) for k in KPIS[self.ask.report] if k.code == self.view.selection.kpi), "")
        items = [FilterItem("", opened, None, brief)]
        items += [FilterItem(c, _(t), self.sides[c], _(short)) for c, t, short in SIDES if c in self.sides]
        self.frame.filters.set_filters(items, self.view.selection.side if self.sides else "-", right, "")
        shown = f"{self.grid.cursor_index + 1}/{self.total}" if self.total else ""
        right = _("Total: {n}  Visualizados: {m}").format(n=number(self.whole), m=number(self.total))
        self.frame.totals.show("", f"{right} · {shown}" if shown else right)

    def _details(self) -> None:
        """Who the row is about and why it matters, as in the list that it comes from; where it comes from none, its
        cells."""
        row = self.rows.get(self.grid.cursor_key or "")
        if row is None or self.words is None:
            self.frame.details.show_texts("", "")
            return
        shown = zip(self.columns, cells_of(self.columns, self.words, row), strict=True)
        cells = [f"{_(c.title)} {text}" for c, text in shown if text]
        half = (len(cells) + 1) // 2
        self.frame.details.show_texts(" · ".join(cells[:half]), " · ".join(cells[half:]))
        work: Any = partial(self._read_details, row)  # made when it is run: one that is overtaken never is
        self.run_worker(work, exclusive=True, group="details", exit_on_error=False)

    async def _read_details(self, row: ReportRow) -> None:
        stage, _colon, row_id = row.ref.partition(":")
        if stage not in LISTED:
            return
        found = await self.background(self.house.read, detail, stage, stage, [int(row_id)])
        if found and self.rows.get(self.grid.cursor_key or "") is row:
            self.frame.details.show_texts(*detail_lines(stage, found[0], self.at))

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Another row."""
        self.show_frame()
        self._details()

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        """``Enter`` opens the customer."""
        from boxes_tui.screens.customer import CustomerScreen

        row = self.rows.get(event.key or "")
        if row is not None and row.customer_id is not None:
            self.app.push_screen(CustomerScreen(row.customer_id))

    def change(self, view: View) -> None:
        """Show another view of the rows."""
        self.view, self._fresh, self.rows = view, True, {}
        self.reload()

    def own_key(self, key: str, character: str | None) -> bool:
        """``Tab`` goes through the numbers of a rate; ``Esc`` takes filters and order away first, then goes back."""
        if key in ("tab", "shift+tab") and self.sides:
            codes = list(self.sides)
            place = codes.index(self.view.selection.side) + (1 if key == "tab" else -1)
            chosen = replace(self.view.selection, side=codes[place % len(codes)])
            self.change(replace(self.view, selection=chosen))
            return True
        if key != "escape":
            return False
        if self.view.kept or self.view.order or self.hidden:
            self.hidden = frozenset()
            self.change(View(self.view.selection))
        else:
            self.dismiss(None)
        return True

    def verb_grid(self) -> None:
        """Back to the figures."""
        self.dismiss(None)

    def verb_pie(self) -> None:
        """The pie of the chosen column, of exactly these rows."""
        from boxes_tui.screens.report_pie import ReportPieScreen

        column = COLUMNS[self.grid.column.id]
        if not column.categorical:
            self.say_error(_("De esa columna no hay torta."))
            return
        self.app.push_screen(ReportPieScreen(self.ask, self.view, column.id))

    async def verb_menu(self) -> None:
        """*Más opciones* of the chosen column."""
        column = COLUMNS[self.grid.column.id]
        taken = await self.app.push_screen_wait(
            Menu(_(column.title).upper(), column_items(), line=3, right=self.size.width)
        )
        if taken:
            await getattr(self, f"_menu_{taken[0]}")(column)

    async def _menu_filter(self, column: ReportColumn) -> None:
        found = await self._groups(column)
        items = self._values(column, found)
        kept = frozenset(str(n) for n, p in enumerate(found) if p.value in self.view.kept.get(column.id, ()))
        taken = await self.app.push_screen_wait(
            Menu(_(column.title).upper(), items, line=3, right=self.size.width, width=38, several=True, chosen=kept)
        )
        if taken is not None:
            values = tuple(found[int(n)].value for n in taken)
            others = {k: v for k, v in self.view.kept.items() if k != column.id}
            self.change(replace(self.view, kept={**others, **({column.id: values} if values else {})}))

    def _values(self, column: ReportColumn, found: tuple[Part, ...]) -> list[MenuItem]:
        items = ((str(n), cell_text(self.words, column, p.value, self.at.today), p.n) for n, p in enumerate(found))
        return [MenuItem(n, text or _(UNKNOWN), right=number(count)) for n, text, count in items]

    async def _groups(self, column: ReportColumn) -> tuple[Part, ...]:
        without = replace(self.view, kept={k: v for k, v in self.view.kept.items() if k != column.id})
        return await self.background(self.house.read, rows_of.groups, self.ask, column.id, without)

    async def _menu_group(self, column: ReportColumn) -> None:
        """The groups with their counts: choosing one keeps its rows."""
        found = await self._groups(column)
        items = self._values(column, found)
        taken = await self.app.push_screen_wait(Menu(_("AGRUPADO"), items, line=3, right=self.size.width, width=38))
        if taken:
            self.change(replace(self.view, kept={**self.view.kept, column.id: (found[int(taken[0])].value,)}))

    async def _menu_up(self, column: ReportColumn) -> None:
        self.change(replace(self.view, order=((column.id, False),)))

    async def _menu_down(self, column: ReportColumn) -> None:
        self.change(replace(self.view, order=((column.id, True),)))

    async def _menu_pie(self, column: ReportColumn) -> None:
        self.verb_pie()

    async def _menu_hide(self, column: ReportColumn) -> None:
        if len(self.columns) - len(self.hidden) > 1:
            self.hidden |= {column.id}
            self.change(self.view)

    async def _menu_choose(self, column: ReportColumn) -> None:
        items = [MenuItem(c.id, _(c.title)) for c in self.columns]
        shown = frozenset(c.id for c in self.columns if c.id not in self.hidden)
        taken = await self.app.push_screen_wait(
            Menu(_("COLUMNAS"), items, line=3, right=self.size.width, several=True, chosen=shown)
        )
        if taken:
            self.hidden = frozenset(c.id for c in self.columns) - frozenset(taken)
            self.change(self.view)

    async def _menu_export(self, column: ReportColumn) -> None:
        await self.verb_export()

    async def _menu_clear(self, column: ReportColumn) -> None:
        self.hidden = frozenset()
        self.change(View(self.view.selection))

    async def verb_export(self) -> None:
        """What is on screen, as a file."""
        from boxes_tui.screens.dialogs.export import export_report

        await export_report(self, self.ask, None, replace(self.view, hidden=self.hidden))

    async def verb_filters(self) -> None:
        """Days, branch, agent, make and model."""
        from boxes_tui.screens.dialogs.filters import report_filters

        ask = await report_filters(self, self.ask)
        if ask is not None:
            self.ask = ask
            self.change(self.view)
