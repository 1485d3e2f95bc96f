"""*Deshacer* (PRODUCT §5): a new act that sets back only what still is as the first act made it.

Acts keep before-images.  Changed columns go back where they still hold what the act wrote; inserted rows are annulled,
never deleted; queue state is not set back but derived anew from the calls that stand.  Columns of the DMS are never
touched.  An undo can be undone itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, RowMapping, select

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.session import Session
from boxes_tui.data.tables import act, app_user
from boxes_tui.desk import campaign_undo, work
from boxes_tui.desk.rollback import Plan, Step, plan
from boxes_tui.desk.subjects import TABLES, WORK_TABLES, touch
from boxes_tui.domain.formats import number
from boxes_tui.domain.roles import at_least
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import N_, _
from boxes_tui.text import row_number

FINAL: Final = {
    "reminder": N_("Un envío no se puede deshacer."), "rights_erase": N_("Una supresión no se puede deshacer."),
}  # fmt: skip
"""What to say of verbs that are for good."""


CAMPAIGN: Final = "campaign"
"""The act that made a whole campaign: undone whole while no unit was worked, or not at all (PRODUCT §8)."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What undo would do: the act with its title, time and agent; ``lines`` what goes back; ``changed`` what has
    changed since and stays (*cambió después*); ``refusal`` why it cannot be undone, None where it can."""

    act: int
    title: str
    at: datetime
    user: str | None
    lines: tuple[str, ...]
    changed: tuple[str, ...]
    refusal: str | None


def last_act(conn: Connection, session: Session) -> int | None:
    """What ``u`` means: my latest act of today that stands; when all are undone, my latest undo."""
    c = act.c
    mine = select(c.id).where(
        c.user_id == session.user_id, c.day == session.today, c.undoable, c.undone_by.is_(None)
    )  # fmt: skip
    for kind in (c.verb != "undo", c.verb == "undo"):
        found = conn.execute(mine.where(kind).order_by(c.id.desc()).limit(1)).scalar()
        if found is not None:
            return int(found)
    return None


def preview(conn: Connection, session: Session, act_id: int | None = None) -> Preview | None:
    """What undo of an act (of the last one when None) would do; None where there is nothing to undo."""
    wanted = act_id if act_id is not None else last_act(conn, session)
    if wanted is None:
        return None
    row = conn.execute(select(act).where(act.c.id == wanted)).mappings().first()
    if row is None:
        return None
    made = plan(conn, row)
    user = conn.execute(select(app_user.c.name).where(app_user.c.id == row["user_id"])).scalar()
    why, lines = refusal(session, row), tuple(made.lines())
    if row["verb"] == CAMPAIGN:
        campaign_why, lines = _campaign(conn, session, row, whole=not made.steps)
        why = why or campaign_why
    elif not made.steps:
        why = why or _("Cambió después: no queda nada que deshacer.")
    return Preview(int(row["id"]), row["title"] or row["verb"], row["at"], user, lines, tuple(made.changed), why)


def _campaign(
    conn: Connection, session: Session, row: RowMapping, *, whole: bool
) -> tuple[str | None, tuple[str, ...]]:
    """Why a campaign cannot be undone (None where it can), and what undoing it would do."""
    found = campaign_undo.preview(conn, session, row["subject_id"])
    lines = [_("Se anulan {n} oportunidades que nadie trabajó.").format(n=number(found.cancelled))]
    if found.kept:
        lines.append(_("{n} siguen: otra campaña se sumó a ellas.").format(n=number(found.kept)))
    if whole:
        lines.append(_("Es una campaña grande: no se puede volver a rehacer con [u]."))
    return (campaign_undo.worked_text(found.worked) if found.worked else None), tuple(lines)


def refusal(session: Session, row: RowMapping) -> str | None:
    """Why an act cannot be undone by this session; None where it can."""
    if not session.may_see(row["branch_id"]):
        return _("El acto es de otra sucursal.")
    if row["undone_by"] is not None:
        return _("Ese acto ya se deshizo.")
    if not row["undoable"]:
        return _(FINAL.get(row["verb"], N_("Ese acto no se puede deshacer.")))
    own_today = row["user_id"] == session.user_id and row["day"] == session.today_of(row["branch_id"])
    if not own_today and not at_least(session.role, "supervisor"):
        return _("Los actos de otros y los de días anteriores los deshace un supervisor.")
    return None


@dataclass(frozen=True)
class Undo(Command):
    """Undo an act, the last one of mine today when none is named."""

    verb: ClassVar[str] = "undo"
    act: int | None = None

    def run(self, tx: Tx) -> dict[str, Any]:
        wanted = self.act if self.act is not None else last_act(tx.conn, tx.session)
        if wanted is None:
            raise Refused(_("Nada que deshacer."))
        row = tx.conn.execute(select(act).where(act.c.id == wanted)).mappings().first()
        if row is None:
            raise Refused(_("No existe ese acto."))
        if why := refusal(tx.session, row):
            raise Refused(why)
        made = plan(tx.conn, row, lock=True)
        rows = len(made.rows())
        if row["verb"] == CAMPAIGN:
            campaign_undo.check_untouched(tx.conn, tx.session, row["subject_id"])
        if row["verb"] == CAMPAIGN and not made.steps:
            rows = sum(campaign_undo.free(tx, row["subject_id"]))
            tx.undoable = False
        elif not made.steps:
            raise Refused(_("Cambió después: no se deshizo nada."))
        else:
            self._apply(tx, made)
        tx.subject, tx.subject_id, tx.row_ref = row["subject"], row["subject_id"], row["row_ref"]
        tx.branch_id, tx.customer_id = row["branch_id"], row["customer_id"]
        tx.conn.execute(act.update().where(act.c.id == tx.act_id).values(undo_of=wanted))
        tx.update(act, wanted, undone_by=tx.act_id)
        if row["verb"] == "undo" and row["undo_of"] is not None:
            tx.update(act, row["undo_of"], undone_by=None)
        tx.title = _("Deshacer: {act}").format(act=row["title"] or row["verb"])
        tx.detail = {"undone": wanted, "changed": made.changed}
        return {"undone": str(wanted), "rows": rows, "changed": list(made.changed)}

    def _apply(self, tx: Tx, made: Plan) -> None:
        before = {key: _row(tx, *key) for key in made.rows() if key[0] in TABLES}
        for step in made.steps:
            _write(tx, step)
        for name, row_id in sorted(made.worked(tx.conn)):
            row = _row(tx, name, row_id)
            if row is not None:
                tx.update(TABLES[name], row_id, **work.derive(tx.conn, name, row))
        for (name, row_id), old in before.items():
            if old is not None and name in WORK_TABLES:
                touch(tx, name, old)
                new = _row(tx, name, row_id)
                if new is not None:
                    touch(tx, name, new)
        for day, branch_id in made.call_days:
            tx.dirty("agents", day, branch_id)


def _write(tx: Tx, step: Step) -> None:
    tx.update(step.table, step.row_id, **step.values(tx))


def _row(tx: Tx, name: str, row_id: int) -> RowMapping | None:
    return tx.conn.execute(select(TABLES[name]).where(TABLES[name].c.id == row_id)).mappings().first()


def act_number(text: str | None) -> int | None:
    """The act that a command line names; :class:`UsageError` when it is no number."""
    if text is None or not text.strip():
        return None
    number = row_number(text.strip())
    if number is None:
        raise UsageError(_("«{text}» no es el número de un acto.").format(text=text.strip()[:40]))
    return number
