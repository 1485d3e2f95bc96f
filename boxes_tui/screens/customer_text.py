"""The lines of *Ver cliente* at 80 and at 120 columns."""

from __future__ import annotations

from boxes_tui.data.reads.customers import Card, Service, Unit
from boxes_tui.data.reads.customers import Line as Said
from boxes_tui.domain import dispositions
from boxes_tui.domain.formats import clock, document, full_day, money, number, show_day
from boxes_tui.domain.opportunity import STATE_NAMES
from boxes_tui.domain.phones import show_phone
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.outreach.links import phone_url
from boxes_tui.screens.row_text import KINDS, Moment, first_name
from boxes_tui.text import cut, pad
from boxes_tui.widgets.safe import Line, Part, plain, width_of

TYPES = {
    "welcome": N_("Bienvenida"), "courtesy": N_("Cortesía"), "opportunity": N_("Oportunidad"),
    "campaign": N_("Campaña"), "appointment": N_("Turno"), "no_show": N_("Inasistencia"),
    "in_process": N_("En proceso"), "complaint": N_("Reclamo"),
}  # fmt: skip
STATUS = {
    "estimate": N_("Presupuesto"), "open": N_("Abierta"), "in_progress": N_("En proceso"), "on_hold": N_("En espera"),
    "finished": N_("Terminado"), "invoiced": N_("Facturado"), "delivered": N_("Entregado"), "closed": N_("Cerrado"),
    "unknown": "",
}  # fmt: skip
APPOINTMENTS = {
    "to_confirm": N_("por confirmar"), "confirmed": N_("confirmado"), "no_show": N_("inasistencia"),
    "arrived": N_("ingresó"), "cancelled": N_("cancelado"), "vanished": N_("desaparecido del DMS"),
}  # fmt: skip
INCIDENTS = {
    "complaint": N_("Incidencia"), "cause": N_("causa"), "correction": N_("corrección"),
    "recommendation": N_("recomendado"), "declined": N_("no aceptó"), "comeback": N_("retorno"),
}  # fmt: skip
CONTACTS = {
    "email": N_("E-mail"), "whatsapp": N_("WhatsApp"), "tel": N_("Marcado"), "email_reply": N_("Respuesta"),
}  # fmt: skip
WORDS = {
    "reminder": N_("recordatorio del turno"), "update": N_("nueva fecha del turno"), "cancel": N_("anulación del turno"),
    "yes": N_("viene"), "no": N_("no viene"), "change": N_("pide cambio"),
}  # fmt: skip
SIDE = 88

Pair = tuple[Line, str | None]


def customer_lines(
    card: Card, at: Moment, width: int, opened: set[str], offers: bool | None = None, scheme: str = ""
) -> tuple[list[Line], list[str | None]]:  # fmt: skip
    """Lines, and the keys of those that ``Enter`` opens (``order:<id>``). ``offers`` is what the contact gate says now;
    without it the dealership's own list alone speaks. With a ``scheme`` (``tel``, ``sip:HOST``) telephones are links."""
    head: list[Pair] = [
        (_indicators(card, at), None),
        (_who(card, offers, width), None),
        (_phones(card, at, scheme), None),
    ]
    main = [*_last_service(card), *_units(card, at, opened)]
    if width >= 110:
        main = [("", None), *main, *_opportunities(card, at)]
        side = [*_promised(card, at), "", *_calls_narrow(card, at)]
        pairs = [*head, *_beside(main, ["", *side])]
    else:
        pairs = [*head, *main, *_calls(card, at), *_promised_pairs(card, at), *_opportunities(card, at)]
    return [line for line, _key in pairs], [key for _line, key in pairs]


def _title(text: str) -> Line:
    return [(f" {text}", "atenuado")]


def _indicators(card: Card, at: Moment) -> Line:
    parts: list[str | tuple[str, str]] = [" "]

    def add(sign: str, tone: str, text: str) -> None:
        parts.extend([(f"{sign} ", tone), f"{text}   "])

    for a in card.appointments:
        if a["state"] in ("to_confirm", "confirmed"):
            add("■", "hoy", _("turno {day} {time}").format(day=show_day(a["local_start"].date(), at.today),
                                                           time=clock(a["local_start"])))  # fmt: skip
            break
    if any(s.delivered is None and s.status not in ("estimate", "voided", "closed", "delivered")
           for v in card.vehicles for s in v.services):  # fmt: skip
        add("■", "hoy", _("OR abierta"))
    for o in card.opportunities:
        if o["state"] == "open":
            late = o["due_day"] < at.today
            add("◆ ▲" if late else "◆", "vencida" if late else "acento",
                _("oportunidad {day}").format(day=show_day(o["due_day"], at.today)))  # fmt: skip
            break
    missed = sum(1 for a in card.appointments if a["state"] == "no_show")
    if missed:
        add("✗", "peligro", ngettext("{n} inasistencia", "{n} inasistencias", missed).format(n=missed))
    if card.blocked:
        add("x", "peligro", _("No llamar más") if card.blocked == "offer" else _("No llamar, tampoco por turnos"))
    if card.detractor is not None:
        parts.append((_("detractora {n}").format(n=card.detractor), "peligro"))
    return parts if len(parts) > 1 else " " + _("Sin nada abierto")


