"""A desk with one appointment and mail set up: what the tests of reminders share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from boxes_tui.bootstrap import House, open_house
from boxes_tui.clock import Clock
from boxes_tui.config import Settings
from boxes_tui.data.engine import reading, set_scope, writing
from boxes_tui.data.tables import app_user, appointment, branch, customer, customer_phone, outbox, source, vehicle
from boxes_tui.outreach.reminder import MailDesk, mail_desk
from tests.outreach.server import CERTIFICATE, PASSWORD, USER

NOW = datetime(2026, 11, 24, 17, 10, tzinfo=UTC)
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class Kit:
    """The house, its rows and shortcuts to change them as the DMS or another agent would."""

    def __init__(self, tmp: Path, url: str, port: int = 1, **smtp: Any) -> None:
        home = tmp / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            home, url, "es", "admin", None,
            {"smtp": {"host": "127.0.0.1", "port": port, "user": USER, "from": "turnos@casacentral.test",
                      "ca_file": str(CERTIFICATE), "timeout": 5, **smtp}},
            {"BOXES_SMTP_PASSWORD": PASSWORD},
        )  # fmt: skip
        self.house = open_house(self.settings, Clock(NOW), statement_ms=30_000)
        self.desk: MailDesk = mail_desk(self.settings)
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            self.branch = conn.execute(select(branch.c.id)).scalar_one()
            conn.execute(
                update(branch).values(
                    name="Casa Central", address="Av. Colón 1234", city="Córdoba", phone="351 400-1000"
                )
            )
            self.source = conn.execute(
                insert(source).values(name="dms", kind="folder").returning(source.c.id)
            ).scalar_one()
        self.house.refresh()

    def person(
        self, name: str = "PEÑA NÚÑEZ, MARÍA JOSÉ", email: str | None = "maria@ejemplo.test", **values: Any
    ) -> int:
        """A customer with a unit."""
        phone = values.pop("phone", ("351 512-3456", "+5493515123456", "3515123456", "mobile"))
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            who = conn.execute(
                insert(customer)
                .values(
                    source_id=self.source, display_name=name, email=email, is_stub=False, blocked_review=False, **values
                )
                .returning(customer.c.id)
            ).scalar_one()
            conn.execute(update(customer).where(customer.c.id == who).values(person_id=who))
            if phone:
                raw, e164, last10, kind = phone
                conn.execute(
                    insert(customer_phone).values(
                        customer_id=who, raw=raw, e164=e164, last10=last10, last10_rev=last10[::-1], kind=kind,
                        origin="dms", position=0, present=True,
                    )
                )  # fmt: skip
            return int(who)

    def unit(self, who: int | None, plate: str = "AB052JY", model: str = "NUEVO SIENA EL 1.4") -> int:
        """A vehicle of a customer."""
        with writing(self.house.engine) as conn:
            return int(
                conn.execute(
                    insert(vehicle)
                    .values(source_id=self.source, plate=plate, model=model, owner_id=who, is_stub=False)
                    .returning(vehicle.c.id)
                ).scalar_one()
            )

    def booked(self, who: int, start: datetime = START, **values: Any) -> int:
        """An appointment of a customer."""
        given = {"starts_at_precision": "instant", "status": "scheduled", "vehicle_id": self.unit(who), **values}
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            return int(
                conn.execute(
                    insert(appointment)
                    .values(source_id=self.source, customer_id=who, branch_id=self.branch, starts_at=start,
                            start_day=(start - timedelta(hours=3)).date(), is_stub=False, **given)
                    .returning(appointment.c.id)
                ).scalar_one()
            )  # fmt: skip

    def change(self, table: Any, row_id: int, **values: Any) -> None:
        """Change a row as another program would."""
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            conn.execute(update(table).where(table.c.id == row_id).values(**values))

    def row(self, table: Any, row_id: int) -> dict[str, Any]:
        """A row as it stands."""
        with reading(self.house.engine) as conn:
            set_scope(conn, None)
            return dict(conn.execute(select(table).where(table.c.id == row_id)).mappings().one())

    def mails(self) -> list[dict[str, Any]]:
        """The outbox, oldest first."""
        with reading(self.house.engine) as conn:
            set_scope(conn, None)
            return [dict(r) for r in conn.execute(select(outbox).order_by(outbox.c.id)).mappings()]

    def later(self, **values: Any) -> None:
        """Make every mail due now, and end every lease."""
        with writing(self.house.engine) as conn:
            set_scope(conn, None)
            due = outbox.c.next_at.is_not(None)
            conn.execute(update(outbox).where(due).values(next_at=0))
            conn.execute(update(outbox).where(outbox.c.lease_until.is_not(None)).values(lease_until=0))

    def as_user(self, login: str, role: str) -> House:
        """Another person's doors on the same database."""
        with writing(self.house.engine) as conn:
            conn.execute(
                insert(app_user).values(login=login, name=login.title(), role=role, active=True, all_branches=True,
                                        shift="ready", created_at=NOW)
            )  # fmt: skip
        return House(self.settings, self.house.clock, self.house.engine, login)
