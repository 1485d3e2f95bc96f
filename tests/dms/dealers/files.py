"""What the dialects share: text files with a sidecar, and the names by which a DMS tells a car."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from tests.dms.dealer import Turno


def put(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str, sign: str,
    before: Sequence[str] = (), after: Sequence[str] = (), end: str = "\r\n",
) -> None:  # fmt: skip
    """A text file and its ``.ok``; a cell is quoted where it has to be."""

    def cell(value: object) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if sign in text or '"' in text or "\n" in text else text

    lines = [*before, sign.join(head), *(sign.join(map(cell, row)) for row in rows), *after]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join(lines) + end).encode(encoding))
    path.with_name(path.name + ".ok").touch()


def day(moment: datetime | None, form: str, empty: str = "") -> str:
    """A moment as written; ``empty`` where there is none."""
    return moment.strftime(form) if moment else empty


def names(turno: Turno) -> tuple[str, str]:
    """(plate, chassis) as an agenda holds them."""
    car = turno.car
    return {
        "plate": (car.plate, ""),
        "tail7": ("", car.vin[-7:]),
        "tail8": ("", car.vin[-8:]),
        "vin": ("", car.vin),
        "both": (car.plate, car.vin[-7:]),
        "text": ("", ""),
    }[turno.named]
