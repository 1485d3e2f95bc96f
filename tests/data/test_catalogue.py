"""What PostgreSQL's own catalogue says of rows of a branch and of the desk's role (RELIABILITY S6, S7)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from boxes_tui.cli.main import app
from boxes_tui.data.engine import make_engine, parse_url, reading, set_scope, writing
from boxes_tui.data.tables import branch, opportunity
from boxes_tui.desk.notes import Note
from tests.support import postgres
from tests.support.house import TODAY, Desk, add_opportunity, open_desk

OF_ALL = {
    "holiday": "the calendar is read by every rule",
    "user_branch": "it says who sees what",
    "claim": "whoever calls must see that somebody else holds the customer",
    "claim_log": "ends of claims, without a value; a claim of another branch may end here",
    "gate_override": "the gate answers the same in every branch",
    "campaign": "a campaign is the dealer's; its units are the branches'",
    "dirty_month": "marks of months to count again",
    "rollup": "counts only; readers take their branches",
}
"""Tables with a branch that stay visible to all, and why (PRODUCT §12 names those that do not)."""


@pytest.fixture(scope="module")
def owned(pg_server: str, pg_prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose database belongs to an ordinary role."""
    url = postgres.owned_database(pg_server, pg_prefix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOXES_HOME", str(tmp_path_factory.mktemp("home")))
        desk = open_desk(url)
        add_opportunity(desk, "ros_op", "rios", TODAY, branch_id=desk.ids["ros"])
        yield desk
        desk.house.close()
    postgres.drop_owned(pg_server, url)


@pytest.fixture(scope="module")
def role(owned: Desk, pg_server: str) -> Iterator[Engine]:
    """Connected as the desk's role, which ``boxes db grant`` gave its rights."""
    name = f"{owned.house.engine.url.database}_app"
    as_super(pg_server, f"CREATE ROLE {name} LOGIN")
    code, said = grant(owned, name)
    assert code == 0, said
    engine = make_engine(owned.house.engine.url.set(username=name))
    yield engine
    engine.dispose()
    with writing(owned.house.engine) as conn:
        for what in ("TABLES", "SEQUENCES"):
            conn.exec_driver_sql(f"REVOKE ALL ON ALL {what} IN SCHEMA public FROM {name}")
        conn.exec_driver_sql(f"REVOKE ALL ON SCHEMA public FROM {name}")
    as_super(pg_server, f"DROP ROLE {name}")


def as_super(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(statement.encode())


def grant(desk: Desk, name: str) -> tuple[int, str]:
    """``boxes db grant`` by the owner: exit status and what it said."""
    url = desk.house.engine.url.render_as_string(hide_password=False)
    env = {"BOXES_DATABASE_URL": url, "BOXES_HOME": os.environ["BOXES_HOME"], "BOXES_USER": "rosa"}
    done = CliRunner().invoke(app, ["db", "grant", name], env=env)
    return done.exit_code, done.stderr


def column(engine: Engine, query: str) -> set[str]:
    with reading(engine) as conn:
        return {str(row[0]) for row in conn.exec_driver_sql(query)}


def test_every_table_of_a_branch_is_guarded(owned: Desk) -> None:
    """Enabled and forced, with one policy that reads and writes alike; every other table has its reason.

    Seen to fail: ``NO FORCE`` on one table (the owner saw every row), a table with a branch and no policy.
    """
    engine = owned.house.engine
    with_branch = column(
        engine,
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'branch_id'",
    )
    guarded = column(engine, "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    half = column(engine, "SELECT relname FROM pg_class WHERE relrowsecurity <> relforcerowsecurity")
    one_policy = column(
        engine,
        "SELECT tablename FROM pg_policies GROUP BY 1 HAVING count(*) = 1 AND min(qual) = min(with_check) "
        "AND min(cmd) = 'ALL' AND min(roles::text) = '{public}'",
    )
    assert with_branch - guarded == set(OF_ALL) and half == set()
    assert one_policy == guarded and guarded <= with_branch
    views = "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    assert column(engine, views + " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)") == set()


def test_the_desks_role_owns_nothing(owned: Desk, role: Engine) -> None:
    name = role.url.username
    assert column(role, f"SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = '{name}'") == {"False"}  # fmt: skip
    assert column(role, f"SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = '{name}'") == set()
    assert column(role, f"SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = '{name}'") == set()
    for refused in ("postgres", owned.house.engine.url.username or "", "nobody_at_all"):
        code, said = grant(owned, refused)
        assert code == 1 and len(said.strip().splitlines()) == 1, said


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET verb = 'x'", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM audit_seal",
    "UPDATE audit_seal SET hash = 'x'", "TRUNCATE audit_seal", "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_no_change ON audit", "ALTER TABLE opportunity NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY branch_scope ON opportunity", "CREATE TABLE x (id int)", "DROP TABLE note",
    "UPDATE alembic_version SET version_num = '0000'", "SET ROLE postgres", "TRUNCATE opportunity",
    "CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
])  # fmt: skip
def test_what_the_desks_role_may_not(owned: Desk, role: Engine, statement: str) -> None:
    owned.do(Note(owned.ref("opportunities", "op_pena"), "x"))
    with pytest.raises(DBAPIError) as raised, writing(role) as conn:
        set_scope(conn, None)
        conn.exec_driver_sql(statement)
    assert getattr(raised.value.orig, "sqlstate", "") in ("42501", "42P01"), raised.value.orig


