"""``boxes dnc``: No Llame lists (PRODUCT §5, COMPLIANCE.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

app = typer.Typer(no_args_is_help=True, help="Listas No Llame: importar, consultar.")


@app.command("import")
@guarded
def import_list(
    file: Annotated[Path, typer.Argument(help="Un teléfono por línea, o CSV.")],
    name: Annotated[str, typer.Option("--name", help="Cuál lista: cada una tiene su edad.")] = "No Llame",
    date: Annotated[Optional[str], typer.Option("--date", help="Día de la lista; sin él, hoy.")] = None,  # noqa: UP045
    key: Annotated[Optional[str], typer.Option("--key", help="Clave de idempotencia.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Importa una lista; reemplaza a la anterior del mismo nombre, que queda como historia."""
    from boxes_tui.desk.dnc import ImportList, read_numbers
    from boxes_tui.domain.dates import NotUnderstood, parse_when
    from boxes_tui.errors import UsageError

    doors = house(statement_ms=60_000)
    session = doors.session
    try:
        day = parse_when(date, session.clock.local(), past=True).day if date else session.today
    except NotUnderstood as error:
        raise UsageError(str(error)) from None
    branch = session.branches[0] if session.branches else None
    found = read_numbers(file, branch.area_code if branch else None)
    done = doors.execute(ImportList(name, day, found.digest, found.keys), key)
    if json:
        out.json({**done.result, "date": day.isoformat(), "unread": found.unread, "replayed": done.replayed})
        return
    out.say(
        _("Lista {name} del {day:%d/%m/%Y}: {total} números, {unread} líneas sin número.").format(
            name=name, day=day, total=done.result["total"], unread=found.unread
        )
    )


@app.command("check")
@guarded
def check(phone: Annotated[str, typer.Argument(help="El teléfono, como se escribe.")], json: Json = False) -> None:
    """Dice si un número está bloqueado, para qué y por qué."""
    from boxes_tui.desk.dnc import check_phone
    from boxes_tui.desk.gate import list_required

    doors = house()
    found = doors.read(lambda conn, session: check_phone(conn, session, phone, required=list_required()))
    if json:
        out.json(found)
        return
    words = {"offer": _("ofertas"), "operational": _("turnos y órdenes")}
    for purpose, word in words.items():
        out.data(f"{word}: {_('bloqueado') if found['blocked'][purpose] else _('permitido')}")
    for text in found["why"]:
        out.data(f"✗ {text}")


@app.command("list")
@guarded
def list_lists(json: Json = False) -> None:
    """Las listas en vigor y su edad."""
    from boxes_tui.desk.dnc import listed

    rows = house().read(listed)
    if json:
        out.json({"total": len(rows), "rows": rows})
        return
    out.table(("lista", "fecha", "días", "números"), [(r["name"], r["date"], r["days"], r["total"]) for r in rows])
