"""``boxes wallboard``: the wall of a supervisor's room."""

from __future__ import annotations

import typer

from boxes_tui.cli.common import guarded


@guarded
def wallboard() -> None:
    """Pantalla de pared: sólo lectura, sin datos de clientes."""
    from boxes_tui.app import run
    from boxes_tui.screens.wallboard import WallboardScreen

    raise typer.Exit(run(first_screen=WallboardScreen))
