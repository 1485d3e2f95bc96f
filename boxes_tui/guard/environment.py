"""What the environment may not decide: Textual's debugging doors stay shut (RELIABILITY §4.6)."""

from __future__ import annotations

import os
from collections.abc import Mapping

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""The one driver that the environment may name: that of ``boxes serve``."""


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
