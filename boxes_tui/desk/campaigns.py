"""Campaigns (PRODUCT §8): made in one transaction, undone whole while no unit was worked.

A unit is *done* when an order of its vehicle, opened from the day of the assignment on, was delivered; where the campaign
names operation codes, one of the order's lines has to carry one. The sync keeps ``campaign_unit.done_at``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, insert, select

from boxes_tui.data.commands import Command, Tx, encode
from boxes_tui.data.engine import is_sqlite
from boxes_tui.data.session import Session
from boxes_tui.data.tables import campaign, campaign_unit, opportunity
from boxes_tui.desk.campaign_gate import WHY
from boxes_tui.desk.campaign_plan import Choice, Plan, plan
from boxes_tui.desk.opening import WATCHED
from boxes_tui.desk.subjects import report_days
from boxes_tui.desk.whens import Moment
from boxes_tui.domain.dates import NotUnderstood, parse_when
from boxes_tui.domain.formats import short_day
from boxes_tui.errors import Refused, UsageError
from boxes_tui.i18n import _, language
from boxes_tui.text import clean

IMAGES_UP_TO: Final = 2000
"""Units up to which the act keeps before-images, so that its undo can be undone again; larger ones are undone as
``desk.campaign_undo`` undoes them, for good."""


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
        if not made.new and not made.joined:
            raise Refused(_("Ninguna unidad puede entrar; no se creó la campaña."))
        tx.branch_id = home
        campaign_id = self._campaign(tx, name, home)
        tx.subject, tx.subject_id, tx.title = "campaign", campaign_id, _("Crear campaña {name}").format(name=name)
        opportunities = self._opportunities(tx, campaign_id, name, home, made)
        self._units(tx, campaign_id, home, made, opportunities)
        if made.chosen > IMAGES_UP_TO:
            tx.images.clear()
            tx.undoable = True
        tx.detail = {"campaign": campaign_id, "created": len(made.new), "joined": len(made.joined)}
        return {
            "campaign": str(campaign_id), "created": len(made.new), "joined": len(made.joined),
            "skipped": dict(made.skipped),
        }  # fmt: skip

    def _campaign(self, tx: Tx, name: str, home: int) -> int:
        return tx.insert(
            campaign, branch_id=home, name=name, type=self.type, created_at=tx.now, created_day=tx.today(home),
            created_by=tx.session.user_id, script=self.script,
            due_day=due_day(tx.session, self.due), per_day=self.per_day,
            agents=list(self.agents), segment=self.choice.segment.as_json(),
            operation_codes=[clean(c) for c in self.codes if clean(c)], act_id=tx.act_id,
        )  # fmt: skip

    def _opportunities(self, tx: Tx, campaign_id: int, name: str, home: int, made: Plan) -> dict[int, int]:
        """The new opportunities by vehicle."""
        rows: list[dict[str, Any]] = []
        for item in made.new:
            branch_id = item.unit.branch_id or home
            rows.append(
                {
                    "branch_id": branch_id, "customer_id": item.unit.customer_id, "vehicle_id": item.unit.vehicle_id,
                    "origin": "campaign", "origin_subject": "campaign", "origin_id": campaign_id,
                    "campaign_id": campaign_id, "state": "open", "due_day": item.due, "about": name,
                    "assigned_user_id": item.user_id, "created_at": tx.now, "created_day": tx.today(branch_id),
                    "created_by": tx.session.user_id, "reschedules": 0,
                }
            )  # fmt: skip
        insert_all(tx, opportunity, rows, WATCHED)
        mark(tx, rows)
        c = opportunity.c
        found = tx.conn.execute(select(c.vehicle_id, c.id).where(c.campaign_id == campaign_id))
        ids = {int(v): int(i) for v, i in found}
        keep_images(tx, "opportunity", [ids[r["vehicle_id"]] for r in rows])
        return ids

    def _units(self, tx: Tx, campaign_id: int, home: int, made: Plan, opportunities: Mapping[int, int]) -> None:
        rows = []
        for unit, state, joined, user_id in (
            *((p.unit, "open", False, p.user_id) for p in made.new),
            *((u, "open", True, None) for u in made.joined),
            *((u, "blocked", False, None) for u in made.blocked),
        ):
            branch_id = unit.branch_id or home
            enters = state == "open"
            rows.append(
                {
                    "campaign_id": campaign_id, "branch_id": branch_id, "vehicle_id": unit.vehicle_id,
                    "customer_id": unit.customer_id, "opportunity_id": opportunities.get(unit.vehicle_id, unit.open_id),
                    "state": state, "joined": joined, "match": made.how.get(unit.vehicle_id),
                    "blocked_why": unit.why, "assigned_at": tx.now if enters else None,
                    "assigned_day": tx.today(branch_id) if enters else None, "assigned_user_id": user_id,
                }
            )  # fmt: skip
        insert_all(tx, campaign_unit, rows, ())
        c = campaign_unit.c
        keep_images(
            tx, "campaign_unit", list(tx.conn.execute(select(c.id).where(c.campaign_id == campaign_id)).scalars())
        )


def insert_all(tx: Tx, table: Any, rows: Sequence[dict[str, Any]], watched: Sequence[str]) -> None:
    """Insert many rows at once; their images get ids by :func:`keep_images`."""
    if rows:
        tx.conn.execute(insert(table), list(rows))
    for row in rows if len(rows) <= IMAGES_UP_TO else ():
        image = {k: encode(table, k, row.get(k)) for k in watched}
        tx.images.append({"t": table.name, "id": 0, "b": None, "a": image})


def keep_images(tx: Tx, name: str, ids: Sequence[int]) -> None:
    """Give the images of rows inserted together their ids, in the order in which they were inserted."""
    waiting = [image for image in tx.images if image["t"] == name and not image["id"]]
    for image, row_id in zip(waiting, ids, strict=False):
        image["id"] = int(row_id)


def mark(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark the months of the reports that count those opportunities, each once."""
    seen = set()
    for row in rows:
        for report, day in report_days("opportunity", row):
            if day is not None:
                seen.add((report, day.replace(day=1), row["branch_id"]))
    for report, day, branch_id in sorted(seen):
        tx.dirty(report, day, branch_id)


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
