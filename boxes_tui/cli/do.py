"""``boxes do VERB``: the very commands of the screens, for scripts and integrations (PRODUCT §10).

Exit 2 where a value is missing or unreadable, 1 where the rules refuse it; nothing is written then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house

if TYPE_CHECKING:
    from boxes_tui.data.commands import ActResult, Command

app = typer.Typer(no_args_is_help=True, help="Los mismos actos de las pantallas, para programas.")

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
About = Annotated[Text, typer.Option("--about", help="Motivo de la oportunidad.")]
To = Annotated[Text, typer.Option("--to", help="Usuario; sin él, cualquiera.")]


@app.command("call")
@guarded
def call(
    row: Row,
    disposition: Annotated[str, typer.Option("--disposition", help="Dígito o código del resultado.")],
    note: Note = None,
    at: At = None,
    due: Due = None,
    reason: Reason = None,
    score: Annotated[Optional[int], typer.Option("--score", help="Puntaje, 0 a 10.")] = None,  # noqa: UP045
    incident: Annotated[Text, typer.Option("--incident", help="Incidencia: abre un reclamo.")] = None,
    mine: Annotated[bool, typer.Option("--mine/--anyone", help="De quién es la devolución.")] = True,
    tampoco: Annotated[bool, typer.Option("--tampoco", help="No llamar tampoco por turnos.")] = False,
    new_owner: Annotated[Text, typer.Option("--new-owner", help="Quién tiene ahora la unidad vendida.")] = None,
    about: About = None,
    to: To = None,
    also: Annotated[Optional[list[str]], typer.Option("--also", help="Otra fila que atendió el llamado.")] = None,  # noqa: UP045
    key: Key = None,
    json: Json = False,
) -> None:
    """Registra un llamado con su resultado."""
    from boxes_tui.desk.calls import LogCall

    _run(
        LogCall(
            row, disposition, note=note, at=at, due=due, reason=reason, score=score, incident=incident, mine=mine,
            tampoco=tampoco, new_owner=new_owner, about=about, assigned=to, also=tuple(also or ()),
        ),
        key, json,
    )  # fmt: skip


@app.command("opportunity")
@guarded
def opportunity(
    row: Row, due: Due = None, about: About = None, to: To = None, note: Note = None, key: Key = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Crea una oportunidad desde cualquier fila."""
    from boxes_tui.desk.opportunities import CreateOpportunity

    _run(CreateOpportunity(row, due, about, to, note), key, json)


@app.command("rebook")
@guarded
def rebook(row: Row, due: Due = None, about: About = None, to: To = None, key: Key = None, json: Json = False) -> None:
    """Abre la oportunidad de una inasistencia."""
    from boxes_tui.desk.opportunities import Rebook

    _run(Rebook(row, due, about, to), key, json)


