"""``boxes import``: the open work of the system before (PRODUCT §4, *Take-over*)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _


@guarded
def import_work(
    kind: Annotated[str, typer.Argument(help="opportunities, callbacks, blocks, calls.")],
    file: Annotated[Path, typer.Argument(help="CSV, TSV o XLSX.")],
    mapping: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--map", "--config", help="TOML con [import.…]; sin él, las columnas se llaman como los campos."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ensayo: cuenta y no escribe.")] = False,
    key: Annotated[Optional[str], typer.Option("--key", help="Clave de idempotencia.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Trae el trabajo abierto del sistema anterior; se deshace con boxes do undo."""
    from boxes_tui.desk.takeover import Rehearsed, TakeOver
    from boxes_tui.desk.takeover_file import load_mapping, read_file

    mapped = load_mapping(kind, mapping)
    rows, digest = read_file(file, mapped)
    doors = house(statement_ms=60_000)
    try:
        done = doors.execute(TakeOver(kind, f"{digest}/{mapped.digest}", tuple(rows), dry_run), key)
        result: dict[str, Any] = {"act": str(done.act), "replayed": done.replayed, **done.result}
    except Rehearsed as rehearsed:
        result = {"act": None, "replayed": False, **rehearsed.result}
    if json:
        out.json(result)
        return
    for item in result["rejected"]:
        out.say(f"{file.name}:{item['line']}: {item['code']} {item['reason']}")
    out.data(
        (
            _("{read} leídas: se importarían {imported}, ya estaban {already}, rechazadas {rejected}.")
            if dry_run
            else _("{read} leídas: se importaron {imported}, ya estaban {already}, rechazadas {rejected}.")
        ).format(**{**result, "rejected": len(result["rejected"])})
    )
    if result["act"]:
        out.say(_("Se deshace con: boxes do undo {act}").format(act=result["act"]))
