"""R16: the mail server and the sender die at random points. Nothing is lost, what is doubled was an answer lost, and it
bears the same Message-ID; nothing leaves for an appointment that was cancelled or moved before or under way.

Mutants seen to fail here: the sender that does not look again before DATA; one that takes a lost answer for sent; one that
takes a broken connection before DATA for sent; a fresh Message-ID for each try.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from boxes_tui.data.tables import appointment
from boxes_tui.outreach.mails import RetryMail
from boxes_tui.outreach.outbox import Sender
from boxes_tui.outreach.reminder import SendReminder
from tests.outreach.kit import START, Kit
from tests.outreach.server import CERTIFICATE, PASSWORD, USER, Inbox, MailServer

KILLS = [pytest.param(30, id="short"), pytest.param(100, id="long", marks=pytest.mark.long)]
DEATHS = [pytest.param(10, id="short"), pytest.param(100, id="long", marks=pytest.mark.long)]
"""Killing the sender costs a start of the program each time."""


def _booked(kit: Kit, n: int) -> list[int]:
    turns = []
    for i in range(n):
        who = kit.person(f"CLIENTE {i}", f"cliente{i}@ejemplo.test", phone=None)
        turns.append(kit.booked(who, START + timedelta(minutes=i), vehicle_id=None))
        kit.house.execute(SendReminder(turns[-1], kit.desk))
    return turns


def _arrived(inbox: Inbox) -> Counter[str]:
    return Counter(str(message_from_bytes(m.data)["Message-ID"]) for m in inbox.mails)


def _withdraw(kit: Kit, inbox: Inbox, turns: list[int]) -> dict[str, int]:
    """Cancel one appointment and move another, as the DMS does while mails wait: their Message-IDs, with how often each
    has arrived by now. From here on it must not arrive once more."""
    kit.change(appointment, turns[0], status="cancelled")
    kit.change(appointment, turns[1], starts_at=START + timedelta(days=3))
    got = _arrived(inbox)
    return {m["message_id"]: got[m["message_id"]] for m in kit.mails() if m["appointment_id"] in turns[:2]}


def _check(kit: Kit, inbox: Inbox, withdrawn: dict[str, int], lost: Counter[str] | None = None) -> None:
    """None lost, doubled only what the server took without an answer (``lost``, by Message-ID), and of what was withdrawn
    nothing more than before."""
    kit.house.execute(RetryMail())
    assert Sender(kit.house, kit.desk).run().well
    got = _arrived(inbox)
    mails = {m["message_id"]: m["state"] for m in kit.mails()}
    assert {i for i, state in mails.items() if state == "sent"} >= set(mails) - set(withdrawn)
    assert set(got) >= set(mails) - set(withdrawn), "lost"
    assert set(got) <= set(mails), "a Message-ID that nobody made"
    assert {i: got[i] for i in withdrawn} == withdrawn, "left although it was withdrawn"
    if lost is not None:
        assert all(n - 1 <= lost[i] for i, n in got.items() if i not in withdrawn), "doubled though it was answered"
    assert all(len(m.recipients) == 1 for m in inbox.mails)


@pytest.mark.parametrize("kills", KILLS)
def test_the_server_dies(tmp_path: Path, db_url: str, server: MailServer, inbox: Inbox, kills: int) -> None:
    chance = random.Random(kills)
    kit = Kit(tmp_path, db_url, server.port)
    turns = _booked(kit, max(6, kills // 3))
    withdrawn = _withdraw(kit, inbox, turns)
    deaths: Counter[str] = Counter()
    lost: Counter[str] = Counter()

    def dies(step: str) -> bool:
        if deaths.total() < kills and chance.random() < 0.5:
            deaths[step] += 1
            if step == "taken":
                lost[str(message_from_bytes(inbox.mails[-1].data)["Message-ID"])] += 1
            return True
        return False

    inbox.dies = dies
    for n in range(kills * 3):
        Sender(kit.house, kit.desk).run()
        kit.later()
        waiting = [m["appointment_id"] for m in kit.mails() if m["state"] in ("queued", "unknown")]
        if n % 4 == 3 and len(waiting) > 1:
            withdrawn = _withdraw(kit, inbox, chance.sample(waiting, 2)) | withdrawn
        if deaths.total() >= kills:
            break
        kit.house.execute(RetryMail())
        if all(m["state"] in ("sent", "cancelled") for m in kit.mails()):
            turns += _booked(kit, 2)
    assert deaths.total() == kills and set(deaths) == {"mail", "rcpt", "data", "taken"}
    Sender(kit.house, kit.desk).run()
    assert len(withdrawn) > 2, "nothing was withdrawn under way"
    _check(kit, inbox, withdrawn, lost)
    kit.house.close()


@pytest.mark.parametrize("kills", DEATHS)
def test_the_sender_is_killed(tmp_path: Path, server: MailServer, inbox: Inbox, kills: int) -> None:
    chance = random.Random(kills)
    url = f"sqlite:///{tmp_path / 'boxes.db'}"
    kit = Kit(tmp_path, url, server.port)
    turns = _booked(kit, kills * 2)
    withdrawn = _withdraw(kit, inbox, turns)
    config = tmp_path / "config.toml"
    config.write_text(
        f'database_url = "{url}"\nuser = "admin"\n[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nuser = "{USER}"\n'
        f'from = "turnos@casacentral.test"\nca_file = "{CERTIFICATE}"\ntimeout = 5\n'
    )
    env = {
        **os.environ, "BOXES_CONFIG": str(config), "BOXES_HOME": str(tmp_path / "home"),
        "BOXES_NOW": "2026-11-24T14:10:00-03:00", "BOXES_SMTP_PASSWORD": PASSWORD,
    }  # fmt: skip
    inbox.before_data = lambda: time.sleep(0.004)
    for _n in range(kills):
        inbox.steps.clear()
        child = subprocess.Popen(
            [sys.executable, "-m", "boxes_tui", "outbox", "send"], env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while not inbox.steps and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.wait()
        kit.later()
    done = subprocess.run(
        [sys.executable, "-m", "boxes_tui", "outbox", "send"], env=env, capture_output=True, text=True, check=False
    )
    assert PASSWORD not in done.stdout + done.stderr
    _check(kit, inbox, withdrawn)
    assert _arrived(inbox).total() - len(_arrived(inbox)) <= kills
    kit.house.close()


def test_two_senders_share_the_queue(tmp_path: Path, db_url: str, server: MailServer, inbox: Inbox) -> None:
    from threading import Thread

    kit = Kit(tmp_path, db_url, server.port)
    _booked(kit, 12)
    senders = [Sender(kit.house, kit.desk) for _n in range(3)]
    threads = [Thread(target=s.run) for s in senders]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert sorted(_arrived(inbox).values()) == [1] * 12
    kit.house.close()
