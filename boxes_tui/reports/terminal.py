"""A report as plain text for a terminal: figures, bars of the pie, and the series drawn by plotext."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from boxes_tui.domain.formats import number, percent
from boxes_tui.domain.kpis import name, note, written
from boxes_tui.i18n import _
from boxes_tui.reports.columns import COLUMNS
from boxes_tui.reports.figures import Figures, Period
from boxes_tui.reports.labels import Labels, parts_text
from boxes_tui.reports.titles import span_text, title_of
from boxes_tui.text import cell_width, cut, pad

LEAST, MOST = 60, 100
CHART_ROWS: Final = 9
BAR: Final = 24


def report_text(found: Figures, words: Labels, width: int = 80) -> str:
    """The whole report; ``width`` cells, at least 60 and at most 100 are used."""
    width = min(MOST, max(LEAST, width))
    ask = found.ask
    lines = [f"{title_of(ask.report).upper()} · {span_text(ask.low, ask.high)}"]
    if filters := ask.filters():
        lines.append(" · ".join(f"{_(COLUMNS[k].title) if k in COLUMNS else k}: {v}" for k, v in filters.items()))
    lines += ["", *_kpis(found, words), "", _("POR {column}").format(column=_(COLUMNS[found.by].title).upper())]
    lines += _slices(found, words)
    if found.series:
        lines += ["", _("POR MES") if found.monthly else _("POR DÍA"), chart(found.series, width)]
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n"))


def _kpis(found: Figures, words: Labels) -> list[str]:
    wide = max(cell_width(name(f.kpi)) for f in found.kpis)
    made = []
    for f in found.kpis:
        beside = note(f) or parts_text(words, found.ask.report, f)
        made.append(f"  {pad(name(f.kpi), wide)}  {written(f)}   {beside}")
    return made


def _slices(found: Figures, words: Labels) -> list[str]:
    column = COLUMNS[found.by]
    named = [(cut(words.word(column, s.value), 32), s.n, s.tenths) for s in found.slices]
    wide = max([cell_width(label) for label, _n, _t in named] or [0])
    top = max([n for _label, n, _t in named] or [0])
    room = max([len(number(n)) for _label, n, _t in named] + [len(number(found.total))])
    made = [
        f"  {pad(label, wide)}  {number(n):>{room}}  {percent(tenths):>7}  {'█' * max(1, round(n * BAR / top))}"
        for label, n, tenths in named
    ]
    whole = percent(1000) if found.total else "—"
    return [*made, f"  {pad(_('Total'), max(wide, 5))}  {number(found.total):>{room}}  {whole:>7}"]


def chart(series: Sequence[Period], width: int) -> str:
    """Bars of a series; what has no room at the left is left out, so that the last periods show."""
    import plotext  # type: ignore[import-untyped]

    shown = series[-(width // 3) :]
    short = len(shown[0].period) == 10
    labels = [p.period[8:] if short else p.period[2:] for p in shown]
    top = max(p.n for p in shown)
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, CHART_ROWS)
    places = list(range(len(shown)))
    plotext.bar(places, [p.n for p in shown], width=0.6)
    every = max(1, -(-len(shown) * (3 if short else 6) // width))
    plotext.xticks(places[::every], labels[::every])
    plotext.ylim(0, top)
    plotext.yticks([0, top])
    drawn = str(plotext.uncolorize(plotext.build()))
    plotext.clear_figure()
    return drawn.rstrip("\n")
