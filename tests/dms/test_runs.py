"""Runs (DMS.md §5, §6): known bytes, moves, guards, refused files, dry run, quarantine, the lock, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.dms.lock import source_lock
from boxes_tui.dms.records import FileRead
from boxes_tui.errors import ConfigError, Locked
from tests.dms import house
from tests.dms.mini import TOML, Mini, day

WHO = [{"id": f"C{n}", "name": f"Cliente {n}", "doc": str(20_000_000 + n)} for n in range(40)]


def agenda(*numbers: int, start: int = 3, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": str(n), "start": day(start), "plate": f"AA{100 + n}BB", "customer": f"C{n}", **more} for n in numbers
    ]


def rejects(mini: Mini) -> list[tuple[Any, ...]]:
    return mini.sql(
        "SELECT entity, file, line, code, times FROM reject WHERE closed_at IS NULL ORDER BY entity, file, line"
    )


def test_known_bytes_are_reported_and_count_for_absence(mini: Mini) -> None:
    mini.put(
        "agenda", *agenda(*range(30)), {"id": "x", "start": day(1), "plate": "ZZ999ZZ"}, {"id": "bad", "start": "?"}
    )
    assert mini.run().exit == 3
    two = [*agenda(*range(30)), {"id": "bad", "start": "?"}, {"id": "9", "start": ""}, agenda(1)[0]]
    mini.put("agenda", *two)
    report = mini.run()
    first = mini.counts(report, "appointment")
    assert (report.exit, first["read"], first["rejected"]) == (3, 33, 2)
    assert "x" in mini.keys("appointments/to_confirm")
    report = mini.put("agenda", *two).run()
    again = mini.counts(report, "appointment")
    assert again == {"read": 33, "unchanged": 30, "duplicates": 1, "rejected": 2, "gone": 1}
    assert report.exit == 3
    assert "x" not in mini.keys("appointments/to_confirm")
    assert [r[-1] for r in rejects(mini)] == [3, 2]


def test_two_files_of_one_pattern_are_successive_reads(mini: Mini) -> None:
    def drop() -> Mini:
        mini.put("agenda", *agenda(1, 2, start=3), file="agenda_1.csv")
        return mini.put("agenda", *agenda(2, 3, start=4), file="agenda_2.csv")

    report = drop().run()
    assert mini.counts(report, "appointment") == {"read": 4, "inserted": 3, "updated": 1, "stubs": 6}
    report = drop().run()
    assert mini.counts(report, "appointment") == {"read": 4, "unchanged": 4}
    assert mini.keys("appointments/to_confirm") == ["1", "2", "3"]
    assert not list(mini.inbox.glob("*.csv"))
    assert len(list((mini.inbox / "processed").rglob("agenda_*.csv"))) == 4


def test_an_older_export_between_is_read_again(mini: Mini) -> None:
    mini.put("agenda", *agenda(1, start=3)).run()
    mini.put("agenda", *agenda(1, start=4)).run()
    report = mini.put("agenda", *agenda(1, start=3)).run()
    assert mini.counts(report, "appointment") == {"read": 1, "updated": 1}


def test_nothing_waiting_is_no_read(mini: Mini) -> None:
    mini.put("agenda", *agenda(1)).run()
    before = mini.sql("SELECT read_at FROM sync_cursor WHERE entity = 'appointment'")
    report = mini.at(1).run()
    assert (report.exit, mini.counts(report, "appointment")) == (0, {})
    assert {c.entity for c in report.entities} == set(house.entities([report]))
    assert mini.sql("SELECT read_at FROM sync_cursor WHERE entity = 'appointment'") == before


def test_a_move_left_by_a_crash_is_finished_without_counting(mini: Mini) -> None:
    rows = agenda(*range(30))
    mini.put("agenda", *rows, {"id": "x", "start": day(1), "plate": "ZZ999ZZ"}).run()
    mini.put("agenda", *rows)
    data = (mini.inbox / "agenda.csv").read_bytes()
    mini.run()
    (mini.inbox / "agenda.csv").write_bytes(data)  # as if the move had not happened
    (mini.inbox / "agenda.csv.ok").touch()
    [(digest,)] = mini.sql("SELECT digest FROM sync_read ORDER BY id DESC LIMIT 1")
    mini.act(
        "INSERT INTO move_pending (source_id, run_id, path, sha256, day) SELECT 1, max(run_id), :p, :d, 739944 FROM sync_read",
        p=str(mini.inbox / "agenda.csv"), d=digest,
    )  # fmt: skip
    report = mini.run()
    assert mini.counts(report, "appointment") == {}
    assert "x" in mini.keys("appointments/to_confirm")
    assert not (mini.inbox / "agenda.csv").exists()
    assert mini.sql("SELECT count(*) FROM move_pending") == [(0,)]


@pytest.mark.parametrize(
    ("second", "guard"),
    [
        ([], "G-EMPTY"),
        (agenda(*range(10)), "G-SHRINK"),
        (agenda(*range(10, 40)), "G-SHRINK"),
        (agenda(*range(100, 130)), "G-KEYCHURN"),
        ([*agenda(*range(30)), *({"id": str(n), "start": "nunca"} for n in range(200, 222))], "G-REJECTS"),
        (agenda(*range(30), ver=day(9)), "G-CLOCK"),
    ],
)
def test_guards_roll_back_and_can_be_allowed(mini: Mini, second: list[dict[str, Any]], guard: str) -> None:
    mini.put("agenda", *agenda(*range(30))).run()
    before = mini.sql("SELECT id, source_key, starts_at, last_changed_run FROM appointment ORDER BY id")
    report = mini.put("agenda", *second).run()
    assert (report.exit, report.status) == (5, "guard")
    assert guard in report.said[-1]
    assert mini.sql("SELECT id, source_key, starts_at, last_changed_run FROM appointment ORDER BY id") == before
    assert mini.sql("SELECT count(*) FROM missing") == [(0,)]
    assert (mini.inbox / "agenda.csv").exists()
    report = mini.run(allow=frozenset({guard}))
    assert report.exit in (0, 3)
    assert not (mini.inbox / "agenda.csv").exists()


def test_first_load_with_many_rejects_only_warns(mini: Mini) -> None:
    report = mini.put("agenda", *agenda(1), *({"id": str(n), "start": "nunca"} for n in range(200, 240))).run()
    assert report.exit == 3
    assert len(rejects(mini)) == 40


def test_a_refused_file_does_not_stop_the_others(mini: Mini) -> None:
    mini.put("customers", {"id": "1"}, head=["id", "nombre"])
    mini.put("agenda", *agenda(1))
    report = mini.run()
    assert report.exit == 3
    assert mini.keys("appointments/to_confirm") == ["1"]
    [moved] = (mini.inbox / "rejected").glob("customers*.csv")
    assert "name" in moved.with_name(moved.name + ".reason.txt").read_text()
    assert [(e, f, c) for e, f, _l, c, _t in rejects(mini)] == [("customer", "customers.csv", "E-COLS")]
    mini.put("customers", *WHO[:2])
    assert mini.run().exit == 0
    assert rejects(mini) == []


def test_conflicting_rows_are_all_out_and_the_stored_one_stays(mini: Mini) -> None:
    mini.put("agenda", *agenda(1, 2, contact="Uno")).run()
    mini.put("agenda", *agenda(1, contact="Dos"), *agenda(1, contact="Tres"), *agenda(2), *agenda(2))
    report = mini.run()
    assert mini.counts(report, "appointment") == {"read": 4, "updated": 1, "duplicates": 1, "rejected": 2}
    assert [(line, code) for _e, _f, line, code, _t in rejects(mini)] == [(2, "E-DUP"), (3, "E-DUP")]
    [(raw,)] = mini.sql("SELECT raw FROM reject WHERE line = 3")
    assert "Tres" in raw
    assert mini.sql("SELECT contact_name FROM appointment WHERE source_key = '1'") == [("Uno",)]
    mini.put("agenda", *agenda(1, contact="Cuatro"), *agenda(2)).run()
    assert rejects(mini) == []


def test_a_version_decides_between_repeated_keys(mini: Mini) -> None:
    rows = [
        agenda(1, contact=c, ver=v)[0]
        for c, v in (("a", day(0, "08:00")), ("b", day(0, "10:00")), ("c", day(0, "09:00")))
    ]
    report = mini.put("agenda", *rows).run()
    assert mini.counts(report, "appointment") == {"read": 3, "inserted": 1, "stale": 2, "stubs": 2}
    assert mini.sql("SELECT contact_name FROM appointment") == [("b",)]


def test_bad_rows_are_tried_again_under_a_mended_mapping(mini: Mini) -> None:
    mini.put(
        "agenda", *agenda(1), {"id": "7", "start": "25/11/2026 10:00", "plate": "AA107BB"}, {"id": "8", "start": "?"}
    )
    mini.put("customers", {"id": "1"}, head=["id", "nombre"])
    assert mini.run().exit == 3
    toml = mini.toml.read_text()
    mini.toml.write_text(toml.replace('from = "start", format = [', 'from = "start", format = ["%d/%m/%Y %H:%M", '))
    read_at = mini.sql("SELECT read_at FROM sync_cursor")
    report = mini.at(1).run(retry=True)
    assert mini.counts(report, "appointment") == {"read": 2, "inserted": 1, "rejected": 1, "stubs": 1}
    assert mini.keys("appointments/to_confirm") == ["1", "7"]
    assert [(e, c) for e, _f, _l, c, _t in rejects(mini)] == [("appointment", "E-DATE"), ("customer", "E-COLS")]
    assert mini.sql("SELECT read_at FROM sync_cursor") == read_at
    assert (mini.inbox / "customers.csv").exists()


def test_equal_bad_rows_keep_their_own_lines(mini: Mini) -> None:
    bad = {"id": "", "start": day(1)}
    mini.put("agenda", bad, bad, *agenda(1)).run()
    assert [line for _e, _f, line, _c, _t in rejects(mini)] == [2, 3]


def test_dry_run_changes_nothing_and_tells_all(mini: Mini) -> None:
    mini.put("customers", *WHO[:3]).put("agenda", *agenda(1, 2)).run()
    mini.put("customers", *WHO[:4]).put("agenda", *agenda(1, 2, start=5))
    before = (
        mini.sql("SELECT count(*), max(last_changed_run) FROM appointment"),
        mini.sql("SELECT count(*) FROM sync_run"),
    )
    report = mini.run(dry_run=True)
    assert mini.counts(report, "customer") == {"read": 4, "inserted": 1, "unchanged": 3}
    assert mini.counts(report, "appointment") == {"read": 2, "updated": 2}
    assert any("starts_at" in line for line in report.samples)
    assert (
        mini.sql("SELECT count(*), max(last_changed_run) FROM appointment"),
        mini.sql("SELECT count(*) FROM sync_run"),
    ) == before
    assert (mini.inbox / "agenda.csv").exists()
    assert mini.counts(mini.run(), "appointment") == {"read": 2, "updated": 2}


def test_lines_are_replaced_with_their_order(mini: Mini) -> None:
    mini.put(
        "orders", {"id": "O1", "opened": day(0), "plate": "AA100BB"}, {"id": "O2", "opened": day(0), "plate": "AA101BB"}
    )
    mini.put(
        "lines", *({"order": o, "n": str(n), "text": f"{o}-{n}"} for o in ("O1", "O2", "O3") for n in (1, 2))
    ).run()
    report = mini.put("lines", {"order": "O1", "n": "2", "text": "nuevo"}).run()
    assert mini.counts(report, "repair_order_line") == {"read": 1, "updated": 1, "gone": 1}
    found = mini.sql(
        "SELECT o.source_key, o.is_stub, l.description FROM repair_order_line l JOIN repair_order o ON o.id = l.order_id "
        "WHERE l.gone_at IS NULL ORDER BY 1, l.line_no"
    )
    assert [(k, d) for k, _s, d in found] == [
        ("O1", "nuevo"),
        ("O2", "O2-1"),
        ("O2", "O2-2"),
        ("O3", "O3-1"),
        ("O3", "O3-2"),
    ]
    assert [bool(s) for k, s, _d in found if k == "O3"] == [True, True]
    assert "O3" not in mini.keys("in_process/all")


def test_a_file_read_by_two_entities_moves_when_both_have_it(tmp_path: Path, url: str | None) -> None:
    toml = TOML + (
        '\n[source.mini.entity.incident]\nfiles = "orders*.csv"\nkey = ["id"]\nmode = "delta"\n'
        '[source.mini.entity.incident.map]\nrepair_order_key = "id"\ntext = "notes"\nkind = { const = "complaint" }\n'
    )
    mini = Mini(tmp_path, url, toml)
    mini.put("orders", {"id": "O1", "opened": day(0), "plate": "AA100BB", "notes": "ruido"}).run()
    assert mini.sql("SELECT text FROM incident") == [("ruido",)]
    assert not (mini.inbox / "orders.csv").exists()
    mini.house.close()


def test_scope_covers_only_the_branches_it_holds(tmp_path: Path, url: str | None) -> None:
    toml = TOML.replace('files = "agenda*.csv"', 'files = "agenda*.csv"\nscope = ["branch"]').replace(
        'starts_at = { from = "start"', 'branch = "branch"\nstarts_at = { from = "start"'
    )
    mini = Mini(tmp_path, url, toml)
    head = [
        "id",
        "branch",
        "start",
        "vin",
        "chassis",
        "plate",
        "customer",
        "contact",
        "phone",
        "unit",
        "order",
        "state",
        "ver",
    ]

    def drop(branch: str, *rows: dict[str, Any]) -> None:
        mini.put("agenda", *({**r, "branch": branch} for r in rows), file=f"agenda_{branch}.csv", head=head)

    big, small = agenda(*range(60)), agenda(*range(100, 125))
    drop("CBA", *big)
    drop("ROS", *small)
    assert mini.run().exit == 0
    for _ in range(2):
        drop("CBA", *big)
        drop("ROS", *small[1:])
        report = mini.run()
        assert report.exit == 0, report.said
    assert len(mini.keys("appointments/to_confirm")) == 84
    mini.house.close()


def test_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    mini = Mini(tmp_path, None)
    mini.inbox.rmdir()
    with pytest.raises(ConfigError, match="carpeta"):
        mini.run()


def test_a_second_run_is_told_who_holds_the_source(mini: Mini) -> None:
    with source_lock(mini.house.engine, "mini"), pytest.raises(Locked, match="mini"):
        mini.run()
    mini.put("agenda", *agenda(1))
    assert mini.run().exit == 0


def test_the_lock_dies_with_its_holder(mini: Mini, tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom sqlalchemy.engine import make_url\nfrom boxes_tui.data.engine import make_engine\n"
        "from boxes_tui.dms.lock import source_lock\n"
        "with source_lock(make_engine(make_url(sys.argv[1])), 'mini'):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    url = mini.house.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Locked):
            mini.run()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    end = time.monotonic() + 2
    while True:
        try:
            assert mini.run().exit == 0
            break
        except Locked:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_dead_run_is_taken_over_and_derived(mini: Mini) -> None:
    mini.put("agenda", *agenda(1, start=0)).put("orders", {"id": "O1", "opened": day(0), "plate": "AA101BB"}).run()
    mini.act("UPDATE sync_run SET status = 'running', finished_at = NULL")
    mini.act("UPDATE appointment SET arrived_at = NULL, arrival_basis = NULL")
    mini.act("DELETE FROM setting WHERE name LIKE 'derived:%'")
    assert mini.run().exit == 0
    assert mini.sql("SELECT status FROM sync_run ORDER BY id") == [("abandoned",), ("ok",)]
    assert mini.keys("appointments/not_arrived") == []


def test_json_of_the_command(tmp_path: Path) -> None:
    mini = Mini(tmp_path, None)
    mini.put("agenda", *agenda(1), {"id": "b", "start": "?"})
    env = {
        **os.environ,
        "BOXES_HOME": str(tmp_path / "home"),
        "BOXES_NOW": "2026-11-24T12:00:00-03:00",
        "BOXES_USER": "admin",
    }
    done = subprocess.run(
        [sys.executable, "-m", "boxes_tui", "sync", "--config", str(mini.toml), "--json"], env=env, capture_output=True, text=True
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (done.returncode, found["exit"]) == (3, 3)
    run = found["runs"][0]
    assert (run["source"], run["status"], run["exit"]) == ("mini", "rejects", 3)
    assert [e["entity"] for e in run["entities"]] == [
        "customer", "vehicle", "delivery", "appointment", "repair_order", "repair_order_line",
    ]  # fmt: skip
    listed = subprocess.run(
        [sys.executable, "-m", "boxes_tui", "sync", "rejects", "--json"], env=env, capture_output=True, text=True
    )
    rows = json.loads(listed.stdout)
    assert rows["total"] == 1
    assert {"source", "entity", "file", "line", "code", "field", "reason", "raw", "first_seen", "times"} <= set(
        rows["rows"][0]
    )
    mini.house.close()


def test_agents_write_while_a_file_is_parsed(mini: Mini) -> None:
    written: list[int] = []

    def meanwhile(entity: str, read: FileRead, _expected: int | None) -> FileRead:
        def rows() -> Iterator[Any]:
            for item in read.rows:
                if entity == "appointment" and not written:
                    mini.act("INSERT INTO setting (name, value) VALUES ('meanwhile', '1')")
                    written.append(item.line)
                yield item

        return replace(read, rows=rows())

    mini.put("agenda", *agenda(1, 2))
    assert mini.run(watch_rows=meanwhile).exit == 0
    assert written
    assert mini.keys("appointments/to_confirm") == ["1", "2"]
