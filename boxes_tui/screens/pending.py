"""Acts that wait on this machine while the database does not answer: kept, sent again with their key, told (SCREENS §8)."""

from __future__ import annotations

import inspect
from datetime import date, datetime
from typing import Any, cast

from boxes_tui.bootstrap import House
from boxes_tui.data.commands import Command
from boxes_tui.data.drafts import Journal
from boxes_tui.data.session import Session
from boxes_tui.errors import BoxesError, Unavailable


def journal_of(app: Any, house: House) -> Journal:
    """The one journal of the running app."""
    found = getattr(app, "_boxes_journal", None)
    if found is None:
        found = Journal(house.settings.home)
        app._boxes_journal = found
    return cast(Journal, found)


def can_wait(command: Command) -> bool:
    """Whether a command can be kept on this machine and made again from what is kept."""
    return type(command).__name__ in _commands()


def keep_pending(journal: Journal, session: Session, command: Command, key: str) -> None:
    """Keep a command with its key until the database answers."""
    body = {name: _plain(value) for name, value in vars(command).items()}
    journal.wait(session.login, key, command.verb, {"class": type(command).__name__, "args": body}, command.verb)


def send_waiting(house: House, journal: Journal) -> tuple[int, int]:
    """Send what waits, in order; (sent, refused). Stops at the first that finds no database."""
    sent = refused = 0
    for act in journal.waiting(house.session.login):
        command = restore(act.body)
        if command is None:
            journal.refuse(act.id, "?")
            refused += 1
            continue
        try:
            house.execute(command, act.key)
        except Unavailable:
            break
        except BoxesError as error:
            journal.refuse(act.id, str(error))
            refused += 1
            continue
        journal.sent(act.id)
        sent += 1
    return sent, refused


def restore(body: dict[str, Any]) -> Command | None:
    """The command of a kept act; None for one that this program no longer knows."""
    found = _commands().get(str(body.get("class")))
    if found is None:
        return None
    args = {k: tuple(v) if isinstance(v, list) else v for k, v in dict(body.get("args", {})).items()}
    if args.get("opened_at"):
        args["opened_at"] = datetime.fromisoformat(str(args["opened_at"]))
    return found(**args)


def _commands() -> dict[str, type[Command]]:
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


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
