"""THE verb table (PRODUCT §11, SCREENS §6): every key of the app, declared once.

Bindings, the keys line, ``?``, the palette and the README's table are made from it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from boxes_tui.domain.roles import at_least
from boxes_tui.i18n import N_

LISTS: Final = (
    "deliveries", "opportunities", "appointments", "in_process", "completed", "campaign_opportunities", "leaks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verb:
    """A key with its meaning. ``label`` is the word of the keys line, ``help`` the line of ``?``; ``where`` names the
    screens that have it; ``role`` the least role; ``group`` the heading under ``?``."""

    id: str
    key: str
    label: str
    help: str
    where: tuple[str, ...]
    role: str = "viewer"
    group: str = "list"
    shown: str = ""


def _v(id_: str, key: str, label: str, help_: str, where: tuple[str, ...], role: str = "viewer", group: str = "list",
       shown: str = "") -> Verb:  # fmt: skip
    return Verb(id_, key, label, help_, where, role, group, shown or key)


FOLLOW: Final = ("followup", "no_shows")
"""*Seguimiento de turnos*: reminders and answers, and its list of no-shows."""

_ROWS: Final = (*LISTS, "search", "my_day", "reconciliation", *FOLLOW)
_TURNS: Final = ("appointments", "followup", "customer")
_OPPS: Final = ("opportunities", "campaign_opportunities", "leaks")
_ALL: Final = ("board", *_ROWS, "customer", "report", "grid")

VERBS: Final = (
    _v("call", "l", N_("llamar"), N_("Llamar"), (*_ROWS, "customer"), "agent", "call"),
    _v("dial", "M", N_("marcar"), N_("Marcar el teléfono elegido"), ("customer",), "agent", "call"),
    _v("next", "n", N_("siguiente"), N_("Siguiente"), ("board", *LISTS, "my_day"), "agent", "call"),
    _v("whatsapp", "w", N_("WhatsApp"), N_("Abrir WhatsApp"), (*LISTS, *FOLLOW, "customer"), "agent", "call"),
    _v("reminder", "e", N_("e-mail"), N_("Enviar recordatorio"), (*LISTS, "followup", "customer"), "agent", "call"),
    _v("why", "i", N_("¿se puede?"), N_("¿Se puede contactar? Por qué"), (*LISTS, *FOLLOW, "customer"), "viewer", "call"),
    _v("opportunity", "o", N_("oportunidad"), N_("Crear oportunidad"), (*_ROWS, "customer"), "agent", "opportunity"),
    _v("discard", "d", N_("descartar"), N_("Descartar"), (*_OPPS, "my_day"), "agent", "opportunity"),
    _v("reschedule", "r", N_("replanificar"), N_("Replanificar"), _OPPS, "agent", "opportunity"),
    _v("sell", "t", N_("vendido"), N_("Turno vendido"), (*LISTS, "customer"), "agent", "opportunity"),
    _v("rebook", "R", N_("recuperar"), N_("Recuperar inasistencia"), ("appointments", "leaks", "no_shows"), "agent",
       "opportunity"),
    _v("confirm", "c", N_("confirmar"), N_("Confirmar turno"), ("appointments", "followup"), "agent", "appointment"),
    _v("reply_yes", "S", N_("sí viene"), N_("Respondió que sí viene"), _TURNS, "agent", "appointment"),
    _v("reply_no", "X", N_("no viene"), N_("Respondió que no viene"), _TURNS, "agent", "appointment"),
    _v("reply_change", "C", N_("pide cambio"), N_("Respondió que pide cambio"), _TURNS, "agent", "appointment"),
    _v("followup", "E", N_("seguimiento"), N_("Seguimiento de turnos"), ("board", "appointments", "my_day"), "agent",
       "appointment"),
    _v("credit", "c", N_("acreditar"), N_("Acreditar"), ("reconciliation",), "supervisor", "appointment"),
    _v("correct", "r", N_("corregir fecha"), N_("Corregir la fecha"), ("reconciliation",), "supervisor", "appointment"),
    _v("deliver", "y", N_("entregada"), N_("Unidad entregada"), ("in_process",), "agent", "appointment"),
    _v("customer", "v", N_("cliente"), N_("Ver cliente"), _ROWS, "viewer", "customer"),
    _v("note", "N", N_("nota"), N_("Nota"), (*_ROWS, "customer"), "agent", "customer"),
    _v("search", "slash", N_("buscar"), N_("Buscar"), _ALL, "viewer", "list", "/"),
    _v("mark", "space", N_("marcar"), N_("Marcar"), (*LISTS, "followup"), "viewer", "list", N_("espacio")),
    _v("filters", "f", N_("filtros"), N_("Más filtros"), (*LISTS, "report", "grid", "reconciliation")),
    _v("menu", "m", N_("más opciones"), N_("Más opciones"), (*LISTS, "grid", "wizard2"), "viewer", "list"),
    _v("export", "x", N_("exportar"), N_("Exportar"), (*LISTS, "report", "grid", "customer"), "agent", "list"),
    _v("grid", "g", N_("grilla"), N_("Ver en grilla"), ("report", "grid"), "viewer", "list"),
    _v("pie", "p", N_("torta de…"), N_("Gráfico de tortas"), ("report", "grid"), "viewer", "list"),
    _v("undo", "u", N_("deshacer"), N_("Deshacer"), ("board", *_ROWS, "customer"), "agent", "work"),
    _v("undo_campaign", "U", N_("deshacer campaña"), N_("Deshacer la campaña"), ("campaign_opportunities",),
       "supervisor", "work"),
    _v("history", "h", N_("historia"), N_("Historia de la fila"), (*LISTS, *FOLLOW, "customer"), "viewer", "work"),
    _v("my_day", "D", N_("mi día"), N_("Mi día"), ("board", *LISTS), "agent", "work"),
    _v("release", "s", N_("soltar"), N_("Soltar"), (*LISTS, "my_day"), "agent", "work"),
    _v("assign", "a", N_("asignar"), N_("Asignar (supervisor)"), LISTS, "supervisor", "work"),
    _v("help", "question_mark", N_("más"), N_("Ayuda"), _ALL, "viewer", "work", "?"),
    _v("back", "escape", N_("volver"), N_("Volver"), (*_ROWS, "customer", "report", "grid"), "viewer", "work", "Esc"),
    _v("quit", "q", N_("salir"), N_("Salir"), ("board",), "viewer", "work"),
)  # fmt: skip

BY_ID: Final = {v.id: v for v in VERBS}

LINES: Final[dict[str, tuple[str, ...]]] = {
    "board": ("next", "search", "my_day", "undo", "help", "quit"),
    "deliveries": ("call", "next", "customer", "opportunity", "note", "search", "help"),
    "opportunities": ("call", "discard", "reschedule", "sell", "next", "customer", "help"),
    "campaign_opportunities": ("call", "discard", "reschedule", "sell", "next", "customer", "help"),
    "leaks": ("call", "discard", "reschedule", "sell", "next", "customer", "help"),
    "appointments": ("confirm", "reminder", "whatsapp", "call", "next", "customer", "help"),
    "in_process": ("deliver", "call", "opportunity", "customer", "note", "search", "help"),
    "completed": ("call", "next", "opportunity", "customer", "note", "search", "help"),
    "customer": ("call", "opportunity", "reminder", "whatsapp", "note", "history", "back"),
    "my_day": ("call", "next", "release", "undo", "back"),
    "followup": ("reminder", "whatsapp", "call", "reply_yes", "reply_no", "reply_change", "help"),
    "no_shows": ("call", "whatsapp", "rebook", "opportunity", "note", "customer", "help"),
    "report": ("grid", "pie", "filters", "export", "help"),
    "grid": ("menu", "grid", "pie", "export", "help"),
    "reconciliation": ("credit", "correct", "call", "customer", "help"),
}
"""The screen's own verbs in the order of use: the keys line."""

