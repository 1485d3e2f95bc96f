"""What a source row becomes: records, rejects and warnings (DMS.md §2 and §5). Pure data, no I/O.

A page of a read carries tuples aligned with ``Layout.fields``; a field that the mapping does not name is not in
the layout at all (left untouched), ``None`` sets NULL, and :data:`UNTOUCHED` leaves this row's value alone
(a missing JSON property, an error cell of a spreadsheet).

Units: instants are whole epoch seconds UTC (``int``), days are ``date.toordinal()`` (``int``), money is whole cents
(``int``), quantities and hours are thousandths (``int``), kilometres are whole ``int``.
A date-only fact in an instant field is the local midnight of that day, with ``<field>_precision`` = "day".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal


class _Untouched(Enum):
    UNTOUCHED = "untouched"

    def __repr__(self) -> str:
        return "UNTOUCHED"


UNTOUCHED: Final = _Untouched.UNTOUCHED

ENTITIES: Final = (
    "customer",
    "vehicle",
    "delivery",
    "appointment",
    "repair_order",
    "repair_order_line",
    "incident",
)
"""Entity names of the TOML, in the order in which a run reads them."""

Kind = Literal["text", "instant", "day", "int", "money", "milli", "bool", "enum", "phones", "services"]

FIELDS: Final[dict[str, dict[str, Kind]]] = {
    "customer": {
        "kind": "enum", "display_name": "text", "given_name": "text", "family_name": "text",
        "company_name": "text", "doc_type": "text", "doc_number": "text", "email": "text", "phones": "phones",
        "address": "text", "city": "text", "province": "text", "postal_code": "text", "birth_date": "day",
        "language": "text", "contact_consent": "bool", "merged_into_key": "text", "active": "bool",
        "source_updated_at": "instant",
    },
    "vehicle": {
        "vin": "text", "chassis": "text", "plate": "text", "make": "text", "model": "text", "version": "text",
        "model_year": "int", "color": "text", "engine_no": "text", "sold_on": "day", "warranty_end": "day",
        "odometer_km": "int", "owner_key": "text", "driver_key": "text", "source_updated_at": "instant",
    },
    "delivery": {
        "vehicle_key": "text", "vin": "text", "chassis": "text", "plate": "text", "customer_key": "text",
        "buyer_name": "text", "sold_on": "day", "delivered_at": "instant", "condition": "enum",
        "salesperson": "text", "branch": "text", "status": "enum", "source_updated_at": "instant",
    },
    "appointment": {
        "customer_key": "text", "contact_name": "text", "contact_phone": "text", "vehicle_key": "text",
        "vin": "text", "chassis": "text", "plate": "text", "vehicle_text": "text", "starts_at": "instant",
        "duration_min": "int", "booked_at": "instant", "advisor": "text", "branch": "text", "status": "enum",
        "services": "services", "notes": "text", "arrived_at": "instant", "repair_order_key": "text",
        "rescheduled_from_key": "text", "source_updated_at": "instant",
    },
    "repair_order": {
        "number": "text", "appointment_key": "text", "customer_key": "text", "vehicle_key": "text", "vin": "text",
        "chassis": "text", "plate": "text", "opened_at": "instant", "promised_at": "instant",
        "completed_at": "instant", "invoiced_at": "instant", "closed_at": "instant", "picked_up_at": "instant",
        "delivered_at": "instant", "status": "enum", "odometer_in": "int", "odometer_out": "int",
        "order_type": "text", "pay_type": "enum", "advisor": "text", "branch": "text", "result": "text",
        "total": "money", "currency": "text", "notes": "text", "source_updated_at": "instant",
    },
    "repair_order_line": {
        "repair_order_key": "text", "line_no": "int", "kind": "enum", "code": "text", "description": "text",
        "quantity": "milli", "hours": "milli", "amount": "money", "pay_type": "enum", "technician": "text",
        "status": "text",
    },
    "incident": {
        "repair_order_key": "text", "seq": "int", "kind": "enum", "text": "text", "code": "text",
        "occurred_at": "instant", "severity": "text",
    },
}  # fmt: skip
"""Every DMS-owned field of every record and how its text is read (DMS.md §2)."""

REQUIRED: Final[dict[str, str]] = {
    "delivery": "delivered_at",
    "appointment": "starts_at",
    "repair_order": "opened_at",
}

ENUMS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("customer", "kind"): ("person", "company", "unknown"),
    ("delivery", "condition"): ("new", "used", "plan", "other"),
    ("delivery", "status"): ("delivered", "annulled", "unknown"),
    ("appointment", "status"): (
        "scheduled", "confirmed", "checked_in", "converted", "fulfilled", "cancelled", "no_show", "unknown",
    ),
    ("repair_order", "status"): (
        "estimate", "open", "in_progress", "on_hold", "finished", "invoiced", "delivered", "closed", "voided",
        "unknown",
    ),
    ("repair_order", "pay_type"): ("customer", "warranty", "internal", "insurance", "other"),
    ("repair_order_line", "kind"): ("labour", "part", "sublet", "other"),
    ("repair_order_line", "pay_type"): ("customer", "warranty", "internal", "insurance", "other"),
    ("incident", "kind"): ("complaint", "cause", "correction", "recommendation", "declined", "comeback"),
}  # fmt: skip
"""Allowed values; a value outside the mapping becomes ``unknown`` (``other`` where there is no unknown) + W-ENUM.

