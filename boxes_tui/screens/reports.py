"""A report's figures, bars and pie; every number opens into its rows (SCREENS §3, *6 Reportes*)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import Connection
from textual import events
from textual.containers import Horizontal
from textual.widget import Widget

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.session import Session
from boxes_tui.i18n import N_, _
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.figures import Figures, ValueFigures, by_value, figures
from boxes_tui.reports.grid import View, columns
from boxes_tui.reports.labels import Labels, labels
from boxes_tui.reports.population import Ask, Selection
from boxes_tui.reports.titles import title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.report_text import (
    TABLES,
    bars_of,
    kpi_lines,
    more_line,
    slices_of,
    span_line,
    table_lines,
)
from boxes_tui.widgets.barchart import BarChart
from boxes_tui.widgets.bars import Bar as Line1
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.kpi import Kpis
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.pie import REST, SLICES, Pie
from boxes_tui.widgets.safe import Line

PIES = {
    "deliveries": ("disposition", "branch", "salesperson", "model", "agent"),
    "opportunities": ("status", "reason", "branch", "model", "agent"),
    "appointments": ("state", "branch", "advisor", "model", "confirmed"),
    "in_process": ("age", "branch", "advisor", "model", "status"),
    "completed": ("disposition", "branch", "advisor", "model", "agent"),
    "campaigns": ("campaign", "state", "branch", "model", "agent"),
    "agents": ("agent", "disposition", "type", "branch", "contact"),
    "leaks": ("stage", "branch", "model", "agent"),
    "reconciliation": ("match", "branch", "agent", "model"),
    "retention": ("lifecycle", "branch", "model", "make"),
}  # fmt: skip
"""Columns offered for the pie in one line; ``p`` offers all."""

SPOKEN = {"match": N_("estado en el DMS"), "lifecycle": N_("vida del cliente")}
"""Columns whose title reads badly after *POR*."""


def read_report(
    conn: Connection, session: Session, ask: Ask, by: str | None, table: bool
) -> tuple[Figures, Labels, tuple[ReportColumn, ...], Freshness, ValueFigures]:
    """Everything a report's screen needs; ``table``: with the figures by value under the charts."""
    patient(conn)
    column, source, codes = TABLES[ask.report]
    return (
        figures(conn, session, ask, by), labels(conn, session), columns(conn, session, ask), freshness(conn, session),
        by_value(conn, session, ask, column, codes, source) if table else [],
    )  # fmt: skip


