"""The command line in the language of the person: its help, and one sentence for what was typed wrong (PRODUCT §2).

Help texts and the docstrings of commands are sentences of the catalogue (``boxes_tui.locale`` finds them); they are
translated when the tree of commands is there, since declaring it comes before anybody knows the language.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import typer
from typer.core import TyperGroup

from boxes_tui.cli import out
from boxes_tui.config import spoken
from boxes_tui.errors import UsageError
from boxes_tui.i18n import N_, _, set_language
from boxes_tui.text import BAD, strip_terminal

_INSTEAD: Final[tuple[tuple[str, str], ...]] = (
    ("valid integer", N_("{name} es un número entero.")),
    ("valid number", N_("{name} es un número.")),
    ("greater than or equal to", N_("{name} es {n} o más.")),
)
"""What the reader of values says, and what is said instead."""


class Boxes(TyperGroup):
    """The root of the commands: sets the language first, and says what is wrong in one sentence on stderr."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run; exits with the status of PRODUCT §10 unless ``standalone_mode`` is false."""
        set_language(spoken())
        _teach(self)
        try:
            words = [readable(word) for word in (sys.argv[1:] if args is None else args)]
            status = super().main(words, prog_name or "boxes", complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            status = 1
        except UsageError as error:
            out.say(str(error))
            status = error.exit_code
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            out.say(sentence(error))
            status = int(getattr(error, "exit_code", 2))
        if not standalone_mode:
            return status
        sys.exit((status if isinstance(status, int) else 0) or out.flush())


def readable(word: str) -> str:
    """A word of the command line without what no column holds and no terminal should get; the name of a file that is
    there stays as it is. :class:`UsageError` for bytes that are no text."""
    if not BAD.search(word) or os.path.lexists(word):
        return word
    if any("\ud800" <= ch <= "\udfff" for ch in word):
        with suppress(UnicodeError):  # the terminal's locale is not UTF-8, what was typed is
            return readable(os.fsencode(word).decode("utf-8"))
        raise UsageError(_("Un argumento no es texto UTF-8; no se hizo nada."))
    return "".join(ch for ch in word if ch in "\n\r\t" or not BAD.match(ch))


def _teach(command: Any) -> None:
    """Translate a command with all below it, and let it print help without anything of another language."""
    command.help = _(command.help) if command.help else None
    for param in command.params:
        if getattr(param, "help", None):
            param.help = _(param.help)
    command.format_help = partial(_help, command)
    for below in getattr(command, "commands", {}).values():
        _teach(below)


def _help(command: Any, context: Any, formatter: Any) -> None:
    """Write usage, what it does, arguments, options and commands: plain text, no frames."""
    formatter.write_usage(context.command_path, " ".join(_pieces(command)), prefix=_("Uso:") + " ")
    if command.help:
        formatter.write_paragraph()
        formatter.write_text(command.help)
    arguments = [(_shown(p), p.help or "") for p in command.params if p.param_type_name == "argument"]
    options = [(_shown(p), p.help or "") for p in command.params if p.param_type_name == "option"]
    options.append(("--help", _("Muestra esta ayuda.")))
    below = [(name, _first(c.help)) for name, c in getattr(command, "commands", {}).items() if not c.hidden]
    for title, rows in ((_("Argumentos"), arguments), (_("Opciones"), options), (_("Comandos"), below)):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _pieces(command: Any) -> list[str]:
    made = ["[" + _("opciones") + "]"]
    for p in command.params:
        if p.param_type_name == "argument":
            made.append((_shown(p) if p.required else f"[{_shown(p)}]") + ("…" if p.nargs == -1 else ""))
    if getattr(command, "commands", None):
        made.append(_("comando") + " …")
    return made


def _shown(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).strip("[]…").upper().replace("_", "-")
    both = "/".join((", ".join(param.opts), *param.secondary_opts))
    return both if param.is_flag else f"{both} …"


def _first(text: str | None) -> str:
    return (text or "").split("\n\n")[0].replace("\n", " ")


def sentence(error: Any) -> str:
    """What is wrong with the words of the command line, and where the help is; never a value that was typed."""
    context = getattr(error, "ctx", None)
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        return str(error.format_message()).strip("\n")
    said = _SAYERS.get(kind, _other)(error, context)
    if context is None:
        return said
    return said + " " + _("Ayuda: {command} --help").format(command=context.command_path)


def _missing(error: Any, _context: Any) -> str:
    return _("Falta {name}.").format(name=_name(error.param))


def _value(error: Any, _context: Any) -> str:
    name, text = _name(error.param), str(error.message)
    for theirs, ours in _INSTEAD:
        if theirs in text:
            number = re.search(r"-?\d+(?:\.\d+)?", text)
            return _(ours).format(name=name, n=number[0] if number else "")
    return _("No se entiende el valor de {name}.").format(name=name)


def _no_option(error: Any, context: Any) -> str:
    near = [str(p) for p in error.possibilities or ()]
    if not near and context is not None:
        near = sorted(o for p in context.command.params if p.param_type_name == "option" for o in p.opts)
    name = strip_terminal(str(error.option_name))[:40]
    if not near:
        return _("No hay una opción {name}.").format(name=name)
    return _("No hay una opción {name}; las que hay: {names}.").format(name=name, names=", ".join(near))


def _no_value(error: Any, _context: Any) -> str:
    return _("A {name} le falta su valor.").format(name=error.option_name)


def _other(error: Any, context: Any) -> str:
    text = str(error.message)
    names = ", ".join(getattr(context.command, "commands", {})) if context is not None else ""
    if text.startswith("No such command"):
        wrong = (re.search(r"'(.*?)'", text) or re.search(r'"(.*?)"', text) or [text, ""])[1]
        return _("No hay un comando «{name}»; los que hay: {names}.").format(
            name=strip_terminal(wrong)[:40], names=names
        )
    if text.startswith("Missing command"):
        return _("Falta el comando; los que hay: {names}.").format(names=names)
    if text.startswith("Got unexpected extra argument"):
        return _("Sobran palabras; un texto con blancos va entre comillas.")
    return _("No se entiende la línea de comandos.")


def _name(param: Any) -> str:
    if param is None:
        return _("un valor")
    return str(param.opts[0]) if param.param_type_name == "option" else _shown(param)


_SAYERS: Final[dict[str, Callable[[Any, Any], str]]] = {
    "MissingParameter": _missing, "BadParameter": _value, "NoSuchOption": _no_option, "BadOptionUsage": _no_value,
}  # fmt: skip
