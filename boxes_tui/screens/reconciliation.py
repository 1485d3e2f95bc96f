"""*Conciliación* (supervisor): credit, correct the date, choose the appointment (SCREENS §3)."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.reads.reconciliation import FILTERS, Line, Reconciliation, reconciliation
from boxes_tui.desk.reconcile import CorrectSale, CreditSale
from boxes_tui.domain.dates import parse_when
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _, language
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.dialogs.forms import DateForm
from boxes_tui.screens.row_detail import phone_text
from boxes_tui.screens.row_text import first_name, name
from boxes_tui.text import fold
from boxes_tui.widgets.bars import FilterItem, Key
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.rows import ListSource, Row
from boxes_tui.widgets.safe import Line as Text

COLUMNS = (
    ("sold", N_("Vend."), 5, 5, 0), ("agent", N_("Agente"), 6, 6, 1), ("customer", N_("Cliente"), 24, 26, 0),
    ("plate", N_("Patente"), 8, 8, 0), ("promised", N_("Prometido"), 12, 12, 0), ("dms", N_("En el DMS"), 13, 18, 0),
)  # fmt: skip


class ReconciliationScreen(ActingScreen):
    """Sales against the DMS."""

    place: ClassVar[str] = "reconciliation"
    shows_role: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.flt = FILTERS[0][0]
        self.found: Reconciliation | None = None
        self.lines: dict[str, Line] = {}
        self.grid = Grid(
            [Column(i, _(t), w, x, leaves=n) for i, t, w, x, n in COLUMNS], empty=(_("Leyendo…"),), marks=False
        )
        self.frame: Frame[Any] = Frame(self.grid)
        self._fresh = True
        self.further: dict[str, str] = {}

    def heading(self) -> Text:
        """*CONCILIACIÓN · Casa Central*."""
        title = _("Conciliación").upper()
        return f"{title} · {self.session.branch_name()}" if self.ready else title

    async def load(self) -> None:
        """Read the filter's lines."""
        self.found = found = await self.background(self.house.read, reconciliation, self.flt)
        self.freshness = found.freshness
        self.lines = {line.row.ref: line for line in found.lines if _wanted(line, self.further)}
        made = [self._row(line) for line in self.lines.values()]
        if self._fresh:
            self.grid.set_source(ListSource(made), self.grid.cursor_key)
            self._fresh = False
        else:
            self.grid.merge(made)
        self.grid.set_empty(_("Nada para conciliar acá. [Tab] otro filtro"))
        self.show_frame()
        self._details()

    def show_frame(self) -> None:
        """Title, filters, keys, totals."""
        super().show_frame()
        counts = self.found.counts if self.found else {}
        self.frame.filters.set_filters(
            [FilterItem(c, _(t), counts.get(c)) for c, t in FILTERS], self.flt, *self._said()
        )
        total = counts.get(self.flt, 0)
        right = _("Total: {n}  Visualizados: {m}").format(n=total, m=self.grid.total)
        place = f" · {self.grid.cursor_index + 1}/{self.grid.total}" if self.grid.total else ""
        self.frame.totals.show("", right + place)

    def _said(self) -> list[Text]:
        if self.further:
            return [[("f: " + " · ".join(self.further.values()), "acento")]]
        return [_("f: todos"), ""]

    def keys(self) -> list[Key]:
        """``Enter`` chooses the appointment; then the verbs."""
        return [Key("Enter", _("elegir turno"), press="enter"), *super().keys()]

    def _row(self, line: Line) -> Row:
        at = self.at
        sold = show_day(line.sold_day, at.today) if line.sold_day else "—"
        promised = f"{show_day(line.promised.date(), at.today)} {clock(line.promised)}" if line.promised else "—"
        sign, tone = ("✓", "exito") if line.match in ("verified", "credited") else ("■", "hoy")
        if line.match in ("missing", "differs"):
            sign, tone = "▲", "vencida"
        agent = first_name(line.agent) if line.agent else "—"
        cells = (sold, agent, name(line.row), line.row.plate or _("s/pat."), promised, self._in_dms(line))
        return Row(line.row.ref, cells, sign, tone)

    def _in_dms(self, line: Line) -> str:
        today = self.at.today
        if line.in_dms is not None:
            return f"{show_day(line.in_dms.date(), today)} {clock(line.in_dms)}"
        if line.candidates:
            when = line.candidates[0][2]
            return f"{show_day(when.date(), today)} {clock(when)} ?"
        return _("no figura") if line.match == "missing" else _("sin leer")

    def _details(self) -> None:
        line = self.lines.get(self.grid.cursor_key or "")
        if line is None:
            self.frame.details.show_texts("", "")
            return
        who = _("vendido por {name} {day}").format(
            name=first_name(line.agent or "—"), day=show_day(line.sold_day, self.at.today) if line.sold_day else "—"
        )
        first = " · ".join((name(line.row), who if line.agent else phone_text(line.row.phone, line.row.phone_kind)))
        second: Text = ""
        if line.candidates:
            _id, key, when, same = line.candidates[0]
            text = _("Candidato: turno {key} {day} {time}").format(
                key=key, day=show_day(when.date(), self.at.today), time=clock(when)
            )
            second = text if same else text + _(", asignado a otra unidad del cliente")
        elif line.match == "unsold":
            second = _("El DMS tiene el turno y la oportunidad sigue abierta: [t] la marca vendida")
        self.frame.details.show_texts(first, second)

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Another line."""
        self.show_frame()
        self._details()

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        """``Enter`` chooses the appointment."""
        self.perform(self._choose)

    def own_key(self, key: str, character: str | None) -> bool:
        """``Tab`` goes through the filters, ``Esc`` back."""
        if key in ("tab", "shift+tab"):
            self.flt, self._fresh = self.frame.filters.after(1 if key == "tab" else -1), True
            self.reload()
        elif key == "escape" and self.further:
            self.further, self._fresh = {}, True
            self.reload()
        elif key == "escape":
            self.dismiss(None)
        else:
            return False
        return True

    async def verb_filters(self) -> None:
        """Branch, agent, text."""
        from boxes_tui.screens.dialogs.filters import sale_filters

        wanted = await sale_filters(self, self.further)
        if wanted is not None:
            self.further, self._fresh = wanted, True
            self.reload()

    @property
    def line(self) -> Line:
        """The line under the cursor."""
        found = self.lines.get(self.grid.cursor_key or "")
        if found is None:
            raise BoxesError(_("No hay ninguna fila elegida."))
        return found

    def acted_row(self) -> QueueRow:
        """The row of a verb."""
        return self.line.row

    async def verb_credit(self) -> None:
        """Credit the appointment that was found, or the nearest candidate."""
        line = self.line
        wanted = (
            line.appointment_id
            if line.appointment_id is not None
            else line.candidates[0][0]
            if line.candidates
            else None
        )
        if line.row.subject != "opportunity" or wanted is None:
            raise BoxesError(_("No hay un turno para acreditar. [Enter] elige uno"))
        await self._credit(line, wanted)

    async def _credit(self, line: Line, appointment_id: int) -> None:
        command = CreditSale(line.row.id, appointment_id)
        await self.done(line.row, command, _("Se acreditó el turno: {name}.").format(name=name(line.row)), "✓")

    async def _choose(self) -> None:
        line = self.line
        if line.row.subject != "opportunity" or not line.candidates:
            raise BoxesError(_("No hay turnos cerca de esa fecha en el DMS."))
        today = self.at.today
        items = [
            MenuItem(str(i), f"{key} {show_day(when.date(), today)} {clock(when)}" + ("" if same else " *"), str(n))
            for n, (i, key, when, same) in enumerate(line.candidates[:9], 1)
        ]
        taken = await self.app.push_screen_wait(Menu(_("TURNO"), items, line=3, right=self.size.width, width=36))
        if taken:
            await self._credit(line, int(taken[0]))

    async def verb_correct(self) -> None:
        """Set the date that was really given."""
        line = self.line
        if line.row.subject != "opportunity":
            raise BoxesError(_("Se corrige una venta."))
        form = DateForm(f"{_('CORREGIR FECHA')} · {name(line.row)}", _("Turno dado en el DMS"), self.at, with_time=True,
                        foot=(_("Se compara de nuevo en la próxima lectura del DMS."),), holidays=await self.holidays())  # fmt: skip
        made = await self.app.push_screen_wait(form)
        if made is None:
            return
        when = parse_when(made["when"], self.at.now, language())
        zone = self.session.zone_of(line.row.branch_id)
        command = CorrectSale(line.row.id, when.at(zone))
        await self.done(line.row, command, _("Se corrigió la fecha: {name}.").format(name=name(line.row)), made["when"])

    def acted(self, row: QueueRow, short: str, leaves: bool) -> None:
        """The line is read again."""
        self._fresh = True


def _wanted(line: Line, further: dict[str, str]) -> bool:
    row = line.row
    looked_in = {
        "branch": row.branch or "",
        "agent": line.agent or "",
        "text": " ".join(x for x in (row.customer, row.plate, row.vin) if x),
    }
    return all(fold(text) in fold(looked_in[name]) for name, text in further.items())
