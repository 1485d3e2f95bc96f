"""*6 Reportes*: the list of reports."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.data.reads.board import freshness
from boxes_tui.i18n import _
from boxes_tui.reports.population import Ask
from boxes_tui.reports.spans import span
from boxes_tui.reports.titles import TITLES, title_of
from boxes_tui.screens.base import DeskScreen
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line


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
        from boxes_tui.screens.reports import ReportScreen

        if code == "reconcile":
            from boxes_tui.screens.reconciliation import ReconciliationScreen

            self.app.push_screen(ReconciliationScreen())
        else:
            low, high = span(self.session, None, None)
            self.app.push_screen(ReportScreen(Ask(code, low, high)))
