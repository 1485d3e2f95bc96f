"""``boxes demo``: the demo dealership on the real path, simulator → files → sync → app (PRODUCT §13)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded

if TYPE_CHECKING:
    from boxes_tui.config import Settings


@guarded
def demo(
    home: Annotated[Optional[str], typer.Option("--home", help="Dónde queda la concesionaria.")] = None,  # noqa: UP045
    seed: Annotated[int, typer.Option("--seed", help="Otra semilla, otra gente.")] = 1,
    scale: Annotated[float, typer.Option("--scale", min=0.1, help="Tamaño: 1 son unas 450 personas.")] = 1.0,
    app: Annotated[bool, typer.Option("--app/--no-app", help="Abre la aplicación, o termina ya preparada.")] = True,
    user: Annotated[str, typer.Option("--user", help="Quién trabaja: luis (supervisor), ana, marta, rocio.")] = "luis",
    json: Json = False,
) -> None:
    """Arma la concesionaria de demostración (una vez) y la abre."""
    from boxes_tui.cli.demo_setup import prepare
    from boxes_tui.config import load_settings
    from boxes_tui.i18n import _, set_language

    where = Path(home).expanduser().absolute() if home else load_settings().home.parent / "boxes-demo"
    os.environ["BOXES_HOME"] = str(where)
    os.environ.pop("BOXES_CONFIG", None)
    settings = load_settings()
    set_language(settings.lang)
    counts = prepare(settings, seed, scale, say=(lambda _text: None) if json else out.say)
    if json:
        out.json({"home": str(where), "database": settings.database_url, "user": user, **counts})
    else:
        out.say(_("La concesionaria de demostración está en {where}.").format(where=where))
    if not app:
        if not json:
            out.data(f"BOXES_HOME={where}")
        return
    raise typer.Exit(_run(settings, user))


def _run(settings: Settings, user: str) -> int:
    """The app, with the DMS alive beside it."""
    import subprocess

    from boxes_tui.app import run

    os.environ.setdefault("BOXES_USER", user)
    feeder = subprocess.Popen(
        [sys.executable, "-m", "boxes_tui.cli.demo_feed", str(settings.home)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        return run()
    finally:
        feeder.terminate()
        feeder.wait(10)
