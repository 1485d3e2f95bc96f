"""Campaigns (PRODUCT §8): made in one transaction, undone whole while no unit was worked.

A unit is *done* when an order of its vehicle, opened from the day of the assignment on, was delivered; where the campaign
names operation codes, one of the order's lines has to carry one. The sync keeps ``campaign_unit.done_at``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine

from boxes_tui.data.commands import Command, Tx
from boxes_tui.data.engine import is_sqlite, patient
from boxes_tui.data.session import Session
from boxes_tui.data.tables import campaign
from boxes_tui.desk.campaign_gate import WHY
from boxes_tui.desk.campaign_plan import Choice, Plan, plan
from boxes_tui.desk.campaign_rows import IMAGES_UP_TO, enter
from boxes_tui.desk.campaign_units import every_branch
from boxes_tui.desk.whens import Moment
from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.domain.formats import short_day
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _, language
from boxes_tui.text import clean

PATIENCE_MS = 900_000
"""What writing a million units may take."""


@dataclass(frozen=True)
class CreateCampaign(Command):
    """Make a campaign. ``due`` is the day of all, or the first day of the spread of ``per_day`` per working day;
    ``agents`` are logins, in turn; ``codes`` the operation codes that complete a unit."""

    verb: ClassVar[str] = "campaign"
    name: str
    type: str
    choice: Choice
    due: Moment | None
    per_day: int | None = None
    agents: tuple[str, ...] = ()
    script: str | None = None
    codes: tuple[str, ...] = field(default=())

    def run(self, tx: Tx) -> dict[str, Any]:
        name = clean(self.name, 120)
        if not name:
            raise UsageError(_("Falta el nombre de la campaña."))
        home = tx.session.branches[0].id if tx.session.branches else None
        if home is None:
            raise Refused(_("Este usuario no tiene sucursal; un administrador se la asigna."))
        one_at_a_time(tx.conn)
        made = plan(
            tx.conn, tx.session, self.choice, self.type, due_day(tx.session, self.due), self.per_day, self.agents
        )
        if not made.entering:
            raise Refused(_("Ninguna unidad puede entrar; no se creó la campaña."))
        tx.branch_id = home
        campaign_id = self._campaign(tx, name, home)
        tx.subject, tx.subject_id, tx.title = "campaign", campaign_id, _("Crear campaña {name}").format(name=name)
        patient(tx.conn, PATIENCE_MS)
        with every_branch(tx.conn, tx.session):
            enter(tx, campaign_id, name, home, self.type, made)
        if made.chosen > IMAGES_UP_TO:
            tx.images.clear()
            tx.undoable = True
        tx.detail = {"campaign": campaign_id, "created": made.new, "joined": made.joined}
        return {
            "campaign": str(campaign_id), "created": made.new, "joined": made.joined, "skipped": dict(made.skipped),
        }  # fmt: skip

    def _campaign(self, tx: Tx, name: str, home: int) -> int:
        return tx.insert(
            campaign, branch_id=home, name=name, type=self.type, created_at=tx.now, created_day=tx.today(home),
            created_by=tx.session.user_id, script=self.script,
            due_day=due_day(tx.session, self.due), per_day=self.per_day,
            agents=list(self.agents), segment=self.choice.segment.as_json(),
            operation_codes=[clean(c) for c in self.codes if clean(c)], act_id=tx.act_id,
        )  # fmt: skip


def why_text(code: str | None) -> str | None:
    """The sentence for a reason of ``campaign_gate``."""
    return _(WHY[code]) if code in WHY else code


def campaign_from_lines(
    engine: Engine,
    name: str,
    type_: str,
    lines: Sequence[str],
    *,
    due: Moment | None,
    per_day: int | None = None,
    agents: Sequence[str] = (),
    codes: Sequence[str] = (),
) -> CreateCampaign:
    """The command for a list of lines; nothing is looked up before it runs."""
    return CreateCampaign(name, type_, Choice("\n".join(lines)), due, per_day, tuple(agents), None, tuple(codes))


def due_day(session: Session, value: Moment | None) -> date:
    """The due day that was written or chosen: :class:`UsageError` when it is missing or cannot be read,
    :class:`Refused` when it is over."""
    if value is None or value == "":
        raise UsageError(_("Falta la fecha de vencimiento."))
    local = session.clock.local(session.zone_of(session.branches[0].id if session.branches else None))
    if isinstance(value, datetime):
        day = value.date()
    elif isinstance(value, date):
        day = value
    else:
        try:
            day = parse_when(value, local, language()).day
        except NotUnderstood as error:
            raise UsageError(str(error)) from None
    if day < local.date():
        raise Refused(_("Ese día ya pasó ({day}); no se guardó nada.").format(day=short_day(day)))
    return day


def one_at_a_time(conn: Connection) -> None:
    """Two campaigns made at once would both give a unit its only open campaign opportunity."""
    if not is_sqlite(conn):
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(7212210)")


def dry_run(conn: Connection, session: Session, command: CreateCampaign) -> Plan:
    """What the command would do now, by the same code; raises as it would."""
    day = due_day(session, command.due)
    return plan(conn, session, command.choice, command.type, day, command.per_day, command.agents)
