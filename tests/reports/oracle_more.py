"""The oracle's workshop, campaigns and agents."""

from __future__ import annotations

import re
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.reports.oracle import (
    Answer,
    Facts,
    Row,
    came,
    count,
    coverage,
    free_days,
    is_work,
    rate,
    working_between,
)
from tests.reports.oracle_rest import leaks, reconciliation, retention


def in_process(f: Facts) -> Answer:
    rows = [r for r in f.rows("repair_order") if is_work(r) and f.within(r["opened_day"])]

    def is_open(r: Row) -> bool:
        return r["handover_at"] is None and r["delivery_basis"] != "history"

    def kept(r: Row) -> bool:
        if r["promised_at_precision"] == "day":
            return bool(r["handover_day"] <= (f.day_of(r["promised_at"], r["branch_id"]) or 0))
        return bool(r["handover_at"] <= r["promised_at"])

    def late(r: Row) -> bool:
        if r["promised_at"] is None:
            return False
        if r["promised_at_precision"] == "day":
            return (f.day_of(r["promised_at"], r["branch_id"]) or 0) < f.today(r["branch_id"])
        return bool(r["promised_at"] < f.now)

    def long(r: Row) -> bool:
        today = f.today(r["branch_id"])
        free = free_days(f, r["branch_id"], today)
        return working_between(f, r["branch_id"], r["opened_day"], today, free) > 3

    done = [r for r in rows if r["handover_at"] is not None]

    def cycle(some: list[Row]) -> tuple[int, float | None]:
        hours = [(r["handover_at"] - r["opened_at"]) / 3600 for r in some]
        return len(hours), median(hours) if hours else None

    return {
        "total": (len(rows), None),
        "ro_cycle_time": cycle(done),
        "ro_cycle_time_dms": cycle([r for r in done if r["delivery_basis"] != "manual"]),
        "ro_cycle_time_manual": cycle([r for r in done if r["delivery_basis"] == "manual"]),
        "open_ro": (count(rows, is_open), None),
        "open_ro_aging": (count(rows, is_open), None),
        "open_ro_gt3_rate": rate(rows, is_open, long),
        "promise_kept_rate": rate(rows, lambda r: r["handover_at"] is not None and r["promised_at"] is not None, kept),
        "past_due_rate": rate(rows, is_open, late),
        "next_opportunity_coverage": coverage(f, rows),
    }


def survey(f: Facts, r: Row) -> Row | None:
    scored = [c for c in f.calls("repair_order", r["id"], "courtesy") if c["score"] is not None]
    return max(scored, key=lambda c: (c["at"], c["id"])) if scored else None


def completed(f: Facts) -> Answer:
    rows = [r for r in f.rows("repair_order") if is_work(r) and f.within(r["handover_day"])]
    said = {r["id"]: c for r in rows if (c := survey(f, r))}
    made = {c["id"]: c for c in f.rows("call") if c["annulled_at"] is None}

    def due(r: Row) -> bool:
        return bool(r["handover_day"] + 15 < f.today(r["branch_id"]) and r["handover_day"] + 15 >= f.live)

    def thanked(r: Row) -> bool:
        calls = f.calls("repair_order", r["id"], "courtesy")
        return any(c["contact"] and c["day"] - r["handover_day"] <= 15 for c in calls)

    def detractor(r: Row) -> bool:
        c = said.get(r["id"])
        return c is not None and c["score"] <= 6 and c["at"] + 86400 < f.now

    def answered(r: Row) -> bool:
        for m in f.rows("complaint"):
            call = made.get(m["owner_call_id"])
            if m["order_id"] == r["id"] and m["annulled_at"] is None and call and call["at"] <= m["opened_at"] + 86400:
                return True
        return False

    def back(r: Row) -> bool:
        km = r["odometer_out"] if r["odometer_out"] is not None else r["odometer_in"]
        for o in f.orders[r["vehicle_id"]] if r["vehicle_id"] is not None else ():
            if o["id"] == r["id"] or o["opened_at"] < r["handover_at"]:
                continue
            near = km is not None and o["odometer_in"] is not None and 0 <= o["odometer_in"] - km <= 1000
            if near or o["opened_day"] <= r["handover_day"] + 30:
                return True
        return False

    scores = [c["score"] for c in said.values()]
    plus, minus = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    met = [r for r in rows if any(c["contact"] for c in f.calls("repair_order", r["id"], "courtesy"))]
    return {
        "total": (len(rows), None),
        "courtesy_call_rate_15d": rate(rows, due, thanked),
        "csi_top_box": (plus, len(scores)),
        "nps": (plus - minus, len(scores)),
        "survey_response_rate": (sum(r["id"] in said for r in met), len(met)),
        "detractor_followup_24h": rate(rows, detractor, answered),
        "comeback_rate": rate(rows, lambda r: r["handover_day"] + 30 < f.today(r["branch_id"]), back),
        "next_opportunity_coverage": coverage(f, rows),
    }


