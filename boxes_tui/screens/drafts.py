"""Drafts and acts that wait on this machine, as *Mi día* lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boxes_tui.domain.formats import clock
from boxes_tui.domain.verbs import VERBS
from boxes_tui.i18n import N_, _
from boxes_tui.screens.pending import journal_of
from boxes_tui.text import cut
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.base import DeskScreen

FORMS = {
    "call": N_("Nota"), "opportunity": N_("Oportunidad"), "reschedule": N_("Replanificar"), "sell": N_("Turno vendido"),
    "note": N_("Nota"),
}  # fmt: skip


def waiting_lines(screen: DeskScreen) -> list[Line]:
    """One line for each draft, each act that waits, and each that was refused with its reason."""
    journal, at = journal_of(screen.app, screen.house), screen.at
    login = screen.session.login
    lines: list[Line] = []
    for draft in journal.drafts(login):
        words = " · ".join(str(v) for v in draft.values.values() if str(v).strip())
        text = _("{form} sin terminar de las {t}").format(
            form=_(FORMS.get(draft.form, draft.form)), t=clock(at.local(draft.at))
        )
        lines.append(f" {text} · {draft.ref} · «{cut(words, 30)}»")
    verbs = {v.id: _(v.help) for v in VERBS}
    for act in journal.waiting(login, refused=None):
        verb, t = verbs.get(act.verb, act.title), clock(at.local(act.at))
        if act.refused:
            lines.append([(" ✗ ", "peligro"), f"{verb} {t} · {act.refused}"])
        else:
            lines.append([(" ■ ", "hoy"), _("{verb} de las {t}, sin enviar").format(verb=verb, t=t)])
    return lines
