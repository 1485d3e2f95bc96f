"""Agents over a real sshd with the shipped snippet: the key says who one is, and nothing but the desk is behind it
(RELIABILITY S12, PRODUCT §12).

Seen to fail by hand: ``restrict,`` taken from the key's line together with ``DisableForwarding`` and ``PermitUserRC``
from the snippet (forwarding and rc tries), the environment handed on whole
(hostile variables), ``keep_standing`` switched off (the disabled person stays).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.pty_client import PATIENCE, Pty
from tests.end_to_end.sshd import ACCOUNT, Server, boxes, missing

REASON = missing()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

SAFE = {"BOXES_AGENT", "BOXES_HOME", "BOXES_NOW", "COLORTERM", "HOME", "LANG", "LOGNAME", "PATH", "SSH_CONNECTION",
        "SSH_TTY", "TERM"}  # fmt: skip
"""All that the app may know."""

FRESH = ("-o", "ControlPath=none")
"""A connection of its own."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A small demo dealership behind sshd."""
    place = Path(tempfile.mkdtemp(prefix="boxes-ssh-", dir="/tmp"))
    place.chmod(0o755)
    home = place / "home"
    made = boxes(home, "demo", "--no-app", "--scale", "0.2", "--home", str(home))
    assert made.returncode == 0, made.stderr
    running = Server(place, home).start()
    running.connect("ana")
    yield running
    running.close()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def seat(server: Server) -> Iterator[Callable[..., Pty]]:
    """``seat("ana")`` is a terminal of hers; all of them end with the test, and their apps on the server."""
    taken: list[Pty] = []

    def sit(login: str = "ana", *options: str, **more: object) -> Pty:
        taken.append(server.terminal(login, *options, **more))  # type: ignore[arg-type]
        return taken[-1]

    yield sit
    for one in taken:
        one.close()
    until(lambda: not server.apps(), "an app outlives its terminal")