def _who(card: Card, allowed: bool | None, width: int) -> Line:
    c = card.customer
    doc = document(c["doc_type"], c["doc_number"]) if c["doc_number"] else ""
    text = " · ".join(x for x in (doc, c["city"], c["email"]) if x)
    blocked = card.blocked is not None if allowed is None else not allowed
    offers: list[str | tuple[str, str]] = [(_("ofertas: permitidas"), "atenuado")]
    if blocked:
        offers = [(_("ofertas: bloqueadas") + " ", "peligro"), ("[i]", "acento")]
    return [f" {cut(text or '—', width - width_of(offers) - 5)}   ", *offers]


def _phones(card: Card, at: Moment, scheme: str) -> Line:
    if not card.phones:
        return [(" " + _("Sin teléfono"), "peligro")]
    parts: list[Part] = [" "]
    for n, p in enumerate(card.phones):
        number_ = show_phone(p.e164) if p.e164 else p.raw
        kind = _(KINDS[p.kind]) if KINDS.get(p.kind) else ""
        text = f"{'▸ ' if n == 0 and p.wrong_at is None else ''}{number_} {kind}".rstrip()
        url = phone_url(p.e164, scheme)
        parts.append((text, "", url) if url else text)
        if p.wrong_at is not None:
            when = show_day(at.local(p.wrong_at).date(), at.today)
            parts.append((_(" ✗ mal ({who} {day})").format(who=first_name(p.wrong_by or "—"), day=when), "peligro"))
        parts.append("     ")
    return parts


def _last_service(card: Card) -> list[Pair]:
    last = card.last_service
    if last is None:
        return [(_title(_("Último servicio").upper()), None), ("   " + _("Sin servicios en el DMS"), None)]
    _unit, s = last
    made: list[Pair] = [(_title(_("Último servicio").upper()), None)]
    km = f"{number(s.km)} km" if s.km else "—"
    total = money(s.total_cents) if s.total_cents is not None else ""
    words = [
        full_day(s.opened) if s.opened else "—",
        f"{_('OR')} {s.order or '—'}",
        km,
        s.about or "—",
        _result(s),
        total,
    ]
    made.append((" " + "  ".join(w for w in words if w), None))
    made += [("   " + text, None) for text in _incident_texts(s)]
    return made


def _incident_texts(service: Service) -> list[str]:
    if not service.incidents:
        return []
    return [" · ".join(f"{_(INCIDENTS.get(kind, kind))}: {text}" for kind, text in service.incidents)]


def _result(service: Service) -> str:
    return service.result or _(STATUS.get(service.status or "", "")) if service.status else service.result or ""


def _units(card: Card, at: Moment, opened: set[str]) -> list[Pair]:
    made: list[Pair] = [(_title(_("UNIDADES Y SERVICIOS")), None)]
    for n, unit in enumerate(card.vehicles):
        made.append((_unit_line(unit, at, first=n == 0), None))
        for service in unit.services:
            key = f"order:{service.id}"
            made.append((_service_line(service, card, at), key))
            if key in opened:
                made += [("      " + text, None) for text in (*service.lines, *_incident_texts(service))]
    if not card.vehicles:
        made.append(("   " + _("Sin unidades"), None))
    return made


def _unit_line(unit: Unit, at: Moment, first: bool) -> Line:
    words = [unit.plate or _("s/pat."), f"{unit.model or '—'} {unit.model_year or ''}".strip(), unit.vin or ""]
    text = f" {'▸' if first else ' '} " + "  ".join(w for w in words if w)
    if unit.until is not None:
        return [text, (_("  hasta {day} (cambió de titular)").format(day=f"{unit.until:%m/%Y}"), "atenuado")]
    if unit.since is not None and unit.other_owner_before:
        text += _("  desde {month} (antes, otro titular)").format(month=f"{unit.since:%m/%Y}")
    elif unit.predicted_due is not None:
        use = f" ({unit.km_per_day:.0f} km/día)" if unit.km_per_day else ""
        return [text, (f"  → {unit.predicted_due:%d/%m/%y}{use}", "acento")]
    return text


