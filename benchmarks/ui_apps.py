"""The apps that ``benchmarks.grid`` and ``benchmarks.start`` drive on a terminal: ours and the yardsticks of QUALITY.md §1 (P1a, P2).

``python -m benchmarks.ui_apps NAME [ROWS]``; every app quits on ``q``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

TITLES = ("Vence", "Hora", "Cliente", "Patente", "Motivo", "Último")


def cells(n: int) -> tuple[str, ...]:
    """The cells of row ``n``."""
    return ("24/11", "14:30", f"CLIENTE {n:07d}, ÑANDÚ", f"AA{n % 1000:03d}ZZ", "Service 10.000 km", "No at. 23/11")


def minimal() -> int:
    """The smallest Textual app that shows something."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Minimal(App[None]):
        BINDINGS = [("q", "quit", "")]

        def compose(self) -> ComposeResult:
            yield Static("TABLERO")

    Minimal().run()
    return 0


def table(rows: int) -> int:
    """Textual's DataTable."""
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class Table(App[None]):
        BINDINGS = [("q", "quit", "")]

        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            found = self.query_one(DataTable)
            found.add_columns(*TITLES)
            for n in range(rows):
                found.add_row(*cells(n), key=str(n))
            found.focus()

    Table().run()
    return 0


def grid(rows: int) -> int:
    """Our grid in our app, with nothing else on the screen, as the yardstick has nothing else."""
    from boxes_tui.app import run
    from boxes_tui.widgets.columns import Column
    from boxes_tui.widgets.grid import Grid
    from boxes_tui.widgets.rows import Row
    from boxes_tui.widgets.screen import BoxesScreen

    class Source:
        total = rows

        def block(self, start: int, count: int) -> Sequence[Row]:
            return [Row(str(n), cells(n), "■", "hoy") for n in range(start, min(start + count, rows))]

    widths = (5, 5, 24, 8, 17, 12)
    columns = [Column(title, title, width) for title, width in zip(TITLES, widths, strict=True)]

    class Desk(BoxesScreen[None]):
        BINDINGS = [("q", "app.quit", "")]

        def compose(self):  # type: ignore[no-untyped-def]
            yield Grid(columns, Source())

    return run(lambda: None, Desk)  # type: ignore[arg-type, return-value]


def desk() -> int:
    """Our app with its board, on an empty database of ``BOXES_HOME``."""
    from boxes_tui.app import run

    return run()


def dialogs(ours: bool) -> int:
    """A list of 1,000 rows over which ``o`` opens a dialog and ``escape`` closes it."""
    from textual.app import App, ComposeResult
    from textual.screen import ModalScreen, Screen
    from textual.widgets import DataTable, Input, Label

    if ours:
        from boxes_tui.app import run
        from boxes_tui.widgets.fields import TextField
        from boxes_tui.widgets.panel import BottomPanel, Text
        from tests.widgets.desk import Desk

        class Panel(BottomPanel[None]):
            def compose_body(self):  # type: ignore[no-untyped-def]
                yield Text("351 512-3456 cel")
                yield TextField("Nota")

        class Opening(Desk):
            BINDINGS = [("q", "app.quit", "")]

            def key_o(self) -> None:
                self.app.push_screen(Panel())

        return run(lambda: None, Opening)  # type: ignore[arg-type, return-value]

    class Dialog(ModalScreen[None]):
        BINDINGS = [("escape", "dismiss", "")]

        def compose(self) -> ComposeResult:
            yield Label("351 512-3456 cel")
            yield Input(placeholder="Nota")

    class Base(Screen[None]):
        BINDINGS = [("q", "app.quit", ""), ("o", "app.push_screen('dialog')", "")]

        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            found = self.query_one(DataTable)
            found.add_columns(*TITLES)
            for n in range(100):
                found.add_row(*cells(n), key=str(n))

    class Stock(App[None]):
        SCREENS = {"dialog": Dialog, "base": Base}

        def on_mount(self) -> None:
            self.push_screen("base")

    Stock().run()
    return 0


APPS: dict[str, Callable[[int], int]] = {
    "minimal": lambda rows: minimal(),
    "table": table,
    "grid": grid,
    "desk": lambda rows: desk(),
    "dialog-ours": lambda rows: dialogs(True),
    "dialog-stock": lambda rows: dialogs(False),
}

if __name__ == "__main__":
    sys.exit(APPS[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 1000))
