"""Reports of unexpected errors: a code for the person, and a file with types and places but never a value
(RELIABILITY §4.5)."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from secrets import token_hex

from boxes_tui.clock import wall
from boxes_tui.i18n import _


def report_crash(error: BaseException, home: Path | None = None) -> tuple[str, Path]:
    """Write ``<home>/crash/<code>.txt`` (0600 in a 0700 folder) and return the code and the path.

    The file holds exception type names and ``file:line`` of every frame: no message, no local variable.
    """
    code = token_hex(4)
    folder = (home or _home()) / "crash"
    lines = [f"boxes {code} {wall():%Y-%m-%dT%H:%M:%SZ}"]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}{_database_code(current)}")
        for frame in traceback.extract_tb(current.__traceback__):
            lines.append(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        current = current.__cause__ or current.__context__
    path = folder / f"{code}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return code, Path(_("(no se pudo escribir)"))
    return code, path


def _database_code(error: BaseException) -> str:
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None)
    constraint = getattr(getattr(original, "diag", None), "constraint_name", None)
    return f" sqlstate={state} constraint={constraint}" if state else ""


def _home() -> Path:
    from boxes_tui.config import load_settings
    from boxes_tui.errors import BoxesError

    try:
        return load_settings().home
    except BoxesError:
        return Path.home() / ".boxes"
