"""*Take-over*: the open work of the system before, as one act with one undo (PRODUCT §4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import block, call, note, opportunity
from boxes_tui.data.types import from_epoch
from boxes_tui.desk import work
from boxes_tui.desk.blocks import add_block
from boxes_tui.desk.gate import Person, blocks_of
from boxes_tui.desk.opening import open_twin, watch
from boxes_tui.desk.outcomes import find_disposition, find_reason
from boxes_tui.desk.subjects import TABLES, home_branch, touch
from boxes_tui.desk.takeover_file import Row
from boxes_tui.desk.takeover_refs import Finder
from boxes_tui.domain.dispositions import PURPOSE
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _

ORIGINS: Final = ("customer", "delivery", "appointment", "no_show", "in_process", "completed")
TYPES: Final = tuple(PURPOSE)


class Rehearsed(Exception):
    """Nothing was written: a dry run came to its end, or all that could be taken is there already. ``result`` tells."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class Unusable(Exception):
    """The row cannot be taken over: code and sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass
class _Taking:
    """The state of one import."""

    tx: Tx
    find: Finder
    counts: Counter[str] = field(default_factory=Counter)
    called: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class TakeOver(Command):
    """Bring ``rows`` of a ``kind`` (opportunities, callbacks, blocks, calls) in. Rows that cannot be used are listed with
    line and reason, rows that are there already are counted; with ``dry`` the act ends in :class:`Rehearsed`."""

    verb: ClassVar[str] = "import"
    kind: str
    digest: str
    rows: tuple[Row, ...]
    dry: bool = False

    def arguments(self) -> dict[str, Any]:
        return {"kind": self.kind, "digest": self.digest}

    def run(self, tx: Tx) -> dict[str, Any]:
        branch = tx.session.branches[0] if tx.session.branches else None
        state = _Taking(tx, Finder(tx.conn, branch.area_code if branch else None))
        take = {"opportunities": _opportunity, "callbacks": _callback, "blocks": _block, "calls": _call}[self.kind]
        rejected = []
        for row in self.rows:
            try:
                if row.trouble:
                    raise Unusable(row.code, row.trouble)
                take(state, row.values)
            except (Unusable, UsageError) as error:
                code = error.code if isinstance(error, Unusable) else "E-ENUM"
                rejected.append({"line": row.line, "code": code, "reason": str(error)})
        for name, row_id in sorted(state.called):
            made = tx.conn.execute(select(TABLES[name]).where(TABLES[name].c.id == row_id)).mappings().one()
            tx.update(TABLES[name], row_id, **work.derive(tx.conn, name, made))
            touch(tx, name, made)
        done = state.counts["imported"]
        tx.title = _("Importar {n} {kind}").format(n=done, kind=self.kind)
        tx.detail = {"kind": self.kind, "imported": done, "rejected": len(rejected), "digest": self.digest[:16]}
        result = {
            "kind": self.kind, "read": len(self.rows), "imported": done, "already": state.counts["already"],
            "rejected": rejected, "dry_run": self.dry,
        }  # fmt: skip
        if self.dry:
            raise Rehearsed(result)
        if not done and result["already"]:
            raise Rehearsed(result)
        if not done:
            first = rejected[0]["reason"] if rejected else _("el archivo no tiene filas")
            raise Refused(_("No se importó ninguna fila: {why}.").format(why=first))
        return result


def _whom(state: _Taking, values: Any) -> tuple[int | None, int | None]:
    """(customer, vehicle) of a row; :class:`Unusable` when neither is known."""
    unit, owner = state.find.vehicle(values)
    who = state.find.customer(values)
    if who is None and unit is None:
        raise Unusable("E-REF", _("no se encuentra ni el cliente ni la unidad"))
    return who if who is not None else owner, unit


def _where(state: _Taking, values: Any) -> int:
    found = state.find.branch(values.get("branch"))
    if values.get("branch") and found is None:
        raise Unusable("E-REF", _("no hay una sucursal «{code}»").format(code=values["branch"]))
    return home_branch(state.tx, found)


def _agent(state: _Taking, login: str | None) -> int | None:
    who = state.find.user(login)
    if login and who is None:
        raise Unusable("E-REF", _("no hay un usuario «{login}»").format(login=login))
    return who


def _open(
    state: _Taking, values: Any, due: tuple[int, bool, int], *, about: str, origin: str, assigned: int | None
) -> tuple[int | None, Any]:
    """Open an imported opportunity, (None, the open one) where the unit has one of that origin already."""
    tx = state.tx
    who, unit = _whom(state, values)
    branch_id = _where(state, values)
    twin = open_twin(tx, unit, who, origin)
    if twin is not None:
        return None, twin
    local = from_epoch(due[0]).astimezone(ZoneInfo(tx.session.zone_of(branch_id)))
    row: dict[str, Any] = {
        "branch_id": branch_id, "customer_id": who, "vehicle_id": unit, "origin": origin, "state": "open",
        "due_day": date.fromordinal(due[2]), "due_minute": None if due[1] else local.hour * 60 + local.minute,
        "about": about, "assigned_user_id": assigned, "created_at": tx.now, "created_day": tx.today(branch_id),
        "created_by": tx.session.user_id, "imported": True, "reschedules": 0,
    }  # fmt: skip
    made = tx.insert(opportunity, **row)
    watch(tx, row)
    touch(tx, "opportunity", row)
    return made, row


def _opportunity(state: _Taking, values: Any) -> None:
    origin = values.get("origin") or "customer"
    if origin not in ORIGINS:
        raise Unusable("E-ENUM", _("el origen es {names}").format(names=", ".join(ORIGINS)))
    about = values.get("about") or _("Oportunidad del sistema anterior")
    assigned = _agent(state, values.get("assigned"))
    made, row = _open(state, values, values["due"], about=about, origin=origin, assigned=assigned)
    if made is None:
        state.counts["already"] += 1
        return
    state.counts["imported"] += 1
    if values.get("note"):
        state.tx.insert(
            note, at=state.tx.now, user_id=state.tx.session.user_id, branch_id=row["branch_id"],
            subject="opportunity", subject_id=made, customer_id=row["customer_id"], vehicle_id=row["vehicle_id"],
            text=values["note"],
        )  # fmt: skip


def _callback(state: _Taking, values: Any) -> None:
    """A promise: an open opportunity with the imported call that made it, due at its time."""
    tx = state.tx
    who = _agent(state, values.get("agent"))
    at = from_epoch(values["at"][0])
    about = values.get("about") or _("Volver a llamar")
    made, row = _open(state, values, values["at"], about=about, origin="customer", assigned=None)
    row_id = made if made is not None else int(row["id"])
    c = call.c
    same = select(c.id).where(
        c.subject == "opportunity", c.subject_id == row_id, c.callback_at == at, c.annulled_at.is_(None)
    )  # fmt: skip
    if tx.conn.execute(same.limit(1)).scalar() is not None:
        state.counts["already"] += 1
        return
    outcome = find_disposition(tx.rules, "callback")
    tx.insert(
        call, act_id=tx.act_id, at=tx.now, day=tx.today(row["branch_id"]), user_id=who or tx.session.user_id,
        branch_id=row["branch_id"], type="opportunity", purpose="offer", subject="opportunity", subject_id=row_id,
        customer_id=row["customer_id"], vehicle_id=row["vehicle_id"], code=outcome.code, contact=outcome.contact,
        productive=outcome.productive, closes=outcome.closes, note=values.get("note"), callback_at=at,
        callback_user_id=who, imported=True,
    )  # fmt: skip
    state.called.add(("opportunity", row_id))
    state.counts["imported"] += 1


def _block(state: _Taking, values: Any) -> None:
    scope = values.get("scope") or "offer"
    if scope not in ("offer", "operational"):
        raise Unusable("E-ENUM", _("el alcance es offer u operational"))
    number = state.find.number(values.get("phone"))
    who = state.find.customer(values)
    if who is None and number is None:
        raise Unusable("E-REF", _("no se encuentra el cliente ni se entiende el teléfono"))
    person = Person((who,) if who is not None else (), (number,) if number else ())
    held = select(block.c.id).where(blocks_of(person), block.c.scope.in_((scope, "operational")))
    if state.tx.conn.execute(held.limit(1)).scalar() is not None:
        state.counts["already"] += 1
        return
    how = values.get("how") or _("importado")
    made = add_block(state.tx, who, number, "operational" if scope == "operational" else "offer", how)
    if values.get("at") and made is not None:
        state.tx.conn.execute(block.update().where(block.c.id == made).values(at=from_epoch(values["at"][0])))
    state.counts["imported"] += 1


def _call(state: _Taking, values: Any) -> None:
    """A call of the past: on its delivery, order or appointment where that is found, so that what was done is done."""
    tx = state.tx
    outcome = find_disposition(tx.rules, values["disposition"])
    reason = find_reason(tx.conn, values["reason"], values.get("note")).code if values.get("reason") else None
    kind = values.get("type") or "opportunity"
    if kind not in TYPES:
        raise Unusable("E-ENUM", _("el tipo es {names}").format(names=", ".join(TYPES)))
    score = _score(values.get("score"))
    at, day = from_epoch(values["at"][0]), date.fromordinal(values["at"][2])
    about = state.find.row(values)
    if about is not None:
        row = tx.conn.execute(select(about[0]).where(about[0].c.id == about[1])).mappings().one()
        who, unit = row["customer_id"], row["vehicle_id"]
    else:
        who, unit = _whom(state, values)
        about = state.find.row_of_call(kind, unit, day)
    subject = (about[0].name, about[1]) if about else (None, None)
    if _known(tx, at, who, unit, outcome.code):
        state.counts["already"] += 1
        return
    tx.insert(
        call, act_id=tx.act_id, at=at, day=day, user_id=_agent(state, values.get("agent")),
        branch_id=_where(state, values), type=kind, purpose=PURPOSE[kind], subject=subject[0],
        subject_id=subject[1], customer_id=who, vehicle_id=unit, code=outcome.code, contact=outcome.contact,
        productive=outcome.productive, closes=outcome.closes, note=values.get("note"), reason=reason, score=score,
        imported=True,
    )  # fmt: skip
    tx.dirty("agents", day, None)
    if subject[0] is not None and subject[1] is not None:
        state.called.add((subject[0], subject[1]))
    state.counts["imported"] += 1


def _score(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or int(text) > 10:
        raise Unusable("E-ENUM", _("El puntaje va de 0 a 10."))
    return int(text)


def _known(tx: Tx, at: datetime, who: int | None, unit: int | None, code: str) -> bool:
    c = call.c
    same = select(c.id).where(
        c.imported, c.at == at, c.code == code, c.annulled_at.is_(None),
        c.customer_id == who if who is not None else c.vehicle_id == unit,
    )  # fmt: skip
    return tx.conn.execute(same.limit(1)).scalar() is not None
