"""The Typer application, made from the table of places (PRODUCT §10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import typer

from boxes_tui.cli.places import ABOUT, PLACES, Place
from boxes_tui.cli.speech import Boxes

if TYPE_CHECKING:
    app: typer.Typer


def command_line(words: Sequence[str]) -> None:
    """Run what was typed, with the one command that it names; with all where it names none of ours."""
    named = [place for place in PLACES if place.name == words[0]]
    tree(named or PLACES)()


def tree(places: Iterable[Place]) -> typer.Typer:
    """``boxes`` with those commands."""
    made = typer.Typer(
        name="boxes", cls=Boxes, no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False, help=ABOUT
    )
    made.callback(invoke_without_command=True)(_root)
    for place in places:
        found = getattr(import_module(f"boxes_tui.cli.{place.module}"), place.what)
        if place.group:
            made.add_typer(found, name=place.name)
        else:
            made.command(place.name)(found)
    return made


def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        from boxes_tui.app import run

        raise typer.Exit(run())


@cache
def _whole() -> typer.Typer:
    return tree(PLACES)


def __getattr__(name: str) -> typer.Typer:
    """``app``: the whole tree, made when somebody asks."""
    if name == "app":
        return _whole()
    raise AttributeError(name)
