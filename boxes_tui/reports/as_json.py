"""A report as data: the JSON of PRODUCT §10. Codes stand as they are stored; ``label`` says what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from boxes_tui.domain.kpis import Figure, Part, name, written
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.figures import Figures
from boxes_tui.reports.grid import ReportRow
from boxes_tui.reports.kpi_sql import RULES
from boxes_tui.reports.labels import Labels


def figures_json(found: Figures, words: Labels) -> dict[str, Any]:
    """The figures; ``value`` of a rate is num ÷ den (0 … 1), of the NPS a whole number, of medians in ``unit``."""
    ask = found.ask
    return {
        "report": ask.report,
        "from": ask.low.isoformat(),
        "to": ask.high.isoformat(),
        "filters": ask.filters(),
        "total": found.total,
        "kpis": [_kpi(f, words, ask.report) for f in found.kpis],
        "by": found.by,
        "slices": _parts(found.slices, words, COLUMNS[found.by]),
        "series": [{"period": p.period, "n": p.n} for p in found.series],
    }


def _kpi(f: Figure, words: Labels, report: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "code": f.kpi.code, "label": name(f.kpi), "num": f.num, "den": f.den, "value": f.value, "kind": f.kpi.kind,
        "unit": f.kpi.unit or None, "in_progress": f.waiting, "text": written(f), **f.more,
    }  # fmt: skip
    if f.kpi.kind == "parts":
        made["parts"] = _parts(f.parts, words, COLUMNS[RULES[report][f.kpi.code].parts])
    return made


def _parts(parts: Iterable[Part], words: Labels, column: ReportColumn) -> list[dict[str, Any]]:
    return [{"value": p.value, "n": p.n, "pct": p.tenths / 10, "label": words.word(column, p.value)} for p in parts]


def rows_json(columns: Sequence[ReportColumn], rows: Iterable[ReportRow]) -> list[dict[str, Any]]:
    """Rows as objects: identity, then every column by id."""
    made = []
    for row in rows:
        item: dict[str, Any] = {
            "ref": row.ref, "id": str(row.id), "dms_id": row.dms_id, "customer_id": _text(row.customer_id),
            "vehicle_id": _text(row.vehicle_id),
        }  # fmt: skip
        item |= {c.id: _plain(v) for c, v in zip(columns, row.values, strict=True)}
        made.append(item)
    return made


def _text(value: int | None) -> str | None:
    return str(value) if value is not None else None


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