def _service_line(s: Service, card: Card, at: Moment) -> Line:
    day = f"{s.opened:%d/%m/%y}" if s.opened else "—"
    km = f"{number(s.km)} km" if s.km else ""
    tail = ngettext("▸ {n} línea", "▸ {n} líneas", len(s.lines)).format(n=len(s.lines)) if s.lines else ""
    mine = at.session.branches[0].name if at.session.branches else None
    if s.branch is not None and s.branch != mine and not at.session.may_see(s.branch_id):
        tail = _("en {branch}").format(branch=s.branch)
    about, result = pad(s.about or "—", 20), pad(_result(s), 11)
    return f"   {day}  {pad(s.order or '—', 9)} {pad(km, 10, 'right')}  {about}  {result}  {tail}"


def _said(line: Said, at: Moment) -> tuple[str, str, str, str]:
    """Day and hour, who, what, and the words of a call or note."""
    when = at.local(line.at)
    stamp = f"{when:%d/%m/%y %H:%M}"
    if line.hidden:
        return stamp, "—", _("gestionado en {branch}").format(branch=line.branch), ""
    if line.kind in CONTACTS:
        return stamp, first_name(line.agent or "—"), _(CONTACTS[line.kind]), contact_words(line)
    found = dispositions.BY_CODE.get(line.code or "")
    what = _(found.label) if found else {"note": _("Nota"), "comment": _("Confirmado")}.get(line.kind, "")
    if line.score is not None:
        what += f" {line.score}"
    kind = _(TYPES[line.type]) if line.type in TYPES else ""
    words = f"«{line.note}»" if line.note else ""
    return stamp, first_name(line.agent or "—"), what, f"{kind} {words}".strip()


def contact_words(line: Said) -> str:
    """Which mail, the end of the number, or the answer."""
    words = line.note or ""
    return _(WORDS[words]) if words in WORDS else _("tel. …{last4}").format(last4=words) if words else ""


def _calls(card: Card, at: Moment) -> list[Pair]:
    if not card.lines:
        return [(_title(_("LLAMADAS Y NOTAS")), None), ("   " + _("Sin llamadas"), None)]
    made: list[Pair] = [(_title(_("LLAMADAS Y NOTAS")), None)]
    for line in card.lines:
        stamp, who, what, words = _said(line, at)
        made.append((f" {stamp} {pad(who, 5)}  {pad(what, 18)} {words}", None))
    return made


def _calls_narrow(card: Card, at: Moment) -> list[Line]:
    made: list[Line] = [[(_("LLAMADAS Y NOTAS"), "atenuado")]]
    for line in card.lines[:12]:
        stamp, who, what, words = _said(line, at)
        kind, _quote, note = words.partition("«")
        made.append(f"{stamp} {who}")
        made.append(" · ".join(x for x in (what, kind.strip()) if x))
        if note:
            made.append(f"«{note}")
    return made


def _promised(card: Card, at: Moment) -> list[Line]:
    made: list[Line] = [[(_("PROMETIDO"), "atenuado")]]
    for line in card.promised:
        if line.callback_at is not None:
            when = at.local(line.callback_at)
            made.append(_("Volver a llamar {day} {time}").format(day=show_day(when.date(), at.today), time=clock(when)))
            made.append(f"{first_name(line.agent or '—')}, {show_day(at.local(line.at).date(), at.today)}")
    return made if len(made) > 1 else [made[0], "—"]


def _promised_pairs(card: Card, at: Moment) -> list[Pair]:
    if not card.promised:
        return []
    return [(_title(_("PROMETIDO")), None), *((f" {text}", None) for text in _promised(card, at)[1:])]


def _opportunities(card: Card, at: Moment) -> list[Pair]:
    made: list[Pair] = [(_title(_("OPORTUNIDADES Y TURNOS")), None)]
    for o in card.opportunities:
        state = _(STATE_NAMES.get(o["state"], o["state"]))
        if o["reschedules"]:
            state += ngettext(", replanificada {n} vez", ", replanificada {n} veces", o["reschedules"]).format(
                n=o["reschedules"]
            )
        made.append((f"   {o['due_day']:%d/%m/%y}        {pad(o['about'], 24)} {state}", None))
    for a in card.appointments:
        when = a["local_start"]
        state = _(APPOINTMENTS.get(a["state"], a["state"]))
        comment = f"  «{a['comment']}»" if a["comment"] else ""
        made.append((f"   {when:%d/%m/%y %H:%M}  {pad(_('turno'), 24)} {state}{comment}", None))
    return made if len(made) > 1 else []


def _beside(main: list[Pair], side: list[Line]) -> list[Pair]:
    made: list[Pair] = []
    for n in range(max(len(main), len(side))):
        line, key = main[n] if n < len(main) else ("", None)
        if n < len(side) and n > 0:
            right = side[n]
            if width_of(line) >= SIDE:
                line = cut(plain(line), SIDE - 1)
            parts = [line] if isinstance(line, str) else list(line)
            gap = SIDE - width_of(line)
            made.append(
                ([*parts, " " * max(1, gap), ("│ ", "atenuado"), *([right] if isinstance(right, str) else right)], key)
            )
        else:
            made.append((line, key))
    return made
