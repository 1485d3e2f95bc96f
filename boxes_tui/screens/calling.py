"""Calling and planning from any row: the call panel, the next customer, opportunities (PRODUCT §5, §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from boxes_tui.background import ACTS
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.errors import BoxesError, Unavailable
from boxes_tui.i18n import _
from boxes_tui.screens.acting import CALL_SECONDS, ActingBase
from boxes_tui.screens.row_text import SHORT, first_name, name
from boxes_tui.text import cut
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:  # the board is one of these screens, and it stands before the database is imported
    from boxes_tui.data.commands import Command
    from boxes_tui.data.reads.details import QueueRow
    from boxes_tui.data.reads.queues import Ask
    from boxes_tui.screens.dialogs.call_forms import CallMade
    from boxes_tui.screens.dialogs.call_panel import CallPanel

WATCH_SECONDS = 1.0
"""How often an open call panel looks whether others touched its row."""


class CallingScreen(ActingBase):
    """The verbs of a call and of an opportunity."""

    # -- call --------------------------------------------------------------------------------------

    async def verb_call(self) -> None:
        """The call panel over the row."""
        await self.call(self.acted_row())

    async def call(self, row: QueueRow, why: str = "") -> None:
        """Claim the person, open the panel, record the outcome, go on."""
        from boxes_tui.desk import claims
        from boxes_tui.desk.sheet import call_sheet
        from boxes_tui.screens.dialogs.call_panel import CallPanel

        self.held(row)
        mine, holder = True, None  # without the database nobody can be asked: the call is recorded all the same
        if self.offline_since is None:
            mine, holder = await self.background(claims.take, self.house.engine, self.session, row.ref)
        if not mine:
            raise BoxesError(_("{name} tiene este cliente.").format(name=first_name(holder or "—")))
        beat = self.set_interval(claims.HEARTBEAT_SECONDS, self._renew)
        panel = CallPanel(
            row, self.at, self.run_act, queue=self.queue_of(row), why=why, draft=self.draft("call", row.ref),
            keep=self.keep("call", row.ref), holidays=await self.holidays(), leaving=cast(Any, self.app).stand_still if why else None,
        )  # fmt: skip
        shown = self.app.push_screen_wait(panel)
        self.run_worker(self._sheet(panel, row, call_sheet, panel.hold_keys()), exit_on_error=False)
        watch = self.set_interval(WATCH_SECONDS, self._watcher(panel, row))
        made = await shown
        beat.stop()
        watch.stop()
        if made is None:
            if self.offline_since is None:
                with suppress(Unavailable):  # the claim ends by itself
                    await self.background(claims.release, self.house.engine, self.session, row.ref)
            self.next_mode = False
            if self.draft("call", row.ref):
                self.say(_("La nota queda como borrador."))
            self.reload()
            return
        self.forget("call", row.ref)
        await self._called(row, made)

    async def _sheet(self, panel: CallPanel, row: QueueRow, read: Any, end: Callable[[], None]) -> None:
        """Read the sheet; digits typed ahead wait for it, since it says which telephone and which kind of call."""
        try:
            if self.offline_since is not None:
                panel.no_sheet()
            else:
                panel.show_sheet(await self.background(self.house.read, read, row, self.house.settings.home))
        except Unavailable:
            panel.no_sheet()
        finally:
            end()
            cast(Any, self.app).move_on()

    def _watcher(self, panel: CallPanel, row: QueueRow) -> Callable[[], None]:
        """Looks, whenever something changed, whether somebody took the customer or acted on the row; the panel says so
        and stays as it is."""
        from boxes_tui.screens.meanwhile import told

        seen, since = self.house.changes.count, self.session.now

        async def look() -> None:
            with suppress(Unavailable):
                said = await self.background(self.house.read, told, row, since)
                if said and panel.is_mounted:
                    panel.meanwhile(said)

        def tick() -> None:
            nonlocal seen
            if self.house.changes.count != seen and self.offline_since is None:
                seen = self.house.changes.count
                self.run_worker(look(), exit_on_error=False, exclusive=True, group="watch")

        return tick

    def _renew(self) -> None:
        from boxes_tui.desk import claims

        if self.offline_since is None and getattr(self.app, "stalled", lambda: 0.0)() < claims.LEASE_SECONDS / 4:
            self.run_worker(self.background(claims.renew, self.house.engine, self.session), exit_on_error=False)

    async def _called(self, row: QueueRow, made: CallMade) -> None:
        outcome = made.disposition
        at = self.at
        short = f"{_(SHORT[outcome.code])} {clock(at.now)}"
        leaves = outcome.closes and self.place != "customer"
        self.acted(row, short if made.result else _("sin enviar"), leaves and made.result is not None)
        if made.result is not None:
            text = self._saved(row, outcome.label, made.result.result)
            self.say_done(text)
        if made.result is not None and outcome.code == "attended" and row.stage in ("deliveries", "completed"):
            cast(Any, self.app).move_on()
            await self.create_opportunity(row, said=self.done_text(text))
        self.reload()

    def _saved(self, row: QueueRow, label: str, result: Mapping[str, Any]) -> str:
        """*Se guardó Ocupado: ROMERO, INÉS; vuelve 17:04.*: a long name is cut, not what follows from the call."""
        told = _("Se guardó {outcome}: {name}")
        if result.get("unchanged"):
            told = _("Se guardó sólo la llamada ({outcome}): {name}")
        after = _("; vuelve {t}").format(t=self._when(str(result["next_at"]))) if result.get("next_at") else ""
        after += _("; se abrió un reclamo") if result.get("complaint") else ""
        room = self.done_cells - len(told.format(outcome=_(label), name="") + after) - 1
        return told.format(outcome=_(label), name=cut(name(row), max(room, 8))) + after + "."

    def _when(self, iso: str) -> str:
        from datetime import datetime

        at = self.at
        moment = at.local(datetime.fromisoformat(iso))
        return clock(moment) if moment.date() == at.today else f"{show_day(moment.date(), at.today)} {clock(moment)}"

    async def verb_next(self) -> None:
        """Hand over the next best row, claimed, with why; its panel opens by itself, and after it the next one's."""
        self.next_mode = True
        try:
            while self.next_mode:
                row, why = await self._next_row()
                if row is None:
                    self.say(why or _("Nada para llamar ahora."))
                    return
                self.stand_on(row.ref)
                await self.call(row, why)
        finally:
            self.next_mode = False
            cast(Any, self.app).move_on()

    async def _next_row(self) -> tuple[QueueRow | None, str]:
        """Of several queues, what was promised in any of them comes before the rest of the first."""
        from boxes_tui.desk.next_call import PHASES, next_row

        row, why, asks = None, "", self.asks()
        for phases in (PHASES[:1], PHASES) if len(asks) > 1 else (PHASES,):
            for ask in asks:
                row, why = await self.background(
                    next_row, self.house.engine, self.session, ask, (), phases, deadline=CALL_SECONDS, lane=ACTS
                )
                if row is not None:
                    return row, why
        return None, why

    def asks(self) -> Sequence[Ask]:
        """The queues that ``n`` hands over from: this list's; on the board those that are called, in its order."""
        from boxes_tui.data.reads.queues import Ask

        return [Ask("deliveries", "pending"), Ask("opportunities", "all"), Ask("completed", "pending")]

    def stand_on(self, ref: str) -> None:
        """Put the cursor on a row where it is shown."""

    async def verb_release(self) -> None:
        """Give up my claim."""
        from boxes_tui.desk import claims

        ended = await self.background(claims.release, self.house.engine, self.session, self.acted_row().ref)
        self.say(_("Se soltó el cliente.") if ended else _("No estaba tomado por este usuario."))
        self.reload()

    # -- opportunities -----------------------------------------------------------------------------

    async def verb_opportunity(self) -> None:
        """Create an opportunity from any row."""
        row = self.acted_row()
        self.held(row)
        await self.create_opportunity(row)

    async def create_opportunity(self, row: QueueRow, said: Line = "") -> None:
        """The form, prefilled with the predicted due date; ``said`` is what has just been saved."""
        from boxes_tui.desk.opportunities import CreateOpportunity
        from boxes_tui.desk.prediction import prediction
        from boxes_tui.screens.dialogs.opportunity_form import OpportunityForm
        from boxes_tui.screens.meanwhile import due_words, filled_in

        found = await self.background(self.house.read, prediction, row)
        title = " · ".join(
            x for x in (_("OPORTUNIDAD"), name(row), row.unit, row.vin and _("chasis {v}").format(v=row.vin[-8:])) if x
        )
        form = OpportunityForm(
            title, self.at, found.suggest, found.km_text, found.agents, holidays=await self.holidays(),
            warning=found.warning, keep=self.keep("opportunity", row.ref), draft=self.draft("opportunity", row.ref),
        )  # fmt: skip
        form.said = said
        made = await filled_in(self, form, row, due_words)
        if made is None:
            return
        due = f"{made['due']} {made['hour']}".strip()
        command = CreateOpportunity(row.ref, due, made["about"], made["assigned"] or None)
        if await self.done(row, command, _("Se creó la oportunidad."), "◆", leaves=False):
            self.forget("opportunity", row.ref)

    async def verb_discard(self) -> None:
        """Discard with a reason: one row, or the marked ones as one act."""
        from boxes_tui.desk.effects import owner_words
        from boxes_tui.desk.opportunities import Discard
        from boxes_tui.screens.dialogs.forms import ReasonForm
        from boxes_tui.screens.meanwhile import filled_in

        refs = self.marked_refs()
        if refs:
            await self.bulk("discard", refs)
            return
        row = self.opportunity_row()
        self.held(row)
        title = " · ".join(x for x in (_("DESCARTAR"), name(row), row.about) if x)
        form = ReasonForm(title, owner=True, keep=self.keep("discard", row.ref), draft=self.draft("discard", row.ref))
        made = await filled_in(self, form, row)
        if made is not None:
            text = _("Se descartó la oportunidad: {name}.").format(name=name(row))
            words = owner_words(made["text"]) if made["reason"] == "vehicle_sold" else made["text"]
            if await self.done(row, Discard(row.ref, made["reason"], words or None), text, _("Descartada")):
                self.forget("discard", row.ref)

    async def verb_reschedule(self) -> None:
        """Another day and hour: one row, or the marked ones as one act."""
        from boxes_tui.desk.opportunities import Reschedule
        from boxes_tui.screens.dialogs.forms import DateForm, due_text
        from boxes_tui.screens.meanwhile import filled_in

        refs = self.marked_refs()
        if refs:
            await self.bulk("reschedule", refs)
            return
        row = self.opportunity_row()
        self.held(row)
        title = " · ".join(x for x in (_("REPLANIFICAR"), name(row), row.about) if x)
        foot = (_("Ahora vence {day}.").format(day=due_text(row, self.at)),)
        form = DateForm(title, _("Vence"), self.at, with_time=False, foot=foot, holidays=await self.holidays(),
                        keep=self.keep("reschedule", row.ref), draft=self.draft("reschedule", row.ref))  # fmt: skip
        made = await filled_in(self, form, row)
        if made is not None:
            text = _("Se replanificó: {name}.").format(name=name(row))
            if await self.done(row, Reschedule(row.ref, made["when"]), text, made["when"], leaves=False):
                self.forget("reschedule", row.ref)

    async def verb_sell(self) -> None:
        """*Turno vendido*, from any row."""
        from boxes_tui.desk.calls import LogCall
        from boxes_tui.desk.opportunities import Sell
        from boxes_tui.screens.dialogs.forms import DateForm
        from boxes_tui.screens.meanwhile import filled_in

        row = self.acted_row()
        self.held(row)
        foot: tuple[Line, ...] = (
            _("Se compara con el DMS en cada lectura; hasta ±5 días se acredita a {name}.").format(
                name=first_name(self.session.name)
            ),
        )
        form = DateForm(" · ".join((_("TURNO VENDIDO"), name(row))), _("Turno dado en el DMS"), self.at, with_time=True,
                        foot=foot, holidays=await self.holidays(), keep=self.keep("sell", row.ref),
                        draft=self.draft("sell", row.ref))  # fmt: skip
        made = await filled_in(self, form, row)
        if made is None:
            return
        command: Command = Sell(row.ref, made["when"])
        if row.subject != "opportunity":
            command = LogCall(row.ref, "appointment_sold", at=made["when"])
        text = _("Se guardó Turno vendido: {name}.").format(name=name(row))
        if await self.done(row, command, text, _("Vendida")):
            self.forget("sell", row.ref)

    def opportunity_row(self) -> QueueRow:
        """The row of a verb that takes opportunities only."""
        row = self.acted_row()
        if row.subject != "opportunity":
            raise BoxesError(_("Esa acción es de las oportunidades. [o] crea una"))
        return row
