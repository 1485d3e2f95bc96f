"""What others and the DMS did to a row while somebody stood on it or called about it (SCREENS §8)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from boxes_tui.data.reads.details import QueueRow
from boxes_tui.data.session import Session
from boxes_tui.data.tables import app_user, appointment, claim
from boxes_tui.desk.prediction import prediction
from boxes_tui.desk.standing import standing_of
from boxes_tui.domain.formats import clock
from boxes_tui.errors import Unavailable
from boxes_tui.i18n import _
from boxes_tui.screens.dialogs.history import row_history
from boxes_tui.screens.row_text import first_name, moment

if TYPE_CHECKING:
    from boxes_tui.screens.acting import ActingBase
    from boxes_tui.screens.dialogs.forms import Draft, Form

LOOK_SECONDS = 2.0
"""How long ``Enter`` waits for that look; then the form is accepted as it is."""


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


def row_words(conn: Connection, session: Session, row: QueueRow) -> str:
    """The value that a form over a row changes: *27/11 09:00*, *27/11 09:00 confirmado*, *descartada*."""
    found = standing_of(conn, session, row.subject, row.id)
    return found.words(session.today_of(row.branch_id)) if found is not None else ""


def comment_words(conn: Connection, session: Session, row: QueueRow) -> str:
    """The comment that another one takes the place of."""
    found = conn.execute(select(appointment.c.comment).where(appointment.c.id == row.id)).scalar()
    return f"«{found}»" if found else _("sin comentario")


def due_words(conn: Connection, session: Session, row: QueueRow) -> str:
    """The predicted due date, and what is open already."""
    found = prediction(conn, session, row)
    return " · ".join(x for x in (found.suggest(None)[1], found.warning) if x)


async def filled_in(
    screen: ActingBase, form: Form, row: QueueRow, words: Callable[[Connection, Session, QueueRow], str] = row_words
) -> Draft | None:
    """What a form over a row is left with; ``Enter`` is asked again where the value under it changed meanwhile."""

    async def look() -> str:
        if screen.offline_since is None:
            with suppress(Unavailable):
                return str(await screen.background(screen.house.read, words, row, deadline=LOOK_SECONDS))
        return ""

    form.shown, form.look = await look(), look
    return await screen.app.push_screen_wait(form)
