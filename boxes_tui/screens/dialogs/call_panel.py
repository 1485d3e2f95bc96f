"""The call panel over any row: one digit is one outcome and the next customer (PRODUCT §5, SCREENS §3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from textual import events
from textual.containers import Vertical
from textual.widget import Widget

from boxes_tui.clock import monotonic
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.sheet import Sheet
from boxes_tui.domain.dispositions import BY_DIGIT, REASON_BY_KEY, Disposition
from boxes_tui.i18n import _
from boxes_tui.screens.dialling import can_dial, dial, scheme_of
from boxes_tui.screens.dialogs import call_text
from boxes_tui.screens.dialogs.call_forms import LABEL
from boxes_tui.screens.dialogs.call_recording import CallRecording, Send
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.screens.row_text import Moment
from boxes_tui.widgets.fields import ChoiceField, TextField
from boxes_tui.widgets.panel import Text
from boxes_tui.widgets.safe import Line


class CallPanel(CallRecording):
    """Telephones, script, last call, note, outcomes. ``send`` records a call (None = it waits on this machine and is sent
    by itself); ``keep`` is told everything typed at every keystroke, ``draft`` what was typed before; ``leaving`` is given where
    *siguiente* chose the customer, and called before the panel makes way for the next one's."""

    lines = 17
    AUTO_FOCUS = ""
    """Nothing has the focus at first: digits are outcomes."""

    DEFAULT_CSS = """
    CallPanel #outcomes, CallPanel #form { height: 14; overflow: hidden; }
    CallPanel #form { display: none; }
    CallPanel PanelBlank { display: none; }
    """

    def __init__(
        self, row: QueueRow, at: Moment, send: Send, *, queue: str, why: str = "", draft: Mapping[str, str] | None = None,
        keep: Callable[[Mapping[str, str]], None] | None = None, holidays: frozenset[object] = frozenset(),
        leaving: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.row, self.at, self._send, self._queue = row, at, send, queue
        self._holidays, self._leaving = holidays, leaving
        self._shown_at = math.inf
        self.sheet: Sheet | None = None
        self.chosen = self._page = 0
        self._reasons = False
        self.included: frozenset[str] = frozenset()
        self.asking: Disposition | None = None
        self.opened_at: datetime = at.session.now
        self._changed = ""
        self._why = why or detail_lines(queue, row, at)[1]
        self._busy = False
        self._unread: tuple[Line, Line] = ("  " + _("Leyendo…"), "")
        self.typed, self._keep = dict(draft or {}), keep
        self.head = Text("", "", "", "")
        self.last = Text("")
        self.note = TextField(
            _("Nota"), self.typed.get("text", ""), note=_("se guarda sola"), on_change=lambda text: self.keep(text=text)
        )
        self.below = Text(*[""] * 8)
        self.form_head = Text("", "", "", "", "", "")
        self.entry = TextField("", label_width=LABEL, on_change=lambda text: self.keep(entry=text))
        self.second = TextField("", label_width=LABEL, on_change=lambda text: self.keep(second=text))
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
        """The sheet was read; on a loaded machine even before the panel is up, which then shows it."""
        self.sheet = sheet
        self._shown_at = monotonic()
        good = [n for n, p in enumerate(sheet.phones) if p.wrong_at is None]
        self.chosen = good[0] if good else 0
        if self.is_mounted:
            self._show()

    def no_sheet(self) -> None:
        """The sheet cannot be read now: the outcome and the note are recorded all the same."""
        self._unread = call_text.unread_lines(self._queue, self.row, self.at)
        if self.is_mounted:
            self._show()

    # -- text --------------------------------------------------------------------------------------

    def _show(self) -> None:
        left, right = call_text.rule_texts(self.row, self.sheet, self.app.size.width)
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
        self.status.hint(self._hint())
        self._show_keys()

    def _hint(self) -> Any:
        return [(self._changed, "hoy")] if self._changed else [(_("Por qué ahora:"), "atenuado"), f" {self._why}"]

    def meanwhile(self, said: str) -> None:
        """Say what others did to the row while this call goes on; nothing else moves (SCREENS §8)."""
        self._changed = said
        if self.asking is None:
            self.status.hint(self._hint())

    def _show_keys(self) -> None:
        self.keys.set_keys(call_text.panel_keys(self.focused is self.note, self._dials()))

    # -- keys --------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Digits outside the note; ``Enter`` and ``Tab`` in forms."""
        if self.question is not None:
            handled = self.question_key(event)
        elif self.asking is not None:
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
            if self._leaving is not None and event.time < self._shown_at:
                # nobody has called a customer whose card was not there yet
                self.status.warn(_("Ese dígito llegó antes que esta ficha: no se tomó."))
                return True
            self._choose(BY_DIGIT[event.character])
        elif event.key in ("up", "down"):
            count = len(self.sheet.phones) if self.sheet else 0
            self.chosen = max(0, min(self.chosen + (1 if event.key == "down" else -1), count - 1))
            self._show()
        elif event.key in ("pageup", "pagedown"):
            self._page = max(0, self._page + (1 if event.key == "pagedown" else -1))
            self._show()
        elif event.character in ("N", "n"):
            self.set_focus(self.note)
            self._show_keys()
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
        """``Esc``: from the question back, from the form to the outcomes, from the note out of it, else leave; the note is
        kept."""
        if self.question is not None:
            self.end_question()
        elif self.asking is not None:
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
        self._fill(outcome)
        if outcome.asks != "reason":
            self.status.hint(_("Enter guarda y pasa al siguiente"))
            self.set_focus(self.entry if self.entry.display else None)

    def _form_key(self, event: events.Key) -> bool:
        outcome = self.asking
        assert outcome is not None
        if outcome.asks == "reason" and not self.second.has_focus:
            return self._reason_key(event, outcome)
        if event.key in ("tab", "shift+tab"):
            if self.choice.display:
                self.choice.cycle()
            elif self.second.display:
                self.set_focus(self.second if self.entry.has_focus else self.entry)
            return True
        if event.key == "enter":
            self._submit(outcome)
            return True
        return False

    def _reason_key(self, event: events.Key, outcome: Disposition) -> bool:
        reason = REASON_BY_KEY.get(event.character or "")
        if reason is None:
            return False
        if reason.needs_text or reason.code == "vehicle_sold":
            self._ask_words(reason)
            self._fill(outcome)
            self.set_focus(self.second)
            return True
        self._record(outcome, reason=reason.code)
        return True
