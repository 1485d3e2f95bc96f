"""A random small dealership, inserted row by row: everything that a report counts, and what it must leave out.

Two branches in two time zones (one with summer time), history before go-live, annulled, cancelled, vanished, voided and
estimated rows, stubs, people of one branch only.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, insert, select

from boxes_tui.data import tables as t
from boxes_tui.domain.dispositions import DISPOSITIONS, REASONS

NOW = datetime(2026, 11, 24, 17, 10, tzinfo=UTC)
TODAY = date(2026, 11, 24)
GO_LIVE = TODAY - timedelta(70)
ZONES = ("America/Argentina/Buenos_Aires", "Pacific/Auckland")
MODELS = (("FIAT", "CRONOS"), ("FIAT", "SIENA"), ("RENAULT", "SANDERO"), (None, None))


class Dealership:
    """Fills a migrated database from a seed; ``ids`` holds the keys of what it made, by table."""

    def __init__(self, conn: Connection, seed: int, size: int = 30) -> None:
        self.conn, self.rng, self.size = conn, Random(seed), size
        self.ids: dict[str, list[int]] = {}
        self.open: set[tuple[int, str]] = set()
        for make in (
            self.places, self.people, self.deliveries, self.orders, self.appointments, self.opportunities,
            self.campaigns, self.calls, self.complaints, self.messages, self.shifts,
        ):  # fmt: skip
            make()

    def add(self, table: Table, **values: Any) -> int:
        made = int(self.conn.execute(insert(table).values(values).returning(table.c.id)).scalar_one())
        self.ids.setdefault(table.name, []).append(made)
        return made

    def pick(self, table: str, none: float = 0.0) -> int | None:
        return None if self.rng.random() < none else self.rng.choice(self.ids[table])

    def day(self, back: int, ahead: int = 0) -> date:
        """A day near today more often than far from it."""
        span = back if self.rng.random() < 0.4 else min(back, 75)
        return TODAY + timedelta(self.rng.randint(-span, ahead))

    def at(self, day: date, branch: int | None) -> datetime:
        zone = ZoneInfo(self.zone.get(branch or 0, ZONES[0]))
        local = datetime(day.year, day.month, day.day, self.rng.randint(0, 23), self.rng.randint(0, 59), tzinfo=zone)
        return local.astimezone(UTC)

    def maybe(self, p: float) -> bool:
        return self.rng.random() < p

    def ghost(self) -> dict[str, Any]:
        """Now and then a row that the DMS no longer names, or only a stub."""
        return {"gone_at": NOW if self.maybe(0.05) else None, "is_stub": self.maybe(0.05)}

    def places(self) -> None:
        self.ids["branch"] = list(self.conn.execute(select(t.branch.c.id)).scalars())
        self.ids["app_user"] = list(self.conn.execute(select(t.app_user.c.id)).scalars())
        self.add(t.branch, code="AKL", name="Auckland", zone=ZONES[1])
        self.zone = dict(zip(self.ids["branch"], ZONES, strict=True))
        self.conn.execute(insert(t.setting).values(name="go_live", value=str(GO_LIVE.toordinal())))
        for n, day in enumerate((TODAY - timedelta(1), TODAY - timedelta(4))):
            self.add(t.holiday, branch_id=self.ids["branch"][n % 2], day=day, name="feriado")
        for login in ("ana", "luis"):
            self.add(t.app_user, login=login, name=login.title(), role="agent", created_at=NOW)

    def people(self) -> None:
        for n in range(self.size):
            who = self.add(
                t.customer, display_name=f"CLIENTE {n}", name_fold=f"cliente {n}", **self.ghost(),
                without_phone_at=NOW if self.maybe(0.1) else None, erased_at=NOW if self.maybe(0.05) else None,
                doc_digits=self.rng.choice((None, "", str(20_000_000 + n), str(20_000_000 + n // 3))),
                email=self.rng.choice((None, "a@ejemplo.test", "a@b", "@ejemplo.test", "a b@c.test", "a@b@c.test", "x")),
                merged_into_id=self.pick("customer") if n > 2 and self.maybe(0.05) else None,
            )  # fmt: skip
            if self.maybe(0.85):
                self.add(
                    t.customer_phone, customer_id=who, raw="1", kind="mobile", origin="dms", position=0,
                    present=self.maybe(0.9), wrong_at=NOW if self.maybe(0.15) else None,
                    e164="+5493514401234" if self.maybe(0.8) else None,
                )  # fmt: skip
            if self.maybe(0.3):
                self.add(
                    t.block, customer_id=who if self.maybe(0.8) else None, last10="3514401234", at=NOW, how="call",
                    scope=self.rng.choice(("offer", "operational")), lifted_at=NOW if self.maybe(0.2) else None,
                )  # fmt: skip
        for n in range(self.rng.randint(0, 3)):
            self.add(
                t.dnc_list, name=f"Lista {n}", as_of=TODAY - timedelta(self.rng.randint(0, 60)), imported_at=NOW,
                digest=str(n), total=n * 10, current=self.maybe(0.7),
            )  # fmt: skip
        for n in range(self.size):
            make, model = self.rng.choice(MODELS)
            self.add(
                t.vehicle, vin=f"8AP{n:014d}", plate=f"AA{n:03d}BB", make=make, model=model, tail_rev=f"{n:014d}PA8",
                model_year=self.rng.choice((None, 2005, 2016, 2024)), owner_id=self.pick("customer", 0.1),
            )  # fmt: skip

    def who(self) -> dict[str, Any]:
        return {
            "customer_id": self.pick("customer", 0.05), "vehicle_id": self.pick("vehicle", 0.05),
            "branch_id": self.pick("branch", 0.05),
        }  # fmt: skip

    def deliveries(self) -> None:
        for n in range(self.size * 2):
            own = self.who()
            day = self.day(2200)
            self.add(
                t.sale_delivery, **own, **self.ghost(), source_key=f"V{n}", delivered_at=self.at(day, own["branch_id"]),
                delivered_day=day, condition=self.rng.choice(("new", "used", None)),
                status=self.rng.choices(("delivered", "annulled", "unknown", None), (8, 1, 1, 1))[0],
                last_code=self.rng.choice((None, "no_answer", "attended")), last_user_id=self.pick("app_user", 0.3),
            )  # fmt: skip

    def orders(self) -> None:
        for n in range(self.size * 5):
            own = self.who()
            day = self.day(1200)
            opened = self.at(day, own["branch_id"])
            done = opened + timedelta(minutes=self.rng.randint(30, 60 * 24 * 12)) if self.maybe(0.75) else None
            if done is not None and done > NOW:
                done = None
            km = self.rng.choice((None, self.rng.randint(0, 6) * 800))
            self.add(
                t.repair_order, **own, **self.ghost(), source_key=f"O{n}", number=str(n), opened_at=opened, opened_day=day,
                promised_at=opened + timedelta(hours=self.rng.randint(4, 200)) if self.maybe(0.6) else None,
                promised_at_precision=self.rng.choice(("day", "time", None)), handover_at=done,
                handover_day=self.local_day(done, own["branch_id"]),
                delivery_basis=self.rng.choice(("delivered_at", "manual")) if done else self.rng.choice((None, None, "history")),
                status=self.rng.choices(("open", "delivered", "voided", "estimate", None), (5, 5, 1, 1, 1))[0],
                pay_type=self.rng.choice(("customer", "warranty", None)), advisor=self.rng.choice(("SOTO", "VEGA", None)),
                odometer_in=km, odometer_out=self.rng.choice((None, km)), last_user_id=self.pick("app_user", 0.3),
            )  # fmt: skip

    def local_day(self, at: datetime | None, branch: int | None) -> date | None:
        return at.astimezone(ZoneInfo(self.zone.get(branch or 0, ZONES[0]))).date() if at else None

    def appointments(self) -> None:
        for n in range(self.size * 4):
            own = self.who()
            day = self.day(200, 20)
            starts = self.at(day, own["branch_id"])
            booked = starts - timedelta(hours=self.rng.randint(0, 400)) if self.maybe(0.8) else None
            came = starts + timedelta(minutes=self.rng.randint(-30, 30)) if day <= TODAY and self.maybe(0.6) else None
            self.add(
                t.appointment, **own, **self.ghost(), source_key=f"T{n}", starts_at=starts, start_day=day, booked_at=booked,
                status=self.rng.choices(("scheduled", "cancelled", None), (6, 1, 1))[0], arrived_at=came,
                vanished_at=NOW if self.maybe(0.05) else None, advisor=self.rng.choice(("SOTO", None)),
                confirmed_at=starts - timedelta(hours=self.rng.randint(-4, 60)) if self.maybe(0.5) else None,
                confirmed_by=self.pick("app_user", 0.5), arrival_order_id=self.pick("repair_order") if came else None,
                last_user_id=self.pick("app_user", 0.5),
            )  # fmt: skip

    def opportunity(self, origin: str, created: date, **more: Any) -> int | None:
        own = self.who() | more
        own["branch_id"] = own["branch_id"] or self.ids["branch"][0]
        state = self.rng.choices(("open", "sold", "discarded", "cancelled"), (5, 3, 3, 1))[0]
        if state == "open" and own["vehicle_id"]:
            if (own["vehicle_id"], origin) in self.open:
                return None
            self.open.add((own["vehicle_id"], origin))
        closed = min(TODAY, created + timedelta(self.rng.randint(0, 40)))
        sold_for = self.at(closed + timedelta(self.rng.randint(0, 12)), own["branch_id"]) if state == "sold" else None
        return self.add(
            t.opportunity, **own, origin=origin, state=state, due_day=created + timedelta(self.rng.randint(-20, 60)),
            about="Service", created_at=self.at(created, own["branch_id"]), created_day=created,
            state_at=self.at(closed, own["branch_id"]) if state != "open" else None,
            state_day=closed if state != "open" else None, state_by=self.pick("app_user") if state != "open" else None,
            reason=self.rng.choice(REASONS).code if state == "discarded" and self.maybe(0.9) else None,
            reschedules=self.rng.choice((0, 0, 1, 2, 5)), contacted_at=NOW if self.maybe(0.2) else None,
            sold_for=sold_for, appointment_id=self.pick("appointment") if sold_for and self.maybe(0.4) else None,
            match=self.rng.choice((None, "waiting", "verified", "differs", "missing", "credited")) if sold_for else None,
            show_order_id=self.pick("repair_order") if sold_for and self.maybe(0.1) else None,
            assigned_user_id=self.pick("app_user", 0.5), last_user_id=self.pick("app_user", 0.5),
            last_code=self.rng.choice((None, "busy", "attended")),
        )  # fmt: skip

    def opportunities(self) -> None:
        for _n in range(self.size * 5):
            self.opportunity(self.rng.choice(("customer", "delivery", "completed", "no_show")), self.day(300))
        for row in self.ids["appointment"][::3]:
            self.conn.execute(
                t.appointment.update().where(t.appointment.c.id == row).values(rebooked_id=self.pick("opportunity"))
            )

    def campaigns(self) -> None:
        for n in range(4):
            day = self.day(120)
            branch = self.ids["branch"][n % 2]
            made = self.add(
                t.campaign, branch_id=branch, name=f"Campaña {n}", created_at=self.at(day, branch), created_day=day,
                type=("technical_note", "recall", "offer", "service")[n], undone_at=NOW if n == 3 and self.maybe(0.5) else None,
            )  # fmt: skip
            for unit in self.rng.sample(self.ids["vehicle"], self.size // 3):
                state = self.rng.choices(("open", "blocked", "done", "undone"), (6, 2, 2, 1))[0]
                own = {"customer_id": self.pick("customer", 0.05), "vehicle_id": unit, "branch_id": branch}
                opp = self.opportunity("campaign", day, campaign_id=made, **own) if state != "blocked" else None
                at = self.at(day, branch)
                self.add(
                    t.campaign_unit, campaign_id=made, **own, opportunity_id=opp, state=state,
                    assigned_at=at if state != "blocked" else None, assigned_day=day if state != "blocked" else None,
                    done_at=NOW if state == "done" else None, done_day=TODAY if state == "done" else None,
                    assigned_user_id=self.pick("app_user", 0.3),
                )  # fmt: skip

    def calls(self) -> None:
        kinds = (
            ("sale_delivery", "welcome"), ("repair_order", "courtesy"), ("repair_order", "in_process"),
            ("opportunity", "opportunity"), ("appointment", "no_show"), (None, "opportunity"),
        )  # fmt: skip
        for _n in range(self.size * 14):
            subject, kind = self.rng.choice(kinds)
            row = self.pick(subject) if subject else None
            own = self.who()
            outcome = self.rng.choice(DISPOSITIONS)
            day = self.near(subject, row)
            at = self.at(day, own["branch_id"])
            scored = kind == "courtesy" and outcome.contact and self.maybe(0.7)
            call = self.add(
                t.call, **own, at=at, day=day, user_id=self.pick("app_user", 0.05), type=kind, purpose="operational",
                subject=subject, subject_id=row, code=outcome.code, contact=outcome.contact, productive=outcome.productive,
                closes=outcome.closes, score=self.rng.randint(0, 10) if scored else None,
                opened_at=at - timedelta(seconds=self.rng.randint(5, 900)) if self.maybe(0.7) else None,
                callback_at=at + timedelta(minutes=self.rng.choice((20, 30, 60))) if outcome.code == "callback" else None,
                outside_rules="hours" if self.maybe(0.05) else None, annulled_at=NOW if self.maybe(0.08) else None,
            )  # fmt: skip
            if outcome.code == "callback" and self.maybe(0.6):
                row_ = dict(self.conn.execute(select(t.call).where(t.call.c.id == call)).mappings().one())
                later = row_["at"] + timedelta(minutes=self.rng.choice((10, 25, 40, 70)))
                self.add(
                    t.call,
                    **{**row_, "id": None, "at": later, "callback_at": None, "code": "attended"}
                    | {"id": call + 100_000},
                )

    def near(self, subject: str | None, row: int | None) -> date:
        """Calls come in the days after what they are about."""
        column = {"sale_delivery": t.sale_delivery.c.delivered_day, "repair_order": t.repair_order.c.handover_day}
        if subject not in column:
            return self.day(100)
        found = column[subject]
        day = self.conn.execute(select(found).where(found.table.c.id == row)).scalar()
        return min(TODAY, day + timedelta(self.rng.randint(0, 40))) if day else self.day(60)

    def complaints(self) -> None:
        c = t.call.c
        scored = self.conn.execute(select(t.call).where(c.score <= 6)).mappings().all()
        for row in scored:
            if self.maybe(0.8):
                answer = self.add(
                    t.call, **{k: row[k] for k in ("branch_id", "user_id", "purpose", "code", "contact", "productive", "closes")},
                    type="complaint", subject="complaint", subject_id=1, day=row["day"],
                    at=row["at"] + timedelta(hours=self.rng.randint(0, 40)), annulled_at=NOW if self.maybe(0.1) else None,
                )  # fmt: skip
                self.add(
                    t.complaint, call_id=row["id"], branch_id=row["branch_id"], order_id=row["subject_id"],
                    opened_at=row["at"], opened_day=row["day"], due_at=row["at"] + timedelta(hours=24), score=row["score"],
                    owner_call_id=answer if self.maybe(0.8) else None, annulled_at=NOW if self.maybe(0.1) else None,
                    closed_at=NOW if self.maybe(0.5) else None,
                )  # fmt: skip

    def messages(self) -> None:
        for n in range(self.size):
            day = self.day(150)
            at = self.at(day, None)
            self.add(
                t.contact_log, at=at, day=day, channel=self.rng.choice(("whatsapp", "tel")),
                customer_id=self.pick("customer"), annulled_at=NOW if self.maybe(0.1) else None,
            )  # fmt: skip
            self.add(
                t.outbox, kind="reminder", appointment_id=self.pick("appointment"), recipient="a@ejemplo.test",
                subject="x", body_text="x", message_id=f"m{n}", state=self.rng.choice(("sent", "failed")), created_at=at,
                sent_at=at,
            )  # fmt: skip

    def shifts(self) -> None:
        for _n in range(self.size * 2):
            since = self.at(self.day(60), None)
            until = since + timedelta(minutes=self.rng.randint(1, 2000))
            self.add(
                t.shift_log, user_id=self.pick("app_user"), since=since, until=None if self.maybe(0.05) else until,
                shift=self.rng.choice(("ready", "on_call", "wrap_up", "paused", "off")),
            )  # fmt: skip
            self.add(
                t.claim_log, person="p:1", user_id=self.pick("app_user"), branch_id=self.pick("branch", 0.1),
                day=self.day(60), ended=self.rng.choice(("disposed", "released", "expired", "stolen")),
            )  # fmt: skip
