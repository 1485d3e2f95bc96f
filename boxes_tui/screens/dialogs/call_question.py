"""The one question of a call whose row others changed meanwhile, the safe answer first (SCREENS §8)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events
from textual.widget import Widget

from boxes_tui.desk.calls import LogCall
from boxes_tui.desk.standing import Contradicted
from boxes_tui.domain.dispositions import Disposition
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.call_forms import CallForms
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.safe import Part


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the commands that answer it, and what stood there before."""

    said: str
    outcome: Disposition
    answers: tuple[tuple[str, LogCall], ...]
    focus: Widget | None
    keys: tuple[Key, ...]
    chosen: int = 0


class CallQuestion(CallForms):
    """*Ya está confirmado. ▸ Guardar sólo la llamada   Guardar también el cambio*; ``Esc`` goes back to where the panel
    was, with everything typed. No digit answers: one typed ahead was an outcome."""

    question: Question | None = None

    def send(self, outcome: Disposition, command: LogCall) -> None:
        """Record a call."""
        raise NotImplementedError

    def contradicted(self, outcome: Disposition, command: LogCall, error: Contradicted) -> None:
        """Ask in place of the status line."""
        answers = [(_("Guardar sólo la llamada"), replace(command, seen=None, call_only=True))]
        if error.permits:
            answers.append((_("Guardar también el cambio"), replace(command, seen=error.now)))
        self.question = Question(str(error), outcome, tuple(answers), self.focused, self.keys.keys)
        self.set_focus(None)
        self._show_question()

    def _show_question(self) -> None:
        asked = self.question
        assert asked is not None
        parts: list[Part] = [(asked.said + " ", "hoy")]
        for n, (label, _command) in enumerate(asked.answers):
            on = n == asked.chosen
            parts += ["   " if n else "", ("▸ " if on else "", "acento"), (label, "acento" if on else "texto")]
        self.status.warn(parts)
        other = [Key("Tab", _("la otra respuesta"))] if len(asked.answers) > 1 else []
        self.keys.set_keys([Key("Enter", _("guardar")), *other, Key("Esc", _("volver (lo escrito queda)"))])

    def question_key(self, event: events.Key) -> bool:
        """``Enter`` answers, ``Tab`` and arrows choose; everything else but ``Esc`` does nothing."""
        asked = self.question
        assert asked is not None
        if event.key == "enter":
            self.end_question()
            self.send(asked.outcome, asked.answers[asked.chosen][1])
        elif event.key in ("tab", "shift+tab", "left", "right", "up", "down", "space"):
            self.question = replace(asked, chosen=(asked.chosen + 1) % len(asked.answers))
            self._show_question()
        else:
            return event.is_printable
        return True

    def end_question(self) -> None:
        """Back to where the panel was."""
        asked, self.question = self.question, None
        assert asked is not None
        self.status.clear()
        self.keys.set_keys(asked.keys)
        self.set_focus(asked.focus)
