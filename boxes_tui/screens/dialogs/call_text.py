"""The lines of the call panel (SCREENS *Panel de llamada*)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from boxes_tui.data.reads.card_phones import CardPhone
from boxes_tui.data.reads.details import QueueRow
from boxes_tui.desk.sheet import Sheet
from boxes_tui.domain import dispositions
from boxes_tui.domain.dispositions import DISPOSITIONS, MAX_ATTEMPTS, Disposition
from boxes_tui.domain.formats import clock, show_day, weekday_day
from boxes_tui.domain.phones import show_phone
from boxes_tui.i18n import _
from boxes_tui.outreach.links import phone_url
from boxes_tui.screens.row_detail import detail_lines
from boxes_tui.screens.row_text import KINDS, STAGES, Moment, first_name
from boxes_tui.text import cut, pad
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.safe import Line, Part

PHONE_CELLS = 24
SCRIPT_CELLS = 54
HEAD_LINES = 4
RULE_CELLS = 7
"""What the panel's first line takes for itself around its two texts."""


def phone_line(phone: CardPhone, chosen: bool, scheme: str = "") -> Line:
    """`▸ 351 512-3456 cel`, `351 499-1200 ✗ mal`; with a ``scheme`` the number is a link."""
    shown = show_phone(phone.e164) if phone.e164 else phone.raw
    kind = _(KINDS[phone.kind]) if KINDS.get(phone.kind) else ""
    lead = "▸ " if chosen else "  "
    if phone.wrong_at is not None:
        return [lead + shown + " ", (_("✗ mal"), "peligro")]
    url = phone_url(phone.e164, scheme)
    text = f"{shown} {kind}".rstrip()
    return [(lead, "acento"), (text, "", url) if url else text]


def head_lines(sheet: Sheet, chosen: int, page: int, scheme: str = "") -> list[Line]:
    """Telephones at the left, the script at the right, :data:`HEAD_LINES` lines."""
    script = wrapped(sheet.script, SCRIPT_CELLS)
    first = min(page * (HEAD_LINES - 1), max(0, len(script) - 1))
    shown = script[first : first + HEAD_LINES - 1]
    start = max(0, min(chosen, len(sheet.phones) - (HEAD_LINES - 1)))
    phones = list(sheet.phones[start : start + HEAD_LINES - 1])
    made: list[Line] = []
    for n in range(HEAD_LINES - 1):
        parts: list[Part] = []
        if n < len(phones):
            line = phone_line(phones[n], start + n == chosen, scheme)
            parts = [line] if isinstance(line, str) else list(line)
        elif n == 0 and not phones:
            parts = [("  " + _("Sin teléfono"), "peligro")]
        used = sum(len(p if isinstance(p, str) else p[0]) for p in parts)
        text = shown[n] if n < len(shown) else ""
        if n == HEAD_LINES - 2 and first + HEAD_LINES - 1 < len(script):
            text = text[: SCRIPT_CELLS - 2] + "…"
        made.append([*parts, " " * max(1, PHONE_CELLS - used), (text, "atenuado")])
    return [*made, ""]


