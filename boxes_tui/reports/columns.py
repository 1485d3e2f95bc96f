"""The columns of the reports' grids: title, type, and whether a pie can be made of them (PRODUCT §9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from boxes_tui.errors import UsageError
from boxes_tui.i18n import N_, _

Type = Literal["text", "int", "day", "instant", "money"]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column of a grid. ``categorical``: pies and groups can be made of it. ``labels`` names the words that its codes
    stand for (``reports.labels``); ``short`` the title of a narrow screen."""

    id: str
    title: str
    type: Type = "text"
    categorical: bool = False
    labels: str = ""
    short: str = ""


def _c(
    id_: str, title: str, type_: Type = "text", categorical: bool = False, labels: str = "", short: str = ""
) -> ReportColumn:
    return ReportColumn(id_, title, type_, categorical, labels, short)


COLUMNS: Final = {
    c.id: c
    for c in (
        _c("customer", N_("Cliente")), _c("plate", N_("Patente")), _c("vin", N_("Chasis")),
        _c("city", N_("Localidad"), "text", True), _c("make", N_("Marca"), "text", True),
        _c("model", N_("Modelo"), "text", True), _c("version", N_("Versión"), "text", True),
        _c("model_year", N_("Año modelo"), "int", True), _c("branch", N_("Sucursal"), "text", True, "branch"),
        _c("agent", N_("Agente"), "text", True, "agent"), _c("salesperson", N_("Vendedor"), "text", True),
        _c("advisor", N_("Asesor"), "text", True), _c("condition", N_("Condición"), "text", True, "condition"),
        _c("disposition", N_("Resultado"), "text", True, "disposition"), _c("attempts", N_("Intentos"), "int", True, "", N_("Int")),
        _c("status", N_("Estado"), "text", True, "status"), _c("state", N_("Situación"), "text", True, "state"),
        _c("origin", N_("Origen"), "text", True, "origin"), _c("reason", N_("Motivo"), "text", True, "reason"),
        _c("campaign", N_("Campaña"), "text", True), _c("type", N_("Tipo"), "text", True, "type"),
        _c("purpose", N_("Propósito"), "text", True, "purpose"), _c("contact", N_("Contacto"), "text", True, "yes_no"),
        _c("productive", N_("Productivo"), "text", True, "yes_no"), _c("score", N_("Puntaje"), "int", True),
        _c("pay_type", N_("Tipo de pago"), "text", True, "pay_type"),
        _c("order_type", N_("Tipo de OR"), "text", True), _c("result", N_("Resultado del taller"), "text", True),
        _c("delivery_basis", N_("Entrega según"), "text", True, "delivery_basis"),
        _c("age", N_("Antigüedad"), "text", True, "age"), _c("match", N_("En el DMS"), "text", True, "match"),
        _c("stage", N_("Etapa"), "text", True, "stage"), _c("lifecycle", N_("Vida"), "text", True, "lifecycle"),
        _c("channel", N_("Canal"), "text", True, "channel"), _c("confirmed", N_("Confirmado"), "text", True, "yes_no"),
        _c("blocked_why", N_("Bloqueo"), "text", True, "blocked"), _c("ended", N_("Fin"), "text", True, "ended"),
        _c("shift", N_("Turno de trabajo"), "text", True, "shift"),
        _c("about", N_("Motivo del llamado")), _c("order", N_("OR")), _c("outside_rules", N_("Fuera de norma")),
        _c("delivered", N_("Entregado"), "day", False, "", N_("Entr.")), _c("due", N_("Vence"), "day"), _c("day", N_("Día"), "day"),
        _c("opened", N_("Ingreso"), "day", False, "", N_("Ingr.")), _c("created", N_("Creada"), "day", False, "", N_("Crea.")), _c("closed", N_("Cerrada"), "day"),
        _c("since", N_("Fuga desde"), "day", False, "", N_("Desde")), _c("sold", N_("Vendido"), "day", False, "", N_("Vend.")), _c("done", N_("Hecha"), "day"),
        _c("assigned", N_("Asignada"), "day"), _c("first_service", N_("Primer ingreso"), "day"),
        _c("last_service", N_("Último ingreso"), "day"), _c("starts", N_("Turno"), "instant"),
        _c("at", N_("Hora"), "instant"), _c("promised", N_("Prometido"), "instant"),
        _c("in_dms", N_("Turno en el DMS"), "instant"), _c("handed_over", N_("Entrega"), "instant"),
        _c("until", N_("Hasta"), "instant"), _c("km", N_("Km"), "int"), _c("days", N_("Días"), "int"),
        _c("reschedules", N_("Replanificaciones"), "int", True, "", N_("Repl.")), _c("services", N_("Ingresos"), "int", True),
        _c("phone_ok", N_("Teléfono válido"), "text", True, "yes_no"),
        _c("email_ok", N_("E-mail válido"), "text", True, "yes_no"),
        _c("duplicate", N_("Duplicado"), "text", True, "yes_no"), _c("how", N_("Cómo lo pidió")),
        _c("list", N_("Lista")), _c("numbers", N_("Números"), "int"), _c("minutes", N_("Minutos"), "int"), _c("amount", N_("Importe"), "money"),
    )
}  # fmt: skip
"""Every column that a population may have, by id."""

ALIASES: Final = {"paytype": "pay_type", "plan": "condition", "result_code": "disposition", "brand": "make"}


def grid_columns(ids: tuple[str, ...]) -> tuple[ReportColumn, ...]:
    """The columns of a grid in order."""
    return tuple(COLUMNS[i] for i in ids)


def column_named(text: str, ids: tuple[str, ...], report: str, *, categorical: bool = True) -> ReportColumn:
    """The column of a name that a person typed; :class:`UsageError` with the list of right ones."""
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    word = ALIASES.get(word, word)
    if word == "state" and "state" not in ids:
        word = "status"
    elif word == "status" and "status" not in ids:
        word = "state"
    good = [i for i in ids if COLUMNS[i].categorical or not categorical]
    if word not in good:
        raise UsageError(
            _("No hay una columna «{name}» en {report}; las que hay: {names}").format(
                name=text, report=report, names=", ".join(good)
            )
        )
    return COLUMNS[word]
