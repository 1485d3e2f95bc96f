"""Recalls that a real authority published, as campaigns: chassis ranges in, units worked, undone whole (issue: recalls_dvsa)."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from sqlalchemy import insert

from boxes_tui.data.engine import writing
from boxes_tui.data.tables import campaign_unit, opportunity, vehicle
from boxes_tui.desk.campaign_undo import UndoCampaign
from boxes_tui.desk.campaigns import campaign_from_lines
from tests.support.house import Desk


def ranges(feeds: Path) -> list[tuple[str, str]]:
    """The recalls whose range is two whole chassis numbers that differ in their last six digits."""
    path = feeds / "recalls_dvsa" / "RecallsFileSmall.csv"
    rows = csv.DictReader(path.read_text("cp1252").splitlines())
    found = {(r["VIN Start"].strip(), r["VIN End"].strip()) for r in rows}
    return sorted(
        (a, b)
        for a, b in found
        if len(a) == len(b) == 17 and (a + b).isalnum() and a[:11] == b[:11] and (a[11:] + b[11:]).isdigit() and a < b
    )


def test_a_recall_by_ranges_is_created_and_undone(lite: Desk, feeds: Path) -> None:
    """Every unit inside a range enters once, none outside does, and the undo leaves nothing behind."""
    wanted = [(a, b) for a, b in ranges(feeds) if not set(a + b) & set("IOQ")][:40]
    assert len(wanted) >= 20
    inside: set[str] = set()
    outside: set[str] = set()
    for low, high in wanted:
        stem, first, last = low[:11], int(low[11:]), int(high[11:])
        inside |= {f"{stem}{n:06d}" for n in {first, (first + last) // 2, last}}
        outside |= {f"{stem}{n:06d}" for n in (first - 1, last + 1) if 0 <= n <= 999_999}
    outside -= {v for v in outside for a, b in wanted if v[:11] == a[:11] and a <= v <= b}
    with writing(lite.house.engine) as conn:
        for n, vin in enumerate(sorted(inside | outside)):
            owner = lite.ids[("pena", "baez", "rios")[n % 3]]
            conn.execute(insert(vehicle).values(vin=vin, tail_rev=vin[::-1], source_key=str(n), owner_id=owner))
    command = campaign_from_lines(
        lite.house.engine, "Recall", "recall", [f"{a}..{b}" for a, b in wanted], due=date(2026, 12, 3)
    )
    made = lite.do(command, "luis")
    units = {int(r["vehicle_id"]) for r in lite.rows(campaign_unit)}
    entered = {r["vin"] for r in lite.rows(vehicle) if r["id"] in units}
    assert entered == inside and made.result["created"] == len(inside)
    lite.do(UndoCampaign(int(made.result["campaign"])), "luis")
    assert not [r for r in lite.rows(opportunity) if r["origin"] == "campaign" and r["state"] == "open"]
