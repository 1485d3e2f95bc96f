"""*Enviar recordatorio* (``e``): the whole message before it goes, and what has been sent before (SCREENS §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _
from boxes_tui.outreach.reminder import Draft, SendReminder, mail_desk, preview
from boxes_tui.screens.row_text import Moment, name
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line
from boxes_tui.widgets.screen import BoxesScreen

if TYPE_CHECKING:
    from boxes_tui.screens.acts import ActingScreen

STATES = {
    "queued": N_("en cola"), "sending": N_("saliendo"), "sent": N_("enviado"), "unknown": N_("sin respuesta del servidor"),
    "failed": N_("falló"), "cancelled": N_("no salió"),
}  # fmt: skip


async def send_reminder(screen: ActingScreen, row: QueueRow) -> None:
    """Preview, ask, queue."""
    if row.subject != "appointment":
        raise BoxesError(_("El recordatorio es de un turno."))
    desk = mail_desk(screen.house.settings)
    draft = await screen.background(screen.house.read, preview, desk, row.id)
    shown = ReminderScreen(row, draft, screen.at, screen.title_rights())
    if not await screen.app.push_screen_wait(shown):
        return
    await screen.done(row, SendReminder(row.id, desk), _("El recordatorio está en cola para salir: {name}.").format(
        name=name(row)), "@", leaves=False)  # fmt: skip


class ReminderScreen(BoxesScreen[bool]):
    """The message as it will be; ``Enter`` sends it, which cannot be undone."""

    shows_role: ClassVar[bool] = False

    def __init__(self, row: QueueRow, draft: Draft, at: Moment, rights: Sequence[Line]) -> None:
        super().__init__()
        self._row, self._draft, self._at, self._rights = row, draft, at, rights
        self._page = Page(reminder_lines(draft, at))
        self.frame: Frame[Any] = Frame(self._page, filters=False, totals=False, details=False)

    def on_mount(self) -> None:
        """Show it."""
        d = self._draft
        self.frame.title.show(f"{_('RECORDATORIO')} · {name(self._row)}", *self._rights)
        if d.refusal:
            self.frame.status.error(d.refusal)
            self.frame.keys.set_keys([Key("Esc", _("volver"))])
        else:
            self.frame.status.hint(_("El envío no se puede deshacer."))
            self.frame.keys.set_keys([Key("Enter", _("enviar")), Key("Esc", _("no enviar"))])
        self._page.focus()

    def on_key(self, event: events.Key) -> None:
        """``Enter`` sends, ``Esc`` does not."""
        if event.key == "enter" and not self._draft.refusal:
            event.stop()
            self.dismiss(True)
        elif event.key == "escape":
            event.stop()
            self.dismiss(False)


def reminder_lines(draft: Draft, at: Moment) -> list[Line]:
    """Head of the message, its text, earlier sends."""
    lines: list[Line] = ["", f" {_('Para'):<11}{draft.recipient or '—':<28}{_('De')}  {draft.sender}",
                         f" {_('Asunto'):<11}{draft.subject}",
                         f" {_('Adjunto'):<11}" + _("turno.ics · invitación, versión {n}").format(n=draft.sequence + 1),
                         f" {_('Plantilla'):<11}{draft.template} ({draft.language})", "",
                         [(" " + _("TEXTO"), "atenuado")]]  # fmt: skip
    lines += [f" {line}" for line in draft.text.split("\n")]
    lines.append([(" " + _("FIN"), "atenuado")])
    if not draft.earlier:
        lines.append(" " + _("Sin envíos anteriores. Si el turno se anula antes de salir, no sale."))
    for sent in draft.earlier:
        when = at.local(sent.at) if sent.at else None
        stamp = f"{show_day(when.date(), at.today)} {clock(when)}" if when else "—"
        error = f" · {sent.error}" if sent.error else ""
        lines.append(f" {stamp}  {_(STATES.get(sent.state, sent.state))}{error}")
    return lines
