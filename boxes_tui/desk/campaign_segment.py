"""Step 1 without a list: units by model, model year, last service, km, no service since, branch (PRODUCT §8); and the
rows of step 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, cast, exists, func, or_, select

from boxes_tui.data.session import Session
from boxes_tui.data.tables import (
    branch,
    campaign,
    campaign_unit,
    customer,
    opportunity,
    repair_order,
    sale_delivery,
    vehicle,
)
from boxes_tui.desk.campaign_lookup import portions
from boxes_tui.errors import UsageError
from boxes_tui.i18n import _
from boxes_tui.text import fold


@dataclass(frozen=True, slots=True)
class Segment:
    """What the units have to be; all of it holds at once. Days and years are inclusive; ``not_since`` keeps those
    without a service from that day on (never any counts too); ``model`` and ``make`` match in part."""

    make: str | None = None
    model: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    service_from: date | None = None
    service_to: date | None = None
    km_from: int | None = None
    km_to: int | None = None
    not_since: date | None = None
    branch: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is asked."""
        return all(getattr(self, name) in (None, "") for name in self.__slots__)

    def as_json(self) -> dict[str, Any]:
        """What is asked, for the campaign's record and saved segments."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in found.items() if v not in (None, "")}


class UnitRow(NamedTuple):
    """A line of step 2: Chasis, Patente, Unidad, Cliente, Fecha vencimiento (of the open opportunity, else predicted),
    Fecha asignación (the last one), and the last campaign."""

    vehicle_id: int
    customer_id: int | None
    vin: str | None
    plate: str | None
    unit: str | None
    model_year: int | None
    customer: str | None
    due: date | None
    open: bool
    assigned: date | None
    campaign: str | None
    last_service: date | None
    km: int | None


NEVER, ID_ROOM = 4_000_000, 2**40
"""A day after all others, and how many ids stand under one."""

FIRST_DUE: Final = (vehicle.c.predicted_due.is_(None), vehicle.c.predicted_due, vehicle.c.id)
"""The order of step 2: the first to fall due first."""


def segment_ids(conn: Connection, session: Session, segment: Segment) -> list[int]:
    """The vehicles of a segment, the first to fall due first. Raises ``UsageError`` for an unknown branch."""
    v = vehicle.c
    query = select(v.id).where(*within(conn, segment)).order_by(*FIRST_DUE)
    return list(conn.execute(query).scalars())


def segment_units(conn: Connection, segment: Segment) -> Select[Any]:
    """The same as a statement of ``vehicle_id`` and ``place``, a number that ascends in their order."""
    place = func.coalesce(cast(vehicle.c.predicted_due, BigInteger), NEVER) * ID_ROOM + vehicle.c.id
    return select(vehicle.c.id.label("vehicle_id"), place.label("place")).where(*within(conn, segment))


def segment_count(conn: Connection, session: Session, segment: Segment) -> int:
    """How many vehicles :func:`segment_ids` would give, without giving them."""
    return int(conn.execute(select(func.count()).select_from(vehicle).where(*within(conn, segment))).scalar_one())


def within(conn: Connection, segment: Segment) -> list[ColumnElement[bool]]:
    """What holds for a vehicle of the segment."""
    v = vehicle.c
    where: list[ColumnElement[bool]] = [v.merged_into_id.is_(None), v.gone_at.is_(None), v.is_stub.is_(False)]
    for column, wanted in ((v.make, segment.make), (v.model, segment.model)):
        if wanted:
            where.append(func.lower(column).contains(wanted.strip().lower(), autoescape=True))
    for column, low, high in (
        (v.model_year, segment.year_from, segment.year_to),
        (v.last_service_day, segment.service_from, segment.service_to),
        (v.last_km, segment.km_from, segment.km_to),
    ):
        where += [column >= low] if low is not None else []
        where += [column <= high] if high is not None else []
    if segment.not_since is not None:
        where.append(or_(v.last_service_day.is_(None), v.last_service_day < segment.not_since))
    if segment.branch:
        where.append(_seen_in(_branch_id(conn, segment.branch)))
    return where


def _seen_in(branch_id: int) -> ColumnElement[bool]:
    r, s = repair_order.alias(), sale_delivery.alias()
    return or_(
        exists().where(r.c.vehicle_id == vehicle.c.id, r.c.branch_id == branch_id),
        exists().where(s.c.vehicle_id == vehicle.c.id, s.c.branch_id == branch_id),
    )


def _branch_id(conn: Connection, code: str) -> int:
    found = conn.execute(select(branch.c.id).where(func.lower(branch.c.code) == code.strip().lower())).scalar()
    if found is None:
        names = ", ".join(conn.execute(select(branch.c.code).order_by(branch.c.code)).scalars())
        raise UsageError(_("No hay una sucursal «{code}»; las que hay: {names}").format(code=code, names=names))
    return int(found)


def unit_rows(conn: Connection, session: Session, vehicles: Sequence[int]) -> list[UnitRow]:
    """The rows of those vehicles in their order."""
    ids = set(vehicles)
    due, assigned = _due(conn, ids), _assigned(conn, ids)
    v, made = vehicle.c, {}
    for part in portions(v.id, ids):
        query = select(
            v.id, v.owner_id, func.coalesce(v.vin, v.chassis), v.plate, v.model, v.version, v.model_year,
            customer.c.display_name, v.predicted_due, v.last_service_day, v.last_km,
        ).select_from(vehicle.outerjoin(customer, customer.c.id == v.owner_id)).where(part)  # fmt: skip
        for i, who, vin, plate, model, version, year, name, predicted, service, km in conn.execute(query):
            if i not in ids:
                continue
            text = f"{model} {version}" if model and version and version not in model else model or version
            day, last = assigned.get(i, (None, None))
            made[int(i)] = UnitRow(
                i, who, vin, plate, text, year, name, due.get(i, predicted), i in due, day, last, service, km
            )
    return [made[i] for i in vehicles if i in made]


def _due(conn: Connection, ids: set[int]) -> dict[int, date]:
    """Due day of the open opportunity, the campaign's own before others, the earliest first."""
    c = opportunity.c
    made: dict[int, date] = {}
    for part in portions(c.vehicle_id, ids):
        query = (
            select(c.vehicle_id, c.due_day)
            .where(part, c.state == "open")
            .order_by((c.origin == "campaign"), c.due_day.desc(), c.id)
        )
        made |= {int(i): day for i, day in conn.execute(query) if i in ids}
    return made


def _assigned(conn: Connection, ids: set[int]) -> dict[int, tuple[date | None, str]]:
    c = campaign_unit.c
    made: dict[int, tuple[date | None, str]] = {}
    for part in portions(c.vehicle_id, ids):
        query = (
            select(c.vehicle_id, c.assigned_day, campaign.c.name)
            .join(campaign, campaign.c.id == c.campaign_id)
            .where(part, c.assigned_day.is_not(None), c.state != "undone", campaign.c.undone_at.is_(None))
            .order_by(c.assigned_day, c.id)
        )
        made |= {int(i): (day, name) for i, day, name in conn.execute(query) if i in ids}
    return made


def models(conn: Connection, session: Session, text: str = "") -> list[tuple[str, int]]:
    """Model names that hold ``text`` with how many units each has, for the field's choices."""
    v = vehicle.c
    rows = conn.execute(
        select(v.model, func.count()).where(v.model.is_not(None), v.merged_into_id.is_(None)).group_by(v.model)
    )
    words = fold(text)
    return sorted(((m, int(n)) for m, n in rows if words in fold(m)), key=lambda f: (-f[1], f[0]))
