"""The row under way, and texts of fields with a shape of their own: VIN, chassis, plate, e-mail, telephone (DMS.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from boxes_tui.dms.columns import Cells
from boxes_tui.dms.moments import Moment
from boxes_tui.dms.records import Warning_
from boxes_tui.domain.phones import parse_phone, split_phones
from boxes_tui.domain.vehicle_ids import norm_chassis, norm_plate, norm_vin

_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}")
GOOD: Final = {
    "plate": re.compile(r"[A-Z]{2}\d{3}[A-Z]{2}|(?!AAA000|XXX)[A-Z]{3}\d{3}", re.ASCII).fullmatch,
    "chassis": re.compile(r"(?=.*[1-9A-WYZ])(?:[A-Z0-9]{6,16}|[A-HJ-NPR-Z0-9]{17})", re.ASCII).fullmatch,
    "vin": re.compile(r"(?=.*[1-9A-WYZ])[A-HJ-NPR-Z0-9]{17}", re.ASCII).fullmatch,
}
"""Names of vehicles that are good as they stand."""


class Row:
    """The cells of the row being read and what was found in them."""

    __slots__ = ("cells", "moments", "warnings")

    def __init__(self) -> None:
        self.cells: Cells = ()
        self.warnings: list[Warning_] = []
        self.moments: dict[str, Moment] = {}

    def warn(self, code: str, field: str) -> None:
        """Note a field-level warning; the row goes on."""
        self.warnings.append(Warning_(code, field))


def _vin(row: Row, field: str, text: str) -> str | None:
    vin, good = norm_vin(text)
    if not good:
        row.warn("W-VIN", field)
    return vin


def _chassis(row: Row, field: str, text: str) -> str | None:
    """What the DMS calls chasis; of 17 characters it is a VIN and is looked at as one."""
    chassis = norm_chassis(text)
    if chassis is None or (len(chassis) == 17 and not norm_vin(chassis)[1]):
        row.warn("W-VIN", field)
    return chassis


def _plate(row: Row, field: str, text: str) -> str | None:
    plate, good = norm_plate(text)
    if not good:
        row.warn("W-PLATE", field)
    return plate


def _email(row: Row, field: str, text: str) -> str | None:
    if _EMAIL.fullmatch(text):
        return text.lower()
    row.warn("W-EMAIL", field)
    return None


def contact_of(area: str | None) -> Callable[[Row, str, str], str | None]:
    def contact(row: Row, field: str, text: str) -> str | None:
        if not any(parse_phone(piece, area).valid for piece in split_phones(text)):
            row.warn("W-PHONE", field)
        return text

    return contact


SPECIAL: Final[dict[str, Callable[[Row, str, str], str | None]]] = {
    "vin": _vin, "plate": _plate, "chassis": _chassis, "email": _email,
}  # fmt: skip
