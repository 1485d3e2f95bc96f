"""P4: loading an agenda through the whole sync, all rules on: for the first time, the same file again, one row in a hundred
changed, a workbook, and the memory that it takes.

The yardstick of a load is ``csv.reader`` and the driver's own bulk insert into the same table with the same indexes; of the
same file its sha256; of a changed file ``csv.reader`` over it; of a workbook openpyxl.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.places import databases
from benchmarks.ratio import Figure, timed
from boxes_tui.bootstrap import House, open_house
from boxes_tui.clock import Clock
from boxes_tui.config import Settings
from boxes_tui.data.engine import is_sqlite, set_scope, writing
from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.runs import Options, run_source
from tests.support.postgres import new_database

NOW = "2026-11-24T14:10:00-03:00"
TODAY = date(2026, 11, 24)
HEAD = [
    "SUC",
    "NRO",
    "FECHA",
    "HORA",
    "DOMINIO",
    "CHASIS",
    "CLIENTE",
    "NOMBRE",
    "CEL",
    "UNIDAD",
    "ESTADO",
    "ASESOR",
    "OBS",
]
TOML = """
[source.bench]
kind = "folder"
path = "in"
branch = "CBA"
delimiter = ";"
[source.bench.entity.appointment]
files = "{files}"
mode = "snapshot"
key = ["SUC", "NRO"]
[source.bench.entity.appointment.map]
starts_at = {{ from = ["FECHA", "HORA"], format = "%d/%m/%Y %H:%M" }}
plate = "DOMINIO"
chassis = "CHASIS"
contact_name = "NOMBRE"
contact_phone = "CEL"
vehicle_text = "UNIDAD"
branch = "SUC"
advisor = "ASESOR"
notes = "OBS"
status = {{ from = "ESTADO", values = {{ P = "scheduled", X = "cancelled" }} }}
"""
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
COLUMNS = (
    "source_id", "source_key", "starts_at", "start_day", "starts_at_precision", "plate", "chassis", "contact_name",
    "contact_phone", "vehicle_text", "branch", "branch_id", "advisor", "notes", "status", "row_hash", "first_seen_run",
    "last_changed_run",
)  # fmt: skip


def rows(count: int, changed: bool = False) -> Iterator[list[str]]:
    """The lines of an agenda: five years of it, a car coming eight times; one in a hundred moved where ``changed``."""
    rng = random.Random(5)
    for n in range(count):
        car = n % max(1, count // 8)
        day = TODAY - timedelta(1_500) + timedelta(n * 1_560 // count)
        hour = f"{8 + n % 10:02d}:{30 * (n % 2):02d}" if not changed or n % 100 else "19:00"
        plate = f"A{LETTERS[car // 460_000 % 23]}{car // 506 % 1000:03d}{LETTERS[car // 22 % 23]}{LETTERS[car % 22]}"
        yield [
            "CBA", str(n), f"{day:%d/%m/%Y}", hour, plate, f"8AP{car:014d}" if n % 3 else "", str(car),
            f"Muñoz Peña, Ángela {car}", f"351 15{5_000_000 + car}" if n % 2 else "", "CRONOS DRIVE 1.3", "PX"[n % 13 == 0],
            "VEGA", f"Service {rng.randrange(1, 20)}0.000 km",
        ]  # fmt: skip


def write(path: Path, count: int, changed: bool = False) -> None:
    """The file, and its sidecar."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEAD)
        writer.writerows(rows(count, changed))
    path.with_name(path.name + ".ok").touch()


def desk(home: Path, url: str) -> House:
    """A desk over an empty database."""
    home.mkdir(parents=True, exist_ok=True)
    return open_house(
        Settings(home, url, "es", "admin", None), Clock(datetime.fromisoformat(NOW)), statement_ms=3_600_000
    )


def sync(house: House, toml: Path) -> dict[str, Any]:
    """One run; its counters."""
    [spec] = load_sources(toml).values()
    report = run_source(house.engine, house.clock, spec, Options())
    assert report.exit == 0, report.said
    return report.entities[0].as_json()


