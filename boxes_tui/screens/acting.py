"""How a screen acts: commands run off the UI loop, what is typed is kept, results show in place (SCREENS §1.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from boxes_tui.background import ACTS
from boxes_tui.clock import monotonic
from boxes_tui.domain.formats import clock
from boxes_tui.errors import BoxesError, Unavailable
from boxes_tui.i18n import _
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_text import first_name
from boxes_tui.text import cut
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:  # the board is one of these screens, and it stands before the database is imported
    from boxes_tui.data.commands import ActResult, Command
    from boxes_tui.data.drafts import Journal
    from boxes_tui.data.reads.details import QueueRow

CALL_SECONDS = 8.0
AGAIN_SECONDS = 20.0
"""How long acts that wait stay before they are tried again."""


class ActingBase(DeskScreen):
    """A screen with verbs over rows. Subclasses say which row (:meth:`acted_row`) and what happens after an act."""

    next_mode = False
    _sent_at = -AGAIN_SECONDS

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
        """Run a command; None when the database does not answer and the act waits on this machine. What cannot wait
        (a mail, an override) is a :class:`BoxesError` then."""
        from boxes_tui.screens.pending import can_wait, keep_pending

        key, at = key or uuid4().hex, self.session.now
        try:
            return await self.background(self.house.execute, command, key, deadline=CALL_SECONDS, lane=ACTS)
        except Unavailable:
            if not can_wait(command):
                raise BoxesError(_("Sin base: no se hizo nada. Se puede repetir cuando vuelva.")) from None
            keep_pending(self.journal, self.session, command, key, at)
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
        """The database answers again: what waited goes out at once."""
        super().back_online()
        self._sent_at = -AGAIN_SECONDS

    def read_well(self) -> None:
        """The database answers: what waits on this machine goes out in order, also what another day or a killed process
        left here."""
        super().read_well()
        if monotonic() - self._sent_at > AGAIN_SECONDS and self.journal.waiting(self.session.login):
            self._sent_at = monotonic()
            self.run_worker(self._send_waiting(), exit_on_error=False)

    async def _send_waiting(self) -> None:
        from boxes_tui.screens.pending import send_waiting

        try:
            sent, refused = await self.background(send_waiting, self.house, self.journal, deadline=60.0, lane=ACTS)
        except Unavailable:
            return
        if refused:
            self.say_error(_("{n} pendientes no se aceptaron; el motivo está en [D] Mi día.").format(n=refused))
        elif sent:
            self.say(_("Se enviaron {n} pendientes.").format(n=sent))
        if sent or refused:
            self.reload()

    def title_rights(self) -> list[Line]:
        """Without the database also how many acts wait."""
        lines = super().title_rights()
        count = len(self.journal.waiting(self.session.login)) if self.offline_since is not None else 0
        if not count:
            return lines
        text = _("✗ SIN BASE desde {t} · {n} pendientes").format(t=self.offline_since, n=count)
        return [[(text, "peligro")], *lines]

    def say_done(self, text: str) -> None:
        """A success that can be undone."""
        self.say(self.done_text(text))

    def done_text(self, text: str) -> Line:
        """*Se guardó … [u] deshacer*, cut so that the key stays."""
        text = text[:-1] if text.endswith("..") else text  # a name that ends with its own full stop
        return [(cut(text, self.done_cells) + " ", "exito"), ("[u]", "acento"), (" " + _("deshacer"), "exito")]

    @property
    def done_cells(self) -> int:
        """What is left for the text of :meth:`done_text`: without the edges, a blank, [u], a blank."""
        return self.size.width - len(_("deshacer")) - 7

    def held(self, row: QueueRow) -> None:
        """Verbs on what somebody else holds answer with that sentence."""
        if row.claim is not None and row.claim.user_id != self.session.user_id:
            raise BoxesError(
                _("{name} tiene este cliente; lo tomó {t}.").format(
                    name=first_name(row.claim.name), t=clock(self.at.local(row.claim.taken_at))
                )
            )

    async def holidays(self) -> frozenset[object]:
        """Days that the date fields warn about; none without the database."""
        from boxes_tui.data.reads.days import calendar

        if self.offline_since is not None:
            return frozenset()
        made = await self.background(self.house.read, lambda conn, s: calendar(conn, None, s.today))
        return frozenset(made.holidays)

    def keep(self, form: str, ref: str) -> Callable[[Any], None]:
        """A listener that puts every keystroke of a form into the journal."""
        journal, login = self.journal, self.session.login

        def kept(values: Any) -> None:
            if not journal.save(login, form, ref, values if isinstance(values, dict) else {"text": values}):
                self.app.notify(_("Sin lugar en el disco de este equipo: lo escrito queda sólo en memoria."))

        return kept

    def draft(self, form: str, ref: str) -> dict[str, str]:
        """What was typed in that form before and not saved."""
        return {k: str(v) for k, v in (self.journal.load(self.session.login, form, ref) or {}).items()}

    def forget(self, form: str, ref: str) -> None:
        """The draft is saved: it is no longer one."""
        self.journal.clear(self.session.login, form, ref)

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
