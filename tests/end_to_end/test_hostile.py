"""A database whose every text is hostile: nothing of it reaches the terminal but letters, nothing of it runs, nothing of
it is hidden (RELIABILITY S1, S2, S3)."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from boxes_tui.data.tables import metadata
from boxes_tui.data.types import CleanNote, CleanText
from boxes_tui.text import BAD
from tests.end_to_end.desk import Database, ids
from tests.end_to_end.terminal import PATIENCE, Terminal
from tests.widgets.picture import HOSTILE
from tests.widgets.test_terminal import OWN

Seat = Callable[..., Terminal]
TEXTS = [t for t in HOSTILE if t.isprintable() or t.encode("utf-8", "ignore").decode() == t] + [
    "\x1b]8;;http://evil.test\x1b\\enlace\x1b]8;;\x1b\\", "\x1bP$q\"p\x1b\\", "\x1b[6n\x1b[c", "[link=http://evil.test]x[/link]",
    "[on red]rojo[/]", "{0} {name} %s %(x)s", "a\x85b\u2028c", "\u202eOÑEUD", "[@click=screen.dismiss]salir[/]", "[@click=app.simulate_key('d')]d[/]",
]  # fmt: skip
KEPT = {("branch", "code"), ("app_user", "login"), ("setting", "value"), ("source", "name"), ("opportunity", "state")}
"""Texts that are keys of the house, not anybody's words."""

WHOLE = ("JUAN [PARTICULAR]", "O'HIGGINS", "[X=1]", "A\\", "[/NOPE]", "[@CLICK=APP.QUIT]X[/]")
"""Harmless or not, these have to be read as they are."""


def poison(home: Path) -> int:
    """Put a hostile text into every text column of every row, past the door that would clean it."""
    conn = sqlite3.connect(home / "boxes.db")
    count = 0
    for table in metadata.sorted_tables:
        for n, column in enumerate(table.columns):
            if isinstance(column.type, CleanText | CleanNote) and (table.name, column.name) not in KEPT:
                unique = column.unique or column.primary_key
                for rowid, old in conn.execute(f'SELECT rowid, "{column.name}" FROM "{table.name}"').fetchall():
                    if old is None:
                        continue
                    text = TEXTS[(rowid * 7 + n * 3) % len(TEXTS)] + (str(rowid) if unique else "")
                    conn.execute(f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE rowid = ?', (text, rowid))
                    count += 1
    conn.commit()
    conn.close()
    return count


def parses(raw: bytes) -> list[str]:
    """What of the output is neither a sequence of the app's own nor plain text."""
    rest = OWN.sub(b"", raw).decode("utf-8", "backslashreplace")
    return [repr(m[0]) for m in re.finditer(r".{0,12}(?:\\x|" + BAD.pattern + r").{0,12}", rest, flags=re.S)]


def home(terminal: Terminal) -> None:
    """Back to the board."""
    end = time.monotonic() + PATIENCE
    while "1-9 abrir" not in terminal.quiet(0.3).picture():
        assert time.monotonic() < end, f"no way back:\n{terminal.picture()}"
        terminal.press("Esc")


def test_every_screen_shows_letters_only(seat: Seat, place: Path, base: Database) -> None:
    """Lists, their filters, cards, history, search, call panel, forms, undo, reports and grids."""
    assert poison(place) > 3000
    acts = base.count_acts()
    seats = seat("luis").until("1-9 abrir").quiet()
    for digit in ("1", "2", "3", "4", "5", "8", "9"):
        seats.press(digit).until("Total:").quiet(0.15)
        for key in (
            "down",
            "v",
            "End",
            "Esc",
            "h",
            "Esc",
            "l",
            "Esc",
            "o",
            "Esc",
            "Tab",
            "m",
            "Esc",
            "f",
            "Esc",
            "?",
            "Esc",
        ):
            seats.press(key).quiet(0.12)
        home(seats)
    for keys in (("2", "d", "Esc", "r", "Esc", "t", "Esc"), ("3", "N", "Esc", "e", "Esc"), ("D",), ("u", "Esc"), ("/", "a", "b", "Esc"),
                 ("6", "Enter", "g", "m", "Esc", "Esc", "Esc"), ("7",)):  # fmt: skip
        for key in keys:
            seats.press(key).quiet(0.15)
        home(seats)
    seats.resize(120, 36)
    seats.quiet(0.3)
    seats.press("2").until("Total:").press("down", "down").quiet(0.3)
    assert not (found := parses(seats.raw)), found[:5]
    seats.press("Esc").until("FUGAS", gone="Total:").press("q")
    assert seats.ended() == 0
    assert base.acts(acts) == []


def test_what_is_stored_is_what_is_seen(seat: Seat, place: Path, base: Database) -> None:
    """Names with brackets, quotes and backslashes stand whole in the list, the detail line, the panel and the card."""
    rows = base.queue("opportunities")[: len(WHOLE)]
    conn = sqlite3.connect(place / "boxes.db")
    for text, row in zip(WHOLE, rows, strict=True):
        conn.execute("UPDATE customer SET display_name = ? WHERE id = ?", (text, row.customer_id))
    conn.commit()
    conn.close()
    assert len({r.customer_id for r in rows}) == len(rows) == len(ids([r.ref for r in rows]))
    seats = seat("ana").until("1-9 abrir", "pendientes").press("2").until("Visualizados", *WHOLE)
    for n, text in enumerate(WHOLE):
        if n:
            seats.press("down")
        seats.until_true(lambda text=text: seats.lines()[20].startswith(f" {text} · "), f"the detail of {text}")  # type: ignore[misc]
        seats.press("l").until(f"LLAMADA · {text} · ").press("Esc").until("Total:", gone="LLAMADA")
        seats.press("v").until(f"CLIENTE · {text}").press("Esc").until("Total:")
