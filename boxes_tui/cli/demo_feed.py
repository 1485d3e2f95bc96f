"""The demo's DMS, alive: plays on every few seconds, writes files, and lets the real sync read them.

Runs beside the app as ``python -m boxes_tui.cli.demo_feed HOME`` and ends with it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event

TICK_SECONDS = 25.0


def main() -> int:
    """Tick until told to stop, or until whoever started it is gone."""
    home = Path(sys.argv[1])
    os.environ["BOXES_HOME"] = str(home)
    os.environ.pop("BOXES_USER", None)
    from boxes_tui.bootstrap import open_house
    from boxes_tui.clock import clock_from_env
    from boxes_tui.config import load_settings
    from boxes_tui.dms.demo import live
    from boxes_tui.dms.lock import source_lock
    from boxes_tui.dms.loop import stop_flag
    from boxes_tui.dms.mapping import load_sources
    from boxes_tui.dms.runs import Options, run_source
    from boxes_tui.errors import BoxesError

    stop: Event = stop_flag()
    parent = os.getppid()
    clock = clock_from_env()
    house = open_house(load_settings(), clock, statement_ms=600_000)
    dealership = live.found(home / "demo", clock.now())
    world = live.Live(dealership)
    spec = load_sources(dealership.mapping)["demo"]
    while not stop.is_set() and os.getppid() == parent:
        try:
            if world.tick(clock.now()):
                run_source(house.engine, clock, spec, Options(stop=stop.is_set), source_lock)
        except BoxesError:
            pass  # the next tick tries again; the board shows the age of the last read
        stop.wait(TICK_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
