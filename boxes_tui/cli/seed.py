"""``boxes seed``: open work made from the history (PRODUCT §4, *Take-over*)."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

app = typer.Typer(no_args_is_help=True, help="Sembrar la cola principal desde la historia.")


@app.callback()
def _root() -> None:
    """Sembrar la cola principal desde la historia."""


@app.command("opportunities")
@guarded
def opportunities(
    last_service_before: Annotated[
        str, typer.Option("--last-service-before", help="Último service antes de este día.")
    ],
    per_day: Annotated[int, typer.Option("--per-day", min=1, help="Cuántas por día hábil.")],
    start: Annotated[Optional[str], typer.Option("--start", help="Primer día; sin él, hoy.")] = None,  # noqa: UP045
    limit: Annotated[Optional[int], typer.Option("--limit", min=1, help="Cuántas, a lo sumo.")] = None,  # noqa: UP045
    about: Annotated[str, typer.Option("--about", help="Motivo que se muestra.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ensayo: cuenta y no escribe.")] = False,
    key: Annotated[Optional[str], typer.Option("--key", help="Clave de idempotencia.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Crea oportunidades para las unidades que hace tiempo no vienen; se deshace con boxes do undo."""
    from boxes_tui.desk.seeding import SeedOpportunities
    from boxes_tui.desk.takeover import Rehearsed
    from boxes_tui.domain.dates import NotUnderstood, parse_when
    from boxes_tui.errors import UsageError
    from boxes_tui.text import clean

    doors = house(statement_ms=60_000)
    now = doors.clock.local()
    try:
        before = parse_when(last_service_before, now, past=True).day
        first = parse_when(start, now).day if start else None
    except NotUnderstood as error:
        raise UsageError(str(error)) from None
    try:
        done = doors.execute(SeedOpportunities(before, per_day, first, limit, clean(about), dry_run), key)
        result: dict[str, Any] = {"act": str(done.act), "replayed": done.replayed, **done.result}
    except Rehearsed as rehearsed:
        result = {"act": None, "replayed": False, **rehearsed.result}
    if json:
        out.json(result)
        return
    out.data(
        (
            _("Se crearían {n} oportunidades, de {first} a {last}.")
            if dry_run
            else _("Se crearon {n} oportunidades, de {first} a {last}.")
        ).format(n=result["created"], first=result["from"], last=result["to"])
    )
    out.say(_("Bloqueados que quedan afuera: {blocked}.").format(blocked=result["blocked"]))
