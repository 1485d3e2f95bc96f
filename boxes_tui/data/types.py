"""Column types that make SQLite and PostgreSQL hold the same thing (ADR 0002).

Instants are whole epoch seconds in UTC, days are proleptic ordinals, money is whole cents: one arithmetic for both
databases, one form for Core and for the raw drivers' executemany and COPY.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from boxes_tui.text import BAD

_MAKE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC; ``moment`` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return int(moment.timestamp())


def from_epoch(seconds: int) -> datetime:
    """The aware UTC instant of :func:`epoch`."""
    return datetime.fromtimestamp(seconds, UTC)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as whole epoch seconds UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | int | None, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        return epoch(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_epoch(value)


class Day(TypeDecorator[date]):
    """A local calendar day, stored as its ordinal."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | int | None, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        return value.toordinal()

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromordinal(value)


class Money(TypeDecorator[Decimal]):
    """An amount, stored as whole cents."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        return int((value * 100).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class CleanText(TypeDecorator[str]):
    """Text that has passed :func:`boxes_tui.text.clean`; anything with control characters is a programming error."""

    impl = Text
    cache_ok = True
    newlines = False

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and BAD.search(value.replace("\n", "") if self.newlines else value):
            raise ValueError("text that has not passed the cleaning boundary")
        return value


class CleanNote(CleanText):
    """Clean text of several lines: notes, templates, raw lines of rejects."""

    cache_ok = True
    newlines = True


class Json(TypeDecorator[Any]):
    """A small JSON document with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _MAKE(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
