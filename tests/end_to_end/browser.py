"""A real Chromium without a window, driven by its DevTools protocol over a WebSocket: no driver package."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any

import aiohttp

from tests.end_to_end.pty_client import PATIENCE


def chromium() -> str | None:
    """Where one is, None where there is none."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)  # fmt: skip


class Browser:
    """One page. ``requests`` holds the address of everything that it asked for, ``painted`` what its terminal got."""

    def __init__(self, process: Process, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._process, self._http, self._socket = process, http, socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.painted = ""
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, profile: Path, headers: dict[str, str]) -> Browser:
        """A browser whose requests carry what the proxy adds."""
        process = await asyncio.create_subprocess_exec(
            str(chromium()), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={profile}", "--window-size=1000,640",
            "--disable-background-networking", "--disable-component-update", "about:blank",
            stdout=DEVNULL, stderr=PIPE, stdin=DEVNULL, env={**os.environ, "HOME": str(profile)},
        )  # fmt: skip
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while b"DevTools listening on " not in (line := await process.stderr.readline()):
                assert line, "the browser does not start"
        drain = asyncio.create_task(process.stderr.read())
        base = line.decode().split("ws://")[1].split("/")[0]
        http = aiohttp.ClientSession()
        async with http.get(f"http://{base}/json/list") as answer:
            pages = await answer.json(content_type=None)
        page = next(p for p in pages if p["type"] == "page")
        made = cls(process, http, await http.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0))
        made._drain = drain
        for domain in ("Page", "Runtime", "Network", "Log"):
            await made.call(f"{domain}.enable")
        await made.call("Network.setExtraHTTPHeaders", headers=headers)
        return made

    _drain: asyncio.Task[bytes]

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol and its answer."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(self._answers[number], PATIENCE)

    async def _read(self) -> None:
        async for message in self._socket:
            data = json.loads(message.data)
            if "id" in data:
                self._answers.pop(data["id"]).set_result(data.get("result", data))
            elif data["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                about = data["params"]
                self.requests.append(about.get("url") or about["request"]["url"])
            elif data["method"] == "Network.webSocketFrameReceived" and data["params"]["response"]["opcode"] == 2:
                self.painted += base64.b64decode(data["params"]["response"]["payloadData"]).decode("utf-8", "replace")
            elif data["method"] == "Log.entryAdded" and data["params"]["entry"]["level"] == "error":
                self.complaints.append(data["params"]["entry"]["text"])

    async def open(self, url: str) -> None:
        """Go to a page."""
        await self.call("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of a script in the page."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return done.get("result", {}).get("value")

    async def type(self, text: str) -> None:
        """Keys, one by one, as a keyboard sends them."""
        for character in text:
            key: dict[str, Any] = {"key": character, "text": character}
            if character.isascii() and character.isalnum():
                key["windowsVirtualKeyCode"] = ord(character.upper())
            await self.call("Input.dispatchKeyEvent", type="keyDown", **key)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    async def picture(self, path: Path) -> None:
        """A PNG of the page."""
        path.write_bytes(base64.b64decode((await self.call("Page.captureScreenshot"))["data"]))

    async def close(self) -> None:
        """End it."""
        self._reader.cancel()
        await self._socket.close()
        await self._http.close()
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._drain
