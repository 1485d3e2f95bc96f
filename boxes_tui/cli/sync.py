"""``boxes sync``: read the DMS (DMS.md §6), and what became of its runs and bad rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House
    from boxes_tui.dms.mapping import SourceSpec
    from boxes_tui.dms.runs import Report

SHOWN = 20
"""How many runs a table shows; JSON is complete."""

app = typer.Typer(invoke_without_command=True, help="Lee el DMS; runs, rejects, status y probe cuentan qué pasó.")


@app.callback()
@guarded
def sync(
    context: typer.Context,
    source: Annotated[Optional[str], typer.Option("--source", help="Sólo una fuente.")] = None,  # noqa: UP045
    config: Annotated[Optional[str], typer.Option("--config", help="TOML con las fuentes.")] = None,  # noqa: UP045
    watch: Annotated[Optional[float], typer.Option("--watch", min=1, help="Repite cada tantos segundos.")] = None,  # noqa: UP045
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Todo igual, pero no guarda ni mueve nada.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Lee de nuevo también los bytes conocidos.")] = False,
    allow: Annotated[Optional[list[str]], typer.Option("--allow", help="Deja pasar una guarda por su nombre.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Lee las fuentes una vez (o con --watch, sin parar)."""
    if context.invoked_subcommand is not None:
        return
    from boxes_tui.dms.guards import NAMES
    from boxes_tui.dms.loop import keep_watching, stop_flag
    from boxes_tui.errors import UsageError

    unknown = [a for a in allow or [] if a not in NAMES]
    if unknown:
        raise UsageError(
            _("No hay una guarda «{name}»; las que hay: {names}").format(name=unknown[0], names=", ".join(NAMES))
        )
    chosen = _sources(source, config)
    with_house = house(statement_ms=3_600_000)
    stop = stop_flag()
    if watch is not None:
        raise typer.Exit(
            keep_watching(lambda: _once(with_house, chosen, dry_run, full, allow, json, stop), watch, stop)
        )
    raise typer.Exit(_once(with_house, chosen, dry_run, full, allow, json, stop))


def _sources(source: str | None, config: str | None) -> list[SourceSpec]:
    from boxes_tui.config import load_settings
    from boxes_tui.dms.mapping import load_sources
    from boxes_tui.errors import ConfigError, UsageError

    path = Path(config).expanduser().absolute() if config else load_settings().config_path
    if path is None:
        raise ConfigError(_("No hay fuentes: boxes sync --config ARCHIVO.toml, o [source.…] en la configuración."))
    found = load_sources(path)
    if source is None:
        return list(found.values())
    if source not in found:
        raise UsageError(
            _("No hay una fuente «{name}»; las que hay: {names}").format(name=source, names=", ".join(found))
        )
    return [found[source]]


def _once(
    with_house: House,
    chosen: list[SourceSpec],
    dry_run: bool,
    full: bool,
    allow: list[str] | None,
    json: bool,
    stop: Any,
) -> int:
    from boxes_tui.dms.loop import worst
    from boxes_tui.dms.runs import Options, run_source
    from boxes_tui.errors import BoxesError

    reports: list[dict[str, Any]] = []
    codes: list[int] = []
    for spec in chosen:
        with _progress(json) as watch_rows:
            options = Options(
                dry_run=dry_run, full=full, allow=frozenset(allow or []), stop=stop.is_set, watch_rows=watch_rows
            )
            try:
                report = run_source(with_house.engine, with_house.clock, spec, options)
            except BoxesError as error:
                out.say(str(error))
                codes.append(error.exit_code)
                reports.append({"run": None, "source": spec.name, "status": "locked" if error.exit_code == 4 else "failed",
                                "exit": error.exit_code, "entities": [], "messages": [str(error)]})  # fmt: skip
                continue
        codes.append(report.exit)
        reports.append(report.as_json())
        if not json:
            _print(report, dry_run)
        for line in report.said:
            out.say(line)
    code = worst(codes)
    if json:
        out.json({"runs": reports, "exit": code})
    return code


def _progress(json: bool) -> Any:
    from boxes_tui.dms.progress import no_progress, progress

    return progress() if sys.stderr.isatty() and not json else no_progress()


def _print(report: Report, dry_run: bool) -> None:
    names = ("entity", "read", "inserted", "updated", "unchanged", "stale", "duplicates", "rejected", "gone", "stubs")
    out.table(
        ("entidad", "leídas", "nuevas", "cambiadas", "iguales", "viejas", "repetidas", "rechazadas", "idas", "huecos"),
        [[c.as_json()[n] for n in names] for c in report.entities],
    )
    if dry_run:
        out.data(_("Ensayo: no se guardó ni se movió nada."))
        for line in report.samples:
            out.data(f"  {line}")


