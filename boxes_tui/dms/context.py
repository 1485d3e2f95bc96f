"""What a run knows while it works, and what it counts (DMS.md §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

WRITTEN: Final = "s.st = 'k' AND s.state IN ('new', 'changed', 'revived', 'stub')"
"""Staged rows (alias ``s``) that this read inserts or changes."""


@dataclass
class Context:
    """What a run knows while it applies one entity. Instants are epoch seconds, days ordinals."""

    source_id: int
    run_id: int
    since_run: int
    """Facts are derived from rows changed since this run: later than the run's own when an earlier one was killed."""
    now: int
    today: int
    zone: str
    default_branch_id: int
    allow: frozenset[str] = frozenset()
    first_load: bool = False
    dry_run: bool = False
    retry: bool = False
    """Bad rows are tried again: no read of the source, so neither freshness nor guards apply."""
    samples: list[str] = field(default_factory=list)
    new_branches: list[str] = field(default_factory=list)


@dataclass
class Counts:
    """The counters of an entity (DMS.md §6); added up over its reads."""

    entity: str
    mode: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicates: int = 0
    rejected: int = 0
    gone: int = 0
    revived: int = 0
    stubs: int = 0
    warnings: dict[str, int] = field(default_factory=dict)
    complete: bool = False
    ms_read: int = 0
    ms_merge: int = 0

    def as_json(self) -> dict[str, Any]:
        """The object of ``sync --json``."""
        return {
            "entity": self.entity, "mode": self.mode, "read": self.read, "inserted": self.inserted,
            "updated": self.updated, "unchanged": self.unchanged, "stale": self.stale, "duplicates": self.duplicates,
            "rejected": self.rejected, "gone": self.gone, "revived": self.revived, "stubs": self.stubs,
            "warnings": dict(sorted(self.warnings.items())), "complete": self.complete, "ms_read": self.ms_read,
            "ms_merge": self.ms_merge,
        }  # fmt: skip
