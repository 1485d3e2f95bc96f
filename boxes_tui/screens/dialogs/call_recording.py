"""What an outcome becomes: the draft at every key, the command, the next telephone (PRODUCT §5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from boxes_tui.data.commands import ActResult
from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.standing import Contradicted
from boxes_tui.domain.dispositions import Disposition
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs import call_text
from boxes_tui.screens.dialogs.call_forms import CallMade
from boxes_tui.screens.dialogs.call_question import CallQuestion
from boxes_tui.widgets.fields import TextField

Send = Callable[[LogCall], Awaitable[ActResult | None]]


class CallRecording(CallQuestion):
    """The panel's memory of what is typed, and the recording of an outcome."""

    note: TextField
    included: frozenset[str]
    opened_at: datetime
    chosen: int
    typed: dict[str, str]
    _send: Send
    _keep: Callable[[Mapping[str, str]], None] | None
    _leaving: Callable[[], object] | None
    _busy: bool

    def _show(self) -> None:
        raise NotImplementedError

    # -- what is typed -----------------------------------------------------------------------------

    def keep(self, **typed: str) -> None:
        """Put what is typed into the journal, with the outcome whose form it belongs to."""
        self.typed |= typed
        if self.asking is not None:
            self.typed["asked"] = self.asking.code
        words = any(self.typed.get(name, "").strip() for name in ("text", "entry", "second"))
        if self._keep is not None:
            self._keep(self.typed if words else {})

    def _fill(self, outcome: Disposition) -> None:
        """What was typed into this outcome's form before."""
        if self.typed.get("asked") != outcome.code:
            self.typed.pop("entry", None), self.typed.pop("second", None)
            return
        self.entry.value = self.typed.get("entry", "") if self.entry.display else ""
        self.second.value = self.typed.get("second", "") if self.second.display else ""

    def _phone(self) -> Any:
        phones = self.sheet.phones if self.sheet else ()
        return phones[self.chosen] if self.chosen < len(phones) else None

    # -- recording ---------------------------------------------------------------------------------

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
            self._submit_reason(outcome, self.second.value.strip())
        else:
            self._submit_score(outcome, text)

    def _submit_reason(self, outcome: Disposition, text: str) -> None:
        assert self.reason is not None
        if not self.reason.needs_text:
            self._record(outcome, reason=self.reason.code, new_owner=text or None)
        elif text:
            self._record(outcome, reason=self.reason.code, extra=text)
        else:
            self.second.set_error(_("Falta el texto."))

    def _submit_score(self, outcome: Disposition, text: str) -> None:
        if text and not (text.isascii() and text.isdigit() and int(text) <= 10):
            self.entry.set_error(_("El puntaje va de 0 a 10."))
            return
        self._record(outcome, score=int(text) if text else None, incident=self.second.value.strip() or None)

    def _record(self, outcome: Disposition, *, extra: str = "", **asked: Any) -> None:
        phone = self._phone()
        note = " · ".join(x for x in (extra.strip(), self.note.value.strip()) if x)
        command = LogCall(
            self.row.ref, outcome.code, note or None, phone_id=phone.id or None if phone else None,
            also=tuple(sorted(self.included)), opened_at=self.opened_at,
            seen=self.sheet.standing if self.sheet else None, **asked,
        )  # fmt: skip
        self.send(outcome, command)

    def send(self, outcome: Disposition, command: LogCall) -> None:
        """Record a call, one at a time."""
        if self._busy:
            return
        self._busy = True
        self.status.ok(_("Guardando…"))
        self.under_way()
        self.run_worker(self._sending(outcome, command), exit_on_error=True)

    async def _sending(self, outcome: Disposition, command: LogCall) -> None:
        try:
            result = await self._send(command)
        except Contradicted as error:
            self.drop_keys()
            self.contradicted(outcome, command, error)
            return
        except BoxesError as error:
            self.drop_keys()
            self.status.error(str(error))
            return
        finally:
            self._busy = False
            self.came_to_its_end()
        if outcome.code == "wrong_number" and result is not None and self._next_phone():
            self.status.ok(_("Se marcó mal ese teléfono. Sigue con el próximo."))
            return
        if self._leaving is not None:
            self._leaving()
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
        self.keep(text="")
        self._show()
        return True
