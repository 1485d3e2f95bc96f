"""Verbs about the installation: the go-live day and the name of the first branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import insert, select, update

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import branch, setting
from boxes_tui.errors import Refused
from boxes_tui.i18n import _
from boxes_tui.text import clean


@dataclass(frozen=True)
class SetGoLive(Command):
    """Set the day before which everything is history (PRODUCT §4)."""

    verb: ClassVar[str] = "set_go_live"
    undoable: ClassVar[bool] = False
    day: date

    def run(self, tx: Tx) -> dict[str, Any]:
        value = str(self.day.toordinal())
        if tx.conn.execute(select(setting.c.name).where(setting.c.name == "go_live")).scalar():
            tx.conn.execute(update(setting).where(setting.c.name == "go_live").values(value=value))
        else:
            tx.conn.execute(insert(setting).values(name="go_live", value=value))
        return {"go_live": self.day.isoformat()}


@dataclass(frozen=True)
class NameBranch(Command):
    """Name the first branch."""

    verb: ClassVar[str] = "name_branch"
    undoable: ClassVar[bool] = False
    name: str

    def run(self, tx: Tx) -> dict[str, Any]:
        name = clean(self.name)
        if not name:
            raise Refused(_("Falta el nombre de la sucursal."))
        first = tx.conn.execute(select(branch.c.id).order_by(branch.c.id).limit(1)).scalar_one()
        tx.update(branch, first, name=name)
        return {"branch": name}
