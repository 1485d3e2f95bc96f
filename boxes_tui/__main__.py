"""``boxes`` and ``python -m boxes_tui``: without arguments the app, before anything of the command line loads."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the app or the command line; the return value is the exit status."""
    if len(sys.argv) == 1:
        import gc

        gc.disable()  # until the database is open: nothing to collect while modules load (QUALITY P1a)
        from boxes_tui.app import run

        return run()
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
