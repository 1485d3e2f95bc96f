"""Reminders of many appointments at once: every message written first, then each queued by an act of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection

from boxes_tui.data.session import Session
from boxes_tui.errors import BoxesError
from boxes_tui.outreach.reminder import Draft, MailDesk, SendReminder, preview

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House


@dataclass(frozen=True, slots=True)
class Round:
    """What became of a round: appointments whose mail is queued, and the sentence of each that was refused."""

    queued: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def preview_all(
    conn: Connection, session: Session, desk: MailDesk, ids: Sequence[int], kind: Literal["", "cancel"] = ""
) -> dict[int, Draft]:
    """The message of every appointment as it would leave now; ``Draft.refusal`` where it may not."""
    return {i: preview(conn, session, desk, i, kind) for i in ids}


def send_all(house: House, desk: MailDesk, ids: Sequence[int], kind: Literal["", "cancel"] = "") -> Round:
    """Queue a mail for each: one act per appointment, so that its history tells it. A refusal leaves out that row; a
    database that ends to answer leaves out the rest (their sentence says so)."""
    done = Round()
    for i in ids:
        try:
            house.execute(SendReminder(i, desk, kind))
        except BoxesError as error:
            done.refused[i] = str(error)
        else:
            done.queued.append(i)
    return done
