"""The databases on which a benchmark runs: a SQLite file, and a scratch PostgreSQL where this machine has one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import Server, binaries_here, new_database


@contextmanager
def databases() -> Iterator[list[str]]:
    """URLs of empty databases; files and server go with the block."""
    with tempfile.TemporaryDirectory(prefix="boxes-bench-") as made:
        place = Path(made)
        place.chmod(0o755)  # PostgreSQL runs as another user where we are root
        urls = [f"sqlite:///{place / 'boxes.db'}"]
        if not binaries_here():
            print("no PostgreSQL here: its figures are left out", file=sys.stderr)
            yield urls
            return
        server = Server(place)
        try:
            yield [*urls, new_database(server.url)]
        finally:
            server.stop()
