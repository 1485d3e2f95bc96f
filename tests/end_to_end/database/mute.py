"""A line to PostgreSQL that can fall silent: bytes are held, nothing is closed."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """Forwards to ``host:port``; between :meth:`mute` and :meth:`speak` not a byte moves, in either direction."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def mute(self) -> None:
        """Fall silent; new connections are accepted and hear nothing either."""
        self._flows.clear()

    def speak(self) -> None:
        """Let everything through that was held, and what comes."""
        self._flows.set()

    def close(self) -> None:
        """Take no more connections."""
        self.speak()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
