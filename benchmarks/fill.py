"""The demo dealership at scale, made by the database itself: 1M vehicles, 800k customers, 3M orders with 6M lines,
1.5M appointments, 1M calls, 500k opportunities and 200k deliveries over five years, in the order of their days.

Facts agree with each other: an appointment that arrived has its order on its day, a row's queue state has its call.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, insert, text

from boxes_tui.clock import Clock
from boxes_tui.data.engine import is_sqlite, set_scope, writing
from boxes_tui.data.schema import ensure
from boxes_tui.data.session import Session, open_session
from boxes_tui.data.tables import branch, setting

NOW = datetime(2026, 11, 24, 17, 10, tzinfo=UTC)
TODAY = date(2026, 11, 24).toordinal()
SPAN = 1826
SIZES = {
    "customers": 800_000, "vehicles": 1_000_000, "appointments": 1_500_000, "orders": 3_000_000, "lines": 6_000_000,
    "calls": 1_000_000, "opportunities": 500_000, "deliveries": 200_000,
}  # fmt: skip
SYLLABLES = [
    "BA",
    "CE",
    "DI",
    "FO",
    "GU",
    "LA",
    "ME",
    "NI",
    "ÑO",
    "PU",
    "RA",
    "SE",
    "TI",
    "VO",
    "ZU",
    "ÁL",
    "BER",
    "CÓN",
    "DEL",
    "ÉZ",
    "FER",
    "GAR",
    "HUI",
    "JÁU",
]
FOLDED = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
    "vo",
    "zu",
    "al",
    "ber",
    "con",
    "del",
    "ez",
    "fer",
    "gar",
    "hui",
    "jau",
]
"""Surnames are three of them: 13,824 different ones, with accents and tildes."""


def fill(engine: Engine, scale: float) -> Session:
    """Make it all in an empty database; returns a session that sees every branch."""
    clock = Clock(NOW)
    ensure(engine, clock, "bench")
    with writing(engine) as conn:
        set_scope(conn, None)
        for code in ("ROS", "MZA"):
            conn.execute(insert(branch).values(code=code, name=code, zone="America/Argentina/Buenos_Aires"))
        conn.execute(insert(setting).values(name="go_live", value=str(TODAY - SPAN)))
    sizes = {name: max(1000, int(n * scale)) for name, n in SIZES.items()}
    with writing(engine) as conn:
        set_scope(conn, None)
        for statement in _statements(sizes, is_sqlite(engine)):
            conn.exec_driver_sql(statement.replace("%", "%%") if not is_sqlite(engine) else statement)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))
    with engine.connect() as conn:
        return open_session(conn, clock, "bench")


def _statements(sizes: dict[str, int], sqlite: bool) -> list[str]:
    def series(name: str) -> str:
        if sqlite:
            n = sizes[name]
            return f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n}) SELECT n FROM s) s"
        return f"generate_series(1, {sizes[name]}) s(n)"

    def day(name: str, ahead: int) -> str:
        return f"({TODAY - SPAN} + CAST(s.n AS BIGINT) * {SPAN + ahead} / {sizes[name]})"

    def made(table: str, name: str, cells: dict[str, Any]) -> str:
        values = ", ".join(str(v) for v in cells.values())
        return f"INSERT INTO {table} ({', '.join(cells)}) SELECT {values} FROM {series(name)}"

    true, false = ("1", "0") if sqlite else ("true", "false")
    people, units, orders = sizes["customers"], sizes["vehicles"], sizes["orders"]
    calls, deliveries, visits = sizes["calls"], sizes["deliveries"], sizes["appointments"]
    courtesy = calls * 6 // 10
    welcome = min(deliveries, calls * 2 // 10)
    hour = "43200 + (s.n % 8) * 3600"
    plate = _plate("s.n")
    unit, who = f"(s.n * 7 % {units} + 1)", f"(s.n * 7 % {units} % {people} + 1)"
    arrived = f"({day('appointments', 30)} <= {TODAY} AND s.n % 20 <> 0)"
    visit = "((s.n + 1) / 2)"
    visit_day = f"({TODAY - SPAN} + CAST({visit} AS BIGINT) * {SPAN + 30} / {visits})"
    order_day = f"(CASE WHEN {visit_day} > {TODAY} THEN {TODAY} - s.n % {SPAN} ELSE {visit_day} END)"
    order_unit = f"({visit} * 7 % {units} + 1)"
    open_order = f"({order_day} >= {TODAY} - 1 OR s.n % 5000 = 0)"
    closed = f"(s.n > {orders - courtesy} AND (s.n - {orders - courtesy}) % 10 < 8 AND NOT {open_order})"
    dms = {"is_stub": false, "source_key": "CAST(s.n AS TEXT)"}
    branch_of = {"branch_id": "s.n % 3 + 1"}
    return [
        made("customer", "customers", {
            "id": "s.n", "display_name": _surname(SYLLABLES, "s.n") + " || ', ' || " + _surname(SYLLABLES, "s.n / 7") + " || ' ' || s.n",
            "name_fold": _surname(FOLDED, "s.n") + " || ' ' || " + _surname(FOLDED, "s.n / 7") + " || ' ' || s.n",
            "doc_digits": "CAST(20000000 + s.n AS TEXT)", "person_id": "s.n", "active": true, **dms,
        }),
        made("customer_phone", "customers", {
            "customer_id": "s.n", "raw": "'351' || (5000000 + s.n)", "last10": "'351' || (5000000 + s.n)",
            "kind": "'mobile'", "origin": "'dms'", "position": 0, "present": true,
        }),
        made("vehicle", "vehicles", {
            "id": "s.n", "plate": plate, "vin": "'8AP' || (10000000000000 + s.n)", "model": "'CRONOS'",
            "owner_id": f"s.n % {people} + 1", **dms,
        }),
        made("search_entry", "customers", {
            "kind": "'customer'", "row_id": "s.n", "customer_id": "s.n",
            "words": "' ' || " + _surname(FOLDED, "s.n") + " || ' ' || " + _surname(FOLDED, "s.n / 7") + " || ' ' || s.n",
        }),
        made("search_entry", "vehicles", {
            "kind": "'vehicle'", "row_id": "s.n", "customer_id": f"s.n % {people} + 1", "vehicle_id": "s.n",
            "words": f"' ' || lower({plate}) || ' 8ap' || (10000000000000 + s.n)",
        }),
        *(["INSERT INTO search_fts (search_fts) VALUES ('rebuild')"] if sqlite else []),
        made("appointment", "appointments", {
            "id": "s.n", "vehicle_id": unit, "customer_id": who, "start_day": day("appointments", 30),
            "starts_at": f"({day('appointments', 30)} - 719163) * 86400 + {hour}", "starts_at_precision": "'time'",
            "status": "CASE WHEN s.n % 50 = 7 THEN 'cancelled' ELSE 'scheduled' END",
            "arrived_at": f"CASE WHEN {arrived} THEN ({day('appointments', 30)} - 719163) * 86400 + {hour} END",
            "follow_call_id": f"CASE WHEN NOT {arrived} AND {day('appointments', 30)} < {TODAY} AND s.n % 3 > 0 "
            f"THEN {courtesy + welcome} + s.n % {max(1, calls - courtesy - welcome)} + 1 END",
            **branch_of, **dms,
        }),
        made("repair_order", "orders", {
            "id": "s.n", "vehicle_id": order_unit, "customer_id": f"({visit} * 7 % {units} % {people} + 1)",
            "number": "CAST(s.n AS TEXT)", "opened_day": order_day, "opened_at": f"({order_day} - 719163) * 86400 + {hour}",
            "status": f"CASE WHEN {open_order} THEN 'open' ELSE 'delivered' END",
            "handover_day": f"CASE WHEN NOT {open_order} THEN {order_day} + 1 END",
            "handover_at": f"CASE WHEN NOT {open_order} THEN ({order_day} - 719162) * 86400 + {hour} END",
            "courtesy_call_id": f"CASE WHEN {closed} THEN s.n - {orders - courtesy} END", **branch_of, **dms,
        }),
        made("repair_order_line", "lines", {
            "order_id": f"(s.n - 1) / 2 % {orders} + 1", "line_no": "s.n % 2", "code": "'SRV10'",
            "description": "'SERVICE 10.000 KM'", "amount": "1000000 + s.n", **dms,
        }),
        made("sale_delivery", "deliveries", {
            "id": "s.n", "vehicle_id": unit, "customer_id": who, "delivered_day": day("deliveries", 0),
            "delivered_at": f"({day('deliveries', 0)} - 719163) * 86400 + {hour}", "status": "'delivered'",
            "welcome_call_id": f"CASE WHEN s.n > {deliveries - welcome} AND s.n % 10 < 8 "
            f"THEN {courtesy} + s.n - {deliveries - welcome} END",
            **branch_of, **dms,
        }),
        made("call", "calls", {
            "id": "s.n", "at": f"({day('calls', 0)} - 719163) * 86400 + {hour}", "day": day("calls", 0), "user_id": 1,
            "type": f"CASE WHEN s.n <= {courtesy} THEN 'courtesy' WHEN s.n <= {courtesy + welcome} THEN 'welcome' ELSE 'no_show' END",
            "purpose": "'operational'",
            "subject": f"CASE WHEN s.n <= {courtesy} THEN 'repair_order' WHEN s.n <= {courtesy + welcome} THEN 'sale_delivery' "
            "ELSE 'appointment' END",
            "subject_id": f"CASE WHEN s.n <= {courtesy} THEN {orders - courtesy} + s.n WHEN s.n <= {courtesy + welcome} "
            f"THEN {deliveries - welcome} + s.n - {courtesy} ELSE {visits} - ({calls} - s.n) END",
            "customer_id": who, "code": "'answered'", "contact": true, "productive": false,
            "closes": f"CASE WHEN s.n % 10 < 8 THEN {true} ELSE {false} END", "imported": false, **branch_of,
        }),
        made("opportunity", "opportunities", {
            "id": "s.n", "customer_id": who, "vehicle_id": "s.n", "origin": "'completed'", "due_day": day("opportunities", 60),
            "state": f"CASE WHEN {day('opportunities', 60)} >= {TODAY - 20} OR s.n % 200 = 0 THEN 'open' "
            "WHEN s.n % 3 = 0 THEN 'sold' ELSE 'discarded' END",
            "about": "'Service'", "created_at": f"({day('opportunities', 0)} - 719163) * 86400",
            "created_day": day("opportunities", 0), **branch_of,
        }),
    ]  # fmt: skip


def _plate(n: str) -> str:
    letters = "'ABCDEFGHJKLMNPQRSTUVWXYZ'"
    first, second = f"substr({letters}, {n} / 1000 % 24 + 1, 1)", f"substr({letters}, {n} / 24000 % 24 + 1, 1)"
    return f"('A' || {second} || substr(CAST(1000 + {n} % 1000 AS TEXT), 2) || {first} || 'Z')"


def _surname(syllables: list[str], n: str) -> str:
    return " || ".join(_word(syllables, f"(({n}) / {step})") for step in (1, 24, 576))


def _word(words: list[str], n: str) -> str:
    width = max(map(len, words))
    packed = "".join(w.ljust(width) for w in words)
    return f"trim(substr('{packed}', {n} % {len(words)} * {width} + 1, {width}))"
