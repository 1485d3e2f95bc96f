"""THE table of queues (PRODUCT §4, SCREENS §3–5): window, filters, order, columns and call type of every queue.

Board counts, screens, command line, reports and leaks all read it.  Windows are inclusive calendar days of the
row's branch, relative to its today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from boxes_tui.errors import UsageError
from boxes_tui.i18n import N_, _
from boxes_tui.text import row_number


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a queue: its command-line code, its label, and the shorter label of a narrow filter line."""

    code: str
    label: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: widths at 80 and at 120 screen columns, and its place among those that leave first
    under 80 (0 = stays)."""

    id: str
    title: str
    width: int
    wide: int
    align: Literal["left", "right"] = "left"
    leaves: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue. ``subject`` is the table of its rows; ``window`` the days around today that it shows (None = open)."""

    code: str
    digit: str
    title: str
    subject: str
    call_type: str
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    window: tuple[int | None, int | None]
    empty: str
    help: str

    @property
    def default(self) -> str:
        """The filter shown first."""
        return self.filters[0].code

    def filter_named(self, code: str) -> Filter:
        """The filter of that code; :class:`UsageError` with the list of right ones."""
        for item in self.filters:
            if item.code == code:
                return item
        names = ", ".join(f.code for f in self.filters)
        raise UsageError(
            _("No hay un filtro «{code}» en {queue}; los que hay: {names}").format(
                code=code, queue=self.code, names=names
            )
        )


WELCOME_DAYS: Final = 30
OPPORTUNITY_DAYS: Final = 15
NO_SHOW_DAYS: Final = 7
COURTESY_DAYS: Final = 15
LATEST_ARRIVALS: Final = 10
LEAK_LIMITS: Final = {"deliveries": 90, "no_shows": 30, "completed": 45}
"""Days after which a leak is only in the report (PRODUCT §4, row 9)."""

ORDER_AGES: Final[dict[str, tuple[int | None, int | None]]] = {
    "today": (0, 0),
    "yesterday": (-1, -1),
    "week": (-7, -2),
    "older": (None, -8),
}
"""Buckets of queue 4 by opening day."""

_CUSTOMER = Column("customer", N_("Cliente"), 24, 26)
_PLATE = Column("plate", N_("Patente"), 8, 8)

DELIVERIES = Queue(
    "deliveries", "1", N_("Entrega de Vehículos"), "sale_delivery", "welcome",
    (Filter("pending", N_("Pendientes")), Filter("done", N_("Hechas")), Filter("all", N_("Todas"))),
    (
        _CUSTOMER, _PLATE, Column("unit", N_("Unidad"), 18, 18),
        Column("delivered", N_("Entr."), 5, 5, "right"), Column("days", N_("Días"), 4, 4, "right", 2),
        Column("attempts", N_("Int"), 3, 3, "right"), Column("salesperson", N_("Vendedor"), 8, 14, "left", 1),
    ),
    (-WELCOME_DAYS, 0),
    N_("Sin entregas pendientes. [Tab] hechas · [9] Fugas"),
    N_("Entregas de los últimos 30 días, para el llamado de bienvenida. Orden: lo que sale antes de la ventana."),
)  # fmt: skip

OPPORTUNITIES = Queue(
    "opportunities", "2", N_("Oportunidades Nuevas"), "opportunity", "opportunity",
    (
        Filter("all", N_("Todas")), Filter("overdue", N_("Vencidas")), Filter("current", N_("Actuales")),
        Filter("upcoming", N_("Próximas")),
    ),
    (
        Column("due", N_("Vence"), 5, 5, "right"), Column("time", N_("Hora"), 5, 5, "right", 1), _CUSTOMER, _PLATE,
        Column("about", N_("Motivo"), 17, 18), Column("last", N_("Último"), 12, 14, "left", 2),
    ),
    (-OPPORTUNITY_DAYS, OPPORTUNITY_DAYS),
    N_("Sin oportunidades en esta ventana. [o] en cualquier fila crea una"),
    N_("Oportunidades abiertas que vencen entre 15 días atrás y 15 días adelante. Las más viejas están en 9 Fugas. "
       "Orden: lo atrasado primero, después la hora."),
)  # fmt: skip

APPOINTMENTS = Queue(
    "appointments", "3", N_("Próximos Turnos"), "appointment", "appointment",
    (
        Filter("to_confirm", N_("Por confirmar")), Filter("confirmed", N_("Confirmados")),
        Filter("not_arrived", N_("No ingresados")), Filter("no_show", N_("Inasistencias"), N_("Inasist.")),
        Filter("latest_arrivals", N_("Últimos ingresos"), N_("Ingresos")),
    ),
    (
        Column("day", N_("Día"), 5, 5, "right", 2), Column("time", N_("Hora"), 5, 5, "right"), _CUSTOMER, _PLATE,
        Column("unit", N_("Unidad"), 14, 18), Column("advisor", N_("Asesor"), 6, 8, "left", 1),
        Column("delay", N_("Demora"), 8, 8),
    ),
    (None, None),
    N_("Sin turnos en este filtro. [Tab] otro filtro"),
    N_("Turnos del DMS: por confirmar, confirmados, no ingresados de hoy, inasistencias de 7 días y los últimos "
       "10 ingresos. Orden: lo atrasado primero, después la hora."),
)  # fmt: skip

