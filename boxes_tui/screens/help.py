"""Help of a screen, made from the verb table and the queue's own description (SCREENS *Ayuda*)."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.domain.queues import QUEUES
from boxes_tui.domain.verbs import FOLLOW, Verb, on_screen
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens.base import DeskScreen
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line, width_of

GROUPS = (
    ("call", N_("LLAMAR")), ("opportunity", N_("OPORTUNIDAD")), ("appointment", N_("TURNO Y TALLER")),
    ("customer", N_("CLIENTE")), ("list", N_("LISTA")), ("work", N_("TRABAJO")),
)  # fmt: skip
PLACES = {
    "board": N_("Tablero"), "customer": N_("Cliente"), "search": N_("Buscar"), "my_day": N_("Mi día"),
    "report": N_("Reportes"), "grid": N_("Ver en grilla"), "reconciliation": N_("Conciliación"),
    "wizard": N_("Gestor de oportunidades"), "followup": N_("Seguimiento de turnos"),
    "no_shows": N_("Seguimiento de turnos"),
}  # fmt: skip
MOVES = (("↑↓ jk", N_("mover")), ("Tab", N_("filtro siguiente")), ("Enter", N_("ficha")), (N_("Inicio Fin Pág"), ""))
LEFT = frozenset({"call", "opportunity", "appointment", "customer"})
"""Groups of the left column; the rest stands at the right."""
WORDS = {
    "opportunity": N_("crear"), "sell": N_("turno vendido"), "customer": N_("ver"), "history": N_("historia de la fila"),
    "assign": N_("asignar (supervisor)"), "filters": N_("más filtros"), "help": N_("esta ayuda"),
    "reply_yes": N_("dice que sí"), "reply_no": N_("dice que no"),
}  # fmt: skip
"""Shorter than the palette's words, where the heading already says the rest."""
FOLLOW_UP = N_(
    "Turnos hasta el próximo día hábil sin recordatorio, recordatorios que nadie respondió, e-mails que no salieron, e "
    "inasistencias por recuperar: se pregunta el día, al día siguiente, a los 3 y a los 7. [e] con filas marcadas envía "
    "a todas."
)
HALF = 17
"""Cells of one of two entries in a line of a column."""
COLUMN = 39


