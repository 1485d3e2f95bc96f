"""What the verbs of ``boxes do`` share: their options, and how an act is run and printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.data.commands import ActResult, Command

Row = Annotated[str, typer.Argument(help="La referencia de una fila: in_process:812")]
Rows = Annotated[list[str], typer.Argument(help="Una fila, o varias: un solo acto.")]
Key = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--key", help="Clave de idempotencia: la misma otra vez no cambia nada."),
]
Text = Optional[str]  # noqa: UP045  Typer reads this at run time
Note = Annotated[Text, typer.Option("--note", help="Nota.")]
At = Annotated[Text, typer.Option("--at", help="Día y hora: ISO, mañana 10, lu 15:30.")]
Due = Annotated[Text, typer.Option("--due", help="Día de vencimiento: ISO, 12/5, +3d.")]
Reason = Annotated[Text, typer.Option("--reason", help="Código o tecla del motivo.")]
NewOwner = Annotated[Text, typer.Option("--new-owner", help="Quién tiene ahora la unidad vendida.")]
About = Annotated[Text, typer.Option("--about", help="Motivo de la oportunidad.")]
To = Annotated[Text, typer.Option("--to", help="Usuario; sin él, cualquiera.")]


_HOUR = re.compile(r"\s*\d{1,2}[:.]\d{2}\s*")


def moment(due: str | None, at: str | None) -> str | None:
    """One day and time from ``--due`` and ``--at``: whichever is given; of both, the day and the hour."""
    if due and at and _HOUR.fullmatch(at):
        return f"{due.strip()} {at.strip()}"
    return due or at


def run(command: Command, key: str | None, json: bool) -> None:
    """Execute as the caller, and print."""
    show(house().execute(command, key), json)


def show(done: ActResult, json: bool) -> None:
    """Print an act: the JSON of PRODUCT §10, or its number on stdout and a sentence on stderr."""
    if json:
        out.json(
            {"act": str(done.act), "verb": done.verb, "row": done.row, "replayed": done.replayed, "result": done.result}
        )
        return
    out.data(str(done.act))
    for text in done.result.get("warnings") or ():
        out.say(str(text))
    out.say(_("Ya estaba hecho con esa clave.") if done.replayed else _("Se guardó."))
