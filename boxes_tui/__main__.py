"""``boxes`` and ``python -m boxes_tui``: without arguments the app, before anything of the command line loads."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the app or the command line; the return value is the exit status."""
    if any(name.startswith("TEXTUAL") for name in os.environ):
        from boxes_tui.guard.environment import forget_textual

        forget_textual()
    if len(sys.argv) == 1:
        import gc

        gc.disable()  # until the database is open: nothing to collect while modules load (QUALITY P1a)
        from boxes_tui.app import run

        return run()
    from boxes_tui.plain import speak_plainly

    speak_plainly()
    words = sys.argv[1:]
    if words == ["--help"]:
        from boxes_tui.cli.places import first_page
        from boxes_tui.config import spoken

        first_page(spoken())
        return 0
    from boxes_tui.cli.main import command_line

    command_line(words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
