"""What the campaign wizard reads: units of a list or of filters, whom to assign to, saved segments."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from boxes_tui.data.engine import patient
from boxes_tui.data.reads.board import Freshness, freshness
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user
from boxes_tui.desk.campaign_lookup import unhurried
from boxes_tui.desk.campaign_match import Match
from boxes_tui.desk.campaign_plan import Choice, candidates
from boxes_tui.desk.campaign_segment import UnitRow, unit_rows
from boxes_tui.desk.campaign_units import Unit, load
from boxes_tui.desk.segments import saved_segments
from boxes_tui.screens.wizard_units import LARGE


def look(
    conn: Connection, session: Session, choice: Choice, type_: str
) -> tuple[Match, Sequence[int], dict[int, Unit], list[UnitRow]]:
    """The report of the list, the units in order, and of as many as fit in memory what is known and their rows."""
    patient(conn)
    with unhurried():
        match, found = candidates(conn, session, choice, type_)
        ids = list(conn.execute(found.order_by("place")).scalars())
        if len(ids) > LARGE:
            return match, ids, {}, []
        return match, ids, load(conn, session, ids, type_), unit_rows(conn, session, ids)


def look_closer(
    conn: Connection, session: Session, ids: Sequence[int], type_: str
) -> tuple[dict[int, Unit], list[UnitRow]]:
    """What is known of a block of units, and their rows."""
    return load(conn, session, ids, type_), unit_rows(conn, session, ids)


def people(conn: Connection, session: Session) -> tuple[list[tuple[str, str]], Freshness, dict[str, dict[str, str]]]:
    """(login, name) of those who may get calls, the age of the DMS, and the saved segments."""
    c = app_user.c
    query = select(c.login, c.name).where(c.active.is_(True), c.role != "viewer").order_by(c.name)
    return (
        [(str(login), str(name)) for login, name in conn.execute(query)],
        freshness(conn, session),
        saved_segments(conn, session),
    )
