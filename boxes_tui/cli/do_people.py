"""Verbs of ``boxes do`` about people: who has whom, whose work it is, whom not to call."""

from __future__ import annotations

from typing import Annotated

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.cli.do_options import Key, Note, Reason, Row, Rows, Text, To, run
from boxes_tui.i18n import _


def add_to(app: typer.Typer) -> None:
    """Put these verbs beside the others."""
    for name, verb in (
        ("block", block),
        ("unblock", unblock),
        ("override", override),
        ("opt-in", opt_in),
        ("assign", assign),
        ("reassign", reassign),
        ("shift", shift),
        ("add-phone", add_phone),
        ("steal", steal),
        ("claim", claim),
        ("release", release),
    ):
        app.command(name)(verb)


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

    run(Block(row, "operational" if tampoco else "offer", note or ""), key, json)


@guarded
def unblock(row: Row, reason: Reason = None, key: Key = None, json: Json = False) -> None:
    """Levanta el No llamar más, con su motivo (supervisor)."""
    from boxes_tui.desk.blocks import Unblock

    run(Unblock(row, reason or ""), key, json)


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

    run(OverrideGate(row, reason or "", days), key, json)


@guarded
def opt_in(
    row: Row,
    source: Annotated[Text, typer.Option("--source", help="Dónde lo aceptó: mostrador, llamado, formulario.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Ya no acepta.")] = False,
    key: Key = None,
    json: Json = False,
) -> None:
    """Anota que el cliente acepta ofertas por WhatsApp, con su origen."""
    from boxes_tui.desk.blocks import OptIn

    run(OptIn(row, source or "", withdraw), key, json)


@guarded
def assign(rows: Rows, to: To = None, key: Key = None, json: Json = False) -> None:
    """Asigna oportunidades y devoluciones a un agente (supervisor)."""
    from boxes_tui.desk.assign import Assign

    run(Assign(tuple(rows), to), key, json)


@guarded
def reassign(
    of: Annotated[str, typer.Argument(help="El usuario que deja su trabajo.")],
    to: To = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Pasa todo el trabajo de un agente a otro, o a cualquiera (supervisor)."""
    from boxes_tui.desk.assign import AssignAll

    run(AssignAll(of, to), key, json)


@guarded
def shift(
    state: Annotated[str, typer.Argument(help="ready, on_call, wrap_up, paused, off.")],
    key: Key = None,
    json: Json = False,
) -> None:
    """Dice qué está haciendo quien lo corre."""
    from boxes_tui.desk.shifts import Shift

    run(Shift(state), key, json)


@guarded
def add_phone(
    row: Row,
    number: Annotated[str, typer.Argument(help="El teléfono, como se escribe.")],
    key: Key = None,
    json: Json = False,
) -> None:
    """Agrega el teléfono que dio el cliente."""
    from boxes_tui.desk.phones import AddPhone

    run(AddPhone(row, number), key, json)


@guarded
def steal(row: Row, key: Key = None, json: Json = False) -> None:
    """Toma el cliente que tiene otro (supervisor)."""
    from boxes_tui.desk.claims import Steal

    run(Steal(row), key, json)


@guarded
def claim(row: Row, json: Json = False) -> None:
    """Toma el cliente de una fila por dos minutos."""
    from boxes_tui.desk.claims import take
    from boxes_tui.errors import Refused

    doors = house()
    _allowed(doors.session.role, "claim")
    mine, who = take(doors.engine, doors.session, row)
    if not mine:
        raise Refused(_("Lo tiene {name}.").format(name=who or _("otro usuario")))
    _plain("claim", row, {"claimed": True}, json)


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
        raise Refused(_("El rol de este usuario no permite esa acción."))


def _plain(verb: str, row: str, result: dict[str, object], json: bool) -> None:
    """Print what was no act: claims are neither acts nor audited."""
    if json:
        out.json({"act": None, "verb": verb, "row": row, "replayed": False, "result": result})
    else:
        out.say(_("Listo."))