def wrapped(text: str, width: int) -> list[str]:
    """Text in lines of at most ``width`` characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            if line and len(line) + len(word) + 1 > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines


def last_line(sheet: Sheet, at: Moment) -> Line:
    """*Último: No atiende ayer 18:40 (Ana) «llamar después de las 18»*."""
    last = sheet.last
    if last is None:
        return [(_("Último: nunca se lo llamó por esto"), "atenuado")]
    when = at.local(last.at)
    days = (at.today - when.date()).days
    day = {0: _("hoy"), 1: _("ayer")}.get(days, show_day(when.date(), at.today))
    found = dispositions.BY_CODE.get(last.code)
    what = _(found.label) if found else last.code
    note = f" «{last.note}»" if last.note else ""
    who = f" ({first_name(last.agent)})" if last.agent else ""
    return [(_("Último:"), "atenuado"), f" {what} {day} {clock(when)}{who}{note}"]


def outcome_lines(at: Moment, kind: str) -> list[Line]:
    """The ten outcomes in three columns, each with when the row comes back."""
    by_digit = {d.digit: d for d in DISPOSITIONS}
    table = (("1", "5", "8"), ("2", "6", "9"), ("3", "7", "0"), ("4", "", ""))
    widths = (33, 22, 23)
    lines: list[Line] = []
    for row in table:
        parts: list[str | tuple[str, str]] = []
        for digit, width in zip(row, widths, strict=True):
            if not digit:
                continue
            label, after = _outcome(by_digit[digit], at, kind)
            parts += [(f"{digit} ", "acento"), pad(f"{label}{after}", width - 2)]
        lines.append(parts)
    return lines


def _outcome(d: Disposition, at: Moment, kind: str) -> tuple[str, str]:
    label = _(d.label)
    if d.retry_after == "next_day":
        return pad(label, 13), _("vuelve mañana")
    if isinstance(d.retry_after, timedelta):
        return pad(label, 13), _("vuelve {t}").format(t=clock(at.now + d.retry_after))
    asks = d.asks or ("score" if d.code == "attended" and kind == "courtesy" else "")
    return label + ("…" if asks else ""), ""


def also_lines(others: Sequence[QueueRow], included: frozenset[str], at: Moment) -> list[Line]:
    """What else is due for this person, and the key that takes it into this call."""
    if not others:
        return []
    named = " · ".join(other_text(o, at) + (" ✓" if o.ref in included else "") for o in others[:2])
    if len(others) > 2:
        named += f" · +{len(others) - 2}"
    key = _("no incluirlo") if included else _("incluirlo en esta llamada")
    return [
        [(_("También pendiente de este cliente:"), "hoy"), f" {named}"],
        [("[" + _("espacio") + "] ", "acento"), key],
    ]


def other_text(row: QueueRow, at: Moment) -> str:
    """*turno 27/11 09:00 por confirmar*."""
    day = show_day(row.day, at.today) if row.day else ""
    if row.subject == "appointment":
        time = f" {row.when:%H:%M}" if row.when is not None and hasattr(row.when, "hour") else ""
        state = _("inasistencia") if row.state == "no_show" else _("por confirmar")
        return _("turno {day}{time} {state}").format(day=day, time=time, state=state)
    return f"{_(STAGES.get(row.stage, row.stage)).lower()} {day}".strip()


def rule_texts(row: QueueRow, sheet: Sheet | None, width: int) -> tuple[Line, Line]:
    """Title and right end of the panel's first line: whether an offer is allowed, which attempt this is. A long name is
    cut, never the verdict."""
    attempt = _("intento {n} de {max}").format(n=row.attempts + 1, max=MAX_ATTEMPTS)
    said, tone = "", "exito"
    if sheet is not None and not sheet.verdict.allowed:
        said, tone = _("FUERA DE NORMA"), "peligro"
    elif sheet is not None:
        said = _("oferta permitida") if sheet.purpose == "offer" else _("operativa")
    lead, tail = f"{_('LLAMADA')} · ", f" · {said}" if said else ""
    name = cut((row.customer or "—").upper(), width - len(lead) - len(tail) - len(attempt) - RULE_CELLS)
    return [lead + name + tail[: len(tail) - len(said)], (said, tone)], attempt


def reason_lines(sheet: Sheet) -> list[Line]:
    """*¿Por qué?*: the gate's reasons in place of the outcomes, eight lines; the digits go on being outcomes."""
    lines: list[Line] = [[(_("¿SE PUEDE CONTACTAR? Para esta llamada:"), "atenuado")]]
    for reason in sheet.verdict.reasons[:6]:
        tone = "exito" if reason.ok else "peligro" if reason.blocks else "hoy"
        lines.append([("  ✓ " if reason.ok else "  ✗ ", tone), reason.text])
    lines += [""] * (7 - len(lines))
    return [*lines, [("[i] ", "acento"), _("volver a los resultados")]]


def existing_appointment(others: Sequence[QueueRow], row: QueueRow) -> QueueRow | None:
    """An appointment to come of the same vehicle."""
    return next(
        (o for o in others if o.subject == "appointment" and o.state in ("to_confirm", "confirmed")
         and o.vehicle_id is not None and o.vehicle_id == row.vehicle_id), None
    )  # fmt: skip


def has_appointment_line(others: Sequence[QueueRow], at: Moment) -> Line:
    """*Este cliente ya tiene turno el vie 27/11 09:00.*"""
    for o in others:
        if o.subject == "appointment" and o.state in ("to_confirm", "confirmed") and o.day:
            time = f" {o.when:%H:%M}" if o.when is not None and hasattr(o.when, "hour") else ""
            return [(_("Este cliente ya tiene turno el {day}.").format(day=weekday_day(o.day, at.today) + time), "hoy")]
    return ""


def unread_lines(queue: str, row: QueueRow, at: Moment) -> tuple[Line, Line]:
    """What stands in place of the telephones while the database does not answer: what the list knows of the row."""
    told = _("Sin base: la ficha no se leyó; resultado y nota quedan en este equipo.")
    return [(f" {told}", "peligro")], f" {detail_lines(queue, row, at)[0]}"


def panel_keys(in_note: bool, dials: bool) -> list[Key]:
    """The keys line of the call panel: inside the note digits are text."""
    if in_note:
        return [Key("Enter", _("listo")), Key("Esc", _("listo")), Key(_("texto"), _("las cifras son texto acá"))]
    keys = [Key("1-0", _("resultado")), Key("↑↓", _("teléfono")), Key("N", _("nota")), Key("w", _("WhatsApp")),
            Key(_("Pág"), _("guion")), Key("Esc", _("dejar"))]  # fmt: skip
    return [keys[0], Key("M", _("marcar")), *keys[1:]] if dials else keys
