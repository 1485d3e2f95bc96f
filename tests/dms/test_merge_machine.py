"""Whatever a DMS exports, in whatever order: the desk's rows equal a plain model, counters add up, and reading the same
again changes nothing (DMS.md §4, §6). Hypothesis drives a small dealership through its days."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.dms import house
from tests.dms.mini import Mini, day

CARS = st.integers(0, 3)
KEYS = st.sampled_from(["1", "2", "3", "4"])
STATES = st.sampled_from(["P", "P", "P", "X", "I"])


def plate(n: int) -> str:
    return f"AA{100 + n}BB"


def vin(n: int) -> str:
    return f"8APAAAAAAA45678{n}1"


class Dealership(RuleBasedStateMachine):
    """The agenda and the orders of a DMS, exported whole at every sync."""

    @initialize()
    def open(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.mini = Mini(Path(self.place.name), None)
        self.mini.put("vehicles", *({"id": f"V{n}", "vin": vin(n), "plate": plate(n)} for n in range(4)))
        self.mini.run()
        self.agenda: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.missed: dict[str, int] = {}
        self.known: dict[str, dict[str, Any]] = {}
        self.day = 0
        self.fresh = True

    @rule(key=KEYS, car=CARS, start=st.integers(-2, 3), state=STATES, by=st.sampled_from(["plate", "vin", "chassis"]))
    def book(self, key: str, car: int, start: int, state: str, by: str) -> None:
        name = {"plate": plate(car), "vin": vin(car), "chassis": vin(car)[-7:]}[by]
        self.agenda[key] = {"id": key, "start": day(start), by: name, "state": state, "car": car, "at": start}
        self.fresh = False

    @rule(key=KEYS)
    def vanish(self, key: str) -> None:
        self.agenda.pop(key, None)
        self.fresh = False

    @rule(key=KEYS, car=CARS, opened=st.integers(-2, 0), state=st.sampled_from(["AB", "TE", "AN", "PR", "EN"]))
    def order(self, key: str, car: int, opened: int, state: str) -> None:
        done = day(opened, "11:00") if state == "EN" else ""
        self.orders[key] = {"id": key, "opened": day(opened, "09:00"), "vin": vin(car), "state": state, "delivered": done,
                            "car": car, "at": opened}  # fmt: skip
        self.fresh = False

    @rule(again=st.booleans())
    def sync(self, again: bool) -> None:
        for _ in range(1 + again):
            self.mini.put(
                "agenda", *({k: v for k, v in r.items() if k not in ("car", "at")} for r in self.agenda.values())
            )
            self.mini.put(
                "orders", *({k: v for k, v in r.items() if k not in ("car", "at")} for r in self.orders.values())
            )
            report = self.mini.run()
            assert report.exit == 0, report.said
            for key in self.known:
                self.missed[key] = 0 if key in self.agenda else self.missed.get(key, 0) + 1
            self.known |= self.agenda
            self.missed |= dict.fromkeys(self.agenda, 0)
        if again:
            found = house.entities([report])
            assert not any(e["inserted"] or e["updated"] for e in found.values())
        self.fresh = True

    def _arrived(self, row: dict[str, Any]) -> bool:
        if row["state"] == "I":
            return True
        return row["state"] != "X" and any(
            o["car"] == row["car"] and o["at"] == row["at"] and o["state"] not in ("AN", "PR")
            for o in self.orders.values()
        )

    @invariant()
    def queues(self) -> None:
        if not self.fresh:
            return
        live = {}
        for key, row in self.known.items():
            gone = self.missed[key] >= 2 and row["at"] > 0 and not self._arrived(row)
            if row["state"] != "X" and not gone and not self._arrived(row):
                live[key] = row["at"]
        assert self.mini.keys("appointments/to_confirm") == sorted(k for k, at in live.items() if at >= 0)
        assert self.mini.keys("appointments/no_show") == sorted(k for k, at in live.items() if at < 0)
        open_ = [k for k, o in self.orders.items() if o["state"] in ("AB", "TE")]
        assert self.mini.keys("in_process/all") == sorted(open_)
        assert self.mini.keys("completed/all") == sorted(k for k, o in self.orders.items() if o["state"] == "EN")

    def teardown(self) -> None:
        if hasattr(self, "mini"):
            self.mini.house.close()
            self.place.cleanup()


TestDealership = Dealership.TestCase
TestDealership.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
