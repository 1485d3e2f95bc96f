"""The end of a run: references of old rows again, stubs and merged customers, then every derived fact (DMS.md §3)."""

from __future__ import annotations

import json

from sqlalchemy import Connection, text

from boxes_tui.data.suppression import sweep
from boxes_tui.data.types import from_epoch
from boxes_tui.dms import (
    arrivals,
    bookings,
    handover,
    months,
    people,
    resolve,
    search_index,
    sold,
    unite,
    vehicle_facts,
)
from boxes_tui.dms.context import Context
from boxes_tui.dms.ground import any_touched, touched
from boxes_tui.dms.mapping import SourceSpec

PASSES = 4
"""Stubs may unite, and so let other references resolve: as often as this at most."""


def derive(conn: Connection, ctx: Context, source: SourceSpec) -> None:
    """Bring everything that follows from the touched rows up to date, in one transaction."""
    if unite.merge_customers(conn, ctx) or ctx.since_run < ctx.run_id:
        resolve.customer_refs(conn)
    if any_touched(conn, "vehicle"):
        _vehicles(conn, ctx)
    resolve.order_refs(conn, ctx)
    if any_touched(conn, "customer"):
        people.persons(conn)
    vehicle_facts.owners(conn, ctx)
    vehicle_facts.services(conn, ctx)
    handover.handovers(conn, ctx, source.delivered_from, source.invoiced_hours)
    bookings.relink(conn, ctx)
    arrivals.arrivals(conn, ctx)
    agenda = source.entities.get("appointment")
    sold.sold(conn, ctx, sold.bookings_reads(conn, ctx, agenda.window_days if agenda else None))
    campaigns_done(conn, ctx)
    sweep(conn, ctx.since_run, from_epoch(ctx.now))
    search_index.index(conn)
    for table in ("sale_delivery", "appointment", "repair_order"):
        months.mark(conn, table, touched(table))


def _vehicles(conn: Connection, ctx: Context) -> None:
    for _ in range(PASSES):
        resolve.gather_kin(conn)
        made = resolve.vehicle_refs(conn, ctx, old_rows=True)
        if made:
            resolve.gather_kin(conn)
        if not unite.merge_stubs(conn, ctx) and not made:
            return


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
