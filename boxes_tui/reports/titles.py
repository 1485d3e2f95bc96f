"""Names of the reports and of their spans of days."""

from __future__ import annotations

from datetime import date
from typing import Final

from boxes_tui.domain.formats import full_day
from boxes_tui.i18n import N_, _

TITLES: Final = {
    "deliveries": N_("Entregas"), "opportunities": N_("Oportunidades"), "appointments": N_("Turnos y asistencia"),
    "in_process": N_("En proceso"), "completed": N_("Servicios realizados"), "campaigns": N_("Campañas"),
    "agents": N_("Agentes"), "leaks": N_("Fugas"), "reconciliation": N_("Conciliación"), "retention": N_("Retención"),
}  # fmt: skip


def title_of(report: str) -> str:
    """The report's name in the language in use."""
    return _(TITLES[report])


def span_text(low: date, high: date) -> str:
    """``01/11/2026–24/11/2026``."""
    return full_day(low) if low == high else f"{full_day(low)}–{full_day(high)}"
