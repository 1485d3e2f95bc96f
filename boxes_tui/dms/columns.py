"""From the columns of a row to the cell of a field: null tokens, coalescing, joining, dates with their hours (DMS.md §3).

A cell is None for null, ``ERROR`` for a spreadsheet's error, :data:`UNTOUCHED` for a missing JSON property.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import time
from difflib import get_close_matches
from typing import Any, Final

from boxes_tui.dms.cells import ERROR, as_text
from boxes_tui.dms.moments import Moments
from boxes_tui.dms.records import UNTOUCHED
from boxes_tui.dms.spec import EntitySpec, Value
from boxes_tui.i18n import _

Cells = Sequence[Any]
Take = Callable[[Cells], Any]
Pieces = Callable[[Cells], "list[tuple[Any, str | None]] | None"]


class Rejected(Exception):
    """The row (or the header) cannot be read; carries code, field and sentence."""

    def __init__(self, code: str, field: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.field, self.reason = code, field, reason


def make_header(names: Sequence[str], entity: EntitySpec) -> dict[str, int]:
    """Column name → place; raises :class:`Rejected` for a mapped name that is missing or stands twice."""
    header: dict[str, int] = {}
    twice: set[str] = set()
    for place, name in enumerate(names):
        if name in header:
            twice.add(name)
        header.setdefault(name, place)
    for name in entity.columns():
        if name not in header:
            near = get_close_matches(name.casefold(), [n.casefold() for n in header], 1)
            like = next((n for n in header if near and n.casefold() == near[0]), None)
            said = _("falta la columna «{name}»").format(name=name)
            raise Rejected("E-COLS", name, said + (_("; ¿es «{near}»?").format(near=like[:80]) if like else ""))
        if name in twice:
            raise Rejected("E-COLS", name, _("la columna «{name}» está dos veces").format(name=name))
    return header


class Columns:
    """The columns of one header (name → place) and what counts as null in them."""

    def __init__(self, entity: EntitySpec, header: Mapping[str, int]) -> None:
        self.header = header
        self.null: Final = frozenset(entity.null) | frozenset(n.strip() for n in entity.null) | {""}

    def is_null(self, cell: Any) -> bool:
        """A null token, compared as written and trimmed, or nothing at all."""
        if isinstance(cell, str):
            return cell in self.null or cell.strip() in self.null
        if cell is None:
            return True
        return cell is not UNTOUCHED and cell is not ERROR and len(self.null) > 1 and as_text(cell) in self.null

    def take(self, value: Value) -> Take:
        """The cell of a value before conversion: None for null."""
        is_null = self.is_null
        if value.const is not None:
            return lambda cells: value.const
        if value.coalesce:
            return self._first([self.header[c] for c in value.coalesce])
        places = [self.header[c] for c in value.columns]
        if len(places) == 1:
            place = places[0]
            return lambda cells: None if is_null(cells[place]) else cells[place]
        return self._joined(places, value.join)

    def _first(self, places: list[int]) -> Take:
        def first(cells: Cells) -> Any:
            found = None
            for place in places:
                cell = cells[place]
                if cell is UNTOUCHED:
                    found = UNTOUCHED if place == places[0] else found
                elif not self.is_null(cell):
                    return cell
                elif found is UNTOUCHED:
                    found = None
            return found

        return first

    def _joined(self, places: list[int], join: str) -> Take:
        def joined(cells: Cells) -> Any:
            found = [cells[p] for p in places]
            if ERROR in found or found[0] is UNTOUCHED:
                return ERROR if ERROR in found else UNTOUCHED
            if self.is_null(found[0]):
                return None
            return join.join(as_text(c).strip() for c in found if c is not UNTOUCHED and not self.is_null(c))

        return joined

    def pieces(self, value: Value) -> Pieces:
        """The cells of a list that say something, with the declared kind; None where every property is missing."""
        if value.parts:
            places = [(self.header[c], kind) for c, kind in value.parts]

            def several(cells: Cells) -> list[tuple[Any, str | None]] | None:
                if all(cells[p] is UNTOUCHED for p, _kind in places):
                    return None
                said = [(cells[p], kind) for p, kind in places if cells[p] is not UNTOUCHED and cells[p] is not ERROR]
                return [(cell, kind) for cell, kind in said if not self.is_null(cell)]

            return several
        take = self.take(value)

        def one(cells: Cells) -> list[tuple[Any, str | None]] | None:
            cell = take(cells)
            if cell is UNTOUCHED or cell is ERROR:
                return None
            return [] if cell is None else [(cell, value.kind)]

        return one

    def moment(self, moments: Moments, value: Value) -> Callable[[Cells], Any]:
        """What a date field finds: a moment, None, :data:`UNTOUCHED` or ``ERROR``; raises :class:`Unreadable`."""
        places = [self.header[c] for c in value.columns]
        if len(places) < 2:
            take = self.take(value)

            def one(cells: Cells) -> Any:
                cell = take(cells)
                if cell is None or cell is UNTOUCHED or cell is ERROR or _is_midnight(cell):
                    return None if _is_midnight(cell) else cell
                return moments.read(cell)

            return one

        def several(cells: Cells) -> Any:
            first = cells[places[0]]
            if first is UNTOUCHED or first is ERROR or self.is_null(first) or _is_midnight(first):
                return first if first is UNTOUCHED or first is ERROR else None
            rest = [cells[p] for p in places[1:]]
            if ERROR in rest:
                return ERROR
            kept = [c for c in rest if c is not UNTOUCHED and not self.is_null(c)]
            if len(kept) == 1 and not (isinstance(first, str) and isinstance(kept[0], str)):
                return moments.join(first, kept[0])
            if not kept and not isinstance(first, str):
                return moments.read(first, day_only=True)
            text = value.join.join(as_text(c).strip() for c in (first, *kept))
            return moments.read(text, day_only=len(kept) < len(rest))

        return several


def _is_midnight(cell: Any) -> bool:
    """A bare time of 0:00: what a spreadsheet shows for 0 in a date column (DMS.md §3)."""
    return isinstance(cell, time) and cell == time(0)
