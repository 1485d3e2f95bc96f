"""*Pared* (``boxes wallboard``): read-only, full screen, renewed by itself; only what changes is painted."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events

from boxes_tui.data.reads.wallboard import AgentLine, Wall, wallboard
from boxes_tui.domain.formats import clock, long_day
from boxes_tui.i18n import N_, _, ngettext
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_text import told_apart
from boxes_tui.text import cut, pad
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line

SHIFTS = {
    "ready": N_("listo"), "on_call": N_("en llamada"), "wrap_up": N_("cierre"), "paused": N_("pausa"), "off": N_("sin sesión"),
}  # fmt: skip
CELL = 17
ABOVE, BELOW = 12, 5
"""Lines of the screen before the first agent, and after the last."""


class WallboardScreen(DeskScreen):
    """Queues, leaks, complaints, sold and arrived today, per agent."""

    place: ClassVar[str] = "wallboard"

    def __init__(self) -> None:
        super().__init__()
        self.wall: Wall | None = None
        self.page = Page()
        self.frame: Frame[Any] = Frame(self.page, filters=False, totals=False, details=False)

    async def load(self) -> None:
        """Read the wall."""
        self.wall = found = await self.background(self.house.read, wallboard)
        self.freshness = found.board.freshness
        self.page.show(self._lines(found))
        self.frame.status.hint(_("Sólo lectura, se actualiza sola"))

    def on_resize(self, event: events.Resize) -> None:
        """As many agents as fit."""
        super().on_resize(event)
        if self.wall is not None:
            self.page.show(self._lines(self.wall))

    def heading(self) -> Line:
        """*CASA CENTRAL · martes 24/11/2026 14:10*."""
        if not self.ready:
            return _("Pared").upper()
        return f"{self.session.branch_name().upper()} · {long_day(self.at.today)} {clock(self.at.now)}"

    def title_rights(self) -> list[Line]:
        """Only the age of the DMS."""
        return [[self.dms_text()]]

    def keys(self) -> list[Key]:
        """Leave."""
        return [Key("q", _("salir"))]

    def own_key(self, key: str, character: str | None) -> bool:
        """``q`` leaves."""
        if key in ("q", "escape"):
            self.app.exit()
            return True
        return False

    def _lines(self, w: Wall) -> list[Line]:
        c = w.board.counts
        o, p = c["opportunities"], c["in_process"]
        heads = (_("ENTREGAS"), _("OPORTUNIDADES"), _("TURNOS HOY"), _("EN PROCESO"), _("CORTESÍA"))
        numbers = (str(c["deliveries"]["pending"]), str(o["all"]), f"{c['appointments']['not_arrived']} / {w.today_total}",
                   str(p["all"]), str(c["completed"]["pending"]))  # fmt: skip
        words = (_("pendientes"), f"▲ {o['overdue']}  ■ {o['current']}", _("no ingresados"),
                 _("▲ {n} > 1 sem.").format(n=p["older"]), _("pendientes"))  # fmt: skip
        lines: list[Line] = [
            "",
            [(_row(heads), "atenuado")],
            "",
            [(_row(numbers, 3), "acento fuerte")],
            _row(words),
            "",
            "",
        ]
        lines.append(
            "   " + "   ".join(f"{label} {n:>3}   " for label, n in ((_("FUGAS"), c["leaks"]["all"]), (_("RECLAMOS"), w.complaints),
                               (_("VENDIDOS HOY"), w.sold_today), (_("INGRESARON HOY"), w.arrived_today)))
        )  # fmt: skip
        lines += ["", "", [("   " + pad(_("Agente"), 12) + pad(_("estado"), 13) + "".join(
            pad(t, 10, "right") for t in (_("tomados"), _("llamados"), _("contactos"), _("turnos"), _("último"))), "atenuado")]]  # fmt: skip
        agents, more = self._told(w)
        names = told_apart((str(n), a.name) for n, a in enumerate(w.agents))
        for n, agent in agents:
            last = clock(self.at.local(agent.last)) if agent.last else "—"
            tail = "".join(
                pad(str(n), 10, "right") for n in (agent.held, agent.calls, agent.contacts, agent.sold, last)
            )
            lines.append("   " + pad(cut(names[str(n)], 11), 12) + pad(self._shift(agent), 13) + tail)
        if more:
            lines.append([("   " + ngettext("y {n} agente más", "y {n} agentes más", more).format(n=more), "atenuado")])
        lines += ["", "", [("   ▲ ", "vencida"), _("A devolver vencidos {a}      Sin contacto {b}      Sin teléfono {c}").format(
            a=w.callbacks_late, b=w.unreachable, c=w.without_phone)]]  # fmt: skip
        return lines

    def _shift(self, agent: AgentLine) -> str:
        """*listo*, *pausa 12 min*."""
        word = _(SHIFTS.get(agent.shift, agent.shift))
        if agent.shift != "paused" or agent.since is None:
            return word
        return f"{word} " + _("{n} min").format(n=max(0, int((self.at.now - agent.since).total_seconds() // 60)))

    def _told(self, w: Wall) -> tuple[list[tuple[int, AgentLine]], int]:
        """The agents with their place; where not all have room, those at work before the others, and how many are left."""
        numbered = list(enumerate(w.agents))
        room = max(1, self.size.height - ABOVE - BELOW)
        if len(numbered) <= room:
            return numbered, 0
        first = sorted(numbered, key=lambda item: (item[1].shift == "off", not item[1].held, not item[1].calls))
        return sorted(first[: room - 1]), len(numbered) - room + 1


def _row(texts: tuple[str, ...], shift: int = 0) -> str:
    return "   " + "".join(pad(" " * shift + t, CELL - 1) for t in texts).rstrip()
