"""*Ver en grilla*: the rows behind a number; every column can be filtered, sorted, grouped, made a pie, hidden (SCREENS §3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import Connection

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.reads.details import detail
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import clock, number, show_day
from boxes_tui.domain.kpis import Part
from boxes_tui.i18n import _
from boxes_tui.reports import grid as rows_of
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.grid import ReportRow, View
from boxes_tui.reports.labels import UNKNOWN, Labels, labels, opened_text
from boxes_tui.reports.population import Ask
from boxes_tui.reports.render import cells_of
from boxes_tui.reports.titles import title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.widgets.bars import FilterItem, Key
from boxes_tui.widgets.columns import WIDE, Column
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.rows import Row
from boxes_tui.widgets.safe import Line

WIDTHS = {
    "customer": (24, 26), "plate": (8, 8), "model": (14, 18), "vin": (17, 17), "about": (14, 20), "advisor": (6, 8),
    "attempts": (3, 3), "branch": (8, 12), "agent": (8, 12), "order": (9, 9),
}  # fmt: skip
LISTED = frozenset({"deliveries", "opportunities", "appointments", "in_process", "completed"})
"""Stages whose rows have detail lines of their own."""
BY_TYPE = {"day": (5, 8), "instant": (11, 14), "int": (5, 6), "money": (12, 13), "text": (10, 14)}


def read_grid(
    conn: Connection, session: Session, ask: Ask, view: View
) -> tuple[tuple[ReportColumn, ...], Labels, int, int, Freshness]:
    """Columns, words, rows of the view, rows of the whole report, age of the DMS."""
    patient(conn)
    return (
        rows_of.columns(conn, session, ask, view.selection), labels(conn, session), rows_of.count(conn, session, ask, view),
        rows_of.count(conn, session, ask), freshness(conn, session),
    )  # fmt: skip


def read_block(conn: Connection, session: Session, ask: Ask, view: View, count: int, start: int) -> list[ReportRow]:
    """Rows of the view by position."""
    patient(conn)
    return rows_of.rows(conn, session, ask, view, count, start)


class ReportSource:
    """Rows of a view by blocks, in its order."""

    def __init__(self, screen: ReportGridScreen, total: int) -> None:
        self._screen, self._total = screen, total

    @property
    def total(self) -> int:
        """How many rows."""
        return self._total

    def block(self, start: int, count: int) -> list[Row]:
        """Rows by position; called from another thread."""
        s = self._screen
        found = s.house.read(read_block, s.ask, s.view, count, start)
        made = []
        for n, row in enumerate(found):
            key = f"{start + n}:{row.ref}"
            s.rows[key] = row
            shown = ((c, v) for c, v in zip(s.columns, row.values, strict=True) if c.id not in s.hidden)
            made.append(Row(key, tuple(cell_text(s.words, c, v, s.at.today) for c, v in shown)))
        return made


def cell_text(words: Labels | None, column: ReportColumn, value: Any, today: date) -> str:
    """A cell on screen: as in the lists, a year shows only when it is not this one (SCREENS §5)."""
    if isinstance(value, datetime):
        return f"{show_day(value.date(), today)} {clock(value)}"
    if isinstance(value, date):
        return show_day(value, today)
    return words.cell(column, value) if words is not None else ""


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
        narrow, wide = WIDTHS.get(c.id, BY_TYPE[c.type])
        order = dict(self.view.order)
        sign = {True: " ↓", False: " ↑"}[order[c.id]] if c.id in order else ""
        align = "right" if c.type in ("int", "money") else "left"
        title = _(c.short if c.short and self.size.width < WIDE + 2 else c.title)
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
        self.frame.filters.set_filters((FilterItem("", opened),), "-", right, "")
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
        """``Esc`` takes filters and order away first, then goes back."""
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
        items = [
            MenuItem("filter", _("filtrar por valor…"), "1", "▸"), MenuItem("up", _("ordenar A a Z"), "2"),
            MenuItem("down", _("ordenar Z a A"), "3"), MenuItem("group", _("agrupar"), "4"),
            MenuItem("pie", _("gráfico de tortas"), "5"), MenuItem("hide", _("ocultar columna"), "6"),
            MenuItem("choose", _("elegir columnas…"), "7"), MenuItem("export", _("exportar…"), "8"),
            MenuItem("clear", _("quitar todo"), "0"),
        ]  # fmt: skip
        taken = await self.app.push_screen_wait(Menu(_(column.title).upper(), items, line=3, right=self.size.width))
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
