"""*Enviar recordatorio* (``e``): the whole message before it goes, and what has been sent before (SCREENS §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

from boxes_tui.background import ACTS
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.outreach.mail import error_words
from boxes_tui.outreach.reminder import Draft, SendReminder, mail_desk, preview
from boxes_tui.outreach.rounds import preview_all, send_all
from boxes_tui.screens.row_text import Moment, name
from boxes_tui.text import pad
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
    desk = mail_desk(screen.house.settings)
    draft = await screen.background(screen.house.read, preview, desk, row.id, screen.mail_kind)
    shown = ReminderScreen(row, draft, screen.at, screen.title_rights())
    if not await screen.app.push_screen_wait(shown):
        return
    text = _("El recordatorio está en cola para salir: {name}.").format(name=name(row))
    if screen.mail_kind:
        text = _("El aviso de anulación está en cola para salir: {name}.").format(name=name(row))
    command = SendReminder(row.id, desk, screen.mail_kind)
    if await screen.done(row, command, text, _("en cola"), leaves=screen.place == "followup"):
        screen.say(text)  # without [u]: a mail cannot be undone


async def send_marked(screen: ActingScreen, rows: Sequence[QueueRow]) -> None:
    """Preview all marked rows, ask once, queue what may go."""
    desk = mail_desk(screen.house.settings)
    ids = [row.id for row in rows]
    drafts = await screen.background(screen.house.read, preview_all, desk, ids, screen.mail_kind, deadline=30.0)
    shown = RoundScreen(rows, drafts, screen.at, screen.title_rights())
    if not await screen.app.push_screen_wait(shown):
        return
    going = [i for i in ids if drafts[i].refusal is None]
    screen.say(_("Poniendo en cola…"))
    done = await screen.background(send_all, screen.house, desk, going, screen.mail_kind, deadline=120.0, lane=ACTS)
    for row in rows:
        if row.id in done.queued:
            screen.acted(row, _("en cola"), screen.place == "followup")
    text = ngettext("{n} mensaje en cola para salir.", "{n} mensajes en cola para salir.", len(done.queued))
    text = text.format(n=len(done.queued))
    if done.refused:
        screen.say_error(
            f"{text} " + _("{n} no: {why}").format(n=len(done.refused), why=next(iter(done.refused.values())))
        )
    else:
        screen.say(text)
    screen.unmark()
    screen.reload()


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


class RoundScreen(BoxesScreen[bool]):
    """The messages of a round: who gets one, who does not and why, and how the first one reads."""

    shows_role: ClassVar[bool] = False

    def __init__(
        self, rows: Sequence[QueueRow], drafts: Mapping[int, Draft], at: Moment, rights: Sequence[Line]
    ) -> None:
        super().__init__()
        self._going = sum(1 for d in drafts.values() if d.refusal is None)
        self._rights = rights
        self._page = Page(round_lines(rows, drafts, at))
        self.frame: Frame[Any] = Frame(self._page, filters=False, totals=False, details=False)

    def on_mount(self) -> None:
        """Show it."""
        title = ngettext("{n} mensaje", "{n} mensajes", self._going).format(n=self._going)
        self.frame.title.show(f"{_('RECORDATORIOS')} · {title}", *self._rights)
        if self._going:
            self.frame.status.hint(_("El envío no se puede deshacer."))
            self.frame.keys.set_keys(
                [Key("Enter", _("enviar a todos")), Key("↑↓", _("mover")), Key("Esc", _("no enviar"))]
            )
        else:
            self.frame.status.error(_("Ninguno puede salir."))
            self.frame.keys.set_keys([Key("Esc", _("volver"))])
        self._page.focus()

    def on_key(self, event: events.Key) -> None:
        """``Enter`` sends to all, ``Esc`` to nobody."""
        if event.key in ("enter", "escape"):
            event.stop()
            self.dismiss(event.key == "enter" and self._going > 0)


def round_lines(rows: Sequence[QueueRow], drafts: Mapping[int, Draft], at: Moment) -> list[Line]:
    """Who gets a message, who gets none and why, and the first message whole."""
    going = [row for row in rows if drafts[row.id].refusal is None]
    left = [row for row in rows if drafts[row.id].refusal is not None]
    lines: list[Line] = [[(" " + _("SALEN"), "atenuado")]]
    for row in going:
        draft = drafts[row.id]
        when = f"{show_day(row.day, at.today) if row.day else ''} {clock_text(row)}"
        kinds = {"update": _("nueva fecha"), "cancel": _("anulación")}
        other = f"  {kinds[draft.kind]}" if draft.kind in kinds else ""
        lines.append(f"  {pad(when, 11)}  {pad(name(row), 26)}  {draft.recipient}{other}")
    if not going:
        lines.append("  " + _("Ninguno."))
    if left:
        lines.append([(" " + _("NO SALEN"), "atenuado")])
        lines += [[("  ✗ ", "peligro"), f"{pad(name(row), 20)}  {drafts[row.id].refusal}"] for row in left]
    if going:
        lines.append([(" " + _("ASÍ SALE EL PRIMERO"), "atenuado")])
        first = drafts[going[0].id]
        lines += [f"  {_('Asunto')}  {first.subject}", *(f"  {line}" for line in first.text.split("\n"))]
    return lines


def clock_text(row: QueueRow) -> str:
    """The hour of an appointment, nothing where the DMS tells only the day."""
    return clock(row.when) if isinstance(row.when, datetime) else ""


def reminder_lines(draft: Draft, at: Moment) -> list[Line]:
    """Head of the message, its text, earlier sends."""
    lines: list[Line] = ["", f" {_('Para '):<11}{draft.recipient or '—':<28}{_('De')}  {draft.sender}",
                         f" {_('Asunto'):<11}{draft.subject}",
                         f" {_('Adjunto'):<11}" + draft.attachment,
                         f" {_('Plantilla'):<11}{draft.template_line}", "",
                         [(" " + _("TEXTO"), "atenuado")]]  # fmt: skip
    lines += [f" {line}" for line in draft.text.split("\n")]
    lines.append([(" " + _("FIN"), "atenuado")])
    if not draft.earlier:
        lines.append(" " + _("Sin envíos anteriores. Si el turno se anula antes de salir, no sale."))
    for sent in draft.earlier:
        when = at.local(sent.at) if sent.at else None
        stamp = f"{show_day(when.date(), at.today)} {clock(when)}" if when else "—"
        error = f" · {error_words(sent.error)}" if sent.error else ""
        lines.append(f" {stamp}  {_(STATES.get(sent.state, sent.state))}{error}")
    return lines
