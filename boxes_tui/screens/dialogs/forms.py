"""The small forms under a list: discard, reschedule, appointment sold, opportunity, note, undo (SCREENS §3).

Each dismisses with a plain draft (a dict of what was typed) that the screen turns into a command; ``Esc`` leaves and keeps
what was typed, since every keystroke is told to ``keep``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from textual import events
from textual.widget import Widget

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain.dispositions import REASON_BY_KEY
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.readings import date_reading
from boxes_tui.screens.dialogs.reasons import reason_lines
from boxes_tui.screens.row_text import Moment, first_name
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.fields import ChoiceField, TextField
from boxes_tui.widgets.panel import BottomPanel, Text
from boxes_tui.widgets.safe import Line

Draft = dict[str, Any]
Look = Callable[[], Awaitable[str]]
Keep = Callable[[Mapping[str, str]], None]
LABEL = 13


class Form(BottomPanel[Draft]):
    """Fields one under another: ``Tab`` goes on, ``Enter`` accepts, ``Esc`` leaves."""

    AUTO_FOCUS = ""

    def __init__(
        self, title: str, *, lines: int, keep: Keep | None = None, draft: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.lines = lines
        self._title, self._keep = title, keep
        self.draft = dict(draft or {})
        self.fields: list[TextField | ChoiceField] = []
        self.said: Line = ""
        """What the act before this form has saved."""
        self.look: Look | None = None
        self.shown = ""
        """What ``look`` read when the form opened: the value that the act changes, as people read it."""
        self.again: Draft | None = None
        """What was accepted and is asked again, since others or the DMS changed that value meanwhile."""

    def field(self, name: str, label: str, value: str = "", **options: Any) -> TextField:
        """A text field that the draft knows by ``name``."""
        made = TextField(
            label, self.draft.get(name, value), label_width=LABEL, id=name,
            on_change=lambda text: self._changed(name, text), **options,
        )  # fmt: skip
        self.fields.append(made)
        return made

    def choice(
        self, name: str, label: str, choices: tuple[tuple[str, str], ...], value: str | None = None
    ) -> ChoiceField:
        """A choice that the draft knows by ``name``."""
        codes = {code for code, _label in choices}
        kept = self.draft.get(name, value)
        made = ChoiceField(
            label, choices, kept if kept in codes else None, label_width=LABEL, id=name,
            on_change=lambda code: self._changed(name, code),
        )  # fmt: skip
        self.fields.append(made)
        return made

    def _changed(self, name: str, text: str) -> None:
        self.draft[name] = text
        if self._keep is not None:
            self._keep(self.draft)

    def on_mount(self) -> None:
        """Begin (subclasses override :meth:`begin`: Textual calls every ``on_mount`` of a class's line)."""
        self.begin()

    def begin(self) -> None:
        """Begin in the first field."""
        self.rule.show([(self._title, "acento")])
        tab = [Key("Tab", _("campo"))] if len(self.fields) > 1 else []
        back = _("volver") if self._keep is None else _("volver (lo escrito queda)")
        self.keys.set_keys([Key("Enter", self.accepts()), *tab, Key("Esc", back)])
        self.set_focus(self.first_field())
        if self.said:
            self.status.ok(self.said)

    def accepts(self) -> str:
        """What ``Enter`` does."""
        return _("guardar")

    def first_field(self) -> TextField | ChoiceField | None:
        """Where typing begins; None where keys are answers at once."""
        return self.fields[0] if self.fields else None

    def on_key(self, event: events.Key) -> None:
        """``Tab`` and arrows go from field to field, ``Enter`` accepts."""
        if event.key in ("tab", "down", "shift+tab", "up") and self.fields:
            step = 1 if event.key in ("tab", "down") else -1
            focused = [n for n, f in enumerate(self.fields) if f.has_focus]
            self.set_focus(self.fields[((focused[0] if focused else -step) + step) % len(self.fields)])
        elif event.key == "enter":
            self.accept()
        else:
            return
        event.stop()
        event.prevent_default()

    def accept(self) -> None:
        """Check the fields and leave with the draft."""
        for item in self.fields:
            if isinstance(item, TextField):
                fine, said = item.reading
                if item.value.strip() and not fine:
                    item.set_error(said)
                    self.set_focus(item)
                    return
        self.finish({f.id or "": f.value for f in self.fields})

    def finish(self, draft: Draft) -> None:
        """Leave with the draft; where the value under the form is another by now, show both and ask once more."""
        if self.look is None:
            self.dismiss(draft)
        elif not self._verbs:
            self.run_worker(self._looking(self.look, draft, self.hold_keys()), exit_on_error=True)

    async def _looking(self, look: Look, draft: Draft, end: Callable[[], None]) -> None:
        was, now = self.shown, await look()
        if not now or not was or now == was:
            end()
            self.dismiss(draft)
            return
        self.shown, self.again = now, draft
        self.drop_keys()
        self.status.warn(_("era {was}, ahora {now}. [Enter] guarda igual").format(was=was, now=now))
        end()

    def require(self, field_: TextField, text: str) -> bool:
        """False, with the sentence on the field, where it is empty."""
        if field_.value.strip():
            return True
        field_.set_error(text)
        self.set_focus(field_)
        return False


class DateForm(Form):
    """One date with its reading: reschedule, appointment sold, the time of a delivery."""

    def __init__(
        self, title: str, label: str, at: Moment, *, with_time: bool, foot: tuple[Line, ...], holidays: frozenset[object],
        keep: Keep | None = None, draft: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(title, lines=10, keep=keep, draft=draft)
        self.when = self.field("when", label, read=date_reading(at.now, with_time=with_time, holidays=holidays))
        self.when.label_width = max(LABEL, len(label) + 1)
        self._foot = foot

    def compose_body(self) -> Iterator[Widget]:
        """The date and what follows from it."""
        yield Text("")
        yield self.when
        yield Text("", *self._foot)

    def accept(self) -> None:
        """A date is needed."""
        if self.require(self.when, _("Falta la fecha. Ejemplos: 12/5, mañana, lu 15:30.")):
            super().accept()


class ReasonForm(Form):
    """*Descartar*: one key is the reason; ``owner`` asks who has the unit that was sold."""

    DEFAULT_CSS = "ReasonForm PanelBlank { display: none; }"

    def __init__(
        self, title: str, *, owner: bool = False, keep: Keep | None = None, draft: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(title, lines=12, keep=keep, draft=draft)
        self.text = self.field("text", _("Otro:"))
        self._owner, self._reason = owner, "other"

    def compose_body(self) -> Iterator[Widget]:
        """The reasons and the text of *otro*."""
        yield Text("", *reason_lines(), "")
        yield self.text
        yield Text("", _("La oportunidad se cierra; el motivo es obligatorio."))

    def begin(self) -> None:
        """Keys are reasons at once."""
        super().begin()
        self.keys.set_keys([Key("1-0", _("motivo y siguiente")), Key("o", _("otro")), Key("Esc", _("no descartar"))])

    def first_field(self) -> None:
        """Keys are reasons."""

    def on_key(self, event: events.Key) -> None:
        """A reason's key, or the text of *otro*."""
        reason = None if self.text.has_focus else REASON_BY_KEY.get(event.character or "")
        if reason is not None:
            event.stop()
            event.prevent_default()
            self._reason = reason.code
            if reason.needs_text or (self._owner and reason.code == "vehicle_sold"):
                self._ask_words(reason.needs_text)
            else:
                self.finish({"reason": reason.code, "text": ""})
        elif self.text.has_focus:
            super().on_key(event)
        elif event.key == "enter":
            event.stop()
            if self.again is not None:
                self.finish(self.again)
            else:
                self.status.error(_("Falta el motivo. [1-0]"))

    def accept(self) -> None:
        """*Otro* needs its text."""
        if self._reason != "other" or self.require(self.text, _("Falta el texto.")):
            self.finish({"reason": self._reason, "text": self.text.value})

    def _ask_words(self, needed: bool) -> None:
        self.text.label = _("Otro:") if needed else _("La tiene")
        self.text.set_note("" if needed else _("quién tiene ahora la unidad; puede quedar vacío"))
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Esc", _("no descartar"))])
        self.set_focus(self.text)


class NoteForm(Form):
    """A note or the comment of a confirmation."""

    def __init__(
        self, title: str, foot: str, *, keep: Keep | None = None, draft: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(title, lines=8, keep=keep, draft=draft)
        self.text = self.field("text", "")
        self.text.label_width = 0
        self._foot = foot

    def compose_body(self) -> Iterator[Widget]:
        """The text and where it stays."""
        yield self.text
        yield Text(self._foot)

    def accept(self) -> None:
        """A note has text."""
        if self.require(self.text, _("Falta el texto.")):
            super().accept()


class AskForm(Form):
    """A question with the safe answer on ``Esc``: undo, steal, what cannot be undone."""

    def __init__(
        self, title: str, lines: tuple[Line, ...], question: str, yes: str, no: str = "", *, allowed: bool = True
    ) -> None:
        super().__init__(title, lines=max(8, len(lines) + 7))
        self._lines, self._question, self._yes, self._no, self._allowed = lines, question, yes, no or _("no"), allowed

    def compose_body(self) -> Iterator[Widget]:
        """What would happen."""
        yield Text("", *self._lines)

    def begin(self) -> None:
        """Ask."""
        super().begin()
        keys = [Key("Enter", self._yes)] if self._allowed else []
        self.keys.set_keys([*keys, Key("Esc", self._no)])
        self.status.hint(self._question)

    def accept(self) -> None:
        """Yes."""
        if self._allowed:
            self.dismiss({"yes": "1"})


def undo_lines(found: Any, at: Moment) -> tuple[Line, ...]:
    """What the undo form says of an act (a ``desk.undo.Preview``)."""
    when = at.local(found.at)
    day = _("hoy") if when.date() == at.today else show_day(when.date(), at.today)
    who = first_name(found.user or "—")
    lines: list[Line] = [f"{found.title} · {day} {clock(when)} · {who}", ""]
    lines += list(found.lines[:4])
    changed = ", ".join(found.changed) or _("nada")
    lines.append(_("Cambió después: {what}").format(what=changed))
    if found.refusal:
        lines += ["", [(found.refusal, "peligro")]]
    return tuple(lines)


def due_text(row: QueueRow, at: Moment) -> str:
    """The day and hour of an opportunity as its forms show it."""
    if isinstance(row.when, datetime):
        return f"{show_day(row.when.date(), at.today)} {clock(row.when)}"
    return show_day(row.day, at.today) if row.day else "—"
