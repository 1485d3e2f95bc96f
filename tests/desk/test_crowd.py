"""Many at once: nobody is handed out twice, nobody is lost, every act exactly once (RELIABILITY R2, R3, R10; short forms)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from boxes_tui.clock import Clock
from boxes_tui.data.engine import make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import open_session
from boxes_tui.data.tables import act, call, claim, customer, customer_phone, note, opportunity, vehicle
from boxes_tui.desk import next_call
from boxes_tui.desk.candidates import candidates
from boxes_tui.desk.claims import Target, claim_person
from boxes_tui.desk.next_call import next_row
from tests.support.house import NOW, TODAY, Desk, open_desk

CLAIMER = """
import sys, time
from datetime import datetime
from boxes_tui.clock import Clock
from boxes_tui.data.engine import make_engine, parse_url
from boxes_tui.data.reads.queues import Ask
from boxes_tui.data.session import open_session
from boxes_tui.desk import claims
from boxes_tui.desk.next_call import next_row
claims.LEASE_SECONDS = 86_400  # nobody renews here: on a busy machine a lease would end before the others are done
engine = make_engine(parse_url(sys.argv[1]))
with engine.connect() as conn:
    session = open_session(conn, Clock(datetime.fromisoformat(sys.argv[2])), sys.argv[3], sys.argv[3])
skip, worst = set(), 0.0
while True:
    start = time.monotonic()
    row, _why = next_row(engine, session, Ask("opportunities", "all"), skip)
    worst = max(worst, time.monotonic() - start)
    if row is None:
        break
    skip.add(row.person)
    print(row.ref)
print("worst", worst)
"""


def crowd(desk: Desk, people: int, agents: int) -> list[str]:
    """``people`` customers with an open opportunity each, and agents who call them."""
    from boxes_tui.data.tables import app_user, user_branch

    with writing(desk.house.engine) as conn:
        conn.execute(opportunity.update().values(state="discarded"))
        logins = []
        for n in range(agents):
            user = conn.execute(
                insert(app_user)
                .values(login=f"a{n}", name=f"A{n}", role="agent", created_at=NOW)
                .returning(app_user.c.id)
            ).scalar_one()
            conn.execute(insert(user_branch).values(user_id=user, branch_id=desk.ids["cba"]))
            logins.append(f"a{n}")
        for n in range(people):
            i = 1000 + n
            conn.execute(
                insert(customer).values(id=i, person_id=i, display_name=f"C{n}", blocked_review=False, is_stub=False)
            )
            conn.execute(
                insert(customer_phone).values(customer_id=i, raw=f"351{n:07d}", last10=f"351{n:07d}", kind="mobile",
                                              origin="dms", position=0, present=True)
            )  # fmt: skip
            conn.execute(insert(vehicle).values(id=i, plate=f"P{n}", is_stub=False))
            conn.execute(
                insert(opportunity).values(branch_id=desk.ids["cba"], customer_id=i, vehicle_id=i, origin="customer",
                                           state="open", due_day=TODAY + timedelta(n % 31 - 15), about="x",
                                           created_at=NOW, created_day=TODAY)
            )  # fmt: skip
    return logins


def hand_out(desk: Desk, people: int, agents: int) -> list[str]:
    """Threads on their own engines, each with its own connections, call until nobody is left: the refs they got."""
    logins = crowd(desk, people, agents)
    url = desk.house.engine.url.render_as_string(hide_password=False)
    given: list[str] = []
    errors: list[BaseException] = []
    together = threading.Barrier(agents)

    def work(login: str) -> None:
        engine = make_engine(parse_url(url))
        try:
            with engine.connect() as conn:
                session = open_session(conn, Clock(NOW), login, login)
            skip: set[str] = set()
            together.wait(60)
            while True:
                row, _why = next_row(engine, session, Ask("opportunities", "all"), skip)
                if row is None:
                    return
                skip.add(row.person)
                given.append(row.ref)
        except BaseException as error:  # reported below
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=work, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    return given


def test_no_record_goes_to_two_agents(desk: Desk) -> None:
    given = hand_out(desk, 120, 8)
    assert len(set(given)) == len(given) == 120
    with desk.house.engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(claim)).scalar_one() == 120


def test_looking_first_and_taking_then_hands_out_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """R2's mutant: whether somebody has him is asked in one transaction, and written in the next."""

    def careless(engine: Any, session: Any, ask: Any, phases: Any, skip: Any, base: Any) -> Any:
        with reading(engine) as conn:
            set_scope(conn, session.branch_ids)
            found = next(candidates(conn, session, ask, "rest", skip, base), None)
        if found is not None:
            time.sleep(0.002)
            with writing(engine) as conn:
                conn.execute(delete(claim).where(claim.c.person == found.person))
                claim_person(conn, session, Target(found.person, "opportunity", found.row_id, found.branch_id,
                                                   found.customer_id, None))  # fmt: skip
        return found, False

    monkeypatch.setattr(next_call, "_look_and_take", careless)
    monkeypatch.setattr(next_call, "_take_what_is_free", careless)
    given = hand_out(desk, 60, 8)
    assert len(given) > len(set(given)), "the test above would not notice"


