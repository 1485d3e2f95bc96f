"""What the environment may not decide: Textual's debugging doors stay shut (RELIABILITY §4.6)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from boxes_tui.i18n import _

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""The one driver that the environment may name: that of ``boxes serve``."""


def in_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether ``boxes serve`` started this process: its driver, and the person that the proxy named."""
    env = os.environ if environ is None else environ
    return env.get("TEXTUAL_DRIVER") == WEB_DRIVER and bool(env.get("BOXES_WEB_USER"))


def forget_textual() -> None:
    """Take every ``TEXTUAL_*`` out of the environment, before Textual is imported and reads it: drivers, logs, keys that
    press themselves, numbers that are none. What ``boxes serve`` gives its apps stays."""
    kept = ("TEXTUAL_DRIVER", "TEXTUAL_COLOR_SYSTEM") if in_browser() else ()
    for name in [n for n in os.environ if n == "TEXTUAL" or n.startswith("TEXTUAL_")]:
        if name not in kept:
            del os.environ[name]


def told_encoding(environ: Mapping[str, str] | None = None) -> str | None:
    """The encoding that the locale names for the terminal, None where it names none.

    Python itself speaks UTF-8 in the locale ``C`` (PEP 538, 540), and for ``LANG=C`` writes ``LC_CTYPE=C.UTF-8`` into the
    environment: whoever said ``C`` gets signs that every terminal has.
    """
    env = os.environ if environ is None else environ
    name = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    if not env.get("LC_ALL") and name == "C.UTF-8" and env.get("LANG"):
        name = env["LANG"]
    if name in ("C", "POSIX"):
        return "ascii"
    return name.partition(".")[2].partition("@")[0] or None


def close_back_doors() -> None:
    """No log file, no keys pressed by themselves, no screenshot on a timer, whatever ``TEXTUAL_*`` says."""
    from textual import constants

    constants.LOG_FILE = None  # type: ignore[misc]
    constants.PRESS = ""  # type: ignore[misc]
    constants.SCREENSHOT_DELAY = -1  # type: ignore[misc]
    constants.TEXTUAL_ANIMATIONS = "none"  # type: ignore[misc]


def wants_mouse(choice: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to ask the terminal for mouse reports: setting ``mouse`` (on, off), else not over SSH, where
    every movement costs bytes on the agent's line."""
    env = os.environ if environ is None else environ
    if choice.lower() in ("on", "1", "true", "yes", "sí", "si"):
        return True
    if choice.lower() in ("off", "0", "false", "no"):
        return False
    return not (env.get("SSH_TTY") or env.get("SSH_CONNECTION"))


def terminal_complaint() -> str | None:
    """Why the app cannot run on this standard input and output, None where it can."""
    if sys.__stdin__ is None or not sys.__stdin__.isatty() or sys.__stderr__ is None or not sys.__stderr__.isatty():
        return _("boxes necesita una terminal (por ssh: ssh -t). Para scripts están boxes queue, do y report.")
    if os.environ.get("TERM", "") in ("", "dumb"):
        return _("La terminal dice TERM=dumb y no puede mostrar pantallas.")
    return None
