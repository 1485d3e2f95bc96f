"""The end of a run: references of old rows again, stubs and merged customers, then every derived fact (DMS.md §3)."""

from __future__ import annotations

from sqlalchemy import Connection, text

from boxes_tui.dms import bookings, handover, people, resolve, search_index, vehicle_facts
from boxes_tui.dms.apply import Context
from boxes_tui.dms.mapping import SourceSpec

REPORTS = {
    "sale_delivery": ("deliveries", "delivered_day"),
    "appointment": ("appointments", "start_day"),
    "repair_order": ("in_process", "opened_day"),
}


def derive(conn: Connection, ctx: Context, source: SourceSpec, *, complete_bookings: bool) -> None:
    """Bring everything that follows from the rows up to date, in one transaction."""
    masters = conn.execute(
        text(
            "SELECT (SELECT count(*) FROM vehicle WHERE last_changed_run >= :since) "
            "+ (SELECT count(*) FROM customer WHERE last_changed_run >= :since)"
        ),
        {"since": ctx.since_run},
    ).scalar_one()
    resolve.tails(conn, ctx)
    resolve.customers(conn, ctx)
    resolve.merge_customers(conn, ctx)
    resolve.merge_stubs(conn, ctx)
    resolve.vehicles(conn, ctx, everything=bool(masters))
    resolve.orders(conn, ctx)
    people.names_and_persons(conn, ctx)
    vehicle_facts.owners(conn, ctx)
    vehicle_facts.services(conn, ctx)
    handover.handovers(conn, ctx, source.delivered_from, source.invoiced_hours)
    bookings.relink(conn, ctx)
    bookings.arrivals(conn, ctx)
    bookings.sold(conn, ctx, complete_bookings)
    campaigns_done(conn, ctx)
    search_index.index(conn, ctx)
    mark_months(conn, ctx)


def campaigns_done(conn: Connection, ctx: Context) -> None:
    """A campaign's unit is done when an order of its vehicle, opened since the assignment, was delivered; where the
    campaign names operation codes, one of the order's lines has to carry one."""
    conn.execute(
        text(
            "UPDATE campaign_unit SET state = 'done', done_at = :now, done_day = (SELECT min(o.handover_day) FROM repair_order o "
            "WHERE o.vehicle_id = campaign_unit.vehicle_id AND o.opened_day >= campaign_unit.assigned_day AND o.handover_at IS NOT NULL), "
            "done_order_id = (SELECT min(o.id) FROM repair_order o WHERE o.vehicle_id = campaign_unit.vehicle_id "
            "AND o.opened_day >= campaign_unit.assigned_day AND o.handover_at IS NOT NULL) "
            "WHERE done_at IS NULL AND state IN ('open', 'blocked') AND assigned_day IS NOT NULL AND EXISTS (SELECT 1 FROM repair_order o "
            "WHERE o.vehicle_id = campaign_unit.vehicle_id AND o.opened_day >= campaign_unit.assigned_day "
            "AND o.handover_at IS NOT NULL AND coalesce(o.status, 'open') NOT IN ('estimate', 'voided')) "
            "AND campaign_id IN (SELECT id FROM campaign c WHERE c.undone_at IS NULL AND coalesce(c.operation_codes, '[]') = '[]')"
        ),
        {"now": ctx.now},
    )
    _done_by_code(conn, ctx)


def _done_by_code(conn: Connection, ctx: Context) -> None:
    import json

    for campaign_id, codes in conn.execute(
        text(
            "SELECT id, operation_codes FROM campaign WHERE undone_at IS NULL AND coalesce(operation_codes, '[]') NOT IN ('[]', 'null')"
        )
    ).all():
        for code in json.loads(codes):
            rows = conn.execute(
                text(
                    "SELECT u.id, min(o.id), min(o.handover_day) FROM campaign_unit u JOIN repair_order o ON o.vehicle_id = u.vehicle_id "
                    "AND o.opened_day >= u.assigned_day AND o.handover_at IS NOT NULL JOIN repair_order_line l ON l.order_id = o.id "
                    "AND l.gone_at IS NULL AND l.code = :code WHERE u.campaign_id = :c AND u.done_at IS NULL "
                    "AND u.state IN ('open', 'blocked') GROUP BY u.id"
                ),
                {"code": code, "c": campaign_id},
            ).all()
            for unit, order_id, day in rows:
                conn.execute(
                    text(
                        "UPDATE campaign_unit SET state = 'done', done_at = :now, done_day = :day, done_order_id = :o WHERE id = :id"
                    ),
                    {"now": ctx.now, "day": day, "o": order_id, "id": unit},
                )


def mark_months(conn: Connection, ctx: Context) -> None:
    """Mark the report months that this run touched (QUALITY §1)."""
    from datetime import date

    marks: set[tuple[str, int, int]] = set()
    for table, (report, column) in REPORTS.items():
        for day, branch in conn.execute(
            text(
                f"SELECT DISTINCT {column}, coalesce(branch_id, 0) FROM {table} WHERE last_changed_run >= :since AND {column} IS NOT NULL"
            ),
            {"since": ctx.since_run},
        ):
            when = date.fromordinal(day)
            month = when.year * 12 + when.month - 1
            marks.add((report, month, branch))
            if table == "repair_order":
                marks.add(("retention", month, branch))
                marks.add(("completed", month, branch))
            if table == "sale_delivery":
                marks.add(("retention", month, branch))
    for day, branch in conn.execute(
        text(
            "SELECT DISTINCT handover_day, coalesce(branch_id, 0) FROM repair_order WHERE last_changed_run >= :since "
            "AND handover_day IS NOT NULL"
        ),
        {"since": ctx.since_run},
    ):
        when = date.fromordinal(day)
        marks.add(("completed", when.year * 12 + when.month - 1, branch))
    if marks:
        conn.execute(
            text("INSERT INTO dirty_month (report, month, branch_id) VALUES (:r, :m, :b)"),
            [{"r": r, "m": m, "b": b} for r, m, b in sorted(marks)],
        )
