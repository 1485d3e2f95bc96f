"""Many rows in one act with one undo: what can be done is done, the rest is listed with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import opportunity
from boxes_tui.desk.outcomes import find_reason
from boxes_tui.desk.states import discard, reschedule
from boxes_tui.desk.subjects import TABLES, Subject, load, split_ref
from boxes_tui.desk.whens import Moment, due, warnings
from boxes_tui.domain.formats import short_day
from boxes_tui.domain.opportunity import MOVES, STATE_NAMES
from boxes_tui.errors import Refused
from boxes_tui.i18n import _, ngettext
from boxes_tui.text import clean_note


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that the act leaves as it is, and why."""

    ref: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk act would do: the refs that it would change, and those that it would skip."""

    refs: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def preview(conn: Connection, session: Session, verb: str, refs: Sequence[str]) -> Preview:
    """Hold the rows against the life cycle without changing anything. ``verb``: assign, reschedule, discard."""
    wanted, skipped = [], []
    for ref in dict.fromkeys(refs):
        _word, name, row_id = split_ref(ref)
        why = _why_not(conn, session, verb, name, row_id)
        if why is None:
            wanted.append(ref)
        else:
            skipped.append(Skipped(ref, why))
    return Preview(tuple(wanted), tuple(skipped))


def _why_not(conn: Connection, session: Session, verb: str, name: str, row_id: int) -> str | None:
    row = conn.execute(select(TABLES[name]).where(TABLES[name].c.id == row_id)).mappings().first()
    if row is None or not session.may_see(row.get("branch_id")):
        return _("no existe en las sucursales de este usuario")
    if verb == "assign":
        ok = (name == "opportunity" and row["state"] == "open") or row.get("next_kind") == "callback"
        return None if ok else _("no es una oportunidad abierta ni una devolución prometida")
    if name != "opportunity":
        return _("no es una oportunidad")
    return None if (row["state"], verb) in MOVES else _state(row["state"])


def _state(state: str) -> str:
    return _("está {state}").format(state=_(STATE_NAMES.get(state, state)))


def settle(done: Sequence[str], skipped: Sequence[Skipped]) -> dict[str, Any]:
    """The result of a bulk act; :class:`Refused` with the first reason when nothing could be done."""
    if not done:
        why = skipped[0].why if skipped else _("no hay filas")
        raise Refused(_("No se cambió ninguna fila: {why}.").format(why=why))
    return {"rows": list(done), "skipped": [{"row": s.ref, "why": s.why} for s in skipped]}


def _each(tx: Tx, refs: Iterable[str], verb: str, move: Callable[[Subject], None]) -> dict[str, Any]:
    done: list[str] = []
    skipped: list[Skipped] = []
    branches: set[int] = set()
    for ref in dict.fromkeys(refs):
        subject = load(tx, ref, only=("opportunity",), main=False)
        state = subject.row["state"]
        if (state, verb) not in MOVES:
            skipped.append(Skipped(subject.ref, _state(state)))
            continue
        move(subject)
        done.append(subject.ref)
        branches.add(subject.row["branch_id"])
    if len(branches) == 1:
        tx.branch_id = branches.pop()
    return settle(done, skipped)


@dataclass(frozen=True)
class BulkDiscard(Command):
    """Discard many opportunities with one reason."""

    verb: ClassVar[str] = "discard"
    refs: tuple[str, ...]
    reason: str | None
    note: str | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        text = clean_note(self.note or "")
        reason = find_reason(tx.conn, self.reason, text)
        made = _each(tx, self.refs, self.verb, lambda s: self._one(tx, s, reason.code, text or None))
        n = len(made["rows"])
        tx.title = ngettext("Descartar {n} por {reason}", "Descartar {n} por {reason}", n).format(
            n=n, reason=_(reason.label)
        )
        tx.detail = {"reason": reason.code, "rows": n}
        return {**made, "reason": reason.code}

    def _one(self, tx: Tx, subject: Subject, reason: str, text: str | None) -> None:
        current = tx.conn.execute(select(opportunity.c.state).where(opportunity.c.id == subject.id)).scalar()
        if current == "open":  # another row of the act may have ended it: the unit was sold
            discard(tx, subject, reason, text if reason == "other" else None)


@dataclass(frozen=True)
class BulkReschedule(Command):
    """Give many open opportunities one day."""

    verb: ClassVar[str] = "reschedule"
    refs: tuple[str, ...]
    due: Moment | None

    def run(self, tx: Tx) -> dict[str, Any]:
        day, minute = due(tx, None, self.due)
        made = _each(tx, self.refs, self.verb, lambda s: reschedule(tx, s, day, minute))
        n = len(made["rows"])
        tx.title = ngettext("Replanificar {n} para el {day}", "Replanificar {n} para el {day}", n).format(
            n=n, day=short_day(day)
        )
        tx.detail = {"due": day.isoformat(), "rows": n}
        return {**made, "due": day.isoformat(), "warnings": warnings(tx, None, day)}
