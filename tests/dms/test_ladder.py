"""Lines that the last read held are passed over (QUALITY §1): whatever an export does from one day to the next, the outcome is
that of reading it whole.

Seen to fail: with bad rows left out of what is remembered they were never found missing, and a line repeated beside its
changed copy was no conflict.
"""

from __future__ import annotations

import io
import json
import random
import zlib
from array import array
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.dms.guards import NAMES
from boxes_tui.dms.ladder import AGAIN, AHEAD, BLOCK, Lines, digests_of
from boxes_tui.dms.readers import _Rows
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


def _missed(lines: Lines, texts: list[str]) -> list[str]:
    """The lines that are not passed over, as the reader asks for them."""
    digests, place, missed = digests_of(texts), 0, []
    while (place := place + lines.run(digests, place)) < len(texts):
        missed.append(texts[place])
        place += 1
    return missed


def test_lines_are_found_where_they_are_and_a_little_further() -> None:
    lines = [f"{n};x\n" for n in range(BLOCK + 300)]
    first = Lines("h")
    first.begin(())
    assert _missed(first, lines) == lines
    for n, digest in enumerate(digests_of(lines)):
        first.digest = digest
        first.note(Record(str(n), n, ("x",)))
    kept = list(first.kept({"7"}))
    again = Lines("h")
    again.begin(kept)
    assert _missed(again, lines) == [lines[7]]
    again = Lines("h")
    again.begin(kept)
    changed = [*lines[:100], "nueva\n", *lines[101:200], *lines[200 + AHEAD - 1 :]]
    assert _missed(again, changed) == [lines[7], "nueva\n"]
    unseen = again.unseen({"7", "nueva"})
    assert unseen is not None and set(unseen) == {"7", "100", *map(str, range(200, 200 + AHEAD - 1))}
    assert again.unseen({"3"}) is None  # line 3 is known, and its key stands in another line too
    assert len(set(digests_of(lines))) == len(lines) and AGAIN not in digests_of(lines)


def test_what_was_passed_over_is_known_the_next_time_too() -> None:
    lines = [f"{n};x\n" for n in range(2 * BLOCK + 5)]
    known: list[tuple[bytes, bytes]] = []
    for texts in (lines, lines, ["nueva\n", *lines], [*lines[:BLOCK], *lines[BLOCK + 9 :]], lines[9:]):
        read = Lines("h")
        read.begin(known)
        digests, place = digests_of(texts), 0
        while (place := place + read.run(digests, place)) < len(texts):
            read.digest = digests[place]
            read.note(Record(texts[place].strip(), place, ("x",)))
            place += 1
        known = list(read.kept(()))
        told = array("q")
        for marks, _keys in known:
            told.frombytes(marks)
        assert told == digests
        assert [k for _marks, keys in known for k in json.loads(zlib.decompress(keys))] == [t.strip() for t in texts]


def _keys_read(text: str, known: list[tuple[bytes, bytes]]) -> tuple[list[str], list[tuple[bytes, bytes]]]:
    lines = Lines("h")
    rows = _Rows(io.StringIO(text, newline=""), ",", lines).rows(1)
    next(rows)
    lines.begin(known)
    keys = []
    for number, cells, _text, trouble in rows:
        if not trouble:
            keys.append(f"{number}:{cells[0]}")
            lines.note(Record(cells[0], number, ("x",)))
    return keys, list(lines.kept(()))


def test_only_changed_rows_are_split_whatever_their_quotes() -> None:
    body = '1,a,b\n2,"two\nlines",b\n3,"JUAN "TITO" DIAZ",y\n4,"q",w\n' + "".join(f"{n},x,y\n" for n in range(5, 400))
    first, known = _keys_read("k,l,m\n" + body, [])
    assert first[:5] == ["2:1", "3:2", "5:3", "6:4", "7:5"] and len(first) == 399
    again, known = _keys_read("k,l,m\n" + body.replace("4,", "4,new ", 1).replace("300,x", '300,"x"'), known)
    assert again == ["6:4", "302:300"]
    again, known = _keys_read("k,l,m\n" + body.replace("lines", "more lines"), known)
    assert again == ["3:2", "6:4", "302:300"]


def test_a_line_whose_quote_is_closed_further_down_is_looked_at_again() -> None:
    """The last line's quote is never closed: what it is depends on those that follow."""
    _keys, known = _keys_read('k,l,m\n1,a,b\n2,a,"b', [])
    again, _known = _keys_read('k,l,m\n1,a,b\n2,a,"b', known)
    assert again == ["3:2"]