class HelpScreen(DeskScreen):
    """What the keys do here, what the signs mean, what the list holds, how dates are typed."""

    place: ClassVar[str] = "help"

    def __init__(self, about: str, absent: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.about, self._absent = about, absent
        self.page = Page()
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    async def load(self) -> None:
        """Help needs no data."""

    def entered(self) -> None:
        """Show it."""
        self.page.show(help_lines(self.about, self.session.role if self.ready else "viewer", self._absent))
        self.call_after_refresh(self._hint)

    def on_page_scrolled(self, event: Page.Scrolled) -> None:
        """Other lines lie below."""
        self._hint()

    def _hint(self) -> None:
        below = self.page.hidden_below
        more = ngettext("▸ hay {n} línea más abajo", "▸ hay {n} líneas más abajo", below).format(n=below)
        self.frame.status.hint([(more, "hoy")] if below else _("Soporte: {who}").format(who=self._support()))

    def _support(self) -> str:
        return self.house.settings.option("support", _("lo indica el concesionario")) if self.ready else ""

    def heading(self) -> Line:
        """*AYUDA · OPORTUNIDADES NUEVAS*."""
        title = QUEUES[self.about].title if self.about in QUEUES else PLACES.get(self.about, "")
        return f"{_('Ayuda').upper()} · {_(title).upper()}" if title else _("Ayuda").upper()

    def title_rights(self) -> list[Line]:
        """How to leave."""
        return [_("Esc cierra")]

    def keys(self) -> list[Key]:
        """Move and leave."""
        return [Key("↑↓", _("mover")), Key("Esc", _("cerrar"))]

    def own_key(self, key: str, character: str | None) -> bool:
        """``Esc`` and ``?`` close."""
        if key in ("escape", "q") or character == "?":
            self.dismiss(None)
            return True
        return False


def help_lines(place: str, role: str, absent: frozenset[str] = frozenset()) -> list[Line]:
    """The lines: verbs in two columns by group, signs, the list, dates, No Llame and sync for admins."""
    verbs = [v for v in on_screen(place, role) if v.id not in absent]
    left: list[Line] = []
    right: list[Line] = []
    for group, title in GROUPS:
        entries = [_verb(v) for v in verbs if v.group == group]
        if group == "call" and any(v.id == "call" for v in verbs):
            entries.append(_entry("1-0", _("resultado (en la llamada)")))
        if group == "work":
            entries.append(_entry("Ctrl+P", _("todos los verbos")))
            if place == "board":
                entries.insert(0, _entry("1-9", _("abrir")))
        if group == "list" and place in (*QUEUES, *FOLLOW):
            entries = [*(_entry(_(k), _(w) if w else "") for k, w in MOVES), *entries]
        if entries:
            (left if group in LEFT else right).extend([[(f" {_(title)}", "atenuado")], *_pairs(entries)])
    lines = _beside(left, right)
    lines += ["", [(" " + _("SIGNOS"), "atenuado")],
              "  " + _("▲ vencida   ■ hoy   ▷ próxima   ✓ hecho   ● elegida   @ e-mail   @! falló"),
              "  " + _("◆ oportunidad agendada   T tomado   t tomado por mí   x no llamar (ofertas)")]  # fmt: skip
    about = QUEUES[place].help if place in QUEUES else FOLLOW_UP if place in FOLLOW else ""
    if about:
        lines += ["", [(" " + _("QUÉ HAY ACÁ"), "atenuado")], *_wrapped(_(about), 77)]
    lines += ["", [(" " + _("FECHAS"), "atenuado"), "   " + _("12/5   12-05-26   hoy   mañana   +3d   lu 15:30")]]
    if place == "board":
        lines += ["", [(" " + _("PUESTA EN MARCHA"), "atenuado")],
                  "  boxes sync --config dms.toml --watch 60      " + _("lee el DMS"),
                  "  boxes dnc import no_llame.csv                " + _("importa la lista No Llame"),
                  "  boxes user add ana --role agent              " + _("da de alta a un agente"),
                  "  boxes doctor                                 " + _("revisa la instalación")]  # fmt: skip
    return lines


Parts = list[str | tuple[str, str]]


def _verb(verb: Verb) -> Parts:
    shown = "/ b" if verb.id == "search" else verb.shown
    return _entry(_(shown) if len(shown) > 1 else shown, _(WORDS.get(verb.id, verb.label)))


def _entry(key: str, words: str) -> Parts:
    return [(key, "acento"), f"  {words}" if words else ""]


def _pairs(entries: list[Parts]) -> list[Line]:
    """Entries two in a line, one alone where it is too long for half of it."""
    lines: list[Line] = []
    waiting: Parts | None = None
    for entry in entries:
        if waiting is not None and width_of(waiting) < HALF and width_of(entry) <= COLUMN - HALF - 3:
            lines.append(["  ", *waiting, " " * (HALF - width_of(waiting)), *entry])
            waiting = None
        else:
            if waiting is not None:
                lines.append(["  ", *waiting])
            waiting = entry
    return lines if waiting is None else [*lines, ["  ", *waiting]]


def _beside(left: list[Line], right: list[Line]) -> list[Line]:
    made: list[Line] = []
    for n in range(max(len(left), len(right))):
        a: Line = left[n] if n < len(left) else ""
        b: Line = right[n] if n < len(right) else ""
        parts = [a] if isinstance(a, str) else list(a)
        made.append([*parts, " " * max(1, COLUMN - width_of(a)), *([b] if isinstance(b, str) else b)])
    return made


def _wrapped(text: str, width: int) -> list[Line]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) + 1 > width:
            lines.append("  " + line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, "  " + line]