For appointment and repair_order the text as written is kept beside it in ``status_raw``.
"""


@dataclass(frozen=True, slots=True)
class Phone:
    """One telephone of a customer as the source gave it; normalised by ``domain.phones``."""

    raw: str
    e164: str | None
    last10: str | None
    kind: Literal["mobile", "fixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Warning_:
    """A field-level warning; the row is accepted (DMS.md §5, ``W-…``)."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A row (or, with ``line`` 0, a file) that was not accepted, with everything needed to mend it."""

    code: str
    field: str
    reason: str
    file: str
    line: int
    raw: str
    key: str | None = None
    """The row's source key where it could be read (rejects close when a good version arrives)."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What dotted fields of a row say about the customer or the vehicle that the row names."""

    entity: Literal["customer", "vehicle"]
    fields: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(slots=True)
class Record:
    """One accepted row. ``values`` is aligned with ``Layout.fields``; ``key`` is the source key, parts joined by ``/``."""

    key: str
    line: int
    values: tuple[Any, ...]
    feeds: tuple[Feed, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    status_raw: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of one read of one entity: constant for the whole read.

    ``fields`` are DMS field names plus derived ones that the normaliser adds: ``<instant>_precision`` ("day" |
    "time") beside each mapped instant field, ``status_raw`` beside a mapped status.
    """

    source: str
    entity: str
    mode: Literal["snapshot", "window", "delta"]
    fields: tuple[str, ...]
    window_days: tuple[int, int] | None = None
    scope_fields: tuple[str, ...] = ()


@dataclass(slots=True)
class FileRead:
    """One complete read: a file, a SELECT, or the pages of an endpoint.

    ``rows`` is consumed once and yields :class:`Record` or :class:`Reject` in source order. A file-level failure raises
    :class:`FileRefused` before or while it is consumed; then nothing of the file counts.
    """

    layout: Layout
    name: str
    """The file's name (or the entity, for SQL) as shown in rejects."""
    digest: str
    """sha256 of the bytes (files), or "" where the read has none."""
    rows: Any
    complete: bool = True
    counted: dict[str, int] = field(default_factory=dict)
    """Filled while the rows are consumed: ``read`` = rows seen (records + rejects), warnings by code."""
    scope_values: set[tuple[str, ...]] = field(default_factory=set)
    """With ``scope``: the values contained in this read, filled while consumed."""
    lines: Any = None
    """The raw lines of a text file (:class:`boxes_tui.dms.ladder.Lines`)."""
    bods: set[str] = field(default_factory=set)
    """BODIDs of STAR documents, filled while consumed."""
    path: str | None = None
    """Where the file lies now (drop folder only); the runner moves it after commit."""


class FileRefused(Exception):
    """A file (or SELECT) that cannot be read as declared: encoding, missing column, not a spreadsheet.

    ``reason`` is one sentence with byte, offset and line where that is known.
    """

    def __init__(self, code: str, reason: str, line: int = 0, field: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.line, self.field = code, reason, line, field
