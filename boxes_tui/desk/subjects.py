"""The row that an act is about: found by its ref, locked, with the person, the unit and the branch of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import RowMapping, Table, bindparam, select

from boxes_tui.data.commands import Tx
from boxes_tui.data.prepared import Prepared
from boxes_tui.data.tables import (
    appointment,
    campaign,
    complaint,
    customer,
    opportunity,
    repair_order,
    sale_delivery,
    vehicle,
)
from boxes_tui.domain.dispositions import PURPOSE
from boxes_tui.domain.queues import COURTESY_DAYS, NO_SHOW_DAYS, OPPORTUNITY_DAYS, WELCOME_DAYS, parse_ref
from boxes_tui.domain.vehicle_ids import tail
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import row_number

TABLES: Final[dict[str, Table]] = {
    t.name: t for t in (sale_delivery, opportunity, appointment, repair_order, complaint, customer, vehicle)
}
"""Tables that a ref can mean."""

Row = RowMapping | Mapping[str, Any]
"""A row of a table by column name."""

WORK_TABLES: Final = ("sale_delivery", "opportunity", "appointment", "repair_order", "complaint")
"""Those with queue state (``work_columns``)."""

CARD_REFS: Final = {"customers": "customer", "vehicles": "vehicle"}
"""Refs of hits and cards, which stand in no queue: ``customers:12``, ``vehicles:7``."""

OPERATIONAL_CAMPAIGNS: Final = ("technical_note", "recall")


@dataclass(frozen=True, slots=True)
class Subject:
    """A locked row. ``queue`` is the word before the colon of its ref; ``unit`` its plate or chassis tail, for titles
    that hold no personal data."""

    queue: str
    ref: str
    table: Table
    row: Row
    customer_id: int | None
    vehicle_id: int | None
    branch_id: int | None
    unit: str | None

    @property
    def name(self) -> str:
        """The table's name: ``subject`` of calls, claims and acts."""
        return self.table.name

    @property
    def id(self) -> int:
        """The row's id."""
        return int(self.row["id"])

    @property
    def has_work(self) -> bool:
        """Whether the row carries queue state."""
        return self.name in WORK_TABLES


def split_ref(ref: str) -> tuple[str, str, int]:
    """(word, table, id) of a ref of any queue or of a card; :class:`UsageError` when it is none."""
    word, _colon, number = ref.strip().partition(":")
    row_id = row_number(number)
    if word in CARD_REFS and row_id is not None:
        return word, CARD_REFS[word], row_id
    return parse_ref(ref)


def load(tx: Tx, ref: str, *, only: tuple[str, ...] = (), main: bool = True) -> Subject:
    """Lock the row of ``ref`` and make it the act's (unless ``main`` is false). ``only`` names the tables that the verb
    takes: another is a :class:`UsageError`; a row out of scope or unknown is :class:`Refused`."""
    word, name, row_id = split_ref(ref)
    if only and name not in only:
        raise UsageError(_("«{ref}» no es una fila de las que toma esa acción.").format(ref=ref))
    table = TABLES[name]
    row = tx.held(_with_unit(name), row_id)
    if name == "customer":
        who, what = int(row["id"]), None
    elif name == "vehicle":
        who, what = row["owner_id"], int(row["id"])
    else:
        who, what = row["customer_id"], row["vehicle_id"]
    made = Subject(word, f"{word}:{row_id}", table, row, who, what, row.get("branch_id"), _unit(row))
    if main:
        tx.on(name, row, made.ref)
        tx.customer_id = who
    return made


@cache
def _with_unit(name: str) -> Prepared:
    """A row by its id, locked, with the plate and the chassis of its unit where the row is not the unit itself."""
    table = TABLES[name]
    query = select(table).where(table.c.id == bindparam("row_id")).with_for_update(of=table)
    if "vehicle_id" in table.c:
        unit = vehicle.alias("unit")
        named = [unit.c[column].label(f"unit_{column}") for column in ("plate", "vin", "chassis")]
        query = query.add_columns(*named).outerjoin_from(table, unit, unit.c.id == table.c.vehicle_id)
    return Prepared(query)


def _unit(row: Row) -> str | None:
    for own in ("unit_", ""):
        if row.get(f"{own}plate"):
            return str(row[f"{own}plate"])
        if number := row.get(f"{own}vin") or row.get(f"{own}chassis"):
            return tail(str(number))
    return None


def title(what: str, subject: Subject) -> str:
    """*Descartar por precio · AC345TT*: what undo shows."""
    return f"{what} · {subject.unit}" if subject.unit else what


def home_branch(tx: Tx, branch_id: int | None) -> int:
    """The branch of new rows: the row's own, else the first of the session."""
    if branch_id is not None:
        return branch_id
    if not tx.session.branches:
        raise Refused(_("Este usuario no tiene sucursal; un administrador se la asigna."))
    return tx.session.branches[0].id


def call_type(tx: Tx, subject: Subject) -> tuple[str, str]:
    """(type, purpose) of a call about the row (PRODUCT §5): ``operational`` or ``offer``."""
    row = subject.row
    if subject.name == "sale_delivery":
        kind = "welcome"
    elif subject.name == "repair_order":
        kind = "courtesy" if subject.queue == "completed" and row["handover_at"] is not None else "in_process"
    elif subject.name == "appointment":
        kind = "no_show" if is_no_show(row, tx.today(subject.branch_id)) else "appointment"
    elif subject.name == "opportunity" and row["origin"] == "campaign":
        type_ = tx.conn.execute(select(campaign.c.type).where(campaign.c.id == row["campaign_id"])).scalar()
        return "campaign", "operational" if type_ in OPERATIONAL_CAMPAIGNS else "offer"
    elif subject.name == "complaint":
        kind = "complaint"
    else:
        kind = "opportunity"
    return kind, PURPOSE.get(kind, "offer")


def is_no_show(row: Row, today: date) -> bool:
    """An appointment of an earlier day that never arrived."""
    return row["arrived_at"] is None and row["start_day"] is not None and row["start_day"] < today


def touch(tx: Tx, name: str, row: Row) -> None:
    """Mark the months of the reports that count this row (QUALITY §1): call it before and after a day changes."""
    branch_id = row.get("branch_id")
    for report, day in report_days(name, row):
        tx.dirty(report, day, branch_id)


def report_days(name: str, row: Row) -> list[tuple[str, date | None]]:
    """(report, day under which the row is counted there), PRODUCT §9; leaks by the day after their window."""
    if name == "sale_delivery":
        day = row["delivered_day"]
        return [("deliveries", day), ("leaks", _after(day, WELCOME_DAYS + 1))]
    if name == "opportunity":
        days = [("opportunities", row["due_day"]), ("leaks", _after(row["due_day"], OPPORTUNITY_DAYS + 1))]
        if row["origin"] == "campaign":
            days.append(("campaigns", row["created_day"]))
        if row["state"] == "sold":
            days.append(("reconciliation", row["state_day"]))
        return days
    if name == "appointment":
        return [("appointments", row["start_day"]), ("leaks", _after(row["start_day"], NO_SHOW_DAYS + 1))]
    if name == "repair_order":
        day = row["handover_day"]
        return [("in_process", row["opened_day"]), ("completed", day), ("leaks", _after(day, COURTESY_DAYS + 1))]
    if name == "complaint":
        return [("leaks", _after(row["opened_day"], 1))]
    return []


def _after(day: date | None, days: int) -> date | None:
    return day + timedelta(days) if day is not None else None
