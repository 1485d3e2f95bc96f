"""The migrated schema is the one that the tables say, and the next migration can be added (PRODUCT §12, RELIABILITY R18)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from boxes_tui.data import schema
from boxes_tui.data.engine import make_engine, parse_url, reading, writing
from boxes_tui.data.tables.waiting import metadata
from boxes_tui.errors import BoxesError
from tests.conftest import ROOT
from tests.data.shape import shape
from tests.support import postgres

BRANCH = {
    "sale_delivery", "appointment", "repair_order", "call", "opportunity", "campaign_unit", "audit", "note", "complaint",
    "act", "outbox", "contact_log", "dms_event",
}  # fmt: skip
BESIDE_PG = {
    "indexes": {
        "search_entry ix_search_entry_words", "customer_phone ix_customer_phone_last10_rev_like",
        "vehicle ix_vehicle_tail_rev_like", "vehicle ix_vehicle_plate_like",
    },
    "triggers": {"audit audit_no_change", "audit_seal audit_seal_no_change"},
    "functions": {"audit_only_grows"},
    "policies": {f"{name} branch_scope" for name in BRANCH},
    "security": BRANCH,
}  # fmt: skip
BESIDE_SQLITE = {
    "virtual": {"search_fts"},
    "triggers": {f"{t} {t}_no_{v}" for t in ("audit", "audit_seal") for v in ("update", "delete")},
}
"""What a table cannot say and the migration adds."""


def engine_of(url: str) -> Engine:
    return make_engine(parse_url(url), statement_ms=60_000)


def whole(engine: Engine) -> dict[str, dict[str, Any]]:
    """The shape without Alembic's own table."""
    with reading(engine) as conn:
        found = shape(conn)
    return {k: {n: v for n, v in items.items() if not n.startswith("alembic")} for k, items in found.items()}


