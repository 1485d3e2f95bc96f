"""*Seguimiento de turnos* (``E``): who is still to be reminded, who has not answered, what mail did not leave, and the
no-shows with the step that is due (D0, D1, D3, D7), and the cancelled whose customer still has the invite. The frame and the verbs are those of queue 3."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from boxes_tui.data.reads.customers import card
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.outreach.followup import FILTERS, FollowUp, Item, follow_up, follow_up_counts
from boxes_tui.outreach.ladder import STEPS, Missed, Told
from boxes_tui.outreach.mail import error_words
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.card_text import card_lines
from boxes_tui.screens.row_detail import ago_text, detail_lines
from boxes_tui.screens.row_text import Moment, held_by, last_text, name, third_sign
from boxes_tui.widgets.bars import FilterBar, FilterItem
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.rows import ListSource, Result, Row
from boxes_tui.widgets.safe import Line

HEAD = (("day", N_("Día"), 5, 5, 2), ("time", N_("Hora"), 5, 5, 0), ("customer", N_("Cliente"), 24, 26, 0),
        ("plate", N_("Patente"), 8, 8, 0))  # fmt: skip
COLUMNS = {
    "due": (*HEAD, ("way", N_("Por"), 8, 8, 1), ("says", N_("Recordatorio"), 21, 27, 0)),
    "unanswered": (*HEAD, ("way", N_("Por"), 8, 8, 1), ("says", N_("Enviado"), 21, 27, 0)),
    "failed": (*HEAD, ("says", N_("Por qué no salió"), 30, 36, 0)),
    "cancelled": (*HEAD, ("says", N_("Falta"), 30, 36, 0)),
    "no_shows": (*HEAD, ("way", N_("Paso"), 8, 8, 0), ("says", N_("Último"), 21, 27, 1)),
}
EMPTY = {
    "due": N_("Todos los turnos hasta el próximo día hábil tienen su recordatorio. [Tab] sin respuesta"),
    "unanswered": N_("Nadie debe una respuesta. [Tab] e-mail con falla"),
    "failed": N_("Ningún e-mail quedó sin salir. [Tab] anulados"),
    "cancelled": N_("Ningún turno anulado tiene una invitación sin anular. [Tab] inasistencias"),
    "no_shows": N_("Sin inasistencias por recuperar en los últimos 7 días. [9] Fugas, las más viejas"),
}
WHY = {"none": N_("sin recordatorio"), "old_date": N_("decía otra fecha"), "failed": N_("@! no salió")}


class FollowUpScreen(ActingScreen):
    """One list at a time; ``Tab`` goes through them."""

    place: ClassVar[str] = "followup"

    def __init__(self, flt: str = "due") -> None:
        super().__init__()
        self.flt = flt
        self.found: FollowUp | None = None
        self.items: dict[str, Item] = {}
        self._fresh = True
        self._noted: tuple[QueueRow, str | None] | None = None
        self.grid = Grid(self._columns(), empty=(_("Leyendo…"),))
        self.frame: Frame[Any] = Frame(self.grid, card=True)
        self._placed()

    def _columns(self) -> list[Column]:
        return [Column(i, _(title), width, wide, leaves=n) for i, title, width, wide, n in COLUMNS[self.flt]]

    def _placed(self) -> None:
        self.place = "no_shows" if self.flt == "no_shows" else "followup"  # type: ignore[misc]  # one screen, two verb lists

    # -- data --------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the list; the order changes only at entry and at a change of list (SCREENS §8)."""
        flt = self.flt
        found = await self.background(self.house.read, follow_up, flt)
        if flt != self.flt:
            return
        self.found, self.freshness = found, found.freshness
        self.items = {item.row.ref: item for item in found.items}
        made = [self._row(item) for item in found.items]
        if self._fresh:
            self.grid.set_source(ListSource(made))
            self._fresh = False
        else:
            self.grid.merge(made)
        self.grid.set_empty(_(EMPTY[flt]))
        self.show_frame()
        self._details()

    def _row(self, item: Item) -> Row:
        row, at = item.row, self.at
        sign, tone = self._sign(item)
        third, third_tone = third_sign(row, at)
        when = row.when if isinstance(row.when, datetime) else None
        cells = {
            "day": show_day(row.day, at.today) if row.day else "—", "time": clock(when) if when else "—",
            "customer": name(row), "plate": row.plate or _("s/pat."), **_said(item, at),
        }  # fmt: skip
        held = held_by(row, at)
        if held:
            cells["says"] = held
        shown = tuple(cells[c.id] for c in self.grid.columns)
        return Row(row.ref, shown, sign, tone, third, third_tone, {"says": "tomado"} if held else {})

    def _sign(self, item: Item) -> tuple[str, str]:
        if isinstance(item.says, Missed):
            return ("▲", "vencida") if item.says.due else ("✓", "exito")
        return ("■", "hoy") if item.row.day == self.at.today else ("▷", "proxima")

    # -- frame -------------------------------------------------------------------------------------

    def heading(self) -> Line:
        """*SEGUIMIENTO DE TURNOS · Casa Central*."""
        title = _("Seguimiento de turnos").upper()
        return f"{title} · {self.session.branch_name()}" if self.ready else title

    def show_frame(self) -> None:
        """Title, lists with their counts, keys, totals."""
        super().show_frame()
        counts = self.found.counts if self.found else {}
        lists = [FilterItem(code, _(label), counts.get(code), _(short)) for code, label, short in FILTERS]
        self.frame.filters.set_filters(lists, self.flt)
        chosen = len(self.grid.marked)
        right = _("Total: {n}  Visualizados: {m}").format(n=counts.get(self.flt, 0), m=self.grid.total)
        place = f" · {self.grid.cursor_index + 1}/{self.grid.total}" if self.grid.total else ""
        lead = ""
        if self.flt == "no_shows" and self.found:
            lead = _("{n} con paso para hoy").format(n=self.found.steps) + " · "
        self.frame.totals.show(_("Elegidas: {n}").format(n=chosen) if chosen else "", lead + right + place)

    def _details(self) -> None:
        """Lines 21–22, or the card from 110 columns on."""
        item = self.items.get(self.grid.cursor_key or "")
        if item is None or self.frame.card_shown:
            self.frame.details.show_texts("", "")
            self.frame.card.show([] if item is None else card_lines("appointments", item.row, self.at, None))
            if item is not None:
                self.run_worker(self._read_card(item.row), exclusive=True, group="card", exit_on_error=False)
            return
        first, second = detail_lines("appointments", item.row, self.at)
        if isinstance(item.says, Missed):
            second = f"{step_words(item.says, item.row, self.at)} · {second}"
        self.frame.details.show_texts(first, self.grid.gone_reason(item.row.ref) or second)

    async def _read_card(self, row: QueueRow) -> None:
        if row.customer_id is None:
            return
        found = await self.background(self.house.read, card, row.customer_id)
        if self.row is not None and self.row.ref == row.ref and self.frame.card_shown:
            self.frame.card.show(card_lines("appointments", row, self.at, found))

    def on_resize(self, event: Any) -> None:
        """Another size: the card may come or go."""
        super().on_resize(event)
        self.show_frame()
        self._details()

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Another row under the cursor."""
        self.show_frame()
        self._details()

    def on_grid_marks_changed(self, event: Grid.MarksChanged) -> None:
        """The count of chosen rows."""
        self.show_frame()

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        """``Enter`` opens the card."""
        self.perform(self.verb_customer)

    def on_filter_bar_chosen(self, event: FilterBar.Chosen) -> None:
        """A list was clicked."""
        self.change(event.code)

    # -- keys --------------------------------------------------------------------------------------

    def change(self, flt: str) -> None:
        """Show another list: its own columns and order, no marks, cursor at the top."""
        if flt != self.flt:
            self.flt, self._fresh, self.items = flt, True, {}
            self._placed()
            self.grid.mark_none()
            self.grid.set_source(None)
            self.grid.set_empty(_("Leyendo…"))
            self.grid.set_columns(self._columns())
            self.show_frame()
            self.reload()

    def own_key(self, key: str, character: str | None) -> bool:
        """``Tab`` goes through the lists; digits belong to the call; ``9`` from an empty list opens the leaks."""
        if key in ("tab", "shift+tab"):
            self.change(self.frame.filters.after(1 if key == "tab" else -1))
            return True
        if character and character.isdigit():
            if character == "9" and not self.grid.total:
                from boxes_tui.screens.doors import open_door

                open_door(self, "leaks")
            else:
                self.frame.status.warn(_("Los dígitos valen en la llamada. [l] llamar"))
            return True
        return False

    @property
    def mail_kind(self) -> Literal["", "cancel"]:
        """What ``e`` sends here: the reminder, or the cancellation."""
        return "cancel" if self.flt == "cancelled" else ""

    @property
    def row(self) -> QueueRow | None:
        """The row under the cursor."""
        item = self.items.get(self.grid.cursor_key or "")
        return item.row if item else None

    def acted_row(self) -> QueueRow:
        """The cursor row for a verb; a sentence where there is none or it has left the list."""
        gone = self.grid.gone_reason(self.grid.cursor_key)
        if gone:
            raise BoxesError(gone)
        if self.row is None:
            raise BoxesError(_("No hay ninguna fila elegida."))
        return self.row

    def marked_rows(self) -> list[QueueRow]:
        """The marked rows, in the order of the list."""
        return [item.row for ref, item in self.items.items() if ref in self.grid.marked]

    def unmark(self) -> None:
        """No row is marked any more."""
        self.grid.mark_none()

    def acted(self, row: QueueRow, short: str, leaves: bool) -> None:
        """The row shows its result in place; the cursor goes on (SCREENS §1.6)."""
        self.grid.show_result(row.ref, Result(short, leaves=leaves), advance=True)
        self._noted = (row, self.grid.cursor_key)

    def note_row(self) -> QueueRow:
        """Right after an act ``N`` is about the row just acted on."""
        if self._noted is not None and self._noted[1] == self.grid.cursor_key:
            return self._noted[0]
        return self.acted_row()

    def verb_mark(self) -> None:
        """The grid marks by itself; the verb is here for help and palette."""


def _said(item: Item, at: Moment) -> dict[str, str]:
    """The last two cells of a row: by which way, and what its list says."""
    says = item.says
    if isinstance(says, Missed):
        last = last_text(item.row, at)
        if says.last_at is not None and (item.row.last_at is None or says.last_at > item.row.last_at):
            last = _("escrito {t}").format(t=ago_text(says.last_at, at))
        return {"way": f"D{says.step} " + (_("hoy") if says.due else "✓"), "says": last}
    if isinstance(says, Told):
        way = "e-mail" if says.channel == "email" else _("WhatsApp")
        return {"way": way, "says": ago_text(says.at, at)}
    if says.why == "cancelled":
        return {"way": "", "says": _("[e] avisar que se anuló")}
    way = "e-mail" if says.by_mail else _("WhatsApp") if says.by_whatsapp else _("teléfono")
    return {"way": way, "says": error_words(says.error) if says.error else _(WHY.get(says.why, WHY["none"]))}


def step_words(says: Missed, row: QueueRow, at: Moment) -> str:
    """*Paso D1: falta preguntar*, or when the next step falls."""
    if says.due:
        return _("Paso D{n}: falta preguntar hoy").format(n=says.step)
    later = [n for n in STEPS if n > says.step]
    if not later or row.day is None:
        return _("Paso D{n} hecho, es el último").format(n=says.step)
    return _("Paso D{n} hecho, el próximo el {day}").format(
        n=says.step, day=show_day(row.day + timedelta(later[0]), at.today)
    )


async def follow_hint(screen: ActingScreen) -> None:
    """What waits here, in the status line of queue 3 while nothing else speaks."""
    due, steps = await screen.background(screen.house.read, follow_up_counts)
    words = [ngettext("{n} turno sin recordatorio", "{n} turnos sin recordatorio", due).format(n=due)] if due else []
    if steps:
        words.append(
            ngettext("{n} inasistencia por recuperar", "{n} inasistencias por recuperar", steps).format(n=steps)
        )
    hint: Line = [(", ".join(words) + " ", "atenuado"), ("[E]", "acento"), (" " + _("seguimiento"), "atenuado")]
    screen.frame.status.hint(hint if words else "")  # type: ignore[union-attr]
