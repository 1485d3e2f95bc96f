"""*x*: what is on screen into a file of the exports folder, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.queues import Ask as QueueAsk
from boxes_tui.data.reads.queues import QueueRow, as_json, row_keys, rows_by_key
from boxes_tui.data.session import Session
from boxes_tui.domain.formats import number
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.progress import HOURS, ProgressPanel, awaited
from boxes_tui.widgets.menu import Menu, MenuItem

if TYPE_CHECKING:
    from boxes_tui.reports.export import Progress
    from boxes_tui.reports.grid import View
    from boxes_tui.reports.population import Ask
    from boxes_tui.screens.base import DeskScreen

BLOCK = 500
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
    from boxes_tui.reports.render import export, read

    kind = await choose_format(screen)
    if kind is None:
        return
    path = target(screen, ask.report, kind)

    def write(progress: Progress) -> int:
        def work(conn: Connection, session: Session) -> int:
            patient(conn, int(1000 * HOURS))
            if kind in ("csv", "xlsx"):
                return export(conn, session, ask, path, view, progress)
            made = read(conn, session, ask, by, kind, True, view, progress)
            made.save(path)
            return made.rows or 0

        return screen.house.read(work)

    await written(screen, path, write)


async def written(screen: DeskScreen, path: Path, write: Callable[[Progress], int]) -> None:
    """Write in the background; what takes longer shows how far it is, and ``Esc`` ends it without a file."""
    panel = ProgressPanel(_("EXPORTAR"), path.name)
    count = await awaited(screen, panel, screen.background(write, panel.told, deadline=HOURS))
    screen.say(_("Se exportó {file}, {n} filas.").format(file=str(path), n=number(count)))


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

    def read(conn: Connection, session: Session, progress: Progress) -> int:
        patient(conn, int(1000 * HOURS))
        keys = row_keys(conn, session, ask) if shown is None else []
        blocks = (keys[n : n + BLOCK] for n in range(0, len(keys), BLOCK))
        found = (r for block in blocks for r in rows_by_key(conn, session, ask, block))
        values = (as_json(r) for r in (found if shown is None else shown))
        lines = ([v[c] for c in columns] for v in values)
        return save(Sheet(ask.queue, list(columns), lines, len(keys if shown is None else shown)), path, progress)

    await written(screen, path, lambda progress: screen.house.read(read, progress))
