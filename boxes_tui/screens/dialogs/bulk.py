"""Bulk acts: what will be done to the marked rows and what is left out, then one act with one undo (PRODUCT §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from boxes_tui.data.commands import Command
from boxes_tui.desk.assign import Assign
from boxes_tui.desk.bulk import BulkDiscard, BulkReschedule, preview
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.forms import AskForm, DateForm, ReasonForm
from boxes_tui.widgets.menu import Menu, MenuItem
from boxes_tui.widgets.safe import Line

if TYPE_CHECKING:
    from boxes_tui.screens.acting import ActingBase


async def ask_bulk(screen: ActingBase, verb: str, refs: Sequence[str]) -> Command | None:
    """Ask what the verb needs, show the preview; None when left."""
    found = await screen.background(screen.house.read, preview, verb, tuple(refs))
    title = {"discard": _("DESCARTAR"), "reschedule": _("REPLANIFICAR"), "assign": _("ASIGNAR")}[verb]
    lines: list[Line] = [_("{n} filas entran, {m} quedan afuera.").format(n=len(found.refs), m=len(found.skipped))]
    lines += [f"  {s.ref}: {s.why}" for s in found.skipped[:4]]
    if not found.refs:
        await screen.app.push_screen_wait(AskForm(title, tuple(lines), "", "", allowed=False))
        return None
    command: Command
    if verb == "discard":
        made = await screen.app.push_screen_wait(ReasonForm(f"{title} · {lines[0]}"))
        if made is None:
            return None
        command = BulkDiscard(found.refs, made["reason"], made["text"] or None)
    elif verb == "reschedule":
        form = DateForm(
            title, _("Vence"), screen.at, with_time=False, foot=tuple(lines), holidays=await screen.holidays()
        )
        made = await screen.app.push_screen_wait(form)
        if made is None:
            return None
        command = BulkReschedule(found.refs, made["when"])
    else:
        from boxes_tui.desk.prediction import agents

        people = await screen.background(screen.house.read, agents)
        items = [MenuItem(login or "*", label, str(n)) for n, (login, label) in enumerate(people, 1)]
        taken = await screen.app.push_screen_wait(Menu(title, items, line=3, right=screen.size.width))
        if not taken:
            return None
        command = Assign(found.refs, None if taken[0] == "*" else taken[0])
    ask = AskForm(title, tuple(lines), _("¿Hacerlo en todas? Es un solo acto y se deshace entero."), _("hacerlo"))
    return command if await screen.app.push_screen_wait(ask) is not None else None
