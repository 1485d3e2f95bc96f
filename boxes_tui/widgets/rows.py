"""Rows of a grid and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

BLOCK = 64
"""Rows that one request to a source brings."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``key`` is its identity (a queue's ``ref``); ``cells`` stand in the order of the grid's
    columns.

    ``sign`` is the state (``▲ ■ ▷ ✓ ✗`` or nothing) with its tone; ``third`` one of ``x T t @! ◆ @`` with
    its tone. ``tones`` colours single cells by column id; ``dim`` greys the whole row; ``heading`` makes it
    a group line that shows only this text. All texts are data: the grid shows them literally.
    """

    key: str
    cells: tuple[str, ...]
    sign: str = ""
    sign_tone: str = ""
    third: str = ""
    third_tone: str = ""
    tones: Mapping[str, str] = field(default_factory=dict)
    dim: bool = False
    heading: str = ""


@runtime_checkable
class RowSource(Protocol):
    """Rows by position. ``block`` runs outside the UI loop, may wait for a database, and gives fewer rows
    at the end."""

    @property
    def total(self) -> int:
        """How many rows there are."""
        ...

    def block(self, start: int, count: int) -> Sequence[Row]:
        """Rows ``start`` … ``start + count - 1``; called from another thread."""
        ...


class ListSource:
    """Rows that are all in memory: a queue, a search, a wizard step. The grid shows them without waiting."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.rows = list(rows)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def block(self, start: int, count: int) -> Sequence[Row]:
        """A slice of the list."""
        return self.rows[start : start + count]


@dataclass(frozen=True, slots=True)
class Result:
    """What stands on a row after an act: its sign, and the text of the last column. ``leaves``: the row
    goes at the next key; otherwise only this note goes."""

    text: str
    sign: str = "✓"
    tone: str = "exito"
    leaves: bool = True
