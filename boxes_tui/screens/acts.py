"""The verbs of a row, the same on every list and on the customer's card: each asks what it needs, runs its command off
the UI loop, and shows the result in place (SCREENS §1.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from boxes_tui.background import ACTS
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.errors import BoxesError, Unavailable
from boxes_tui.i18n import _
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_text import SHORT, first_name, name
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:  # the board is one of these screens, and it stands before the database is imported
    from boxes_tui.data.commands import ActResult, Command
    from boxes_tui.data.drafts import Journal
    from boxes_tui.data.reads.details import QueueRow
    from boxes_tui.data.reads.queues import Ask
    from boxes_tui.screens.dialogs.call_panel import CallMade, CallPanel

CALL_SECONDS = 8.0


class ActingScreen(DeskScreen):
    """A screen with verbs over rows. Subclasses say which row (:meth:`acted_row`) and what happens after an act."""

    next_mode = False

    # -- what subclasses say -----------------------------------------------------------------------

    def acted_row(self) -> QueueRow:
        """The row of the verb; :class:`BoxesError` with a sentence where there is none."""
        raise NotImplementedError

    def marked_refs(self) -> Sequence[str]:
        """Refs of the marked rows: bulk verbs take them instead of the cursor row."""
        return ()

    def acted(self, row: QueueRow, short: str, leaves: bool) -> None:
        """An act on a row is done: show ``short`` in place."""

    def queue_of(self, row: QueueRow) -> str:
        """The queue under which the row is worked."""
        return row.stage

    # -- running -----------------------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """What is being typed, and the acts that wait on this machine."""
        from boxes_tui.screens.pending import journal_of

        return journal_of(self.app, self.house)

    async def run_act(self, command: Command, key: str | None = None) -> ActResult | None:
        """Run a command; None when the database does not answer and the act waits on this machine."""
        from boxes_tui.screens.pending import keep_pending

        key = key or uuid4().hex
        try:
            return await self.background(self.house.execute, command, key, deadline=CALL_SECONDS, lane=ACTS)
        except Unavailable:
            keep_pending(self.journal, self.session, command, key)
            self.frame.status.error(  # type: ignore[union-attr]
                _("No se guardó en la base: no responde. Queda en este equipo y se reintenta sola.")
            )
            return None

    async def done(self, row: QueueRow, command: Command, text: str, short: str, *, leaves: bool = True) -> bool:
        """Run a command over a row and tell it; a refusal is a sentence and changes nothing."""
        try:
            result = await self.run_act(command)
        except BoxesError as error:
            self.say_error(str(error))
            return False
        self.acted(row, short if result else _("sin enviar"), leaves and result is not None)
        if result is not None:
            self.say_done(text)
        self.reload()
        return True

    def back_online(self) -> None:
        """The database answers again: what waited goes out in order."""
        super().back_online()
        self.run_worker(self._send_waiting(), exit_on_error=False)

    async def _send_waiting(self) -> None:
        from boxes_tui.screens.pending import send_waiting

        sent, refused = await self.background(send_waiting, self.house, self.journal, deadline=60.0, lane=ACTS)
        if refused:
            self.say_error(_("{n} pendientes no se aceptaron; el motivo está en [D] Mi día.").format(n=refused))
        elif sent:
            self.say(_("Se enviaron {n} pendientes.").format(n=sent))

    def say_done(self, text: str) -> None:
        """A success that can be undone."""
        self.say([(text + " ", "exito"), ("[u]", "acento"), (" " + _("deshacer"), "exito")])

    def held(self, row: QueueRow) -> None:
        """Verbs on what somebody else holds answer with that sentence."""
        if row.claim is not None and row.claim.user_id != self.session.user_id:
            raise BoxesError(
                _("{name} tiene este cliente; lo tomó {t}.").format(
                    name=first_name(row.claim.name), t=clock(self.at.local(row.claim.taken_at))
                )
            )

    async def holidays(self) -> frozenset[object]:
        """Days that the date fields warn about."""
        from boxes_tui.data.reads.days import calendar

        made = await self.background(self.house.read, lambda conn, s: calendar(conn, None, s.today))
        return frozenset(made.holidays)

    def keep(self, form: str, ref: str) -> Callable[[Any], None]:
        """A listener that puts every keystroke of a form into the journal."""
        journal, login = self.journal, self.session.login
        return lambda values: journal.save(login, form, ref, values if isinstance(values, dict) else {"text": values})

    def draft(self, form: str, ref: str) -> dict[str, str]:
        """What was typed in that form before and not saved."""
        return {k: str(v) for k, v in (self.journal.load(self.session.login, form, ref) or {}).items()}

    def forget(self, form: str, ref: str) -> None:
        """The draft is saved: it is no longer one."""
        self.journal.clear(self.session.login, form, ref)

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
        mine, holder = await self.background(claims.take, self.house.engine, self.session, row.ref)
        if not mine:
            raise BoxesError(_("{name} tiene este cliente.").format(name=first_name(holder or "—")))
        beat = self.set_interval(claims.HEARTBEAT_SECONDS, self._renew)
        note = self.draft("call", row.ref).get("text", "")
        keep = self.keep("call", row.ref)
        panel = CallPanel(
            row, self.at, self.run_act, queue=self.queue_of(row), why=why, note=note, keep_note=keep,
            holidays=await self.holidays(),
        )  # fmt: skip
        shown = self.app.push_screen_wait(panel)
        self.run_worker(self._sheet(panel, row, call_sheet), exit_on_error=False)
        made = await shown
        beat.stop()
        if made is None:
            await self.background(claims.release, self.house.engine, self.session, row.ref)
            self.next_mode = False
            if self.draft("call", row.ref).get("text"):
                self.say(_("La nota queda como borrador."))
            self.reload()
            return
        self.forget("call", row.ref)
        await self._called(row, made)

    async def _sheet(self, panel: CallPanel, row: QueueRow, read: Any) -> None:
        sheet = await self.background(self.house.read, read, row, self.house.settings.home)
        if panel.is_mounted:
            panel.show_sheet(sheet)

    def _renew(self) -> None:
        from boxes_tui.desk import claims

        if getattr(self.app, "stalled", lambda: 0.0)() < claims.LEASE_SECONDS / 4:
            self.run_worker(self.background(claims.renew, self.house.engine, self.session), exit_on_error=False)

    async def _called(self, row: QueueRow, made: CallMade) -> None:
        outcome = made.disposition
        at = self.at
        short = f"{_(SHORT[outcome.code])} {clock(at.now)}"
        leaves = outcome.closes and self.place != "customer"
        self.acted(row, short if made.result else _("sin enviar"), leaves and made.result is not None)
        if made.result is not None:
            back = made.result.result.get("next_at")
            text = _("Se guardó {outcome}: {name}").format(outcome=_(outcome.label), name=name(row))
            self.say_done(text + (_("; vuelve {t}.").format(t=self._when(str(back))) if back else "."))
        if made.result is not None and outcome.code == "attended" and row.stage in ("deliveries", "completed"):
            await self.create_opportunity(row)
        self.reload()
        if self.next_mode:
            await self.verb_next()

    def _when(self, iso: str) -> str:
        from datetime import datetime

        at = self.at
        moment = at.local(datetime.fromisoformat(iso))
        return clock(moment) if moment.date() == at.today else f"{show_day(moment.date(), at.today)} {clock(moment)}"

    async def verb_next(self) -> None:
        """Hand over the next best row, claimed, with why; its panel opens by itself."""
        from boxes_tui.desk.next_call import next_row

        row, why = None, ""
        for ask in self.asks():
            row, why = await self.background(
                next_row, self.house.engine, self.session, ask, deadline=CALL_SECONDS, lane=ACTS
            )
            if row is not None:
                break
        if row is None:
            self.next_mode = False
            self.say(why or _("Nada para llamar ahora."))
            return
        self.next_mode = True
        self.stand_on(row.ref)
        await self.call(row, why)

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

    async def create_opportunity(self, row: QueueRow) -> None:
        """The form, prefilled with the predicted due date."""
        from boxes_tui.desk.opportunities import CreateOpportunity
        from boxes_tui.desk.prediction import prediction
        from boxes_tui.screens.dialogs.forms import OpportunityForm

        found = await self.background(self.house.read, prediction, row)
        title = " · ".join(
            x for x in (_("OPORTUNIDAD"), name(row), row.unit, row.vin and _("chasis {v}").format(v=row.vin[-8:])) if x
        )
        form = OpportunityForm(
            title, self.at, found.suggest, found.km_text, found.agents, holidays=await self.holidays(),
            warning=found.warning, keep=self.keep("opportunity", row.ref), draft=self.draft("opportunity", row.ref),
        )  # fmt: skip
        made = await self.app.push_screen_wait(form)
        if made is None:
            return
        due = f"{made['due']} {made['hour']}".strip()
        command = CreateOpportunity(row.ref, due, made["about"], made["assigned"] or None)
        if await self.done(row, command, _("Se creó la oportunidad."), "◆", leaves=False):
            self.forget("opportunity", row.ref)

    async def verb_discard(self) -> None:
        """Discard with a reason: one row, or the marked ones as one act."""
        from boxes_tui.desk.opportunities import Discard
        from boxes_tui.screens.dialogs.forms import ReasonForm

        refs = self.marked_refs()
        if refs:
            await self.bulk("discard", refs)
            return
        row = self.opportunity_row()
        self.held(row)
        title = " · ".join(x for x in (_("DESCARTAR"), name(row), row.about) if x)
        made = await self.app.push_screen_wait(ReasonForm(title))
        if made is not None:
            text = _("Se descartó la oportunidad: {name}.").format(name=name(row))
            await self.done(row, Discard(row.ref, made["reason"], made["text"] or None), text, _("Descartada"))

    async def verb_reschedule(self) -> None:
        """Another day and hour: one row, or the marked ones as one act."""
        from boxes_tui.desk.opportunities import Reschedule
        from boxes_tui.screens.dialogs.forms import DateForm, due_text

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
        made = await self.app.push_screen_wait(form)
        if made is not None:
            text = _("Se replanificó: {name}.").format(name=name(row))
            if await self.done(row, Reschedule(row.ref, made["when"]), text, made["when"], leaves=False):
                self.forget("reschedule", row.ref)

    async def verb_sell(self) -> None:
        """*Turno vendido*, from any row."""
        from boxes_tui.desk.calls import LogCall
        from boxes_tui.desk.opportunities import Sell
        from boxes_tui.screens.dialogs.forms import DateForm

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
        made = await self.app.push_screen_wait(form)
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

    # -- appointments and orders -------------------------------------------------------------------

    async def verb_confirm(self) -> None:
        """Confirm; ``N`` adds a comment afterwards."""
        from boxes_tui.desk.appointments import Confirm

        row = self.acted_row()
        if row.subject != "appointment":
            raise BoxesError(_("Se confirman turnos."))
        day = show_day(row.day, self.at.today) if row.day else ""
        time = f" {row.when:%H:%M}" if row.when is not None and hasattr(row.when, "hour") else ""
        text = _("Se confirmó el turno: {name} {day}.").format(name=name(row), day=day + time)
        await self.done(row, Confirm(row.ref), text, _("confirm."))

    async def verb_deliver(self) -> None:
        """*Unidad entregada*."""
        from boxes_tui.desk.orders import Deliver

        row = self.acted_row()
        text = _("Se marcó Unidad entregada: {order}, {name}.").format(order=row.order or "", name=name(row))
        await self.done(row, Deliver(row.ref), text, _("entregada"))

    async def verb_note(self) -> None:
        """A note on the row, or the comment of an appointment."""
        from boxes_tui.desk.appointments import Comment
        from boxes_tui.desk.notes import Note
        from boxes_tui.screens.dialogs.forms import NoteForm

        row = self.note_row()
        on_appointment = row.subject == "appointment"
        title = " · ".join((_("COMENTARIO") if on_appointment else _("NOTA"), name(row)))
        form = NoteForm(title, _("Queda en la ficha del cliente. Nunca sale por e-mail ni por WhatsApp."),
                        keep=self.keep("note", row.ref), draft=self.draft("note", row.ref))  # fmt: skip
        made = await self.app.push_screen_wait(form)
        if made is not None:
            command: Command = Comment(row.ref, made["text"]) if on_appointment else Note(row.ref, made["text"])
            if await self.done(row, command, _("Se guardó la nota: {name}.").format(name=name(row)), "", leaves=False):
                self.forget("note", row.ref)

    def note_row(self) -> QueueRow:
        """The row that a note is about: after an act, the row just acted on."""
        return self.acted_row()

    # -- undo, history, assign ---------------------------------------------------------------------

    async def verb_undo(self) -> None:
        """Say what will be undone; ``Enter`` undoes it."""
        from boxes_tui.desk.undo import Undo, preview
        from boxes_tui.screens.dialogs.forms import AskForm, undo_lines

        found = await self.background(self.house.read, preview)
        if found is None:
            self.say(_("Nada que deshacer."))
            return
        form = AskForm(
            _("DESHACER"), undo_lines(found, self.at), _("¿Deshacer?"), _("deshacer"), allowed=found.refusal is None
        )
        if await self.app.push_screen_wait(form) is None:
            return
        try:
            await self.run_act(Undo(found.act))
        except BoxesError as error:
            self.say_error(str(error))
            return
        self.say_done(_("Se deshizo: {act}.").format(act=found.title))
        self.reload()

    async def verb_history(self) -> None:
        """Everything that happened to the row."""
        from boxes_tui.screens.dialogs.history import HistoryPanel, row_history

        row = self.acted_row()
        lines = await self.background(self.house.read, row_history, row.subject, row.id)
        await self.app.push_screen_wait(HistoryPanel(name(row), lines, self.at))

    async def verb_assign(self) -> None:
        """Take a customer from somebody, or give rows to an agent (supervisor)."""
        refs = self.marked_refs()
        row = self.acted_row()
        if not refs and row.claim is not None and row.claim.user_id != self.session.user_id:
            from boxes_tui.desk.claims import Steal
            from boxes_tui.screens.dialogs.forms import AskForm

            lines: tuple[Line, ...] = (_("{name} tiene a {who}.").format(name=row.claim.name, who=name(row)), "",
                                       _("Lo que escribió queda; puede registrar su llamado igual."))  # fmt: skip
            form = AskForm(_("TOMAR CLIENTE"), lines, _("¿Tomarlo?"), _("tomar"))
            if await self.app.push_screen_wait(form) is not None:
                await self.done(
                    row, Steal(row.ref), _("Se tomó el cliente: {name}.").format(name=name(row)), "t", leaves=False
                )
            return
        await self.bulk("assign", refs or (row.ref,))

    async def bulk(self, verb: str, refs: Sequence[str]) -> None:
        """One act over many rows, with a preview and one undo."""
        from boxes_tui.screens.dialogs.bulk import ask_bulk

        command = await ask_bulk(self, verb, refs)
        if command is None:
            return
        try:
            result = await self.run_act(command)
        except BoxesError as error:
            self.say_error(str(error))
            return
        if result is not None:
            count = len(result.result.get("rows", refs))
            self.say_done(_("Se hizo en {n} filas.").format(n=count))
        self.reload()

    # -- reaching the customer ---------------------------------------------------------------------

    async def verb_whatsapp(self) -> None:
        """The WhatsApp link of the row, shown and copied."""
        from boxes_tui.screens.links import whatsapp

        await whatsapp(self, self.acted_row())

    async def verb_reminder(self) -> None:
        """Preview the reminder, then send it through the outbox."""
        from boxes_tui.screens.reminder import send_reminder

        await send_reminder(self, self.acted_row())
