"""``kill -9`` of a run at random points (RELIABILITY R1): old or new, never half, and the next run ends equal to a run that
was never killed. 20 points here, 200 in the long form."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from boxes_tui.errors import Locked
from tests.dms import dealer, dialects, house
from tests.dms.mini import Mini

FORK = multiprocessing.get_context("fork")
FACTS = {
    "appointment": "source_key, starts_at, status, contact_name, contact_last10, confirmed_at, comment, moved_from, vanished_at, arrived_at, "
    "arrival_basis, start_day, (SELECT v.plate FROM vehicle v WHERE v.id = t.vehicle_id), "
    "(SELECT c.display_name FROM customer c WHERE c.id = t.customer_id), (SELECT p.source_key FROM appointment p WHERE p.id = t.previous_id)",
    "repair_order": "source_key, is_stub, status, handover_day, delivery_basis, reopened_at, (SELECT v.vin FROM vehicle v WHERE v.id = t.vehicle_id)",
    "repair_order_line": "source_key, description, gone_at, (SELECT o.source_key FROM repair_order o WHERE o.id = t.order_id)",
    "sale_delivery": "source_key, status, delivered_day, (SELECT v.vin FROM vehicle v WHERE v.id = t.vehicle_id)",
    "vehicle": "vin, plate, chassis, model, is_stub, merged_into_id IS NULL, last_service_day",
    "customer": "source_key, display_name, doc_digits, is_stub, (SELECT count(*) FROM customer_phone p WHERE p.customer_id = t.id AND p.present)",
    "opportunity": "state, match, match_reads, flag, due_day, sold_for",
    "reject": "entity, line, code, times, closed_at IS NULL",
    "missing": "entity, times",
    "dms_event": "kind, subject",
    "search_entry": "kind, words",
    "move_pending": "path",
}  # fmt: skip


def facts(mini: Mini) -> dict[str, list[Any]]:
    """Everything that must come out the same, without surrogate ids and run numbers."""
    found: dict[str, list[Any]] = {
        t: sorted(mini.sql(f"SELECT {columns} FROM {t} t"), key=repr) for t, columns in FACTS.items()
    }
    found["files"] = sorted(p.name for p in mini.inbox.iterdir() if p.is_file())
    found["processed"] = sorted(p.name.split(".")[0] for p in (mini.inbox / "processed").rglob("*.csv"))
    return found


def next_day(d: dealer.Dealer) -> None:
    """What the DMS exports a day later: moved, cancelled, vanished, delivered, voided, re-opened, new."""
    live = [t for t in d.turnos if t.state == "P" and t.start.date() > dealer.TODAY]
    live[0].start = live[0].start.replace(hour=18)
    live[1].state = "X"
    d.turnos.remove(live[2])
    for order in d.orders[:6]:
        order.state = {"AB": "EN", "EP": "AN", "EN": "EP"}.get(order.state, order.state)
        order.delivered = dealer.at(0, 13) if order.state == "EN" else None
        order.lines += 1
    d.orders.append(dealer.Order("CBA", 9001, dealer.at(0, 13), live[3].car, "AB"))


class Scene:
    """A desk after its first day with the second day's export waiting, to be copied for every killed run."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder, self.url = folder, url
        first, second = folder / "one", folder / "two"
        truth = dealer.make(7, size=40)
        dialects.sur(first, truth)
        mini = self.desk(first, url)
        house.sync(mini.house, mini.toml)
        mini.act("UPDATE appointment SET confirmed_at = 1, comment = 'ok' WHERE status = 'scheduled'")
        mini.act(
            "INSERT INTO opportunity (branch_id, vehicle_id, origin, state, due_day, about, created_at, created_day, sold_for, match, "
            "state_day) SELECT 1, min(vehicle_id), 'customer', 'sold', 739950, 'service', 1, 739900, min(starts_at), 'waiting', 739944 "
            "FROM appointment WHERE start_day > 739944 AND vehicle_id IS NOT NULL"
        )
        mini.house.close()
        next_day(truth)
        dialects.sur(second, truth)
        self.export = second / "in"
        self.base = first

    @staticmethod
    def desk(folder: Path, url: str | None) -> Mini:
        mini = Mini.__new__(Mini)
        mini.folder, mini.toml, mini.inbox = folder, folder / "source.toml", folder / "in"
        mini.house = house.desk(folder / "home", dealer.NOW, url)
        return mini

    def copy(self, name: str, new_database: Callable[[str], str]) -> Mini:
        """A copy of the desk and its database, with the export in its folder."""
        target = self.folder / name
        shutil.copytree(self.base, target)
        shutil.rmtree(target / "in")
        shutil.copytree(self.export, target / "in")
        return self.desk(target, new_database(name) if self.url else None)


@pytest.fixture
def scene(tmp_path: Path, url: str | None) -> Scene:
    return Scene(tmp_path, url)


@pytest.fixture
def copies(url: str | None, request: pytest.FixtureRequest) -> Any:
    """Makes copies of the test's PostgreSQL database and drops them again."""
    if url is None:
        yield lambda name: ""
        return
    import psycopg

    server, made = request.getfixturevalue("pg_server"), []
    template = make_url(url).database

    def copy(name: str) -> str:
        database = f"{template}_{name}"
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        made.append(database)
        return make_url(url).set(database=database).render_as_string(hide_password=False)

    yield copy
    with psycopg.connect(server, autocommit=True) as conn:
        for database in made:
            conn.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def _child(folder: Path, url: str | None) -> None:
    mini = Scene.desk(folder, url)
    house.sync(mini.house, mini.toml)


def killed(mini: Mini, url: str | None, after: float) -> bool:
    """A run in a process of its own, killed ``after`` seconds; whether it was still at work."""
    mini.house.close()
    child = FORK.Process(target=_child, args=(mini.folder, url))
    child.start()
    child.join(after)
    alive = child.is_alive()
    child.kill()
    child.join()
    return alive


def once_free(mini: Mini) -> None:
    """A run, once the server has noticed that the holder of the lock is gone: after its statement, within two seconds
    (RELIABILITY R17), more where the machine is loaded."""
    end = time.monotonic() + 20
    while True:
        try:
            house.sync(mini.house, mini.toml)
        except Locked:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def campaign(scene: Scene, copies: Callable[[str], str], points: int) -> None:
    calm = scene.copy("calm", copies)
    begun = time.monotonic()
    house.sync(calm.house, calm.toml)
    span = (time.monotonic() - begun) * 1.3
    wanted = facts(calm)
    calm.house.close()
    rng, hits = random.Random(11), 0
    for n in range(points):
        mini = scene.copy(f"kill{n}", copies)
        url = mini.house.engine.url.render_as_string(hide_password=False) if scene.url else None
        for _ in range(1 + n % 2):
            hit = killed(mini, url, rng.uniform(0.002, span))
            hits += hit
            span *= 1.0 if hit else 0.85  # the calm run was slower than this one: aim into the run, not behind it
        again = Scene.desk(mini.folder, url)
        once_free(again)
        found = facts(again)
        for table, rows in wanted.items():
            assert found[table] == rows, (n, table)
        if url is None:
            assert again.sql("PRAGMA integrity_check") == [("ok",)]
        again.house.close()
        shutil.rmtree(mini.folder)
    assert hits >= points // 3


def test_killed_runs_end_like_one_that_was_not(scene: Scene, copies: Callable[[str], str]) -> None:
    campaign(scene, copies, 20)


@pytest.mark.long
def test_killed_runs_long_form(scene: Scene, copies: Callable[[str], str]) -> None:
    campaign(scene, copies, 200)
