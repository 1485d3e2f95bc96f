"""The KPIs of the reports (KPIS.md): code, name, kind, and how a value comes of its counts.

Cohort KPIs count matured items only; the rest is ``waiting`` (*en curso*).  What is counted stands in
``reports.kpi_sql``; nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Literal

from boxes_tui.domain.formats import largest_remainder, number, rate
from boxes_tui.i18n import N_, _

Kind = Literal["count", "rate", "mean", "median", "max", "score", "parts", "hourly"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI. ``unit`` of a median, mean or amount: days, hours, minutes, attempts; ``source`` names the population of
    its rows where it is not the report's own."""

    code: str
    label: str
    kind: Kind
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One share of a breakdown or one slice of a pie: value (None = unknown), count, share in tenths of a percent."""

    value: str | int | None
    n: int
    tenths: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A KPI's numbers. ``den`` is None for counts, medians and breakdowns; ``value`` is None where there is nothing to
    divide; ``waiting`` counts the items whose window is still open (None = no cohort)."""

    kpi: Kpi
    num: int | float
    den: int | float | None
    value: float | int | None
    waiting: int | None = None
    more: dict[str, float | int | None] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


def ratio(num: float, den: float) -> float | None:
    """``num`` ÷ ``den``; None when ``den`` is 0, never 0."""
    return num / den if den else None


