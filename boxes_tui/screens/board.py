"""The board: one button per stage with its live counts (PRODUCT §4, SCREENS *Tablero*)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from boxes_tui.domain.formats import clock, long_day, number, rate
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens.acts import ActingScreen
from boxes_tui.screens.row_text import first_name, moment
from boxes_tui.text import cut
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line, width_of

if TYPE_CHECKING:
    from boxes_tui.data.reads.board import Board

BUTTONS = (
    ("1", "deliveries", N_("Entrega de Vehículos")),
    ("2", "opportunities", N_("Oportunidades Nuevas")),
    ("3", "appointments", N_("Próximos Turnos")),
    ("4", "in_process", N_("En Proceso de Atención")),
    ("5", "completed", N_("Servicios Realizados")),
    ("6", "reports", N_("Reportes")),
    ("7", "campaigns", N_("★ Gestor de oportunidades")),
    ("8", "campaign_opportunities", N_("Op. Campaña")),
    ("9", "leaks", N_("Fugas")),
)
Fact = tuple[int | str, str, Line]
"""A count, its unit, and further words."""

NUMBERS, WORDS, SIDE = 36, 55, 88
"""Screen columns where counts end, and where further words and the side column of a wide board begin."""


PROMISED = 4
"""Callbacks named in the side column."""
SIDE_CELLS = 30


class BoardScreen(ActingScreen):
    """The home screen."""

    place: ClassVar[str] = "board"
    shows_role: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.page = Page(id="board")
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)
        self.board: Board | None = None
        self.names: dict[int, str] = {}
        self.customers: dict[int, str] = {}
        self._cursor: str | None = None
        self._drafts = 0

    async def load(self) -> None:
        """Read the counts."""
        from boxes_tui.data.reads.board import board, names_of
        from boxes_tui.data.reads.my_day import user_names

        self.board = found = await self.background(self.house.read, board)
        self.freshness = found.freshness
        if not self._wide:
            self.show_board()  # names stand in the side column alone
        self.names = await self.background(self.house.read, lambda conn, session: user_names(conn))
        first = [p.customer_id for p in found.promised[:PROMISED] if p.customer_id is not None]
        self.customers = await self.background(self.house.read, lambda conn, session: names_of(conn, first))
        self._drafts = len(self.journal.drafts(self.session.login))
        self.show_board()

    def entered(self) -> None:
        """Show the buttons at once; the counts follow."""
        self.show_board()

    def on_resize(self, event: Any) -> None:
        """Wide boards have a side column."""
        super().on_resize(event)
        self.show_board()

    def heading(self) -> Line:
        """*TABLERO · Casa Central*."""
        name = _("Tablero").upper()
        return f"{name} · {self.session.branch_name()}" if self.ready else name

    @property
    def _wide(self) -> bool:
        return self.size.width >= 110

    def show_board(self) -> None:
        """Lay out the lines for the size."""
        lines, keys = self._lines()
        if self._wide:
            lines = self._with_side([*lines[:2], "", *lines[2:]])
            keys = [*keys[:2], None, *keys[2:]]
        self.page.show(lines, keys)
        self._hint()

    # -- text --------------------------------------------------------------------------------------

    def _lines(self) -> tuple[list[Line], list[str | None]]:
        lines: list[Line] = [self._day_line(), ""]
        keys: list[str | None] = [None, None]
        facts = self._facts()
        for digit, code, title in BUTTONS:
            rows = facts.get(code) or [("", "", "")]
            for n, fact in enumerate(rows):
                lead = f"   {digit}  {_(title)}" if n == 0 else ""
                lines.append(_row(lead, *fact))
                keys.append(digit if n == 0 else None)
            if digit in "12345":
                lines.append("")
                keys.append(None)
        lines += ["", _row("   D  " + _("Mi día"), *facts["my_day"][0])]
        keys += [None, "D"]
        return lines, keys

    def _day_line(self) -> Line:
        if not self.ready:
            return ""
        at = moment(self.session)
        left = f" {long_day(at.today)} {clock(at.now)}"
        right: Line = self._promised_text(at.now)
        gap = self.size.width - width_of(left) - width_of(right) - 1
        return [left, " " * max(1, gap), *([right] if isinstance(right, str) else right)]

    def _promised_text(self, now: datetime) -> Line:
        due = self.board.promised if self.board else ()
        if not due:
            return ""
        first = due[0].at.astimezone(now.tzinfo)
        tone, sign = ("vencida", "▲") if first < now else ("hoy", "■")
        text = _("A devolver: {n}, el próximo {t}").format(n=len(due), t=clock(first))
        return [(f"{sign} ", tone), (text, tone)]

    def _facts(self) -> dict[str, list[Fact]]:
        b = self.board
        if b is None:
            return {"my_day": [("", "", "")]}
        c = b.counts
        o, a, p, leaks = c["opportunities"], c["appointments"], c["in_process"], c["leaks"]
        stages = {
            "deliveries": ngettext("{n} entrega", "{n} entregas", leaks["deliveries"]),
            "opportunities": _("{n} oport."), "no_shows": _("{n} inasist."),
            "completed": ngettext("{n} servicio", "{n} servicios", leaks["completed"]),
            "complaints": ngettext("{n} reclamo", "{n} reclamos", leaks["complaints"]),
        }  # fmt: skip
        leaked = "  ".join(text.format(n=leaks[k]) for k, text in stages.items() if leaks.get(k))
        late: Line = (
            [("▲ ", "vencida"), _("{n} con más de 30 min").format(n=b.late_arrivals)] if b.late_arrivals else ""
        )
        older: Line = [(f"▲ {p['older']} ", "vencida"), _("> 1 sem.")] if p["older"] else ""
        sales: Line = [
            ("▲ ", "vencida"),
            f"{o['overdue']}   ",
            ("■ ", "hoy"),
            f"{o['current']}   ",
            ("▷ ", "proxima"),
            str(o["upcoming"]),
        ]
        done = rate(b.units_done, b.units_assigned) if b.units_assigned else ""
        return {
            "deliveries": [(c["deliveries"]["pending"], _("pendientes"),
                            _("de {n} en 30 días").format(n=c["deliveries"]["all"]))],
            "opportunities": [(o["all"], "", sales)],
            "appointments": [
                (a["to_confirm"], _("por confirmar"), [("✓ ", "exito"), _("{n} confirmados").format(n=a["confirmed"])]),
                (a["not_arrived"], _("no ingresados"), late),
                (a["no_show"], _("inasistencias"), _("{n} últimos ingresos").format(n=a["latest_arrivals"])),
            ],
            "in_process": [(p["all"], "", [_("{n} hoy").format(n=p["today"]), "   ", *_parts(older)])],
            "completed": [(c["completed"]["pending"], _("pendientes"),
                           _("de {n} en 15 días").format(n=c["completed"]["all"]))],
            "campaigns": [(b.campaigns, _("campañas en curso"), "")],
            "campaign_opportunities": [(c["campaign_opportunities"]["all"], "", done)],
            "leaks": [(leaks["all"], "", leaked)],
            "my_day": [(b.mine.calls, _("llamados"),
                        _("{n} contactos  {m} turnos").format(n=b.mine.contacts, m=b.mine.sold))],
        }  # fmt: skip

    def _with_side(self, lines: list[Line]) -> list[Line]:
        side = self._side()
        made: list[Line] = []
        for n, line in enumerate(lines):
            place = n - 3
            if 0 <= place < len(side):
                parts = _parts(line)
                gap = SIDE - width_of(parts)
                made.append([*parts, " " * max(1, gap), ("│ ", "atenuado"), *_parts(side[place])])
            else:
                made.append(line)
        return made

    def _side(self) -> list[Line]:
        b = self.board
        if b is None or not self.ready:
            return []
        at = moment(self.session)
        leaks = b.counts["leaks"]
        names = {"deliveries": _("entregas"), "opportunities": _("oportunidades"), "no_shows": _("inasistencias"),
                 "completed": _("realizados"), "complaints": _("reclamos")}  # fmt: skip
        made: list[Line] = [[(_("A devolver").upper(), "atenuado")]]
        for p in b.promised[:PROMISED]:
            when = at.local(p.at)
            tone, sign = ("vencida", "▲") if when < at.now else ("hoy", "■")
            who = self.customers.get(p.customer_id or 0, "").upper() or (_("mía") if p.mine else _("cualquiera"))
            made.append([(f"{sign} ", tone), clock(when), " " + cut(who, SIDE_CELLS - 8)])
        made += ["", [(_("Fugas").upper(), "atenuado")]]
        made += [f"{text:<15}{leaks.get(k, 0):>3}" for k, text in names.items()]
        made += ["", [(_("AGENTES HOY"), "atenuado")]]
        for day in b.agents[:4]:
            who = first_name(self.names.get(day.user_id, "—"))[:6]
            made.append(f"{who:<6} " + _("{n} llamados  {m} turnos").format(n=f"{day.calls:>2}", m=day.sold))
        made += ["", [(_("LECTURAS DEL DMS"), "atenuado")]]
        for when, status, changed in b.reads:
            word = _("completa") if status in ("ok", "rejects") else _("con error")
            made.append(f"{clock(at.local(when))} {word}, " + _("{n} cambios").format(n=changed))
        return made

    def _hint(self) -> None:
        b = self.board
        if b is None:
            return
        if self._drafts:
            text = ngettext(
                "Quedó {n} borrador sin terminar. [D] mi día",
                "Quedaron {n} borradores sin terminar. [D] mi día",
                self._drafts,
            ).format(n=self._drafts)
            self.frame.status.hint([("■ ", "hoy"), (text, "hoy")])
        elif b.freshness.read_at is None:
            self.frame.status.hint([(_("Todavía no se leyó el DMS. [?] cómo: boxes sync"), "hoy")])
        elif not b.no_llame:
            self.frame.status.hint(_("Sin lista No Llame: las ofertas no se filtran. [?] cómo importarla"))
        elif b.no_llame_days is not None and b.no_llame_days > 25:
            text = _("La lista No Llame tiene {n} días; con más de 30 no se puede ofrecer.").format(n=b.no_llame_days)
            self.frame.status.hint([(text, "vencida" if b.no_llame_days > 30 else "hoy")])
        else:
            self.frame.status.hint("")

    # -- keys --------------------------------------------------------------------------------------

    def keys(self) -> list[Any]:
        """``1-9 abrir`` before the verbs."""
        from boxes_tui.widgets.bars import Key

        return [Key("1-9", _("abrir")), *super().keys()]

    def own_key(self, key: str, character: str | None) -> bool:
        """Digits open."""
        if character and character in "123456789":
            self.open_button(character)
            return True
        return False

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """``Enter`` on a button."""
        if event.key == "D":
            self.perform(self.verb_my_day)
        else:
            self.open_button(event.key)

    def open_button(self, digit: str) -> None:
        """The screen behind a digit."""
        from boxes_tui.screens.doors import open_door

        code = next(code for d, code, _title in BUTTONS if d == digit)
        open_door(self, code)

    def verb_my_day(self) -> None:
        """*Mi día*."""
        from boxes_tui.screens.my_day import MyDayScreen

        self.app.push_screen(MyDayScreen())

    def verb_quit(self) -> None:
        """Leave the app."""
        self.app.exit()


def _parts(line: Line) -> list[Any]:
    return [line] if isinstance(line, str) else list(line)


def _row(lead: str, count: int | str, unit: str, words: Line) -> Line:
    """A board line: label, the count ending at :data:`NUMBERS`, its unit, further words at :data:`WORDS`."""
    shown = number(count) if isinstance(count, int) else count
    made = lead + " " * max(1, NUMBERS - width_of(lead) - len(shown)) + shown + (f" {unit}" if unit else "")
    gap = WORDS - width_of(made)
    return [made, " " * max(2, gap), *_parts(words)] if words else made