@app.command("runs")
@guarded
def runs(
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Cuántas, a lo sumo.")] = None, json: Json = False
) -> None:
    """Las últimas corridas."""
    from boxes_tui.dms.history import runs as read_runs

    found = house().read(read_runs, limit or (None if json else SHOWN))
    if json:
        out.json({"total": len(found), "rows": found})
        return
    out.table(("corrida", "fuente", "empezó", "terminó", "estado", "salida", "cambios"),
              [[r["run"], r["source"], r["started"], r["finished"], r["status"], r["exit"], r["changes"]] for r in found])  # fmt: skip


@app.command("rejects")
@guarded
def rejects(
    source: Annotated[Optional[str], typer.Option("--source")] = None,  # noqa: UP045
    entity: Annotated[Optional[str], typer.Option("--entity")] = None,  # noqa: UP045
    export: Annotated[Optional[str], typer.Option("--export", help="csv: las filas crudas, para corregirlas.")] = None,  # noqa: UP045
    retry: Annotated[bool, typer.Option("--retry", help="Las prueba de nuevo con el mapeo de ahora.")] = False,
    config: Annotated[Optional[str], typer.Option("--config", help="TOML con las fuentes, para --retry.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Las filas rechazadas que siguen abiertas, con archivo, línea y motivo."""
    from boxes_tui.dms.history import rejects as read_rejects
    from boxes_tui.errors import UsageError

    if export not in (None, "csv"):
        raise UsageError(_("--export sólo sabe csv"))
    with_house = house(statement_ms=3_600_000) if retry else house()
    if retry:
        _retry(with_house, _sources(source, config))
    rows = with_house.read(read_rejects, source, entity)
    if json:
        out.json({"total": len(rows), "rows": rows})
    elif export == "csv":
        columns = ("source", "entity", "file", "line", "code", "field", "reason", "raw", "first_seen", "times")
        out.csv_rows(columns, [[r[c] for c in columns] for r in rows])
    else:
        out.table(("fuente", "entidad", "archivo", "línea", "código", "campo", "motivo", "veces"),
                  [[r["source"], r["entity"], r["file"], r["line"], r["code"], r["field"], r["reason"], r["times"]] for r in rows])  # fmt: skip


def _retry(with_house: House, chosen: list[SourceSpec]) -> None:
    """Try the quarantined rows of these sources again; refused files go back into their folder."""
    from boxes_tui.dms.runs import Options, run_source

    for spec in chosen:
        report = run_source(with_house.engine, with_house.clock, spec, Options(retry=True))
        good = sum(c.inserted + c.updated + c.unchanged + c.stale for c in report.entities)
        bad = sum(c.rejected for c in report.entities)
        out.say(
            _("{source}: {good} filas valen ahora, {bad} siguen sin valer.").format(
                source=spec.name, good=good, bad=bad
            )
        )
        for line in report.said:
            out.say(line)


@app.command("status")
@guarded
def status(json: Json = False) -> None:
    """Cuándo se leyó cada entidad, y si hay una corrida en marcha."""
    from boxes_tui.dms.history import status as read_status

    found = house().read(read_status)
    if json:
        out.json(found)
        return
    out.table(
        ("fuente", "entidad", "leída", "filas"),
        [[r["source"], r["entity"], r["read_at"], r["rows"]] for r in found["entities"]],
    )
    for row in found["running"]:
        out.data(
            _("en marcha: {source} por {holder} desde {started}").format(
                source=row["source"], holder=row["holder"], started=row["started"]
            )
        )


@app.command("probe")
@guarded
def probe(
    config: Annotated[Optional[str], typer.Option("--config")] = None,  # noqa: UP045
    source: Annotated[Optional[str], typer.Option("--source")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Alcanza cada fuente, revisa columnas y cuenta filas; no escribe nada."""
    from boxes_tui.dms.probe import probe as probe_source

    found = [item for spec in _sources(source, config) for item in probe_source(spec)]
    if json:
        out.json({"sources": found, "ok": all(f["ok"] for f in found)})
    else:
        out.table(
            ("fuente", "entidad", "bien", "qué"),
            [[f["source"], f["entity"], "✓" if f["ok"] else "✗", f["text"]] for f in found],
        )
    if not all(f["ok"] for f in found):
        raise typer.Exit(1)