def campaigns(f: Facts) -> Answer:
    rows = [
        o for o in f.rows("opportunity")
        if o["origin"] == "campaign" and o["state"] != "cancelled" and f.within(o["created_day"])
    ]  # fmt: skip
    made = {g["id"]: g for g in f.rows("campaign") if g["undone_at"] is None and f.within(g["created_day"])}
    opps = {o["id"]: o for o in f.rows("opportunity")}
    lost = {c["id"] for c in f.rows("customer") if c["without_phone_at"] is not None}
    phones = {p["customer_id"] for p in f.rows("customer_phone") if p["present"] and p["wrong_at"] is None}
    units = [n for n in f.rows("campaign_unit") if n["campaign_id"] in made and n["state"] != "undone"]
    given = [n for n in units if n["state"] != "blocked"]

    def reachable(n: Row) -> bool:
        return n["customer_id"] in phones and n["customer_id"] not in lost

    def met(n: Row) -> bool:
        calls = f.calls("opportunity", n["opportunity_id"]) if n["opportunity_id"] else []
        return any(c["contact"] and c["at"] >= n["assigned_at"] for c in calls)

    def sold(n: Row) -> bool:
        o = opps.get(n["opportunity_id"])
        return o is not None and o["state"] == "sold" and o["state_at"] >= n["assigned_at"]

    def visited(n: Row) -> bool:
        return any(r["opened_day"] >= n["assigned_day"] for r in f.orders[n["vehicle_id"]])

    def done(n: Row) -> bool:
        return n["done_at"] is not None

    people = [
        c for c in f.rows("customer")
        if c["gone_at"] is None and not c["is_stub"] and c["merged_into_id"] is None and c["erased_at"] is None
    ]  # fmt: skip
    good = {p["customer_id"] for p in f.rows("customer_phone") if p["present"] and p["wrong_at"] is None and p["e164"]}
    seen: set[str] = set()
    twins = 0
    for c in people:
        twins += c["doc_digits"] in seen
        seen |= {c["doc_digits"]} if c["doc_digits"] else set()
    valid = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")
    current = [item for item in f.rows("dnc_list") if item["current"]]
    ages = [f.today(f.rows("branch")[0]["id"]) - item["as_of"] for item in current]
    recalls = [n for n in given if made[n["campaign_id"]]["type"] in ("technical_note", "recall")]
    return {
        "total": (len(rows), None),
        "campaign_units": (len(given), None),
        "campaign_reach": rate(given, reachable, met),
        "campaign_conversion": (count(given, visited), len(given)),
        "campaign_set_rate": rate(given, met, sold),
        "campaign_show_rate": rate(given, sold, lambda n: came(f, opps[n["opportunity_id"]])),
        "campaign_completion": (count(given, done), len(given)),
        "recall_completion_rate": (count(recalls, done), len(recalls)),
        "campaign_blocked": (len(units) - len(given), None),
        "campaign_unreachable": (count(given, lambda n: not reachable(n)), None),
        "dnc_blocked": (count(f.rows("block"), lambda b: b["lifted_at"] is None), None),
        "dnc_list_age_days": (len(ages), max(ages, default=None)),
        "data_quality_phone": rate(people, lambda _c: True, lambda c: c["id"] in good),
        "data_quality_email": rate(people, lambda _c: True, lambda c: bool(valid.fullmatch(c["email"] or ""))),
        "data_quality_duplicates": (twins, len(people)),
    }


