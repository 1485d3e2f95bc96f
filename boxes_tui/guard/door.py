"""The door of SSH: what an agent's key runs instead of a shell (RELIABILITY §7, S12).

``python -I -m boxes_tui.guard.door LOGIN [NAME=VALUE …]`` is the forced command that ``boxes ssh-keys`` writes before
every key. Whatever the client asks for or sends, it becomes the app of that person, in an environment of our own: of
the client's words only the terminal's name goes through, and that in a known shape.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence

from boxes_tui.i18n import _

GIVEN = ("BOXES_CONFIG", "BOXES_HOME", "BOXES_NOW")
"""Settings that the key's line hands on: where the configuration lies, never what is secret in it."""

KEPT = ("SSH_CONNECTION", "SSH_TTY")
"""What sshd itself says, not the client."""

_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", re.ASCII)
_TERM = re.compile(r"[A-Za-z0-9._+-]{1,32}", re.ASCII)
_PLAIN = "xterm-256color"


def forced_command(login: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The command for the keys of ``login``, as a shell reads it; None for a login that no such line can carry."""
    if not _LOGIN.fullmatch(login):
        return None
    env = os.environ if environ is None else environ
    given = [f"{name}={env[name]}" for name in GIVEN if env.get(name)]
    return shlex.join([sys.executable, "-I", "-m", "boxes_tui.guard.door", login, *given])


def key_line(login: str, key: str, environ: Mapping[str, str] | None = None) -> str | None:
    """One line of ``authorized_keys``: no forwarding, no rc file, a terminal, and the app of ``login``."""
    command = forced_command(login, environ)
    if command is None or "\n" in command or "\n" in key:
        return None
    quoted = command.replace('"', '\\"')
    return f'restrict,pty,command="{quoted}" {key}'


def sshd_config(account: str, environ: Mapping[str, str] | None = None) -> str:
    """The part of ``sshd_config`` for the account of the agents: nothing but keys of ours, nothing but the app."""
    env = os.environ if environ is None else environ
    given = [f"{name}={env[name]}" for name in GIVEN if env.get(name)]
    words = ["/usr/bin/env", *given, sys.executable, "-I", "-m", "boxes_tui", "ssh-keys"]
    command = " ".join(_sshd_word(word) for word in words)
    return f"""\
# BOXES over SSH. The rest of the file has to keep: PermitUserEnvironment no (the default).
Match User {account}
    AuthenticationMethods publickey
    AuthorizedKeysFile none
    AuthorizedKeysCommand {command} %u
    AuthorizedKeysCommandUser {account}
    DisableForwarding yes
    PermitTunnel no
    PermitUserRC no
    PermitTTY yes
    MaxSessions 2
    ClientAliveInterval 15
    ClientAliveCountMax 3
Match all
"""


def _sshd_word(word: str) -> str:
    text = word.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if re.search(r"[\s'\"\\#]", word) else text


def environment(login: str, given: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """All that the app gets to know: who, where its settings lie, and which terminal."""
    import pwd

    term = environ.get("TERM", "")
    made = {
        "BOXES_AGENT": login,
        "HOME": pwd.getpwuid(os.getuid()).pw_dir,
        "LANG": "C.UTF-8",
        "LOGNAME": login,
        "PATH": "/usr/bin:/bin",
        "TERM": term if _TERM.fullmatch(term) else _PLAIN,
    }
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        made["COLORTERM"] = environ["COLORTERM"]
    made |= {name: environ[name] for name in KEPT if name in environ}
    for words in given:
        name, _sign, value = words.partition("=")
        if name in GIVEN:
            made[name] = value
    return made


def main() -> None:
    """Become the app of the person that the key's line names."""
    login = sys.argv[1] if len(sys.argv) > 1 else ""
    if not _LOGIN.fullmatch(login):
        print(_("Falta el usuario de la clave."), file=sys.stderr)
        sys.exit(2)
    if not (os.isatty(0) and os.isatty(2)):
        from boxes_tui.guard.environment import terminal_complaint

        print(terminal_complaint(), file=sys.stderr)
        sys.exit(1)
    os.umask(0o077)
    os.chdir("/")
    made = environment(login, sys.argv[2:], os.environ)
    os.execve(sys.executable, [sys.executable, "-I", "-m", "boxes_tui"], made)


if __name__ == "__main__":
    main()
