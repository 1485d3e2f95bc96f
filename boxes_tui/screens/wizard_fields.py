"""The fields of the campaign wizard: what is typed in steps 1 and 3, and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from boxes_tui.desk.campaign_segment import Segment
from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.domain.due_date import add_months
from boxes_tui.errors import UsageError
from boxes_tui.i18n import N_, _, language
from boxes_tui.screens.row_text import Moment

TYPES = (
    ("technical_note", N_("nota técnica")), ("recall", N_("recall")), ("service", N_("service")), ("offer", N_("oferta")),
)  # fmt: skip
NUMBERS = ("year_from", "year_to", "km_from", "km_to")
DAYS = ("service_from", "service_to")
SEGMENT = ("model", "branch", *NUMBERS, *DAYS, "not_since")
"""Names of the filter fields of step 1: those of :class:`Segment` without the make."""
_SPAN = re.compile(r"(\d{1,3})\s*([a-zñ]*)")


def segment_of(values: Mapping[str, str], at: Moment) -> Segment:
    """The filters as typed; :class:`UsageError` names the field that cannot be read."""
    made: dict[str, object] = {}
    for name in SEGMENT:
        text = values.get(name, "").strip()
        if not text:
            continue
        if name in NUMBERS:
            made[name] = _number(text)
        elif name == "not_since":
            made[name] = not_since(text, at)
        else:
            made[name] = _day(text, at) if name in DAYS else text
    return Segment(**made)  # type: ignore[arg-type]


def _number(text: str) -> int:
    digits = text.replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise UsageError(_("«{text}» no es un número.").format(text=text))
    return int(digits)


def _day(text: str, at: Moment) -> date:
    try:
        return parse_when(text, at.now, language()).day
    except NotUnderstood as error:
        raise UsageError(str(error)) from None


def not_since(text: str, at: Moment) -> date:
    """*12 meses*, *2 años*, *90 días* (without a word: months) or a date: the day from which nothing came."""
    found = _SPAN.fullmatch(text.lower())
    if found is None:
        return _day(text, at)
    n, word = int(found[1]), found[2]
    if word.startswith(("d",)):
        return date.fromordinal(max(1, at.today.toordinal() - n))
    return add_months(at.today, -n * (12 if word.startswith(("a", "y")) else 1))
