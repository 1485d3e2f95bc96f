"""When the demo desk's people were at work: on the telephone, writing up, at lunch, gone home."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from boxes_tui.dms.demo.desk import Desk
from boxes_tui.dms.demo.desk_history import AGENTS

DAYS: Final = 14
_DAY: Final = (
    ("ready", 0), ("on_call", 4), ("wrap_up", 21), ("ready", 26), ("paused", 33), ("ready", 40), ("on_call", 44),
    ("wrap_up", 52), ("off", 58),
)  # fmt: skip
"""What somebody does from which minute on: an hour at the telephone, the rest of the day belongs to other work."""


def shifts(desk: Desk) -> None:
    """The working days of the last two weeks of everybody; today they came some hours ago and are ready."""
    for n in range(DAYS, 0, -1):
        day = desk.today - timedelta(days=n)
        if desk.cell.works(day):
            for agent in AGENTS:
                came = datetime.combine(day, time(9)) + timedelta(minutes=desk.rng.randint(0, 400))
                for shift, minute in _DAY:
                    desk.act(
                        "shift", came + timedelta(minutes=minute + desk.rng.randint(0, 3)), agent.login, shift=shift
                    )
    first = max(datetime.combine(desk.today, time(0, 1)), desk.anchor - timedelta(hours=5))
    for agent in AGENTS:
        desk.act("shift", desk.between(first, first + timedelta(minutes=10)), agent.login, shift="ready")
