"""What the reports have to say, in plain Python over the raw rows: written from KPIS.md and PRODUCT §9, apart from the
report code, with nothing of it imported.

Instants are epoch seconds, days are ordinals, as both databases hold them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import holidays as national
from sqlalchemy import Connection

Row = dict[str, Any]
Answer = dict[str, tuple[Any, Any]]

TABLES = (
    "branch", "app_user", "customer", "customer_phone", "vehicle", "sale_delivery", "repair_order", "appointment",
    "opportunity", "call", "complaint", "campaign", "campaign_unit", "contact_log", "outbox", "shift_log", "claim_log",
    "holiday", "setting", "block", "dnc_list",
)  # fmt: skip


class Facts:
    """Every row of every table, and the days of the branches."""

    def __init__(self, conn: Connection, now: datetime, low: date, high: date) -> None:
        self.now, self.low, self.high = int(now.timestamp()), low.toordinal(), high.toordinal()
        for name in TABLES:
            setattr(
                self,
                name,
                [
                    dict(r)
                    for r in conn.exec_driver_sql(
                        f"SELECT * FROM {name} ORDER BY id" if name != "setting" else "SELECT * FROM setting"
                    ).mappings()
                ],
            )
        self.zone = {b["id"]: ZoneInfo(b["zone"]) for b in self.rows("branch")}
        self.default = ZoneInfo("America/Argentina/Buenos_Aires")
        self.live = next(int(s["value"]) for s in self.rows("setting") if s["name"] == "go_live")
        self.about: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
        for c in self.rows("call"):
            if c["annulled_at"] is None:
                self.about[c["subject"], c["subject_id"]].append(c)
        self.orders: dict[Any, list[Row]] = defaultdict(list)
        for r in self.rows("repair_order"):
            if is_work(r) and r["vehicle_id"] is not None:
                self.orders[r["vehicle_id"]].append(r)

    def rows(self, name: str) -> list[Row]:
        return list(getattr(self, name))

    def day_of(self, at: int | None, branch: Any) -> int | None:
        if at is None:
            return None
        return datetime.fromtimestamp(at, self.zone.get(branch, self.default)).date().toordinal()

    def today(self, branch: Any) -> int:
        found = self.day_of(self.now, branch)
        assert found is not None
        return found

    def within(self, day: Any) -> bool:
        return day is not None and self.low <= day <= self.high

    def calls(self, subject: str, row_id: Any, kind: str | None = None) -> list[Row]:
        return [c for c in self.about[subject, row_id] if kind is None or c["type"] == kind]


def alive(r: Row) -> bool:
    return r["gone_at"] is None and not r["is_stub"]


def is_sale(r: Row) -> bool:
    return alive(r) and r["status"] != "annulled"


def is_work(r: Row) -> bool:
    return alive(r) and r["status"] not in ("voided", "estimate")


def stands(r: Row) -> bool:
    return alive(r) and r["vanished_at"] is None and r["status"] != "cancelled"


def count(rows: list[Row], *tests: Any) -> int:
    return sum(all(t(r) for t in tests) for r in rows)


def rate(rows: list[Row], den: Any, num: Any) -> tuple[int, int]:
    base = [r for r in rows if den(r)]
    return count(base, num), len(base)


def has_open(f: Facts, r: Row, since: int | None = None) -> bool:
    for o in f.rows("opportunity"):
        mine = (
            o["vehicle_id"] == r["vehicle_id"]
            if r["vehicle_id"] is not None
            else (r["customer_id"] is not None and o["customer_id"] == r["customer_id"])
        )
        if o["state"] == "open" and mine and (since is None or o["due_day"] >= since):
            return True
    return False


def plus_months(day: int, months: int) -> int:
    d = date.fromordinal(day)
    year, month = divmod(d.year * 12 + d.month - 1 + months, 12)
    for last in (d.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(d.day, last)).toordinal()
        except ValueError:
            continue
    raise AssertionError


def deliveries(f: Facts) -> Answer:
    rows = [r for r in f.rows("sale_delivery") if is_sale(r) and f.within(r["delivered_day"])]
    first: dict[int, int] = {}
    for r in rows:
        days = [c["day"] for c in f.calls("sale_delivery", r["id"], "welcome") if c["contact"]]
        if days:
            first[r["id"]] = min(days) - r["delivered_day"]

    def called(r: Row, contact: bool) -> bool:
        return any(
            c["day"] - r["delivered_day"] <= 30 and (c["contact"] or not contact)
            for c in f.calls("sale_delivery", r["id"], "welcome")
        )

    def due(r: Row) -> bool:
        return bool(r["delivered_day"] + 30 < f.today(r["branch_id"]) and r["delivered_day"] + 30 >= f.live)

    met = [first[r["id"]] for r in rows if due(r) and r["id"] in first]
    return {
        "total": (len(rows), None),
        "welcome_call_rate_30d": rate(rows, due, lambda r: called(r, True)),
        "welcome_attempt_rate": rate(rows, due, lambda r: called(r, False)),
        "days_to_welcome": (len(met), median(met) if met else None),
        "welcome_seed_rate": rate(
            rows, lambda r: due(r) and called(r, True), lambda r: has_open(f, r, f.today(r["branch_id"]))
        ),
        "welcome_leaks": rate(rows, due, lambda r: r["id"] not in first),
    }


def reached(f: Facts, o: Row) -> bool:
    return o["contacted_at"] is not None or any(c["contact"] for c in f.calls("opportunity", o["id"]))


def came(f: Facts, o: Row) -> bool:
    """A sold opportunity with a credited order."""
    if o["state"] != "sold":
        return False
    if o["show_order_id"] is not None:
        return True
    slots = {a["id"]: a for a in f.rows("appointment")}
    slot = slots.get(o["appointment_id"])
    day = slot["start_day"] if slot else f.day_of(o["sold_for"], o["branch_id"])
    return any(abs(r["opened_day"] - day) <= 5 and not taken(f, o, r, slots) for r in f.orders[o["vehicle_id"]])


def taken(f: Facts, o: Row, r: Row, slots: dict[int, Row]) -> bool:
    """Whether an earlier appointment that somebody else had booked before the sale explains the order."""
    mine = {
        s["appointment_id"] for s in f.rows("opportunity") if s["state"] == "sold" and s["state_by"] == o["state_by"]
    }
    for a in slots.values():
        if not stands(a) or a["vehicle_id"] != o["vehicle_id"] or a["id"] == o["appointment_id"] or a["id"] in mine:
            continue
        early = a["booked_at"] is not None and a["booked_at"] < o["state_at"]
        is_open = a["arrived_at"] is None or a["arrival_order_id"] == r["id"]
        if early and is_open and r["opened_day"] - 5 <= a["start_day"] <= r["opened_day"]:
            return True
    return False


def opportunities(f: Facts) -> Answer:
    rows = [o for o in f.rows("opportunity") if o["state"] != "cancelled" and f.within(o["due_day"])]

    def due(o: Row) -> bool:
        return bool(o["due_day"] + 15 < f.today(o["branch_id"]) and o["due_day"] + 15 >= f.live)

    late = [o for o in rows if o["state"] == "open" and o["due_day"] < f.today(o["branch_id"])]
    orders = [r for r in f.rows("repair_order") if is_work(r) and f.within(r["opened_day"])]
    answered = [r for r in orders if channel(f, r)]
    return {
        "total": (len(rows), None),
        "appointment_set_rate": rate(rows, lambda o: reached(f, o), lambda o: o["state"] == "sold"),
        "opportunity_conversion_rate": rate(rows, due, lambda o: o["state"] == "sold"),
        "opportunity_to_show_rate": rate(rows, due, lambda o: came(f, o)),
        "discard_rate": rate(rows, lambda o: o["state"] != "open", lambda o: o["state"] == "discarded"),
        "discard_by_reason": (count(rows, lambda o: o["state"] == "discarded"), None),
        "replan_mean": (sum(o["reschedules"] for o in rows), len(rows)),
        "replan_many": (count(rows, lambda o: o["reschedules"] > 3), None),
        "overdue_open": (len(late), None),
        "overdue_age": (len(late), None),
        "response_rate_90d": (len(answered), len(orders)),
        "response_channel_90d": (len(answered), None),
    }


def channel(f: Facts, r: Row) -> str | None:
    """The channel of the last outbound contact of the customer in the 90 days before the order."""
    if r["customer_id"] is None:
        return None
    low, high = r["opened_at"] - 90 * 86400, r["opened_at"]
    his = {a["id"] for a in f.rows("appointment") if a["customer_id"] == r["customer_id"]}
    found = [
        (c["at"], "call")
        for c in f.rows("call")
        if c["customer_id"] == r["customer_id"] and c["contact"] and c["annulled_at"] is None
    ]
    found += [(m["sent_at"], "email") for m in f.rows("outbox") if m["appointment_id"] in his and m["state"] == "sent"]
    found += [
        (w["at"], "whatsapp") for w in f.rows("contact_log")
        if w["customer_id"] == r["customer_id"] and w["channel"] == "whatsapp" and w["annulled_at"] is None
    ]  # fmt: skip
    found = [(at, name) for at, name in found if low <= at <= high]
    return max(found, key=lambda x: x[0])[1] if found else None


def appointments(f: Facts) -> Answer:
    rows = [a for a in f.rows("appointment") if stands(a) and f.within(a["start_day"])]

    def past(a: Row) -> bool:
        return bool(a["start_day"] < f.today(a["branch_id"]))

    def arrived(a: Row) -> bool:
        return a["arrived_at"] is not None

    def booked(a: Row) -> int | None:
        return f.day_of(a["booked_at"], a["branch_id"])

    def eligible(a: Row) -> bool:
        early = a["booked_at"] is None or (booked(a) or 0) < a["start_day"]
        return bool(early and a["start_day"] >= f.live and a["start_day"] <= f.today(a["branch_id"]))

    def in_time(a: Row) -> bool:
        return a["confirmed_at"] is not None and (f.day_of(a["confirmed_at"], a["branch_id"]) or 0) < a["start_day"]

    def lost(a: Row) -> bool:
        due = a["start_day"] + 7
        return past(a) and not arrived(a) and due < f.today(a["branch_id"]) and due >= f.live

    made = {o["id"]: o for o in f.rows("opportunity") if o["state"] != "cancelled"}

    def rebooked(a: Row) -> bool:
        o = made.get(a["rebooked_id"])
        if o is not None and o["created_day"] <= a["start_day"] + 7:
            return True
        return any(
            stands(b) and b["vehicle_id"] == a["vehicle_id"] is not None and b["start_day"] > a["start_day"]
            and b["booked_at"] is not None and a["start_day"] <= (booked(b) or 0) <= a["start_day"] + 7
            for b in f.rows("appointment")
        )  # fmt: skip

    def back(a: Row) -> bool:
        return any(r["opened_day"] > a["start_day"] for r in f.orders[a["vehicle_id"]])

    leads = [a["start_day"] - b for a in rows if (b := booked(a)) is not None and b <= a["start_day"]]
    return {
        "total": (len(rows), None),
        "confirmation_rate": rate(rows, eligible, in_time),
        "show_rate": rate(rows, past, arrived),
        "no_show_rate": rate(rows, past, lambda a: not arrived(a)),
        "show_rate_confirmed": rate(rows, lambda a: past(a) and a["confirmed_at"] is not None, arrived),
        "show_rate_unconfirmed": rate(rows, lambda a: past(a) and a["confirmed_at"] is None, arrived),
        "no_show_recovery_rate": rate(rows, lost, rebooked),
        "no_show_recovered_arrived": rate(rows, lambda a: lost(a) and rebooked(a), back),
        "lead_time_days": (len(leads), median(leads) if leads else None),
    }


def free_days(f: Facts, branch: Any, today: int) -> set[int]:
    year = date.fromordinal(today).year
    found = national.country_holidays("AR", years=range(year - 1, year + 3), language="en_US")
    days = {d.toordinal() for d, name in found.items() if "bridge" not in name.lower()}
    return days | {h["day"] for h in f.rows("holiday") if h["branch_id"] in (None, branch)}


def working_between(f: Facts, branch: Any, opened: int, today: int, free: set[int]) -> int:
    return sum(date.fromordinal(d).weekday() < 5 and d not in free for d in range(opened + 1, today + 1))


def coverage(f: Facts, rows: list[Row]) -> tuple[int, int]:
    units = {r["vehicle_id"] for r in rows if r["vehicle_id"] is not None}
    opened = {o["vehicle_id"] for o in f.rows("opportunity") if o["state"] == "open"}
    return len(units & opened), len(units)
