"""Branches: added by an admin, or by the sync under a code that nobody knew yet (PRODUCT §12)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, func, select

from boxes_tui.clock import DEFAULT_ZONE
from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import branch
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean

DETAILS = ("area_code", "address", "city", "phone", "email", "workshop_hours")


@dataclass(frozen=True)
class AddBranch(Command):
    """Add a branch, or with ``change`` set what is given of an existing one."""

    verb: ClassVar[str] = "branch"
    undoable: ClassVar[bool] = False
    code: str
    name: str | None = None
    zone: str | None = None
    area_code: str | None = None
    address: str | None = None
    city: str | None = None
    phone: str | None = None
    email: str | None = None
    workshop_hours: str | None = None
    change: bool = False

    def run(self, tx: Tx) -> dict[str, Any]:
        code = clean(self.code)
        if not re.fullmatch(r"\S{1,20}", code):
            raise UsageError(_("El código de una sucursal es una palabra de hasta 20 letras."))
        values: dict[str, str] = {k: clean(v) for k in DETAILS if (v := getattr(self, k))}
        if self.zone:
            try:
                ZoneInfo(self.zone)
            except (ZoneInfoNotFoundError, ValueError):
                raise UsageError(_("No existe el huso «{zone}».").format(zone=clean(self.zone))) from None
            values["zone"] = self.zone
        if self.name:
            values["name"] = clean(self.name)
        found = tx.conn.execute(select(branch.c.id).where(func.lower(branch.c.code) == code.lower())).scalar()
        if found is not None:
            if not self.change:
                raise Refused(_("Ya hay una sucursal «{code}».").format(code=code))
            tx.update(branch, found, **values)
            made = int(found)
        else:
            made = tx.insert(branch, **{"code": code, "name": code, "zone": DEFAULT_ZONE, **values})
        tx.on("branch", {"id": made})
        tx.detail = {"branch": made}
        return {"id": str(made), "code": code}


def listed(conn: Connection, session: Session) -> list[dict[str, Any]]:
    """Every branch with its details."""
    rows = conn.execute(select(branch).order_by(branch.c.id)).mappings()
    return [
        {"id": str(r["id"]), "code": r["code"], "name": r["name"], "zone": r["zone"], "active": r["active"],
         **{k: r[k] for k in DETAILS}}
        for r in rows
        if session.may_see(r["id"])
    ]  # fmt: skip
