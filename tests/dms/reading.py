"""A mapping and a file of the test's own, read by the front half of the sync."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.records import FileRead, Record, Reject
from boxes_tui.dms.spec import EntitySpec, SourceSpec
from boxes_tui.dms.tabular import open_file


def source(
    folder: Path, entity: str, settings: str, mapping: str, *, whole: str = "", kind: str = "folder"
) -> tuple[SourceSpec, EntitySpec]:
    """A source of one entity: TOML lines of the source, the entity and its map."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "source.toml"
    path.write_text(
        f'[source.t]\nkind = "{kind}"\npath = "in"\n{whole}\n[source.t.entity.{entity}]\nfiles = "*.csv"\n{settings}\n'
        f"[source.t.entity.{entity}.map]\n{mapping}\n",
        encoding="utf-8",
    )
    spec = load_sources(path)["t"]
    return spec, spec.entities[entity]


def read(spec: SourceSpec, entity: EntitySpec, path: Path) -> tuple[FileRead, list[Record], list[Reject]]:
    """The read, its records and its rejects."""
    found = open_file(spec, entity, path)
    items = list(found.rows)
    return found, [i for i in items if isinstance(i, Record)], [i for i in items if isinstance(i, Reject)]


def rows(folder: Path, text: str | bytes, entity: str, settings: str, mapping: str, name: str = "f.csv", whole: str = "") -> tuple[FileRead, list[Record], list[Reject]]:  # fmt: skip
    """Write a file, read it: the read, its records, its rejects."""
    spec, found = source(folder, entity, settings, mapping, whole=whole)
    path = folder / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return read(spec, found, path)


def named(found: FileRead, record: Record) -> dict[str, Any]:
    """The values of a record by field."""
    return dict(zip(found.layout.fields, record.values, strict=True))
