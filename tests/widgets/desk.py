"""A list screen over rows in memory, for tests: ``python -m tests.widgets.desk`` runs it on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from boxes_tui.app import BoxesApp, run
from boxes_tui.bootstrap import House
from boxes_tui.config import load_settings
from boxes_tui.domain.queues import OPPORTUNITIES
from boxes_tui.widgets.bars import FilterItem, Key
from boxes_tui.widgets.columns import Column
from boxes_tui.widgets.fields import TextField
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.grid import Grid
from boxes_tui.widgets.panel import BottomPanel
from boxes_tui.widgets.rows import ListSource, Row, RowSource
from boxes_tui.widgets.screen import BoxesScreen

COLUMNS = tuple(Column.of(c) for c in OPPORTUNITIES.columns)


def row(n: int, name: str | None = None) -> Row:
    """A plain row; ``n`` makes its key and its plate."""
    name = name or f"CLIENTE {n:07d}, ÑANDÚ"
    return Row(
        f"opportunities:{n}", ("24/11", "14:30", name, f"AA{n % 1000:03d}ZZ", "Service 10.000 km", "—"), "■", "hoy"
    )


def rows(count: int) -> list[Row]:
    """Rows 0 … count - 1."""
    return [row(n) for n in range(count)]


class Desk(BoxesScreen[None]):
    """A list with every fixed line."""

    def __init__(self, source: RowSource | Sequence[Row] | None = None) -> None:
        super().__init__()
        if source is None or isinstance(source, Sequence):
            source = ListSource(rows(100) if source is None else source)
        self.grid = Grid(COLUMNS, source, empty=("Sin filas.", "[Tab] otro filtro"), mark_all_keys=True)
        self.frame = Frame(self.grid, card=True)

    def on_mount(self) -> None:
        """Fill the lines."""
        frame = self.frame
        assert frame is not None
        frame.title.show("2 OPORTUNIDADES NUEVAS · Casa Central", "Ana Quiroga · DMS hace 4 min")
        frame.filters.set_filters(
            [FilterItem("all", "Todas", 61), FilterItem("overdue", "Vencidas", 9)], "all", "f: todos"
        )
        frame.keys.set_keys([Key("l", "llamar", press="l"), Key("?", "más")])

    def on_grid_row_highlighted(self, event: Grid.RowHighlighted) -> None:
        """Say where the cursor is."""
        assert self.frame is not None
        name = event.grid.cursor_row.cells[2] if event.grid.cursor_row else ""
        self.frame.details.show_texts(name, f"{event.key}")
        self.frame.totals.show("", f"Total: {event.grid.total} · {event.index + 1}/{event.grid.total}")

    def key_l(self) -> None:
        """Open a panel with a note."""
        self.app.push_screen(Note())

    def key_x(self) -> None:
        """Fail with a customer's data in message and locals."""
        phone = "351 555-CANARY"
        raise RuntimeError(f"Failing row contains (CANARY-NAME, {phone})")


class Note(BottomPanel[str]):
    """A panel with one field whose text is saved by the lifeline."""

    def compose_body(self):  # type: ignore[no-untyped-def]
        """A field."""
        yield TextField("Nota", note="se guarda sola")

    def on_mount(self) -> None:
        """Let the app save the note when it has to go."""
        field = self.query_one(TextField)
        self.app.savers.append(lambda: Path(os.environ["BOXES_HOME"], "saved").write_text(field.value))  # type: ignore[attr-defined]
        field.focus()


def make(first: object = None, **env: str) -> BoxesApp:
    """An app for ``run_test`` whose house never opens."""
    settings = load_settings({"BOXES_HOME": env.pop("home", "/nonexistent/boxes"), **env})
    return BoxesApp(lambda: None, settings, first or Desk)  # type: ignore[arg-type, return-value]


class _Slow:
    """A house that takes its time: a database that does not answer."""

    def __call__(self) -> House:
        time.sleep(float(os.environ.get("SLOW_HOUSE", "0")))
        return None  # type: ignore[return-value]


def _hostile() -> list[Row]:
    from tests.widgets.picture import HOSTILE

    return [row(n, text) for n, text in enumerate(HOSTILE)]


if __name__ == "__main__":
    sys.exit(run(_Slow(), (lambda: Desk(_hostile())) if os.environ.get("HOSTILE") else Desk))
