"""``boxes report``: the figures and rows of the ten reports (PRODUCT §9, §10)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House
    from boxes_tui.reports.population import Ask, Selection

FORMATS = ("table", "json", "csv", "xlsx", "html")


@guarded
def report(
    name: Annotated[
        str | None,
        typer.Argument(
            help="deliveries, opportunities, appointments, in_process, completed, campaigns, agents, leaks, "
            "reconciliation, retention"
        ),
    ] = None,
    low: Annotated[str | None, typer.Option("--from", help="Primer día; sin él, el primero del mes.")] = None,
    high: Annotated[str | None, typer.Option("--to", help="Último día; sin él, hoy.")] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="hoy, semana, mes o año, en lugar de las fechas.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Columna de la torta.")] = None,
    branch: Annotated[str | None, typer.Option("--branch", help="Sólo una sucursal, por su código.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Sólo un agente, por su usuario.")] = None,
    make: Annotated[str | None, typer.Option("--make", help="Sólo una marca.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Sólo un modelo.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Nombre, patente o chasis.")] = None,
    kind: Annotated[Optional[str], typer.Option("--format", help="table, json, csv, xlsx o html.")] = None,  # noqa: UP045
    rows: Annotated[bool, typer.Option("--rows", help="Con las filas (json, table, html).")] = False,
    kpi: Annotated[str | None, typer.Option("--kpi", help="Sólo las filas de un KPI, por su código.")] = None,
    side: Annotated[str, typer.Option("--side", help="num, den o waiting del KPI.")] = "num",
    value: Annotated[str | None, typer.Option("--value", help="Sólo las filas de una porción de --by.")] = None,
    period: Annotated[str | None, typer.Option("--period", help="Sólo las filas de un día o de un mes.")] = None,
    months: Annotated[
        bool, typer.Option("--monthly", help="Sólo cuenta por mes y sucursal, sin filtros; cinco años al instante.")
    ] = False,
    output: Annotated[Optional[str], typer.Option("--output", help="A un archivo.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Un reporte: cifras, torta y serie, o sus filas (csv, xlsx)."""
    from boxes_tui.errors import UsageError
    from boxes_tui.reports.population import REPORTS, Ask, Selection, check
    from boxes_tui.reports.spans import span

    chosen = "json" if json and kind is None else (kind or "table").lower()
    if chosen not in FORMATS:
        raise UsageError(
            _("No hay un formato «{kind}»; los que hay: {names}").format(kind=kind, names=", ".join(FORMATS))
        )
    if name is None:
        raise UsageError(_("Falta el reporte; los que hay: {names}").format(names=", ".join(REPORTS)))
    with_house = house(statement_ms=120_000)
    first, last = span(with_house.session, low, high, preset)
    ask = Ask(name, first, last, branch, agent, make, model, text)
    check(ask)
    if months:
        if ask.filters() or by or kpi or period or rows or chosen not in ("table", "json"):
            raise UsageError(_("--monthly no lleva filtros, filas ni otros formatos que table y json."))
        _monthly(with_house, ask, chosen)
        return
    if side not in ("num", "den", "waiting"):
        raise UsageError(_("«{side}» no es num, den ni waiting.").format(side=side))
    if value is not None and not by:
        raise UsageError(_("--value necesita --by."))
    opened = None
    if kpi or period or value is not None:
        part = (value or None) if value is not None else None
        opened = Selection(kpi or "", side, by=(by or "") if value is not None else "", value=part, period=period or "")
    _write(with_house, ask, by, chosen, rows, opened, output)


def _monthly(with_house: House, ask: Ask, kind: str) -> None:
    """Rows by month and branch, from the roll-ups."""
    from boxes_tui.reports.rollups import monthly

    session = with_house.session
    found = monthly(with_house.engine, session, ask.report, ask.low, ask.high)
    codes = {b.id: b.code for b in session.branches}
    if kind == "json":
        lines = [{"month": f"{m.month:%Y-%m}", "branch": codes.get(m.branch_id or 0), "n": m.n} for m in found]
        total = sum(m.n for m in found)
        out.json({"report": ask.report, "from": str(ask.low), "to": str(ask.high), "total": total, "months": lines})
        return
    branches = sorted({m.branch_id for m in found}, key=lambda b: (b is None, b))
    counts = {(m.month, m.branch_id): m.n for m in found}
    rows = [
        (f"{month:%m/%Y}", *(counts.get((month, b), 0) for b in branches), sum(m.n for m in found if m.month == month))
        for month in sorted({m.month for m in found})
    ]
    out.table(("mes", *(codes.get(b or 0, "—") for b in branches), "total"), rows)


def _write(
    with_house: House, ask: Ask, by: str | None, kind: str, rows: bool, opened: Selection | None, output: str | None
) -> None:
    """Read everything in one snapshot, then write it; what is opened shows its rows."""
    from boxes_tui.reports.grid import View
    from boxes_tui.reports.render import Document, read

    view = View(opened) if opened else None
    document: Document = with_house.read(read, ask, by, kind, rows or opened is not None, view)
    if output is None and kind == "xlsx" and sys.stdout.isatty():
        from boxes_tui.errors import UsageError

        raise UsageError(_("Una planilla no se muestra en la terminal: falta --output archivo.xlsx"))
    if output is not None:
        from pathlib import Path

        path = Path(output).expanduser()
        document.save(path)
        out.say(
            _("Se exportó {name}, {rows} filas.").format(name=path.name, rows=document.rows)
            if document.rows is not None
            else _("Se exportó {name}.").format(name=path.name)
        )
        return
    if kind == "table":
        out.data(document.text)
    elif kind == "json":
        out.write(document.text + "\n", utf8=True)
    else:
        sys.stdout.buffer.write(document.data)
        sys.stdout.buffer.flush()
