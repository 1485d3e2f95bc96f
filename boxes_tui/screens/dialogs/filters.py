"""*f*: the further filters of lists (day, branch, agent, text, model) and of reports (days, branch, agent, make, model)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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


class FilterForm(Form):
    """Text fields by name; an empty one filters nothing."""

    def __init__(self, title: str, fields: tuple[tuple[str, str, str, str], ...], foot: str) -> None:
        super().__init__(title, lines=len(fields) + 7)
        self._made = [self.field(name, label, value, note=note, width=30) for name, label, value, note in fields]
        self._foot = foot

    def compose_body(self) -> Iterator[Widget]:
        """The fields and what they take."""
        yield Text("")
        yield from self._made
        yield Text("", self._foot)


async def queue_filters(screen: DeskScreen, ask: QueueAsk) -> QueueAsk | None:
    """The filters of a list, checked against the database; None when left."""
    fields = (
        ("day", _("Día"), f"{ask.day:%d/%m/%y}" if ask.day else "", _("hoy, mañana, hábil, 12/5")),
        ("branch", _("Sucursal"), ask.branch or "", _("código")),
        ("agent", _("Agente"), ask.agent or "", _("usuario")),
        ("text", _("Texto"), ask.text or "", _("nombre, patente o chasis")),
        ("model", _("Modelo"), ask.model or "", _("parte del nombre")),
    )  # fmt: skip
    made = await screen.app.push_screen_wait(FilterForm(_("MÁS FILTROS"), fields, _("Vacío: no filtra.")))
    if made is None:
        return None
    try:
        day = await screen.background(screen.house.read, day_filter, made["day"]) if made["day"].strip() else None
        values: dict[str, Any] = {n: made[n].strip() or None for n in ("branch", "agent", "text", "model")}
        wanted = replace(ask, day=day, **values)
        await screen.background(screen.house.read, count, wanted)
    except BoxesError as error:
        screen.say_error(str(error))
        return None
    return wanted


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
    made = await screen.app.push_screen_wait(FilterForm(_("FILTROS DEL REPORTE"), fields, _("Vacío: no filtra.")))
    if made is None:
        return None
    try:
        words = ("hoy", "semana", "mes", "año", "today", "week", "month", "year")
        low_text = made["low"].strip()
        days = preset(screen.session, low_text) if low_text.lower() in words else span(
            screen.session, low_text or None, made["high"].strip() or None
        )  # fmt: skip
        named: dict[str, Any] = {n: made[n].strip() or None for n in ("branch", "agent", "make", "model")}
        wanted = replace(ask, low=days[0], high=days[1], **named)
        check(wanted)
        from boxes_tui.reports.grid import count as count_rows

        await screen.background(screen.house.read, count_rows, wanted)
    except BoxesError as error:
        screen.say_error(str(error))
        return None
    return wanted
