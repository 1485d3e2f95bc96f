"""The verbs of a row, the same on every list and on the customer's card: each asks what it needs, runs its command off
the UI loop, and shows the result in place (SCREENS §1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from boxes_tui.domain.formats import show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.calling import CallingScreen
from boxes_tui.screens.row_text import name
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:  # the board is one of these screens, and it stands before the database is imported
    from boxes_tui.data.commands import Command
    from boxes_tui.data.reads.details import QueueRow


class ActingScreen(CallingScreen):
    """A screen with verbs over rows. Subclasses say which row (:meth:`acted_row`) and what happens after an act."""

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
        from boxes_tui.screens.meanwhile import comment_words, filled_in

        row = self.note_row()
        on_appointment = row.subject == "appointment"
        title = " · ".join((_("COMENTARIO") if on_appointment else _("NOTA"), name(row)))
        form = NoteForm(title, _("Queda en la ficha del cliente. Nunca sale por e-mail ni por WhatsApp."),
                        keep=self.keep("note", row.ref), draft=self.draft("note", row.ref))  # fmt: skip
        if on_appointment:
            made = await filled_in(self, form, row, comment_words)
        else:
            made = await self.app.push_screen_wait(form)
        if made is not None:
            command: Command = Comment(row.ref, made["text"]) if on_appointment else Note(row.ref, made["text"])
            if await self.done(row, command, _("Se guardó la nota: {name}.").format(name=name(row)), "", leaves=False):
                self.forget("note", row.ref)

    def note_row(self) -> QueueRow:
        """The row that a note is about: after an act, the row just acted on."""
        return self.acted_row()

    def verb_customer(self) -> None:
        """The customer's card."""
        from boxes_tui.screens.customer import CustomerScreen

        row = self.acted_row()
        if row.customer_id is None:
            raise BoxesError(_("La fila no tiene un cliente conocido en el DMS."))
        self.app.push_screen(CustomerScreen(row.customer_id, row))

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

    # -- reaching the customer ---------------------------------------------------------------------

    async def verb_whatsapp(self) -> None:
        """The WhatsApp link of the row, shown and copied."""
        from boxes_tui.screens.links import whatsapp

        await whatsapp(self, self.acted_row())

    async def verb_reminder(self) -> None:
        """Preview the reminder, then send it through the outbox."""
        from boxes_tui.screens.reminder import send_marked, send_reminder

        rows = self.marked_rows()
        if any(row.subject != "appointment" for row in rows):
            raise BoxesError(_("Una ronda de recordatorios sale de 3 o de [E], con turnos marcados."))
        if rows:
            await send_marked(self, rows)
        else:
            await send_reminder(self, await self.turn_row())

    @property
    def mail_kind(self) -> Literal["", "cancel"]:
        """What ``e`` sends: the reminder (or the new date), or the cancellation."""
        return ""

    def marked_rows(self) -> Sequence[QueueRow]:
        """The marked rows: a reminder goes to all of them."""
        return ()

    def unmark(self) -> None:
        """What was done to the marked rows is done: none is marked any more."""

    async def turn_row(self) -> QueueRow:
        """The appointment that a reminder or an answer is about: the row's own, else the customer's next one."""
        from boxes_tui.outreach.followup import next_appointment

        found: QueueRow | None = await self.background(self.house.read, next_appointment, self.acted_row())
        if found is None:
            raise BoxesError(_("Este cliente no tiene un turno por venir."))
        return found

    async def verb_reply_yes(self) -> None:
        """The customer answered that he comes."""
        from boxes_tui.screens.replies import note_reply

        await note_reply(self, "yes")

    async def verb_reply_no(self) -> None:
        """The customer answered that he does not come."""
        from boxes_tui.screens.replies import note_reply

        await note_reply(self, "no")

    async def verb_reply_change(self) -> None:
        """The customer asks for another time."""
        from boxes_tui.screens.replies import note_reply

        await note_reply(self, "change")

    async def verb_rebook(self) -> None:
        """Open the opportunity of a no-show."""
        from boxes_tui.screens.replies import rebook

        await rebook(self)

    async def verb_why(self) -> None:
        """Every reason of the contact gate."""
        from boxes_tui.screens.dialogs.why import show_why

        await show_why(self, self.acted_row())

    def verb_followup(self) -> None:
        """Reminders, answers and no-shows of the appointments."""
        from boxes_tui.screens.followup import FollowUpScreen

        self.app.push_screen(FollowUpScreen())
