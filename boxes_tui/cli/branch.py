"""``boxes branch``: the branches and what mails and calls say of them."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

app = typer.Typer(no_args_is_help=True, help="Sucursales: alta y lista.")

Text = Optional[str]  # noqa: UP045  Typer reads this at run time


@app.command("add")
@guarded
def add(
    code: Annotated[str, typer.Argument(help="Código, como lo escribe el DMS.")],
    name: Annotated[Text, typer.Argument(help="Nombre que se muestra.")] = None,
    timezone: Annotated[Text, typer.Option("--timezone", help="Huso, p. ej. America/Argentina/Buenos_Aires.")] = None,
    area_code: Annotated[Text, typer.Option("--area-code", help="Característica de los teléfonos, sin 0.")] = None,
    address: Annotated[Text, typer.Option("--address", help="Dirección del taller.")] = None,
    city: Annotated[Text, typer.Option("--city", help="Ciudad.")] = None,
    phone: Annotated[Text, typer.Option("--phone", help="Teléfono que se da al cliente.")] = None,
    email: Annotated[Text, typer.Option("--email", help="Correo de la sucursal.")] = None,
    hours: Annotated[Text, typer.Option("--workshop-hours", help="Horario del taller, como se dice.")] = None,
    change: Annotated[bool, typer.Option("--change", help="Cambia una que ya está.")] = False,
    json: Json = False,
) -> None:
    """Agrega una sucursal."""
    from boxes_tui.desk.branches import AddBranch

    done = house().execute(
        AddBranch(code, name, timezone, area_code, address, city, phone, email, hours, change)
    )  # fmt: skip
    if json:
        out.json(done.result)
    else:
        out.say(_("Sucursal {code}.").format(code=code))


@app.command("list")
@guarded
def list_branches(json: Json = False) -> None:
    """Lista las sucursales."""
    from boxes_tui.desk.branches import listed

    rows = house().read(listed)
    if json:
        out.json({"total": len(rows), "rows": rows})
        return
    out.table(
        ("código", "nombre", "huso", "característica", "dirección"),
        [(r["code"], r["name"], r["zone"], r["area_code"], r["address"]) for r in rows],
    )
