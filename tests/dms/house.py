"""A desk over a fresh database, a sync, and the DMS keys of its queues: what the tests of the sync share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from boxes_tui.bootstrap import House, open_house
from boxes_tui.clock import Clock
from boxes_tui.config import Settings
from boxes_tui.data.reads import queues
from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.runs import Options, Report, run_source


def desk(home: Path, now: str, url: str | None = None) -> House:
    """The doors of a desk at a fixed business instant; ``url`` of the database, else a SQLite file in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(home, url or f"sqlite:///{home / 'boxes.db'}", "es", "admin", None)
    return open_house(settings, Clock(datetime.fromisoformat(now)), statement_ms=60_000)


def sync(house: House, toml: Path, **options: Any) -> list[Report]:
    """Run every source of a TOML file once."""
    made = [run_source(house.engine, house.clock, s, Options(**options)) for s in load_sources(toml).values()]
    house.refresh()
    return made


def entities(reports: Iterable[Report]) -> dict[str, dict[str, Any]]:
    """The JSON objects of the entities of a run, by name."""
    return {c.entity: c.as_json() for r in reports for c in r.entities}


def keys(house: House, name: str) -> list[str]:
    """The sorted DMS keys of ``queue/filter``."""
    queue, _slash, flt = name.partition("/")
    return sorted(str(r.dms_id) for r in house.read(queues.rows, queues.Ask(queue, flt)))


def adds_up(found: dict[str, dict[str, Any]]) -> None:
    """read = inserted + updated + unchanged + stale + duplicates + rejected, for every entity (DMS.md §6)."""
    for name, e in found.items():
        parts = sum(e[k] for k in ("inserted", "updated", "unchanged", "stale", "duplicates", "rejected"))
        assert e["read"] == parts, (name, e)
