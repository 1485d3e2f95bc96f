"""Textual's terminal driver with the holes closed: a byte that is not UTF-8, a closed terminal, a line that
is slower than the screen changes (RELIABILITY §0.6, §4.4)."""

from __future__ import annotations

import codecs
import os
import selectors
from typing import IO, Any

from textual import events
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from boxes_tui.clock import monotonic
from boxes_tui.guard.escapes import ESC, Escapes


class Writer(WriterThread):
    """The writing thread, which knows since when the line has not taken anything and outlives a closed
    terminal."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self._since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether something written has not left yet."""
        since = self._since  # read once: the thread sets it back at any moment
        return since is not None and (self._queue.qsize() > 0 or monotonic() - since > 0.02)

    @property
    def stalled(self) -> float:
        """Seconds since the line last took something, 0 while it does."""
        since = self._since
        return 0.0 if since is None else monotonic() - since

    def run(self) -> None:
        """Write what comes; a closed terminal swallows the rest, so that nobody waits for it."""
        broken = False
        while (text := self._queue.get()) is not None:
            if broken:
                continue
            self._since = monotonic()
            try:
                self._file.write(text)
                self._file.flush()
            except (OSError, ValueError):
                broken = True
            self._since = None


class BoxesDriver(LinuxDriver):
    """The driver of the app on a real terminal."""

    _writer: Writer | None = None

    @property
    def busy(self) -> bool:
        """Whether the line is still taking the last picture: the next one waits, and shows the latest state."""
        return self._writer is not None and self._writer.busy

    @property
    def stalled(self) -> float:
        """Seconds that the line has stood still."""
        return 0.0 if self._writer is None else self._writer.stalled

    def write(self, data: str) -> None:
        """Hand text to our own writing thread."""
        if self._writer is None:
            assert self._file is not None
            self._writer = Writer(self._file)
            self._writer.start()
        self._writer.write(data)

    def close(self) -> None:
        """Let the writing thread finish."""
        if self._writer is not None:
            self._writer.stop()
        super().close()

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Never: a browser started here would open on the agent's own terminal (RELIABILITY §0.8)."""

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except BaseException as error:
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Read keys until the app leaves. Bytes that are not UTF-8 become ``�``, which no key and no field
        takes."""
        selector = selectors.SelectSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        parser, escapes = XTermParser(self._debug), Escapes()
        spoken = getattr(self._file, "encoding", None) or "utf-8"  # what the terminal is written in, it answers in
        decode = codecs.getincrementaldecoder(spoken)(errors="replace").decode
        try:
            while not self.exit_event.is_set():
                ready: list[Any] = selector.select(0.1)
                if ready:
                    data = os.read(self.fileno, 4096)
                    if not data:
                        return  # closed: the lifeline sees it too
                    pieces = escapes.split(decode(data).replace("\ufffd", ""))
                else:
                    pieces = escapes.idle()
                for piece in pieces:
                    for event in [events.Key("escape", ESC)] if piece is None else parser.feed(piece):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        except OSError:
            return
        finally:
            selector.close()
            try:
                for _event in parser.feed(""):
                    pass
            except (EOFError, ParseError):
                pass
