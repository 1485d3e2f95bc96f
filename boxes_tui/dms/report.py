"""How a run is asked for, and what it tells (DMS.md §6, PRODUCT §10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from boxes_tui.dms.context import Counts
from boxes_tui.dms.inbox import Watch


@dataclass
class Options:
    """How a run is made. ``stop`` asks for an end between two entities; ``watch_rows`` sees the rows go by; ``retry`` reads
    only the rows that lie in quarantine."""

    dry_run: bool = False
    retry: bool = False
    full: bool = False
    allow: frozenset[str] = frozenset()
    stop: Callable[[], bool] = lambda: False
    watch_rows: Watch = lambda _entity, read, _expected: read


@dataclass
class Report:
    """What a run did: the object of ``sync --json``, and sentences for the person."""

    source: str
    run: int | None = None
    status: str = "ok"
    exit: int = 0
    entities: list[Counts] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """PRODUCT §10."""
        made = {"run": str(self.run) if self.run is not None else None, "source": self.source, "status": self.status,
                "exit": self.exit, "entities": [c.as_json() for c in self.entities], "messages": self.said}  # fmt: skip
        if self.samples:
            made["samples"] = self.samples
        return made
