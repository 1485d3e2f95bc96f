"""What every command shares: opening the house, and turning expected failures into a sentence and an exit status."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

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


def database_sentence(error: BaseException) -> str | None:
    """The sentence for a database that does not answer, is full, locked or no database; None for anything else."""
    original: Any = getattr(error, "orig", error)
    text = str(original)
    kind = type(original).__name__
    if "database or disk is full" in text:
        return _("No hay lugar en el disco: no se guardó nada de este acto; lo anterior está intacto.")
    if "not a database" in text or "malformed" in text:
        return _(
            "El archivo de la base está dañado o no es de BOXES; no se tocó. Se puede recuperar con: boxes db restore"
        )
    if "readonly database" in text or "unable to open" in text:
        return _("No se puede abrir o escribir la base; revisar permisos de la carpeta de datos (boxes config show).")
    lite = type(original).__module__.startswith("sqlite3")
    if kind in ("OperationalError", "ConnectionTimeout", "InterfaceError") and (not lite or "locked" in text):
        return _("La base no responde; no se guardó nada. Revisar BOXES_DATABASE_URL y el servidor (boxes doctor).")
    return None