def run_processes(url: str, logins: list[str]) -> tuple[list[str], float]:
    """One process per login calls until nobody is left: (refs handed out, the longest wait for one in seconds)."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, url, NOW.isoformat(), login], stdout=subprocess.PIPE, text=True
        )
        for login in logins
    ]
    lines = [line for p in running for line in p.communicate(timeout=3600)[0].splitlines()]
    assert all(p.returncode == 0 for p in running)
    worst = [float(line.split()[1]) for line in lines if line.startswith("worst")]
    assert len(worst) == len(logins)
    return [line for line in lines if not line.startswith("worst")], max(worst)


@pytest.mark.parametrize("people", [80, pytest.param(2000, marks=pytest.mark.long)])
def test_eight_processes_on_one_sqlite_file(lite: Desk, people: int) -> None:
    given, _worst = run_processes(str(lite.house.engine.url), crowd(lite, people, 8))
    assert len(given) == len(set(given)) == people


@pytest.mark.long
def test_fifty_processes_claim_ten_thousand(migrated_pg: str, home: Path) -> None:
    desk = open_desk(migrated_pg)
    logins = crowd(desk, 10_000, 50)
    started = time.monotonic()
    given, worst = run_processes(migrated_pg, logins)
    print(f"{len(given)} claims in {time.monotonic() - started:.0f} s, the longest wait {worst:.2f} s")
    desk.house.close()
    assert len(given) == len(set(given)) == 10_000


def boxes(home: Path, url: str, *args: str) -> subprocess.Popen[str]:
    env = dict(os.environ, BOXES_HOME=str(home), BOXES_DATABASE_URL=url, BOXES_USER="ana", BOXES_NOW=NOW.isoformat())
    return subprocess.Popen(
        [sys.executable, "-m", "boxes_tui", *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_kill_minus_nine_with_a_key_acts_once(desk: Desk, home: Path) -> None:
    """A script is killed at random and tries again under the same key until it is told the result."""
    url = desk.house.engine.url.render_as_string(hide_password=False)
    ref = desk.ref("opportunities", "op_pena")
    rng = random.Random(4)
    started = time.monotonic()
    boxes(home, url, "do", "note", ref, "--note", "calienta", "--key", "warm").communicate(timeout=60)
    usual = time.monotonic() - started
    killed = 0
    for n in range(3):
        for attempt in range(40):
            process = boxes(
                home, url, "do", "call", ref, "--disposition", "1", "--note", f"n{n}", "--key", f"k{n}", "--json"
            )
            try:
                out, _err = process.communicate(timeout=usual * rng.uniform(0.5, 1.2 + attempt / 5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
                continue
            assert process.returncode == 0 and '"verb": "call"' in out
            break
        else:
            pytest.fail("never came through")
    assert [c["note"] for c in desk.rows(call)] == ["n0", "n1", "n2"]
    assert len(desk.rows(act)) == 4 and len(desk.rows(note)) == 1
    assert desk.row(opportunity, desk.ids["op_pena"])["attempts"] == 3
    assert killed, "nothing was killed: the test proves nothing"
