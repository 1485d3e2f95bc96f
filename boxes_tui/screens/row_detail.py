"""The two detail lines of a row (SCREENS lines 21 and 22): who and what, then why it matters now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from boxes_tui.domain import dispositions
from boxes_tui.domain.formats import money, number
from boxes_tui.domain.phones import show_phone
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens.row_text import KINDS, Moment, day_text, first_name, name

if TYPE_CHECKING:
    from boxes_tui.data.reads.details import QueueRow


def phone_text(phone: str | None, kind: str | None) -> str:
    """*351 512-3456 cel*."""
    if not phone:
        return _("sin teléfono")
    shown = show_phone(phone) if phone.startswith("+") else phone
    label = _(KINDS[kind]) if kind and KINDS.get(kind) else ""
    return f"{shown} {label}".rstrip()


def detail_lines(queue: str, row: QueueRow, at: Moment) -> tuple[str, str]:
    """Lines 21 and 22: who and what, then why it matters now."""
    first = [name(row), phone_text(row.phone, row.phone_kind)]
    stage = (
        row.stage
        if queue in ("leaks", "appointments")
        else ("opportunities" if queue == "campaign_opportunities" else queue)
    )
    if stage in ("opportunities", "deliveries") and row.unit:
        first.append(f"{row.unit} {row.model_year or ''}".strip())
    if row.km and stage in ("opportunities", "in_process"):
        first.append(_("{km} km").format(km=number(row.km)))
    if stage == "appointments":
        first += [x for x in (row.email, row.about) if x]
    if stage in ("in_process", "completed") and row.stage != "appointments":
        first += _order_words(row, at, stage)
    second = [
        x for x in (_why(stage, row, at), _opportunity_words(row, at, stage), _attempts(row, at), _marks(row)) if x
    ]
    return " · ".join(first), " · ".join(second)


def _order_words(row: QueueRow, at: Moment, stage: str) -> list[str]:
    words = []
    if stage == "completed" and row.when:
        when = row.when if isinstance(row.when, datetime) else None
        words.append(_("retiró {day}").format(day=day_text(row.day, at)) + (f" {when:%H:%M}" if when else ""))
    if row.total_cents is not None:
        words.append(money(row.total_cents))
    if row.advisor:
        words.append(_("asesor {name}").format(name=row.advisor.upper()))
    return words


def _why(stage: str, row: QueueRow, at: Moment) -> str:
    if stage in ("deliveries", "completed") and row.leaves_on and row.state == "pending":
        left = (row.leaves_on - at.today).days
        if left < 0:
            return ngettext("Salió de la ventana hace {n} día", "Salió de la ventana hace {n} días", -left).format(
                n=-left
            )
        if left == 0:
            return _("Último día de la ventana: hoy; mañana pasa a Fugas")
        return ngettext("Queda {n} día de ventana", "Quedan {n} días de ventana", left).format(n=left)
    if stage == "opportunities" and row.day:
        late = (at.today - row.day).days
        if late > 0:
            return ngettext("▲ vencida hace {n} día", "▲ vencida hace {n} días", late).format(n=late)
        if late == 0:
            return _("■ vence hoy")
        return ngettext("▷ vence en {n} día", "▷ vence en {n} días", -late).format(n=-late)
    if stage == "appointments":
        return _appointment_why(row, at)
    if stage == "in_process" and row.promised:
        promised = at.local(row.promised)
        late = (at.today - promised.date()).days
        if late > 0:
            return ngettext("▲ prometida {day}, {n} día tarde", "▲ prometida {day}, {n} días tarde", late).format(
                day=day_text(promised.date(), at), n=late
            )
        return _("prometida {day} {time}").format(day=day_text(promised.date(), at), time=f"{promised:%H:%M}")
    if stage == "complaints":
        return _("Reclamo sin atender después de 24 h")
    return ""


def _appointment_why(row: QueueRow, at: Moment) -> str:
    words = []
    if row.state == "confirmed":
        words.append(_("✓ confirmado por {name}").format(name=first_name(row.confirmed_by or "—")))
    elif row.day == at.today and row.state != "arrived" and at.dms_time:
        words.append(_("No ingresado según DMS de las {t}").format(t=at.dms_time))
    elif row.state == "no_show":
        words.append(_("Inasistencia"))
    if row.comment:
        words.append(f"«{row.comment}»")
    words += [x for x in (_mail_words(row, at), _reply_words(row, at)) if x]
    return " · ".join(words)


def _mail_words(row: QueueRow, at: Moment) -> str:
    """What became of the reminder: when it was sent, or why it did not leave."""
    from boxes_tui.outreach.mail import error_words

    if row.mail == "failed":
        return (
            _("@! no salió: {why}").format(why=error_words(row.mail_error))
            if row.mail_error
            else _("@! falló el recordatorio")
        )
    if row.mail == "sent" and row.mail_at is not None:
        return _("recordatorio enviado {t}").format(t=ago_text(row.mail_at, at))
    mails = {
        "sent": N_("recordatorio enviado"), "queued": N_("recordatorio en cola"),
        "old_date": N_("recordatorio con fecha anterior"),
    }  # fmt: skip
    return _(mails[row.mail]) if row.mail in mails else ""


def _reply_words(row: QueueRow, at: Moment) -> str:
    said = {"yes": N_("respondió que viene"), "no": N_("respondió que no viene"), "change": N_("pide cambio")}
    if row.reply not in said or row.reply_at is None:
        return ""
    return f"{_(said[row.reply])} {ago_text(row.reply_at, at)}"


def ago_text(moment: datetime, at: Moment) -> str:
    """*hoy 10:12*, *ayer 18:40*, *20/11 09:05*."""
    when = at.local(moment)
    days = (at.today - when.date()).days
    day = {0: _("hoy"), 1: _("ayer")}.get(days) or day_text(when.date(), at)
    return f"{day} {when:%H:%M}"


def _opportunity_words(row: QueueRow, at: Moment, stage: str) -> str:
    if row.open_opportunity is None or stage == "opportunities":
        return ""
    return _("◆ oportunidad {day}").format(day=day_text(row.open_opportunity, at))


def _attempts(row: QueueRow, at: Moment) -> str:
    if not row.attempts:
        return _("sin llamados")
    text = ngettext("{n} intento", "{n} intentos", row.attempts).format(n=row.attempts)
    found = dispositions.BY_CODE.get(row.last_code or "")
    if found is None or row.last_at is None:
        return text
    when = at.local(row.last_at)
    days = (at.today - when.date()).days
    day = _("hoy {t}").format(t=f"{when:%H:%M}") if days == 0 else (
        _("ayer {t}").format(t=f"{when:%H:%M}") if days == 1 else day_text(when.date(), at)
    )  # fmt: skip
    who = f" ({first_name(row.last_user)})" if row.last_user else ""
    return f"{text}, {_(found.label)} {day}{who}"


def _marks(row: QueueRow) -> str:
    words = {
        "annulled": N_("entrega anulada en el DMS"), "owner_changed": N_("cambió de titular"),
        "appointment_cancelled": N_("turno cancelado"), "moved": N_("reprogramado"), "reopened": N_("reabierta"),
        "manual": N_("entregada a mano"), "silent": N_("entregada a mano; el DMS no lo confirma"),
        "changed": N_("entregada a mano; el DMS la sigue abierta"),
    }  # fmt: skip
    said = [_(words[row.mark])] if row.mark in words else []
    if row.unreachable:
        said.append(_("Sin contacto"))
    if row.blocked:
        said.append(_("x no llamar (ofertas)") if row.blocked == "offer" else _("x no llamar"))
    return " · ".join(said)