WIDE: Final[dict[str, tuple[str, ...]]] = {
    "opportunities": (
        "call", "discard", "reschedule", "sell", "opportunity", "customer", "note", "next", "help",
    ),
    "customer": ("call", "opportunity", "reminder", "whatsapp", "note", "history", "export", "back", "help"),
    "report": ("grid", "pie", "filters", "export", "back", "help"),
}  # fmt: skip
"""The same where the screen has 110 columns or more."""

LABELS: Final[dict[tuple[str, str], str]] = {
    ("board", "help"): N_("ayuda"),
    ("grid", "menu"): N_("opciones"),
    ("grid", "grid"): N_("gráfico"),
    ("grid", "pie"): N_("torta"),
}
"""Words of one screen only."""

WIDE_LABELS: Final[dict[str, str]] = {"sell": N_("turno vendido")}


def on_screen(screen: str, role: str) -> list[Verb]:
    """The verbs of a screen that a role has, in the table's order."""
    return [v for v in VERBS if screen in v.where and at_least(role, v.role)]


def keys_line(
    screen: str, role: str, refused: Collection[str] = (), *, wide: bool = False
) -> list[tuple[str, str, bool]]:
    """(key, label, enabled) of the keys line: what the row refuses is disabled, what the role lacks is absent."""
    names = WIDE.get(screen, ()) if wide else ()
    return [
        (BY_ID[name].shown, _label(screen, name, wide), name not in refused)
        for name in names or LINES.get(screen, ())
        if screen in BY_ID[name].where and at_least(role, BY_ID[name].role)
    ]


def _label(screen: str, name: str, wide: bool) -> str:
    if wide and name in WIDE_LABELS:
        return WIDE_LABELS[name]
    return LABELS.get((screen, name), BY_ID[name].label)
