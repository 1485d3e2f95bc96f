"""The demo dealership goes on while somebody watches: found it once, then tick every 20–30 seconds (DMS.md
§3).

Nothing but seed, scale and anchor is kept (``demo.json``): the world is played again from its beginning,
which takes a fraction of a second, and then lives on with the business clock, closed demos included.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from boxes_tui.dms.demo import export
from boxes_tui.dms.demo.world import ZONE, World, local
from boxes_tui.errors import ConfigError
from boxes_tui.i18n import _

FILE, MAPPING, DROP = "demo.json", "demo.toml", "in"
QUIET = timedelta(minutes=5)
"""A tick in which nothing happened writes nothing, but the DMS is never older than this."""


@dataclass(frozen=True, slots=True)
class Dealership:
    """A demo that was founded in ``folder``. ``anchor`` is aware, in the dealership's zone."""

    folder: Path
    seed: int
    scale: float
    anchor: datetime

    @property
    def mapping(self) -> Path:
        """The TOML with the source ``demo``."""
        return self.folder / MAPPING

    @property
    def drop(self) -> Path:
        """The drop folder."""
        return self.folder / DROP

    def opening(self) -> tuple[datetime, ...]:
        """Instants (aware) whose exports the first start reads one after the other.

        With them the sync sees turnos move, get cancelled and vanish, and orders go on, as it would in real
        life.
        """
        return tuple(self.anchor - timedelta(hours=h) for h in (26, 3, 0))


def found(folder: Path, now: datetime, seed: int = 1, scale: float = 1.0) -> Dealership:
    """The demo of ``folder``: the one already there, whatever the arguments, else a new one whose anchor is
    ``now``.

    ``now`` is the business instant (aware). Writes ``demo.json``, ``demo.toml`` and the empty drop folder.
    Raises :class:`ConfigError` when ``demo.json`` cannot be understood.
    """
    known = folder / FILE
    if known.exists():
        return _read(known)
    demo = Dealership(folder, seed, scale, local(now).replace(second=0, tzinfo=ZONE))
    demo.drop.mkdir(parents=True, exist_ok=True)
    export.write_mapping(demo.mapping, DROP)
    text = json.dumps({"seed": seed, "scale": scale, "anchor": demo.anchor.isoformat()})
    known.write_text(text + "\n", encoding="utf-8")
    return demo


def _read(path: Path) -> Dealership:
    try:
        data = json.loads(path.read_text("utf-8"))
        anchor = datetime.fromisoformat(data["anchor"]).astimezone(ZONE)
        return Dealership(path.parent, int(data["seed"]), float(data["scale"]), anchor)
    except (OSError, ValueError, KeyError, TypeError) as error:
        text = _("{path}: no es el archivo de una concesionaria de demostración ({why})")
        raise ConfigError(text.format(path=path, why=type(error).__name__)) from None


class Live:
    """A running demo: one world, and what was written of it last."""

    def __init__(self, demo: Dealership) -> None:
        self.demo = demo
        self.world = World(demo.seed, demo.scale, anchor=demo.anchor)
        self._written: datetime | None = None

    def tick(self, now: datetime) -> list[Path]:
        """Play on to the business instant ``now`` and write what changed; returns the files, often none.

        The first tick of a process writes everything. An instant before the last one is ignored; so are
        later ticks of a world above scale 8, whose files take minutes to write.
        """
        moment = local(now)
        if moment < self.world.now:
            return []
        played = self.world.advance(moment)
        last = self._written
        if last is not None and played == 0 and moment - last < QUIET:
            return []
        if last is not None and self.world.streamed:
            return []
        files = export.write(self.world, self.demo.drop, moment, since=last)
        self._written = moment
        return files
