"""Whatever is wrong around the program gets one clear sentence and the right exit status, on the command line and in the
app; nothing is half-written, no traceback, no secret (issue 3, *Bad input*; QUALITY §2)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boxes_tui.cli.main import app as commands
from tests.end_to_end.pty_client import Pty

ROOT = Path(__file__).parents[2]
NOW = "2026-11-24T14:10:00-03:00"
SECRET = "SECRETO-9"


def environ(home: Path, **more: str) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("BOXES_", "LC_", "LANG", "PYTHONIO", "TEXTUAL_"))}
    return {**keep, "PYTHONPATH": str(ROOT), "BOXES_HOME": str(home), "BOXES_USER": "rosa", "BOXES_NOW": NOW,
            "TERM": "xterm-256color", **more}  # fmt: skip


def boxes(home: Path, *words: str, **more: str) -> tuple[int, str, bytes]:
    """Exit status, what it said, what it printed."""
    done = subprocess.run([sys.executable, "-m", "boxes_tui", *words], env=environ(home, **more), cwd=home.parent,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in said and "inesperado" not in said and SECRET not in said + str(done.stdout), said
    return done.returncode, said, done.stdout


def one_sentence(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    return lines[0]


@pytest.fixture
def app() -> Iterator[Callable[..., Pty]]:
    """The app on a terminal."""
    opened: list[Pty] = []

    def start(home: Path, size: tuple[int, int] = (80, 24), **more: str) -> Pty:
        argv = [sys.executable, "-m", "boxes_tui"]
        opened.append(Pty(argv, {**environ(home, **more)}, size))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def made(sqlite_template: Path, home: Path) -> Path:
    """A home with a database that has its schema and no row."""
    shutil.copy2(sqlite_template, home / "boxes.db")
    assert boxes(home, "user", "list")[0] == 0
    return home


# --- Settings -----------------------------------------------------------------------------------------------------

SETTINGS = [
    ({"BOXES_NOW": "ayer"}, "", 2, "BOXES_NOW"),
    ({"BOXES_LANG": "fr"}, "", 2, "idioma «fr»"),
    ({}, "x =", 2, "config.toml"),
    ({}, "foo = 1", 2, "config.toml:1: clave desconocida «foo»"),
    ({}, "lang = 5", 2, "lang tiene que ser un texto"),
    ({}, "user = ['a']", 2, "user tiene que ser un texto"),
    ({"BOXES_CONFIG": "/nonexistent/x.toml"}, "", 2, "no existe"),
    ({"BOXES_DATABASE_URL": "nada"}, "", 2, "no se entiende"),
    ({"BOXES_DATABASE_URL": f"mysql://u:{SECRET}@h/x"}, "", 2, "sólo SQLite y PostgreSQL"),
    ({"BOXES_DATABASE_URL": f"postgresql+psycopg2://u:{SECRET}@h/x"}, "", 2, "sólo SQLite y PostgreSQL"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:puerto/x"}, "", 2, "no se entiende"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:p@{SECRET}@127.0.0.1/x"}, "", 2, "%40"),
    ({"BOXES_DATABASE_URL": f"postgresql://u@127.0.0.1/x?foo={SECRET}"}, "", 2, "opción desconocida «foo»"),
    ({"BOXES_DATABASE_URL": f"postgresql://u@127.0.0.1/x?password={SECRET}"}, "", 2, "la clave no puede ir"),
    ({"BOXES_DATABASE_URL": "sqlite:///x.db?mode=ro"}, "", 2, "opción desconocida «mode»"),
    ({"BOXES_DATABASE_URL": "sqlite:////dev/null/x.db"}, "", 1, "No se puede abrir"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:1/x"}, "", 1, "no responde"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:{SECRET}@no-such.invalid/x"}, "", 1, "no responde"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:{SECRET}@/x?host=127.0.0.1:1&host=127.0.0.1:2"}, "", 1, "no responde"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "file", "status", "sentence"), SETTINGS)
def test_settings_that_cannot_be_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, str], file: str, status: int, sentence: str
) -> None:
    if file:
        (home / "config.toml").write_text(file)
    before = {p.name for p in home.iterdir()}
    for name, value in {"BOXES_USER": "rosa", **told}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(commands, ["queue", "--counts"])
    assert done.exit_code == status and sentence in one_sentence(done.output) and SECRET not in done.output
    assert {p.name for p in home.iterdir()} == before
    assert not list(home.parent.glob("*.db"))


def test_a_server_that_refuses_says_why(home: Path, pg_server: str) -> None:
    from sqlalchemy.engine import make_url

    url = make_url(pg_server)
    for wrong, sentence in ((url.set(database="nada"), "no tiene esa base"), (url.set(username="nadie"), "usuario")):
        code, said, _ = boxes(home, "queue", "--counts", BOXES_DATABASE_URL=wrong.render_as_string(hide_password=False))
        assert code == 1 and sentence in one_sentence(said)


@pytest.mark.parametrize(("told", "status", "sentence"), [
    ({"BOXES_NOW": "ayer"}, 2, "BOXES_NOW"),
    ({"BOXES_LANG": "fr"}, 2, "idioma"),
    ({"BOXES_DATABASE_URL": f"mysql://u:{SECRET}@h/x"}, 2, "sólo SQLite"),
    ({"BOXES_DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:1/x"}, 1, "no responde"),
    ({"BOXES_DATABASE_URL": "sqlite:////dev/null/x.db"}, 1, "No se puede abrir"),
    ({"TERM": "dumb"}, 1, "TERM=dumb"),
    ({"TERM": ""}, 1, "TERM=dumb"),
])  # fmt: skip
def test_the_app_says_the_same_and_leaves(
    app: Callable[..., Pty], home: Path, told: dict[str, str], status: int, sentence: str
) -> None:
    desk = app(home, **told)
    assert desk.ended() == status
    shown = desk.raw.decode("utf-8", "replace").rpartition("\x1b[?1049l")[2]
    assert sentence in shown and "Traceback" not in shown and "inesperado" not in shown and SECRET not in shown


# --- The database -------------------------------------------------------------------------------------------------


def broken(home: Path, how: str) -> None:
    path = home / "boxes.db"
    for extra in home.glob("boxes.db-*"):
        extra.unlink()
    if how == "garbage":
        path.write_text("hola\n")
    elif how == "holes":
        data = bytearray(path.read_bytes())
        data[100:80_000] = os.urandom(80_000 - 100)
        path.write_bytes(data)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:50_000])
    elif how == "newer":
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
    elif how == "somebody's":
        path.unlink()
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("CREATE TABLE mine (x)")


@pytest.mark.parametrize("how", ["garbage", "holes", "cut", "newer", "somebody's"])
def test_a_database_that_is_not_ours_or_broken_is_not_touched(app: Callable[..., Pty], made: Path, how: str) -> None:
    broken(made, how)
    before = (made / "boxes.db").read_bytes()
    for words in (("doctor",), ("user", "add", "jose")):
        code, said, printed = boxes(made, *words)
        assert code == 1 and printed == b""
        assert one_sentence(said)
    desk = app(made)
    assert desk.ended() == 1 and "inesperado" not in desk.raw.decode("utf-8", "replace")
    assert (made / "boxes.db").read_bytes() == before


def test_a_locked_database_is_waited_for_then_told(made: Path) -> None:
    with closing(sqlite3.connect(made / "boxes.db", isolation_level=None)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        code, said, _ = boxes(made, "user", "add", "jose")
        assert code == 1 and "ocupada" in one_sentence(said)
        raw.execute("ROLLBACK")
    assert boxes(made, "user", "add", "jose")[0] == 0


# --- The folder ---------------------------------------------------------------------------------------------------


def test_a_home_that_is_a_file(app: Callable[..., Pty], home: Path) -> None:
    file = home / "file"
    file.touch()
    for place in (file, file / "below"):
        code, said, _ = boxes(home, "queue", "--counts", BOXES_HOME=str(place))
        assert code == 2 and "no es una carpeta" in one_sentence(said)
    desk = app(home, BOXES_HOME=str(file))
    assert desk.ended() == 2 and "no es una carpeta" in desk.raw.decode("utf-8", "replace")


def test_without_home_the_account_says_where(home: Path) -> None:
    env = environ(home)
    for name in ("HOME", "BOXES_HOME", "XDG_DATA_HOME"):
        env.pop(name, None)
    done = subprocess.run([sys.executable, "-m", "boxes_tui", "config", "show", "--json"], env=env, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0 and Path(json.loads(done.stdout)["home"]).is_absolute()


def mounted(what: str, home: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A script in a mount namespace of its own; skips where there is none."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"{what} needs root and mount namespaces")
    code = f"mount --make-rprivate / 2>/dev/null; b() {{ '{sys.executable}' -m boxes_tui \"$@\"; }}; {script}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", code], env=environ(home), cwd=home.parent, capture_output=True,
                          text=True, timeout=120, check=False)  # fmt: skip
    assert "Traceback" not in done.stderr and "inesperado" not in done.stderr, done.stderr
    return done


def test_a_home_that_may_only_be_read(made: Path) -> None:
    done = mounted("a read-only folder", made, f"""
        mount --bind '{made}' '{made}' && mount -o remount,bind,ro '{made}' || exit 9
        b queue --counts; echo "a $?"; b user add jose; echo "b $?"
        BOXES_HOME='{made}/new' b queue --counts; echo "c $?" """)  # fmt: skip
    if done.returncode == 9:
        pytest.skip("no bind mounts here")
    assert done.stdout.split("\n")[-4:-1] == ["a 1", "b 1", "c 2"]
    assert done.stderr.count("No se puede abrir o escribir") == 2 and "sólo lectura" in done.stderr


def test_a_full_disk(made: Path) -> None:
    """Nothing of the act is written; what was there is whole; with room again it goes on."""
    place = made.parent / "small"
    place.mkdir()
    done = mounted("a small disk", place, f"""
        mount -t tmpfs -o size=3m tmpfs '{place}' || exit 9
        cp '{made}/boxes.db' '{place}/' && b user add uno && dd if=/dev/zero of='{place}/fill' bs=1k 2>/dev/null
        b user add dos; echo "a $?"; rm '{place}/fill'; b user add dos; echo "b $?"; b db verify; echo "c $?" """)  # fmt: skip
    if done.returncode == 9:
        pytest.skip("no tmpfs here")
    assert [line for line in done.stdout.splitlines() if line[1:2] == " "] == ["a 1", "b 0", "c 0"]
    assert "disco" in done.stderr


# --- Terminals and encodings --------------------------------------------------------------------------------------


def test_no_terminal(made: Path) -> None:
    """``boxes </dev/null``, ``boxes | cat``, cron."""
    code, said, _ = boxes(made)
    assert code == 1 and "necesita una terminal" in one_sentence(said)


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1"])
def test_an_encoding_without_the_signs(made: Path, encoding: str) -> None:
    """Tables say what they can, documents stay UTF-8."""
    code, said, _ = boxes(made, "queue", "ninguna", PYTHONIOENCODING=encoding)
    assert code == 2 and "No hay una cola" in said
    code, said, printed = boxes(made, "doctor", PYTHONIOENCODING=encoding)
    assert code == 0, said
    shown = printed.decode(encoding)
    assert "v esquema" in shown and ("auditoría" if encoding != "ascii" else "auditoria") in shown
    code, _, printed = boxes(made, "doctor", "--json", PYTHONIOENCODING=encoding)
    assert code == 0 and any(c["name"] == "auditoría" for c in json.loads(printed.decode("utf-8"))["checks"])
    code, _, printed = boxes(made, "queue", "deliveries", "--csv", PYTHONIOENCODING=encoding)
    assert code == 0 and printed.startswith("\ufeff".encode())


def test_a_terminal_of_latin_1(app: Callable[..., Pty], made: Path) -> None:
    """Signs as ASCII, accents in its own bytes both ways."""
    desk = app(made, PYTHONIOENCODING="iso-8859-1")
    desk.stream.select_other_charset("@")
    desk.until("TABLERO", "q salir")
    desk.send("/").until("BUSCAR")
    os.write(desk.fd, "ñandú".encode("iso-8859-1"))
    desk.until("ñandú")
    assert "?" not in desk.picture().splitlines()[0] and not any(c in desk.picture() for c in "▲■▷—")


def test_a_locale_that_says_ascii_gets_ascii_signs(app: Callable[..., Pty], made: Path) -> None:
    desk = app(made, LC_ALL="C")
    desk.until("TABLERO", "q salir")
    assert not any(c in desk.picture() for c in "▲■▷—·★")


def test_a_window_too_small_can_be_left(app: Callable[..., Pty], made: Path) -> None:
    desk = app(made, (20, 5))
    desk.until("hica")
    desk.send("q")
    assert desk.ended() == 0


def test_textuals_doors_stay_shut(app: Callable[..., Pty], made: Path, tmp_path: Path) -> None:
    hostile = {
        "TEXTUAL_DRIVER": "os:system", "TEXTUAL_PRESS": "q", "TEXTUAL_LOG": str(tmp_path / "log"), "TEXTUAL": "debug,devtools",
        "TEXTUAL_SCREENSHOT": "1", "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path), "TEXTUAL_THEME": "nada",
        "TEXTUAL_FPS": "x", "TEXTUAL_COLOR_SYSTEM": "nada", "TEXTUAL_ANIMATIONS": "x", "TEXTUAL_SLOW_THRESHOLD": "x",
    }  # fmt: skip
    before = {p.name for p in tmp_path.iterdir()}
    desk = app(made, **hostile)
    desk.until("TABLERO", "q salir")
    desk.read(2)
    assert not desk.ended_now() and {p.name for p in tmp_path.iterdir()} == before
