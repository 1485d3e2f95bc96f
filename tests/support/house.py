"""A small house with known rows: two branches, five people who work there, three customers and something of everything.

Rows are inserted straight into the tables, as the sync would leave them.  Today is Tuesday 24/11/2026, 14:10 local.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert, select

from boxes_tui.bootstrap import House
from boxes_tui.clock import Clock
from boxes_tui.config import load_settings
from boxes_tui.data.commands import ActResult, Command, execute
from boxes_tui.data.engine import make_engine, parse_url, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import (
    app_user,
    appointment,
    branch,
    customer,
    customer_phone,
    opportunity,
    repair_order,
    sale_delivery,
    user_branch,
    vehicle,
)

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = datetime(2026, 11, 24, 14, 10, tzinfo=ZONE).astimezone(UTC)
TODAY = date(2026, 11, 24)


def local(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a local day."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@dataclass
class Desk:
    """The house, with sessions by login and a clock that a test moves."""

    house: House
    ids: dict[str, int] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def session(self, login: str = "ana") -> Session:
        """The session of somebody, at the desk's clock."""
        with self.house.engine.connect() as conn:
            return open_session(conn, self.clock, login, f"chain-{login}")

    def do(self, command: Command, login: str = "ana", key: str | None = None) -> ActResult:
        """Execute a command as somebody."""
        return execute(self.house.engine, self.session(login), command, key=key)

    def at(self, moment: datetime) -> Desk:
        """Move the clock."""
        self.clock = Clock(moment.astimezone(UTC))
        return self

    def later(self, **span: float) -> Desk:
        """Move the clock on."""
        return self.at(self.clock.now() + timedelta(**span))

    def row(self, table: Table, row_id: int) -> dict[str, Any]:
        """A row as it stands."""
        with self.house.engine.connect() as conn:
            set_scope(conn, None)
            return dict(conn.execute(select(table).where(table.c.id == row_id)).mappings().one())

    def rows(self, table: Table, *where: Any) -> list[dict[str, Any]]:
        """Rows of a table in the order of their making."""
        with self.house.engine.connect() as conn:
            set_scope(conn, None)
            return [dict(r) for r in conn.execute(select(table).where(*where).order_by(table.c.id)).mappings()]

    def add(self, name: str, table: Table, /, **values: Any) -> int:
        """Insert a row and remember it by name."""
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            made = int(conn.execute(insert(table).values(values).returning(table.c.id)).scalar_one())
        self.ids[name] = made
        return made

    def ref(self, queue: str, name: str) -> str:
        """The ref of a named row."""
        return f"{queue}:{self.ids[name]}"


def open_desk(url: str) -> Desk:
    """A house on an empty database, with its rows."""
    engine = make_engine(parse_url(url))
    clock = Clock(NOW)
    ensure(engine, clock, "rosa")
    desk = Desk(House(load_settings(), clock, engine, "rosa"))
    _people(desk)
    _customers(desk)
    _work(desk)
    return desk


def _people(desk: Desk) -> None:
    with desk.house.engine.connect() as conn:
        desk.ids["cba"] = int(conn.execute(select(branch.c.id)).scalar_one())
        desk.ids["rosa"] = int(conn.execute(select(app_user.c.id)).scalar_one())
    desk.add("ros", branch, code="ROS", name="Rosario", zone="America/Argentina/Buenos_Aires", area_code="341")
    for login, name, role, places in (
        ("ana", "Ana Quiroga", "agent", ("cba",)), ("marta", "Marta Sosa", "agent", ("cba",)),
        ("luis", "Luis Vega", "supervisor", ("cba", "ros")), ("rocio", "Rocío Báez", "agent", ("ros",)),
        ("tv", "Pared", "viewer", ("cba",)),
    ):  # fmt: skip
        user = desk.add(login, app_user, login=login, name=name, role=role, created_at=NOW, shift="ready")
        with writing(desk.house.engine) as conn:
            for place in places:
                conn.execute(insert(user_branch).values(user_id=user, branch_id=desk.ids[place]))


def add_customer(desk: Desk, name: str, phone: str | None, doc: str | None = None) -> int:
    """A customer with one phone and one unit (``<name>_unit``)."""
    who = desk.add(
        name, customer, display_name=name.upper(), name_fold=name, active=True, doc_number=doc, doc_digits=doc
    )
    with writing(desk.house.engine) as conn:
        conn.execute(customer.update().where(customer.c.id == who).values(person_id=who))
    if phone:
        desk.add(
            f"{name}_phone", customer_phone, customer_id=who, raw=phone, e164=f"+549{phone}", last10=phone,
            last10_rev=phone[::-1], kind="mobile", origin="dms", position=0,
        )  # fmt: skip
    number = len(desk.ids)
    desk.add(f"{name}_unit", vehicle, plate=f"AB{number:03d}CD", vin=None, model="CRONOS", owner_id=who)
    return who


def _customers(desk: Desk) -> None:
    add_customer(desk, "pena", "3515123456", "20001234")
    add_customer(desk, "baez", "3514402222", "20005678")
    add_customer(desk, "rios", "3517333456")


def add_opportunity(desk: Desk, name: str, who: str, due: date = TODAY, **more: Any) -> int:
    """An open opportunity of a customer for his unit."""
    values: dict[str, Any] = {
        "branch_id": desk.ids["cba"], "customer_id": desk.ids[who], "vehicle_id": desk.ids[f"{who}_unit"],
        "origin": "customer", "state": "open", "due_day": due, "about": "Service", "created_at": NOW,
        "created_day": TODAY,
    }  # fmt: skip
    return desk.add(name, opportunity, **{**values, **more})


def _work(desk: Desk) -> None:
    cba = desk.ids["cba"]
    add_opportunity(desk, "op_pena", "pena", TODAY - timedelta(4))
    add_opportunity(desk, "op_baez", "baez", TODAY + timedelta(3))
    desk.add(
        "delivery", sale_delivery, branch_id=cba, customer_id=desk.ids["rios"], vehicle_id=desk.ids["rios_unit"],
        delivered_at=local(TODAY - timedelta(2)), delivered_day=TODAY - timedelta(2), status="delivered",
    )  # fmt: skip
    for name, who, day in (
        ("turno", "pena", TODAY + timedelta(3)), ("today", "baez", TODAY), ("no_show", "rios", TODAY - timedelta(2)),
    ):  # fmt: skip
        desk.add(
            name, appointment, branch_id=cba, customer_id=desk.ids[who], vehicle_id=desk.ids[f"{who}_unit"],
            starts_at=local(day, 15), starts_at_precision="time", start_day=day, status="scheduled",
        )  # fmt: skip
    desk.add(
        "order", repair_order, branch_id=cba, customer_id=desk.ids["baez"], vehicle_id=desk.ids["baez_unit"],
        opened_at=local(TODAY - timedelta(1)), opened_day=TODAY - timedelta(1), status="open", number="5012",
    )  # fmt: skip
    done = TODAY - timedelta(3)
    desk.add(
        "service", repair_order, branch_id=cba, customer_id=desk.ids["pena"], vehicle_id=desk.ids["pena_unit"],
        opened_at=local(done, 8), opened_day=done, status="delivered", number="4801", delivered_at=local(done, 17),
        handover_at=local(done, 17), handover_day=done, delivery_basis="delivered_at",
    )  # fmt: skip
