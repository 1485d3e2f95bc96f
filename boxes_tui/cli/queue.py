"""``boxes queue``: the rows and counts of the board's queues."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _


@guarded
def queue(
    name: Annotated[
        str | None,
        typer.Argument(
            help="deliveries, opportunities, appointments, in_process, completed, campaign_opportunities, leaks"
        ),
    ] = None,
    filter_: Annotated[str | None, typer.Option("--filter", help="El filtro; sin él, el de la pantalla.")] = None,
    day: Annotated[str | None, typer.Option("--day", help="Sólo un día: hoy, mañana, hábil o una fecha.")] = None,
    branch: Annotated[str | None, typer.Option("--branch", help="Sólo una sucursal, por su código.")] = None,
    agent: Annotated[Optional[str], typer.Option("--agent", help="Sólo un agente, por su usuario.")] = None,  # noqa: UP045
    text: Annotated[Optional[str], typer.Option("--text", help="Nombre, patente, chasis o número.")] = None,  # noqa: UP045
    only: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--only", help="unreachable (sin contacto), no_phone (sin teléfono) o callbacks (prometidas)."),
    ] = None,
    limit: Annotated[Optional[int], typer.Option("--limit", min=0, help="Cuántas filas, a lo sumo.")] = None,  # noqa: UP045
    counts: Annotated[bool, typer.Option("--counts", help="Las cuentas del tablero, de cada cola y filtro.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV (UTF-8 con BOM, «;»).")] = False,
) -> None:
    """Lista una cola del tablero, o las cuentas de todas (--counts)."""
    from boxes_tui.data.reads.days import day_filter
    from boxes_tui.data.reads.queues import Ask, all_counts, as_json, as_text
    from boxes_tui.data.reads.queues import count as count_rows
    from boxes_tui.data.reads.queues import rows as read_rows
    from boxes_tui.domain.queues import queue_named
    from boxes_tui.errors import UsageError

    if counts:
        with_house = house()
        found = with_house.read(all_counts)
        if json:
            out.json({"today": with_house.session.today.isoformat(), "counts": found})
        else:
            out.table(
                ("cola", "filtro", "filas"),
                [(q, f, n) for q, filters in found.items() for f, n in filters.items()],
            )
        return
    if name is None:
        raise UsageError(_("Falta la cola (o --counts). Por ejemplo: boxes queue appointments --filter to_confirm"))
    definition = queue_named(name)
    chosen = definition.default if filter_ is None else filter_
    with_house = house()
    session = with_house.session
    one_day = with_house.read(day_filter, day) if day else None
    ask = Ask(name, chosen, one_day, branch, agent, text, only=only)
    total = with_house.read(count_rows, ask)
    rows = with_house.read(read_rows, ask, limit)
    if json:
        out.json(
            {
                "queue": name,
                "filter": chosen,
                "today": session.today.isoformat(),
                "total": total,
                "rows": [as_json(r) for r in rows],
            }
        )
        return
    columns = ("ref", "dms_id", "branch", "when", "customer", "plate", "vin", "state", "claimed_by")
    lines = [[shown[c] for c in columns] for shown in (as_text(r) for r in rows)]
    if csv:
        out.csv_rows(columns, lines)
    else:
        out.table(("fila", "DMS", "sucursal", "cuándo", "cliente", "patente", "chasis", "estado", "lo tiene"), lines)
        out.say(_("Total: {total}  Visualizados: {n}").format(total=total, n=len(rows)))
