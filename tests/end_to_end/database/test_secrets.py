"""Passwords and rows of customers stay where they belong, whatever happens (RELIABILITY S4, S11)."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from boxes_tui.cli.main import app
from boxes_tui.data.engine import make_engine, parse_url
from tests.support import postgres
from tests.support.house import NOW, Desk, open_desk
from tests.widgets.terminal import Terminal

DSN, SMTP, ROW = "CANARYdsn:p\\w", "CANARYsmtp", "CANARYrow 3515123456"
SPY = """#!{python}
import json, os, sys
line = json.dumps({{"argv": sys.argv, "environ": dict(os.environ)}})
with open({log!r}, "a") as log:
    log.write(line + "\\n")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""
KINDS = ["23505", "23502", "23503", "23514", "22001", "22003", "P0001", "XX000"]
"""Unique, not null, foreign key, check, text too long, number too big, raised, internal."""


@pytest.fixture
def desk(migrated_pg: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk on PostgreSQL whose address holds a password, and a configuration that holds another."""
    made = open_desk(migrated_pg)
    url = parse_url(migrated_pg).set(password=DSN)
    config = home / "config.toml"
    config.write_text(f'[smtp]\nhost = "mail.ejemplo.test"\npassword = "{SMTP}"\n')
    config.chmod(0o600)
    monkeypatch.setenv("BOXES_DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("BOXES_USER", "rosa")
    monkeypatch.setenv("BOXES_NOW", NOW.isoformat())
    yield made
    made.house.close()


def boxes(*args: str) -> tuple[int, str]:
    """Exit status, and everything that was printed."""
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout + done.stderr


def on_disk(home: Path) -> str:
    """What the files of the home hold, but for the configuration itself."""
    files = [p for p in home.rglob("*") if p.is_file() and p.name not in ("config.toml", "spied")]
    return b"".join(p.read_bytes() for p in files).decode("latin-1")


COMMANDS = [
    ["--help"], ["config", "show"], ["config", "show", "--json"], ["doctor"], ["doctor", "--json"], ["db", "check"],
    ["db", "verify", "--json"], ["init", "--json"], ["queue", "opportunities"], ["outbox", "list"], ["audit", "verify"],
    ["sync", "status"], ["user", "list"], ["db", "backup", "NEW"],
]  # fmt: skip


def test_no_command_tells_a_password(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on the terminal, in no file, in no argument and no environment of a program that it starts.

    Seen to fail: ``URL.set(password=None)``, which keeps the password, for pg_dump's arguments; PGPASSWORD.
    """
    spied = home / "spied"
    bin_ = home / "bin"
    bin_.mkdir()
    for tool in ("pg_dump", "pg_restore"):
        real = str(postgres.client_tools() / tool)
        (bin_ / tool).write_text(SPY.format(python=sys.executable, log=str(spied), real=real))
        (bin_ / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    for words in COMMANDS:
        code, said = boxes(*[str(home / "x.copy") if w == "NEW" else w for w in words])
        assert "CANARY" not in said, (words, said)
        assert words[0] in ("doctor", "sync") or code == 0, (words, said)
    children = [json.loads(line) for line in spied.read_text().splitlines()]
    assert len(children) == 2 and "CANARY" not in spied.read_text()
    assert all("PGPASSFILE" in c["environ"] and not Path(c["environ"]["PGPASSFILE"]).exists() for c in children)
    assert "CANARY" not in on_disk(home)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_configuration_that_others_may_read(desk: Desk, home: Path, mode: int) -> None:
    """Refused while it holds a secret, with the mend in the sentence; without a secret its mode is nobody's matter."""
    config = home / "config.toml"
    config.chmod(mode)
    code, said = boxes("queue", "opportunities")
    assert code == 2 and "chmod 600" in said and "CANARY" not in said and len(said.strip().splitlines()) == 1
    config.write_text('theme = "claro"\n')
    assert stat.S_IMODE(config.stat().st_mode) == mode
    assert boxes("queue", "opportunities")[0] == 0


@pytest.mark.parametrize("tail", ["?password=", "?sslmode=disable&password=", "?passfile=x&password="])
def test_a_password_in_the_query_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch, tail: str) -> None:
    """It would be shown wherever addresses are shown."""
    monkeypatch.setenv("BOXES_DATABASE_URL", f"postgresql+psycopg://ana@127.0.0.1/boxes{tail}CANARYdsn")
    for words in (["queue", "opportunities"], ["config", "show"], ["doctor"], ["db", "check"]):
        code, said = boxes(*words)
        assert code == 2 and "CANARY" not in said, (words, said)


def test_an_address_that_cannot_be_read_is_not_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("postgresql+psycopg://ana:CANARYdsn@:x/y", "CANARYdsn", "mysql://ana:CANARYdsn@h/x",
                  "postgresql+psycopg://ana:CANARYdsn@127.0.0.1:1/x", "postgresql://ana:CANARY@dsn@127.0.0.1:1/x"):  # fmt: skip
        monkeypatch.setenv("BOXES_DATABASE_URL", wrong)
        code, said = boxes("queue", "opportunities")
        assert code in (1, 2) and "CANARY" not in said, (wrong, said)
        assert len(said.strip().splitlines()) == 1, said


def break_notes(engine: Engine, kind: str) -> None:
    """From now on the database answers a note with an error that quotes a row."""
    with engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION quoting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            f"'message {ROW}' USING DETAIL = 'Key (phone)=({ROW}) exists', HINT = 'hint {ROW}', ERRCODE = '{kind}'; END $$"
        )
        conn.exec_driver_sql("CREATE TRIGGER quoting BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION quoting()")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_that_quotes_a_row(desk: Desk, home: Path, kind: str) -> None:
    """With and without a key: one sentence, exit 1, the report holds types and places only.

    Seen to fail: ``str(error)`` in the sentence of the unexpected; messages in the crash report.
    """
    break_notes(desk.house.engine, kind)
    for key in ([], ["--key", "k"]):
        code, said = boxes("do", "note", desk.ref("opportunities", "op_pena"), "--note", "hola", *key)
        assert code == 1 and len(said.strip().splitlines()) == 1, said
        assert "CANARY" not in said and "3515123456" not in said
    assert "CANARY" not in on_disk(home) and "3515123456" not in on_disk(home)


def test_an_error_that_quotes_a_row_on_the_screen(desk: Desk, home: Path) -> None:
    """The app on a terminal: not a byte of the row, and the exit status tells."""
    break_notes(desk.house.engine, "XX000")
    terminal = Terminal(
        home, "boxes_tui", BOXES_DATABASE_URL=os.environ["BOXES_DATABASE_URL"], BOXES_USER="ana",
        BOXES_NOW=NOW.isoformat(), BOXES_LANG="es",
    )  # fmt: skip
    try:
        terminal.until("Ana Quiroga")
        terminal.send(b"2")
        terminal.until("PENA")
        terminal.send(b"N")
        terminal.until("NOTA")
        terminal.send(b"hola", 0.5)
        terminal.send(b"\r")
        code, _seconds = terminal.ended(limit=60)
        assert code != 0 and b"CANARY" not in terminal.raw and b"Traceback" not in terminal.raw
        assert b"\x1b[?1049l" in terminal.raw
    finally:
        terminal.close()
    assert "CANARY" not in on_disk(home)


def test_the_address_reaches_the_database(desk: Desk) -> None:
    """What the tests above stand on: the password is part of the address in use."""
    made = make_engine(parse_url(os.environ["BOXES_DATABASE_URL"]))
    assert made.url.password == DSN
    made.dispose()
