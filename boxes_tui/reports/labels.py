"""The words that stand for the codes in a report's columns, in the language in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, select

from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, discard_reason, disposition
from boxes_tui.domain.dispositions import DISPOSITIONS, REASONS
from boxes_tui.domain.formats import full_day, number
from boxes_tui.domain.kpis import KPIS, Figure, name
from boxes_tui.i18n import N_, _
from boxes_tui.reports.columns import COLUMNS, ReportColumn
from boxes_tui.reports.grid import View
from boxes_tui.reports.kpi_sql import RULES
from boxes_tui.reports.population import Ask
from boxes_tui.reports.titles import span_text

UNKNOWN: Final = N_("(sin dato)")

WORDS: Final[dict[str, dict[str, str]]] = {
    "yes_no": {"yes": N_("sí"), "no": N_("no")},
    "condition": {"new": N_("0 km"), "used": N_("usado"), "plan": N_("plan"), "other": N_("otra")},
    "status": {
        "open": N_("abierta"), "sold": N_("vendida"), "discarded": N_("descartada"), "cancelled": N_("anulada"),
        "scheduled": N_("agendado"), "confirmed": N_("confirmado"), "checked_in": N_("recibido"),
        "converted": N_("ingresado"), "fulfilled": N_("cumplido"), "no_show": N_("inasistencia"),
        "unknown": N_("desconocido"), "estimate": N_("presupuesto"), "in_progress": N_("en curso"),
        "on_hold": N_("detenida"), "finished": N_("terminada"), "invoiced": N_("facturada"),
        "delivered": N_("entregada"), "closed": N_("cerrada"), "voided": N_("anulada"), "pending": N_("pendiente"),
        "done": N_("hecha"), "annulled": N_("anulada"),
    },
    "state": {
        "arrived": N_("ingresó"), "no_show": N_("inasistencia"), "confirmed": N_("confirmado"),
        "to_confirm": N_("por confirmar"), "open": N_("abierta"), "delivered": N_("entregada"),
        "pending": N_("pendiente"), "done": N_("hecha"), "blocked": N_("bloqueada"),
    },
    "origin": {
        "delivery": N_("entrega"), "appointment": N_("turno"), "no_show": N_("inasistencia"),
        "in_process": N_("en proceso"), "completed": N_("servicio realizado"), "customer": N_("cliente"),
        "campaign": N_("campaña"),
    },
    "type": {
        "technical_note": N_("nota técnica"), "recall": N_("recall"), "service": N_("service"), "offer": N_("oferta"),
        "welcome": N_("bienvenida"), "courtesy": N_("cortesía"), "opportunity": N_("oportunidad"),
        "campaign": N_("campaña"), "appointment": N_("turno"), "no_show": N_("inasistencia"),
        "in_process": N_("en proceso"), "complaint": N_("reclamo"), "sale_delivery": N_("entrega"),
        "repair_order": N_("orden"), "customer": N_("cliente"),
    },
    "purpose": {"operational": N_("operativo"), "offer": N_("oferta")},
    "pay_type": {
        "customer": N_("cliente"), "warranty": N_("garantía"), "internal": N_("interno"), "insurance": N_("seguro"),
        "other": N_("otro"),
    },
    "delivery_basis": {
        "delivered_at": N_("entrega"), "picked_up_at": N_("retiro"), "status": N_("estado"), "closed_at": N_("cierre"),
        "invoiced_at": N_("factura"), "manual": N_("manual"), "history": N_("historia"),
    },
    "age": {
        "today": N_("hoy"), "yesterday": N_("ayer"), "week": N_("hasta 7 días"), "older": N_("más de 7 días"),
        "1-3": N_("1 a 3 días"), "4-7": N_("4 a 7 días"), "8-15": N_("8 a 15 días"), ">15": N_("más de 15 días"),
    },
    "match": {
        "verified": N_("verificado"), "credited": N_("acreditado"), "differs": N_("movido"),
        "waiting": N_("sin leer"), "missing": N_("no figura"),
    },
    "stage": {
        "deliveries": N_("Entrega"), "opportunities": N_("Oportunidad"), "no_shows": N_("Inasistencia"),
        "completed": N_("Realizado"), "complaints": N_("Reclamo"),
    },
    "lifecycle": {
        "first_service": N_("primer service"), "regular": N_("regular"), "at_risk": N_("en riesgo"),
        "lost": N_("perdido"),
    },
    "channel": {"call": N_("llamado"), "email": N_("e-mail"), "whatsapp": N_("WhatsApp")},
    "ended": {
        "disposed": N_("con resultado"), "released": N_("soltado"), "expired": N_("vencido"), "stolen": N_("tomado"),
    },
    "shift": {
        "ready": N_("listo"), "on_call": N_("en llamado"), "wrap_up": N_("cierre"), "paused": N_("en pausa"),
        "off": N_("fuera"),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Labels:
    """What codes are called: agents and branches by name, outcomes and reasons as an admin has named them."""

    own: Mapping[str, Mapping[str, str]]

    def word(self, column: ReportColumn, value: Any) -> str:
        """A value as legends, menus and cells name it; unknown ones as :data:`UNKNOWN`."""
        if value is None:
            return _(UNKNOWN)
        own = self.own.get(column.labels, {}).get(str(value))
        if own is not None:
            return own
        found = WORDS.get(column.labels, {}).get(str(value))
        return _(found) if found is not None else str(value)

    def cell(self, column: ReportColumn, value: Any) -> str:
        """A value as a grid writes it: ``24/11/2026``, ``24/11/2026 15:30``, ``1.234,50``; nothing where unknown."""
        if value is None:
            return ""
        if isinstance(value, datetime):
            return f"{full_day(value.date())} {value:%H:%M}"
        if isinstance(value, date):
            return full_day(value)
        if isinstance(value, Decimal):
            return number(float(value), 2)
        return self.word(column, value)


def parts_text(words: Labels, report: str, figure: Figure, most: int = 6) -> str:
    """The shares of a breakdown in one line, the largest first: ``precio 8 · distancia 6``."""
    column = COLUMNS[RULES[report][figure.kpi.code].parts] if figure.parts else None
    if column is None:
        return ""
    shown = [f"{words.word(column, p.value)} {number(p.n)}" for p in figure.parts[:most]]
    return " · ".join([*shown, "…"] if len(figure.parts) > most else shown)


def opened_text(words: Labels, ask: Ask, view: View) -> str:
    """What of a report a view shows: its days, the number that was opened, the values kept by column."""
    chosen, parts = view.selection, [span_text(ask.low, ask.high)]
    if chosen.kpi:
        parts.append(next((name(k) for k in KPIS[ask.report] if k.code == chosen.kpi), chosen.kpi))
        if chosen.side != "num":
            parts[-1] += f" ({_('en curso') if chosen.side == 'waiting' else _('denominador')})"
    if chosen.by:
        parts.append(f"{_(COLUMNS[chosen.by].title)} = {words.word(COLUMNS[chosen.by], chosen.value)}")
    if chosen.period:
        parts.append(chosen.period)
    for column, values in view.kept.items():
        named = ", ".join(words.word(COLUMNS[column], v) for v in values)
        parts.append(f"{_(COLUMNS[column].title)} = {named}")
    return " · ".join(parts)


def labels(conn: Connection, session: Session) -> Labels:
    """The words in force."""
    branches = {b.code: b.name for b in session.branches}
    agents = dict(conn.execute(select(app_user.c.login, app_user.c.name)).tuples().all())
    outcomes = {d.code: _(d.label) for d in DISPOSITIONS}
    outcomes |= dict(conn.execute(select(disposition.c.code, disposition.c.label)).tuples().all())
    reasons = {r.code: _(r.label) for r in REASONS}
    reasons |= dict(conn.execute(select(discard_reason.c.code, discard_reason.c.label)).tuples().all())
    return Labels({"branch": branches, "agent": agents, "disposition": outcomes, "reason": reasons})
