"""The oracle's leaks, reconciliation and retention."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reports.oracle import Answer, Facts, Row, count, is_sale, is_work, plus_months, rate, stands


def leaks(f: Facts) -> Answer:
    found = {
        "deliveries": [
            r for r in f.rows("sale_delivery")
            if is_sale(r) and r["welcome_call_id"] is None and gone(f, r, r["delivered_day"], 30)
        ],
        "opportunities": [o for o in f.rows("opportunity") if o["state"] == "open" and gone(f, o, o["due_day"], 15)],
        "no_shows": [
            a for a in f.rows("appointment")
            if stands(a) and a["arrived_at"] is None and a["rebooked_id"] is None and a["follow_call_id"] is None
            and gone(f, a, a["start_day"], 7)
        ],
        "completed": [
            r for r in f.rows("repair_order")
            if is_work(r) and r["handover_day"] is not None and r["courtesy_call_id"] is None
            and gone(f, r, r["handover_day"], 15)
        ],
        "complaints": [
            m for m in f.rows("complaint")
            if m["closed_at"] is None and m["annulled_at"] is None and m["due_at"] < f.now and f.within(m["opened_day"] + 1)
        ],
    }  # fmt: skip
    return {"total": (sum(map(len, found.values())), None)} | {k: (len(v), None) for k, v in found.items()}


def gone(f: Facts, r: Row, day: int, window: int) -> bool:
    last = day + window
    return last < f.today(r["branch_id"]) and last >= f.live and f.within(last + 1)


def reconciliation(f: Facts) -> Answer:
    rows = [o for o in f.rows("opportunity") if o["state"] == "sold" and f.within(o["state_day"])]
    by = {m: count(rows, lambda o, m=m: (o["match"] or "waiting") == m)
          for m in ("verified", "credited", "differs", "waiting", "missing")}  # fmt: skip
    return {
        "total": (len(rows), None),
        "reconciled_rate": (by["verified"] + by["credited"], len(rows)),
        "verified": (by["verified"], None), "credited": (by["credited"], None), "moved": (by["differs"], None),
        "waiting": (by["waiting"], None), "missing": (by["missing"], None),
    }  # fmt: skip


def retention(f: Facts) -> Answer:
    last: dict[int, Row] = {}
    for r in f.rows("sale_delivery"):
        if is_sale(r) and r["vehicle_id"] is not None and f.within(r["delivered_day"]):
            before = last.get(r["vehicle_id"])
            if before is None or (before["delivered_day"], before["id"]) < (r["delivered_day"], r["id"]):
                last[r["vehicle_id"]] = r
    rows = list(last.values())

    def visits(r: Row) -> list[int]:
        return [o["opened_day"] for o in f.orders[r["vehicle_id"]] if o["opened_day"] > r["delivered_day"]]

    def first(r: Row) -> bool:
        return any(d <= plus_months(r["delivered_day"], 13) for d in visits(r))

    def over(months: int) -> Any:
        return lambda r: plus_months(r["delivered_day"], months) < f.today(r["branch_id"])

    def in_year(k: int) -> Any:
        return lambda r: any(
            plus_months(r["delivered_day"], 12 * k - 12) < d <= plus_months(r["delivered_day"], 12 * k) for d in visits(r)
        )  # fmt: skip

    return {
        "total": (len(rows), None),
        "first_service_retention": rate(rows, over(13), first),
        **{f"retention_year_{k}": rate(rows, over(12 * k), in_year(k)) for k in range(1, 6)},
        "service_customer_retention": loyalty(f),
        "lifecycle": (len(rows), None),
    }


def loyalty(f: Facts) -> tuple[int, int]:
    """SCR on the last day of the span, today at most."""
    day = min(f.high, f.today(f.rows("branch")[0]["id"]))
    two, one = plus_months(day, -24), plus_months(day, -12)
    sales: dict[int, list[int]] = {}
    for s in f.rows("sale_delivery"):
        if is_sale(s) and s["vehicle_id"] is not None:
            sales.setdefault(s["vehicle_id"], []).append(s["delivered_day"])
    num = den = 0
    for v in f.rows("vehicle"):
        orders = sorted(f.orders[v["id"]], key=lambda r: (r["opened_day"], r["id"]))
        paid = [r for r in orders if r["pay_type"] == "customer" and r["opened_day"] <= day]
        young = v["model_year"] is not None and v["model_year"] >= date.fromordinal(day).year - 15
        sold_lately = any(two < d <= day for d in sales.get(v["id"], ()))
        if not sold_lately and not (young and any(r["opened_day"] > two for r in paid)):
            continue
        den += 1
        for r in paid:
            earlier = [o["opened_day"] for o in orders if (o["opened_day"], o["id"]) < (r["opened_day"], r["id"])]
            earlier += [d for d in sales.get(v["id"], ()) if d <= r["opened_day"]]
            if r["opened_day"] > one and earlier and r["opened_day"] - max(earlier) <= 365:
                num += 1
                break
    return num, den
