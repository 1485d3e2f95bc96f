"""A desk and a mail server for the tests of reminders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outreach.kit import Kit
from tests.outreach.server import Inbox, MailServer


@pytest.fixture
def inbox() -> Inbox:
    """What the mail server got."""
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[MailServer]:
    """A mail server of the test's own."""
    with MailServer(inbox) as made:
        yield made


@pytest.fixture
def kit(tmp_path: Path, migrated_db_url: str, server: MailServer) -> Iterator[Kit]:
    """A desk on each database whose mail goes to ``server``."""
    made = Kit(tmp_path, migrated_db_url, server.port)
    yield made
    made.house.close()


@pytest.fixture
def lite(tmp_path: Path, migrated_sqlite: str, server: MailServer) -> Iterator[Kit]:
    """A desk on SQLite alone, where the database makes no difference."""
    made = Kit(tmp_path, migrated_sqlite, server.port)
    yield made
    made.house.close()
