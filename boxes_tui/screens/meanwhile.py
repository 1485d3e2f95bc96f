"""What others and the DMS did to a row while somebody stood on it or called about it (SCREENS §8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, claim
from boxes_tui.domain.formats import clock
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.history import row_history
from boxes_tui.screens.row_text import first_name, moment


def last_done(conn: Connection, session: Session, row: QueueRow, since: datetime | None = None) -> str | None:
    """*Luis, Confirmar turno 14:11*: the newest of what others or the DMS did to the row today, at ``since`` (business
    time) or later; None when nothing is."""
    at = moment(session)
    for when, who, what in row_history(conn, session, row.subject, row.id):
        local = at.local(when)
        if local.date() != at.today or (since is not None and when < since):
            return None
        if who != session.name:
            return f"{first_name(who) if who else 'DMS'}, {what} {clock(local)}"
    return None


def taken_by(conn: Connection, session: Session, row: QueueRow) -> str | None:
    """*Rocío tomó este cliente 14:12. Lo escrito queda.* when the person is held by somebody else now."""
    c = claim.c
    found = conn.execute(
        select(app_user.c.name, c.taken_at)
        .join(app_user, app_user.c.id == c.user_id)
        .where(c.person == row.person, c.user_id != session.user_id)
    ).first()
    if found is None:
        return None
    return _("{name} tomó este cliente {t}. Lo escrito queda.").format(
        name=first_name(found[0]), t=clock(moment(session).local(found[1]))
    )


def told(conn: Connection, session: Session, row: QueueRow, since: datetime) -> str | None:
    """What an open call panel says of the row: who took the customer, else what was done to it."""
    return taken_by(conn, session, row) or last_done(conn, session, row, since)
