"""The body of the campaign wizard's third step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from textual import events
from textual.widget import Widget

from boxes_tui.desk.campaign_plan import Plan
from boxes_tui.desk.sheet import script_names
from boxes_tui.domain.formats import number
from boxes_tui.i18n import _
from boxes_tui.screens import wizard_text
from boxes_tui.screens.dialogs.readings import date_reading
from boxes_tui.screens.row_text import moment
from boxes_tui.screens.wizard_fields import TYPES
from boxes_tui.screens.wizard_steps import LABEL, Step
from boxes_tui.widgets.fields import ChoiceField, Reading
from boxes_tui.widgets.marks import MarksField
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.panel import Text

if TYPE_CHECKING:
    from boxes_tui.screens.campaign_wizard import WizardScreen

PROCESS = "process"


class PlanStep(Step):
    """3 *Procesar unidades*: name, type, days, agents, script; the dry run below, and in it the line that processes."""

    DEFAULT_CSS = "PlanStep { padding: 1 0 0 0; } PlanStep.-low { padding: 0; }"

    def __init__(self, wizard: WizardScreen) -> None:
        super().__init__(wizard)
        self._scripts: list[str] | None = None
        self.name_ = self.field("name", _("Nombre"), limit=120)
        self.type = ChoiceField(
            _("Tipo"), [(c, _(t)) for c, t in TYPES], label_width=LABEL, id="f-type",
            on_change=lambda code: wizard.changed("type", code),
        )  # fmt: skip
        self.stops.append(self.type)
        self.due = self.field("due", _("Vence"), read=self._reading, width=20)
        self.per_day = self.field(
            "per_day", _("Por día"), width=6, note=_("por día hábil desde ese día; vacío: todas ese día")
        )
        self.agents = MarksField(
            _("Asignar"), (), label_width=LABEL, id="f-agents", note=_("por turno; ninguno: cualquiera"),
            on_change=lambda text: wizard.changed("agents", text),
        )  # fmt: skip
        self.stops.append(self.agents)
        self.script = self.field("script", _("Guion"), read=self._script_reading, width=20)
        self.type.ground = self.agents.ground = "fondo"
        self.page = Page()
        self.page.quiet = True
        self.stops.append(self.page)

    def _reading(self, text: str) -> Reading:
        return date_reading(moment(self.wizard.session).now, with_time=False)(text)

    def _script_reading(self, text: str) -> Reading:
        if self._scripts is None:
            self._scripts = script_names(self.wizard.house.settings.home)
        if text.strip() in self._scripts:
            return True, ""
        return False, _("No hay ese guion; hay: {names}").format(names=", ".join(self._scripts))

    def compose(self) -> Iterator[Widget]:
        """Fields and dry run."""
        yield self.name_
        yield self.type
        yield self.due
        yield self.per_day
        yield self.agents
        yield self.script
        gap = Text("")
        gap.ground = "fondo"
        yield gap
        yield self.page

    def on_resize(self, event: events.Resize) -> None:
        """A low screen keeps its lines for the dry run."""
        self.set_class(event.size.height < 20, "-low")

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` on *Procesar*."""
        event.stop()
        self.wizard.perform(self.wizard.process)

    def restore(self, values: Mapping[str, str]) -> None:
        """What was typed before, where its type still exists."""
        known = {code for code, _label in TYPES}
        super().restore({k: v for k, v in values.items() if k != "type" or v in known})

    def show_waiting(self) -> None:
        """A dry run over very many units takes a while."""
        self.page.show([" " + _("Se calcula el ensayo…")])

    def show_plan(self, plan: Plan | None, why: str) -> None:
        """The dry run, or why there is none."""
        if plan is None:
            self.page.show([[(" ✗ " + why, "peligro")]])
        else:
            lines = wizard_text.dry_run(plan, self.wizard.names)
            last = " ▸ " + _("Procesar {n} unidades").format(n=number(plan.entering))
            self.page.show([*lines, [(last, "acento")]], [*(None for _line in lines), PROCESS])
        self.wizard.show_frame()
