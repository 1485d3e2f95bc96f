"""What every command shares: opening the house, and turning expected failures into a sentence and an exit status."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer

from boxes_tui.cli import out
from boxes_tui.errors import BoxesError, is_usual
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House

P = ParamSpec("P")
T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Imprime JSON en la salida estándar.")]


def house(*, statement_ms: int = 5000) -> House:
    """The doors, opened for this process's caller; the language is set on the way."""
    from boxes_tui.bootstrap import open_house
    from boxes_tui.config import load_settings
    from boxes_tui.i18n import set_language

    settings = load_settings()
    set_language(settings.lang)
    return open_house(settings, statement_ms=statement_ms)


def guarded(function: Callable[P, T]) -> Callable[P, T]:
    """Run a command so that an expected failure is one sentence on stderr and an unexpected one a code, never a value."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BoxesError as error:
            out.say(str(error))
            raise typer.Exit(error.exit_code) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(1) from None
        except OSError as error:
            if not is_usual(error):
                raise typer.Exit(_unexpected(error)) from None
            out.say(out.os_sentence(error))
            raise typer.Exit(1) from None
        except Exception as error:
            raise typer.Exit(_unexpected(error)) from None

    return run


def _unexpected(error: BaseException) -> int:
    from boxes_tui.crash import report_crash
    from boxes_tui.data.troubles import database_sentence

    sentence = database_sentence(error)
    if sentence:
        out.say(sentence)
        return 1
    code, path = report_crash(error)
    out.say(
        _(
            "boxes se detuvo por un error inesperado (código {code}). El informe, sin datos de clientes, está en {path}."
        ).format(code=code, path=path)
    )
    return 1
