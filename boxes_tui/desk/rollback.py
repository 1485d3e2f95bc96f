"""The plan of an undo: which images of an act can be set back, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Table, select
from sqlalchemy.engine.default import DefaultDialect

from boxes_tui.data.commands import Tx, encode, table_named
from boxes_tui.data.tables import call, complaint, opportunity
from boxes_tui.data.types import Day, Instant, Json, Money
from boxes_tui.desk import work
from boxes_tui.desk.subjects import WORK_TABLES
from boxes_tui.i18n import N_, _

DERIVED: Final[dict[str, frozenset[str]]] = {
    name: frozenset(work.FIELDS)
    | ({work.CLOSERS[name][0]} if name in work.CLOSERS else set())
    | ({"owner_call_id", "closed_at", "closed_by"} if name == "complaint" else set())
    for name in WORK_TABLES
}
"""Columns that are folded from the calls again, whatever the images say."""

MATCHED: Final = frozenset({"match", "match_reads", "appointment_id", "show_order_id"})
"""Columns of a sale that the sync writes too: they go back with the sale, and are not asked whether they changed."""

_UNMATCHED: Final[dict[str, Any]] = {"match": None, "match_reads": 0, "appointment_id": None, "show_order_id": None}

DMS_TABLES: Final[dict[str, frozenset[str]]] = {
    "appointment": frozenset({"confirmed_at", "confirmed_by", "confirmed_start", "comment", "rebooked_id"}),
    "repair_order": frozenset(
        {"manual_delivered_at", "manual_delivered_by", "manual_marked_at", "manual_review", "handover_at",
         "handover_day", "delivery_basis"}
    ),
    "sale_delivery": frozenset(),
    "customer": frozenset({"without_phone_at", "person_id", "wa_opt_in_at", "wa_opt_in_source"}),
    "vehicle": frozenset({"relation_ended_at", "relation_ended_owner_id"}),
    "customer_phone": frozenset({"wrong_at", "wrong_by", "confirmed_kind", "present", "position", "origin"}),
}  # fmt: skip
"""The agents' own columns of tables that the DMS feeds; an undo writes no other."""

ANNUL: Final[dict[str, dict[str, str]]] = {
    "call": {"annulled_at": "now"},
    "note": {"annulled_at": "now"},
    "complaint": {"annulled_at": "now"},
    "contact_log": {"annulled_at": "now"},
    "block": {"lifted_at": "now"},
    "gate_override": {"lifted_at": "now"},
    "campaign": {"undone_at": "now"},
    "campaign_unit": {"state": "undone"},
    "customer_phone": {"present": "false"},
    "dnc_list": {"current": "false"},
    "opportunity": {"state": "cancelled", "state_at": "now", "state_day": "today", "state_by": "me"},
}
"""How an inserted row is annulled: column → value."""

WORDS: Final = {
    "call": N_("El llamado de ese momento queda anulado, no borrado."),
    "note": N_("La nota de ese momento queda anulada, no borrada."),
    "complaint": N_("El reclamo queda anulado."),
    "block": N_("Se levanta el bloqueo de ofertas."),
}


_ANY: Final = DefaultDialect()


def decode(table: Table, column: str, value: Any) -> Any:
    """A value of an image as Core takes it: the reverse of ``data.commands.encode``."""
    kind = table.c[column].type
    if value is None or not isinstance(kind, (Instant, Day, Money, Json)):
        return value
    return kind.process_result_value(value, _ANY)


@dataclass(frozen=True, slots=True)
class Step:
    """One row to write: ``back`` holds stored values to set back, ``annul`` the columns of an inserted row."""

    table: Table
    row_id: int
    back: dict[str, Any] = field(default_factory=dict)
    annul: dict[str, str] = field(default_factory=dict)

    def values(self, tx: Tx) -> dict[str, Any]:
        """The column values as Core takes them."""
        words: dict[str, Any] = {
            "now": tx.now, "today": tx.today(), "me": tx.session.user_id, "false": False, "cancelled": "cancelled",
            "undone": "undone",
        }  # fmt: skip
        return {**{k: decode(self.table, k, v) for k, v in self.back.items()},
                **{k: words[v] for k, v in self.annul.items()}}  # fmt: skip


