"""Real PostgreSQL clusters for tests, of their own on loopback: one is shared by the whole test run.

Nothing survives the run and fsync is off. The order of text is that of ICU's English, as it may be at a
hospital: whoever relies on code points must say so.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_USER = "fhirscreen"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
_WATCH = """
while ps -p "$1" >/dev/null; do sleep 1; done
data=$2; shift 2
"$@" stop -D "$data" -m immediate
rm -rf "$(dirname "$data")"
"""
"""Ends a cluster after its test run, whatever happened to that."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster. Its folder holds `data`, and the log."""

    folder: Path
    port: int
    password: str

    def url(self, database: str) -> str:
        """The address of a database, as a hospital would write it."""
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """A new, empty database; gives its address."""
        name = f"store_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Runs a statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def restart(self) -> None:
        """Restarts it as after a crash: every connection is cut, every open transaction lost."""
        _control(self.folder, "restart", "-m", "immediate")

    def stop(self) -> None:
        """Stops it at once."""
        _control(self.folder, "stop", "-m", "immediate")

    def start(self) -> None:
        """Starts it again after `stop`."""
        _control(self.folder, "start")


class Clusters:
    """The clusters of one test run, shared by its workers through a folder.

    `guardian` is the process that the run belongs to: a cluster ends with it, whatever happens.
    """

    def __init__(self, folder: Path, guardian: int) -> None:
        self._folder = folder
        self._guardian = guardian

    def start(self, key: str) -> Cluster:
        """The cluster of that key, started once. Restart only one whose key is yours alone."""
        file = self._folder / f"postgres-{key}"
        with _locked(file.with_suffix(".lock")):
            if not file.exists():
                cluster = _launch(self._guardian)
                file.write_text(f"{cluster.folder}\n{cluster.port}\n{cluster.password}")
        folder, port, password = file.read_text().splitlines()
        return Cluster(Path(folder), int(port), password)

    def stop(self) -> None:
        """End the clusters that were started here."""
        for file in self._folder.glob("postgres-*"):
            if file.suffix != ".lock":
                folder = Path(file.read_text().splitlines()[0])
                if (folder / "data/postmaster.pid").exists():
                    _control(folder, "stop", "-m", "immediate")
                shutil.rmtree(folder, ignore_errors=True)


def _launch(guardian: int) -> Cluster:
    folder = Path(tempfile.mkdtemp(prefix="fhirscreen-postgres-"))
    password = secrets.token_urlsafe(12)
    (folder / "password").write_text(password)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    _run(
        "initdb", "-D", str(folder / "data"), "-U", _USER, "-A", "scram-sha-256", "--no-sync", "-E", "UTF8",
        "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US",
        f"--pwfile={folder / 'password'}", "--no-instructions",
    )  # fmt: skip
    port = _free_port()
    with (folder / "data/postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in {**_OPTIONS, "port": str(port)}.items())
    _control(folder, "start")
    _watch(guardian, folder)
    return Cluster(folder, port, password)


def _watch(guardian: int, folder: Path) -> None:
    command = ["sh", "-c", _WATCH, "watch", str(guardian), str(folder / "data"), *_command("pg_ctl")]
    # Not a Popen: the watch outlives the worker that starts it, and Popen warns of a child left behind.
    null = [(os.POSIX_SPAWN_OPEN, each, os.devnull, os.O_RDWR, 0) for each in (0, 1, 2)]
    os.posix_spawnp("sh", command, os.environ, file_actions=null, setsid=True)


def _control(folder: Path, what: str, *options: str) -> None:
    log = ["-l", str(folder / "log")] if what in ("start", "restart") else []
    _run("pg_ctl", what, "-D", str(folder / "data"), "-w", "-s", *log, *options)


def _run(program: str, *arguments: str) -> None:
    # A server inherits the output, so it must not be a pipe that somebody waits for.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*_command(program), *arguments], check=False, stdout=output, stderr=output, cwd="/"
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{program} failed:\n{output.read().decode()[-2000:]}")


def _command(program: str) -> list[str]:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: int(p.parts[4]))
    path = str(found[-1]) if found else shutil.which(program)
    if path is None:
        raise RuntimeError(f"PostgreSQL's {program} is not here")
    return ["runuser", "-u", "postgres", "--", path] if os.geteuid() == 0 else [path]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
