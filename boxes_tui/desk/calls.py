"""*Llamar*: what came of a call, with every consequence of its outcome (PRODUCT §5). Recording it is never refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import call
from boxes_tui.desk import claims, gate, work
from boxes_tui.desk.complaints import answered, open_complaint, wants_complaint
from boxes_tui.desk.effects import Asked, apply
from boxes_tui.desk.opportunities import sold_moment, user_id
from boxes_tui.desk.outcomes import find_disposition, find_reason
from boxes_tui.desk.phones import called_phone
from boxes_tui.desk.standing import Standing, check_standing, standing
from boxes_tui.desk.subjects import Subject, call_type, load, title, touch
from boxes_tui.desk.whens import Moment, due, instant, open_days, read, warnings
from boxes_tui.domain.contact_gate import check
from boxes_tui.domain.dispositions import Disposition
from boxes_tui.domain.formats import clock, full_day
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _
from boxes_tui.text import clean_note


@dataclass(frozen=True)
class LogCall(Command):
    """Record a call about ``ref`` and about the rows ``also`` that it served.

    ``disposition`` is a digit or a code. ``at`` is the promised time of a callback (``mine`` or anyone's) or the time
    of the appointment sold; ``due`` the day of *más adelante*; ``reason`` (code or key) goes with *no le interesa*,
    its text in ``note`` for *otro*. ``tampoco`` blocks appointments too on *no llamar más*. A score of 6 or less, or an
    ``incident``, opens a complaint. ``new_owner`` says who has the unit after *vendió la unidad*.

    ``seen`` is how the row stood for whoever called: an outcome that undoes what others did since is
    :class:`Contradicted`. ``call_only`` records it without the date or the reason taking effect: they stay in the note.
    Without both, what the row can no longer take is left out.
    """

    verb: ClassVar[str] = "call"
    ref: str
    disposition: str
    note: str | None = None
    at: Moment | None = None
    due: Moment | None = None
    reason: str | None = None
    score: int | None = None
    incident: str | None = None
    mine: bool = True
    tampoco: bool = False
    new_owner: str | None = None
    phone_id: int | None = None
    also: tuple[str, ...] = field(default=())
    opened_at: datetime | None = None
    about: str | None = None
    assigned: str | None = None
    seen: Standing | None = None
    call_only: bool = False

    def arguments(self) -> dict[str, Any]:
        """The act is the same whatever the caller saw, and as it was before a call alone could be kept."""
        left_out = {"seen"} if self.call_only else {"seen", "call_only"}
        return {name: value for name, value in super().arguments().items() if name not in left_out}

    def unattended(self) -> Command:
        """Nobody is there to be asked when it is sent later."""
        return replace(self, seen=None)

    def run(self, tx: Tx) -> dict[str, Any]:
        outcome = find_disposition(tx.rules, self.disposition)
        self._check_score(outcome)
        subject = load(tx, self.ref)
        asked = self._asked(tx, subject, outcome)
        self._check_seen(tx, subject, outcome, asked)
        effects = asked
        if self.call_only:
            asked = _in_words(asked, outcome, tx.session.zone_of(subject.branch_id))
            effects = Asked(phone=asked.phone, tampoco=asked.tampoco)
        served = [load(tx, ref, main=False) for ref in dict.fromkeys(self.also) if ref != subject.ref]
        values = self._values(tx, subject, outcome, asked)
        made: dict[str, Any] = {}
        for n, item in enumerate((subject, *served)):
            call_id = self._record(tx, item, outcome, values, main=n == 0)
            done = apply(tx, item, outcome, effects, call_id, main=n == 0, alone=_alone(subject, served))
            if n == 0:
                made = {"call": str(call_id), **done}
            else:
                made.setdefault("also", []).append({"row": item.ref, "call": str(call_id), **done})
        if wants_complaint(self.score, self.incident):
            text = clean_note(self.incident or self.note or "") or None
            opened = open_complaint(tx, subject, int(made["call"]), self.score, text)
            made["complaint"] = str(opened) if opened else None
        if self.call_only:
            made["unchanged"] = True
        claims.dispose(tx.conn, tx.session, subject)
        tx.dirty("agents", tx.today(subject.branch_id), subject.branch_id)
        tx.title = title(_(outcome.label), subject)
        tx.detail = {"disposition": outcome.code, "call": int(made["call"]), "rows": 1 + len(served)}
        return {**made, **_told(tx, subject, outcome, asked, values)}

    def _check_score(self, outcome: Disposition) -> None:
        if self.score is None:
            return
        if not 0 <= self.score <= 10:
            raise UsageError(_("El puntaje va de 0 a 10."))
        if not outcome.contact:
            raise Refused(_("El puntaje se anota cuando se habló con el cliente."))

    def _check_seen(self, tx: Tx, subject: Subject, outcome: Disposition, asked: Asked) -> None:
        now = standing(subject.name, subject.row, tx.session.zone_of(subject.branch_id))
        if self.seen is not None and now is not None and not self.call_only:
            check_standing(self.seen, now, outcome, asked.reason, tx.today(subject.branch_id))

    def _asked(self, tx: Tx, subject: Subject, outcome: Disposition) -> Asked:
        """What the outcome asks for, read and checked before anything is written."""
        branch_id = subject.branch_id
        note = clean_note(self.note or "")
        asked = Asked(note=note, about=self.about, assigned=user_id(tx, self.assigned), tampoco=self.tampoco,
                      new_owner=self.new_owner, phone=called_phone(tx, subject, self.phone_id))  # fmt: skip
        if outcome.asks == "when":
            missing = _("Falta el día y la hora para volver a llamar (--at).")
            when = read(tx, branch_id, self.at or self.due, missing)
            start = tx.rules.hours(branch_id).get(when.day.weekday())
            opening = start[0] if start else work.OPENING
            default = opening if when.day > tx.today(branch_id) else None
            asked.callback_at = instant(tx, branch_id, when, default)
            if asked.callback_at < tx.now:
                raise Refused(_("Esa hora ya pasó; no se guardó nada."))
        elif outcome.asks == "sold_at":
            asked.sold_at = sold_moment(tx, branch_id, self.at or self.due)
        elif outcome.asks == "due":
            asked.due = due(tx, branch_id, self.due or self.at)
        elif outcome.asks == "reason":
            reason = find_reason(tx.conn, self.reason, note)
            asked.reason, asked.reason_text = reason.code, note if reason.needs_text else None
        return asked

    def _values(self, tx: Tx, subject: Subject, outcome: Disposition, asked: Asked) -> dict[str, Any]:
        """The columns that the calls of all served rows share."""
        phone_id, number, last10 = asked.phone
        zone = tx.session.zone_of(subject.branch_id)
        days = open_days(tx, subject.branch_id)
        base = gate.base_facts(tx.conn, tx.session, subject.branch_id, rules=tx.rules)
        retry = None
        if outcome.retry_after is not None:
            retry = work.retry_at(outcome, tx.now, zone, days, base.hours)
            if self.at:
                retry = instant(tx, subject.branch_id, read(tx, subject.branch_id, self.at, ""), work.OPENING)
        _kind, purpose = call_type(tx, subject)
        who = gate.person(tx.conn, subject.customer_id, self._own_number(subject, last10))
        known = gate.about(tx.conn, tx.session, base, who)
        found = check("offer" if purpose == "offer" else "operational", known)
        return {
            "act_id": tx.act_id, "at": tx.now, "opened_at": self.opened_at, "user_id": tx.session.user_id,
            "phone_id": phone_id, "phone": number, "code": outcome.code, "contact": outcome.contact,
            "productive": outcome.productive, "closes": outcome.closes, "reason": asked.reason,
            "callback_at": asked.callback_at, "retry_at": retry, "outside_rules": found.outside_rules,
            "callback_user_id": tx.session.user_id if asked.callback_at and self.mine else None, "note": asked.note or None,
        }  # fmt: skip

    @staticmethod
    def _own_number(subject: Subject, last10: str | None) -> tuple[str, ...]:
        """The number dialled, where it may not be one of the customer's: then others may share it."""
        return (last10,) if last10 and (subject.customer_id is None or subject.row.get("contact_last10")) else ()

    def _record(self, tx: Tx, item: Subject, outcome: Disposition, values: dict[str, Any], *, main: bool) -> int:
        """Insert the call of one row and advance the row's queue state by it."""
        kind, purpose = call_type(tx, item)
        incident = clean_note(self.incident or "") or None
        row = {
            **values, "day": tx.today(item.branch_id), "branch_id": item.branch_id, "type": kind, "purpose": purpose,
            "subject": item.name, "subject_id": item.id, "customer_id": item.customer_id,
            "vehicle_id": item.vehicle_id, "note": values["note"] if main else None,
            "score": self.score if main else None, "incident_note": incident if main else None,
        }  # fmt: skip
        call_id = tx.insert(call, **row)
        if item.has_work:
            state = work.settled(item.name, item.row, work.of_row(item.row).after({**row, "id": call_id}))
            columns = state.columns()
            closer = work.CLOSERS.get(item.name)
            if closer and outcome.closes and kind in closer[1] and item.row[closer[0]] is None:
                columns[closer[0]] = call_id
            tx.change(item.table, item.row, **columns)
            touch(tx, item.name, item.row)
        if outcome.contact:
            answered(tx, item, call_id, outcome.closes)
        return call_id


def _in_words(asked: Asked, outcome: Disposition, zone: str) -> Asked:
    """The date that was agreed, in the note: *Más adelante 12/05/2027*. It takes no effect; the reason stays with the
    call."""
    when = asked.callback_at or asked.sold_at
    words = ""
    if when is not None:
        local = when.astimezone(ZoneInfo(zone))
        words = f"{_(outcome.label)} {full_day(local.date())} {clock(local)}"
    elif asked.due is not None:
        words = f"{_(outcome.label)} {full_day(asked.due[0])}"
        if asked.due[1] is not None:
            words += f" {asked.due[1] // 60:02d}:{asked.due[1] % 60:02d}"
    note = " · ".join(x for x in (words, asked.note) if x)
    return replace(asked, note=note, callback_at=None, sold_at=None, due=None)


def _alone(subject: Subject, served: list[Subject]) -> bool:
    """Whether no opportunity is among the rows: then *turno vendido* and *más adelante* make one."""
    return all(s.name != "opportunity" for s in (subject, *served))


def _told(tx: Tx, subject: Subject, outcome: Disposition, asked: Asked, values: dict[str, Any]) -> dict[str, Any]:
    """What the result says besides the effects: outcome, next time, warnings."""
    zone = ZoneInfo(tx.session.zone_of(subject.branch_id))
    upcoming = values["callback_at"] or values["retry_at"]
    days: list[date] = []
    if asked.callback_at:
        days.append(asked.callback_at.astimezone(zone).date())
    if asked.sold_at:
        days.append(asked.sold_at.astimezone(UTC).astimezone(zone).date())
    if asked.due:
        days.append(asked.due[0])
    return {
        "disposition": outcome.code,
        **({"reason": asked.reason} if asked.reason else {}),
        "next_at": upcoming.astimezone(zone).isoformat() if upcoming else None,
        "outside_rules": values["outside_rules"].split() if values["outside_rules"] else [],
        "warnings": [text for day in days for text in warnings(tx, subject.branch_id, day)],
    }
