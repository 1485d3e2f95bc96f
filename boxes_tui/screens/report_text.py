"""What a report's screen shows of its figures: lines of KPIs, slices, the span, and the table by value."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from boxes_tui.data.session import Session
from boxes_tui.domain.formats import full_day, number
from boxes_tui.domain.kpis import Figure, Part, name, note, written
from boxes_tui.i18n import _
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.figures import Figures, Period, ValueFigures
from boxes_tui.reports.labels import Labels, parts_text
from boxes_tui.reports.population import Ask
from boxes_tui.reports.spans import preset_of
from boxes_tui.reports.titles import span_text
from boxes_tui.text import pad
from boxes_tui.widgets.barchart import Bar
from boxes_tui.widgets.kpi import Kpi
from boxes_tui.widgets.pie import Slice, five
from boxes_tui.widgets.safe import Line

TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "deliveries": ("salesperson", "", ("total", "welcome_call_rate_30d", "welcome_attempt_rate", "welcome_leaks")),
    "opportunities": ("agent", "", ("total", "appointment_set_rate", "opportunity_conversion_rate", "discard_rate")),
    "appointments": ("advisor", "", ("total", "confirmation_rate", "show_rate", "no_show_rate")),
    "in_process": ("advisor", "", ("total", "open_ro", "open_ro_gt3_rate", "promise_kept_rate")),
    "completed": ("advisor", "", ("total", "courtesy_call_rate_15d", "csi_top_box", "nps")),
    "campaigns": ("campaign", "units", ("campaign_units", "campaign_reach", "campaign_conversion", "campaign_completion")),
    "agents": ("agent", "", ("total", "connect_rate", "customers", "productive_rate")),
    "leaks": ("branch", "", ("total", "deliveries", "opportunities", "completed")),
    "reconciliation": ("agent", "", ("total", "reconciled_rate", "moved", "missing")),
    "retention": ("model", "", ("total", "first_service_retention", "retention_year_1", "retention_year_2")),
}  # fmt: skip
"""By report: the column of the table under the charts, the population of its figures, and which figures it shows."""
LEAST, GAP, WIDTH = 18, 3, 116
"""Cells of the table: its labels at least, between its columns, all together."""


def span_line(session: Session, ask: Ask) -> str:
    """*01/11/2026–24/11/2026 (mes) · Sucursal: todas · Agente: todos · Modelo: todos*."""
    word = preset_of(session, ask.low, ask.high)
    days = span_text(ask.low, ask.high) + (f" ({word})" if word else "")
    none = {"branch": _("todas"), "agent": _("todos"), "model": _("todos")}
    parts = [f"{_(COLUMNS[n].title)}: {getattr(ask, n) or every}" for n, every in none.items()]
    return " · ".join([days, *parts, *([f"{_('Marca')}: {ask.make}"] if ask.make else [])])


def kpi_line(report: str, f: Figure, words: Labels) -> Kpi:
    """A figure as its line: number, denominator, rate or unit, and what stands beside it."""
    text = written(f)
    beside = note(f) or parts_text(words, report, f, 3) or (_("den. 0") if text == "—" else "")
    if f.kpi.unit and f.value is not None:
        head, _blank, unit = text.partition(" ")
        return Kpi(f.kpi.code, name(f.kpi), head, "", unit, beside)
    num, _paren, rate = text.partition(" (")
    head, slash, den = num.partition("/")
    return Kpi(f.kpi.code, name(f.kpi), head, den if slash else "", f"({rate}" if rate else "", beside)


def kpi_lines(found: Figures, words: Labels) -> list[Kpi]:
    """All figures of a report in their order."""
    return [kpi_line(found.ask.report, f, words) for f in found.kpis]


def slices_of(parts: Sequence[Part], words: Labels, column: ReportColumn) -> list[Slice]:
    """At most five slices: the largest, and *otros* which opens the rows of all the rest."""
    return five([(words.word(column, s.value), s.n, s.tenths) for s in parts])


def bars_of(found: Figures) -> list[Bar]:
    """A bar a day (*24*), or a month (*11*)."""
    return [Bar(p.period, _short(p, found.monthly), p.n, _full(p, found.monthly)) for p in found.series]


def _short(p: Period, monthly: bool) -> str:
    return p.period[5:7] if monthly else p.period[8:10]


def _full(p: Period, monthly: bool) -> str:
    from datetime import date

    return f"{p.period[5:7]}/{p.period[:4]}" if monthly else full_day(date.fromisoformat(p.period))


def table_lines(report: str, made: ValueFigures, whole: Figures, words: Labels) -> tuple[list[Line], list[str | None]]:
    """The table under the charts; the key of a line is the place of its value."""
    if not made:
        return [], []
    column = COLUMNS[TABLES[report][0]]
    total = [whole.kpi(code) for code in TABLES[report][2]]
    rows = [[name(f.kpi) for f in total], *([written(f) for f in figures] for _value, figures in made)]
    rows.append([written(f) for f in total])
    wide = [max(map(cell_len, cells)) + GAP for cells in zip(*rows, strict=True)]
    labels = [_(column.title).upper(), *(words.word(column, value) for value, _figures in made), _("Total")]
    first = max(LEAST, min(max(map(cell_len, labels)), WIDTH - sum(wide)))
    told = [
        " " + pad(label, first) + "".join(pad(cell, w, "right") for cell, w in zip(cells, wide, strict=True))
        for label, cells in zip(labels, rows, strict=True)
    ]
    lines: list[Line] = [[(told[0], "atenuado")], *told[1:-1], [(told[-1], "atenuado")]]
    return lines, [None, *(str(n) for n in range(len(made))), None]


def more_line(above: int, below: int) -> str:
    """*↑ 2 antes · ↓ 4 más*: the figures that stand outside; nothing where all show."""
    said = [_("↑ {n} antes").format(n=number(above))] if above else []
    return (
        "   " + " · ".join([*said, *([_("↓ {n} más").format(n=number(below))] if below else [])])
        if above or below
        else ""
    )