def until(fine: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not fine():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def environ(server: Server) -> dict[str, str]:
    """The environment of the one app that runs."""
    (pid,) = server.apps()
    words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(word.partition("=")[::2] for word in words if word)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Who one is ---------------------------------------------------------------------------------------------------


def test_the_key_says_who_one_is(server: Server, seat: Callable[..., Pty]) -> None:
    seat("marta").until("TABLERO", "Marta Sosa")
    told = {"BOXES_USER": "luis", "BOXES_AGENT": "luis", "BOXES_WEB_USER": "luis", "BOXES_LANG": "en"}
    sent = [word for name in told for word in ("-o", f"SendEnv={name}")]
    seat("ana", *sent, **told).until("TABLERO", "Ana Quiroga · agente")


def test_an_unknown_key_opens_nothing(server: Server) -> None:
    stranger = server.keygen("stranger")
    (server.account_home / ".ssh" / "authorized_keys").write_text((stranger.with_suffix(".pub")).read_text())
    words = [w for w in server.words("ana", *FRESH) if w != str(server.key_of("ana"))]
    words.insert(words.index("-i") + 1, str(stranger))
    refused = subprocess.run([*words, "id"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert refused.returncode == 255 and "Permission denied" in refused.stderr


# --- Tries to get out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("id",), ("sh", "-c", "'id; id'"), ("bash", "-i"), ("boxes", "user", "list"), ()])
def test_a_command_is_not_run_and_no_terminal_is_no_desk(server: Server, words: tuple[str, ...]) -> None:
    done = server.run("ana", command=words)
    assert done.returncode == 1 and done.stdout == "" and "necesita una terminal" in done.stderr


def test_a_command_on_a_terminal_is_the_desk(server: Server, seat: Callable[..., Pty]) -> None:
    desk = seat("ana", "-tt", command=("bash", "-i")).until("TABLERO", "Ana Quiroga")
    assert "$ " not in desk.picture() and "# " not in desk.picture()


def test_no_files_by_sftp_or_scp(server: Server, tmp_path: Path) -> None:
    words = server.words("ana")
    options, host = words[1:-1], words[-1]
    options[options.index("-p")] = "-P"
    for tool in (["sftp", "-b", "-", *options, host], ["scp", *options, f"{host}:/etc/passwd", str(tmp_path)],
                 ["scp", "-O", *options, f"{host}:/etc/passwd", str(tmp_path)],
                 ["scp", *options, __file__, f"{host}:dropped"]):  # fmt: skip
        done = subprocess.run(tool, input="get /etc/passwd\n", capture_output=True, text=True, cwd=tmp_path,
                              timeout=PATIENCE, check=False)  # fmt: skip
        assert done.returncode != 0, tool[0]
        assert "root:" not in done.stdout
    assert list(tmp_path.iterdir()) == [] and not list(server.account_home.glob("dropped*"))


def test_nothing_is_forwarded(server: Server, seat: Callable[..., Pty]) -> None:
    """-L and -D reach no port behind the server, -R opens none there, -W neither."""
    local, socks = free_port(), free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = listener.getsockname()[1]
        seat("ana", "-L", f"{local}:127.0.0.1:{target}", "-D", str(socks), *FRESH).until("TABLERO")
        answered(local, b"hello")
        answered(socks, b"\x05\x01\x00", b"\x05\x01\x00\x01\x7f\x00\x00\x01" + target.to_bytes(2, "big"))
        opened = server.run("ana", "-N", "-R", f"0:127.0.0.1:{target}", "-o", "ExitOnForwardFailure=yes", *FRESH)
        assert opened.returncode == 255 and "forwarding failed" in opened.stderr
        direct = server.run("ana", "-W", f"127.0.0.1:{target}")
        assert direct.returncode == 255 and direct.stdout == ""
        listener.settimeout(0.5)
        with pytest.raises(TimeoutError):
            listener.accept()


def answered(port: int, *words: bytes) -> None:
    """Speak to a port of the client until it has answered or hung up: the try was made."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as through:
        for word in words:
            through.sendall(word)
            try:
                through.recv(100)
            except ConnectionError:
                return


def test_no_agent_no_display_no_foreign_variable(server: Server, seat: Callable[..., Pty], tmp_path: Path) -> None:
    """-A, -X, SendEnv and LC_* bring nothing in, though this sshd accepts those names."""
    agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    auth, pid = (part.split(";")[0].split("=")[1] for part in agent.splitlines()[:2])
    hostile = {
        "BROWSER": "touch /tmp/boxes-escaped", "TEXTUAL_DRIVER": "os:system", "TEXTUAL_PRESS": "q",
        "TEXTUAL_LOG": str(tmp_path / "log"), "TEXTUAL_SCREENSHOT": "1", "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": "/x",
        "PYTHONINSPECT": "1", "LC_ALL": "es_AR.ISO-8859-1", "LC_EVIL": "$(id)", "LANG": "C", "BOXES_HOME": str(tmp_path),
        "BOXES_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "BOXES_CONFIG": str(tmp_path / "x.toml"), "BOXES_ASCII": "1",
    }  # fmt: skip
    (tmp_path / "boxes_tui").mkdir()
    (tmp_path / "boxes_tui" / "__init__.py").write_text("raise SystemExit('hijacked')")
    sent = [word for name in hostile for word in ("-o", f"SendEnv={name}")]
    try:
        seat("ana", "-A", "-X", *sent, *FRESH, SSH_AUTH_SOCK=auth, DISPLAY=":99", **hostile).until(
            "TABLERO", "Ana Quiroga", "▲"
        )
        known = environ(server)
    finally:
        os.kill(int(pid), signal.SIGTERM)
    assert set(known) <= SAFE, set(known) - SAFE
    assert (known["LANG"], known["BOXES_HOME"], known["PATH"]) == ("C.UTF-8", str(server.home), "/usr/bin:/bin")
    assert {item.name for item in tmp_path.iterdir()} == {"boxes_tui"}


def test_a_hostile_terminal_name_is_a_plain_one(server: Server, seat: Callable[..., Pty]) -> None:
    seat("ana", TERM="$(id);../x\x1b]52;c;aGk=\x07").until("TABLERO")
    assert environ(server)["TERM"] == "xterm-256color"


def test_a_terminal_that_cannot_paint_is_told(server: Server, seat: Callable[..., Pty]) -> None:
    desk = seat("ana", TERM="dumb")
    assert desk.ended() == 1 and "TERM=dumb" in desk.picture()


def test_files_of_the_account_run_nothing(server: Server, seat: Callable[..., Pty], tmp_path: Path) -> None:
    ran = server.place / "ran"
    ssh = server.account_home / ".ssh"
    for file in (ssh / "rc", server.account_home / ".profile", server.account_home / ".bashrc"):
        file.write_text(f"touch {ran}\n")
        file.chmod(0o755)
    (ssh / "environment").write_text(f"BOXES_AGENT=luis\nENV={ssh}/rc\nPATH={tmp_path}\n")
    (server.account_home / ".pam_environment").write_text("BOXES_AGENT=luis\n")
    seat("ana").until("TABLERO", "Ana Quiroga")
    assert not ran.exists() and set(environ(server)) <= SAFE


def test_no_way_out_from_inside(server: Server, seat: Callable[..., Pty]) -> None:
    """Suspend, quit signals, ssh's own escapes, the palette, a link: the desk stays, alone, and writes no picture."""
    before = {p for p in server.home.rglob("*") if p.suffix in (".svg", ".png", ".html")}
    desk = seat("ana").until("TABLERO")
    (pid,) = server.apps()
    for keys in ("\x1a", "\x03", "\x1c", "\x1d"):
        desk.send(keys, 0.3)
    desk.send("3").until("PRÓXIMOS TURNOS")
    desk.send("w", 1.0)  # a WhatsApp link: shown, never opened
    desk.send("\x1b", 0.5)
    desk.send("\x10").until("Llamar [l]")
    desk.send("screenshot").until("Ninguna acción coincide")
    desk.send("\x1b", 0.5)
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert server.apps() == [pid] and state in "RSD" and children == []
    after = {p for p in server.home.rglob("*") if p.suffix in (".svg", ".png", ".html")}
    assert after == before


# --- The end of a session -----------------------------------------------------------------------------------------


def claims(server: Server) -> int:
    with sqlite3.connect(f"file:{server.home / 'boxes.db'}?mode=ro", uri=True) as raw:
        return int(raw.execute("SELECT count(*) FROM claim").fetchone()[0])


def test_a_killed_client_frees_the_claim_and_keeps_the_draft(server: Server, seat: Callable[..., Pty]) -> None:
    desk = seat("ana", *FRESH).until("TABLERO")
    desk.send("2").until("OPORTUNIDADES NUEVAS")
    desk.read(0.5)
    desk.send("l").until("Nota")
    until(lambda: claims(server) == 1, "no claim")
    desk.send("N", 0.3)
    desk.send("llamar después de la siesta").until("después de la siesta")
    desk.kill()
    until(lambda: claims(server) == 0, "the claim stays")
    until(lambda: not server.apps(), "the app stays")
    again = seat("ana").until("TABLERO")
    again.send("2").until("OPORTUNIDADES NUEVAS")
    again.read(0.5)
    again.send("l").until("llamar después de la siesta")


def test_a_disabled_person_is_out_at_once_and_stays_out(server: Server, seat: Callable[..., Pty]) -> None:
    desk = seat("rocio").until("TABLERO", "Rocío Báez")
    assert boxes(server.home, "user", "disable", "rocio").returncode == 0
    assert desk.ended() == 1 and "deshabilitado" in desk.raw.decode("utf-8", "replace")
    refused = server.run("rocio", command=("id",))
    assert refused.returncode == 255 and "Permission denied" in refused.stderr
    seat("ana").until("TABLERO")  # the others come in as before


def test_the_account_itself_has_no_other_door(server: Server) -> None:
    done = server.run("ana", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive",
                      "-o", "NumberOfPasswordPrompts=0", *FRESH)  # fmt: skip
    assert done.returncode == 255 and "Permission denied (publickey)" in done.stderr
    assert ACCOUNT == "boxes"
