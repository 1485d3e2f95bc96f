"""*Pared* (``boxes wallboard``): read-only, full screen, renewed by itself; only what changes is painted."""

from __future__ import annotations

from typing import Any, ClassVar

from boxes_tui.data.reads.wallboard import Wall, wallboard
from boxes_tui.domain.formats import clock, long_day
from boxes_tui.i18n import N_, _
from boxes_tui.screens.base import DeskScreen
from boxes_tui.screens.row_text import first_name
from boxes_tui.text import pad
from boxes_tui.widgets.bars import Key
from boxes_tui.widgets.frame import Frame
from boxes_tui.widgets.page import Page
from boxes_tui.widgets.safe import Line

SHIFTS = {
    "ready": N_("listo"), "on_call": N_("en llamada"), "wrap_up": N_("cierre"), "paused": N_("pausa"), "off": N_("sin sesión"),
}  # fmt: skip
CELL = 17


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
        for agent in w.agents:
            last = clock(self.at.local(agent.last)) if agent.last else "—"
            tail = "".join(
                pad(str(n), 10, "right") for n in (agent.held, agent.calls, agent.contacts, agent.sold, last)
            )
            lines.append(
                "   " + pad(first_name(agent.name), 12) + pad(_(SHIFTS.get(agent.shift, agent.shift)), 13) + tail
            )
        lines += ["", "", [("   ▲ ", "vencida"), _("A devolver vencidos {a}      Sin contacto {b}      Sin teléfono {c}").format(
            a=w.callbacks_late, b=w.unreachable, c=w.without_phone)]]  # fmt: skip
        return lines


def _row(texts: tuple[str, ...], shift: int = 0) -> str:
    return "   " + "".join(pad(" " * shift + t, CELL - 1) for t in texts).rstrip()