class ReportScreen(DeskScreen):
    """A report's figures: KPIs, pie, bars, on a large screen a table by value; arrows go through them, ``Enter`` opens
    the rows of one."""

    place: ClassVar[str] = "report"
    DEFAULT_CSS = """
    ReportScreen #charts { height: 8; }
    ReportScreen #charts > Pie { width: 54; }
    """

    def __init__(self, ask: Ask, by: str | None = None) -> None:
        super().__init__()
        self.ask, self.by = ask, by
        self.found: Figures | None = None
        self.words: Labels | None = None
        self.columns: tuple[ReportColumn, ...] = ()
        self.by_value: ValueFigures = []
        self.kpis, self.pie, self.bars, self.table = Kpis(), Pie(), BarChart(), Page()
        self.table.quiet = True
        self.charts = Horizontal(self.pie, self.bars, id="charts")
        self.span, self.more, self.pies, self.hint = Line1(), Line1(), Line1(), Line1()
        self.frame: Frame[Any] = Frame(self.kpis, filters=False, totals=False, details=False)

    def compose(self) -> Iterator[Widget]:
        """Title, span, KPIs, charts, table, the columns of the pie, what ``Enter`` does."""
        yield self.frame.title
        yield self.span
        yield Line1()
        yield self.kpis
        yield self.more
        yield self.charts
        yield self.table
        yield self.pies
        yield self.hint
        yield self.frame.status
        yield self.frame.keys

    def heading(self) -> Line:
        """*6 REPORTE · SERVICIOS REALIZADOS*."""
        return f"6 {_('REPORTE')} · {title_of(self.ask.report).upper()}"

    def keys(self) -> list[Key]:
        """Choose, open, and the report's verbs."""
        return [Key("↑↓←→", _("elegir")), Key("Enter", _("filas"), press="enter"), *super().keys()]

    @property
    def large(self) -> bool:
        """Whether the table by value has room."""
        return self.size.width >= 110 and self.size.height >= 30

    async def load(self) -> None:
        """Read the figures."""
        found, self.words, self.columns, self.freshness, self.by_value = await self.background(
            self.house.read, read_report, self.ask, self.by, self.large, deadline=60.0
        )
        first = self.found is None
        self.found, self.by = found, found.by
        self._show(found)
        if first:
            self.kpis.focus()

    def _show(self, found: Figures) -> None:
        words = self.words
        assert words is not None
        self.span.show(span_line(self.session, self.ask))
        made, charted = kpi_lines(found, words), self.size.height >= 20
        half = (len(made) + 1) // 2
        room = max(1, self.size.height - (16 if charted else 8))
        if self.size.width >= 110:
            self.kpis.show(made[:half], made[half:], room)
        else:
            self.kpis.show(made, (), room)
        self.charts.display = charted
        self.table.display = self.kpis.lines < room  # a page of no lines still takes one
        column = COLUMNS[found.by]
        title = _("POR {column}").format(column=_(SPOKEN.get(found.by, column.title)).upper())
        self.pie.show(title, slices_of(found.slices, words, column))
        self.bars.show(_("POR MES") if found.monthly else _("POR DÍA"), bars_of(found))
        lines, keys = table_lines(self.ask.report, self.by_value if self.large else [], found, words)
        self.table.can_focus = bool(keys)
        self.table.show(["", *lines] if lines else [], [None, *keys] if lines else [])
        offered = [p for p in PIES[self.ask.report] if p in {c.id for c in self.columns}]
        line: list[str | tuple[str, str]] = [_("Torta de: ")]
        for n, code in enumerate([found.by, *(o for o in offered if o != found.by)]):
            name = _(COLUMNS[code].title)
            line += ["  " if n else "", (f"[{name}]" if n == 0 else name, "acento" if n == 0 else "texto")]
        self.pies.show(line)
        self._show_more()

    def _show_more(self) -> None:
        self.more.show([(more_line(*self.kpis.hidden), "atenuado")])
        does = _("Enter sobre un número, una porción o una barra abre exactamente sus filas.")
        self.hint.show((self.kpis.whole if self.kpis.has_focus else "") or does)

    def on_resize(self, event: Any) -> None:
        """Two columns of figures and the table on a wide screen."""
        super().on_resize(event)
        if self.found is not None:
            self._show(self.found)
            if self.large and not self.by_value:
                self.reload()

    def on_picker_highlighted(self, event: Picker.Highlighted) -> None:
        """The cursor moved: other figures may stand outside, and a cut one is told in full."""
        self._show_more()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Another part has the cursor."""
        if self.found is not None:
            self._show_more()

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """A number, a slice, a bar: its rows."""
        if event.key == REST and self.found is not None:
            rest = tuple(s.value for s in self.found.slices[SLICES - 1 :])
            self.open_view(View(kept={self.found.by: rest}))
            return
        self.open_rows(self._selection(event.picker, event.key))

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """A line of the table: the rows of its value."""
        column, source, codes = TABLES[self.ask.report]
        value = self.by_value[int(event.key)][0]
        self.open_view(View(Selection(kpi=codes[0] if source else ""), {column: (value,)}))

    def _selection(self, picker: Picker, key: str) -> Selection:
        found = self.found
        assert found is not None
        if picker is self.kpis:
            return Selection(kpi=key)
        if picker is self.bars:
            return Selection(period=key)
        place = int(key)
        return Selection(by=found.by, value=found.slices[place].value)

    def open_rows(self, selection: Selection) -> None:
        """The grid of a selection."""
        self.open_view(View(selection))

    def open_view(self, view: View) -> None:
        """The grid of a view."""
        from boxes_tui.screens.report_grid import ReportGridScreen

        self.app.push_screen(ReportGridScreen(self.ask, view))

    def own_key(self, key: str, character: str | None) -> bool:
        """Arrows go from one part to the next; ``Esc`` back."""
        order: list[Widget] = [self.kpis, *([self.pie, self.bars] if self.charts.display else [])]
        order += [self.table] if self.table.can_focus else []
        if key in ("down", "up", "left", "right", "tab", "shift+tab", "j", "k"):
            step = 1 if key in ("down", "right", "tab", "j") else -1
            now = next((n for n, w in enumerate(order) if w.has_focus), 0)
            order[(now + step) % len(order)].focus()
        elif key == "escape":
            self.dismiss(None)
        else:
            return False
        return True

    def verb_grid(self) -> None:
        """All rows."""
        self.open_rows(Selection())

    async def verb_pie(self) -> None:
        """Another column for the pie."""
        items = [
            MenuItem(c.id, _(c.title), str(n) if n < 10 else "")
            for n, c in enumerate((c for c in self.columns if c.categorical), 1)
        ]
        taken = await self.app.push_screen_wait(Menu(_("TORTA DE…"), items, line=3, right=self.size.width, width=34))
        if taken:
            self.by = taken[0]
            self.reload()

    async def verb_filters(self) -> None:
        """Days, branch, agent, make and model."""
        from boxes_tui.screens.dialogs.filters import report_filters

        ask = await report_filters(self, self.ask)
        if ask is not None:
            self.ask = ask
            self.reload()

    async def verb_export(self) -> None:
        """The figures as HTML or JSON, the rows as CSV or XLSX."""
        from boxes_tui.screens.dialogs.export import export_report

        await export_report(self, self.ask, self.by, View())