@dataclass
class Plan:
    """Steps in the order of writing (the last image first), and the rows that have changed since."""

    steps: list[Step] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    call_days: set[tuple[date, int | None]] = field(default_factory=set)

    def rows(self) -> set[tuple[str, int]]:
        """(table, id) of everything that the undo writes."""
        return {(s.table.name, s.row_id) for s in self.steps}

    def worked(self, conn: Connection) -> set[tuple[str, int]]:
        """Rows whose queue state has to be folded again: those written, and those that an annulled call was about."""
        found = {key for key in self.rows() if key[0] in WORK_TABLES}
        calls = [row_id for name, row_id in self.rows() if name == "call"]
        c = call.c
        for name, row_id in conn.execute(select(c.subject, c.subject_id).where(c.id.in_(calls))):
            if name in WORK_TABLES:
                found.add((name, row_id))
                if name == "repair_order":
                    about = select(complaint.c.id).where(complaint.c.order_id == row_id)
                    found |= {("complaint", i) for i in conn.execute(about).scalars()}
        return found

    def lines(self) -> Iterable[str]:
        """What goes back, in words without personal data."""
        seen = dict.fromkeys(s.table.name for s in self.steps if s.annul)
        for name in seen:
            if name in WORDS:
                yield _(WORDS[name])
        for step in self.steps:
            if step.table is opportunity:
                if step.annul:
                    yield _("La oportunidad que se creó queda anulada.")
                elif step.back.get("state") == "open":
                    yield _("La oportunidad vuelve a la lista.")
                elif "due_day" in step.back:
                    day = date.fromordinal(step.back["due_day"])
                    yield _("Vuelve a vencer el {day}.").format(day=f"{day:%d/%m/%Y}")
            elif step.table.name == "appointment" and "confirmed_at" in step.back:
                yield _("El turno vuelve a Por confirmar.")
            elif step.table.name == "repair_order" and "handover_at" in step.back:
                yield _("La orden vuelve a En Proceso de Atención.")


def plan(conn: Connection, row: RowMapping, lock: bool = False) -> Plan:
    """What undoing an act would write. With ``lock`` the rows are locked on the way."""
    made = Plan()
    later: dict[tuple[str, int], dict[str, Any]] = {}
    stays: set[tuple[str, int]] = set()
    for image in reversed(row["images"] or []):
        table = table_named(image["t"])
        key = (table.name, int(image["id"]))
        if key in stays or table.name == "act":
            continue
        now = _current(conn, table, key[1], later, lock)
        if now is None:
            continue
        step = _annul(table, image, now) if image["b"] is None else _back(conn, table, image, now)
        if step is None:
            stays.add(key)
            made.steps = [s for s in made.steps if (s.table.name, s.row_id) != key]
            made.changed.append(f"{table.name}:{key[1]}")
            continue
        if step.back or step.annul:
            made.steps.append(step)
            later.setdefault(key, {}).update(step.back)
        if table is call:
            made.call_days.add((date.fromordinal(now["day"]), now["branch_id"]))
    made.changed.reverse()
    return made


def _current(
    conn: Connection, table: Table, row_id: int, later: dict[tuple[str, int], dict[str, Any]], lock: bool
) -> dict[str, Any] | None:
    """The row's stored values as they will be after the steps planned so far."""
    query = select(table).where(table.c.id == row_id)
    if lock and conn.dialect.name != "sqlite":
        query = query.with_for_update()
    found = conn.execute(query).mappings().first()
    if found is None:
        return None
    stored = {k: encode(table, k, v) for k, v in found.items()}
    return {**stored, **later.get((table.name, row_id), {})}


def _annul(table: Table, image: dict[str, Any], now: dict[str, Any]) -> Step | None:
    """The step that annuls an inserted row; None where it has been worked on since."""
    columns = ANNUL.get(table.name)
    if columns is None:
        return Step(table, image["id"])
    if any(now.get(k) != v for k, v in image["a"].items()):
        return None
    if table is complaint and (now["owner_call_id"] is not None or now["last_call_id"] is not None):
        return None
    if table is opportunity and now["last_call_id"] is not None:
        return None
    return Step(table, image["id"], annul=columns)


def _back(conn: Connection, table: Table, image: dict[str, Any], now: dict[str, Any]) -> Step | None:
    """The step that sets changed columns back; None where one of them holds something else by now."""
    derived = DERIVED.get(table.name, frozenset())
    own = DMS_TABLES.get(table.name)
    before = {k: v for k, v in image["b"].items() if k not in derived and (own is None or k in own)}
    if table is complaint and not image["b"].keys() & {"last_call_id"}:
        before |= {k: v for k, v in image["b"].items() if k in ("closed_at", "closed_by")}
    for column in before:
        if column in MATCHED and now.get("match") != "credited":
            continue
        if now[column] != image["a"][column]:
            return None
    if table is opportunity and not _legal(conn, image, now):
        return None
    if table is opportunity and before.get("state") == "open":
        before |= {k: _UNMATCHED[k] for k in MATCHED - before.keys()}
    return Step(table, image["id"], back=before)


def _legal(conn: Connection, image: dict[str, Any], now: dict[str, Any]) -> bool:
    """An opportunity that has left its state since stays; one that would open again must not meet another open one."""
    before = image["b"]
    if "due_day" in before and "state" not in before and now["state"] != "open":
        return False
    if before.get("state") != "open" or now["vehicle_id"] is None:
        return True
    c = opportunity.c
    twin = select(c.id).where(
        c.vehicle_id == now["vehicle_id"], c.origin == now["origin"], c.state == "open", c.id != now["id"]
    )  # fmt: skip
    return conn.execute(twin.limit(1)).scalar() is None