def score(plus: int, minus: int, total: int) -> int | None:
    """NPS: percentage of promoters minus that of detractors, a whole number from −100 to 100, halves away from zero."""
    if not total:
        return None
    spread = 200 * (plus - minus)
    sign = -1 if spread < 0 else 1
    return sign * ((abs(spread) + total) // (2 * total))


def median(histogram: Sequence[tuple[int, int]]) -> float | None:
    """The median of (value, how often) in ascending order: the mean of the two in the middle where they are even."""
    total = sum(n for _value, n in histogram)
    if not total:
        return None
    low, high = _at(histogram, (total - 1) // 2), _at(histogram, total // 2)
    return (low + high) / 2


def p90(histogram: Sequence[tuple[int, int]]) -> int | None:
    """The 90th percentile by the nearest rank: the least value that at least 90 % do not exceed."""
    total = sum(n for _value, n in histogram)
    return _at(histogram, ceil(total * 9 / 10) - 1) if total else None


def _at(histogram: Sequence[tuple[int, int]], place: int) -> int:
    seen = 0
    for value, n in histogram:
        seen += n
        if place < seen:
            return value
    raise IndexError(place)


def shares(counts: Sequence[tuple[str | int | None, int]]) -> tuple[Part, ...]:
    """Slices with shares that sum to 100,0 % (largest remainder)."""
    tenths = largest_remainder([n for _value, n in counts])
    return tuple(Part(value, n, t) for (value, n), t in zip(counts, tenths, strict=True))


def written(figure: Figure) -> str:
    """The figure as screens and tables write it: ``96/112 (85,7 %)``, ``148``, ``3,5 días``, ``+54``, ``—``."""
    kind = figure.kpi.kind
    if kind == "rate":
        return rate(int(figure.num), int(figure.den or 0))
    if figure.value is None:
        return "—"
    if kind == "score":
        return f"{figure.value:+d}" if figure.value else "0"
    if kind in ("count", "parts"):
        return number(figure.value) + (f" {_(UNITS[figure.kpi.unit])}" if figure.kpi.unit else "")
    shown = number(figure.value, 0 if kind == "max" else 1)
    return f"{shown} {_(UNITS[figure.kpi.unit])}" if figure.kpi.unit else shown


def note(figure: Figure) -> str:
    """What stands beside a figure: ``p90 13,0 días``, ``n = 84``, ``en curso: 36``; nothing where there is none."""
    made = []
    high = figure.more.get("p90")
    if high is not None:
        made.append(f"p90 {number(high, 1)}" + (f" {_(UNITS[figure.kpi.unit])}" if figure.kpi.unit else ""))
    middle = figure.more.get("median")
    if middle is not None:
        made.append(_("mediana {n}").format(n=number(middle, 1)))
    if figure.kpi.kind == "max" and figure.num:
        made.append(_("de {n} listas").format(n=number(figure.num)) if figure.num > 1 else _("hasta 30 días"))
    if figure.kpi.kind == "score" and figure.den:
        made.append(f"n = {number(figure.den)}")
    if figure.waiting:
        made.append(_("en curso: {n}").format(n=number(figure.waiting)))
    return " · ".join(made)


UNITS: Final = {
    "days": N_("días"), "hours": N_("h"), "minutes": N_("min"), "attempts": N_("intentos"), "per_hour": N_("por hora"),
}  # fmt: skip

_RATE: Final = "rate"

KPIS: Final[dict[str, tuple[Kpi, ...]]] = {
    "deliveries": (
        Kpi("total", N_("Entregas"), "count"),
        Kpi("welcome_call_rate_30d", N_("Llamado de bienvenida a 30 días"), _RATE),
        Kpi("welcome_attempt_rate", N_("Cobertura de intentos"), _RATE),
        Kpi("days_to_welcome", N_("Días a la bienvenida"), "median", "days"),
        Kpi("welcome_seed_rate", N_("Oportunidad sembrada"), _RATE),
        Kpi("welcome_leaks", N_("Fugas de bienvenida"), _RATE),
    ),
    "opportunities": (
        Kpi("total", N_("Oportunidades"), "count"),
        Kpi("appointment_set_rate", N_("Tasa de turno"), _RATE),
        Kpi("opportunity_conversion_rate", N_("Conversión a turno"), _RATE),
        Kpi("opportunity_to_show_rate", N_("Conversión a ingreso"), _RATE),
        Kpi("discard_rate", N_("Tasa de descarte"), _RATE),
        Kpi("discard_by_reason", N_("Descartes por motivo"), "parts"),
        Kpi("replan_mean", N_("Replanificaciones por oportunidad"), "mean"),
        Kpi("replan_many", N_("Replanificadas más de 3 veces"), "count"),
        Kpi("overdue_open", N_("Vencidas abiertas"), "count"),
        Kpi("overdue_age", N_("Vencidas por antigüedad"), "parts"),
        Kpi("response_rate_90d", N_("Ingresos con contacto en 90 días"), _RATE, source="in_process"),
        Kpi("response_channel_90d", N_("Respuesta por canal a 90 días"), "parts", source="in_process"),
    ),
    "appointments": (
        Kpi("total", N_("Turnos"), "count"),
        Kpi("confirmation_rate", N_("Tasa de confirmación"), _RATE),
        Kpi("show_rate", N_("Tasa de asistencia"), _RATE),
        Kpi("no_show_rate", N_("Tasa de inasistencia"), _RATE),
        Kpi("show_rate_confirmed", N_("Asistencia de confirmados"), _RATE),
        Kpi("show_rate_unconfirmed", N_("Asistencia sin confirmar"), _RATE),
        Kpi("no_show_recovery_rate", N_("Recupero de inasistencias a 7 días"), _RATE),
        Kpi("no_show_recovered_arrived", N_("Recuperadas que ingresaron"), _RATE),
        Kpi("lead_time_days", N_("Anticipación"), "median", "days"),
    ),
    "in_process": (
        Kpi("total", N_("Órdenes ingresadas"), "count"),
        Kpi("ro_cycle_time", N_("Tiempo de ciclo"), "median", "hours"),
        Kpi("ro_cycle_time_dms", N_("Ciclo, entrega según DMS"), "median", "hours"),
        Kpi("ro_cycle_time_manual", N_("Ciclo, entrega manual"), "median", "hours"),
        Kpi("open_ro", N_("Órdenes abiertas"), "count"),
        Kpi("open_ro_aging", N_("Abiertas por antigüedad"), "parts"),
        Kpi("open_ro_gt3_rate", N_("Abiertas más de 3 días hábiles"), _RATE),
        Kpi("promise_kept_rate", N_("Cumplimiento de promesa"), _RATE),
        Kpi("past_due_rate", N_("Abiertas con promesa vencida"), _RATE),
        Kpi("next_opportunity_coverage", N_("Oportunidad agendada"), _RATE),
    ),
    "completed": (
        Kpi("total", N_("Servicios entregados"), "count"),
        Kpi("courtesy_call_rate_15d", N_("Llamado de cortesía a 15 días"), _RATE),
        Kpi("csi_top_box", N_("CSI (9 y 10)"), _RATE),
        Kpi("detractor_followup_24h", N_("Detractor atendido en 24 h"), _RATE),
        Kpi("comeback_rate", N_("Retorno al taller"), _RATE),
        Kpi("nps", N_("NPS"), "score"),
        Kpi("survey_response_rate", N_("Tasa de respuesta"), _RATE),
        Kpi("next_opportunity_coverage", N_("Oportunidad agendada"), _RATE),
    ),
    "campaigns": (
        Kpi("total", N_("Oportunidades de campaña"), "count"),
        Kpi("campaign_units", N_("Unidades asignadas"), "count", source="units"),
        Kpi("campaign_reach", N_("Alcance"), _RATE, source="units"),
        Kpi("campaign_conversion", N_("Conversión"), _RATE, source="units"),
        Kpi("campaign_set_rate", N_("Turnos sobre contactadas"), _RATE, source="units"),
        Kpi("campaign_show_rate", N_("Ingresos sobre turnos"), _RATE, source="units"),
        Kpi("campaign_completion", N_("Hechas sobre asignadas"), _RATE, source="units"),
        Kpi("recall_completion_rate", N_("Cumplimiento de nota técnica y recall"), _RATE, source="units"),
        Kpi("campaign_blocked", N_("Bloqueadas"), "count", source="units"),
        Kpi("campaign_unreachable", N_("Sin teléfono"), "count", source="units"),
        Kpi("dnc_blocked", N_("Bloqueos No llamar más"), "parts", source="blocks"),
        Kpi("dnc_list_age_days", N_("Antigüedad de la lista No Llame"), "max", "days", source="lists"),
        Kpi("data_quality_phone", N_("Clientes con teléfono válido"), _RATE, source="people"),
        Kpi("data_quality_email", N_("Clientes con e-mail válido"), _RATE, source="people"),
        Kpi("data_quality_duplicates", N_("Clientes duplicados"), _RATE, source="people"),
    ),
    "agents": (
        Kpi("total", N_("Llamados"), "count"),
        Kpi("connect_rate", N_("Contacto por intento"), _RATE),
        Kpi("contact_rate", N_("Contacto por registro"), _RATE),
        Kpi("attempts_to_contact", N_("Intentos hasta el contacto"), "mean", "attempts"),
        Kpi("callback_on_time_rate", N_("Callbacks en hora"), _RATE),
        Kpi("customers", N_("Clientes distintos por día"), "count"),
        Kpi("productive_rate", N_("Acción productiva"), _RATE),
        Kpi("per_hour", N_("Intentos por hora"), "hourly", "per_hour"),
        Kpi("contacts_per_hour", N_("Contactos por hora"), "hourly", "per_hour"),
        Kpi("appointments_per_hour", N_("Turnos por hora"), "hourly", "per_hour"),
        Kpi("handle_time", N_("Tiempo por llamado"), "median", "minutes"),
        Kpi("talk", N_("En llamado"), "count", "minutes", source="shifts"),
        Kpi("wait", N_("En espera"), "count", "minutes", source="shifts"),
        Kpi("pause", N_("En pausa"), "count", "minutes", source="shifts"),
        Kpi("wrap", N_("En cierre"), "count", "minutes", source="shifts"),
        Kpi("undisposed", N_("Registros sin resultado"), "count", source="claims"),
        Kpi("outside_rules", N_("Fuera de norma"), "count"),
    ),
    "leaks": (
        Kpi("total", N_("Fugas"), "count"),
        Kpi("deliveries", N_("Entregas"), "count"),
        Kpi("opportunities", N_("Oportunidades"), "count"),
        Kpi("no_shows", N_("Inasistencias"), "count"),
        Kpi("completed", N_("Realizados"), "count"),
        Kpi("complaints", N_("Reclamos"), "count"),
    ),
    "reconciliation": (
        Kpi("total", N_("Turnos vendidos"), "count"),
        Kpi("reconciled_rate", N_("Con turno en el DMS"), _RATE),
        Kpi("verified", N_("Verificados"), "count"),
        Kpi("credited", N_("Acreditados"), "count"),
        Kpi("moved", N_("Movidos"), "count"),
        Kpi("waiting", N_("Sin leer todavía"), "count"),
        Kpi("missing", N_("No figuran en el DMS"), "count"),
    ),
    "retention": (
        Kpi("total", N_("Unidades entregadas"), "count"),
        Kpi("first_service_retention", N_("Primer service"), _RATE),
        *(Kpi(f"retention_year_{k}", N_("Retención año {k}"), _RATE) for k in range(1, 6)),
        Kpi("service_customer_retention", N_("Retención de clientes (SCR)"), _RATE, source="park"),
        Kpi("lifecycle", N_("Vida del cliente"), "parts"),
    ),
}  # fmt: skip
"""The KPIs of every report, in the order in which they are shown."""


def name(kpi: Kpi) -> str:
    """The KPI's name in the language in use."""
    return _(kpi.label).replace("{k}", kpi.code[-1])
