"""*6 Reportes*: the list of reports, and a report's figures, bars and pie; every number opens into its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import Connection
from textual.containers import Horizontal
from textual.widget import Widget

from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import number, percent
from boxes_tui.domain.kpis import Figure, name, written
from boxes_tui.i18n import _
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.figures import Figures, figures
from boxes_tui.reports.grid import View, columns
from boxes_tui.reports.labels import Labels, labels
from boxes_tui.reports.population import Ask, Selection
from boxes_tui.reports.spans import span
from boxes_tui.reports.titles import TITLES, span_text, title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.widgets.barchart import Bar, BarChart
from boxes_tui.widgets.bars import Bar as Line1
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.kpi import Kpi, Kpis
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.pie import Pie, Slice
from boxes_tui.widgets.safe import Line

SLICES = 5
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


class ReportsScreen(DeskScreen):
    """The list of reports; a digit or ``Enter`` opens one."""

    place: ClassVar[str] = "reports"

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    def entered(self) -> None:
        """Show the list."""
        lines: list[Line] = ["", [("   " + _("REPORTES"), "atenuado")], ""]
        keys: list[str | None] = [None, None, None]
        for n, code in enumerate(TITLES, 1):
            lines.append([(f"   {n % 10}  ", "acento"), title_of(code)])
            keys.append(code)
        if self.ready and self.session.role in ("supervisor", "admin"):
            lines += ["", [("   c  ", "acento"), _("Conciliación: acreditar y corregir turnos vendidos")]]
            keys += [None, "reconcile"]
        self.page.show(lines, keys)
        self.page.focus()

    async def load(self) -> None:
        """Only the age of the DMS."""
        self.freshness = await self.background(self.house.read, freshness)

    def heading(self) -> Line:
        """*6 REPORTES*."""
        return f"6 {_('Reportes').upper()}"

    def keys(self) -> list[Key]:
        """Open, leave."""
        return [Key("1-0", _("abrir")), Key("Enter", _("abrir")), Key("Esc", _("volver"))]

    def own_key(self, key: str, character: str | None) -> bool:
        """Digits open; ``c`` reconciles."""
        names = list(TITLES)
        if character and character.isdigit():
            self.open((names[int(character) - 1]) if character != "0" else names[9])
        elif character == "c" and self.session.role in ("supervisor", "admin"):
            self.open("reconcile")
        elif key == "escape":
            self.dismiss(None)
        else:
            return False
        return True

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` on a report."""
        self.open(event.key)

    def open(self, code: str) -> None:
        """A report's figures, or the reconciliation."""
        if code == "reconcile":
            from boxes_tui.screens.reconciliation import ReconciliationScreen

            self.app.push_screen(ReconciliationScreen())
        else:
            low, high = span(self.session, None, None)
            self.app.push_screen(ReportScreen(Ask(code, low, high)))


def read_report(
    conn: Connection, session: Session, ask: Ask, by: str | None
) -> tuple[Figures, Labels, tuple[ReportColumn, ...], Freshness]:
    """Everything a report's screen needs."""
    return figures(conn, session, ask, by), labels(conn, session), columns(conn, session, ask), freshness(conn, session)


