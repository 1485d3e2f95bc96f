"""The app on a real pseudo-terminal: signals, hang-up, stalls, crashes, hostile bytes, what is sent
(RELIABILITY R7, S1, S4)."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.widgets.terminal import REPOSITORY, Terminal

OWN = re.compile(
    rb"\x1b\[[0-9;]*m|\x1b\[\d+;\d+H|\x1b\[\d+;\d+r|\x1b\[r|\x1b\[\d+[ML]|\x1b\[\?[0-9]+[hl]|\x1b\[\?\d+\$p|\x1b\[>\d+u|\x1b\[<u"
    rb"|\x1b\]22;[a-z-]+\x07|[\r\n]"
)
"""Every sequence that the app itself may write."""


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Any]:
    opened: list[Terminal] = []

    def start(**env: str) -> Terminal:
        opened.append(Terminal(tmp_path, **env))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def restored(terminal: Terminal) -> bool:
    return b"\x1b[?1049l" in terminal.raw and b"\x1b[?1000l" in terminal.raw and b"\x1b[?25h" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_saves_restores_and_ends(open_terminal: Any, tmp_path: Path, number: signal.Signals) -> None:
    terminal = open_terminal().until("l llamar")
    terminal.send(b"l")
    terminal.until("Nota")
    terminal.send("holá".encode())
    terminal.until("holá")
    os.kill(terminal.pid, number)
    code, seconds = terminal.ended()
    assert code == 128 + number and seconds <= 4
    assert (tmp_path / "saved").read_text() == "holá" and restored(terminal)


@pytest.mark.parametrize("prefix", ["", "trap '' HUP;"])
def test_a_closed_terminal_saves_and_ends(open_terminal: Any, tmp_path: Path, prefix: str) -> None:
    terminal = open_terminal(prefix=prefix).until("l llamar")
    terminal.send(b"l")
    terminal.until("Nota")
    terminal.send(b"abc")
    terminal.until("abc")
    os.close(terminal.fd)
    code, seconds = terminal.ended(reading=False)
    assert code == 129 and seconds <= 4 and (tmp_path / "saved").read_text() == "abc"


@pytest.mark.parametrize("closing", [False, True])
def test_a_stalled_line_does_not_hold_the_process(open_terminal: Any, tmp_path: Path, closing: bool) -> None:
    terminal = open_terminal().until("l llamar")
    terminal.send(b"l")
    terminal.until("Nota")
    terminal.send(b"abc")
    terminal.until("abc")
    terminal.send(b"\x1b", 0.3)
    for n in range(300):
        os.write(terminal.fd, b"\x1b[6~" if n % 2 else b"\x1b[5~")
        time.sleep(0.002)
    time.sleep(0.5)
    if closing:
        os.close(terminal.fd)
    else:
        os.kill(terminal.pid, signal.SIGTERM)
    code, seconds = terminal.ended(reading=False)
    assert code == (129 if closing else 143) and seconds <= 4 and (tmp_path / "saved").read_text() == "abc"


def test_leaving_does_not_wait_for_a_database_that_hangs(open_terminal: Any) -> None:
    terminal = open_terminal(SLOW_HOUSE="30").until("l llamar")
    terminal.send(b"\x11")
    code, seconds = terminal.ended()
    assert code == 0 and seconds <= 4 and restored(terminal)


def test_a_crash_shows_a_code_and_no_value(open_terminal: Any, tmp_path: Path) -> None:
    terminal = open_terminal().until("l llamar")
    terminal.send(b"x", 0.3)
    code, _ = terminal.ended()
    shown = terminal.raw.decode(errors="replace")
    assert code == 1 and restored(terminal)
    assert "CANARY" not in shown and "Traceback" not in shown and "error inesperado (código " in shown
    (report,) = (tmp_path / "crash").iterdir()
    assert report.stat().st_mode & 0o777 == 0o600 and "CANARY" not in report.read_text()
    assert "RuntimeError" in report.read_text() and report.stem in shown


def test_bytes_that_are_not_utf8_change_nothing(open_terminal: Any) -> None:
    terminal = open_terminal().until("l llamar")
    for data in (b"\xe9", b"\xff\xfe", b"\xc3", b"j"):
        terminal.send(data)
    terminal.until("opportunities:1")


def test_only_own_sequences_reach_the_terminal(open_terminal: Any) -> None:
    terminal = open_terminal(HOSTILE="1").until("l llamar")
    for data in [b"j"] * 30 + [b"l", b"\x1b[200~a\x07b\x9b31m\x1b[201~", b"\x1b", b"\x1b[5~", b"\x1b[6~"]:
        terminal.send(data)
    rest = OWN.sub(b"", terminal.raw)
    text = rest.decode("utf-8")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", text)
    assert "JUAN [PARTICULAR]" in text and "O'Higgins" in text


def settles(terminal: Any, fine: Callable[[Any], bool], seconds: float = 10.0) -> bool:
    """Whether the terminal comes to show what it should, however slow the machine is."""
    end = time.monotonic() + seconds
    terminal.read(0.1)
    while not fine(terminal) and time.monotonic() < end:
        terminal.read(0.2)
    return fine(terminal)


def _one_bar(terminal: Any) -> bool:
    bars = [y for y, row in enumerate(terminal.cells()) if any(bg == "28507c" for _, _, bg in row)]
    return len(bars) == 1 and all(bg == "28507c" for _, _, bg in terminal.cells()[bars[0]])


def test_keys_that_arrive_together_reach_the_screen_that_they_open(open_terminal: Any) -> None:
    """A slow line hands over several keys at once: the first opens the panel, the others belong in its field (caught
    by delivering each key as it comes: the list took them)."""
    terminal = open_terminal().until("l llamar")
    terminal.send(b"jjlhola jk")
    terminal.until("hola jk")
    terminal.send(b"\x1b")
    terminal.until("opportunities:2")


def test_what_the_terminal_shows_is_what_the_screen_is(open_terminal: Any) -> None:
    """Lines moved in the terminal and cells left out never leave it with something else on it."""
    terminal = open_terminal().until("l llamar")
    rng = random.Random(7)
    keys = [b"j", b"k", b"\x1b[6~", b"\x1b[5~", b" ", b"\x1b[H", b"\x1b[F", b"+", b"-", b"l"]
    for step in range(120):
        key = rng.choice([*keys, *[b"j"] * 6, *[b"k"] * 6])
        terminal.send(key, 0.03)
        if key == b"l":
            terminal.send("ñandú [x]".encode(), 0.05)
            terminal.send(b"\x1b", 0.2)
        if step % 5 == 4:
            assert settles(terminal, _one_bar), (step, key)
    before = terminal.cells()
    assert len([line for line in terminal.lines() if "CLIENTE" in line]) >= 16
    terminal.send(b"\x0c", 0.5)
    assert terminal.cells() == before


def test_a_scrolled_row_costs_few_bytes(open_terminal: Any) -> None:
    terminal = open_terminal().until("l llamar")
    for _ in range(20):
        terminal.send(b"j")
    terminal.raw = b""
    for _ in range(10):
        terminal.send(b"j")
    assert len(terminal.raw) / 10 < 700


def test_no_colour_means_none(open_terminal: Any) -> None:
    terminal = open_terminal(NO_COLOR="1").until("l llamar")
    terminal.send(b"j")
    terminal.until("opportunities:1")
    colours = re.findall(rb"\x1b\[([0-9;]*)m", terminal.raw)
    assert {part for one in colours for part in one.split(b";")} <= {b"", b"0", b"1", b"7"}
    assert any(b"7" in one for one in colours)


def test_sixteen_colours(open_terminal: Any) -> None:
    terminal = open_terminal(TERM="xterm", COLORTERM="").until("l llamar")
    codes = {part for one in re.findall(rb"\x1b\[([0-9;]*)m", terminal.raw) for part in one.split(b";")}
    assert b"38" not in codes and b"93" in codes and b"44" in codes and b"96" in codes


def test_a_terminal_without_the_glyphs_gets_ascii(open_terminal: Any) -> None:
    terminal = open_terminal(BOXES_ASCII="1").until(" =  24/11 14:30 CLIENTE 0000001, ÑANDÚ")
    assert "■" not in "".join(terminal.lines())


def test_without_a_terminal_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.widgets.desk"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "BOXES_HOME": str(tmp_path)},
        timeout=20,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == "" and "necesita una terminal" in done.stderr


def test_the_first_frame_needs_no_database() -> None:
    code = "import sys, boxes_tui.app, boxes_tui.widgets.grid, boxes_tui.widgets.panel, boxes_tui.guard.driver\n"
    code += "print([m for m in ('sqlalchemy', 'psycopg', 'typer', 'alembic', 'plotext') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "[]"
