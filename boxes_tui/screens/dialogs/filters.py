"""*f*: the further filters of lists (day, branch, agent, text, model) and of reports (days, branch, agent, make, model)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from textual.widget import Widget

from boxes_tui.data.reads.days import day_filter
from boxes_tui.data.reads.queues import Ask as QueueAsk
from boxes_tui.data.reads.queues import count
from boxes_tui.errors import BoxesError
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.forms import Form
from boxes_tui.widgets.panel import Text

if TYPE_CHECKING:
    from boxes_tui.reports.population import Ask
    from boxes_tui.screens.base import DeskScreen


Fields = tuple[tuple[str, str, str, str], ...]
"""Name, label, value and note of each field."""

Wanted = TypeVar("Wanted")


class FilterForm(Form):
    """Text fields by name; an empty one filters nothing."""

    def __init__(
        self, title: str, fields: Fields, foot: str, draft: dict[str, str] | None = None, wrong: str = ""
    ) -> None:
        super().__init__(title, lines=len(fields) + 7, draft=draft)
        self._wrong = wrong
        self._made = [self.field(name, label, value, note=note, width=30) for name, label, value, note in fields]
        self._foot = foot

    def compose_body(self) -> Iterator[Widget]:
        """The fields and what they take."""
        yield Text("")
        yield from self._made
        yield Text("", self._foot)

    def accepts(self) -> str:
        """Filters are not saved."""
        return _("filtrar")

    def begin(self) -> None:
        """With what was wrong the last time."""
        super().begin()
        if self._wrong:
            self.status.error(self._wrong)


async def _asked(
    screen: DeskScreen, title: str, fields: Fields, read: Callable[[dict[str, str]], Awaitable[Wanted]]
) -> Wanted | None:
    """What the filters come to; asked again, as typed and with the reason, while they cannot be read. None when left."""
    draft, wrong = None, ""
    while True:
        made = await screen.app.push_screen_wait(FilterForm(title, fields, _("Vacío: no filtra."), draft, wrong))
        if made is None:
            return None
        try:
            return await read(made)
        except BoxesError as error:
            draft, wrong = made, str(error)


async def queue_filters(screen: DeskScreen, ask: QueueAsk) -> QueueAsk | None:
    """The filters of a list, checked against the database; None when left."""
    fields = (
        ("day", _("Día"), f"{ask.day:%d/%m/%y}" if ask.day else "", _("hoy, mañana, hábil, 12/5")),
        ("branch", _("Sucursal"), ask.branch or "", _("código")),
        ("agent", _("Agente"), ask.agent or "", _("usuario")),
        ("text", _("Texto"), ask.text or "", _("nombre, patente o chasis")),
        ("model", _("Modelo"), ask.model or "", _("parte del nombre")),
    )  # fmt: skip

    async def read(made: dict[str, str]) -> QueueAsk:
        day = await screen.background(screen.house.read, day_filter, made["day"]) if made["day"].strip() else None
        values: dict[str, Any] = {n: made[n].strip() or None for n in ("branch", "agent", "text", "model")}
        wanted = replace(ask, day=day, **values)
        await screen.background(screen.house.read, count, wanted)
        return wanted

    return await _asked(screen, _("MÁS FILTROS"), fields, read)


async def sale_filters(screen: DeskScreen, now: dict[str, str]) -> dict[str, str] | None:
    """Branch, agent and text of the reconciliation; None when left."""
    fields = (
        ("branch", _("Sucursal"), now.get("branch", ""), _("código")),
        ("agent", _("Agente"), now.get("agent", ""), _("parte del nombre")),
        ("text", _("Texto"), now.get("text", ""), _("nombre, patente o chasis")),
    )
    made = await screen.app.push_screen_wait(FilterForm(_("MÁS FILTROS"), fields, _("Vacío: no filtra.")))
    return None if made is None else {n: v.strip() for n, v in made.items() if v.strip()}


async def report_filters(screen: DeskScreen, ask: Ask) -> Ask | None:
    """The days and filters of a report, checked; None when left."""
    from boxes_tui.reports.population import check
    from boxes_tui.reports.spans import preset, span

    fields = (
        ("low", _("Desde"), f"{ask.low:%d/%m/%Y}", _("o hoy, semana, mes, año")),
        ("high", _("Hasta"), f"{ask.high:%d/%m/%Y}", ""),
        ("branch", _("Sucursal"), ask.branch or "", _("código")),
        ("agent", _("Agente"), ask.agent or "", _("usuario")),
        ("make", _("Marca"), ask.make or "", ""),
        ("model", _("Modelo"), ask.model or "", _("parte del nombre")),
    )  # fmt: skip

    async def read(made: dict[str, str]) -> Ask:
        from boxes_tui.reports.grid import count as count_rows

        words = ("hoy", "semana", "mes", "año", "today", "week", "month", "year")
        low_text = made["low"].strip()
        days = preset(screen.session, low_text) if low_text.lower() in words else span(
            screen.session, low_text or None, made["high"].strip() or None
        )  # fmt: skip
        named: dict[str, Any] = {n: made[n].strip() or None for n in ("branch", "agent", "make", "model")}
        wanted = replace(ask, low=days[0], high=days[1], **named)
        check(wanted)
        await screen.background(screen.house.read, count_rows, wanted)
        return wanted

    return await _asked(screen, _("FILTROS DEL REPORTE"), fields, read)
