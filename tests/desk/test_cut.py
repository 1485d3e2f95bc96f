"""A connection that is cut right after COMMIT has left: every act exactly once, thanks to its key (RELIABILITY R3)."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from boxes_tui.data.commands import execute
from boxes_tui.data.engine import make_engine, parse_url
from boxes_tui.data.tables import act, note
from boxes_tui.desk.notes import Note
from boxes_tui.errors import Unavailable
from tests.support.house import Desk, open_desk


class Proxy:
    """Forwards to PostgreSQL; while ``armed`` the answer to the next COMMIT is dropped and the connection cut."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.armed = False
        self.cuts = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            cut = threading.Event()
            threading.Thread(target=self._up, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server, cut), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.armed and b"\x0bCOMMIT\x00" in data:  # the simple query, not READ COMMITTED
                    self.armed = False
                    cut.set()
                server.sendall(data)
        server.close()

    def _down(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if cut.is_set():  # the server has committed: this answer is lost
                    self.cuts += 1
                    break
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        client.close()

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def cut(migrated_pg: str, home: object) -> Iterator[tuple[Desk, Proxy]]:
    desk = open_desk(migrated_pg)
    url = parse_url(migrated_pg)
    proxy = Proxy(str(url.host), int(url.port or 5432))
    direct = desk.house.engine
    desk.house.engine = make_engine(url.set(host="127.0.0.1", port=proxy.port))
    yield desk, proxy
    desk.house.engine.dispose()
    desk.house.engine = direct
    desk.house.close()
    proxy.close()


def insist(desk: Desk, proxy: Proxy, text: str, key: str | None) -> None:
    """Try until it is told that the act is done, as the app does with what waits."""
    session = desk.session()
    proxy.armed = True
    while True:
        try:
            execute(desk.house.engine, session, Note(desk.ref("opportunities", "op_pena"), text), key=key)
            return
        except Unavailable:
            continue


@pytest.mark.parametrize("times", [15, pytest.param(400, marks=pytest.mark.long)])
def test_every_act_exactly_once(cut: tuple[Desk, Proxy], times: int) -> None:
    desk, proxy = cut
    for n in range(times):
        insist(desk, proxy, f"nota {n}", uuid4().hex)
    assert proxy.cuts == times
    assert [r["text"] for r in desk.rows(note)] == [f"nota {n}" for n in range(times)]
    assert len(desk.rows(act)) == times


def test_without_a_key_the_same_cut_doubles(cut: tuple[Desk, Proxy]) -> None:
    """What the test above would catch."""
    desk, proxy = cut
    insist(desk, proxy, "nota", None)
    assert len(desk.rows(note)) == 2
