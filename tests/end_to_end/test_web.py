"""``boxes serve``: nobody but the proxy, nobody without a name, no other page, no more than agreed; and the board in a
real browser that asks no other host for anything (RELIABILITY S13).

Seen to fail by hand: the secret, the Origin and the cap each taken out of the server, the stock page's font from a CDN.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxes_tui.config import load_settings
from boxes_tui.errors import BoxesError
from tests.end_to_end.pty_client import PATIENCE

aiohttp = pytest.importorskip("aiohttp", reason="the extra boxes-tui[web] is not installed")
pytest.importorskip("textual_serve", reason="the extra boxes-tui[web] is not installed")

from boxes_tui.web import seat, terms  # noqa: E402
from tests.end_to_end.browser import Browser, chromium  # noqa: E402

SECRET = "un-secreto-de-prueba-0123456789"
NOW = "2026-11-24T14:10:00-03:00"
ROOT = Path(__file__).parents[2]


def boxes_env(home: Path, **more: str) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("BOXES_", "SSH_"))}
    return {**keep, "BOXES_HOME": str(home), "BOXES_NOW": NOW, "BOXES_USER": "root", **more}


def boxes(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "boxes_tui", *words], env=boxes_env(home, **more), cwd=ROOT,
                          capture_output=True, text=True, timeout=PATIENCE, check=False)  # fmt: skip


class Served:
    """A running ``boxes serve`` and what a proxy would send to it."""

    def __init__(self, home: Path, sessions: int = 2) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "boxes_tui", "serve", "--port", str(self.port), "--sessions", str(sessions)],
            env=boxes_env(home, BOXES_SERVE_SECRET=SECRET, BOXES_AGENT="luis", TEXTUAL_LOG="/tmp/no", BROWSER="false"),
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, "boxes serve does not start"
                time.sleep(0.05)

    def headers(self, user: str = "ana", **more: str | None) -> dict[str, str]:
        """What the proxy sends; None takes one away."""
        made: dict[str, str | None] = {"X-Boxes-Secret": SECRET, "X-Remote-User": user, "Origin": self.url}
        made |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in made.items() if value is not None}

    def apps(self) -> list[int]:
        """The processes of the desks."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def close(self) -> str:
        self.process.terminate()
        said, _ = self.process.communicate(timeout=PATIENCE)
        return said.decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small demo dealership, served to two at once."""
    home = tmp_path_factory.mktemp("web") / "home"
    made = boxes(home, "demo", "--no-app", "--scale", "0.2", "--home", str(home))
    assert made.returncode == 0, made.stderr
    running = Served(home)
    yield running
    assert SECRET not in running.close()
    assert running.process.returncode == 0


async def ask(served: Served, path: str = "/", method: str = "GET", **headers: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.request(method, served.url + path, headers=headers) as answer:
        return answer.status, await answer.text()


async def refused(served: Served, **headers: Any) -> int:
    """The status with which a socket is refused."""
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect(f"{served.url}/ws", headers=headers)
        return int(caught.value.status)


async def until(fine: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        found = fine()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < end, what
        await asyncio.sleep(0.1)


async def painted(socket_: Any, text: str) -> str:
    """What the app paints until ``text`` is in it."""
    seen = b""
    async with asyncio.timeout(PATIENCE):
        while text.encode() not in seen:
            message = await socket_.receive()
            assert message.type == aiohttp.WSMsgType.BINARY, (message, seen[-300:])
            seen += message.data
    return seen.decode("utf-8", "replace")


# --- Who comes in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X_Boxes_Secret": None}, 403), ({"X_Boxes_Secret": "x" * len(SECRET)}, 403), ({"X_Boxes_Secret": ""}, 403),
        ({"X_Remote_User": None}, 401), ({"X_Remote_User": ""}, 401), ({"X_Remote_User": "ana; id"}, 401),
        ({"X_Remote_User": "nadie"}, 403),
        ({"Origin": None}, 403), ({"Origin": "https://otro.test"}, 403), ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
    ],
)  # fmt: skip
async def test_a_socket_is_refused_without(served: Served, change: dict[str, str | None], status: int) -> None:
    assert await refused(served, **served.headers("ana", **change)) == status
    assert served.apps() == []


async def test_two_names_are_none(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    lines = [f"{k}: {v}" for k, v in served.headers().items()] + ["X-Remote-User: luis", "Connection: close"]
    writer.write("\r\n".join(["GET / HTTP/1.1", "Host: x", *lines, "", ""]).encode())
    assert b" 401 " in (await reader.readline())
    writer.close()


async def test_the_page_and_its_files_ask_for_the_proxy_too(served: Served) -> None:
    for path in ("/", "/static/js/textual.js", "/static/page.js"):
        assert (await ask(served, path))[0] == 403
        status, text = await ask(served, path, **served.headers(Origin=None))
        assert status == 200 and "googleapis" not in text
    for path in ("/static/", "/static/../server.py", "/static/%2e%2e/app_service.py", "/download/x", "/x"):
        assert (await ask(served, path, **served.headers()))[0] == 404
    assert (await ask(served, "/", "POST", **served.headers()))[0] == 405


async def test_the_name_is_the_proxys_and_the_number_is_capped(served: Served) -> None:
    async with aiohttp.ClientSession() as client:
        one = await client.ws_connect(f"{served.url}/ws?width=80&height=24", headers=served.headers("ana"))
        two = await client.ws_connect(f"{served.url}/ws?width=80&height=24", headers=served.headers("marta"))
        assert await refused(served, **served.headers("luis")) == 503
        await painted(one, "Ana Quiroga")
        await painted(two, "Marta Sosa")
        known = Path(f"/proc/{served.apps()[0]}/environ").read_bytes().decode().split("\0")
        names = {word.partition("=")[0] for word in known if word}
        assert names == {"BOXES_HOME", "BOXES_NOW", "BOXES_WEB_USER", "COLUMNS", "HOME", "LANG", "PATH", "ROWS", "TERM",
                         "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DRIVER"}  # fmt: skip
        for nonsense in ("", "x", "[]", '["stdin", 5]', '["resize", {"width": "x"}]', "[" * 5000, '{"a": 1}', "null"):
            await one.send_str(nonsense)
        await one.send_json(["stdin", "2"])
        await painted(one, "OPORTUNIDADES")
        await one.close()
        await until(lambda: len(served.apps()) == 1, "a desk outlives its browser")
        await two.send_json(["stdin", "q"])
        async with asyncio.timeout(PATIENCE):
            while (await two.receive()).type == aiohttp.WSMsgType.BINARY:
                pass
    await until(lambda: served.apps() == [], "a desk outlives its end")


async def test_a_disabled_person_is_out(served: Served) -> None:
    async with aiohttp.ClientSession() as client:
        desk = await client.ws_connect(f"{served.url}/ws", headers=served.headers("rocio"))
        await painted(desk, "Rocío Báez")
        assert (await asyncio.to_thread(boxes, served.home, "user", "disable", "rocio")).returncode == 0
        await painted(desk, "deshabilitado")
    assert await refused(served, **served.headers("rocio")) == 403


@pytest.mark.skipif(chromium() is None, reason="no Chromium here (apt-get install chromium)")
async def test_the_board_in_a_browser(served: Served, tmp_path: Path) -> None:
    """The board is painted by a real browser, its keys work, accents too, and no other host is asked for anything."""
    headers = {k: v for k, v in served.headers("ana").items() if k != "Origin"}
    browser = await Browser.start(tmp_path / "profile", headers)
    try:
        await browser.open(served.url)
        await until(lambda: browser.run("document.body.classList.contains('-first-byte')"), "nothing was painted")
        await until(lambda: len(served.apps()) == 1, "no desk")
        await browser.run("document.querySelector('.xterm-helper-textarea').focus()")
        await until(lambda: "TABLERO" in browser.painted and "Ana Quiroga" in browser.painted, "no board")
        for keys, shown in (("2", "OPORTUNIDADES NUEVAS"), ("/", "BUSCAR"), ("zárate", "ZÁRATE, ")):
            browser.painted = ""
            await browser.type(keys)
            await until(lambda text=shown: text in browser.painted, f"{keys} does not show {shown}")  # type: ignore[misc]
        await browser.picture(Path(os.environ.get("BOXES_TEST_PICTURE", tmp_path / "board.png")))
        assert browser.requests and all(url.split("/")[2] == f"127.0.0.1:{served.port}" for url in browser.requests
                                        if not url.startswith("data:")), browser.requests  # fmt: skip
        assert browser.complaints == []
    finally:
        await browser.close()
    await until(lambda: served.apps() == [], "a desk outlives its browser")


# --- What it starts with ------------------------------------------------------------------------------------------


def test_it_does_not_start_without_a_secret(home: Path) -> None:
    done = boxes(home, "serve")
    assert done.returncode == 1 and "secreto" in done.stderr and "Traceback" not in done.stderr
    done = boxes(home, "serve", BOXES_SERVE_SECRET="corto")
    assert done.returncode == 1 and "corto" not in done.stderr
    file = home / "secreto"
    file.write_text(SECRET)
    file.chmod(0o644)
    (home / "config.toml").write_text(f'[serve]\nsecret_file = "{file}"\n')
    assert boxes(home, "serve").returncode == 2  # others can read it
    file.chmod(0o600)
    with pytest.raises(BoxesError):
        terms.terms_of(load_settings({"BOXES_HOME": str(home)}), public_url="ftp://x")
    made = terms.terms_of(load_settings({"BOXES_HOME": str(home)}), public_url="https://Boxes.test/tablero")
    assert (made.origin, made.socket_url) == ("https://boxes.test", "wss://boxes.test/tablero/ws")
    with pytest.raises(BoxesError, match="clave desconocida"):
        (home / "config.toml").write_text('[serve]\nhost = "0.0.0.0"\n')
        terms.terms_of(load_settings({"BOXES_HOME": str(home)}))


def test_without_the_extra_one_sentence(home: Path) -> None:
    code = (
        "import sys; from importlib import util; real = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name in ('aiohttp', 'textual_serve') else real(name, *a)\n"
        "sys.argv = ['boxes', 'serve']; from boxes_tui.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], env=boxes_env(home, BOXES_SERVE_SECRET=SECRET), cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "pipx inject" in done.stderr


def test_a_taken_port_is_told(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = boxes(home, "serve", "--port", str(taken.getsockname()[1]), BOXES_SERVE_SECRET=SECRET)
    assert done.returncode == 1 and "ocupado" in done.stderr


def test_the_child_knows_no_secret() -> None:
    told = {
        "BOXES_SERVE_SECRET": SECRET,
        "BOXES_AGENT": "luis",
        "BOXES_USER": "root",
        "BOXES_HOME": "/x",
        "LD_PRELOAD": "/x.so",
    }
    made = seat.environment("ana", 80, 24, told)
    assert made["BOXES_WEB_USER"] == "ana" and made["BOXES_HOME"] == "/x"
    assert not {"BOXES_SERVE_SECRET", "BOXES_AGENT", "BOXES_USER", "LD_PRELOAD"} & set(made)
    assert shutil.which("true")
