"""*Asignar* (supervisor): rows to an agent, or all of one agent's work to another, as one act (PRODUCT §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.tables import app_user, call, campaign_unit, opportunity
from boxes_tui.desk.bulk import Skipped, settle
from boxes_tui.desk.opportunities import user_id
from boxes_tui.desk.subjects import TABLES, WORK_TABLES, Subject, load
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _, ngettext


@dataclass(frozen=True)
class Assign(Command):
    """Give rows to an agent (``to`` None: to anyone): opportunities, and callbacks that were promised.

    Rows that are neither are skipped and listed.
    """

    verb: ClassVar[str] = "assign"
    refs: tuple[str, ...]
    to: str | None

    def run(self, tx: Tx) -> dict[str, Any]:
        who = user_id(tx, self.to)
        done: list[str] = []
        skipped: list[Skipped] = []
        for ref in dict.fromkeys(self.refs):
            subject = load(tx, ref, main=len(self.refs) == 1)
            why = give(tx, subject, who)
            if why is None:
                done.append(subject.ref)
            else:
                skipped.append(Skipped(subject.ref, why))
        n = len(done)
        tx.title = ngettext("Asignar {n} fila", "Asignar {n} filas", n).format(n=n)
        tx.detail = {"to": who, "rows": n}
        return settle(done, skipped)


def give(tx: Tx, subject: Subject, who: int | None) -> str | None:
    """Assign one row; returns why it cannot be, None when it is done."""
    row = subject.row
    if subject.name == "opportunity" and row["state"] == "open":
        tx.update(opportunity, subject.id, assigned_user_id=who)
        _units(tx, opportunity.c.id == subject.id, who)
    elif row.get("next_kind") != "callback":
        return _("no es una oportunidad abierta ni una devolución prometida")
    if row.get("next_kind") == "callback":
        _promise(tx, subject.name, row, who)
    return None


def _promise(tx: Tx, name: str, row: Any, who: int | None) -> None:
    """A callback changes hands: the row's next call, and the promise it comes from (whose is it to keep?)."""
    tx.update(TABLES[name], row["id"], next_user_id=who)
    if row["last_call_id"] is not None:
        tx.update(call, row["last_call_id"], callback_user_id=who)


def _units(tx: Tx, which: Any, who: int | None) -> None:
    """Units of campaigns show to whom and when they were assigned last."""
    query = select(campaign_unit.c.id, campaign_unit.c.branch_id).where(
        campaign_unit.c.opportunity_id.in_(select(opportunity.c.id).where(which)), campaign_unit.c.state == "open"
    )
    for unit, branch_id in tx.conn.execute(query).all():
        tx.update(
            campaign_unit, unit, assigned_user_id=who, assigned_at=tx.now, assigned_day=tx.today(branch_id)
        )  # fmt: skip


@dataclass(frozen=True)
class AssignAll(Command):
    """Give all of an agent's work to another, or to anyone: open opportunities and promised callbacks."""

    verb: ClassVar[str] = "assign"
    of: str
    to: str | None

    def run(self, tx: Tx) -> dict[str, Any]:
        if not self.of:
            raise UsageError(_("Falta de quién es el trabajo."))
        source = tx.conn.execute(select(app_user.c.id).where(app_user.c.login == self.of)).scalar()
        if source is None:
            raise UsageError(_("No hay un usuario «{login}»").format(login=self.of))
        who = user_id(tx, self.to)
        if who == source:
            raise Refused(_("Es el mismo usuario; no se cambió nada."))
        c = opportunity.c
        mine = select(c.id).where(c.state == "open", c.assigned_user_id == source, tx.session.scope(c.branch_id))
        count = 0
        for row_id in tx.conn.execute(mine.order_by(c.id)).scalars().all():
            tx.update(opportunity, row_id, assigned_user_id=who)
            _units(tx, opportunity.c.id == row_id, who)
            count += 1
        for name in WORK_TABLES:
            t = TABLES[name]
            promised = select(t).where(
                t.c.next_kind == "callback", t.c.next_user_id == source, tx.session.scope(t.c.branch_id)
            )
            for row in tx.conn.execute(promised.order_by(t.c.id)).mappings().all():
                _promise(tx, name, row, who)
                count += 1
        if not count:
            raise Refused(_("No tiene trabajo asignado; no se cambió nada."))
        tx.title = _("Reasignar el trabajo de {login}").format(login=self.of)
        tx.detail = {"of": source, "to": who, "rows": count}
        return {"rows": count}
