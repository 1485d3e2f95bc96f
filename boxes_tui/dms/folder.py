"""The drop folder (DMS.md §3): which files wait, when one is whole, and where it goes afterwards."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.errors import ConfigError, why
from boxes_tui.i18n import _

SETTLE_SECONDS = 2.1
PARTIAL = (".tmp", ".part", ".filepart", ".ok", ".reason.txt")
"""Endings of files that are not whole yet, or are not rows."""


class Folder:
    """The drop folder of a source."""

    def __init__(self, spec: SourceSpec) -> None:
        assert spec.path is not None
        self.spec, self.path = spec, spec.path
        self._looks: dict[Path, tuple[int, int] | None] = {}

    def check(self) -> None:
        """The folder is there and files can be moved out of it, or :class:`ConfigError` with a sentence."""
        if not self.path.is_dir():
            raise ConfigError(
                _("fuente {name}: no existe la carpeta {path}").format(name=self.spec.name, path=self.path)
            )
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(
                _("fuente {name}: no se puede leer y escribir en {path}").format(name=self.spec.name, path=self.path)
            )

    def waiting(self, entity: EntitySpec) -> list[Path]:
        """Whole files of an entity's pattern, in the order of their names."""
        return self.settled([p for p in self._listed() if entity.files and fnmatchcase(p.name, entity.files)])

    def waiting_any(self, entities: Sequence[EntitySpec]) -> list[Path]:
        """Whole files that any of the entities reads, in the order of their names; one look serves all."""
        patterns = [e.files for e in entities if e.files]
        return self.settled([p for p in self._listed() if any(fnmatchcase(p.name, f) for f in patterns)])

    def _listed(self) -> Iterator[Path]:
        try:
            found = sorted(self.path.iterdir(), key=lambda p: p.name)
        except OSError as error:
            raise ConfigError(
                _("fuente {name}: no se puede leer {path} ({why})").format(
                    name=self.spec.name, path=self.path, why=why(error)
                )
            ) from None
        for path in found:
            name = path.name
            if not name.lower().endswith(PARTIAL) and not name.startswith(("~$", ".")) and path.is_file():
                yield path

    def settled(self, paths: list[Path]) -> list[Path]:
        """Those with an ``.ok`` sidecar, and those whose size and time stand still for 2 s by the real clock."""
        marked = [p for p in paths if _sidecar(p).exists()]
        rest = {p: _look(p) for p in paths if p not in marked}
        if rest:
            time.sleep(SETTLE_SECONDS)
        still = [p for p, seen in rest.items() if seen is not None and _look(p) == seen]
        whole = sorted([*marked, *still], key=lambda p: p.name)
        self._looks.update({p: _look(p) for p in whole})
        return whole

    def move_processed(self, path: Path, run_id: int, day: date) -> Path | None:
        """After commit: to ``processed/<date>/`` with the run in the name; nothing is overwritten. None where the file is
        gone, or not the one that was read."""
        return self._move(path, self.path / "processed" / day.isoformat(), f"{path.stem}.run{run_id}{path.suffix}")

    def move_rejected(self, path: Path, refused: FileRefused, run_id: int) -> Path | None:
        """On a file-level failure: to ``rejected/`` with its ``.reason.txt``."""
        moved = self._move(path, self.path / "rejected", f"{path.stem}.run{run_id}{path.suffix}")
        if moved is not None:
            where = _("línea {line}: ").format(line=refused.line) if refused.line else ""
            moved.with_name(moved.name + ".reason.txt").write_text(
                f"{refused.code} {where}{refused.reason}\n", encoding="utf-8"
            )
        return moved

    def _move(self, path: Path, folder: Path, name: str) -> Path | None:
        seen = self._looks.get(path)
        if not path.exists() or (seen is not None and _look(path) != seen):
            return None  # written anew since it was read: the next run reads it
        folder.mkdir(parents=True, exist_ok=True)
        target, n = folder / name, 1
        while target.exists():
            n += 1
            target = folder / f"{Path(name).stem}-{n}{Path(name).suffix}"
        # The sidecar goes first: one left behind by a kill would vouch for the next file of that name, half written.
        _sidecar(path).unlink(missing_ok=True)
        try:
            path.replace(target)
        except OSError:  # processed/ may be another file system
            shutil.move(str(path), str(target))
        return target


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".ok")


def _look(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
