"""Both languages are complete on the command line: helps, answers and every error, without a word of the other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from boxes_tui.cli.main import app
from tests.support.house import NOW, open_desk
from tests.support.line import Line

SPANISH = re.compile(r"[áéíóúñ¿¡«»]|\b(el|la|los|las|que|una|con|sin|para|por|falta|hay|está|ya|se|del|fue)\b", re.I)
ENGLISH = re.compile(
    r"\b(the|is|are|of|not|missing|invalid|there|with|usage|options?|command|show|try|no such)\b", re.I
)
OTHER = {"es": ENGLISH, "en": SPANISH}
NAMES = re.compile(
    r"/\S*|(las|los) que hay: .*|there are: .*|\bOF\b|Rocío|Báez|Córdoba|Boxes TUI|No Llame|NOMBRE\.\w\w\.txt|Asunto: …|mañana|hábil|BOXES_\w+|\b\w+/\w+\b|--[\w-]+"
    r"|\b(boxes|sync|queue|report) [\w-]+( [\w-]+)?|\b(is|not)_\w+|America/\S+|hoy|show, export|^  [a-z-]+  ",
    re.I,
)
"""What is the same in both: names, codes, words that are typed."""

WRONG = """
queue | queue x | queue opportunities --filter x | queue opportunities --filter '' | queue opportunities --branch zz
queue opportunities --agent zz | queue opportunities --day xx | queue campaign_opportunities --filter 99
queue opportunities --limit -1 | queue opportunities --limit x | queue opportunities --nada | queue --filter | queue a b c
report x | report deliveries --from 2026-11-24 --to 2026-11-01 | report deliveries --by zz | report deliveries --format zz
report deliveries --from zz | report deliveries --side zz | report deliveries --value x | report deliveries --monthly --rows
report | customer search | customer show 999999 | customer show x | customer show 99999999999999999999999 | do zz
do call | do call opportunities:1 | do call zz:1 --disposition 1 | do call opportunities:0 --disposition 1
do call opportunities:99999999999999999999 --disposition 1 | do call opportunities:1 --disposition zz
do call opportunities:1 --disposition 4 | do call opportunities:1 --disposition 4 --at zz
do call opportunities:1 --disposition 4 --at 2026-11-01T10:00 | do call opportunities:1 --disposition 5
do call opportunities:1 --disposition 5 --at +3d | do call opportunities:1 --disposition 7
do call opportunities:1 --disposition 7 --reason zz | do call opportunities:1 --disposition 7 --reason other
do call opportunities:1 --disposition 0 --score 11 | do call opportunities:1 --disposition 1 --score 9
do discard opportunities:1 | do discard deliveries:1 --reason price | do reschedule opportunities:1
do reschedule opportunities:1 --due 2026-11-01 | do sell opportunities:1 --at 2026-11-01T10:00 | do confirm appointments:3
do deliver appointments:1 | do deliver in_process:2 | do deliver in_process:1 --at mañana | do rebook appointments:1
do opportunity opportunities:1 --due +3d --about x | do opportunity deliveries:1 --due +3d | do undo 99999 | do undo x
do undo -1 | do undo | do note opportunities:1 | do assign opportunities:1 --to zz | do override --reason ''
do steal opportunities:999 | do claim opportunities:999 | do unblock opportunities:1 --reason x | do shift zz
do add-phone opportunities:1 zz | do reassign zz | do close-complaint complaints:9
sync | sync --source zz | sync --config /nonexistent.toml | sync --allow zz | sync rejects --export pdf | sync --watch x
campaign preview | campaign preview --vins /nonexistent | campaign create | campaign create --name x --type zz
campaign create --name x --type recall --due +3d | campaign undo x | campaign undo 999 | campaign show 999
user add | user add 'a b' | user add pepe --role zz | user add ana | user disable zz | user ssh-key ana zz
branch add | branch add CENTRAL | branch add X --timezone zz | dnc check | dnc check zz | dnc import /nonexistent
audit show x | import zz /nonexistent | import opportunities /nonexistent | seed opportunities
seed opportunities --last-service-before zz --per-day 3 | outbox list --state zz | outbox retry zz | outbox retry 99
db restore /nonexistent | db zz | config zz | demo --scale 0 | ssh-keys | nada | customer erase x
customer rectify 1 --field zz | customer rectify 1 --field zz=1 | customer request 1 --kind zz | init --go-live zz
"""
RIGHT = """
queue --counts | queue opportunities | queue leaks | report deliveries | report agents | customer search pena
customer show 1 | sync runs | sync rejects | sync status | user list | branch list | dnc list | dnc check 3515123456
audit verify | audit show | outbox list | outbox due | outbox no-shows | db check | db verify | campaign list
customer requests | retention | do note opportunities:1 --note x | do confirm appointments:1 | do claim opportunities:1
do release opportunities:1 | do reschedule opportunities:1 --due 2026-11-29 | do undo | do undo | init
user add juana --branch CBA | user disable juana | branch add XX | seed opportunities --last-service-before hoy --per-day 3 --dry-run
"""


def lines(text: str) -> list[list[str]]:
    return [shlex.split(part) for row in text.strip().splitlines() for part in row.split(" | ")]


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Line:
    """One desk for the whole module."""
    import shutil

    home = tmp_path_factory.mktemp("home")
    shutil.copy2(sqlite_template, home / "boxes.db")
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOXES_HOME", str(home))
        open_desk(f"sqlite:///{home / 'boxes.db'}").house.close()
    return Line(BOXES_HOME=str(home), BOXES_NOW=NOW.isoformat(), BOXES_USER="rosa")


def said(place: Line, language: str, words: list[str]) -> tuple[int, str, str]:
    return place.run(*words, BOXES_LANG=language)


def leftovers(language: str, text: str) -> list[str]:
    """Words of the other language."""
    return [m[0] for line in text.splitlines() for m in OTHER[language].finditer(NAMES.sub("", line))]


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_error_is_one_sentence_of_its_language(place: Line, language: str) -> None:
    wrong: list[Any] = []
    for words in lines(WRONG):
        code, out, err = said(place, language, words)
        if code not in (1, 2) or out or not err.strip() or "Traceback" in err or leftovers(language, err):
            wrong.append((" ".join(words), code, out[:80], err, leftovers(language, err)))
    assert wrong == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_answer_is_in_its_language(place: Line, language: str) -> None:
    wrong: list[Any] = []
    for words in lines(RIGHT):
        code, out, err = said(place, language, words)
        if code != 0 and words[0] not in ("do", "user", "branch"):  # done already in the other language
            wrong.append((words, code, err))
        if leftovers(language, out + err):
            wrong.append((" ".join(words), leftovers(language, out + err), out[:300], err[:300]))
    assert wrong == []


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_help_is_in_its_language(place: Line, language: str) -> None:
    wrong = []
    for path in commands(typer.main.get_command(app)):
        code, out, err = said(place, language, [*path, "--help"])
        assert (code, err) == (0, "")
        if found := leftovers(language, out):
            wrong.append((" ".join(path), found, out))
    assert wrong == []


def test_a_group_without_its_command_says_so_on_stderr(place: Line) -> None:
    for words in (["do"], ["campaign"], ["customer"]):
        code, out, err = said(place, "es", words)
        assert (code, out) == (2, "") and "Comandos" in err


def test_a_typed_value_is_not_repeated(place: Line) -> None:
    """What was typed may be a customer's name or number."""
    for words in (["queue", "opportunities", "--limit", "PEÑA 3515123456"], ["customer", "search", "PEÑA", "ZOË"]):
        code, _out, err = said(place, "es", words)
        assert code == 2 and "PEÑA" not in err and "ZOË" not in err
