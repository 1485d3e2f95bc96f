"""The bar of a run on a terminal: rows, rate, remaining time (DMS.md §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from boxes_tui.dms.records import FileRead
from boxes_tui.i18n import _

STEP = 500
Watch = Callable[[str, FileRead, int | None], FileRead]


@contextmanager
def no_progress() -> Iterator[Watch]:
    """Nothing to see: the output is no terminal."""
    yield lambda _entity, read, _expected: read


@contextmanager
def progress() -> Iterator[Watch]:
    """A line per read with its rate; the remaining time where the size is known."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from boxes_tui.text import strip_terminal

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed:,.0f} " + _("filas")),
               TextColumn("{task.fields[rate]}"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def watch(entity: str, read: FileRead, expected: int | None) -> FileRead:
            task = bar.add_task(strip_terminal(f"{entity} {read.name}")[:40], total=expected, rate="")
            read.rows = _counted(read.rows, lambda n: _step(bar, task, n))
            return read

        yield watch


def _step(bar: Any, task: Any, n: int) -> None:
    speed = bar.tasks[task].speed if bar.tasks and task < len(bar.tasks) else None
    bar.update(task, completed=n, rate=f"{speed:,.0f}/s" if speed else "")


def _counted(rows: Any, tell: Callable[[int], None]) -> Iterator[Any]:
    n = 0
    for n, row in enumerate(rows, 1):
        if n % STEP == 0:
            tell(n)
        yield row
    tell(n)
