"""The card of the cursor row at the right of a list, from 110 columns on (SCREENS §4): 30 cells of text."""

from __future__ import annotations

from boxes_tui.data.reads.customers import Card
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.domain import dispositions
from boxes_tui.domain.formats import clock, document, full_day, number, show_day
from boxes_tui.domain.phones import show_phone
from boxes_tui.i18n import _
from boxes_tui.screens.customer_text import CONTACTS, contact_words
from boxes_tui.screens.row_detail import detail_lines, phone_text
from boxes_tui.screens.row_text import KINDS, Moment, first_name, name
from boxes_tui.widgets.safe import Line


def card_lines(queue: str, row: QueueRow, at: Moment, card: Card | None) -> list[Line]:
    """What the card says: with only the row while the customer is still being read."""
    _first, second = detail_lines(queue, row, at)
    lines: list[Line] = [[(name(row), "acento")]]
    if card is None:
        lines.append(f"▸ {phone_text(row.phone, row.phone_kind)}")
        return [*lines, *_why(second)]
    c = card.customer
    who = " · ".join(x for x in (c["doc_number"] and document(c["doc_type"], c["doc_number"]), c["city"]) if x)
    lines += [who] if who else []
    for n, phone in enumerate(card.phones[:4]):
        shown = show_phone(phone.e164) if phone.e164 else phone.raw
        kind = _(KINDS[phone.kind]) if KINDS.get(phone.kind) else ""
        text = f"{'▸ ' if n == 0 and phone.wrong_at is None else ''}{shown} {kind}".rstrip()
        lines.append([text, (_(" ✗ mal"), "peligro")] if phone.wrong_at else text)
    lines += _appointments(card, at)
    lines += _why(second)
    lines += _service(card)
    lines += _units(card)
    lines += _calls(card, at)
    return lines


def _why(second: str) -> list[Line]:
    return [[(_("Por qué ahora").upper(), "atenuado")],
            *second.split(" · ")] if second else []  # fmt: skip


def _appointments(card: Card, at: Moment) -> list[Line]:
    made: list[Line] = []
    for a in card.appointments:
        if a["state"] in ("to_confirm", "confirmed"):
            when = a["local_start"]
            made.append(
                [("■ ", "hoy"), _("turno {day} {time}").format(day=show_day(when.date(), at.today), time=clock(when))]
            )
    return made[:2]


def _service(card: Card) -> list[Line]:
    last = card.last_service
    if last is None:
        return []
    _unit, service = last
    made: list[Line] = [[(_("Último servicio").upper(), "atenuado")]]
    km = f"  {number(service.km)} km" if service.km else ""
    made.append(f"{full_day(service.opened) if service.opened else '—'}{km}")
    made += [service.about] if service.about else []
    made += [text for _kind, text in service.incidents[:1]]
    return made


def _units(card: Card) -> list[Line]:
    if not card.vehicles:
        return []
    made: list[Line] = [[(_("UNIDADES"), "atenuado")]]
    for unit in card.vehicles[:4]:
        made.append(" ".join(str(x) for x in (unit.plate or _("s/pat."), unit.model, unit.model_year) if x))
    return made


def _calls(card: Card, at: Moment) -> list[Line]:
    if not card.lines:
        return []
    made: list[Line] = [[(_("LLAMADAS"), "atenuado")]]
    for line in card.lines[:5]:
        day = show_day(at.local(line.at).date(), at.today)
        if line.hidden:
            made.append(_("{day} gestionado en {branch}").format(day=day, branch=line.branch))
            continue
        found = dispositions.BY_CODE.get(line.code or "")
        what = _(found.label) if found else _("Nota") if line.kind == "note" else _("Comentario")
        if line.kind in CONTACTS:
            what = f"{_(CONTACTS[line.kind])} {contact_words(line)}"
        score = f" {line.score}" if line.score is not None else ""
        made.append(f"{day} {first_name(line.agent or '—')}  {what}{score}")
    return made
