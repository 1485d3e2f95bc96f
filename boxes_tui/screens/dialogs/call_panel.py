"""The call panel over any row: one digit is one outcome and the next customer (PRODUCT §5, SCREENS §3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from textual import events
from textual.containers import Vertical
from textual.widget import Widget

from boxes_tui.data.commands import ActResult
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.sheet import Sheet
from boxes_tui.domain.dispositions import BY_DIGIT, REASON_BY_KEY, Disposition
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.dialling import can_dial, dial, scheme_of
from boxes_tui.screens.dialogs import call_text
from boxes_tui.screens.dialogs.call_forms import LABEL, CallForms, CallMade
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.screens.row_text import Moment
from boxes_tui.widgets.fields import ChoiceField, TextField
from boxes_tui.widgets.panel import Text
from boxes_tui.widgets.safe import Line

Send = Callable[[LogCall], Awaitable[ActResult | None]]


class CallPanel(CallForms):
    """Telephones, script, last call, note, outcomes. ``send`` records a call (None = it waits on this machine and is sent
    by itself); ``keep_note`` is told the note at every keystroke."""

    lines = 17
    AUTO_FOCUS = ""
    """Nothing has the focus at first: digits are outcomes."""

    DEFAULT_CSS = """
    CallPanel #outcomes, CallPanel #form { height: 14; overflow: hidden; }
    CallPanel #form { display: none; }
    CallPanel PanelBlank { display: none; }
    """

    def __init__(
        self, row: QueueRow, at: Moment, send: Send, *, queue: str, why: str = "", note: str = "",
        keep_note: Callable[[str], None] | None = None, holidays: frozenset[object] = frozenset(),
    ) -> None:  # fmt: skip
        super().__init__()
        self.row, self.at, self._send, self._queue = row, at, send, queue
        self._holidays = holidays
        self.sheet: Sheet | None = None
        self.chosen = self._page = 0
        self._reasons = False
        self.included: frozenset[str] = frozenset()
        self.asking: Disposition | None = None
        self.opened_at: datetime = at.session.now
        self._why = why or detail_lines(queue, row, at)[1]
        self._busy = False
        self._unread: tuple[Line, Line] = ("  " + _("Leyendo…"), "")
        self.head = Text("", "", "", "")
        self.last = Text("")
        self.note = TextField(_("Nota"), note, label_width=LABEL, note=_("se guarda sola"), on_change=keep_note)
        self.below = Text(*[""] * 8)
        self.form_head = Text("", "", "", "", "", "")
        self.entry = TextField("", label_width=LABEL)
        self.second = TextField("", label_width=LABEL)
        self.choice = ChoiceField("", (("mine", ""),), label_width=LABEL, focusable=False)
        self.form_foot = Text(*[""] * 7)

    def compose_body(self) -> Iterator[Widget]:
        """The outcomes, and the form of an outcome that asks for more."""
        with Vertical(id="outcomes"):
            yield self.head
            yield self.last
            yield self.note
            yield self.below
        with Vertical(id="form"):
            yield self.form_head
            yield self.entry
            yield self.second
            yield self.choice
            yield self.form_foot

    def on_mount(self) -> None:
        """Digits are outcomes at once: nothing has the focus."""
        self.set_focus(None)
        self._show()

    def show_sheet(self, sheet: Sheet) -> None:
        """The sheet was read."""
        self.sheet = sheet
        good = [n for n, p in enumerate(sheet.phones) if p.wrong_at is None]
        self.chosen = good[0] if good else 0
        self._show()

    def no_sheet(self) -> None:
        """The sheet cannot be read now: the outcome and the note are recorded all the same."""
        self._unread = call_text.unread_lines(self._queue, self.row, self.at)
        if self.is_mounted:
            self._show()

    # -- text --------------------------------------------------------------------------------------

    def _show(self) -> None:
        left, right = call_text.rule_texts(self.row, self.sheet)
        sheet = self.sheet
        if self.asking is not None:
            self.rule.show(f"{_('LLAMADA')} · {(self.row.customer or '—').upper()}",
                           [(f"{self.asking.digit} {_(self.asking.label)}", "acento")])  # fmt: skip
            return
        self.rule.show(left, right)
        if sheet is None:
            self.head.show(*self._unread, "", "")
        else:
            self.head.show(
                *call_text.head_lines(sheet, self.chosen, self._page, scheme_of(getattr(self.app, "house", None)))
            )
            self.last.show(call_text.last_line(sheet, self.at))
        kind = sheet.type if sheet else ""
        also = call_text.also_lines(sheet.others, self.included, self.at) if sheet else []
        if sheet is not None and not sheet.verdict.allowed:
            also = [
                [("✗ " + sheet.verdict.sentence + " ", "peligro"), ("[i]", "acento"), " " + _("por qué")],
                *also[:1],
            ]
        if sheet is not None and self._reasons:
            self.below.show(*call_text.reason_lines(sheet))
        else:
            self.below.show("", *call_text.outcome_lines(self.at, kind), "", *[*also, "", ""][:2])
        self.status.hint([(_("Por qué ahora:"), "atenuado"), f" {self._why}"])
        self._show_keys()

    def _show_keys(self) -> None:
        self.keys.set_keys(call_text.panel_keys(self.note.has_focus, self._dials()))

    # -- keys --------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Digits outside the note; ``Enter`` and ``Tab`` in forms."""
        if self.asking is not None:
            handled = self._form_key(event)
        elif self.note.has_focus:
            handled = event.key == "enter"
            if handled:
                self._leave_note()
        else:
            handled = self._outcome_key(event)
        if handled:
            event.stop()
            event.prevent_default()

    def _outcome_key(self, event: events.Key) -> bool:
        if event.character and event.character in BY_DIGIT:
            self._choose(BY_DIGIT[event.character])
        elif event.key in ("up", "down"):
            count = len(self.sheet.phones) if self.sheet else 0
            self.chosen = max(0, min(self.chosen + (1 if event.key == "down" else -1), count - 1))
            self._show()
        elif event.key in ("pageup", "pagedown"):
            self._page = max(0, self._page + (1 if event.key == "pagedown" else -1))
            self._show()
        elif event.character in ("N", "n"):
            self.note.focus()
            self.call_after_refresh(self._show_keys)
        elif event.key == "space" and self.sheet and self.sheet.others:
            refs = frozenset(o.ref for o in self.sheet.others)
            self.included = frozenset() if self.included else refs
            self._show()
        elif event.character == "w":
            self._whatsapp()
        elif event.character == "M" and self._dials():
            self._dial()
        elif event.character == "i":
            self._reasons = not self._reasons
            self._show()
        else:
            return False
        return True

    def action_leave(self) -> None:
        """``Esc``: from the form back to the outcomes, from the note out of it, else leave; the note is kept."""
        if self.asking is not None:
            self._ask(None)
        elif self.note.has_focus:
            self._leave_note()
        else:
            self.dismiss(None)

    def _leave_note(self) -> None:
        self.set_focus(None)
        self._show_keys()

    def _whatsapp(self) -> None:
        phone = self._phone()
        if phone is None or phone.whatsapp is None:
            self.status.error(_("Ese teléfono no admite WhatsApp."))
            return
        from boxes_tui.screens.links import offer_link

        self.run_worker(offer_link(self, self.row, phone.e164 or phone.raw), exit_on_error=False)

    def _dials(self) -> bool:
        return can_dial(getattr(self.app, "house", None))

    def _dial(self) -> None:
        phone = self._phone()
        if phone is None:
            self.status.error(_("Sin teléfono que se pueda marcar."))
            return
        self.run_worker(dial(self.app, self.status, self.row.ref, phone), exit_on_error=False)

    def _phone(self) -> Any:
        phones = self.sheet.phones if self.sheet else ()
        return phones[self.chosen] if self.chosen < len(phones) else None

    # -- outcomes ----------------------------------------------------------------------------------

    def _choose(self, outcome: Disposition) -> None:
        courtesy = self.sheet is not None and self.sheet.type == "courtesy"
        if outcome.asks or (outcome.code == "attended" and courtesy):
            self._ask(outcome)
        else:
            self._record(outcome)

    def _ask(self, outcome: Disposition | None) -> None:
        """Open the form of an outcome, or go back to the outcomes."""
        self.asking = outcome
        self.query_one("#outcomes").display = outcome is None
        self.query_one("#form").display = outcome is not None
        self.status.clear()
        if outcome is None:
            self.set_focus(None)
            self._show()
            return
        self._show()
        phone = self._phone()
        line = call_text.phone_line(phone, True) if phone else ""
        note: Any = [f"{_('Nota')} «{self.note.value}»" if self.note.value else "", ("", "atenuado")]
        self.form_head.show(line, note, "", "", "", "")
        getattr(self, f"_form_{outcome.asks or 'score'}")()
        if outcome.asks != "reason":
            self.status.hint(_("Enter guarda y pasa al siguiente"))
            self.entry.focus()

    def _form_key(self, event: events.Key) -> bool:
        outcome = self.asking
        assert outcome is not None
        if outcome.asks == "reason" and not self.second.has_focus:
            return self._reason_key(event, outcome)
        if event.key in ("tab", "shift+tab"):
            if self.choice.display:
                self.choice.cycle()
            elif self.second.display:
                (self.second if self.entry.has_focus else self.entry).focus()
            return True
        if event.key == "enter":
            self._submit(outcome)
            return True
        return False

    def _reason_key(self, event: events.Key, outcome: Disposition) -> bool:
        reason = REASON_BY_KEY.get(event.character or "")
        if reason is None:
            return False
        if reason.needs_text:
            self.second.display, self.second.label = True, _("Otro")
            self.second.value = ""
            self.second.focus()
            return True
        self._record(outcome, reason=reason.code)
        return True

    def _submit(self, outcome: Disposition) -> None:
        text = self.entry.value.strip()
        asks = outcome.asks or "score"
        if asks in ("when", "due", "sold_at"):
            known = call_text.existing_appointment(self.sheet.others, self.row) if self.sheet else None
            if asks == "sold_at" and self.choice.display and self.choice.value == "same" and known is not None:
                self._record(outcome, at=known.when)
                return
            fine, said = self.entry.reading if text else (False, _("Falta la fecha. Ejemplos: 12/5, mañana, lu 15:30."))
            if not fine:
                self.entry.set_error(said)
                return
            if asks == "due":
                self._record(outcome, due=text)
            else:
                self._record(outcome, at=text, mine=self.choice.value != "anyone" if asks == "when" else True)
        elif asks == "block":
            self._record(outcome, tampoco=self.choice.value == "operational")
        elif asks == "reason":
            if not self.second.value.strip():
                self.second.set_error(_("Falta el texto."))
                return
            self._record(outcome, reason="other", extra=self.second.value)
        else:
            self._submit_score(outcome, text)

    def _submit_score(self, outcome: Disposition, text: str) -> None:
        if text and not (text.isascii() and text.isdigit() and int(text) <= 10):
            self.entry.set_error(_("El puntaje va de 0 a 10."))
            return
        self._record(outcome, score=int(text) if text else None, incident=self.second.value.strip() or None)

    def _record(self, outcome: Disposition, *, extra: str = "", **asked: Any) -> None:
        if self._busy:
            return
        self._busy = True
        phone = self._phone()
        note = " · ".join(x for x in (extra.strip(), self.note.value.strip()) if x)
        command = LogCall(
            self.row.ref, outcome.code, note or None, phone_id=phone.id or None if phone else None,
            also=tuple(sorted(self.included)), opened_at=self.opened_at, **asked,
        )  # fmt: skip
        self.under_way()
        self.run_worker(self._sending(outcome, command), exit_on_error=True)

    async def _sending(self, outcome: Disposition, command: LogCall) -> None:
        try:
            result = await self._send(command)
        except BoxesError as error:
            self.status.error(str(error))
            return
        finally:
            self._busy = False
            self.came_to_its_end()
        if outcome.code == "wrong_number" and result is not None and self._next_phone():
            self.status.ok(_("Se marcó mal ese teléfono. Sigue con el próximo."))
            return
        self.dismiss(CallMade(self.row, outcome, result))

    def _next_phone(self) -> bool:
        """Mark the phone here too and go to the next good one; False when there is none."""
        if self.sheet is None:
            return False
        phones = list(self.sheet.phones)
        if self.chosen < len(phones):
            phones[self.chosen] = replace(phones[self.chosen], wrong_at=self.at.session.now)
        self.sheet = replace(self.sheet, phones=tuple(phones))
        good = [n for n, p in enumerate(phones) if p.wrong_at is None]
        if not good:
            return False
        self.chosen = good[0]
        self.row = replace(self.row, attempts=self.row.attempts + 1)
        self.note.value = ""
        self._show()
        return True