def test_raw_sql_of_the_desks_role_keeps_to_its_branches(owned: Desk, role: Engine) -> None:
    """Whatever is asked: only rows of the branches told; without any told, none; nothing is written elsewhere."""
    cba, ros = owned.ids["cba"], owned.ids["ros"]
    for scope, seen in (((cba,), {cba}), ((ros,), {ros}), ((cba, ros), {cba, ros}), ((), set()), (None, {cba, ros})):
        with reading(role) as conn:
            set_scope(conn, scope)
            found = set(conn.exec_driver_sql("SELECT branch_id FROM opportunity").scalars())
            assert found == seen, scope
    with reading(role) as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM opportunity").scalar() == 0, "no scope, no rows"
        with pytest.raises(DBAPIError):
            conn.exec_driver_sql("SET LOCAL row_security = off")
            conn.exec_driver_sql("SELECT count(*) FROM opportunity").scalar()
    with writing(role) as conn:
        set_scope(conn, (cba,))
        assert conn.exec_driver_sql(f"UPDATE opportunity SET about = 'x' WHERE branch_id = {ros}").rowcount == 0
        assert conn.exec_driver_sql(f"DELETE FROM opportunity WHERE branch_id = {ros}").rowcount == 0
    for wrong in (f"UPDATE opportunity SET branch_id = {ros}", ""):
        with pytest.raises(DBAPIError, match="row-level security"), writing(role) as conn:
            set_scope(conn, (cba,))
            if wrong:
                conn.exec_driver_sql(wrong)
            else:
                row = {"branch_id": ros, "origin": "x", "state": "open", "due_day": TODAY, "about": "x"}
                conn.execute(insert(opportunity).values(**row, created_at=owned.clock.now(), created_day=TODAY))
    assert len(owned.rows(branch)) == 2 and {r["about"] for r in owned.rows(opportunity)} == {"Service"}


def test_a_scope_does_not_outlive_its_transaction(owned: Desk, role: Engine) -> None:
    """Two thousand readers in turn over a small pool: nobody sees the rows of the one before.

    Seen to fail: the scope told to the session in place of the transaction.
    """
    cba, ros = owned.ids["cba"], owned.ids["ros"]
    for n in range(2_000):
        with writing(role) as conn:  # a commit would keep what the session was told
            if n % 3:
                set_scope(conn, (cba,) if n % 3 == 1 else (ros,))
            found = set(conn.exec_driver_sql("SELECT branch_id FROM opportunity").scalars())
            assert found == ({cba} if n % 3 == 1 else {ros} if n % 3 == 2 else set())


def test_a_role_that_sees_past_the_branches_is_told(owned: Desk, role: Engine, pg_server: str) -> None:
    from boxes_tui.desk.doctor import _role

    told = {}
    url = owned.house.engine.url
    for who, engine in (
        ("owner", owned.house.engine), ("role", role), ("super", make_engine(parse_url(str(url.set(username="postgres"))))),
    ):  # fmt: skip
        with reading(engine) as conn:
            told[who] = _role(conn)
    assert [told[w].ok for w in ("owner", "role", "super")] == [True, True, False]
    assert "grant" in told["owner"].text and "grant" not in told["role"].text
