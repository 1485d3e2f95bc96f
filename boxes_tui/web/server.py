"""The loopback server behind the proxy: a page, its files, and one WebSocket per desk (RELIABILITY §5.16, S13)."""

from __future__ import annotations

import asyncio
import html
import json
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from boxes_tui.i18n import _, language
from boxes_tui.web.seat import Seat
from boxes_tui.web.terms import Refusal, Terms, check

HOST = "127.0.0.1"
FILES = {
    "js/textual.js": "text/javascript", "css/xterm.css": "text/css",
    "fonts/RobotoMono-VariableFont_wght.ttf": "font/ttf", "fonts/RobotoMono-Italic-VariableFont_wght.ttf": "font/ttf",
}  # fmt: skip
"""All that is served besides the page: no folder is listed, nothing comes from another host."""
LONGEST_MESSAGE = 256 * 1024
"""Bytes that a browser may send at once: a paste of notes, not a flood."""
HEARTBEAT = 15.0
"""Seconds between pings: a browser that is gone is noticed, and its app saves and leaves."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Knows = Callable[[str], str | None]


@dataclass(frozen=True)
class Office:
    """What every request needs: the terms, who may work here, and the desks that are taken."""

    terms: Terms
    knows: Knows
    seats: set[Seat] = field(default_factory=set)


OFFICE = web.AppKey("office", Office)


def make_app(terms: Terms, knows: Knows) -> web.Application:
    """The application. ``knows(login)`` is None for somebody who may work here, else the sentence why not; it may take
    its time (it asks the database in a thread)."""
    app = web.Application(middlewares=[_gate], client_max_size=LONGEST_MESSAGE)
    app[OFFICE] = Office(terms, knows)
    app.add_routes([web.get("/", _page), web.get("/ws", _socket), web.get("/static/{name:.+}", _file)])
    app.on_shutdown.append(_everybody_leaves)
    return app


def serve(terms: Terms, knows: Knows) -> None:
    """Serve until SIGINT or SIGTERM. Raises :class:`OSError` where the port is taken."""
    asyncio.run(_serve(terms, knows))


async def _serve(terms: Terms, knows: Knows) -> None:
    runner = web.AppRunner(make_app(terms, knows), access_log=None, handle_signals=False, shutdown_timeout=10)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, terms.port).start()
        end = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, end.set)
        await end.wait()
    finally:
        await runner.cleanup()


@web.middleware
async def _gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody but the proxy, nobody without a name, no page of another site."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    terms = request.app[OFFICE].terms
    found = check(terms, headers, socket=request.path == "/ws")
    if isinstance(found, Refusal):
        return _refused(found)
    request["user"] = found
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_safe_headers(terms))
    return response


def _refused(why: Refusal) -> web.Response:
    return web.Response(status=why.status, text=why.sentence + "\n", headers={"Cache-Control": "no-store"})


def _safe_headers(terms: Terms) -> dict[str, str]:
    socket = terms.socket_url.rpartition("/ws")[0]
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
            f"img-src 'self' data: blob:; connect-src 'self' {socket}/; frame-ancestors 'none'; base-uri 'none'; "
            "form-action 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


async def _page(request: web.Request) -> web.StreamResponse:
    if refusal := await _unknown(request):
        return _refused(refusal)
    terms = request.app[OFFICE].terms
    text = files("boxes_tui.web").joinpath("page.html").read_text("utf-8")
    words = {
        "lang": language(), "socket": terms.socket_url, "base": terms.public_url.rstrip("/"),
        "opening": _("Abriendo el tablero…"), "closed": _("La sesión terminó. Lo escrito está guardado."),
        "again": _("Volver a entrar"),
    }  # fmt: skip
    for name, value in words.items():
        text = text.replace("{{" + name + "}}", html.escape(value))
    return web.Response(text=text, content_type="text/html")


async def _file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name == "page.js":
        return web.Response(text=files("boxes_tui.web").joinpath("page.js").read_text("utf-8"), content_type="text/javascript")  # fmt: skip
    if name not in FILES:
        raise web.HTTPNotFound(text="")
    import textual_serve

    path = Path(textual_serve.__file__).parent / "static" / name
    return web.Response(body=path.read_bytes(), content_type=FILES[name])


async def _unknown(request: web.Request) -> Refusal | None:
    """Why the person may not work here, None where they may."""
    knows = request.app[OFFICE].knows
    sentence = await asyncio.get_running_loop().run_in_executor(None, knows, request["user"])
    return Refusal(403, sentence) if sentence else None


async def _socket(request: web.Request) -> web.StreamResponse:
    seats = request.app[OFFICE].seats
    if refusal := await _unknown(request):
        return _refused(refusal)
    if len(seats) >= request.app[OFFICE].terms.sessions:
        return _refused(Refusal(503, _("No hay lugar: ya hay {n} sesiones abiertas.").format(n=len(seats))))
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LONGEST_MESSAGE)
    seat = Seat(request["user"], socket.send_bytes)
    seats.add(seat)
    try:
        await socket.prepare(request)
        size = _size(request.query.get("width"), request.query.get("height"))
        painting = asyncio.create_task(_paint(seat, socket, size))
        await _listen(seat, socket)
        await seat.leave()
        await painting
    finally:
        seats.discard(seat)
    return socket


async def _paint(seat: Seat, socket: web.WebSocketResponse, size: tuple[int, int]) -> None:
    try:
        await seat.run(*size)
    except ConnectionError:
        await seat.leave()
    finally:
        await socket.close()


async def _listen(seat: Seat, socket: web.WebSocketResponse) -> None:
    """Hand on keys and sizes until the browser is gone; what is no message of the page is dropped."""
    async for message in socket:
        if message.type != WSMsgType.TEXT:
            continue
        try:
            kind, *rest = json.loads(message.data)
        except (ValueError, TypeError, RecursionError):
            continue
        data: Any = rest[0] if rest else None
        if kind == "stdin" and isinstance(data, str):
            await seat.type(data)
        elif kind == "resize" and isinstance(data, dict):
            width, height = _size(data.get("width"), data.get("height"))
            await seat.tell(type="resize", width=width, height=height)
        elif kind == "ping" and isinstance(data, str):
            await socket.send_json(["pong", data[:64]])
        elif kind in ("focus", "blur"):
            await seat.tell(type=kind)


def _size(width: Any, height: Any) -> tuple[int, int]:
    """A window's size in cells, within reason."""
    found = []
    for value, usual in ((width, 80), (height, 24)):
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = usual
        found.append(max(1, min(number, 500)))
    return found[0], found[1]


async def _everybody_leaves(app: web.Application) -> None:
    await asyncio.gather(*(seat.leave() for seat in set(app[OFFICE].seats)), return_exceptions=True)
