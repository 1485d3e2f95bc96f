"""*x*: what is on screen into a file of the exports folder, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from boxes_tui.data.reads.queues import Ask as QueueAsk
from boxes_tui.data.reads.queues import QueueRow, as_json, rows
from boxes_tui.data.session import Session
from boxes_tui.i18n import _
from boxes_tui.widgets.menu import Menu, MenuItem

if TYPE_CHECKING:
    from boxes_tui.reports.grid import View
    from boxes_tui.reports.population import Ask
    from boxes_tui.screens.base import DeskScreen

FORMATS = (("csv", "CSV"), ("xlsx", "XLSX"), ("json", "JSON"), ("html", "HTML"))


async def choose_format(screen: DeskScreen, formats: tuple[tuple[str, str], ...] = FORMATS) -> str | None:
    """The format, by a menu."""
    items = [MenuItem(code, label, str(n)) for n, (code, label) in enumerate(formats, 1)]
    taken = await screen.app.push_screen_wait(Menu(_("EXPORTAR"), items, line=3, right=screen.size.width))
    return taken[0] if taken else None


def target(screen: DeskScreen, name: str, kind: str) -> Path:
    """A file that does not exist yet: ``grilla-2026-11-24.csv``."""
    folder = screen.house.settings.home / "exports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem, n = f"{name}-{screen.session.today.isoformat()}", 1
    path = folder / f"{stem}.{kind}"
    while path.exists():
        n += 1
        path = folder / f"{stem}-{n}.{kind}"
    return path


def save_text(path: Path, text: str) -> None:
    """A new file that only its owner reads."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


async def export_report(screen: DeskScreen, ask: Ask, by: str | None, view: View) -> None:
    """A report's figures (HTML, JSON) with the rows of the view, or the rows alone (CSV, XLSX)."""
    from boxes_tui.reports.render import read

    kind = await choose_format(screen)
    if kind is None:
        return
    path = target(screen, ask.report, kind)

    def write() -> int:
        made = screen.house.read(read, ask, by, kind, True, view)
        made.save(path)
        return made.rows or 0

    count = await screen.background(write, deadline=300.0)
    screen.say(_("Se exportó {file}, {n} filas.").format(file=str(path), n=count))


async def export_queue(screen: DeskScreen, ask: QueueAsk, shown: Sequence[QueueRow] | None = None) -> None:
    """The rows of a list in its order; ``shown`` where the column menu filtered or sorted them."""
    from boxes_tui.reports.export import Sheet, save

    kind = await choose_format(screen, FORMATS[:2])
    if kind is None:
        return
    path = target(screen, ask.queue, kind)
    columns = (
        "ref",
        "dms_id",
        "branch",
        "when",
        "customer",
        "plate",
        "vin",
        "unit",
        "state",
        "about",
        "attempts",
        "last",
    )

    def write(conn: Connection, session: Session) -> int:
        found = [as_json(r) for r in (rows(conn, session, ask) if shown is None else shown)]
        lines = [[r[c] for c in columns] for r in found]
        return save(Sheet(ask.queue, list(columns), iter(lines), len(lines)), path)

    count = await screen.background(screen.house.read, write, deadline=300.0)
    screen.say(_("Se exportó {file}, {n} filas.").format(file=str(path), n=count))
