"""What a shell does to a program: other locales, closed and full streams, a home that cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import NOW, Desk, open_desk


@pytest.fixture
def desk(migrated_sqlite: str, home: Path) -> Desk:
    made = open_desk(migrated_sqlite)
    with made.house.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE customer SET display_name = 'NÚÑEZ, ZOË', name_fold = 'nunez zoe'")
    return made


def shell(desk: Desk, home: Path, line: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of sh in which ``$boxes`` is the program."""
    env = dict(
        os.environ, BOXES_HOME=str(home), BOXES_DATABASE_URL=str(desk.house.engine.url), BOXES_NOW=NOW.isoformat(),
        BOXES_USER="ana", boxes=f"{sys.executable} -m boxes_tui", **more,
    )  # fmt: skip
    return subprocess.run(["sh", "-c", line], env=env, capture_output=True, timeout=120, check=False)


POSIX = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_locale_that_is_not_utf8(desk: Desk, home: Path) -> None:
    """What programs read is UTF-8 all the same; a terminal that lacks a letter shows the plain one."""
    done = shell(desk, home, "$boxes queue opportunities --json", **POSIX)
    assert done.returncode == 0
    assert json.loads(done.stdout.decode("utf-8"))["rows"][0]["customer"] == "NÚÑEZ, ZOË"
    done = shell(desk, home, "$boxes queue opportunities", **POSIX)
    assert done.returncode == 0 and b"NUNEZ, ZOE" in done.stdout
    ref = desk.ref("opportunities", "op_pena")
    done = shell(desk, home, f"$boxes do note {ref} --note 'mañana'", **POSIX)
    assert done.returncode == 0, done.stderr
    done = shell(desk, home, f"$boxes do note {ref} --note \"$(printf 'a\\377')\"")
    assert done.returncode == 2 and "UTF-8" in done.stderr.decode()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("$boxes queue --counts --json > /dev/full", 1, "no hay lugar en el disco"),
        ("$boxes queue --counts >&-", 1, "La salida estándar está cerrada."),
        ("$boxes queue nada 2>&-", 2, ""),
        ("BOXES_DATABASE_URL= BOXES_HOME=/proc/nope $boxes queue --counts", 2, "/proc/nope"),
    ],
)
def test_streams_and_homes(desk: Desk, home: Path, line: str, code: int, said: str) -> None:
    done = shell(desk, home, line)
    text = done.stderr.decode()
    assert (done.returncode, done.stdout) == (code, b""), text
    assert said in text and "inesperado" not in text and "Traceback" not in text
