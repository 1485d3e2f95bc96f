"""No traceback, no message and no local variable of an unexpected error reaches a terminal (RELIABILITY
§4.5)."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

from boxes_tui.i18n import _


def crash_sentence(code: str, path: Path) -> str:
    """What the person sees."""
    return _(
        "boxes se cerró por un error inesperado (código {code}). Lo escrito está guardado. Informe sin datos: {path}"
    ).format(code=code, path=path)


def report_crash(error: BaseException, home: Path) -> tuple[str, Path]:
    """:func:`boxes_tui.crash.report_crash`, which is imported when it is needed: the first frame stands before."""
    from boxes_tui.crash import report_crash as write

    return write(error, home)


def install_hooks(home: Path) -> None:
    """Send every way that Python has to print an exception into the crash folder."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            return
        code, path = report_crash(error.with_traceback(trace), home)
        print(crash_sentence(code, path), file=sys.__stderr__)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            report_crash(args.exc_value, home)

    def unraisable(args: Any) -> None:
        if args.exc_value is not None:
            report_crash(args.exc_value, home)

    sys.excepthook = hook
    threading.excepthook = thread_hook
    sys.unraisablehook = unraisable
    logging.raiseExceptions = False
    logging.lastResort = None
    logging.captureWarnings(True)
    warnings.simplefilter("ignore")


def loop_hook(home: Path) -> Any:
    """A handler for ``loop.set_exception_handler``: errors of tasks that nobody awaited go into the crash
    folder."""

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            report_crash(error, home)

    return handler
