"""A real sshd on the loopback, as generous as Debian's and then some, with the snippet that BOXES ships in it.

The account of the agents exists in a mount namespace of the server only: nothing of the machine is changed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.pty_client import PATIENCE, Pty

ACCOUNT = "boxes"
NOW = "2026-11-24T14:10:00-03:00"
ROOT = Path(__file__).parents[2]
NOBODY = 64999
"""The account's number where the checkout can be read by everybody."""

GENEROUS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host
PidFile none
UsePAM no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
AllowAgentForwarding yes
GatewayPorts yes
X11Forwarding yes
PermitTunnel yes
PermitUserRC yes
AcceptEnv LANG LC_* BOXES_* TEXTUAL_* PYTHON* BROWSER COLORTERM
Subsystem sftp /usr/lib/openssh/sftp-server
"""


def missing() -> str | None:
    """Why these tests cannot run here, None where they can."""
    if os.geteuid() != 0:
        return "needs root: sshd looks for the account of the agents in a mount namespace of its own"
    if not Path("/usr/sbin/sshd").exists() or not shutil.which("ssh"):
        return "openssh-server and openssh-client are not here"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        return "mount namespaces are not allowed here"
    done = subprocess.run([sys.executable, "-I", "-c", "import boxes_tui; print(boxes_tui.__file__)"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if Path(done.stdout.strip() or "/").parent.parent != ROOT:
        return "the installed boxes_tui is another checkout: sshd's child would run that one"
    return None


def boxes(home: Path, *words: str, user: str = "root", **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command over a home, as an admin at the server does."""
    told = {**os.environ, "BOXES_HOME": str(home), "BOXES_NOW": NOW, "BOXES_USER": user, **env}
    return subprocess.run([sys.executable, "-I", "-m", "boxes_tui", *words], env=told, capture_output=True, text=True, check=False)  # fmt: skip


def _uid() -> int:
    """Whom the account is: nobody where that one can read the checkout, else whoever owns it."""
    try:
        subprocess.run([sys.executable, "-I", "-c", "import boxes_tui"], user=NOBODY, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return ROOT.stat().st_uid
    return NOBODY


@dataclass
class Server:
    """A running sshd over a dealership. ``place`` is everybody's to enter; ``home`` is the account's."""

    place: Path
    home: Path
    port: int = 0
    account_home: Path = field(init=False)

    def start(self) -> Server:
        """Make keys, account and configuration, and listen."""
        self.account_home = self.place / "account"
        (self.account_home / ".ssh").mkdir(parents=True)
        self.keygen("host")
        uid = _uid()
        passwd = Path("/etc/passwd").read_text("utf-8")
        line = f"{ACCOUNT}:x:{uid}:65534::{self.account_home}:/bin/sh\n"
        (self.place / "passwd").write_text(line + passwd, "utf-8")
        for top in (self.home, self.account_home):
            for item in [top, *top.rglob("*")]:
                os.chown(item, uid, 65534)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        snippet = boxes(self.home, "ssh-keys", ACCOUNT, "--sshd")
        assert snippet.returncode == 0, snippet.stderr
        config = self.place / "sshd_config"
        config.write_text(GENEROUS.format(port=self.port, place=self.place) + snippet.stdout, "utf-8")
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._log = (self.place / "log").open("wb")
        script = (
            'mount --make-rprivate / 2>/dev/null; mount --bind "$1" /etc/passwd && exec /usr/sbin/sshd -D -e -f "$2"'
        )
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script, "sh", str(self.place / "passwd"), str(config)],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"sshd does not start: {(self.place / 'log').read_text('utf-8', 'replace')}")
                time.sleep(0.05)

    def keygen(self, name: str) -> Path:
        """A key pair; the path of the private one."""
        path = self.place / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        return path

    def key_of(self, login: str) -> Path:
        """The key of somebody, registered as an admin does it."""
        path = self.place / f"key-{login}"
        if not path.exists():
            self.keygen(path.name)
            done = boxes(self.home, "user", "ssh-key", login, f"{path}.pub")
            assert done.returncode == 0, done.stderr
            for item in [self.home, *self.home.rglob("*")]:
                os.chown(item, _uid(), 65534)
        return path

    def words(self, login: str, *more: str) -> list[str]:
        """The start of an ``ssh`` command line; options come before the host. Through :meth:`connect`'s connection
        where there is one, unless an option says ``ControlPath=none``."""
        return [
            "ssh", "-F", "none", "-i", str(self.key_of(login)), "-p", str(self.port), "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=60", *more, "-o", f"ControlPath={self.place}/mux-{login}", f"{ACCOUNT}@127.0.0.1",
        ]  # fmt: skip

    def connect(self, login: str) -> None:
        """Log in once and keep the connection: later sessions of the same person come through it."""
        words = self.words(login, "-M", "-N", "-f")
        subprocess.run(
            words, check=True, env=_client_env({}), stdin=subprocess.DEVNULL, stderr=self._log, timeout=PATIENCE
        )

    def run(self, login: str, *options: str, command: tuple[str, ...] = (), limit: float = PATIENCE, **env: str) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """``ssh`` without a terminal, to its end."""
        return subprocess.run(
            [*self.words(login, *options), *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=limit, check=False, env=_client_env(env),
        )  # fmt: skip

    def terminal(self, login: str, *options: str, command: tuple[str, ...] = (), **env: str) -> Pty:
        """``ssh`` on a terminal."""
        return Pty([*self.words(login, *options), *command], _client_env(env))

    def apps(self) -> list[int]:
        """Processes of the app that this server started."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                about = (folder / "environ").read_bytes()
            except OSError:
                continue
            if words[1:4] == [b"-I", b"-m", b"boxes_tui"] and f"BOXES_HOME={self.home}".encode() in about:
                found.append(int(folder.name))
        return found

    def close(self) -> None:
        """End it and whom it serves."""
        for master in self.place.glob("mux-*"):
            subprocess.run(["ssh", "-S", str(master), "-O", "exit", "x"], capture_output=True, check=False)
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._log.close()


def _client_env(more: dict[str, str]) -> dict[str, str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "TEXTUAL", "BOXES", "LC_", "PYTHON"))}
    return {**keep, "TERM": "xterm-256color", **more}