@pytest.fixture
def from_tables(db_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database in which the tables of the code made themselves."""
    if db_url.startswith("sqlite"):
        engine = engine_of(f"sqlite:///{tmp_path / 'tables.db'}")
        yield_drop = None
    else:
        server = request.getfixturevalue("pg_server")
        yield_drop = postgres.new_database(server, request.getfixturevalue("pg_prefix"))
        engine = engine_of(yield_drop)
    with writing(engine) as conn:
        metadata.create_all(conn)
    yield engine
    engine.dispose()
    if yield_drop:
        postgres.drop_database(server, yield_drop)


def test_the_migration_makes_what_the_tables_say(db_url: str, from_tables: Engine) -> None:
    """By each database's own catalogue: columns, types, nulls, defaults, keys, references, indexes with their
    condition; and beside them only what the tables cannot say.

    Seen to fail (mutants): a NOT NULL less, a DEFAULT less, a partial index made whole, a UNIQUE less, a FORCE less.
    """
    engine = engine_of(db_url)
    schema.upgrade(engine)
    migrated, told = whole(engine), whole(from_tables)
    engine.dispose()
    beside = BESIDE_SQLITE if db_url.startswith("sqlite") else BESIDE_PG
    added: dict[str, set[str]] = {}
    for kind, items in migrated.items():
        more = {n for n, v in items.items() if told[kind].get(n) != v}
        if more:
            added[kind] = more
    assert added == beside, "the tables changed: a migration of its own has to say so"
    lost = {f"{kind}: {n}" for kind, items in told.items() for n in items if n not in migrated[kind]}
    assert lost == set()
    if "security" in migrated:
        assert {migrated["security"][n] for n in BRANCH} == {(True, True)}
        ((permissive, roles, command, seen, written),) = set(migrated["policies"].values())
        assert (permissive, roles, command, seen) == ("PERMISSIVE", "{public}", "ALL", written)


def test_the_first_migration_does_not_know_the_tables() -> None:
    """It is frozen: neither it nor its SQL asks the metadata of today."""
    import boxes_tui.data.migrations.versions.v0001_first as first

    text = Path(first.__file__).read_text("utf-8")
    assert "metadata" not in text and "boxes_tui" not in text


def test_the_program_knows_its_newest_revision() -> None:
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_heads() == [schema.HEAD]


SECOND = '''
"""A second schema: a column more, and a table made anew as SQLite has to."""
from alembic import op
import sqlalchemy as sa

revision, down_revision = "9000", "TODAY"

def upgrade():
    op.add_column("customer", sa.Column("nickname", sa.Text()))
    with op.batch_alter_table("branch", recreate="auto") as table:
        table.alter_column("zone", existing_type=sa.Text(), nullable=True)
    op.execute("UPDATE opportunity SET about = about || ' (2)'")
    BREAK
'''.replace("TODAY", schema.HEAD)

LATER = """
import sys
from pathlib import Path
from boxes_tui.data import schema
schema.HEAD, schema.MIGRATIONS = "9000", Path(sys.argv.pop(1))
from boxes_tui.__main__ import main
main()
"""


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """The migrations of a later program, which has a second one."""
    made = tmp_path / "later"
    shutil.copytree(schema.MIGRATIONS, made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / "versions" / "v9000_second.py").write_text(SECOND.replace("BREAK", "pass"))
    return made


def run(home: Path, url: str, *args: str, later: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``boxes …``, of today or of the later program."""
    program = [sys.executable, "-m", "boxes_tui"] if later is None else [sys.executable, "-c", LATER, str(later)]
    env = dict(os.environ, BOXES_HOME=str(home), BOXES_DATABASE_URL=url, BOXES_USER="rosa")
    return subprocess.run([*program, *args], env=env, capture_output=True, text=True, timeout=120, check=False)


def old_base(url: str) -> None:
    """A base of today's program with somebody, and a row in it."""
    from tests.support.house import open_desk

    open_desk(url).house.close()


def test_a_second_migration_on_a_file(home: Path, migrated_sqlite: str, second: Path) -> None:
    """SQLite upgrades itself after a copy, keeps its rows, and the older program then refuses it with one sentence.

    Seen to fail: with foreign keys enforced the table made anew cannot replace the old one.
    """
    old_base(migrated_sqlite)
    path = Path(migrated_sqlite.removeprefix("sqlite:///"))
    done = run(home, migrated_sqlite, "queue", "opportunities", "--json", later=second)
    assert done.returncode == 0, done.stderr
    engine = engine_of(migrated_sqlite)
    with reading(engine) as conn:
        assert conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9000"
        assert conn.exec_driver_sql("SELECT count(*), count(nickname) FROM customer").one() == (3, 0)
        assert conn.exec_driver_sql("SELECT DISTINCT about FROM opportunity").scalar_one() == "Service (2)"
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
    (copy,) = path.parent.glob(f"{path.stem}-{schema.HEAD}-*.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = engine_of(f"sqlite:///{copy}")
    assert schema.state(kept) == ("current", schema.HEAD)
    kept.dispose()
    for command in (("queue", "opportunities"), ("db", "upgrade"), ("audit", "verify"), ("db", "verify")):
        refused = run(home, migrated_sqlite, *command)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert len(refused.stderr.strip().splitlines()) == 1 and "más nuevo (9000)" in refused.stderr


def test_a_second_migration_on_a_server(home: Path, migrated_pg: str, second: Path) -> None:
    """PostgreSQL waits for the administrator: the sentence names the command, exit 1; then it is done once."""
    old_base(migrated_pg)
    waits = run(home, migrated_pg, "queue", "opportunities", later=second)
    assert waits.returncode == 1 and "boxes db upgrade" in waits.stderr and waits.stdout == ""
    assert len(waits.stderr.strip().splitlines()) == 1
    done = run(home, migrated_pg, "db", "upgrade", "--json", later=second)
    assert done.returncode == 0 and '"changed": true' in done.stdout, done.stderr
    assert '"changed": false' in run(home, migrated_pg, "db", "upgrade", "--json", later=second).stdout
    assert run(home, migrated_pg, "queue", "opportunities", later=second).returncode == 0
    refused = run(home, migrated_pg, "queue", "opportunities")
    assert refused.returncode == 1 and "más nuevo (9000)" in refused.stderr


def test_a_migration_that_fails_leaves_the_old_schema(
    migrated_db_url: str, home: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_base(migrated_db_url)
    engine = engine_of(migrated_db_url)
    before = whole(engine)
    monkeypatch.setattr(schema, "MIGRATIONS", second)
    (second / "versions" / "v9000_second.py").write_text(SECOND.replace("BREAK", "raise ZeroDivisionError"))
    with pytest.raises(ZeroDivisionError):
        schema.upgrade(engine)
    assert whole(engine) == before and schema.state(engine) == ("current", schema.HEAD)
    if migrated_db_url.startswith("sqlite"):  # the server's keys are checked by the server
        drop = "op.execute('DELETE FROM app_user')"
        (second / "versions" / "v9000_second.py").write_text(SECOND.replace("BREAK", drop))
        with pytest.raises(BoxesError, match="referencias rotas"):
            schema.upgrade(engine)
        assert whole(engine) == before
    engine.dispose()


def kills(url: str, points: list[int], *later: str) -> dict[str, Any]:
    """What stood there after each death (``tests.data.killed``)."""
    told = [sys.executable, "-m", "tests.data.killed", url, json.dumps(points), *later]
    done = subprocess.run(told, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("step", "step_of_second"), [(16, 4), pytest.param(4, 1, marks=pytest.mark.long)])
def test_a_migration_killed_anywhere_leaves_old_or_new(
    db_url: str, second: Path, home: Path, step: int, step_of_second: int
) -> None:
    """In the long form 50 deaths on each database: 34 over the first schema (130 statements), the rest over a second.

    Seen to fail: with a commit after each statement of a migration a half schema stands there.
    """
    points = [*range(1, 132, step), 1000]  # 1000: with all done, before the commit
    assert kills(db_url, points) == {"outcome": ["old"] * len(points) + [schema.HEAD], "end": schema.HEAD}
    old_base(db_url)
    points = [*range(1, 14, step_of_second), 1000]
    assert kills(db_url, points, str(second), "9000") == {"outcome": ["old"] * len(points) + ["9000"], "end": "9000"}
