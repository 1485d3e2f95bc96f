"""Argentine telephones (FORMATS.md, PRODUCT §5): E.164, kind by evidence, the digits of ``wa.me``, match keys.

The kind is never taken from the numbering plan alone: ``15`` or ``9`` present → mobile; national form with a leading 0
and no 15 → fixed; ten bare digits, or +54 without 9 → unknown; a mapping may declare it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Kind = Literal["mobile", "fixed", "unknown"]

_AREAS3: Final = frozenset(
    [
        "220",
        "221",
        "223",
        "230",
        "236",
        "237",
        "249",
        "260",
        "261",
        "263",
        "264",
        "266",
        "280",
        "291",
        "294",
        "297",
        "298",
        "299",
        "336",
        "341",
        "342",
        "343",
        "345",
        "348",
        "351",
        "353",
        "358",
        "362",
        "364",
        "370",
        "376",
        "379",
        "380",
        "381",
        "383",
        "385",
        "387",
        "388",
    ]
)
_SPLIT = re.compile(r"\s*(?:[/;|\n]|,|\s[yoe]\s|\s-\s)\s*")
_EXTENSION = re.compile(r"(?:\b(?:int|interno|ext|x)\b\.?\s*\d+).*$", re.I)


@dataclass(frozen=True, slots=True)
class PhoneInfo:
    """What a written number means. ``last10`` is the national number, the key of matching; ``whatsapp`` the digits for
    ``wa.me`` or None; ``valid`` false gives ``W-PHONE``."""

    raw: str
    e164: str | None
    last10: str | None
    kind: Kind
    whatsapp: str | None
    valid: bool


@lru_cache(maxsize=262144)
def parse_phone(raw: str, area_code: str | None = None, declared: Kind | None = None) -> PhoneInfo:
    """Read a number as written; ``area_code`` (the branch's, without 0) completes local forms such as ``15 555-1234``."""
    text = _EXTENSION.sub("", raw)
    digits = "".join(ch for ch in text if ch.isascii() and ch.isdigit())
    plus = text.lstrip(" (").startswith("+")
    if digits.startswith("00"):
        plus, digits = True, digits[2:]
    if plus and not digits.startswith("54"):
        return _foreign(raw, digits, declared)
    national, kind = _national(digits, plus, area_code)
    if national is None or not _plausible(national):
        return PhoneInfo(raw, None, None, declared or "unknown", None, False)
    kind = declared or kind
    e164 = f"+549{national}" if kind == "mobile" else f"+54{national}"
    return PhoneInfo(raw, e164, national, kind, None if kind == "fixed" else f"549{national}", True)


def _national(digits: str, plus: bool, area_code: str | None) -> tuple[str | None, Kind]:
    """The ten national digits and the kind that the form gives away."""
    if digits.startswith("54") and (plus or len(digits) >= 12):
        rest = digits[2:].removeprefix("0")
        if len(rest) == 11 and rest[0] == "9":
            return rest[1:], "mobile"
        if len(rest) == 13 and rest[0] == "9":
            rest = rest[1:]
        if len(rest) == 12:
            return _without_15(rest), "mobile"
        return (rest, "unknown") if len(rest) == 10 else (None, "unknown")
    if digits.startswith("0"):
        rest = digits[1:]
        if len(rest) == 12:
            return _without_15(rest), "mobile"
        return (rest, "fixed") if len(rest) == 10 else (None, "unknown")
    if digits.startswith("15") and 8 <= len(digits) <= 10:
        return _completed(digits[2:], area_code), "mobile"
    if len(digits) == 10:
        return digits, "unknown"
    if len(digits) == 11 and digits[0] == "9":
        return digits[1:], "mobile"
    if len(digits) == 12:
        return _without_15(digits), "mobile"
    if 6 <= len(digits) <= 8:
        return _completed(digits, area_code), "unknown"
    return None, "unknown"


def area_length(national: str) -> int:
    """How many of the ten digits are the area code."""
    if national.startswith("11"):
        return 2
    return 3 if national[:3] in _AREAS3 else 4


def _without_15(twelve: str) -> str | None:
    size = area_length(twelve)
    if twelve[size : size + 2] == "15":
        return twelve[:size] + twelve[size + 2 :]
    return None


def _completed(subscriber: str, area_code: str | None) -> str | None:
    area = (area_code or "").lstrip("0")
    return area + subscriber if area and len(area) + len(subscriber) == 10 else None


def _plausible(national: str) -> bool:
    if (
        len(national) != 10
        or national[0] not in "123"
        or len(set(national)) <= 2
        or (national.startswith("1") and national[1] != "1")
    ):
        return False
    size = area_length(national)
    subscriber = national[size:]
    return subscriber[0] not in "01" and len(set(subscriber)) > 1


def _foreign(raw: str, digits: str, declared: Kind | None) -> PhoneInfo:
    import phonenumbers

    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return PhoneInfo(raw, None, None, declared or "unknown", None, False)
    if not phonenumbers.is_possible_number(number):
        return PhoneInfo(raw, None, None, declared or "unknown", None, False)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kind: Kind = declared or "unknown"
    return PhoneInfo(raw, e164, e164[1:][-10:], kind, None if kind == "fixed" else e164[1:], True)


def split_phones(raw: str) -> list[str]:
    """The numbers of one cell: ``351 4512345 / 351 155123456`` is two. Pieces that are too short stay together."""
    pieces = [p for p in _SPLIT.split(raw) if p]
    if len(pieces) > 1 and all(sum(ch.isdigit() for ch in p) >= 6 for p in pieces):
        return pieces
    return [raw] if raw else []


def last10(raw: str) -> str | None:
    """The match key of a written number, None where it has none."""
    return parse_phone(raw).last10


def show_phone(e164: str) -> str:
    """``351 512-3456``, ``11 5555-1234``; a foreign number with its country."""
    if not e164.startswith("+54"):
        return e164
    national = e164[-10:]
    size = area_length(national)
    return f"{national[:size]} {national[size:-4]}-{national[-4:]}"
