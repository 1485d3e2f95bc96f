"""The forms of the call panel: what an outcome asks for (PRODUCT §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from boxes_tui.data.commands import ActResult
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.sheet import Sheet
from boxes_tui.domain.dispositions import Disposition, Reason
from boxes_tui.domain.formats import clock, show_day
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs import call_text
from boxes_tui.screens.dialogs.readings import date_reading
from boxes_tui.screens.dialogs.reasons import reason_lines
from boxes_tui.screens.row_text import Moment
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.fields import ChoiceField, TextField
from boxes_tui.widgets.panel import BottomPanel, Text

LABEL = 10


@dataclass(frozen=True, slots=True)
class CallMade:
    """What the panel leaves behind: the recorded call, or one that waits on this machine (``result`` None)."""

    row: QueueRow
    disposition: Disposition
    result: ActResult | None


class CallForms(BottomPanel[CallMade]):
    """The fields that the forms share, and each form's words and keys."""

    row: QueueRow
    at: Moment
    sheet: Sheet | None
    entry: TextField
    second: TextField
    choice: ChoiceField
    form_foot: Text
    asking: Disposition | None
    reason: Reason | None = None
    """The reason whose words are being written: *otro*, or who has the unit that was sold."""
    _holidays: frozenset[object]

    def _fields(
        self, entry: str = "", second: str = "", choices: tuple[tuple[str, str], ...] = (), choice: str = ""
    ) -> None:
        width = max(LABEL, len(entry) + 1, len(second) + 1)
        for field_, label in ((self.entry, entry), (self.second, second)):
            field_.display = bool(label)
            field_.label, field_.value = label, ""
            field_.label_width = width
            field_.set_error("")
            field_.set_note("")
            field_._read = None
        self.choice.display = bool(choices)
        if choices:
            self.choice.label, self.choice.choices = choice, choices
            self.choice.label_width = LABEL
            self.choice._value = choices[0][0]
            self.choice.set_note(_("[Tab] cambia"))

    def _form_when(self) -> None:
        self._fields(_("Cuándo"), choices=(("mine", _("mía")), ("anyone", _("cualquiera"))), choice=_("De quién"))
        self.entry._read = date_reading(self.at.now, with_time=False, holidays=self._holidays)
        others = self.sheet.others if self.sheet else ()
        self.form_foot.show("", _("Si nadie la toca 30 min después de su hora, pasa a cualquiera."), "",
                            call_text.has_appointment_line(others, self.at))  # fmt: skip
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Tab", _("mía/cualquiera")),
                            Key("Esc", _("volver a los resultados"))])  # fmt: skip

    def _form_sold_at(self) -> None:
        others = self.sheet.others if self.sheet else ()
        known = call_text.existing_appointment(others, self.row)
        same: tuple[tuple[str, str], ...] = ()
        if known is not None and isinstance(known.when, datetime):
            day = show_day(known.when.date(), self.at.today)
            same = (("other", _("es otro turno")),
                    ("same", _("es el mismo: corregir a {day} {time}").format(day=day, time=clock(known.when))))  # fmt: skip
        self._fields(_("Turno dado en el DMS"), choices=same)
        self.entry._read = date_reading(self.at.now, with_time=True, holidays=self._holidays)
        self.form_foot.show("", _("Se compara con el DMS en cada lectura; hasta ±5 días se acredita a {name}.").format(
            name=self.at.session.name.split(" ")[0]))  # fmt: skip
        keys = [Key("Enter", _("guardar")), Key("Esc", _("volver a los resultados"))]
        self.keys.set_keys([keys[0], Key("Tab", _("cuál")), keys[1]] if same else keys)

    def _form_due(self) -> None:
        self._fields(_("Vence"))
        self.entry._read = date_reading(self.at.now, with_time=False, holidays=self._holidays)
        self.form_foot.show("", _("La oportunidad sigue abierta y vuelve ese día."))
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Esc", _("volver a los resultados"))])

    def _form_block(self) -> None:
        self._fields(
            choices=(("offer", _("sólo ofertas")), ("operational", _("tampoco por turnos"))), choice=_("No llamar")
        )
        self.form_foot.show("", _("Vale enseguida, en todos los canales, para esta persona en todas las colas."))
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Tab", _("sólo ofertas/tampoco por turnos")),
                            Key("Esc", _("volver a los resultados"))])  # fmt: skip

    def _form_score(self) -> None:
        self._fields(_("Puntaje"), _("Incidencia"))
        self.entry._read = lambda text: (
            (True, _("de 0 a 10")) if text.isdigit() and int(text) <= 10 else (False, _("El puntaje va de 0 a 10."))
        )
        self.form_foot.show("", _("Hasta 6, o con una incidencia, se abre un reclamo que vence en 24 h."))
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Tab", _("incidencia")),
                            Key("Esc", _("volver a los resultados"))])  # fmt: skip

    def _ask_words(self, reason: Reason) -> None:
        """The text of a reason: obligatory for *otro*."""
        self.reason = reason
        self.second.display = True
        self.second.label = _("Otro") if reason.needs_text else _("La tiene")
        self.second.set_note("" if reason.needs_text else _("quién tiene ahora la unidad; puede quedar vacío"))
        self.status.hint(_("Enter guarda y pasa al siguiente"))
        self.keys.set_keys([Key("Enter", _("guardar")), Key("Esc", _("volver a los resultados"))])

    def _form_reason(self) -> None:
        self.reason = None
        self._fields()
        self.set_focus(None)
        self.form_foot.show(*reason_lines())
        self.status.hint(_("El motivo es obligatorio."))
        self.keys.set_keys([Key("1-0", _("motivo y siguiente")), Key("o", _("otro")),
                            Key("Esc", _("volver a los resultados"))])  # fmt: skip
