"""One browser's app: a process of its own, in an environment of its own, gone when the browser is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from boxes_tui.guard.environment import WEB_DRIVER

LEAVE_SECONDS = 4.0
"""The app saves and leaves within this (RELIABILITY R7), then it is ended."""
LONGEST_PACKET = 16 * 1024 * 1024
NOT_HANDED_ON = ("BOXES_AGENT", "BOXES_SERVE_SECRET", "BOXES_USER", "BOXES_WEB_USER")

_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'boxes'\n"
    "from boxes_tui.__main__ import main; sys.exit(main())"
)


def environment(user: str, width: int, height: int, environ: Mapping[str, str]) -> dict[str, str]:
    """All that the app gets to know: the settings of the server, who sits there, the size of the window."""
    made = {name: value for name, value in environ.items() if name.startswith("BOXES_") and name not in NOT_HANDED_ON}
    return made | {
        "BOXES_WEB_USER": user,
        "COLUMNS": str(width),
        "HOME": environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "ROWS": str(height),
        "TERM": "xterm-256color",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TEXTUAL_DRIVER": WEB_DRIVER,
    }


class Seat:
    """The app of ``user``. ``show`` takes what it paints."""

    def __init__(self, user: str, show: Callable[[bytes], Awaitable[object]]) -> None:
        self._user = user
        self._show = show
        self._process: Process | None = None

    async def run(self, width: int, height: int) -> None:
        """Start the app and hand on what it paints until it leaves."""
        here = str(Path(__file__).resolve().parents[2])
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _START, here,
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment(self._user, width, height, os.environ), cwd="/",
            limit=LONGEST_PACKET,
        )  # fmt: skip
        last_words = asyncio.create_task(_tail(process))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._hand_on(process)
        await self.leave()
        if process.returncode and (text := await last_words):
            await self._show(text)

    async def _hand_on(self, process: Process) -> None:
        assert process.stdout is not None
        for _line in range(10):  # what comes before the first packet
            if await process.stdout.readline() == b"__GANGLION__\n":
                break
        else:
            return
        while True:
            head = await process.stdout.readexactly(5)
            size = int.from_bytes(head[1:], "big")
            if size > LONGEST_PACKET:
                return
            payload = await process.stdout.readexactly(size)
            if head[:1] == b"D":
                await self._show(payload)
            elif head[:1] == b"M" and json.loads(payload).get("type") == "exit":
                return

    async def type(self, text: str) -> None:
        """Keys."""
        await self._send(b"D", text.encode("utf-8", "replace"))

    async def tell(self, **message: object) -> None:
        """``resize``, ``focus``, ``blur``, ``quit``."""
        await self._send(b"M", json.dumps(message).encode())

    async def _send(self, kind: bytes, payload: bytes) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            process.stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
            await process.stdin.drain()

    async def leave(self) -> None:
        """Ask the app to save and leave; end it where it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.tell(type="quit"), 1.0)
        if process.stdin is not None:
            process.stdin.close()  # what a hang-up is on a terminal
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                if number is not None:
                    process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), LEAVE_SECONDS)
                return


async def _tail(process: Process) -> bytes:
    """The sentence with which the app ended, as a terminal may show it."""
    from boxes_tui.text import strip_terminal

    assert process.stderr is not None
    kept = b""
    while data := await process.stderr.read(4096):
        kept = (kept + data)[-2000:]
    lines = [strip_terminal(line) for line in kept.decode("utf-8", "replace").splitlines()]
    return ("\x1b[?1049l\x1b[2J\x1b[H" + "\r\n".join(line for line in lines if line.strip())).encode()
