"""Lines that the last read held are passed over (QUALITY §1): whatever an export does from one day to the next, the outcome is
that of reading it whole.

Seen to fail: with bad rows left out of what is remembered they were never found missing, and a line repeated beside its
changed copy was no conflict.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.dms.guards import NAMES
from boxes_tui.dms.ladder import AHEAD, BLOCK, Lines, digest_of
from boxes_tui.dms.records import Record
from tests.dms.mini import Mini, day

FACTS = (
    "SELECT source_key, starts_at, status, contact_name, vanished_at IS NULL, gone_at IS NULL FROM appointment ORDER BY 1",
    "SELECT source_key, status, notes, gone_at IS NULL, odometer_in FROM repair_order ORDER BY 1",
    "SELECT entity, line, code, closed_at IS NULL FROM reject ORDER BY 1, 2, 3, 4",
    "SELECT entity, CASE WHEN times > 2 THEN 2 ELSE times END, count(*) FROM missing GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT kind, subject, count(*) FROM dms_event GROUP BY 1, 2 ORDER BY 1, 2",
)


def _orders(rng: random.Random, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The export of the next day: changed, gone, new, bad, repeated, shuffled."""
    made = [dict(r) for r in rows]
    for _n in range(rng.randrange(4)):
        rng.choice(made)["notes"] = rng.choice(["uno", "dos", "", 'con "comillas", y coma', "dos\nlíneas"])
    for _n in range(rng.randrange(3)):
        made.pop(rng.randrange(len(made)))
    for _n in range(rng.randrange(3)):
        made.insert(rng.randrange(len(made)), _order(rng, rng.randrange(60)))
    if rng.random() < 0.4:
        bad = dict(rng.choice(made))
        bad["opened"] = rng.choice(["", "nunca"])
        made.insert(rng.randrange(len(made)), bad)
    if rng.random() < 0.4:
        twin = dict(rng.choice(made))
        twin["notes"] = rng.choice([twin.get("notes", ""), "otra"])
        made.insert(rng.randrange(len(made)), twin)
    if rng.random() < 0.1:
        rng.shuffle(made)
    return made


def _order(rng: random.Random, n: int) -> dict[str, str]:
    return {"id": f"O{n}", "opened": day(-rng.randrange(5)), "plate": f"AA{100 + n}BB", "notes": f"n{n}",
            "km": rng.choice(["10", "99999999999"]), "state": rng.choice(["AB", "TE", "AN"])}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 40))])
def test_the_outcome_is_that_of_reading_everything(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    short, whole = Mini(tmp_path / "short", None), Mini(tmp_path / "whole", None)
    rows = [_order(rng, n) for n in range(40)]
    turnos = [{"id": str(n), "start": day(1 + n % 5), "plate": f"AA{100 + n}BB"} for n in range(30)]
    passed = 0
    for step in range(8):
        counts: list[Any] = []
        for mini, full in ((short, False), (whole, True)):
            mini.put("orders", *rows)
            mini.put("agenda", *turnos)
            report = mini.run(full=full, allow=frozenset(NAMES))
            counts.append([(c.entity, {**c.as_json(), "ms_read": 0, "ms_merge": 0}) for c in report.entities])
        assert counts[0] == counts[1], step
        for query in FACTS:
            known = [[str(v)[:10] for v in row] if "event" in query else row for row in short.sql(query)]
            other = [[str(v)[:10] for v in row] if "event" in query else row for row in whole.sql(query)]
            assert known == other, (step, query)
        passed += short.sql("SELECT count(*) FROM line_block")[0][0]
        rows = _orders(rng, rows)
        turnos = [{**t, "contact": str(step)} if rng.random() < 0.1 else t for t in turnos if rng.random() < 0.97]
    assert passed
    short.house.close()
    whole.house.close()


def test_lines_are_found_where_they_are_and_a_little_further() -> None:
    lines = [f"{n};x\n" for n in range(BLOCK + 300)]
    first = Lines("h")
    first.begin(())
    for n, line in enumerate(lines):
        assert not first.same(line)
        first.note(Record(str(n), n, ("x",)))
    kept = list(first.kept({"7"}))
    again = Lines("h")
    again.begin(kept)
    changed = [*lines[:100], "nueva\n", *lines[101:200], *lines[200 + AHEAD - 1 :]]
    missed = [line for line in changed if not again.same(line)]
    assert missed == [lines[7], "nueva\n"]
    unseen = again.unseen({"7", "nueva"})
    assert unseen is not None and set(unseen) == {"7", "100", *map(str, range(200, 200 + AHEAD - 1))}
    assert again.unseen({"3"}) is None  # line 3 is known, and its key stands in another line too
    assert len({digest_of(line) for line in lines}) == len(lines)
