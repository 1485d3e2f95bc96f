"""``boxes customer export|rectify|erase|request|requests``: the rights of the data subject (COMPLIANCE.md)."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

Id = Annotated[str, typer.Argument(metavar="ID", help="El id de customer search.")]
Requested = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--requested", help="Día en que se pidió, si no fue hoy: de él corre el plazo."),
]


def add_to(app: typer.Typer) -> None:
    """Hang the commands on ``boxes customer``."""
    app.command("export")(export)
    app.command("rectify")(rectify)
    app.command("erase")(erase)
    app.command("request")(request)
    app.command("requests")(requests)


@guarded
def export(
    id_: Id,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="Archivo (0600) en vez de la salida estándar."),
    ] = None,
    requested: Requested = None,
    json: Json = False,
) -> None:
    """Entrega en JSON todo lo que se guarda de una persona; queda registrado."""
    from boxes_tui.errors import BoxesError
    from boxes_tui.outreach.rights import ExportPerson, export_of

    with_house = house(statement_ms=60_000)
    who, day = _number(id_), _day(with_house, requested)
    if output is not None and output.exists():
        raise BoxesError(_("{output}: ya existe; no se pisó.").format(output=output))
    answer = with_house.execute(ExportPerson(who, day)).result
    found = {**with_house.read(export_of, who), "request": answer["request"]}
    if output is None:
        out.json(found)
        return
    import json as _json

    with os.fdopen(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        _json.dump(found, file, ensure_ascii=False, indent=1)
    rows = sum(len(r) for r in found["tables"].values())
    if json:
        out.json({"file": str(output), "rows": rows, "request": answer["request"]})
    else:
        out.say(_("Se exportaron {rows} filas a {output}.").format(rows=rows, output=output))


@guarded
def rectify(
    id_: Id,
    fields: Annotated[list[str], typer.Option("--field", help="campo=valor; se puede repetir.")],
    requested: Requested = None,
    json: Json = False,
) -> None:
    """Corrige datos de una persona; en el DMS hay que corregirlos también."""
    from boxes_tui.errors import UsageError
    from boxes_tui.outreach.rights import RectifyPerson

    pairs = []
    for item in fields:
        name, sign, value = item.partition("=")
        if not sign:
            raise UsageError(_("--field va como campo=valor"))
        pairs.append((name.strip(), value))
    with_house = house()
    done = with_house.execute(RectifyPerson(_number(id_), tuple(pairs), _day(with_house, requested))).result
    if json:
        out.json(done)
    else:
        out.say(
            _("Se rectificó: {names}. Hay que corregirlo también en el DMS.").format(names=", ".join(done["fields"]))
        )


@guarded
def erase(
    id_: Id,
    requested: Requested = None,
    yes: Annotated[bool, typer.Option("--yes", help="No preguntar.")] = False,
    json: Json = False,
) -> None:
    """Suprime los datos de una persona; las órdenes de reparación quedan sin nombre. No se puede deshacer."""
    from boxes_tui.outreach.rights import ErasePerson
    from boxes_tui.outreach.suppression import after_erasure

    with_house = house(statement_ms=120_000)
    who, day = _number(id_), _day(with_house, requested)
    out.say(_("La supresión no se puede deshacer."))
    if not yes and sys.stdin.isatty():
        typer.confirm(_("¿Suprimir los datos de esta persona?"), abort=True, err=True)
    done = with_house.execute(ErasePerson(who, day)).result
    after_erasure(with_house)
    if json:
        out.json(done)
    else:
        kept = done["kept"]["repair_orders"]
        out.say(
            _("Se suprimieron los datos de {n} fichas; quedan {kept} órdenes sin nombre.").format(
                n=len(done["erased"]), kept=kept
            )
        )


@guarded
def request(
    id_: Id,
    kind: Annotated[str, typer.Option("--kind", help="access, rectify, erase o block.")],
    requested: Requested = None,
    json: Json = False,
) -> None:
    """Anota un pedido para contestarlo después; dice hasta cuándo."""
    from boxes_tui.errors import UsageError
    from boxes_tui.outreach.rights import LogRequest

    if kind not in ("access", "rectify", "erase", "block"):
        raise UsageError(_("--kind es access, rectify, erase o block"))
    with_house = house()
    done = with_house.execute(LogRequest(_number(id_), kind, _day(with_house, requested))).result  # type: ignore[arg-type]
    if json:
        out.json(done)
    else:
        out.say(
            _("Pedido {request}: hay que contestarlo hasta el {date:%d/%m/%Y}.").format(
                request=done["request"], date=date.fromisoformat(done["due"])
            )
        )


@guarded
def requests(
    pending: Annotated[bool, typer.Option("--pending", help="Sólo los que esperan respuesta.")] = False,
    json: Json = False,
) -> None:
    """Lista los pedidos de los titulares con su plazo."""
    from boxes_tui.outreach.rights import requests as log

    with_house = house()
    rows = [{k: _plain(v) for k, v in r.items()} for r in with_house.read(log, pending=pending)]
    today = with_house.session.today.isoformat()
    for row in rows:
        row["late"] = row["done_at"] is None and row["due_day"] < today
    if json:
        out.json({"total": len(rows), "rows": rows})
        return
    out.table(
        ("id", "pedido", "cliente", "recibido", "hasta", "contestado"),
        [
            (r["id"], r["kind"], r["customer_id"], r["requested_at"][:10], r["due_day"], (r["done_at"] or "")[:10])
            for r in rows
        ],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, int) else value


def _number(text: str) -> int:
    from boxes_tui.cli.customer import customer_number

    return customer_number(text)


def _day(with_house: House, text: str | None) -> date | None:
    from boxes_tui.data.reads.days import day_filter

    return with_house.read(day_filter, text) if text else None
