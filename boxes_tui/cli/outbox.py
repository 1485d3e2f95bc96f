"""``boxes outbox send|list|retry``: the mails that wait, that left, and that did not (PRODUCT §7)."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.outreach.outbox import Sender, Tally

app = typer.Typer(no_args_is_help=True, help="Correo saliente: enviar, ver y reintentar.")

MAX_PAUSE = 300.0
"""Seconds that a daemon waits at most while the database does not answer."""


@app.command("send")
@guarded
def send(
    watch: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--watch", min=1, help="Seguir enviando, cada tantos segundos, hasta SIGTERM."),
    ] = None,
    json: Json = False,
) -> None:
    """Envía lo que está en cola; con --watch, como servicio."""
    from boxes_tui.outreach.outbox import Sender
    from boxes_tui.outreach.reminder import mail_desk

    with_house = house(statement_ms=15_000)
    sender = Sender(with_house, mail_desk(with_house.settings))
    if watch is not None:
        _watch(sender, watch, json)
        return
    done = sender.run()
    _tell(done, json)
    if not done.well:
        raise typer.Exit(1)


def _watch(sender: Sender, seconds: float, json: bool) -> None:
    from boxes_tui.errors import Unavailable

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    pause = seconds
    while not ended.is_set():
        try:
            done = sender.run(ended.is_set)
        except Unavailable as error:
            out.say(str(error))
            pause = min(pause * 2, MAX_PAUSE)
        else:
            pause = seconds
            if any(vars(done).values()):
                _tell(done, json)
        ended.wait(pause)


def _tell(done: Tally, json: bool) -> None:
    if json:
        out.json(vars(done))
        return
    out.say(
        _(
            "Enviados {sent} · anulados {cancelled} · para reintentar {again} · fallidos {failed} · sin respuesta {unknown}"
        ).format(sent=done.sent, cancelled=done.cancelled, again=done.again, failed=done.failed, unknown=done.unknown)
    )


@app.command("list")
@guarded
def list_mails(
    state: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--state", help="queued, sending, sent, unknown, failed o cancelled; se puede repetir."),
    ] = None,
    limit: Annotated[Optional[int], typer.Option("--limit", min=1)] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Lista los mensajes, el más nuevo primero, con el motivo de los que no salieron."""
    from boxes_tui.errors import UsageError
    from boxes_tui.outreach.mail import error_words
    from boxes_tui.outreach.mails import STATES, mail_counts, mails

    wrong = [s for s in state or () if s not in STATES]
    if wrong:
        raise UsageError(
            _("No hay un estado «{wrong}»; los que hay: {names}").format(wrong=wrong[0], names=", ".join(STATES))
        )
    with_house = house()
    found = with_house.read(mails, tuple(state or ()))
    rows = found[:limit]
    if json:
        out.json({"total": len(found), "counts": with_house.read(mail_counts), "rows": [_row(dict(r)) for r in rows]})
        return
    out.table(
        ("id", "clase", "turno", "para", "estado", "intentos", "motivo"),
        [
            (
                r["id"],
                r["kind"],
                r["appointment_id"],
                r["recipient"],
                r["state"],
                r["tries"],
                error_words(r["error"] or ""),
            )
            for r in rows
        ],
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    made = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}
    for name in ("id", "appointment_id", "customer_id"):
        if made.get(name) is not None:
            made[name] = str(made[name])
    return made


@app.command("retry")
@guarded
def retry(
    ids: Annotated[
        Optional[list[int]],  # noqa: UP045
        typer.Argument(metavar="[ID]…", help="Los de outbox list; sin ninguno, todos los que fallaron."),
    ] = None,
    json: Json = False,
) -> None:
    """Pone otra vez en cola lo que falló o quedó sin respuesta, con el mismo Message-ID."""
    from boxes_tui.outreach.mails import RetryMail

    done = house().execute(RetryMail(tuple(ids or ()))).result
    if json:
        out.json(done)
    else:
        out.say(_("En cola otra vez: {n}").format(n=len(done["retried"])))


@app.command("due")
@guarded
def due(
    day: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--day", help="hoy, mañana, hábil o una fecha; sin ella, hasta el próximo día hábil."),
    ] = None,
    json: Json = False,
) -> None:
    """Turnos a los que falta recordarles la fecha que tienen ahora."""
    from boxes_tui.data.reads.days import day_filter
    from boxes_tui.outreach.ladder import reminders_due
    from boxes_tui.outreach.mail import error_words

    with_house = house()
    rows = with_house.read(reminders_due, with_house.read(day_filter, day) if day else None)
    if json:
        out.json({"total": len(rows), "rows": [_row(_fields(r)) for r in rows]})
        return
    out.table(
        ("turno", "fecha", "cliente", "patente", "e-mail", "WhatsApp", "motivo"),
        [
            (
                r.ref,
                f"{r.starts_at:%d/%m %H:%M}",
                r.customer,
                r.plate,
                _("sí") if r.by_mail else _("no"),
                _("sí") if r.by_whatsapp else _("no"),
                error_words(r.error or "") or r.why,
            )
            for r in rows
        ],
    )


@app.command("no-shows")
@guarded
def no_shows(json: Json = False) -> None:
    """Inasistencias por recuperar, con su escalón (D0, D1, D3, D7)."""
    from boxes_tui.outreach.ladder import no_show_ladder

    rows = house().read(no_show_ladder)
    if json:
        out.json({"total": len(rows), "rows": [_row(_fields(r)) for r in rows]})
        return
    out.table(
        ("turno", "fecha", "cliente", "patente", "escalón", "pendiente"),
        [
            (r.ref, f"{r.starts_at:%d/%m %H:%M}", r.customer, r.plate, f"D{r.step}", _("sí") if r.due else _("no"))
            for r in rows
        ],
    )


@app.command("untold")
@guarded
def untold(json: Json = False) -> None:
    """Turnos anulados cuyo cliente todavía tiene la invitación."""
    from boxes_tui.outreach.ladder import cancelled

    rows = house().read(cancelled)
    if json:
        out.json({"total": len(rows), "rows": [_row(_fields(r)) for r in rows]})
        return
    columns = (_("turno"), _("fecha"), _("cliente"), _("patente"))
    out.table(columns, [(r.ref, f"{r.starts_at:%d/%m %H:%M}", r.customer, r.plate) for r in rows])


@app.command("unanswered")
@guarded
def unanswered(json: Json = False) -> None:
    """Turnos recordados que nadie confirmó ni respondió."""
    from boxes_tui.outreach.ladder import unanswered as read

    rows = house().read(read)
    if json:
        out.json({"total": len(rows), "rows": [_row(_fields(r)) for r in rows]})
        return
    out.table(
        ("turno", "fecha", "cliente", "patente", "por", "enviado"),
        [(r.ref, f"{r.starts_at:%d/%m %H:%M}", r.customer, r.plate, r.channel, f"{r.at:%d/%m %H:%M}") for r in rows],
    )


def _fields(row: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)
