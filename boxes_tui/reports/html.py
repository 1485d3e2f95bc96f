"""A report as one self-contained HTML page: figures, pie, bars, and the rows where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from boxes_tui.domain.formats import number, percent
from boxes_tui.domain.kpis import name, note, written
from boxes_tui.i18n import _, language
from boxes_tui.reports.charts_svg import COLOURS, bars, pie
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.figures import Figures
from boxes_tui.reports.labels import Labels, parts_text
from boxes_tui.reports.titles import span_text, title_of

STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2em;color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.25em .7em;text-align:left;border-bottom:1px solid #ddd}td.n{text-align:right;font-variant-numeric:"
    "tabular-nums}.a{font-size:11px;fill:#555}.box{display:flex;gap:2em;flex-wrap:wrap;align-items:flex-start}"
    ".k{display:inline-block;width:.9em;height:.9em;margin-right:.4em}"
)


def page(
    found: Figures,
    words: Labels,
    columns: Sequence[ReportColumn] = (),
    rows: Iterable[Sequence[Any]] = (),
    opened: str = "",
) -> str:
    """The page; ``rows`` are cells as the grid writes them, ``opened`` says which of the report's they are. Every text is
    escaped; no address is named."""
    ask = found.ask
    title = escape(f"{title_of(ask.report)} · {span_text(ask.low, ask.high)}")
    filters = " · ".join(f"{_(COLUMNS[k].title) if k in COLUMNS else k}: {v}" for k, v in ask.filters().items())
    column = COLUMNS[found.by]
    parts = [
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
        f"<p>{escape(filters)}</p>" if filters else "",
        _kpis(found, words),
        f"<h2>{escape(_(column.title))}</h2>",
        _pie(found, words, column),
        f"<h2>{escape(_('Por mes') if found.monthly else _('Por día'))}</h2>",
        bars([(p.period, p.n) for p in found.series]),
        _rows(columns, rows, opened) if columns else "",
        "</body></html>\n",
    ]
    return "".join(parts)


def _kpis(found: Figures, words: Labels) -> str:
    lines = []
    for f in found.kpis:
        late = note(f) or parts_text(words, found.ask.report, f)
        lines.append(
            f"<tr><td>{escape(name(f.kpi))}</td><td class=n>{escape(written(f))}</td><td>{escape(late)}</td></tr>"
        )
    return f"<table>{''.join(lines)}</table>"


def _pie(found: Figures, words: Labels, column: ReportColumn) -> str:
    named = [(words.word(column, s.value), s.n) for s in found.slices]
    lines = [
        f'<tr><td><span class=k style="background:{COLOURS[i % len(COLOURS)]}"></span>{escape(label)}</td>'
        f"<td class=n>{number(n)}</td><td class=n>{percent(found.slices[i].tenths)}</td></tr>"
        for i, (label, n) in enumerate(named)
    ]
    whole = percent(1000) if found.total else "—"
    lines.append(
        f"<tr><th>{escape(_('Total'))}</th><td class=n>{number(found.total)}</td><td class=n>{whole}</td></tr>"
    )
    return f"<div class=box>{pie(named)}<table>{''.join(lines)}</table></div>"


def _rows(columns: Sequence[ReportColumn], rows: Iterable[Sequence[Any]], opened: str) -> str:
    head = "".join(f"<th>{escape(_(c.title))}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row) + "</tr>" for row in rows)
    said = f"<p>{escape(opened)}</p>" if opened else ""
    return f"<h2>{escape(_('Filas'))}</h2>{said}<table><tr>{head}</tr>{body}</table>"
