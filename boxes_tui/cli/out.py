"""What the command line prints: data on stdout, the rest on stderr, nothing that a terminal could obey.

Every text passes :func:`boxes_tui.text.strip_terminal` as the last wall (RELIABILITY §4.2).
"""

from __future__ import annotations

import csv
import io
import json as _json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from boxes_tui.errors import BoxesError, why
from boxes_tui.i18n import _
from boxes_tui.plain import PLAIN
from boxes_tui.text import cell_width, pad, strip_terminal


def write(text: str, *, utf8: bool = False) -> None:
    """Text on stdout. What a program reads is UTF-8 in any locale; a terminal that lacks a character gets
    its plain stand-in (:mod:`boxes_tui.plain`)."""
    stream: Any = sys.stdout
    if stream is None:
        raise BoxesError(_("La salida estándar está cerrada."))
    wanted = "utf-8" if utf8 else stream.encoding
    if hasattr(stream, "reconfigure") and (stream.encoding, stream.errors) != (wanted, PLAIN):
        stream.reconfigure(encoding=wanted, errors=PLAIN)
    stream.write(text)


def flush() -> int:
    """Let go of what was written; 1 where it could not be, since the reader is gone or the disk is full."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  the interpreter flushes once more at its end
        return 1
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        say(os_sentence(error))
        return 1
    return 0


def os_sentence(error: OSError) -> str:
    """What could not be read or written, and why."""
    if error.filename is None:
        return _("No se pudo leer o escribir: {why}.").format(why=why(error))
    return _("{path}: no se puede leer o escribir ({why}).").format(path=error.filename, why=why(error))


def json(value: Any) -> None:
    """One JSON document on stdout, complete, in UTF-8."""
    write(_json.dumps(value, ensure_ascii=False, indent=None, default=str) + "\n", utf8=True)


def data(text: str) -> None:
    """A line of data on stdout."""
    write("\n".join(strip_terminal(line) for line in text.split("\n")) + "\n")


def say(text: str) -> None:
    """A line for the person, on stderr; nowhere where that is closed."""
    if sys.stderr is not None:
        sys.stderr.write("\n".join(strip_terminal(line) for line in text.split("\n")) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table on stdout, its heads in the language in use: as wide as its texts, never cut where the output is no terminal."""
    columns = [_(title) for title in columns]
    texts = [[strip_terminal("" if v is None else str(v)) for v in row] for row in rows]
    widths = [max([cell_width(title), *(cell_width(row[n]) for row in texts)]) for n, title in enumerate(columns)]
    for row in [list(columns), *texts]:
        write("  ".join(pad(v, w) for v, w in zip(row, widths, strict=True)).rstrip() + "\n")


def csv_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV on stdout: UTF-8 with BOM, ``;``, a leading ``'`` before what a spreadsheet would take for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(v) for v in row])
    write("\ufeff" + buffer.getvalue(), utf8=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\0", "'") else text
