"""The pie of a column over exactly the rows of a grid: every slice opens its rows of them (SCREENS §3, *Más opciones*)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import Connection
from textual.widget import Widget

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import number, percent
from boxes_tui.domain.kpis import Part
from boxes_tui.i18n import _
from boxes_tui.reports.columns import COLUMNS
from boxes_tui.reports.grid import View, groups
from boxes_tui.reports.labels import Labels, labels, opened_text
from boxes_tui.reports.population import Ask
from boxes_tui.reports.titles import title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.report_text import slices_of
from boxes_tui.text import cut, pad
from boxes_tui.widgets.bars import Bar as Line1
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.picker import Picker
from boxes_tui.widgets.pie import REST, SLICES, Pie
from boxes_tui.widgets.safe import Line


def read_pie(
    conn: Connection, session: Session, ask: Ask, view: View, column: str
) -> tuple[tuple[Part, ...], Labels, Freshness]:
    """The slices of a column within a view, and the words for them."""
    patient(conn)
    return groups(conn, session, ask, column, view), labels(conn, session), freshness(conn, session)


class ReportPieScreen(DeskScreen):
    """The pie above, every value with its count below."""

    place: ClassVar[str] = "pie"

    def __init__(self, ask: Ask, view: View, column: str) -> None:
        super().__init__()
        self.ask, self.view, self.column = ask, view, column
        self.parts: tuple[Part, ...] = ()
        self.opened, self.pie, self.page = Line1(), Pie(), Page()
        self.page.quiet = True
        self.frame: Frame[Any] = Frame(self.pie, filters=False, totals=False, details=False)

    def compose(self) -> Iterator[Widget]:
        """Title, what is shown, pie, values, status, keys."""
        yield self.frame.title
        yield self.opened
        yield Line1()
        yield self.pie
        yield Line1()
        yield self.page
        yield self.frame.status
        yield self.frame.keys

    def heading(self) -> Line:
        """*6 REPORTE · SERVICIOS REALIZADOS · TORTA*."""
        return f"6 {_('REPORTE')} · {title_of(self.ask.report).upper()} · {_('TORTA')}"

    async def load(self) -> None:
        """Read the slices."""
        first = not self.parts
        self.parts, words, self.freshness = await self.background(
            self.house.read, read_pie, self.ask, self.view, self.column, deadline=60.0
        )
        column = COLUMNS[self.column]
        self.opened.show(opened_text(words, self.ask, self.view))
        self.pie.show(_("POR {column}").format(column=_(column.title).upper()), slices_of(self.parts, words, column))
        lines: list[Line] = [
            f"   {pad(cut(words.word(column, p.value), 40), 40)} {number(p.n):>9} {percent(p.tenths):>9}"
            for p in self.parts
        ]
        total = sum(p.n for p in self.parts)
        lines.append(
            [(f"   {pad(_('Total'), 40)} {number(total):>9} {percent(1000) if total else '—':>9}", "atenuado")]
        )
        self.page.show(lines, [*(str(n) for n in range(len(self.parts))), None])
        if first:
            self.pie.focus()

    def keys(self) -> list[Key]:
        """Choose, open, leave."""
        return [
            Key("↑↓", _("elegir")),
            Key("Enter", _("filas"), press="enter"),
            Key("Esc", _("volver"), press="escape"),
        ]

    def own_key(self, key: str, character: str | None) -> bool:
        """Arrows go from the pie to the values and back; ``Esc`` leaves."""
        if key in ("down", "up", "tab", "shift+tab", "j", "k"):
            (self.page if self.pie.has_focus else self.pie).focus()
        elif key == "escape":
            self.dismiss(None)
        else:
            return False
        return True

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        """A slice, or all of *otros*."""
        rest = event.key == REST
        self._open(self.parts[SLICES - 1 :] if rest else self.parts[int(event.key) : int(event.key) + 1])

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """A value."""
        self._open(self.parts[int(event.key) : int(event.key) + 1])

    def _open(self, parts: tuple[Part, ...]) -> None:
        from boxes_tui.screens.report_grid import ReportGridScreen

        values = tuple(p.value for p in parts)
        view = replace(self.view, kept={**self.view.kept, self.column: values})
        self.app.push_screen(ReportGridScreen(self.ask, view))