def agents(f: Facts) -> Answer:
    rows = [c for c in f.rows("call") if c["annulled_at"] is None and f.within(c["day"])]
    records: dict[Any, bool] = {}
    people: dict[Any, bool] = {}
    firsts, tries = 0, 0
    for c in rows:
        who = (
            c["customer_id"]
            if c["customer_id"] is not None
            else c["subject_id"]
            if c["vehicle_id"] is None
            else -c["vehicle_id"]
        )
        person = (c["user_id"], c["day"], c["type"], who)
        people[person] = people.get(person, False) or bool(c["productive"])
        number = (
            c["subject_id"]
            if c["subject_id"] is not None
            else c["customer_id"]
            if c["customer_id"] is not None
            else -c["id"]
        )
        record = (c["subject"] or "customer", number)
        records[record] = records.get(record, False) or bool(c["contact"])
        own = f.about[c["subject"], c["subject_id"]] if c["subject"] else [c]
        before = [k for k in own if (k["at"], k["id"]) < (c["at"], c["id"])]
        if c["contact"] and not any(k["contact"] for k in before):
            firsts, tries = firsts + 1, tries + 1 + len(before)
    promised = [c for c in rows if c["callback_at"] is not None and c["callback_at"] + 900 < f.now]

    def kept(c: Row) -> bool:
        own = f.about[c["subject"], c["subject_id"]] if c["subject"] else []
        return any(
            k["id"] != c["id"] and k["at"] >= c["at"] and abs(k["at"] - c["callback_at"]) <= 900 for k in own
        )  # fmt: skip

    minutes = shift_minutes(f)
    hours = sum(minutes[s] for s in ("ready", "on_call", "wrap_up")) / 60
    talks = [(c["at"] - c["opened_at"]) / 60 for c in rows if c["opened_at"] is not None]
    touched = count(rows, lambda c: bool(c["contact"]))
    sold = count(rows, lambda c: c["code"] == "appointment_sold")
    claims = [c for c in f.rows("claim_log") if f.within(c["day"])]
    return {
        "total": (len(rows), None),
        "connect_rate": (touched, len(rows)),
        "contact_rate": (sum(records.values()), len(records)),
        "attempts_to_contact": (tries, firsts),
        "callback_on_time_rate": (count(promised, kept), len(promised)),
        "customers": (len(people), None),
        "productive_rate": (sum(people.values()), len(people)),
        "per_hour": (len(rows), round(hours, 2)),
        "contacts_per_hour": (touched, round(hours, 2)),
        "appointments_per_hour": (sold, round(hours, 2)),
        "handle_time": (len(talks), median(talks) if talks else None),
        "talk": (minutes["on_call"], None),
        "wait": (minutes["ready"], None),
        "pause": (minutes["paused"], None),
        "wrap": (minutes["wrap_up"], None),
        "undisposed": (count(claims, lambda c: c["ended"] != "disposed"), None),
        "outside_rules": (count(rows, lambda c: c["outside_rules"] is not None), None),
    }


def shift_minutes(f: Facts) -> dict[str, int]:
    """Whole minutes of every stretch, cut to the span."""
    zone = ZoneInfo(f.rows("branch")[0]["zone"])

    def begins(day: int) -> int:
        return int(datetime.combine(date.fromordinal(day), datetime.min.time(), zone).timestamp())

    start, end = begins(f.low), min(begins(f.high + 1), f.now)
    made = dict.fromkeys(("ready", "on_call", "wrap_up", "paused", "off"), 0)
    for s in f.rows("shift_log"):
        until = s["until"] if s["until"] is not None else f.now
        if s["since"] < end and until > start:
            made[s["shift"]] += (min(until, end) - max(s["since"], start)) // 60
    return made


ANSWERS = {
    "in_process": in_process, "completed": completed, "campaigns": campaigns, "agents": agents, "leaks": leaks,
    "reconciliation": reconciliation, "retention": retention,
}  # fmt: skip