def figures(scale: float) -> Iterator[Figure]:
    """The figures of both databases, then those of the reader and of memory."""
    count = max(2_000, int(1_000_000 * scale))
    said = f"{count:,} rows"
    with databases() as urls, TemporaryDirectory(prefix="boxes-bench-") as made:
        for url in urls:
            yield from _loads(url, Path(made) / url.partition(":")[0], count, said)
    yield _workbook(max(2_000, count // 20))
    yield from _memory(count, said)


def _loads(url: str, place: Path, count: int, said: str) -> Iterator[Figure]:
    toml, path = place / "s.toml", place / "in" / "agenda.csv"
    write(path, count)
    toml.write_text(TOML.format(files="agenda*.csv"), encoding="utf-8")
    other = f"sqlite:///{place / 'other.db'}" if url.startswith("sqlite") else new_database(_server(url))
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    plain = timed(lambda: _plain(other, place, path))
    house = desk(place / "home", url)
    first = timed(lambda: _counted(house, toml, inserted=count))
    yield _figure("P4a", f"first load, {kind}", 3, first, plain, "csv.reader and bulk insert", said)
    write(path, count)
    digest = min(timed(lambda: hashlib.sha256(path.read_bytes()).hexdigest()) for _n in range(3))
    again = timed(lambda: _counted(house, toml, unchanged=count))
    yield _figure("P4b", f"the same file again, {kind}", 2, again, digest, "sha256 of the file", said)
    write(path, count, changed=True)
    reading = min(timed(lambda: _over(path)) for _n in range(2))
    moved = timed(lambda: _counted(house, toml, updated=(count + 99) // 100))
    yield _figure("P4c", f"1 % of the rows changed, {kind}", 1.7, moved, reading, "csv.reader over the file", said)
    house.close()


def _figure(number: str, what: str, goal: float, ours: float, other: float, against: str, said: str) -> Figure:
    return Figure(number, what, goal, ours / other, ours, other, "s", against, said)


def _counted(house: House, toml: Path, **wanted: int) -> None:
    found = sync(house, toml)
    assert {k: found[k] for k in wanted} == wanted, found


def _server(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1).rpartition("/")[0] + "/postgres"


def _over(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _row in csv.reader(file, delimiter=";"):
            pass


def _plain(url: str, place: Path, path: Path) -> None:
    """The yardstick of a load: the columns as they stand, dates by a cache, no rule at all."""
    house = desk(place / "other", url)
    days: dict[str, tuple[int, int]] = {}

    def made() -> Iterator[tuple[Any, ...]]:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter=";")
            next(reader)
            for suc, nro, day, hour, plate, chassis, _who, name, phone, unit, state, advisor, notes in reader:
                at = days.get(day + hour)
                if at is None:
                    moment = datetime.strptime(f"{day} {hour}", "%d/%m/%Y %H:%M")
                    at = days[day + hour] = (int(moment.timestamp()), moment.toordinal())
                yield (1, f"{suc}/{nro}", *at, "time", plate, chassis or None, name, phone or None, unit, suc, 1, advisor,
                       notes, state, 1, 1, 1)  # fmt: skip

    with writing(house.engine) as conn:
        set_scope(conn, None)
        conn.exec_driver_sql("INSERT INTO source (name, kind) VALUES ('plain', 'folder')")
        cursor: Any = conn.connection.cursor()
        names = ", ".join(COLUMNS)
        if is_sqlite(conn):
            cursor.executemany(f"INSERT INTO appointment ({names}) VALUES ({', '.join('?' * len(COLUMNS))})", made())
        else:
            with cursor.copy(f"COPY appointment ({names}) FROM STDIN") as copy:
                for row in made():
                    copy.write_row(row)
    house.close()


def _workbook(count: int) -> Figure:
    import openpyxl
    import xlsxwriter

    from boxes_tui.dms.tabular import open_file

    with TemporaryDirectory() as made:
        path = Path(made) / "agenda.xlsx"
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        sheet = book.add_worksheet()
        for y, row in enumerate([HEAD, *rows(count)]):
            sheet.write_row(y, 0, row)
        book.close()
        toml = Path(made) / "s.toml"
        toml.write_text(TOML.format(files="agenda*.xlsx"), encoding="utf-8")
        [spec] = load_sources(toml).values()

        def ours() -> None:
            from boxes_tui.dms.sheets import read_sheet

            for _row in read_sheet(path, spec.entities["appointment"]):
                pass

        def other() -> None:
            for _row in openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True):
                pass

        assert sum(1 for _item in open_file(spec, spec.entities["appointment"], path).rows) == count
        return _figure("P4d", "reading a workbook", 0.15, min(timed(ours) for _n in range(3)), timed(other),
                       "openpyxl read-only", f"{count:,} rows")  # fmt: skip


CHILD = """
import json, resource, sys
from pathlib import Path
from benchmarks.sync_load import TOML, desk, sync, write
place, count = Path(sys.argv[1]), int(sys.argv[2])
house = desk(place / "home", f"sqlite:///{place / 'boxes.db'}")
sync(house, place / "s.toml")
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
"""


def _memory(count: int, said: str) -> Iterator[Figure]:
    """The peak of a first load in a process of its own, and how much it grows when the file is three times as long."""
    peaks = []
    for size in (count, 3 * count):
        with TemporaryDirectory(prefix="boxes-bench-") as made:
            place = Path(made)
            write(place / "in" / "agenda.csv", size)
            (place / "s.toml").write_text(TOML.format(files="agenda*.csv"), encoding="utf-8")
            done = subprocess.run(
                [sys.executable, "-c", CHILD, made, str(size)], capture_output=True, text=True, check=True, env=dict(os.environ)
            )  # fmt: skip
            peaks.append(float(json.loads(done.stdout.splitlines()[-1])))
    yield Figure("P4e", "peak memory of a load", 1, max(peaks) / 250, max(peaks), 250, "MB", "250 MB", f"3 × {said}")
    yield Figure("P4e", "memory, three times the rows", 1.1, peaks[1] / peaks[0], peaks[1], peaks[0], "MB", "one time the rows", said)  # fmt: skip
