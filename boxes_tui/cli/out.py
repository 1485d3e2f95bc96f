"""What the command line prints: data on stdout, the rest on stderr, nothing that a terminal could obey.

Every text passes :func:`boxes_tui.text.strip_terminal` as the last wall (RELIABILITY §4.2).
"""

from __future__ import annotations

import csv
import io
import json as _json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from boxes_tui.i18n import _
from boxes_tui.text import cell_width, pad, strip_terminal


def json(value: Any) -> None:
    """One JSON document on stdout, complete, in UTF-8."""
    sys.stdout.write(_json.dumps(value, ensure_ascii=False, indent=None, default=str) + "\n")


def data(text: str) -> None:
    """A line of data on stdout."""
    sys.stdout.write("\n".join(strip_terminal(line) for line in text.split("\n")) + "\n")


def say(text: str) -> None:
    """A line for the person, on stderr."""
    sys.stderr.write("\n".join(strip_terminal(line) for line in text.split("\n")) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on stdout, its heads in the language in use: as wide as its texts, never cut where the output is no terminal."""
    columns = [_(title) for title in columns]
    texts = [[strip_terminal("" if v is None else str(v)) for v in row] for row in rows]
    widths = [max([cell_width(title), *(cell_width(row[n]) for row in texts)]) for n, title in enumerate(columns)]
    for row in [list(columns), *texts]:
        sys.stdout.write("  ".join(pad(v, w) for v, w in zip(row, widths, strict=True)).rstrip() + "\n")


def csv_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV on stdout: UTF-8 with BOM, ``;``, a leading ``'`` before what a spreadsheet would take for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(v) for v in row])
    sys.stdout.write("\ufeff" + buffer.getvalue())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\0", "'") else text
