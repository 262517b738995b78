"""The embedded PostgreSQL: initialised, started, watched and stopped by the processes that use it.

Chosen: three locks that the kernel frees when their holder dies, however it died. A start lock lets one process
at a time start or stop the server. Every user holds the "users" lock together, so that the last one out stops
it. The server and all its processes inherit the "server" lock, so that nobody starts a second one beside what a
crash has left. Liveness is a connection, never a process id. The server listens on a unix socket in a private
folder and on no port.
Left out: major upgrades. A data folder of another major version is refused with what to run.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg
import structlog

from contract.errors import ServerError
from storage.postgres_binaries import PostgresBinaries
from storage.wakeup import Wakeup

__all__ = ["EmbeddedServer", "ServerError"]

log = structlog.get_logger()

USER = "tontine"
START_SECONDS = 10.0
RECOVERY_SECONDS = 300.0  # crash recovery replays the log, and may take its time
RETRY_SECONDS = 1.0  # between two attempts to start it
# Not TMPDIR, which may differ between two processes of one installation, and whose path may be long.
SOCKETS = Path("/tmp")  # noqa: S108 - the folder made in it is private
CODES_BUSY = ("starting up", "recovery", "shutting down")
CODES_FULL = ("too many clients", "connection slots")
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


class EmbeddedServer:
    """An embedded server in the folder `home`, shared by every process that starts it.

    Args:
        home: its folder, made where it is missing.
        fsync: off for tests only: a crash of the host then loses data.
    """

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.fsync = fsync
        self._users: IO[str] | None = None
        self._programs: PostgresBinaries | None = None
        self._sockets_are_ours = False
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The URL of the database, for any client on this host."""
        return f"postgresql://{USER}@/postgres?host={quote(str(self._sockets), safe='')}"

    def start(self) -> str:
        """Start the server, or join the one that is running, and return its URL.

        Raises:
            ServerError: it does not start, or its data is another major version's.
        """
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._users = (self.home / "users.lock").open("w")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        self._stopping.clear()
        with self._start_lock():
            try:
                self._programs = PostgresBinaries(self.home)
                self._initialise(self._programs)
                self._ensure(self._programs)
            except BaseException:
                self._leave()  # a Ctrl-C may have come after the launch
                raise
        (self.home / "url").write_text(self.url + "\n")  # for the operator's psql and pg_dump
        self._wakeup = Wakeup()
        self._watcher = threading.Thread(target=self._watch, args=(self._programs,), name="postgres-watch", daemon=True)
        self._watcher.start()
        return self.url

    def stop(self) -> None:
        """Leave the server; the last one out stops it."""
        if self._users is None:
            return
        self._stopping.set()
        self._wakeup.wake()
        if self._watcher is not None:
            self._watcher.join(timeout=RECOVERY_SECONDS)
        self._wakeup.close()
        with self._start_lock():
            self._leave()

    def _leave(self) -> None:
        """Leave the server, and stop it where nobody else uses it. The caller holds the start lock."""
        if self._users is None:
            return
        with self._users as users:
            self._users = None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else still uses it
            if self._programs is None:
                return
            until = time.monotonic() + START_SECONDS
            # One that has just been launched cannot be stopped before it has written its pid file.
            while self._launched() and not (self.data / "postmaster.pid").exists() and time.monotonic() < until:
                time.sleep(0.02)
            self._programs.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data), check=False)
            if self._sockets_are_ours:
                with contextlib.suppress(OSError):
                    self._sockets.rmdir()

    def _launched(self) -> bool:
        """Return whether a process of the server is there: all of them hold its lock."""
        with self._server_lock() as lock:
            return lock is None

    @contextlib.contextmanager
    def _server_lock(self) -> Iterator[IO[str] | None]:
        """Hold the server's lock; None where a process of it does."""
        with (self.home / "server.lock").open("w") as lock:
            acquired: IO[str] | None = lock
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                acquired = None
            yield acquired

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def alive(self) -> bool:
        """Say whether the server takes connections."""
        return self._ping() is None

    def _ensure(self, programs: PostgresBinaries) -> None:
        """Return once the server answers, started if it has to be, or is to stop. The caller holds the start lock."""
        self._socket_folder(programs)  # what answers in a folder of somebody else's is not our server
        started_at = time.monotonic()
        tried = -RETRY_SECONDS
        while (answer := self._ping()) is not None and not self._stopping.is_set():
            waited = time.monotonic() - started_at
            busy = any(word in answer for word in CODES_BUSY)
            if waited > (RECOVERY_SECONDS if busy else START_SECONDS):
                raise ServerError(
                    f"The embedded database does not start: {answer}\n{_log_tail(self.home / 'start.log')}"
                )
            # While processes of a dead server are still ending, the lock is theirs: look again at once.
            if not busy and waited - tried >= RETRY_SECONDS and self._launch(programs):
                tried = waited
            time.sleep(0.02)

    def _launch(self, programs: PostgresBinaries) -> bool:
        """Start the server unless a process of it, or of one before it, is still there; say whether it was tried."""
        with self._server_lock() as lock:
            if lock is None:
                return False
            sockets = self._socket_folder(programs)
            self._remove_stale_files()
            options = {**OPTIONS, "unix_socket_directories": str(sockets)}
            if not self.fsync:
                options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            settings = " ".join(f"-c {key}='{value}'" for key, value in options.items())
            command = ("start", "-W", "-D", str(self.data), "-l", str(self.home / "start.log"), "-o", settings)
            programs.run("pg_ctl", *command, check=False, keep=[lock.fileno()])
        return True

    def _remove_stale_files(self) -> None:
        """Remove the pid file a dead server left: its process id may be another program's by now.

        In a container that starts again it usually is, and PostgreSQL would refuse to start.
        """
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.AccessDenied, psutil.NoSuchProcess):
            pid = int(pid_file.read_text().split()[0])
            if Path(psutil.Process(pid).cwd()) == self.data:
                return  # started by hand: PostgreSQL itself will say so
        pid_file.unlink(missing_ok=True)
        # The socket has a lock file of its own. A killed server stays in the table of processes until it is reaped, and
        # until then a new one would take that file for a living server's.
        for path in self._sockets.glob(".s.PGSQL.*"):
            path.unlink(missing_ok=True)

    def _initialise(self, programs: PostgresBinaries) -> None:
        version = self.data / "PG_VERSION"
        ours = programs.run("postgres", "--version").split()[-1].split(".")[0]
        if version.is_file():
            found = version.read_text().strip()
            if found != ours:
                raise ServerError(
                    f"{self.data} was written by PostgreSQL {found} and this is PostgreSQL {ours}. Start the release "
                    f"of Tontine that wrote it, back up (python -m engine.commands.backup), stop it, move {self.data} "
                    "away, and restore with this release (python -m engine.commands.restore). The operator's guide has "
                    "the steps."
                )
            return
        building = self.home / "data.new"
        shutil.rmtree(building, ignore_errors=True)
        programs.run("initdb", "-D", str(building), "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-k")
        building.rename(self.data)

    def _watch(self, programs: PostgresBinaries) -> None:
        """Start the server again if it goes away under us. A connection that breaks says so; nothing is polled."""
        while not self._stopping.is_set():
            with contextlib.suppress(psycopg.Error, OSError), psycopg.connect(self.url, autocommit=True) as conn:
                self._wait_until_lost(conn)
            if self._stopping.is_set():
                return
            log.warning("the embedded database is away and is started again")
            try:
                with self._start_lock():
                    if not self._stopping.is_set():
                        self._ensure(programs)
            except (ServerError, OSError) as error:
                log.warning("the embedded database does not come back", error=str(error)[:500])
                self._stopping.wait(RETRY_SECONDS)

    def _wait_until_lost(self, conn: "psycopg.Connection[Any]") -> None:
        while not self._stopping.is_set():
            if self._wakeup.wait(conn.fileno()):
                conn.execute("select 1")  # raises where the server has ended

    @property
    def _sockets(self) -> Path:
        """A short path of our own: a socket's path may have 107 bytes and no more."""
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return SOCKETS / f"tontine-{self.home.stat().st_uid if self.home.exists() else 0}-{digest}"

    def _socket_folder(self, programs: PostgresBinaries) -> Path:
        """Return the folder of the socket, created where it is missing.

        Whoever may enter it is the database's owner. Its path is known and anybody may have put something there, a
        link too, so it is opened without following links and looked at before anything in it is used or changed.

        Raises:
            ServerError: it is not a folder of ours that is closed to everybody else.
        """
        folder = self._sockets
        try:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise _not_private(folder) from error
        try:
            found = os.fstat(opened)
            if found.st_uid not in {os.geteuid(), programs.owner} or found.st_mode & 0o077:
                raise _not_private(folder)
            programs.chown(opened)
        finally:
            os.close(opened)
        self._sockets_are_ours = True
        return folder

    def _ping(self) -> str | None:
        """Return None where the server is there, and otherwise what a connection was answered."""
        try:
            with psycopg.connect(self.url, connect_timeout=5) as conn:
                conn.execute("select 1")
        except psycopg.Error as error:
            return None if any(word in str(error) for word in CODES_FULL) else str(error)
        return None

    @contextlib.contextmanager
    def _start_lock(self) -> Iterator[None]:
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _not_private(folder: Path) -> ServerError:
    return ServerError(f"{folder} is not private to Tontine. Remove it, or set TONTINE_DATA to another folder.")


def _log_tail(path: Path) -> str:
    return path.read_text(errors="replace")[-2_000:] if path.is_file() else ""


if (
    __name__ == "__main__"
):  # python -m storage.embedded_postgres DIR, for an operator who needs the database and no Tontine
    with EmbeddedServer(Path(sys.argv[1])) as address:
        input(f"{address}\nPress Enter to leave it. ")
