"""*Turno de trabajo* of an agent: ready, on call, wrap-up, paused, off (PRODUCT §12). Reports and callbacks use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import insert, select, update

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import app_user, shift_log
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _

SHIFTS: Final = ("ready", "on_call", "wrap_up", "paused", "off")


@dataclass(frozen=True)
class Shift(Command):
    """Say what I am doing; the time before goes to the log. The same state again changes nothing."""

    verb: ClassVar[str] = "shift"
    undoable: ClassVar[bool] = False
    shift: str

    def run(self, tx: Tx) -> dict[str, Any]:
        if self.shift not in SHIFTS:
            raise UsageError(_("Un turno es {names}.").format(names=", ".join(SHIFTS)))
        me = tx.session.user_id
        tx.subject, tx.subject_id = "app_user", me
        row = tx.conn.execute(select(app_user.c.shift, app_user.c.shift_since).where(app_user.c.id == me)).one()
        if row.shift != self.shift or row.shift_since is None:
            log = shift_log.c
            tx.conn.execute(update(shift_log).where(log.user_id == me, log.until.is_(None)).values(until=tx.now))
            tx.conn.execute(insert(shift_log).values(user_id=me, shift=self.shift, since=tx.now))
            tx.conn.execute(update(app_user).where(app_user.c.id == me).values(shift=self.shift, shift_since=tx.now))
        tx.detail = {"shift": self.shift}
        return {"shift": self.shift, "since": (row.shift_since or tx.now).isoformat()}
