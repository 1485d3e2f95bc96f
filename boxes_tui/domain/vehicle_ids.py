"""Plates, VINs and short chassis (FORMATS.md). Nothing here rejects: unknown shapes warn."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PLATES: Final = re.compile(r"[A-Z]{2}\d{3}[A-Z]{2}|[A-Z]{3}\d{3}|[A-Z]\d{3}[A-Z]{3}|\d{3}[A-Z]{3}")
_NO_PLATE: Final = frozenset({
    "SP", "SPAT", "SPATENTE", "SINPAT", "SINPATENTE", "SD", "SDOMINIO", "SINDOMINIO", "SINCHAPA", "SN", "NN", "NA",
    "NC", "NOTIENE", "0KM", "OKM", "CEROKM", "ENTRAMITE", "ATRAMITAR", "TRAMITE", "NUEVO", "NUEVA", "PENDIENTE", "XXX",
    "XXXXXX", "XXX000", "XX000XX",
})  # fmt: skip
"""What people write where a car has no plate yet."""

_OTHER: Final = re.compile("[^A-Z0-9]+")

_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_SUGGEST: Final = str.maketrans({"I": "1", "O": "0", "Q": "0"})
_VALUES: Final = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "123456781234579234567890123456789"), strict=True)
)
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _compact(raw: str) -> str:
    raw = raw if raw.isascii() else unicodedata.normalize("NFD", raw)
    return _OTHER.sub("", raw.upper())


def norm_plate(raw: str) -> tuple[str | None, bool]:
    """Upper case without blanks or dashes, and whether its shape is known (no: ``W-PLATE``); *sin patente* is None."""
    plate = _compact(raw)
    if not plate.strip("0") or plate in _NO_PLATE:
        return None, True
    return plate, _PLATES.fullmatch(plate) is not None


def norm_vin(raw: str) -> tuple[str | None, bool]:
    """Upper case without blanks, and whether it is a well-formed VIN (false: ``W-VIN``); never rejected."""
    vin = _compact(raw)
    if not vin or not vin.strip("0X"):
        return None, True
    return vin, _VIN.fullmatch(vin) is not None


def norm_chassis(raw: str) -> str | None:
    """What the DMS calls chasis: the last 6 to 17 characters of the VIN, upper case; shorter ones are none."""
    chassis = _compact(raw)
    return chassis if len(chassis) >= 6 and chassis.strip("0X") else None


def suggest_vin(vin: str) -> str | None:
    """The VIN with I→1, O→0, Q→0 where that makes it well-formed; None where there is nothing to offer."""
    fixed = _compact(vin).translate(_SUGGEST)
    return fixed if fixed != vin and _VIN.fullmatch(fixed) else None


def tail(chassis: str, n: int = 8) -> str:
    """The last ``n`` characters: what grids show."""
    return chassis[-n:]


def check_digit_ok(vin: str) -> bool:
    """Whether position 9 is the North American check digit; information only."""
    if not _VIN.fullmatch(vin):
        return False
    rest = sum(_VALUES[c] * w for c, w in zip(vin, _WEIGHTS, strict=True)) % 11
    return vin[8] == ("X" if rest == 10 else str(rest))
