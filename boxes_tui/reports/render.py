"""A report read once and made into a document of any format: the CLI's ``--format`` and the screens' export."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from boxes_tui.data.session import Session
from boxes_tui.domain.formats import number
from boxes_tui.i18n import _
from boxes_tui.reports import grid
from boxes_tui.reports.as_json import figures_json, rows_json
from boxes_tui.reports.columns import ReportColumn
from boxes_tui.reports.export import WRITERS, Progress, Sheet, watched, whole_file
from boxes_tui.reports.figures import figures
from boxes_tui.reports.grid import ReportRow, View
from boxes_tui.reports.html import page
from boxes_tui.reports.labels import Labels, labels, opened_text
from boxes_tui.reports.population import Ask
from boxes_tui.reports.terminal import report_text
from boxes_tui.reports.titles import title_of
from boxes_tui.text import cell_width, pad


@dataclass(frozen=True, slots=True)
class Document:
    """A finished document; ``rows`` is how many rows it holds (None = figures only)."""

    data: bytes
    rows: int | None = None

    @property
    def text(self) -> str:
        """The document as text."""
        return self.data.decode("utf-8")

    def save(self, path: Path) -> None:
        """Write it whole to a file of mode 0600."""
        with whole_file(path) as target:
            target.write(self.data)


def read(
    conn: Connection,
    session: Session,
    ask: Ask,
    by: str | None,
    kind: str,
    with_rows: bool,
    view: View | None = None,
    progress: Progress | None = None,
) -> Document:
    """The report in a format: ``table``, ``json``, ``html`` (figures, and rows where asked for), ``csv``, ``xlsx`` (rows).

    ``progress`` is told of the rows and may cancel (:class:`reports.export.Cancelled`).
    """
    words = labels(conn, session)
    columns = grid.columns(conn, session, ask, view.selection if view else None)
    if kind in WRITERS:
        if by:
            figures(conn, session, ask, by)  # a wrong column is refused in every format
        buffer = io.BytesIO()
        done = WRITERS[kind](sheet(conn, session, ask, columns, words, view), buffer, progress)
        return Document(buffer.getvalue(), done)
    found = figures(conn, session, ask, by)
    rows: list[ReportRow] = []
    if with_rows:
        total = grid.count(conn, session, ask, view)
        rows = list(watched(grid.stream(conn, session, ask, view), total, progress))
    if kind == "json":
        made: dict[str, Any] = figures_json(found, words)
        if with_rows:
            made |= {"selected": len(rows), "rows": rows_json(columns, rows)}
        return Document(json.dumps(made, ensure_ascii=False).encode(), len(rows) if with_rows else None)
    shown = _shown(columns, view)
    cells = [[text for text, on in zip(cells_of(columns, words, row), shown, strict=True) if on] for row in rows]
    columns = tuple(c for c, on in zip(columns, shown, strict=True) if on)
    if kind == "html":
        opened = opened_text(words, ask, view) if view else ""
        text = page(found, words, columns if with_rows else (), cells, opened)
        return Document(text.encode(), len(rows) if with_rows else None)
    text = report_text(found, words, shutil.get_terminal_size().columns)
    if with_rows:
        text += "\n\n" + _table([_(c.title) for c in columns], cells)
        text += "\n" + _("Total: {n}  Visualizados: {m}").format(n=number(found.total), m=number(len(rows)))
    return Document(text.encode(), len(rows) if with_rows else None)


def sheet(
    conn: Connection,
    session: Session,
    ask: Ask,
    columns: Sequence[ReportColumn],
    words: Labels,
    view: View | None = None,
) -> Sheet:
    """The rows of a view as a table to export, read as it is written."""
    total = grid.count(conn, session, ask, view)
    titles = [_(c.title) for c, on in zip(columns, _shown(columns, view), strict=True) if on]
    return Sheet(title_of(ask.report), titles, _values(conn, session, ask, columns, words, view), total)


def export(
    conn: Connection, session: Session, ask: Ask, path: Path, view: View | None = None, progress: Progress | None = None
) -> int:
    """Write the rows of a view to ``path`` by its suffix; returns how many. Raises as :func:`reports.export.save`."""
    from boxes_tui.reports.export import save

    words = labels(conn, session)
    columns = grid.columns(conn, session, ask, view.selection if view else None)
    return save(sheet(conn, session, ask, columns, words, view), path, progress)


def _values(
    conn: Connection, session: Session, ask: Ask, columns: Sequence[ReportColumn], words: Labels, view: View | None
) -> Iterator[Sequence[Any]]:
    """Values typed for a spreadsheet: days, instants, numbers as they are, codes as their words."""
    shown = _shown(columns, view)
    for row in grid.stream(conn, session, ask, view):
        yield [_value(c, v, words) for c, v, on in zip(columns, row.values, shown, strict=True) if on]


def _shown(columns: Sequence[ReportColumn], view: View | None) -> list[bool]:
    """Which columns the view has not hidden."""
    return [view is None or c.id not in view.hidden for c in columns]


def _value(column: ReportColumn, value: Any, words: Labels) -> Any:
    if value is None or isinstance(value, (date, datetime)) or not column.labels:
        return value
    return words.word(column, value)


def cells_of(columns: Sequence[ReportColumn], words: Labels, row: ReportRow) -> list[str]:
    """A row as the grid writes it."""
    return [words.cell(c, v) for c, v in zip(columns, row.values, strict=True)]


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(titles), *(list(r) for r in rows)]
    widths = [max(cell_width(line[n]) for line in lines) for n in range(len(titles))]
    return "\n".join("  ".join(pad(v, w) for v, w in zip(line, widths, strict=True)).rstrip() for line in lines)
