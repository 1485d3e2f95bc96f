"""Cells of a source as text, number or yes and no (DMS.md §1, §3). A cell is text (CSV) or typed (XLSX, SQL, JSON)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from boxes_tui.dms.moments import Unreadable
from boxes_tui.dms.records import UNTOUCHED

_TRUE: Final = frozenset({"1", "s", "si", "sí", "y", "yes", "true", "t", "x", "v", "verdadero", "activo", "a"})
_FALSE: Final = frozenset({"0", "n", "no", "false", "f", "falso", "inactivo", "i", "b", "baja"})
_HUGE: Final = Decimal(10) ** 15
_MOJIBAKE: Final = re.compile("Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ¡-¿]|â€|Â[ ¡-¿]|\ufffd")


class _Error:
    """A spreadsheet's error cell (#N/A, #REF!)."""


ERROR: Final = _Error()


def as_text(cell: Any) -> str:
    """A cell as text: a whole number without ``.0``, a date in ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, Decimal):
        if not cell.is_finite() or not -60 < cell.adjusted() < 60:  # written out it could fill the memory
            return str(cell)
        return str(int(cell)) if cell == cell.to_integral_value() else format(cell.normalize(), "f")
    if isinstance(cell, bytes):
        try:
            return cell.decode("utf-8")
        except UnicodeDecodeError:
            return cell.decode("cp1252", errors="replace")
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def looks_broken(text: str) -> bool:
    """Text that was decoded wrongly once before it came to us (``W-MOJIBAKE``)."""
    return _MOJIBAKE.search(text) is not None


def number(cell: Any, decimal: str) -> Decimal:
    """A number as written with the declared decimal sign; raises :class:`Unreadable`."""
    if isinstance(cell, (bool, date, time, timedelta)):
        raise Unreadable
    if isinstance(cell, (int, float, Decimal)):
        found = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        if not found.is_finite() or abs(found) >= _HUGE:
            raise Unreadable
        return found
    text = str(cell).strip().replace("\u00a0", "").replace(" ", "").lstrip("$")
    text = text.removesuffix("km").removesuffix("KM").removesuffix("%").removeprefix("AR$").lstrip("$")
    other = "." if decimal == "," else ","
    if other in text:
        head, _sign, tail = text.partition(decimal) if decimal in text else (text, "", "")
        groups = head.lstrip("+-").split(other)
        if other in tail or not all(len(g) == 3 for g in groups[1:]) or not 1 <= len(groups[0]) <= 3:
            raise Unreadable
        text = text.replace(other, "")
    text = text.replace(decimal, ".")
    if text.endswith("-"):
        text = "-" + text[:-1]
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", text) or len(text) > 40:
        raise Unreadable
    return Decimal(text)


def boolean(text: str) -> bool | Any:
    """Yes or no; :data:`UNTOUCHED` for anything else."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else UNTOUCHED


def shown(cells: Sequence[Any]) -> str:
    """A row without a text of its own, as it is kept with its reject."""
    return "\t".join("#ERROR" if c is ERROR else "" if c is UNTOUCHED else as_text(c) for c in cells).rstrip("\t")