class ReportScreen(DeskScreen):
    """A report's figures: KPIs, pie, bars; arrows go through them, ``Enter`` opens the rows of one."""

    place: ClassVar[str] = "report"
    DEFAULT_CSS = """
    ReportScreen #charts { height: auto; }
    ReportScreen #charts > Pie { width: 54; }
    """

    def __init__(self, ask: Ask, by: str | None = None) -> None:
        super().__init__()
        self.ask, self.by = ask, by
        self.found: Figures | None = None
        self.words: Labels | None = None
        self.columns: tuple[ReportColumn, ...] = ()
        self.kpis, self.pie, self.bars = Kpis(), Pie(), BarChart()
        self.pies, self.hint = Line1(), Line1()
        self.frame: Frame[Any] = Frame(self.kpis, filters=False, totals=False, details=False)

    def compose(self) -> Iterator[Widget]:
        """Title, span, KPIs, charts, the columns of the pie, what ``Enter`` does."""
        self.span = Line1()
        yield self.frame.title
        yield self.span
        yield Line1()
        yield self.kpis
        yield Line1()
        with Horizontal(id="charts"):
            yield self.pie
            yield self.bars
        yield Line1()
        yield self.pies
        yield self.hint
        blank = Page()
        blank.can_focus = False
        yield blank
        yield self.frame.status
        yield self.frame.keys

    def heading(self) -> Line:
        """*6 REPORTE · SERVICIOS REALIZADOS*."""
        return f"6 {_('REPORTE')} · {title_of(self.ask.report).upper()}"

    async def load(self) -> None:
        """Read the figures."""
        found, self.words, self.columns, self.freshness = await self.background(
            self.house.read, read_report, self.ask, self.by, deadline=60.0
        )
        first = self.found is None
        self.found, self.by = found, found.by
        self._show(found)
        if first:
            self.kpis.focus()

    def _show(self, found: Figures) -> None:
        words = self.words
        assert words is not None
        every = _("todos")
        parts = [f"{_(COLUMNS[n].title)}: {getattr(self.ask, n) or every}" for n in ("branch", "agent", "model")]
        self.span.show(" · ".join([span_text(self.ask.low, self.ask.high), *parts]))
        made = [_kpi(f) for f in found.kpis]
        half = (len(made) + 1) // 2
        if self.size.width >= 110:
            self.kpis.show(made[:half], made[half:])
        else:
            self.kpis.show(made)
        column = COLUMNS[found.by]
        title = _("POR {column}").format(column=_(column.title).upper())
        self.pie.show(title, _slices(found, words, column))
        bars = [Bar(p.period, p.period[8:10] if not found.monthly else p.period[5:7], p.n) for p in found.series]
        self.bars.show(_("POR MES") if found.monthly else _("POR DÍA"), bars)
        offered = [p for p in PIES[self.ask.report] if p in {c.id for c in self.columns}]
        line: list[str | tuple[str, str]] = [_("Torta de: ")]
        for n, code in enumerate([found.by, *(o for o in offered if o != found.by)]):
            name = _(COLUMNS[code].title)
            line += ["  " if n else "", (f"[{name}]" if n == 0 else name, "acento" if n == 0 else "texto")]
        self.pies.show(line)
        self.hint.show(_("Enter sobre un número, una porción o una barra abre exactamente sus filas."))

    def on_resize(self, event: Any) -> None:
        """Two columns of figures on a wide screen."""
        super().on_resize(event)
        if self.found is not None:
            self._show(self.found)

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """A number, a slice, a bar: its rows."""
        if event.key == "rest" and self.found is not None:
            rest = tuple(s.value for s in self.found.slices[SLICES - 1 :])
            self.open_view(View(kept={self.found.by: rest}))
            return
        self.open_rows(self._selection(event.picker, event.key))

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
        order: list[Widget] = [self.kpis, self.pie, self.bars]
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


def _kpi(f: Figure) -> Kpi:
    text = written(f)
    num, _paren, rate = text.partition(" (")
    head, slash, den = num.partition("/")
    note = _("en curso: {n}").format(n=number(f.waiting)) if f.waiting else _("den. 0") if text == "—" else ""
    return Kpi(f.kpi.code, name(f.kpi), head, den if slash else "", f"({rate}" if rate else "", note)


def _slices(found: Figures, words: Labels, column: ReportColumn) -> list[Slice]:
    """At most five slices: the largest, and *otros* which opens all rows of the rest one by one in the grid."""
    shown = found.slices if len(found.slices) <= SLICES else found.slices[: SLICES - 1]
    made = [Slice(str(n), words.word(column, s.value), s.n, percent(s.tenths)) for n, s in enumerate(shown)]
    rest = found.slices[len(shown) :]
    if rest:
        made.append(Slice("rest", _("otros"), sum(s.n for s in rest), percent(sum(s.tenths for s in rest))))
    return made
