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


def _codes(compact: str) -> frozenset[str]:
    """``222:13`` is the codes 2221 and 2223."""
    return frozenset(head + d for head, _colon, ends in (item.partition(":") for item in compact.split()) for d in ends)


_AREAS3: Final = _codes("22:013 23:067 24:9 26:01346 28:0 29:14789 33:6 34:12358 35:138 36:24 37:069 38:013578")
"""Area codes of three digits; the one of two is 11."""

_AREAS4: Final = _codes(
    "222:1345679 224:123456 225:2457 226:1245678 227:1234 228:13456 229:1267 231:467 232:03456 233:1345678 "
    "234:23456 235:2345678 239:23456 247:34578 262:2456 265:15678 290:123 292:0123456789 293:123456 295:234 "
    "296:2346 332:79 338:2578 340:012456789 344:24567 346:023456789 347:126 349:123678 352:1245 354:12346789 "
    "356:234 357:123456 371:1568 372:15 373:145 374:13 375:145678 377:23457 378:126 382:1567 384:13456 "
    "386:1235789 389:124"
)
"""Area codes of four digits outside the ranges of those of three."""

_INSIDE3: Final = _codes(
    "220:2 230:2 264:78 294:0268 297:2 298:23 343:78 345:8 348:2379 353:237 358:23 383:278 385:78 387:378 388:78"
)
"""Area codes of four digits that begin like one of three."""

_SHARED3: Final = {
    "2646": "4", "2945": "23456", "3435": "456", "3436": "456", "3454": "46", "3455": "456", "3456": "456",
    "3584": "45", "3585": "5", "3835": "456", "3854": "4", "3855": "46", "3856": "46", "3876": "456", "3885": "456",
    "3886": "3456",
}  # fmt: skip
"""Likewise, told from the code of three by the first digit of the subscriber (the plan that ``phonenumbers`` holds)."""

_SPLIT = re.compile(r"\s*(?:[/;|\n]|,|\s[yoe]\s|\s-\s)\s*")
_EXTENSION = re.compile(r"\b(?:interno|int|ext|x)\.?\s*\d+.*$|\.0$", re.I)


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


@lru_cache(maxsize=32768)  # a sync must not grow with its file
def parse_phone(raw: str, area_code: str | None = None, declared: Kind | None = None) -> PhoneInfo:
    """Read a number as written; ``area_code`` (the branch's, without 0) completes local forms such as ``15 555-1234``.

    A ``15`` or ``9`` that is there proves a mobile; what the mapping ``declared`` beats every weaker sign.
    """
    text = _EXTENSION.sub("", raw)
    digits = "".join(ch for ch in text if ch.isascii() and ch.isdigit())
    plus = text.lstrip(" (").startswith("+")
    if digits.startswith("00"):
        plus, digits = True, digits[2:]
    if plus and not digits.startswith("54"):
        return _by_library(raw, "+" + digits, declared)
    national, kind = _national(digits, plus, area_code)
    if national is None or not _plausible(national):
        if digits.startswith(("08", "548")):
            return _by_library(raw, text, declared or "fixed")
        return PhoneInfo(raw, None, None, declared or "unknown", None, False)
    if kind != "mobile":
        kind = declared or kind
    e164 = f"+549{national}" if kind == "mobile" else f"+54{national}"
    return PhoneInfo(raw, e164, national, kind, None if kind == "fixed" else f"549{national}", True)


def _national(digits: str, plus: bool, area_code: str | None) -> tuple[str | None, Kind]:
    """The ten national digits and the kind that the form gives away."""
    if digits.startswith("54") and (plus or len(digits) >= 12):
        rest = digits[2:].removeprefix("0")
        if len(rest) > 10 and rest[0] == "9":
            return _mobile(rest[1:].removeprefix("0")), "mobile"
        if len(rest) == 12:
            return _without_15(rest), "mobile"
        return (rest, "unknown") if len(rest) == 10 else (None, "unknown")
    if digits.startswith("0"):
        rest = digits[1:]
        if len(rest) == 10:
            return rest, "fixed"
        return _mobile(rest.removeprefix("9") if len(rest) == 11 else rest), "mobile"
    if digits.startswith("15") and 8 <= len(digits) <= 10:
        return _completed(digits[2:], area_code), "mobile"
    if len(digits) == 10:
        return digits, "unknown"
    if len(digits) >= 11:
        return _mobile(digits.removeprefix("9") if len(digits) == 11 else digits), "mobile"
    if 6 <= len(digits) <= 8:
        return _completed(digits, area_code), "unknown"
    return None, "unknown"


def _mobile(rest: str) -> str | None:
    """The national digits of a mobile whose ``9`` is gone; a ``15`` may still be inside."""
    return rest if len(rest) == 10 else _without_15(rest) if len(rest) == 12 else None


def area_length(national: str) -> int:
    """How many of the ten digits are the area code."""
    if national.startswith("11"):
        return 2
    if national[:4] in _INSIDE3 or national[4:5] in tuple(_SHARED3.get(national[:4], "")):
        return 4
    return 3 if national[:3] in _AREAS3 else 4


def _without_15(twelve: str) -> str | None:
    """The ten digits of twelve with a ``15`` after the area code, wherever the code ends."""
    for size in (2, 3, 4):
        national = twelve[:size] + twelve[size + 2 :]
        if twelve[size : size + 2] == "15" and _is_area(twelve[:size]) and _plausible(national):
            return national
    return None


def _is_area(code: str) -> bool:
    return code == "11" or code in _AREAS3 or code in _AREAS4 or code in _INSIDE3 or code in _SHARED3


def _completed(subscriber: str, area_code: str | None) -> str | None:
    area = (area_code or "").lstrip("0")
    return area + subscriber if area and len(area) + len(subscriber) == 10 else None


def _plausible(national: str) -> bool:
    """Ten digits, an area code that exists, a subscriber that is no filler such as 0000000 or 5555555."""
    if len(national) != 10:
        return False
    size = area_length(national)
    subscriber = national[size:]
    return _is_area(national[:size]) and subscriber[0] not in "01" and len(set(subscriber)) > 1


def _by_library(raw: str, text: str, declared: Kind | None) -> PhoneInfo:
    """What is no Argentine geographic number: other countries, 0800 and the like."""
    import phonenumbers

    nothing = PhoneInfo(raw, None, None, declared or "unknown", None, False)
    try:
        number = phonenumbers.parse(text, "AR")
    except phonenumbers.NumberParseException:
        return nothing
    home = number.country_code == 54
    if not (phonenumbers.is_valid_number(number) if home else phonenumbers.is_possible_number(number)):
        return nothing
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kind: Kind = declared or "unknown"
    return PhoneInfo(raw, e164, e164[1:][-10:], kind, None if kind == "fixed" else e164[1:], True)


def split_phones(raw: str) -> list[str]:
    """The numbers of one cell: ``351 4512345 / 351 155123456`` is two, ``351 - 4512345`` one, ``351 4512345/46`` the
    first of them."""
    pieces = [p for p in _SPLIT.split(raw) if p]
    if len(pieces) < 2 or parse_phone(raw).valid:
        return [raw] if raw else []
    long = [p for p in pieces if sum(ch.isdigit() for ch in p) >= 6]
    return long or [raw]


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
