"""*8 Op. Campaña*: the list of 2 with a filter per campaign, its completion in the title, and the undo of a whole campaign."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from boxes_tui.data.reads.queues import Ask
from boxes_tui.domain.formats import clock, number, rate, show_day
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.reports.campaign_progress import CampaignLine, campaign_list
from boxes_tui.screens.queue import QueueScreen
from boxes_tui.screens.row_text import Moment, first_name
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.desk.campaign_undo import UndoPreview

QUEUE = "campaign_opportunities"


class CampaignQueueScreen(QueueScreen):
    """The queue of the campaigns."""

    def __init__(self, flt: str | None = None, cursor: str | None = None) -> None:
        super().__init__(QUEUE, flt, cursor)
        self.campaigns: dict[str, CampaignLine] = {}

    async def load(self) -> None:
        """The list, and how far each campaign has come."""
        found = await self.background(self.house.read, campaign_list)
        self.campaigns = {str(line.id): line for line in found}
        await super().load()

    @property
    def campaign(self) -> CampaignLine | None:
        """The campaign that the list is filtered by."""
        return self.campaigns.get(self.ask.filter)

    def heading(self) -> Line:
        """*8 OP. CAMPAÑA · 31 de 94 hechas (33,0 %)*."""
        line = self.campaign if self.ready else None
        if line is None:
            return super().heading()
        share = rate(line.done, line.assigned)
        done = _("{n} de {m} hechas").format(n=number(line.done), m=number(line.assigned))
        return f"8 {_(self.queue.title).upper()} · {done} ({share.partition(' (')[2] or '—)'}"

    async def verb_undo_campaign(self) -> None:
        """Say what undoing the campaign of the filter would do, or which units forbid it; ``Enter`` undoes it."""
        from boxes_tui.desk.campaign_undo import UndoCampaign, preview
        from boxes_tui.screens.dialogs.forms import AskForm

        line = self.campaign
        if line is None:
            raise BoxesError(_("Elegir primero la campaña: [Tab] filtro siguiente."))
        found = await self.background(self.house.read, preview, line.id)
        form = AskForm(
            _("DESHACER CAMPAÑA"), undo_lines(found, self.at),
            "" if found.worked else _("¿Deshacer la campaña entera?"), _("deshacer"), allowed=not found.worked,
        )  # fmt: skip
        if await self.app.push_screen_wait(form) is None:
            return
        if await self.run_act(UndoCampaign(line.id)) is None:
            return
        self.say(_("Se deshizo la campaña {name}.").format(name=line.name))
        self.change(Ask(QUEUE, "all"))


def undo_lines(found: UndoPreview, at: Moment) -> tuple[Line, ...]:
    """Which campaign, what becomes of its opportunities; or the units that were worked."""
    from boxes_tui.desk.campaign_undo import worked_text

    when = at.local(found.at)
    day = _("hoy") if when.date() == at.today else show_day(when.date(), at.today)
    lines: list[Line] = [f"{found.name} · {day} {clock(when)} · {first_name(found.by or '—')}", ""]
    if found.worked:
        text = _("No se puede deshacer: {what}. No se cambió nada.").format(what=worked_text(found.worked))
        lines += [[(part, "peligro")] for part in wrap(text, 76)]
        lines.append(_("Lo que falta se puede descartar: marcarlo con espacio y [d]."))
        return tuple(lines)
    lines.append(_("Se anulan {n} oportunidades que nadie trabajó.").format(n=number(found.cancelled)))
    if found.kept:
        lines.append(_("{n} siguen: otra campaña se sumó a ellas.").format(n=number(found.kept)))
    if found.joined:
        lines.append(_("{n} unidades que se habían sumado vuelven a su campaña.").format(n=number(found.joined)))
    lines += ["", _("No se puede volver a rehacer: habría que crearla de nuevo.")]
    return tuple(lines)
