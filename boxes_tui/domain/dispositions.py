"""Outcomes of a call, reasons to discard, and kinds of call (PRODUCT §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from boxes_tui.i18n import N_

Retry = timedelta | Literal["next_day"] | None


@dataclass(frozen=True, slots=True)
class Disposition:
    """An outcome: ``contact`` = somebody was spoken to, ``productive`` = it brought something, ``closes`` = the row is
    worked; ``retry_after`` = when the row comes back by itself; ``asks`` = what the form asks before saving."""

    code: str
    digit: str
    label: str
    contact: bool
    productive: bool
    closes: bool
    retry_after: Retry = None
    asks: Literal["", "when", "sold_at", "due", "reason", "block"] = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to discard; ``needs_text`` makes the text obligatory."""

    code: str
    key: str
    label: str
    needs_text: bool = False


DISPOSITIONS: Final = (
    Disposition("no_answer", "1", N_("No atiende"), False, False, False, timedelta(hours=4)),
    Disposition("busy", "2", N_("Ocupado"), False, False, False, timedelta(minutes=30)),
    Disposition("voicemail", "3", N_("Contestador"), False, False, False, "next_day"),
    Disposition("callback", "4", N_("Volver a llamar"), True, False, False, None, "when"),
    Disposition("appointment_sold", "5", N_("Turno vendido"), True, True, True, None, "sold_at"),
    Disposition("later", "6", N_("Más adelante"), True, True, True, None, "due"),
    Disposition("not_interested", "7", N_("No le interesa"), True, False, True, None, "reason"),
    Disposition("wrong_number", "8", N_("Número equivocado"), False, False, False),
    Disposition("do_not_call", "9", N_("No llamar más"), True, False, True, None, "block"),
    Disposition("attended", "0", N_("Atendido"), True, True, True),
)
"""In the order of the digits 1…9, 0."""

REASONS: Final = (
    Reason("price", "1", N_("precio")),
    Reason("done_elsewhere", "2", N_("ya lo hizo en otro taller")),
    Reason("self_service", "3", N_("lo hace por su cuenta")),
    Reason("vehicle_sold", "4", N_("vendió la unidad")),
    Reason("distance", "5", N_("distancia o mudanza")),
    Reason("low_use", "6", N_("poco uso")),
    Reason("bad_experience", "7", N_("mala experiencia")),
    Reason("no_reply", "8", N_("sin respuesta")),
    Reason("no_valid_data", "9", N_("sin datos válidos")),
    Reason("duplicate", "0", N_("duplicada")),
    Reason("other", "o", N_("otro"), True),
)

BY_CODE: Final = {d.code: d for d in DISPOSITIONS}
BY_DIGIT: Final = {d.digit: d for d in DISPOSITIONS}
REASON_BY_CODE: Final = {r.code: r for r in REASONS}
REASON_BY_KEY: Final = {r.key: r for r in REASONS}

MAX_ATTEMPTS: Final = 6
MAX_ATTEMPT_DAYS: Final = 3
"""A row with MAX_ATTEMPTS attempts on at least this many days goes to *Sin contacto*."""

DETRACTOR_SCORE: Final = 6
COMPLAINT_HOURS: Final = 24

PURPOSE: Final[dict[str, Literal["operational", "offer"]]] = {
    "welcome": "operational", "courtesy": "operational", "appointment": "operational", "no_show": "operational",
    "in_process": "operational", "complaint": "operational", "recall": "operational",
    "opportunity": "offer", "campaign": "offer",
}  # fmt: skip
"""What the contact gate makes of each kind of call."""


def find(text: str) -> Disposition | None:
    """The disposition of a digit or a code."""
    return BY_DIGIT.get(text.strip()) or BY_CODE.get(text.strip().lower())


def find_reason(text: str) -> Reason | None:
    """The reason of a key or a code."""
    return REASON_BY_KEY.get(text.strip()) or REASON_BY_CODE.get(text.strip().lower())
