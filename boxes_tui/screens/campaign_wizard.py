"""*★ Gestor de oportunidades* (PRODUCT §8): a campaign in three steps, ``PgDn`` and ``PgUp``; what is typed is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from textual.binding import Binding

from boxes_tui.background import ACTS
from boxes_tui.desk.campaign_match import Match
from boxes_tui.desk.campaign_plan import Choice, Plan
from boxes_tui.desk.campaign_segment import Segment, segment_count
from boxes_tui.desk.campaigns import CreateCampaign, dry_run
from boxes_tui.desk.segments import SEGMENT, SaveSegment, segment_of
from boxes_tui.domain.formats import number
from boxes_tui.domain.roles import may
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens import wizard_text
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.dialogs.progress import HOURS, ProgressPanel, awaited
from boxes_tui.screens.row_text import told_apart
from boxes_tui.screens.wizard_plan import PlanStep
from boxes_tui.screens.wizard_reads import look, look_closer, people
from boxes_tui.screens.wizard_steps import ListStep, UnitStep
from boxes_tui.screens.wizard_units import LARGE, ManyUnits, Units
from boxes_tui.widgets.bars import FilterItem, Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.safe import Line

STEPS = (("1", N_("1 Buscar unidades")), ("2", N_("2 Elegir unidades")), ("3", N_("3 Procesar unidades")))
FORM, REF = "campaign", "new"
WAIT = 0.35
"""Seconds without a key after which the list or the plan is looked at again."""
LOOK_SECONDS = 60.0


class WizardScreen(ActingScreen):
    """The three steps stand one behind another; one is shown."""

    BINDINGS = [Binding("pagedown", "step(1)", "", priority=True), Binding("pageup", "step(-1)", "", priority=True)]
    place: ClassVar[str] = "wizard2"
    shows_role: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.step = 1
        self.values: dict[str, str] = {}
        self.match = Match()
        self.units: Units | None = None
        self.plan: Plan | None = None
        self.names: dict[str, str] = {}
        self.saved: dict[str, dict[str, str]] = {}
        self.steps = (ListStep(self), UnitStep(self), PlanStep(self))
        self.frame: Frame[Any] = Frame(self.steps[0])
        self._looked: object = None
        self._key = uuid4().hex
        self._processing = False
        self._restored = self._looking = False

    def compose(self) -> Any:
        """The frame with all three bodies."""
        for widget in self.frame.compose():
            yield widget
            if widget is self.steps[0]:
                yield from self.steps[1:]

    def entered(self) -> None:
        """Show the first step."""
        self._show_step()

    def heading(self) -> Line:
        """*7 ★ GESTOR DE OPORTUNIDADES*."""
        return "7 ★ " + _("Gestor de oportunidades").upper()

    def acted_row(self) -> Any:
        """No row of a queue stands here."""
        raise BoxesError(_("No hay ninguna fila elegida."))

    async def load(self) -> None:
        """People and age of the DMS; at first also what was typed before."""
        found, self.freshness, self.saved = await self.background(self.house.read, people)
        self.steps[0].name_segments(self.saved)
        self.names = told_apart(found)
        self.steps[2].agents.choices = tuple(self.names.items())
        if not self._restored:
            self._restored = True
            if not may(self.session.role, "campaign"):
                self.say_error(_("Crear campañas es de un supervisor; acá se puede mirar."))
            self.values = self.draft(FORM, REF)
            for step in self.steps:
                step.restore(self.values)
            self.look_soon()

    # -- values ------------------------------------------------------------------------------------

    def changed(self, name: str, text: str) -> None:
        """A field changed: keep it, and look again once the typing rests."""
        self.values[name] = text
        self.keep(FORM, REF)(self.values)
        self.look_soon()

    def look_soon(self) -> None:
        """Look again when nothing was typed for a moment."""
        self._pending = token = object()
        self.set_timer(WAIT, lambda: self._look_again(token))

    def _look_again(self, token: object) -> None:
        if token is not self._pending or not self.ready:
            return
        if self._looking and self.step != 3:  # one look at a time: what it brings is old by then, the next is not
            self.set_timer(WAIT, lambda: self._look_again(token))
            return
        self.perform(self.refresh_plan if self.step == 3 else self.refresh_units, holds=False)

    @property
    def type(self) -> str:
        """The campaign's type."""
        return self.steps[2].type.value

    def choice(self) -> Choice:
        """The list and the filters as typed."""
        text = self.steps[0].list.value
        return Choice(text if text.strip() else None, segment_of(self.values, self.at.now))

    async def refresh_units(self) -> None:
        """Match the list and the filters."""
        self._looking = True
        try:
            await self._refresh_units()
        finally:
            self._looking = False

    async def _refresh_units(self) -> None:
        self.steps[0].fail("")
        try:
            choice = self.choice()
            if choice.lines is None and choice.segment == Segment():
                self.match, self.units, self._looked = Match(), None, None
                self.steps[0].show_report(None, 0)
                return
            wanted = (choice, self.type)
            if wanted == self._looked:
                return
            if choice.lines is None:
                found = await self.background(self.house.read, segment_count, choice.segment, deadline=LOOK_SECONDS)
                self.steps[0].show_found(found)
            match, ids, units, rows = await self.background(
                self.house.read, look, choice, self.type, deadline=LOOK_SECONDS
            )
        except BoxesError as error:
            self.steps[0].fail(str(error))
            self.units = None
            return
        self._looked = wanted
        self.match = match
        today, house, type_ = self.at.today, self.house, self.type
        self.units = Units(rows, units, match, today)
        if len(ids) > LARGE:
            self.units = ManyUnits(ids, lambda some: house.read(look_closer, some, type_), match, today)
        self.steps[0].show_report(match if choice.lines is not None else None, len(ids))
        self.steps[1].show_units(self.units, self.values)
        self._totals()
        if self.step == 1 and (lost := match.counts["unknown"]):
            self.say(
                ngettext("{n} línea no se reconoce.", "{n} líneas no se reconocen.", lost).format(n=number(lost))
                + " " + _("[Enter] sobre el grupo muestra cuáles.")
            )  # fmt: skip

    def command(self) -> CreateCampaign:
        """The campaign as the three steps have it."""
        last, base = self.steps[2], self.choice()
        grid = self.steps[1].grid
        marked = None if grid.unmarked is not None else tuple(int(k) for k in grid.marked)
        left = tuple(int(k) for k in grid.unmarked or ())
        per_day = last.per_day.value.strip()
        return CreateCampaign(
            last.name_.value.strip(), last.type.value, Choice(base.lines, base.segment, only=marked, without=left),
            last.due.value.strip(), int(per_day) if per_day.isascii() and per_day.isdigit() else None,
            last.agents.marked, last.script.value.strip() or None,
        )  # fmt: skip

    async def refresh_plan(self) -> None:
        """The dry run of step 3."""
        last = self.steps[2]
        self.plan = None
        if self.units is None:  # whoever pages on at once is here before step 1 has looked
            await self.refresh_units()
        if self.units is None:
            last.show_plan(None, _("Falta elegir unidades: una lista, o al menos un filtro."))
            return
        if not last.due.value.strip():
            last.show_plan(None, _("Falta la fecha de vencimiento."))
            return
        if len(self.units) > LARGE:
            last.show_waiting()
        try:
            self.plan = await self.background(self.house.read, dry_run, self.command(), deadline=LOOK_SECONDS)
        except BoxesError as error:
            last.show_plan(None, str(error))
            return
        last.show_plan(self.plan, "")

    # -- steps -------------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """The step before or after."""
        if self.ready and 1 <= self.step + by <= 3:
            self.step += by
            self._show_step()
            self.look_soon() if self.step != 3 else self.perform(self.refresh_plan, holds=False)

    def _show_step(self) -> None:
        for n, step in enumerate(self.steps, 1):
            step.display = n == self.step
        self.frame.details.display = self.frame.totals.display = self.step == 2
        self.steps[self.step - 1].begin()
        self._totals()
        self.show_frame()

    def show_frame(self) -> None:
        """Title, steps, keys."""
        super().show_frame()
        self.frame.filters.set_filters([FilterItem(c, _(t)) for c, t in STEPS], str(self.step), "")

    def _totals(self) -> None:
        grid, units = self.steps[1].grid, self.units
        if units is None:
            self.frame.totals.show("", "")
            return
        place = f" · {grid.cursor_index + 1}/{grid.total}" if grid.total else ""
        self.frame.totals.show(
            "", _("Total: {n}  Visualizados: {m}  Elegidas: {k}").format(
                n=number(len(units)), m=number(grid.total), k=number(self.steps[1].chosen)) + place,
        )  # fmt: skip
        self.frame.details.show_texts(*units.details(grid.cursor_key))

    def show_totals(self) -> None:
        """The cursor or the marks moved in step 2."""
        self._totals()

    def keys(self) -> list[Key]:
        """The step's keys."""
        leave = Key("Esc", _("dejar (se guarda)"), press="escape")
        if self.step == 1:
            return [Key("Tab", _("campo")), Key("Enter", _("ver el grupo")), Key("PgDn", _("paso 2")), leave]
        if self.step == 2:
            return [
                Key(_("espacio"), _("marca")), Key("+", _("todas"), press="+"), Key("-", _("ninguna"), press="-"),
                Key(".", _("hasta acá"), press="."), Key("m", _("opciones"), press="m"),
                Key("PgUp PgDn", _("paso")), Key("Esc", ""),
            ]  # fmt: skip
        return [
            Key("Enter", _("procesar"), self.plan is not None), Key("Tab", _("campo")), Key("PgUp", _("paso 2")), leave
        ]  # fmt: skip

    def own_key(self, key: str, character: str | None) -> bool:
        """``Tab`` and the arrows between fields, ``Enter``; letters of step 1 and 3 are no verbs."""
        step = self.steps[self.step - 1]
        if key == "escape":
            self.dismiss(None)
        elif key in ("tab", "shift+tab"):
            step.go(1 if key == "tab" else -1)
        elif self.step == 2:
            return False
        elif key in ("up", "down"):
            step.go(1 if key == "down" else -1)
        elif key == "enter":
            on_segment = self.step == 1 and self.steps[0].segment.has_focus
            self.perform(self.use_segment if on_segment else self.read_file if self.step == 1 else self.process)
        return True

    async def verb_menu(self) -> None:
        """The column's menu of step 2."""
        await self.steps[1].menu()

    # -- acts --------------------------------------------------------------------------------------

    async def read_file(self) -> None:
        """Take the list from the file that was named."""
        from boxes_tui.desk.campaign_lines import read_list

        path = self.steps[0].file.value.strip()
        if not path:
            self.say(_("Pegue la lista, escriba un archivo o ponga un filtro."))
            return
        text = await self.background(read_list, Path(path).expanduser())
        self.steps[0].list.value = text
        self.changed("list", text)

    async def use_segment(self) -> None:
        """Bring the saved segment of that name; under a new name save the filters as they stand."""
        first = self.steps[0]
        name = first.segment.value.strip()
        if name in self.saved:
            wanted = {field: self.saved[name].get(field, "") for field in SEGMENT}
            self.values |= wanted
            first.restore(self.values)
            self.keep(FORM, REF)(self.values)
            self.say(_("Se trajo el segmento {name}.").format(name=name))
            self.look_soon()
            return
        self.choice()  # a field that cannot be read is told, not saved
        fields = {field: self.values.get(field, "") for field in SEGMENT}
        made = await self.background(self.house.execute, SaveSegment(name, fields), uuid4().hex, lane=ACTS)
        self.saved[made.result["segment"]] = made.result["fields"]
        first.name_segments(self.saved)
        self.say(_("Se guardó el segmento {name}.").format(name=made.result["segment"]))

    async def process(self) -> None:
        """Create the campaign in one transaction."""
        if self._processing:
            return
        self._processing = True
        try:
            await self.refresh_plan()
            if self.plan is None:
                return
            command, panel = self.command(), ProgressPanel(_("CAMPAÑA"), self.steps[2].name_.value.strip())
            made = await awaited(
                self, panel,
                self.background(self.house.execute, command, self._key, None, panel.told, deadline=HOURS, lane=ACTS),
            )  # fmt: skip
        finally:
            self._processing = False
        self.forget(FORM, REF)
        r = made.result
        text = _("Se creó la campaña: {n} nuevas, {m} se suman.").format(n=number(r["created"]), m=number(r["joined"]))
        self.app.call_later(self._to_queue, text, str(r["campaign"]))

    def _to_queue(self, text: str, campaign: str) -> None:
        """Go on to the campaign's list. Not awaited: a screen that is taken down waits for its own workers."""
        from boxes_tui.screens.campaign_queue import CampaignQueueScreen

        queue = CampaignQueueScreen(campaign)
        self.app.switch_screen(queue)
        queue.call_after_refresh(queue.say_done, text)

    async def show_group(self, group: str) -> None:
        """The lines of a group of the report."""
        from boxes_tui.widgets.menu import Menu, MenuItem

        lines = wizard_text.group_lines(self.match, group)
        if lines:
            items = [MenuItem(str(n), text) for n, text in enumerate(lines)]
            title = " · ".join(_(wizard_text.GROUPS[g]) for g in group.split(",")).upper()
            await self.app.push_screen_wait(Menu(title, items, line=3, right=self.size.width, width=self.size.width))
