"""The one list screen, driven by a queue definition (ARCHITECTURE §2): filters, columns, rows, detail lines, card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from boxes_tui.data.reads.queues import Ask, Key, QueueRow, rows_by_key
from boxes_tui.domain.queues import QUEUES, Queue
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.card_text import card_lines
from boxes_tui.screens.column_menu import ColumnMenuScreen, too_many
from boxes_tui.screens.list_view import MOST, ListView
from boxes_tui.screens.meanwhile import last_done
from boxes_tui.screens.queue_rows import WHOLE, BlockSource, Loaded, read_list, to_row
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.text import cut
from boxes_tui.widgets.bars import FilterBar, FilterItem
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.rows import ListSource, Result, Row
from boxes_tui.widgets.safe import Line

CAMPAIGN, CAMPAIGN_SHORT = 30, 16
"""Cells of a campaign's name among the filters, and where many stand there."""


class QueueScreen(ColumnMenuScreen):
    """A queue's list. One instance per visit; the filter, the further filters and the cursor are its state."""

    def __init__(self, queue: str, flt: str | None = None, cursor: str | None = None) -> None:
        super().__init__()
        self.queue: Queue = QUEUES[queue]
        self.place = queue  # type: ignore[misc]  # the one screen class stands for every queue of the verb table
        self.ask = Ask(queue, flt or self.queue.default)
        self.rows: dict[str, QueueRow] = {}
        self.loaded: Loaded | None = None
        self._fresh_order = True
        self._wanted = cursor
        self._noted: QueueRow | None = None
        self._noted_at: str | None = None
        self.grid = Grid(self._columns(), empty=(_("Leyendo…"),))
        self.frame: Frame[Any] = Frame(self.grid, card=True)

    def _columns(self) -> list[Column]:
        order, down = self.view.order or ("", False)
        sign = " ↓" if down else " ↑"
        return [
            Column.of(c, _(c.title) + (sign if c.id == order else ""))
            for c in self.queue.columns
            if c.id not in self.view.hidden
        ]

    # -- data --------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the list. The order changes only at entry and at a change of filter (SCREENS §8)."""
        ask, view = self.ask, self.view
        loaded = await self.background(self.house.read, read_list, ask)
        if view.rearranges and len(loaded.keys) > len(loaded.rows):
            loaded = replace(loaded, rows=await self.background(self._whole, ask, loaded.keys, deadline=60.0))
        if ask != self.ask or view is not self.view:
            return
        reasons = {} if self._fresh_order else await self._why_gone(loaded)
        self.loaded, self.freshness = loaded, loaded.freshness
        blocks = len(loaded.keys) > len(loaded.rows)
        self.rows = {r.ref: r for r in loaded.rows} | (dict(self.rows) if blocks else {})
        at = self.at
        made = view.arrange(ask.queue, loaded.rows, [to_row(ask.queue, ask.filter, r, at) for r in loaded.rows])
        if blocks:
            if self._fresh_order:
                self.grid.set_source(BlockSource(self, ask, loaded.keys, at, view))
            else:
                self.grid.update_rows({r.key: r for r in made})
        elif self._fresh_order:
            self.grid.set_source(ListSource(made), self._wanted or self.grid.cursor_key)
        else:
            self.grid.merge(made, reasons)
        self._fresh_order, self._wanted = False, None
        self.grid.set_empty(*self.empty_lines())
        self.show_frame()
        self.show_totals()
        self.show_details()
        if self.queue.code == "appointments":
            from boxes_tui.screens.followup import follow_hint

            self.run_worker(follow_hint(self), exclusive=True, group="hint", exit_on_error=False)

    async def _why_gone(self, loaded: Loaded) -> dict[str, str]:
        """Who or what took the cursor row out of the list: *✓ Luis, Confirmar turno 14:11*."""
        row = self.row
        if row is None or any(r.ref == row.ref for r in loaded.rows):
            return {}
        said = await self.background(self.house.read, last_done, row)
        return {row.ref: f"✓ {said}"} if said else {}

    def change(self, ask: Ask) -> None:
        """Show another filter: fresh order, cursor at the top."""
        if ask != self.ask:
            self.ask, self._fresh_order = ask, True
            self.wait_for_rows()
            self.show_frame()
            self.reload()

    def look(self, view: ListView) -> None:
        """Show the list through another view (the column menu)."""
        self.view, self._fresh_order = view, True
        self.grid.set_columns(self._columns())
        self.reload()

    async def every_row(self) -> list[Row]:
        """All rows of the filter as they are painted."""
        at, ask = self.at, self.ask
        keys = self.loaded.keys if self.loaded else []
        if len(keys) > MOST:
            raise too_many(len(keys))
        rows = await self.background(self._whole, ask, keys, deadline=60.0)
        return [to_row(ask.queue, ask.filter, r, at) for r in rows]

    def _whole(self, ask: Ask, keys: list[Key]) -> list[QueueRow]:
        if len(keys) > MOST:
            raise too_many(len(keys))
        found: list[QueueRow] = []
        for start in range(0, len(keys), WHOLE):
            found += self.house.read(rows_by_key, ask, keys[start : start + WHOLE])
        return found

    @property
    def row(self) -> QueueRow | None:
        """The row under the cursor."""
        return self.rows.get(self.grid.cursor_key or "")

    def acted_row(self) -> QueueRow:
        """The cursor row for a verb; a sentence where there is none or it has left the list."""
        gone = self.grid.gone_reason(self.grid.cursor_key)
        if gone:
            raise BoxesError(gone)
        if self.row is None:
            raise BoxesError(_("No hay ninguna fila elegida."))
        return self.row

    def marked_refs(self) -> list[str]:
        """Refs of the marked rows, in the order of the list."""
        marked = self.grid.marked
        return [ref for ref in self.rows if ref in marked]

    def marked_rows(self) -> list[QueueRow]:
        """The marked rows, in the order of the list."""
        return [self.rows[ref] for ref in self.marked_refs()]

    def unmark(self) -> None:
        """No row is marked any more."""
        self.grid.mark_none()

    def acted(self, row: QueueRow, short: str, leaves: bool) -> None:
        """The row shows its result in place and leaves at the next key; the cursor goes on (SCREENS §1.6)."""
        self._noted = row
        self.grid.show_result(row.ref, Result(short, leaves=leaves), advance=True)
        self._noted_at = self.grid.cursor_key

    def note_row(self) -> QueueRow:
        """Right after an act ``N`` is about the row just acted on (*c* has saved, *N* opens the comment)."""
        if self._noted is not None and self._noted_at == self.grid.cursor_key:
            return self._noted
        return self.acted_row()

    def asks(self) -> list[Ask]:
        """This list."""
        return [self.ask]

    def stand_on(self, ref: str) -> None:
        """Put the cursor on a row."""
        self.grid.go_to(ref)

    def queue_of(self, row: QueueRow) -> str:
        """This list."""
        return self.queue.code

    # -- frame -------------------------------------------------------------------------------------

    def heading(self) -> Line:
        """*2 OPORTUNIDADES NUEVAS · Casa Central*; a filtered campaign's completion in 8."""
        name = f"{self.queue.digit} {_(self.queue.title).upper()}"
        return f"{name} · {self.session.branch_name()}" if self.ready else name

    def show_frame(self) -> None:
        """Title, filters, keys."""
        super().show_frame()
        counts = self.loaded.counts if self.loaded else {}
        items = [FilterItem(f.code, _(f.label), counts.get(f.code), _(f.short) if f.short else "") for f in
                 self.queue.filters]  # fmt: skip
        for code, name in self.loaded.campaigns if self.loaded else []:
            items.append(FilterItem(code, cut(name, CAMPAIGN), counts.get(code), cut(name, CAMPAIGN_SHORT)))
        self.frame.filters.set_filters(items, self.ask.filter, *self.further())

    def further(self) -> list[Line]:
        """The further filters in force, at the right of the filter line."""
        said = [x for x in (self.ask.day and f"{self.ask.day:%d/%m}", self.ask.branch, self.ask.agent,
                            self.ask.model, self.ask.text and f"«{self.ask.text}»",
                            *[", ".join(values) for values in self.view.kept.values()]) if x]  # fmt: skip
        if said:
            return [[("f: " + " · ".join(said), "acento")]]
        return [_("f: todos los días · todos los agentes"), _("f: todos"), ""] if self.size.width >= 110 else [
            _("f: todos"), ""
        ]  # fmt: skip

    def empty_lines(self) -> list[Line]:
        """The sentence of an empty list, with keys."""
        if self.freshness is not None and self.freshness.read_at is None:
            return [_("Todavía no se leyó el DMS. [?] cómo: boxes sync")]
        if replace(self.ask, filter="") != Ask(self.queue.code, "") or self.view.kept:
            return [_("Ninguna fila con este filtro. [Esc] quitarlo")]
        if self.queue.code == "appointments" and self.ask.filter == "no_show":
            return [_("Sin inasistencias en los últimos 7 días."),
                    _("[Tab] últimos ingresos · [9] Fugas, las de 8 a 30 días")]  # fmt: skip
        return [_(self.queue.empty).format(time=self.at.dms_time or "—")]

    def show_totals(self) -> None:
        """Line 20."""
        if self.loaded is None:
            return
        chosen = len(self.grid.marked)
        total = self.loaded.counts.get(self.ask.filter, len(self.loaded.keys))
        right = _("Total: {n}  Visualizados: {m}").format(n=total, m=self.grid.total)
        if self.grid.total:
            right += f" · {self.grid.cursor_index + 1}/{self.grid.total}"
        if self.queue.code in ("deliveries", "completed"):
            days = 30 if self.queue.code == "deliveries" else 15
            lead = _("{n} en {days} días").format(n=self.loaded.counts.get("all", 0), days=days)
            right = f"{lead} · {right}"
        self.frame.totals.show(_("Elegidas: {n}").format(n=chosen) if chosen else "", right)

    def show_details(self) -> None:
        """Lines 21–22, or the card from 110 columns on."""
        row = self.row
        if row is None:
            self.frame.details.show_texts("", "")
            self.frame.card.show([])
            return
        if self.frame.card_shown:
            self.frame.details.show_texts("", "")
            self.frame.card.show(card_lines(self.queue.code, row, self.at, None))
            self.run_worker(self._read_card(row), exclusive=True, group="card", exit_on_error=False)
            return
        first, second = detail_lines(self.queue.code, row, self.at)
        gone = self.grid.gone_reason(row.ref)
        self.frame.details.show_texts(first, gone or second)

    async def _read_card(self, row: QueueRow) -> None:
        from boxes_tui.data.reads.customers import card

        if row.customer_id is None:
            return
        found = await self.background(self.house.read, card, row.customer_id)
        if self.row is not None and self.row.ref == row.ref and self.frame.card_shown:
            self.frame.card.show(card_lines(self.queue.code, row, self.at, found))

    def on_resize(self, event: Any) -> None:
        """Another size: the card may come or go."""
        super().on_resize(event)
        self.show_frame()
        self.show_details()

    # -- messages and keys -------------------------------------------------------------------------

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Another row under the cursor."""
        self.show_totals()
        self.show_details()
        self.frame.keys.set_keys(self.keys())

    def on_grid_row_chosen(self, event: Grid.RowChosen) -> None:
        """``Enter`` opens the card."""
        self.perform(self.verb_customer)

    def on_grid_marks_changed(self, event: Grid.MarksChanged) -> None:
        """The count of chosen rows."""
        self.show_totals()

    def on_filter_bar_chosen(self, event: FilterBar.Chosen) -> None:
        """A filter was clicked."""
        self.change(replace(self.ask, filter=event.code))

    def own_key(self, key: str, character: str | None) -> bool:
        """``Tab`` goes through the filters; digits belong to the call; ``9`` from an empty list opens the leaks."""
        if key in ("tab", "shift+tab"):
            self.change(replace(self.ask, filter=self.frame.filters.after(1 if key == "tab" else -1)))
            return True
        if key in ("left", "right"):
            self.choose_column(1 if key == "right" else -1)
            return True
        if character and character.isdigit():
            if character == "9" and not self.grid.total and self.queue.code != "leaks":
                self.app.switch_screen(QueueScreen("leaks"))
            else:
                self.frame.status.warn(_("Los dígitos valen en la llamada. [l] llamar"))
            return True
        return False

    def verb_back(self) -> None:
        """Take away the further filters first, then go back to the board."""
        plain = Ask(self.queue.code, self.ask.filter)
        if self.view != ListView() or self.grid.hide_column():
            self.look(ListView())
        elif self.ask != plain:
            self.change(plain)
        else:
            super().verb_back()

    async def verb_filters(self) -> None:
        """Day, branch, agent, text, model."""
        from boxes_tui.screens.dialogs.filters import queue_filters

        ask = await queue_filters(self, self.ask)
        if ask is not None:
            self.change(ask)

    async def verb_export(self) -> None:
        """The list as a file."""
        from boxes_tui.screens.dialogs.export import export_queue

        shown = None
        if self.view.rearranges:
            rows = await self.background(self._whole, self.ask, self.loaded.keys if self.loaded else [], deadline=60.0)
            at, by_ref = self.at, {r.ref: r for r in rows}
            painted = [to_row(self.ask.queue, self.ask.filter, r, at) for r in rows]
            shown = [by_ref[p.key] for p in self.view.arrange(self.queue.code, rows, painted)]
        await export_queue(self, self.ask, shown)

    def verb_my_day(self) -> None:
        """*Mi día*."""
        from boxes_tui.screens.my_day import MyDayScreen

        self.app.push_screen(MyDayScreen())

    def verb_mark(self) -> None:
        """The grid marks by itself; the verb is here for help and palette."""
