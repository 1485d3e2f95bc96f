"""Acts that wait on this machine while the database does not answer: kept, sent again with their key, told (SCREENS §8)."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, cast

from boxes_tui.bootstrap import House
from boxes_tui.data.commands import Command
from boxes_tui.data.drafts import Journal
from boxes_tui.data.session import Session
from boxes_tui.errors import BoxesError, Unavailable
from boxes_tui.i18n import _


def journal_of(app: Any, house: House) -> Journal:
    """The one journal of the running app."""
    found = getattr(app, "_boxes_journal", None)
    if found is None:
        found = Journal(house.settings.home)
        app._boxes_journal = found
    return cast(Journal, found)


def can_wait(command: Command) -> bool:
    """Whether a command can be kept on this machine and made again from what is kept."""
    return type(command).__name__ in commands()


def keep_pending(journal: Journal, session: Session, command: Command, key: str, at: datetime) -> None:
    """Keep a command with its key until the database answers; ``at`` is the instant at which it was done.

    Raises :class:`~boxes_tui.errors.NoSpace` where this machine cannot keep it either.
    """
    command = command.unattended()
    args = {f.name: _kept(getattr(command, f.name)) for f in fields(cast(Any, command))}
    body = {"class": type(command).__name__, "args": args}
    journal.wait(session.login, key, command.verb, body, command.verb, at)


def send_waiting(house: House, journal: Journal) -> tuple[int, int]:
    """Send what waits, in order and each as of the instant at which it was done, so that *mañana 10* is still the day
    that the agent meant; (sent, refused). Stops at the first that finds no database."""
    sent = refused = 0
    for act in journal.waiting(house.session.login):
        command = restore(act.body)
        if command is None:
            journal.refuse(act.id, _("Esta versión no conoce el acto."))
            refused += 1
            continue
        try:
            house.execute(command, act.key, at=act.at)
        except Unavailable:
            break
        except BoxesError as error:
            journal.refuse(act.id, str(error))
            refused += 1
            continue
        journal.sent(act.id)
        sent += 1
    return sent, refused


def restore(body: Mapping[str, Any]) -> Command | None:
    """The command of a kept act; None for one that this program no longer knows."""
    found = commands().get(str(body.get("class")))
    if found is None:
        return None
    try:
        return found(**{name: _back(value) for name, value in dict(body.get("args", {})).items()})
    except (TypeError, ValueError):
        return None


def commands() -> dict[str, type[Command]]:
    """Those that may wait, by the names under which they are kept."""
    from boxes_tui.desk import (
        appointments,
        assign,
        blocks,
        bulk,
        calls,
        claims,
        complaints,
        notes,
        opportunities,
        orders,
        reconcile,
    )  # fmt: skip
    from boxes_tui.outreach import whatsapp

    made: dict[str, type[Command]] = {}
    for module in (
        appointments, assign, blocks, bulk, calls, claims, complaints, notes, opportunities, orders, reconcile,
        whatsapp,
    ):  # fmt: skip
        for name, item in inspect.getmembers(module, inspect.isclass):
            if issubclass(item, Command) and not inspect.isabstract(item):
                made[name] = item
    return made


def _kept(value: Any) -> Any:
    """A value as JSON that :func:`_back` makes the very same value of: the key stands for the arguments."""
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return [_kept(v) for v in value] if isinstance(value, tuple) else value


def _back(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["day"])
    return tuple(_back(v) for v in value) if isinstance(value, list) else value
