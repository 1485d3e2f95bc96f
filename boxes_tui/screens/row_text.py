"""A queue row as its list shows it (SCREENS §3–5): signs, cells and the two detail lines. Pure text, no widgets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from boxes_tui.domain.formats import ago, show_day
from boxes_tui.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from boxes_tui.data.reads.details import QueueRow
    from boxes_tui.data.session import Session

NEAR_DAYS = 3
"""Days left in the window from which a row of queues 1 and 5 is marked ``▲``."""

SHORT = {
    "no_answer": N_("No at."), "busy": N_("Ocup."), "voicemail": N_("Cont."), "callback": N_("Vuelve"),
    "appointment_sold": N_("Vend."), "later": N_("Más ad."), "not_interested": N_("No int."),
    "wrong_number": N_("Nº eq."), "do_not_call": N_("No llam."), "attended": N_("Atend."),
}  # fmt: skip
WORK_CELLS = 7
KINDS = {"mobile": N_("cel"), "fixed": N_("fijo"), "unknown": ""}
STAGES = {
    "deliveries": N_("Entrega"), "opportunities": N_("Oportunidad"), "appointments": N_("Inasistencia"),
    "completed": N_("Realizado"), "complaints": N_("Reclamo"), "in_process": N_("En proceso"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowText:
    """What the grid paints for a row. ``tone`` and ``sign_tone`` name colours of SCREENS §2."""

    state_sign: str
    state_tone: str
    sign: str
    sign_tone: str
    cells: dict[str, str]
    tones: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant for which texts are made: business time in the reader's first branch, and the reader."""

    session: Session
    now: datetime
    today: date
    dms_time: str | None = None

    def local(self, at: datetime) -> datetime:
        """An instant as wall time of the reader's branch."""
        return at.astimezone(self.now.tzinfo)


def moment(session: Session, dms_time: str | None = None) -> Moment:
    """The present :class:`Moment`; ``dms_time`` is the hour of the last DMS read (HH:MM)."""
    zone = session.branches[0].zone if session.branches else "America/Argentina/Buenos_Aires"
    now = session.now.astimezone(ZoneInfo(zone))
    return Moment(session, now, now.date(), dms_time)


def row_text(queue: str, flt: str, row: QueueRow, at: Moment) -> RowText:
    """Signs and cells of a row in its list."""
    sign, tone = _state_sign(queue, row, at)
    third, third_tone = third_sign(row, at)
    cells = {"customer": name(row), "plate": row.plate or _("s/pat."), "unit": row.unit or "—"}
    cells |= _CELLS.get(queue, _leak_cells)(row, at, flt)
    held = held_by(row, at)
    tones: dict[str, str] = {}
    if held:
        last = list(cells_order(queue))[-1]
        cells[last] = held
        tones[last] = "tomado"
    return RowText(sign, tone, third, third_tone, cells, tones)


def cells_order(queue: str) -> list[str]:
    """Column ids of a queue in order."""
    from boxes_tui.domain.queues import QUEUES

    return [c.id for c in QUEUES[queue].columns]


def name(row: QueueRow) -> str:
    """The customer's name as lists show it: in capitals, a dash where nobody is known."""
    return (row.customer or "—").upper()


def held_by(row: QueueRow, at: Moment) -> str | None:
    """*Luis, 3 min* when somebody else holds the customer."""
    if row.claim is None or row.claim.user_id == at.session.user_id:
        return None
    return _("{name}, {n} min").format(name=first_name(row.claim.name), n=claim_minutes(row))


