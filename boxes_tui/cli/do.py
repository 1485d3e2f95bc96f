"""``boxes do VERB``: the very commands of the screens, for scripts and integrations (PRODUCT §10).

Exit 2 where a value is missing or unreadable, 1 where the rules refuse it; nothing is written then.
"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from boxes_tui.cli import do_people, do_reach
from boxes_tui.cli.common import Json, guarded
from boxes_tui.cli.do_options import About, At, Due, Key, NewOwner, Note, Reason, Row, Rows, Text, To, moment, run

app = typer.Typer(no_args_is_help=True, help="Los mismos actos de las pantallas, para programas.")


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
    new_owner: NewOwner = None,
    about: About = None,
    to: To = None,
    also: Annotated[Optional[list[str]], typer.Option("--also", help="Otra fila que atendió el llamado.")] = None,  # noqa: UP045
    key: Key = None,
    json: Json = False,
) -> None:
    """Registra un llamado con su resultado."""
    from boxes_tui.desk.calls import LogCall

    run(
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

    run(CreateOpportunity(row, due, about, to, note), key, json)


@app.command("rebook")
@guarded
def rebook(row: Row, due: Due = None, about: About = None, to: To = None, key: Key = None, json: Json = False) -> None:
    """Abre la oportunidad de una inasistencia."""
    from boxes_tui.desk.opportunities import Rebook

    run(Rebook(row, due, about, to), key, json)


@app.command("discard")
@guarded
def discard(
    rows: Rows,
    reason: Reason = None,
    note: Note = None,
    new_owner: NewOwner = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Descarta una oportunidad con su motivo; varias, en un solo acto."""
    from boxes_tui.desk.bulk import BulkDiscard
    from boxes_tui.desk.effects import owner_words
    from boxes_tui.desk.opportunities import Discard

    many = len(rows) > 1
    note = " · ".join(filter(None, (note, owner_words(new_owner)))) or None
    run(BulkDiscard(tuple(rows), reason, note) if many else Discard(rows[0], reason, note), key, json)


@app.command("reschedule")
@guarded
def reschedule(
    rows: Rows, due: Due = None, at: At = None, note: Note = None, key: Key = None, json: Json = False
) -> None:
    """Replanifica una oportunidad; varias, en un solo acto."""
    from boxes_tui.desk.bulk import BulkReschedule
    from boxes_tui.desk.opportunities import Reschedule

    when = moment(due, at)
    run(BulkReschedule(tuple(rows), when) if len(rows) > 1 else Reschedule(rows[0], when, note), key, json)


@app.command("sell")
@guarded
def sell(row: Row, at: At = None, due: Due = None, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Turno vendido: día y hora dados en el DMS."""
    from boxes_tui.desk.opportunities import Sell

    run(Sell(row, moment(due, at) if due else at, note), key, json)


@app.command("confirm")
@guarded
def confirm(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Confirma un turno."""
    from boxes_tui.desk.appointments import Confirm

    run(Confirm(row, note), key, json)


@app.command("comment")
@guarded
def comment(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Escribe el comentario de un turno."""
    from boxes_tui.desk.appointments import Comment

    run(Comment(row, note or ""), key, json)


@app.command("deliver")
@guarded
def deliver(row: Row, at: At = None, key: Key = None, json: Json = False) -> None:
    """Unidad entregada, antes de que lo diga el DMS."""
    from boxes_tui.desk.orders import Deliver

    run(Deliver(row, at), key, json)


@app.command("note")
@guarded
def note(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Escribe una nota en la fila y en la ficha."""
    from boxes_tui.desk.notes import Note as WriteNote

    run(WriteNote(row, note or ""), key, json)


@app.command("undo")
@guarded
def undo(
    act: Annotated[Text, typer.Argument(help="El número del acto; sin él, el último mío de hoy.")] = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Deshace un acto."""
    from boxes_tui.desk.undo import Undo, act_number

    run(Undo(act_number(act)), key, json)


@app.command("close-complaint")
@guarded
def close_complaint(row: Row, note: Note = None, key: Key = None, json: Json = False) -> None:
    """Cierra un reclamo resuelto sin llamado."""
    from boxes_tui.desk.complaints import CloseComplaint

    run(CloseComplaint(row, note), key, json)


do_people.add_to(app)
do_reach.add_to(app)
