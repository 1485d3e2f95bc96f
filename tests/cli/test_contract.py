"""``boxes queue``, ``customer`` and what they print, held against PRODUCT §4 and §10 on a synced demo, both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.domain.queues import QUEUES
from tests.support import postgres
from tests.support.line import Line

NOW = "2026-11-24T14:10:00-03:00"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
ROW = ("id", "dms_id", "branch", "customer", "vin", "plate", "ref", "when", "state", "open_opportunity", "claimed_by")
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def boxes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A small demo dealership, made once per database."""
    home = tmp_path_factory.mktemp("demo")
    env = {"BOXES_HOME": str(home), "BOXES_NOW": NOW, "BOXES_USER": "root"}
    server = None
    if request.param == "postgres":
        server = str(request.getfixturevalue("pg_server"))
        env["BOXES_DATABASE_URL"] = postgres.new_database(server, str(request.getfixturevalue("pg_prefix")))
    line = Line(**env)
    code, _out, err = line.run("demo", "--no-app", "--scale", "0.2", "--home", str(home))
    assert code == 0, err
    yield line
    if server:
        postgres.drop_database(server, env["BOXES_DATABASE_URL"])


def every(boxes: Line) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(queue, filter, what it prints) of all queues and filters."""
    for queue, filters in boxes.json("queue", "--counts")["counts"].items():
        for flt in filters:
            yield queue, flt, boxes.json("queue", queue, "--filter", flt)


def test_the_board_counts_what_the_lists_hold(boxes: Line) -> None:
    counts = boxes.json("queue", "--counts")
    assert counts["today"] == "2026-11-24"
    assert set(counts["counts"]) == set(QUEUES)
    for name, queue in QUEUES.items():
        assert {f.code for f in queue.filters} <= set(counts["counts"][name])
    for queue_name, flt, got in every(boxes):
        assert (got["queue"], got["filter"], got["today"]) == (queue_name, flt, "2026-11-24")
        assert got["total"] == len(got["rows"]) == counts["counts"][queue_name][flt], (queue_name, flt)
        assert len({r["ref"] for r in got["rows"]}) == got["total"]
    filled = {q for q, filters in counts["counts"].items() if filters.get("all")}
    assert {"deliveries", "opportunities", "in_process", "completed"} <= filled, "a demo without rows proves nothing"


def test_fields_and_order_of_rows(boxes: Line) -> None:
    for queue, flt, got in every(boxes):
        for row in got["rows"]:
            assert set(ROW) <= set(row), (queue, flt)
            assert isinstance(row["id"], str) and row["ref"].endswith(":" + row["id"])
            assert isinstance(row["open_opportunity"], bool)
            assert INSTANT.fullmatch(row["when"]), row["when"]
            assert row["next_at"] is None or INSTANT.fullmatch(row["next_at"])
            assert (row["dms_id"] is None) == (row["ref"].split(":")[0] in ("opportunities", "complaints"))
        if queue != "leaks" and flt != "latest_arrivals":
            order = [(not r["late"], datetime.fromisoformat(r["when"])) for r in got["rows"]]
            assert order == sorted(order), (queue, flt)
        if flt == "latest_arrivals":
            times = [r["when"] for r in got["rows"]]
            assert times == sorted(times, reverse=True) and all(r["ref"].startswith("in_process:") for r in got["rows"])


def test_windows_and_states(boxes: Line) -> None:
    windows = {
        ("deliveries", "all"): (-30, 0), ("opportunities", "all"): (-15, 15), ("opportunities", "overdue"): (-15, -1),
        ("opportunities", "current"): (0, 0), ("opportunities", "upcoming"): (1, 15),
        ("appointments", "not_arrived"): (0, 0), ("appointments", "no_show"): (-7, -1),
        ("appointments", "to_confirm"): (0, 999), ("in_process", "today"): (0, 0), ("in_process", "yesterday"): (-1, -1),
        ("in_process", "week"): (-7, -2), ("in_process", "older"): (-9999, -8), ("completed", "all"): (-15, 0),
    }  # fmt: skip
    for (queue, flt), (low, high) in windows.items():
        for row in boxes.json("queue", queue, "--filter", flt)["rows"]:
            assert low <= (date.fromisoformat(row["when"][:10]) - TODAY).days <= high, (queue, flt, row["when"])
    for queue in ("deliveries", "completed"):
        parts = [
            {r["ref"] for r in boxes.json("queue", queue, "--filter", f)["rows"]} for f in ("pending", "done", "all")
        ]
        assert parts[0] | parts[1] == parts[2] and not parts[0] & parts[1]
    open_ones = [{r["ref"] for r in boxes.json("queue", "in_process", "--filter", f)["rows"]}
                 for f in ("today", "yesterday", "week", "older", "all")]  # fmt: skip
    assert set().union(*open_ones[:4]) == open_ones[4] and sum(map(len, open_ones[:4])) == len(open_ones[4])


def test_narrowing_keeps_a_part_in_the_same_order(boxes: Line) -> None:
    for queue, flt in [*((q.code, q.default) for q in QUEUES.values()), ("appointments", "latest_arrivals")]:
        got = boxes.json("queue", queue, "--filter", flt)
        refs = [r["ref"] for r in got["rows"]]
        split = {b: [r["ref"] for r in got["rows"] if r["branch"] == b] for b in ("CBA", "ROS")}
        if flt != "latest_arrivals":  # ten of each branch
            for code, wanted in split.items():
                assert [
                    r["ref"] for r in boxes.json("queue", queue, "--filter", flt, "--branch", code)["rows"]
                ] == wanted
        assert [r["ref"] for r in boxes.json("queue", queue, "--filter", flt, "--limit", "2")["rows"]] == refs[:2]
        for row in got["rows"][:1]:
            day = row["due"] or row["when"][:10]
            found = boxes.json("queue", queue, "--filter", flt, "--day", day)["rows"]
            if not row["ref"].startswith("complaints"):
                assert [r["ref"] for r in found] == [
                    r["ref"] for r in got["rows"] if (r["due"] or r["when"][:10]) == day
                ]
            found = boxes.json("queue", queue, "--filter", flt, "--text", row["customer"].split(",")[0].lower())["rows"]
            assert row["ref"] in [r["ref"] for r in found] and {r["ref"] for r in found} <= set(refs)


def test_days_by_word(boxes: Line) -> None:
    def days(word: str) -> set[str]:
        return {r["due"] for r in boxes.json("queue", "opportunities", "--day", word)["rows"]}

    assert days("hoy") == {"2026-11-24"}
    assert days("mañana") <= {"2026-11-25"} and days("manana") == days("mañana") == days("hábil") == days("habil")
    assert days("24/11") == days("2026-11-24") == days("hoy")
    friday = {"BOXES_NOW": "2026-11-27T10:00:00-03:00"}
    monday = boxes.json("queue", "opportunities", "--day", "hábil", **friday)["rows"]
    assert {r["due"] for r in monday} == {"2026-11-30"} or not monday


def test_the_total_is_of_all_that_matches(boxes: Line) -> None:
    got = boxes.json("queue", "opportunities", "--limit", "1")
    assert (len(got["rows"]), got["total"]) == (1, boxes.json("queue", "opportunities")["total"])
    code, out, err = boxes.run("queue", "opportunities", "--csv")
    assert code == 0 and err == "" and out.startswith("\ufeffref;") and len(out.splitlines()) == got["total"] + 1


SHOW: dict[str, tuple[str, ...]] = {
    "phones": ("raw", "e164", "kind", "whatsapp", "blocked"),
    "vehicles": ("vin", "plate", "model", "services"),
    "calls": ("id", "act", "at", "agent", "type", "disposition", "note", "score"),
    "opportunities": ("id", "origin", "state", "due", "about", "reason", "sold_at"),
    "appointments": ("id", "dms_id", "starts_at", "status", "state", "comment"),
}


def test_customers_are_found_and_shown(boxes: Line) -> None:
    rows = [r for q in ("completed", "deliveries") for r in boxes.json("queue", q, "--filter", "all")["rows"]][:5]
    seen: set[str] = set()
    for row in rows:
        card = boxes.json("customer", "show", row["customer_id"])
        for name, fields in SHOW.items():
            for item in card[name]:
                assert set(fields) <= set(item), name
                seen.add(name)
        assert row["vin"] in [v["vin"] for v in card["vehicles"]]
        for unit in card["vehicles"]:
            opened = [s["opened"] for s in unit["services"]]
            assert opened == sorted(opened, reverse=True), "the last service on top"
            assert all(set(s) >= {"order", "opened", "delivered", "km", "result", "lines", "incidents"}
                       for s in unit["services"])  # fmt: skip
        wanted = [row["plate"], row["vin"], row["vin"][-6:], row["customer"], row["plate"][-4:]]
        wanted += [p["raw"] for p in card["phones"] if p["e164"]] + [
            p["e164"][-4:] for p in card["phones"] if p["e164"]
        ]
        for text in filter(None, wanted):
            found = boxes.json("customer", "search", text)
            assert found["query"] == text and found["total"] == len(found["rows"])
            hit = next((h for h in found["rows"] if h["id"] == row["customer_id"]), None)
            if text == row["plate"][-4:] and hit is None:
                continue  # an end of a plate is no end of a chassis
            assert hit is not None, text
            assert set(hit) >= {"id", "name", "doc", "phones", "vehicles", "matched"} and hit["matched"]
            assert all(set(v) >= {"vin", "plate"} for v in hit["vehicles"])
    assert {"phones", "vehicles", "opportunities"} <= seen


def test_a_short_text_matches_beginnings_of_words_fifty_at_most(boxes: Line) -> None:
    found = boxes.json("customer", "search", "pe")["rows"]
    assert found and all(re.search(r"\bpe", re.sub("é", "e", h["name"].lower())) for h in found)
    assert len(boxes.json("customer", "search", "a")["rows"]) <= 50
    assert boxes.json("customer", "search", "perez")["total"] == boxes.json("customer", "search", "PÉREZ")["total"]


def test_a_total_counts_what_a_limit_leaves_out(boxes: Line) -> None:
    for words in (("customer", "search", "perez"), ("audit", "show"), ("queue", "opportunities")):
        whole, cut = boxes.json(*words), boxes.json(*words, "--limit", "1")
        assert cut["total"] == whole["total"] == len(whole["rows"]) > 1 and cut["rows"] == whole["rows"][:1], words


def test_another_branch_keeps_its_notes(boxes: Line) -> None:
    """Ana works in CBA; Rocío in ROS calls a customer: on Ana's card only that, where and when."""
    ref = next(r for r in boxes.json("queue", "opportunities", BOXES_USER="rocio")["rows"] if r["customer_id"])
    boxes.json("do", "call", ref["ref"], "--disposition", "1", "--note", "secreto de Rosario", BOXES_USER="rocio")
    mine = boxes.json("customer", "show", ref["customer_id"], BOXES_USER="rocio")
    theirs = boxes.json("customer", "show", ref["customer_id"], BOXES_USER="ana")
    assert "secreto" in str(mine) and "secreto" not in str(theirs)
    call = theirs["calls"][0]
    assert (call["agent"], call["note"], call["branch"]) == (None, None, "Rosario")
    assert "gestionado en Rosario" in boxes.run("customer", "show", ref["customer_id"], BOXES_USER="ana")[1]
    assert ref["ref"] not in [r["ref"] for r in boxes.json("queue", "opportunities", BOXES_USER="ana")["rows"]]
    boxes.refuse("do", "call", ref["ref"], "--disposition", "1", BOXES_USER="ana")


def test_go_live_ends_the_leaks_of_history(boxes: Line, tmp_path: Path) -> None:
    before = boxes.json("queue", "--counts")["counts"]["leaks"]
    assert before["all"] == sum(n for flt, n in before.items() if flt != "all")
    boxes.json("init", "--go-live", (TODAY + timedelta(1)).isoformat())
    assert {f: n for f, n in boxes.json("queue", "--counts")["counts"]["leaks"].items() if f != "complaints"} == {
        "all": before["complaints"], "deliveries": 0, "opportunities": 0, "no_shows": 0, "completed": 0,
    }  # fmt: skip
    boxes.json("init", "--go-live", "2026-01-01")
    after = boxes.json("queue", "leaks")["rows"]
    assert len(after) >= before["all"]
    for row in after:
        age = (TODAY - date.fromisoformat(row["when"][:10])).days
        low, high = {"deliveries": (31, 90), "opportunities": (16, 9999), "appointments": (8, 30), "completed": (16, 45),
                     "complaints": (-1, 9999)}[row["stage"]]  # fmt: skip
        assert low <= age <= high, row
