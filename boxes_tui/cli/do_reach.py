"""Verbs of ``boxes do`` that reach the customer: mail, WhatsApp, telephone, and what he answered."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.cli.do_options import Key, Row, Text, run, show
from boxes_tui.i18n import _

Number = Annotated[Text, typer.Option("--phone", help="El teléfono, si no es el de la fila.")]


def add_to(app: typer.Typer) -> None:
    """Put these verbs beside the others."""
    for name, verb in (("reminder", reminder), ("reply", reply), ("whatsapp", whatsapp), ("dial", dial)):
        app.command(name)(verb)


@guarded
def reminder(
    row: Row,
    cancel: Annotated[bool, typer.Option("--cancel", help="La anulación de un turno anulado en el DMS.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Mostrar el mensaje y no enviarlo.")] = False,
    key: Key = None,
    json: Json = False,
) -> None:
    """Pone en cola el recordatorio de un turno; una vez enviado no se puede deshacer."""
    from boxes_tui.desk.subjects import split_ref
    from boxes_tui.errors import Refused, UsageError
    from boxes_tui.outreach.reminder import SendReminder, mail_desk
    from boxes_tui.outreach.reminder import preview as draft_of

    _word, table, row_id = split_ref(row)
    if table != "appointment":
        raise UsageError(_("El recordatorio es de un turno: appointments:ID"))
    doors = house()
    desk = mail_desk(doors.settings)
    if not preview:
        show(doors.execute(SendReminder(row_id, desk, "cancel" if cancel else ""), key), json)
        return
    draft = doors.read(draft_of, desk, row_id, "cancel" if cancel else "")
    if json:
        out.json({"to": draft.recipient, "from": draft.sender, "subject": draft.subject, "text": draft.text,
                  "attachment": draft.attachment, "template": draft.template_line, "refusal": draft.refusal})  # fmt: skip
    else:
        out.data(f"{_('Para:')} {draft.recipient or '—'}\n{_('Asunto:')} {draft.subject}\n\n{draft.text}")
    if draft.refusal:
        raise Refused(draft.refusal)


@guarded
def reply(
    row: Row,
    answer: Annotated[str, typer.Argument(help="yes, no o change.")],
    key: Key = None,
    json: Json = False,
) -> None:
    """Anota lo que el cliente respondió al recordatorio; yes confirma el turno."""
    from boxes_tui.outreach.whatsapp import NoteReply

    run(NoteReply(row, answer), key, json)  # type: ignore[arg-type]  # the command refuses any other word


@guarded
def whatsapp(
    row: Row,
    phone: Number = None,
    template: Annotated[Optional[str], typer.Option("--template", help="Otra plantilla wa_….")] = None,  # noqa: UP045
    sent: Annotated[bool, typer.Option("--sent", help="Anotar que se envió.")] = False,
    key: Key = None,
    json: Json = False,
) -> None:
    """Da el enlace wa.me de una fila con su texto; con --sent, anota que se envió."""
    from boxes_tui.outreach.whatsapp import LogWhatsApp, compose

    if sent:
        run(LogWhatsApp(row, template, phone), key, json)
        return
    doors = house()
    made = doors.read(compose, doors.settings, row, phone, None, template)
    if json:
        out.json({"url": made.url, "digits": made.digits, "text": made.text, "template": made.template})
    else:
        out.data(made.url)


@guarded
def dial(
    row: Row,
    phone: Annotated[str, typer.Argument(help="El teléfono que se marca.")],
    json: Json = False,
) -> None:
    """Marca un teléfono sobre una fila por el programa o la central de [dial]; queda anotado."""
    from boxes_tui.outreach.dial import place_call

    show(place_call(house(), row, phone), json)