IN_PROCESS = Queue(
    "in_process", "4", N_("En Proceso de Atención"), "repair_order", "in_process",
    (
        Filter("all", N_("Todas")), Filter("today", N_("Hoy")), Filter("yesterday", N_("Ayer")),
        Filter("week", N_("Hasta 1 semana")), Filter("older", N_("Más de 1 semana")),
    ),
    (
        Column("order", N_("OR"), 9, 9, "left", 2), Column("opened", N_("Ingr."), 5, 5, "right"), _CUSTOMER, _PLATE,
        Column("unit", N_("Unidad"), 14, 18), Column("promised", N_("Prom."), 5, 5, "right", 1),
        Column("days", N_("Días"), 5, 5, "right"),
    ),
    (None, None),
    N_("Sin órdenes abiertas en el DMS de las {time}."),
    N_("Órdenes abiertas y no entregadas, por día de ingreso. Orden: lo prometido y vencido primero, después el ingreso."),
)  # fmt: skip

COMPLETED = Queue(
    "completed", "5", N_("Servicios Realizados"), "repair_order", "courtesy",
    (Filter("pending", N_("Pendientes")), Filter("done", N_("Hechas")), Filter("all", N_("Todas"))),
    (
        Column("delivered", N_("Entr."), 5, 5, "right"), _CUSTOMER, _PLATE, Column("unit", N_("Unidad"), 14, 17),
        Column("order", N_("OR"), 9, 9, "left", 2), Column("work", N_("Trabajo"), 7, 8, "left", 1),
        Column("attempts", N_("Int"), 3, 3, "right"),
    ),
    (-COURTESY_DAYS, 0),
    N_("Sin llamados de cortesía pendientes. [Tab] hechos"),
    N_("Servicios entregados en los últimos 15 días, para el llamado de cortesía. Orden: lo que sale antes de la ventana."),
)  # fmt: skip

CAMPAIGN_OPPORTUNITIES = Queue(
    "campaign_opportunities", "8", N_("Op. Campaña"), "opportunity", "campaign",
    (Filter("all", N_("Todas")),),
    (
        Column("due", N_("Vence"), 5, 5, "right"), Column("campaign", N_("Campaña"), 16, 18),
        Column("customer", N_("Cliente"), 22, 22), _PLATE, Column("about", N_("Motivo"), 10, 16, "left", 1),
        Column("last", N_("Último"), 10, 10, "left", 2),
    ),
    (None, None),
    N_("Sin campañas en curso. [7] gestor"),
    N_("Oportunidades abiertas que nacieron de una campaña, de cualquier fecha. Orden: como en 2."),
)  # fmt: skip

LEAKS = Queue(
    "leaks", "9", N_("Fugas"), "", "",
    (
        Filter("all", N_("Todas")), Filter("deliveries", N_("Entregas")),
        Filter("opportunities", N_("Oportunidades"), N_("Oport.")),
        Filter("no_shows", N_("Inasistencias"), N_("Inasist.")), Filter("completed", N_("Realizados")),
        Filter("complaints", N_("Reclamos")),
    ),
    (
        Column("stage", N_("Etapa"), 12, 12), _CUSTOMER, _PLATE, Column("unit", N_("Unidad"), 10, 14, "left", 2),
        Column("since", N_("Desde"), 5, 5, "right", 1), Column("days", N_("Días"), 4, 4, "right"),
        Column("last", N_("Último"), 7, 9),
    ),
    (None, None),
    N_("Sin fugas."),
    N_("Lo que salió de su ventana sin trabajar. Orden: lo que hace más que salió, primero."),
)  # fmt: skip

QUEUES: Final[dict[str, Queue]] = {
    q.code: q
    for q in (
        DELIVERIES, OPPORTUNITIES, APPOINTMENTS, IN_PROCESS, COMPLETED, CAMPAIGN_OPPORTUNITIES, LEAKS,
    )
}  # fmt: skip

REF_SUBJECTS: Final[dict[str, str]] = {
    "deliveries": "sale_delivery",
    "opportunities": "opportunity",
    "campaign_opportunities": "opportunity",
    "appointments": "appointment",
    "in_process": "repair_order",
    "completed": "repair_order",
    "complaints": "complaint",
}
"""What stands before the colon of a ``ref`` (``in_process:812``) and the table it means."""


def queue_named(code: str) -> Queue:
    """The queue of a command-line name; :class:`UsageError` with the list of right ones."""
    found = QUEUES.get(code)
    if found is None:
        raise UsageError(_("No hay una cola «{code}»; las que hay: {names}").format(code=code, names=", ".join(QUEUES)))
    return found


def parse_ref(ref: str) -> tuple[str, str, int]:
    """``in_process:812`` → (queue, subject table, id); :class:`UsageError` when it is not a row's ref."""
    queue, colon, number = ref.strip().partition(":")
    row_id = row_number(number)
    if not colon or queue not in REF_SUBJECTS or row_id is None:
        raise UsageError(
            _("«{ref}» no es la referencia de una fila; se espera, por ejemplo, in_process:812").format(ref=ref)
        )
    return queue, REF_SUBJECTS[queue], row_id
