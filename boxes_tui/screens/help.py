"""Help of a screen, made from the verb table and the queue's own description (SCREENS *Ayuda*)."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.domain.queues import QUEUES
from boxes_tui.domain.verbs import Verb, on_screen
from boxes_tui.i18n import N_, _
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
    "wizard": N_("Gestor de oportunidades"),
}  # fmt: skip
MOVES = (("↑↓ jk", N_("mover")), ("Tab", N_("filtro siguiente")), ("Enter", N_("ficha")), (N_("Inicio Fin Pág"), ""))
COLUMN = 39


class HelpScreen(DeskScreen):
    """What the keys do here, what the signs mean, what the list holds, how dates are typed."""

    place: ClassVar[str] = "help"

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about
        self.page = Page()
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    async def load(self) -> None:
        """Help needs no data."""

    def entered(self) -> None:
        """Show it."""
        self.page.show(help_lines(self.about, self.session.role if self.ready else "viewer"))
        self.frame.status.hint(_("Soporte: {who}").format(who=self._support()))

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


def help_lines(place: str, role: str) -> list[Line]:
    """The lines: verbs in two columns by group, signs, the list, dates, No Llame and sync for admins."""
    verbs = on_screen(place, role)
    blocks: list[list[Line]] = []
    for group, title in GROUPS:
        own = [v for v in verbs if v.group == group]
        if own:
            blocks.append([[(f" {_(title)}", "atenuado")], *(_verb_line(v) for v in own)])
    if place in QUEUES:
        blocks.append([[(" " + _("MOVERSE"), "atenuado")], *(_key_line(_(k), _(w) if w else "") for k, w in MOVES)])
    lines = _two_columns(blocks)
    lines += ["", [(" " + _("SIGNOS"), "atenuado")],
              "  " + _("▲ vencida   ■ hoy   ▷ próxima   ✓ hecho   ● elegida   @ e-mail   @! falló"),
              "  " + _("◆ oportunidad agendada   T tomado   t tomado por mí   x no llamar (ofertas)")]  # fmt: skip
    if place in QUEUES:
        lines += ["", [(" " + _("QUÉ HAY ACÁ"), "atenuado")], *_wrapped(_(QUEUES[place].help), 76)]
    lines += ["", [(" " + _("FECHAS"), "atenuado"), "   " + _("12/5   12-05-26   hoy   mañana   +3d   lu 15:30")]]
    if place == "board":
        lines += ["", [(" " + _("PUESTA EN MARCHA"), "atenuado")],
                  "  boxes sync --config dms.toml --watch 60      " + _("lee el DMS"),
                  "  boxes dnc import no_llame.csv                " + _("importa la lista No Llame"),
                  "  boxes user add ana --role agent              " + _("da de alta a un agente"),
                  "  boxes doctor                                 " + _("revisa la instalación")]  # fmt: skip
    return lines


def _verb_line(verb: Verb) -> Line:
    return _key_line(_(verb.shown), _(verb.help))


def _key_line(key: str, words: str) -> Line:
    return [(f"  {key:<8}", "acento"), words]


def _two_columns(blocks: list[list[Line]]) -> list[Line]:
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        target = left if len(left) <= len(right) else right
        target.extend(block)
    made: list[Line] = []
    for n in range(max(len(left), len(right))):
        a = left[n] if n < len(left) else ""
        b = right[n] if n < len(right) else ""
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