def claim_minutes(row: QueueRow) -> int:
    """Whole minutes since the claim was taken (machine's clock)."""
    from boxes_tui.clock import wall

    return max(0, int((wall() - row.claim.taken_at).total_seconds() // 60)) if row.claim else 0


def first_name(full: str) -> str:
    """*Ana* of *Ana Quiroga*."""
    return full.split(" ")[0]


def told_apart(people: Iterable[tuple[str, str]]) -> dict[str, str]:
    """(login, name) as login → first name; in full where several share it."""
    named = dict(people)
    shared = Counter(map(first_name, named.values()))
    return {login: first_name(full) if shared[first_name(full)] == 1 else full for login, full in named.items()}


def _state_sign(queue: str, row: QueueRow, at: Moment) -> tuple[str, str]:
    if row.state in ("done", "sold", "arrived", "delivered", "closed") or (row.state == "confirmed" and not row.late):
        return "✓", "exito"
    stage = row.stage if queue == "leaks" else queue
    if queue == "leaks" or (
        stage in ("opportunities", "appointments", "in_process", "campaign_opportunities") and row.late
    ):
        return "▲", "vencida"
    if stage in ("deliveries", "completed"):
        near = row.leaves_on is not None and (row.leaves_on - at.today).days <= NEAR_DAYS
        return ("▲", "vencida") if near else ("■", "hoy")
    if stage == "in_process":
        promised = at.local(row.promised).date() if row.promised else None
        return ("■", "hoy") if promised == at.today else ("▷", "proxima")
    return ("■", "hoy") if row.day == at.today else ("▷", "proxima")


def third_sign(row: QueueRow, at: Moment) -> tuple[str, str]:
    """The third cell of a list: the first of ``x T t @! ◆ @`` that applies, and its tone."""
    if row.blocked:
        return "x", "peligro"
    if row.claim is not None:
        return ("t", "tomado") if row.claim.user_id == at.session.user_id else ("T", "tomado")
    if row.mail == "failed":
        return "@!", "peligro"
    if row.open_opportunity is not None:
        return "◆", "acento"
    return ("@", "acento") if row.mail == "sent" else ("", "")


def clock_text(at: datetime | None) -> str:
    """HH:MM."""
    return f"{at:%H:%M}" if at else "—"


def day_text(day: date | None, at: Moment) -> str:
    """`24/11`, with the year when it is not this one."""
    return show_day(day, at.today) if day else "—"


def last_text(row: QueueRow, at: Moment) -> str:
    """*No at. 23/11*; today's with the hour."""
    return outcome_text(row.last_code, row.last_at, at)


def outcome_text(code: str | None, made_at: datetime | None, at: Moment) -> str:
    """*No at. 23/11* of an outcome and its instant; today's with the hour."""
    if code is None or made_at is None:
        return "—"
    when = at.local(made_at)
    short = _(SHORT.get(code, code))
    return f"{short} {when:%H:%M}" if when.date() == at.today else f"{short} {show_day(when.date(), at.today)}"


def _delivery_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    days = str((at.today - row.day).days) if row.day else "—"
    return {
        "delivered": day_text(row.day, at), "days": days, "attempts": str(row.attempts),
        "salesperson": (row.salesperson or "—").upper(),
    }  # fmt: skip


def _opportunity_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    time = "—" if row.due_minute is None else "{:02d}:{:02d}".format(*divmod(row.due_minute, 60))
    return {
        "due": day_text(row.day, at), "time": time, "about": row.about or "—", "last": last_text(row, at),
        "campaign": row.campaign or "—",
    }  # fmt: skip


def _appointment_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    when = row.when if isinstance(row.when, datetime) else None
    return {
        "day": day_text(row.day, at), "time": clock_text(when), "advisor": (row.advisor or "—").upper(),
        "delay": delay_text(row, at),
    }  # fmt: skip


def delay_text(row: QueueRow, at: Moment) -> str:
    """The last column of queue 3: how late, or how it stands."""
    if row.state == "confirmed" and not row.late:
        return _("confirm.")
    if row.reply in ("no", "change") and row.state == "to_confirm":
        return _("no viene") if row.reply == "no" else _("cambio")
    if not row.late or row.state == "arrived" or not isinstance(row.when, datetime):
        return last_text(row, at) if row.last_code and row.stage == "appointments" else "—"
    if row.day is not None and row.day < at.today:
        days = (at.today - row.day).days
        return ngettext("{n} día", "{n} días", days).format(n=days)
    return ago(int((at.now - row.when).total_seconds() // 60))


def _order_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    promised = at.local(row.promised).date() if row.promised else None
    days = str((at.today - row.day).days) if row.day else "—"
    return {
        "order": row.order or "—", "opened": day_text(row.day, at), "promised": day_text(promised, at), "days": days,
    }  # fmt: skip


def work_text(text: str | None) -> str:
    """A work's first word where the whole of it would be cut: *SERVICE* of *SERVICE PROGRAMADO, MANO DE OBRA*."""
    if not text:
        return "—"
    return text if len(text) <= WORK_CELLS else re.split(r"[\s,:;.(]", text.strip(), maxsplit=1)[0] or text


def _service_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    return {
        "delivered": day_text(row.day, at), "order": row.order or "—", "work": work_text(row.work or row.about),
        "attempts": str(row.attempts),
    }  # fmt: skip


def _leak_cells(row: QueueRow, at: Moment, flt: str) -> dict[str, str]:
    out = (row.leaves_on or row.day or at.today) + timedelta(1)
    return {
        "stage": _(STAGES.get(row.stage, row.stage)), "since": day_text(out, at), "days": str((at.today - out).days),
        "last": _(SHORT.get(row.last_code, row.last_code)) if row.last_code else "—",
    }  # fmt: skip


_CELLS = {
    "deliveries": _delivery_cells,
    "opportunities": _opportunity_cells,
    "campaign_opportunities": _opportunity_cells,
    "appointments": _appointment_cells,
    "in_process": _order_cells,
    "completed": _service_cells,
    "leaks": _leak_cells,
}
