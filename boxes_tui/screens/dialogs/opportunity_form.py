"""*Crear oportunidad* under a list or a card (PRODUCT §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from textual.widget import Widget

from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.forms import Form, Keep
from boxes_tui.screens.dialogs.readings import date_reading
from boxes_tui.screens.row_text import Moment
from boxes_tui.widgets.panel import Text


class OpportunityForm(Form):
    """*Crear oportunidad*, prefilled with the predicted due date and its arithmetic; the odometer corrects it live."""

    DEFAULT_CSS = "OpportunityForm PanelBlank { display: none; }"

    def __init__(
        self, title: str, at: Moment, suggest: Callable[[int | None], tuple[str, str, tuple[str, ...]]], km: str,
        agents: tuple[tuple[str, str], ...], *, holidays: frozenset[object], warning: str = "", keep: Keep | None = None,
        draft: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(title, lines=15, keep=keep, draft=draft)
        self._suggest, self._warning = suggest, warning
        about, due, lines = suggest(_number(km))
        self.about = self.field("about", _("Motivo"), about)
        self.due = self.field(
            "due", _("Vence"), due, width=19, read=date_reading(at.now, with_time=False, holidays=holidays)
        )
        self.hour = self.field("hour", _("Hora"), "", width=19, note=_("opcional"))
        self.whom = self.choice("assigned", _("Para"), agents)
        self.km = self.field("km", _("Km actuales"), km, width=19, note=_("al escribir se recalcula"))
        self.arithmetic = Text(*(list(lines) + [""] * 4)[:4])
        self._touched = "due" in self.draft

    def compose_body(self) -> Iterator[Widget]:
        """Fields, the arithmetic, and whether one is open already."""
        yield from (self.about, self.due, self.hour, self.whom, self.km, Text(""), self.arithmetic)
        yield Text(
            "", [(self._warning, "hoy")] if self._warning else _("Esta unidad no tiene otra oportunidad abierta.")
        )

    def _changed(self, name: str, text: str) -> None:
        super()._changed(name, text)
        if name == "due":
            self._touched = True
        if name == "km":
            about, due, lines = self._suggest(_number(text))
            self.arithmetic.show(*(list(lines) + [""] * 4)[:4])
            if not self._touched:
                self.due.value = due
            if about and not self.draft.get("about"):
                self.about.value = about

    def accept(self) -> None:
        """What and when are needed; the hour goes with the day."""
        if not self.require(self.about, _("Falta el motivo.")) or not self.require(self.due, _("Falta la fecha.")):
            return
        super().accept()


def _number(text: str) -> int | None:
    digits = "".join(ch for ch in text if ch.isdigit())
    return int(digits) if digits and len(digits) < 8 else None
