"""The contact gate (PRODUCT §5, COMPLIANCE.md): whether a person may be called or written to, and why not.

A pure function over facts, asked by every path that hands over, dials, sends or enrols.  It never refuses to record
what has happened: :attr:`Verdict.outside_rules` then marks the record *fuera de norma*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, Literal

from boxes_tui.i18n import _

Purpose = Literal["operational", "offer"]
LIST_MAX_AGE_DAYS: Final = 30
LIST_WARN_DAYS: Final = 25

Hours = Mapping[int, tuple[time, time] | None]
DEFAULT_HOURS: Final[Hours] = {
    **{day: (time(9), time(20)) for day in range(5)}, 5: (time(9), time(13)), 6: None,
}  # fmt: skip
"""ISO-like weekdays 0–6: Monday to Friday 9–20, Saturday 9–13."""


@dataclass(frozen=True, slots=True)
class OwnBlock:
    """An entry of the dealership's own list: since when, by whom, and whether it holds for appointments too."""

    scope: Purpose
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class OptIn:
    """When the person accepted offers by WhatsApp, and where that was said."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate asks about. ``lists`` are the No Llame lists in force: name → day of the list; ``listed`` those
    that hold a number of the person. ``whatsapp`` where the contact is a text there: only then ``opt_in`` matters, and it
    blocks only where the configuration requires it."""

    now_local: datetime
    own: OwnBlock | None = None
    lists: Mapping[str, date] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    required: bool = False
    hours: Hours = field(default_factory=lambda: DEFAULT_HOURS)
    holiday: bool = False
    person_override: str | None = None
    age_override: str | None = None
    erased: bool = False
    whatsapp: bool = False
    opt_in: OptIn | None = None
    opt_in_required: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of *¿por qué está bloqueado?*: ``ok`` is ✓ or ✗."""

    code: str
    ok: bool
    text: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. ``overridable`` when a supervisor may go on with a reason; ``warnings`` do not block."""

    allowed: bool
    reasons: tuple[Reason, ...]
    overridable: bool

    @property
    def outside_rules(self) -> str | None:
        """What to write beside a contact made all the same; None when it is within the rules."""
        codes = [r.code for r in self.reasons if not r.ok and r.blocks]
        return " ".join(codes) or None

    @property
    def sentence(self) -> str:
        """The first reason that blocks."""
        return next((r.text for r in self.reasons if not r.ok and r.blocks), "")

    def lines(self) -> list[str]:
        """``✓``/``✗`` lines in the order of the rules."""
        return [f"{'✓' if r.ok else '✗'} {r.text}" for r in self.reasons]


def check(purpose: Purpose, facts: Facts) -> Verdict:
    """Whether a contact for ``purpose`` is allowed now, on every channel alike but for the opt-in of WhatsApp."""
    offer = purpose == "offer"
    reasons = [_own(offer, facts), *_lists(offer, facts), _hours(offer, facts)]
    if offer and facts.whatsapp:
        reasons.append(_opt_in(facts))
    if facts.erased:
        reasons.insert(0, Reason("erased", False, _("Los datos de esta persona se suprimieron."), True))
    blocking = [r for r in reasons if not r.ok and r.blocks]
    overridable = bool(blocking) and all(r.code in ("list", "list_age", "list_missing") for r in blocking)
    return Verdict(not blocking, tuple(reasons), overridable)


def _own(offer: bool, facts: Facts) -> Reason:
    if facts.own is None:
        return Reason("own", True, _("No pidió que no se lo llame."), True)
    blocks = offer or facts.own.scope == "operational"
    day, who = f"{facts.own.at:%d/%m}", facts.own.by
    if facts.own.scope == "operational":
        text = _("No llamar más, tampoco por turnos ({day}, {who}).").format(day=day, who=who)
    else:
        text = _("No se puede ofrecer: No llamar más ({day}, {who}). Turnos y recalls, sí.").format(day=day, who=who)
    return Reason("own", not blocks, text, blocks)


def _lists(offer: bool, facts: Facts) -> list[Reason]:
    if not facts.lists:
        missing = facts.required
        text = _("Sin lista No Llame: las ofertas no se filtran.")
        if missing:
            text = _("Falta la lista No Llame y la configuración la exige para ofrecer.")
        return [Reason("list_missing", not (missing and offer), text, missing and offer)]
    made = []
    for name, as_of in facts.lists.items():
        age = (facts.now_local.date() - as_of).days
        old = age > LIST_MAX_AGE_DAYS and facts.age_override is None
        text = _("La lista {name} tiene {n} días (hasta {max}).").format(name=name, n=age, max=LIST_MAX_AGE_DAYS)
        made.append(Reason("list_age", not (old and offer), text, old and offer))
    on = bool(facts.listed) and facts.person_override is None
    text = _("No figura en la lista No Llame.")
    if facts.listed:
        text = _("Está en la lista {names}: no se le puede ofrecer.").format(names=", ".join(facts.listed))
    made.append(Reason("list", not (on and offer), text, on and offer))
    return made


def _opt_in(facts: Facts) -> Reason:
    if facts.opt_in is None:
        return Reason("opt_in", False, _("No consta que acepte ofertas por WhatsApp."), facts.opt_in_required)
    day, source = f"{facts.opt_in.at:%d/%m/%Y}", facts.opt_in.source
    text = _("Aceptó ofertas por WhatsApp ({day}, {source}).").format(day=day, source=source)
    return Reason("opt_in", True, text, facts.opt_in_required)


def _hours(offer: bool, facts: Facts) -> Reason:
    span = None if facts.holiday else facts.hours.get(facts.now_local.weekday())
    inside = span is not None and span[0] <= facts.now_local.time() < span[1]
    text = _("Está dentro del horario de llamados.") if inside else _("Está fuera del horario de llamados.")
    return Reason("hours", inside, text, offer)
