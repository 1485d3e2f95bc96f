"""What a letter may say of a person, a unit and a branch: the fields of ``outreach.templates.FIELDS``, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, select

from boxes_tui.data.session import Branch, Session
from boxes_tui.data.tables import customer, vehicle
from boxes_tui.domain.formats import clock, long_day

Row = RowMapping | Mapping[str, Any]


def letter_values(
    session: Session, house: Branch | None, person: Row, row: Row, language: str
) -> dict[str, str | None]:
    """The fields of :data:`boxes_tui.outreach.templates.FIELDS` for a row with ``starts_at``; nothing else gets in."""
    start = start_of(session, row)
    unit = person.get("unit") or row.get("vehicle_text")
    plate = person.get("plate") or row.get("plate")
    return {
        "nombre": called(person),
        "fecha": day_words(session, row.get("branch_id"), row["starts_at"], language),
        "fecha_corta": f"{start:%d/%m/%Y}" if start else None,
        "hora": clock(start) if isinstance(start, datetime) else None,
        "fecha_anterior": None,
        "unidad": unit or plate,
        "patente": plate if unit else None,
        "taller": house.name if house else "BOXES",
        "taller_direccion": house.address if house else None,
        "taller_ciudad": house.city if house else None,
        "taller_telefono": house.phone if house else None,
        "taller_horario": house.workshop_hours if house else None,
        "agente": session.name.split(" ")[0],
    }


def called(person: Row) -> str | None:
    """How a letter addresses somebody: given name, company, or the whole name; capitals are lowered."""
    shown = person.get("display_name") or ""
    name = person.get("given_name") or person.get("company_name") or shown.partition(",")[2].strip() or shown
    return (name.title() if name.isupper() else name) or None


def start_of(session: Session, row: Row) -> datetime | date | None:
    """When it begins, in the branch's zone; a day where the DMS tells only the day."""
    if row["starts_at"] is None:
        return None
    local: datetime = row["starts_at"].astimezone(ZoneInfo(session.zone_of(row.get("branch_id"))))
    return local.date() if row.get("starts_at_precision") == "day" else local


def day_words(session: Session, branch_id: int | None, moment: datetime | None, language: str) -> str | None:
    """*viernes 27/11/2026* in the branch's zone and the letter's language."""
    if moment is None:
        return None
    return long_day(moment.astimezone(ZoneInfo(session.zone_of(branch_id))).date(), language)


def person_of(conn: Connection, customer_id: int | None, vehicle_id: int | None) -> dict[str, Any]:
    """Name, language, e-mail and unit for a letter: the few columns that :func:`letter_values` reads."""
    c, v = customer.c, vehicle.c
    made: dict[str, Any] = {}
    if customer_id is not None:
        found = conn.execute(
            select(c.display_name, c.given_name, c.company_name, c.language, c.email, c.erased_at).where(
                c.id == customer_id
            )
        ).mappings().first()  # fmt: skip
        made.update(found or {})
    if vehicle_id is not None:
        unit = conn.execute(select(v.model, v.version, v.plate).where(v.id == vehicle_id)).first()
        if unit is not None:
            model, version, plate = unit
            whole = f"{model} {version}" if model and version and version not in model else model or version
            made.update(unit=whole, plate=plate)
    return made
