"""Days and times that an act is given: already an instant, or as people write them, in the zone of the row's branch.

Acts keep what was written (``"mañana 10"``), so that the same script with the same ``--key`` is the same act whenever
it is tried again; it is read when the act runs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from boxes_tui.data.commands import Tx
from boxes_tui.domain.dates import NotUnderstood, When, parse_when
from boxes_tui.domain.formats import short_day
from boxes_tui.domain.working_days import Calendar
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _, language

Moment = str | date | datetime
"""What was written, or the day or the aware instant that a form has already read."""


def read(tx: Tx, branch_id: int | None, value: Moment | None, missing: str, *, past: bool = False) -> When:
    """The local day and time of ``value``; :class:`UsageError` with ``missing`` when there is none, or when
    it cannot be read."""
    if value is None or value == "":
        raise UsageError(missing)
    zone = ZoneInfo(tx.session.zone_of(branch_id))
    if isinstance(value, datetime):
        local = value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
        return When(local.date(), local.time().replace(second=0, microsecond=0))
    if isinstance(value, date):
        return When(value)
    try:
        return parse_when(value, tx.now.astimezone(zone), language(), past=past)
    except NotUnderstood as error:
        raise UsageError(str(error)) from None


def instant(tx: Tx, branch_id: int | None, when: When, default: time | None = None) -> datetime:
    """The UTC instant of a local day and time; :class:`UsageError` when the time is missing and has no default."""
    if when.time is None and default is None:
        raise UsageError(_("Falta la hora. Ejemplos: mañana 10:00, lu 15:30."))
    return when.at(tx.session.zone_of(branch_id), default).astimezone(UTC)


def ahead(tx: Tx, branch_id: int | None, day: date) -> None:
    """:class:`Refused` for a day that is over."""
    if day < tx.today(branch_id):
        raise Refused(_("Ese día ya pasó ({day}); no se guardó nada.").format(day=short_day(day)))


def due(tx: Tx, branch_id: int | None, value: Moment | None) -> tuple[date, int | None]:
    """A due day from today on, and the minute of the day where a time was given."""
    when = read(tx, branch_id, value, _("Falta la fecha."))
    ahead(tx, branch_id, when.day)
    return when.day, when.time.hour * 60 + when.time.minute if when.time else None


def open_days(tx: Tx, branch_id: int | None) -> Calendar:
    """The days on which the branch is open."""
    return tx.rules.calendar(branch_id, tx.today(branch_id))


def warnings(tx: Tx, branch_id: int | None, day: date) -> list[str]:
    """What to say of a day that an agent typed and that stands all the same (PRODUCT §5)."""
    if day.weekday() == 6:
        return [_("{day} es domingo; vale igual.").format(day=short_day(day))]
    if not open_days(tx, branch_id).is_open(day):
        return [_("{day} es feriado; vale igual.").format(day=short_day(day))]
    return []