@app.command("discard")
@guarded
def discard(rows: Rows, reason: Reason = None, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Descarta una oportunidad con su motivo; varias, en un solo acto."""
    from boxes_tui.desk.bulk import BulkDiscard
    from boxes_tui.desk.opportunities import Discard

    many = len(rows) > 1
    _run(BulkDiscard(tuple(rows), reason, note) if many else Discard(rows[0], reason, note), key, json)


@app.command("reschedule")
@guarded
def reschedule(
    rows: Rows, due: Due = None, at: At = None, note: Note = None, key: Key = None, json: Json = False
) -> None:
    """Replanifica una oportunidad; varias, en un solo acto."""
    from boxes_tui.desk.bulk import BulkReschedule
    from boxes_tui.desk.opportunities import Reschedule

    when = due or at
    _run(BulkReschedule(tuple(rows), when) if len(rows) > 1 else Reschedule(rows[0], when, note), key, json)


@app.command("sell")
@guarded
def sell(row: Row, at: At = None, due: Due = None, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Turno vendido: día y hora dados en el DMS."""
    from boxes_tui.desk.opportunities import Sell

    _run(Sell(row, at or due, note), key, json)


@app.command("confirm")
@guarded
def confirm(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Confirma un turno."""
    from boxes_tui.desk.appointments import Confirm

    _run(Confirm(row, note), key, json)


@app.command("comment")
@guarded
def comment(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Escribe el comentario de un turno."""
    from boxes_tui.desk.appointments import Comment

    _run(Comment(row, note or ""), key, json)


@app.command("deliver")
@guarded
def deliver(row: Row, at: At = None, key: Key = None, json: Json = False) -> None:
    """Unidad entregada, antes de que lo diga el DMS."""
    from boxes_tui.desk.orders import Deliver

    _run(Deliver(row, at), key, json)


@app.command("note")
@guarded
def note(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Escribe una nota en la fila y en la ficha."""
    from boxes_tui.desk.notes import Note as WriteNote

    _run(WriteNote(row, note or ""), key, json)


@app.command("undo")
@guarded
def undo(
    act: Annotated[Text, typer.Argument(help="El número del acto; sin él, el último mío de hoy.")] = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Deshace un acto."""
    from boxes_tui.desk.undo import Undo, act_number

    _run(Undo(act_number(act)), key, json)


@app.command("close-complaint")
@guarded
def close_complaint(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Cierra un reclamo resuelto sin llamado."""
    from boxes_tui.desk.complaints import CloseComplaint

    _run(CloseComplaint(row, note), key, json)


@app.command("block")
@guarded
def block(
    row: Row,
    tampoco: Annotated[bool, typer.Option("--tampoco", help="Tampoco por turnos.")] = False,
    note: Note = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """No llamar más: bloquea ofertas en todos los canales."""
    from boxes_tui.desk.blocks import Block

    _run(Block(row, "operational" if tampoco else "offer", note or ""), key, json)


@app.command("unblock")
@guarded
def unblock(row: Row, reason: Reason = None, key: Key = None, json: Json = False) -> None:
    """Levanta el No llamar más, con su motivo (supervisor)."""
    from boxes_tui.desk.blocks import Unblock

    _run(Unblock(row, reason or ""), key, json)


@app.command("override")
@guarded
def override(
    row: Annotated[Text, typer.Argument(help="La fila; sin ella, la edad de la lista para todos.")] = None,
    reason: Reason = None,
    days: Annotated[int, typer.Option("--days", help="Por cuántos días.")] = 1,
    key: Key = None,
    json: Json = False,
) -> None:
    """Permite ofertas a pesar de una lista No Llame, con motivo (supervisor)."""
    from boxes_tui.desk.gate import OverrideGate

    _run(OverrideGate(row, reason or "", days), key, json)


@app.command("assign")
@guarded
def assign(rows: Rows, to: To = None, key: Key = None, json: Json = False) -> None:
    """Asigna oportunidades y devoluciones a un agente (supervisor)."""
    from boxes_tui.desk.assign import Assign

    _run(Assign(tuple(rows), to), key, json)


@app.command("reassign")
@guarded
def reassign(
    of: Annotated[str, typer.Argument(help="El usuario que deja su trabajo.")],
    to: To = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Pasa todo el trabajo de un agente a otro, o a cualquiera (supervisor)."""
    from boxes_tui.desk.assign import AssignAll

    _run(AssignAll(of, to), key, json)


@app.command("shift")
@guarded
def shift(
    state: Annotated[str, typer.Argument(help="ready, on_call, wrap_up, paused, off.")],
    key: Key = None,
    json: Json = False,
) -> None:
    """Dice qué está haciendo quien lo corre."""
    from boxes_tui.desk.shifts import Shift

    _run(Shift(state), key, json)


@app.command("add-phone")
@guarded
def add_phone(
    row: Row,
    number: Annotated[str, typer.Argument(help="El teléfono, como se escribe.")],
    key: Key = None,
    json: Json = False,
) -> None:
    """Agrega el teléfono que dio el cliente."""
    from boxes_tui.desk.phones import AddPhone

    _run(AddPhone(row, number), key, json)


@app.command("steal")
@guarded
def steal(row: Row, key: Key = None, json: Json = False) -> None:
    """Toma el cliente que tiene otro (supervisor)."""
    from boxes_tui.desk.claims import Steal

    _run(Steal(row), key, json)


@app.command("claim")
@guarded
def claim(row: Row, json: Json = False) -> None:
    """Toma el cliente de una fila por dos minutos."""
    from boxes_tui.desk.claims import take
    from boxes_tui.errors import Refused

    doors = house()
    _allowed(doors.session.role, "claim")
    mine, who = take(doors.engine, doors.session, row)
    if not mine:
        raise Refused(f"Lo tiene {who or 'otro usuario'}.")
    _plain("claim", row, {"claimed": True}, json)


@app.command("release")
@guarded
def release(row: Row, json: Json = False) -> None:
    """Suelta el cliente de una fila."""
    from boxes_tui.desk.claims import release as let_go

    doors = house()
    _allowed(doors.session.role, "release")
    _plain("release", row, {"released": let_go(doors.engine, doors.session, row)}, json)


def _allowed(role: str, verb: str) -> None:
    from boxes_tui.domain.roles import may
    from boxes_tui.errors import Refused

    if not may(role, verb):
        raise Refused("El rol de este usuario no permite esa acción.")


def _plain(verb: str, row: str, result: dict[str, object], json: bool) -> None:
    """Print what was no act: claims are neither acts nor audited."""
    if json:
        out.json({"act": None, "verb": verb, "row": row, "replayed": False, "result": result})
    else:
        out.say("Listo.")


def _run(command: Command, key: str | None, json: bool) -> None:
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
    out.say("Ya estaba hecho con esa clave." if done.replayed else "Se guardó.")
