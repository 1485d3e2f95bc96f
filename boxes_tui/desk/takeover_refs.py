"""Whom and what a row of the system before means: customers, vehicles, rows, users and branches by their own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from boxes_tui.data.tables import (
    app_user,
    appointment,
    branch,
    customer,
    customer_phone,
    repair_order,
    sale_delivery,
    vehicle,
)
from boxes_tui.domain.phones import parse_phone
from boxes_tui.domain.vehicle_ids import norm_chassis, norm_plate, norm_vin
from boxes_tui.text import fold

ROW_KEYS: dict[str, Table] = {
    "delivery_key": sale_delivery, "order_key": repair_order, "appointment_key": appointment,
}  # fmt: skip


class Finder:
    """Looks references up once each; only what is found exactly once counts."""

    def __init__(self, conn: Connection, area_code: str | None) -> None:
        self.conn, self.area_code = conn, area_code
        self._users: dict[str, int] = {
            login.lower(): int(i) for i, login in conn.execute(select(app_user.c.id, app_user.c.login))
        }
        self._branches: dict[str, int] = {
            code.lower(): int(i) for i, code in conn.execute(select(branch.c.id, branch.c.code))
        }

    def user(self, login: str | None) -> int | None:
        """The user of a login; None for nobody known."""
        return self._users.get(login.strip().lower()) if login else None

    def branch(self, code: str | None) -> int | None:
        """The branch of a code."""
        return self._branches.get(code.strip().lower()) if code else None

    def number(self, phone: str | None) -> str | None:
        """The last ten digits of a written phone."""
        return parse_phone(phone, self.area_code).last10 if phone else None

    def vehicle(self, values: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """(vehicle, its owner) by key, VIN, chassis tail or plate: the first that names exactly one."""
        c = vehicle.c
        tries: list[Any] = []
        if values.get("vehicle_key"):
            tries.append(c.source_key == values["vehicle_key"])
        if values.get("vin"):
            tries.append(c.vin == norm_vin(values["vin"])[0])
        if values.get("chassis") and (tail := norm_chassis(values["chassis"])):
            tries.append(or_(c.vin == tail, c.tail_rev.startswith(tail[::-1], autoescape=True)))
        if values.get("plate"):
            tries.append(c.plate == norm_plate(values["plate"])[0])
        for where in tries:
            query = select(c.id, c.owner_id).where(where, c.merged_into_id.is_(None)).limit(2)
            found = self.conn.execute(query).all()
            if len(found) == 1:
                return int(found[0].id), found[0].owner_id
        return None, None

    def customer(self, values: Mapping[str, Any]) -> int | None:
        """A customer by key, document or phone; of several with one phone the one whose name agrees, else the oldest."""
        c = customer.c
        living = c.merged_into_id.is_(None)
        if values.get("customer_key"):
            found = self._one(select(c.id).where(c.source_key == values["customer_key"], living))
            if found is not None:
                return found
        if values.get("document"):
            digits = "".join(ch for ch in values["document"] if ch.isalnum())
            found = self._one(select(func.min(c.id)).where(c.doc_digits == digits, living))
            if found is not None:
                return found
        number = self.number(values.get("phone"))
        if number is None:
            return None
        owners = select(customer_phone.c.customer_id).where(customer_phone.c.last10 == number)
        rows = self.conn.execute(select(c.id, c.name_fold).where(c.id.in_(owners), living).order_by(c.id)).all()
        if not rows:
            return None
        name = fold(values.get("name") or "")
        return int(next((r.id for r in rows if name and r.name_fold == name), rows[0].id))

    def row(self, values: Mapping[str, Any]) -> tuple[Table, int] | None:
        """The delivery, order or appointment that a call names by its DMS key."""
        for field, table in ROW_KEYS.items():
            if values.get(field):
                found = self._one(select(table.c.id).where(table.c.source_key == values[field]))
                if found is not None:
                    return table, found
        return None

    def row_of_call(self, kind: str, vehicle_id: int | None, day: Any) -> tuple[Table, int] | None:
        """The last delivery (welcome) or delivered order (courtesy) of the vehicle before the call."""
        if vehicle_id is None:
            return None
        table, column = {
            "welcome": (sale_delivery, sale_delivery.c.delivered_day),
            "courtesy": (repair_order, repair_order.c.handover_day),
        }.get(kind, (None, None))
        if table is None or column is None:
            return None
        query = select(table.c.id).where(table.c.vehicle_id == vehicle_id, column <= day).order_by(column.desc())
        found = self.conn.execute(query.limit(1)).scalar()
        return (table, int(found)) if found is not None else None

    def _one(self, query: Any) -> int | None:
        rows = self.conn.execute(query.limit(2)).scalars().all()
        return int(rows[0]) if len(rows) == 1 and rows[0] is not None else None
