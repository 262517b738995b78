"""Fetch a model's folder from a git repository that nobody here has written.

Chosen: git is told everything and reads no configuration, hook, credential or prompt; the newest commit alone is
fetched, into an empty bare repository, without blobs that are too large, and is never checked out: its tree is listed,
every entry is checked, and the contents of plain files are read one by one. Time, processor, disk and every output
are bounded.
Left out: histories, submodules, large files kept elsewhere (LFS), and logins typed by people.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contract.errors import SourceError
from contract.problems import Problem
from registry.git_address import (
    COMMIT,
    SHORT_COMMIT,
    GitAccess,
    GitAddress,
    check_address,
    check_ref,
    check_subfolder,
    is_ip,
    refusal,
)
from registry.git_messages import REPOSITORY_BYTES, explain
from registry.model_files import MAX_BYTES, MAX_FILES
from registry.source_files import LEAVE_OUT, check_amount, is_skipped, name_problems, require_model

TIMEOUT = 90.0  # s for one command of git
SLOWEST = (1_000, 20)  # bytes a second, below which a transfer is given up after so many seconds
MAX_ENTRIES = 100_000  # files of the whole repository that are looked at
OUTPUT = 50_000_000  # bytes of a command's answer, contents aside
MESSAGE = 20_000  # bytes of its error text
CPU = 120  # s of processor for one command
PLAIN_FILES = {"100644", "100755"}
OTHER_MODES = {"120000": "it is a symbolic link", "160000": "it is a submodule", "040000": "it is a folder"}
_LIMITED = 'ulimit -t "$1"; ulimit -f "$2"; ulimit -c 0; shift 2; exec "$@"'  # sh counts files in 512 bytes
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model's folder as a commit holds it. `branch` is the branch or tag followed; None for a commit alone."""

    files: dict[str, bytes]
    commit: str
    branch: str | None
    url: str
    subfolder: str


def fetch(
    url: str,
    *,
    ref: str | None = None,
    subfolder: str | None = None,
    access: GitAccess | None = None,
    folder: Path | None = None,
) -> Fetched:
    """Fetch the newest commit of a branch, a tag or a commit, and return the files of a folder in it.

    Args:
        url: the repository.
        ref: branch, tag or full commit hash; the repository's default branch without it.
        subfolder: the model's folder in the repository; the repository itself without it.
        access: where repositories may come from.
        folder: where a temporary folder is made; the system's without it.

    Raises:
        SourceError: with each reason in words of its own.
    """
    access = access or GitAccess()
    wanted, inside = check_ref(ref), check_subfolder(subfolder)
    address = check_address(url, access)
    with _Git(address, access, folder) as git:
        branch, target = _find(git, wanted)
        git.run(
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-gc",
            f"--filter=blob:limit={MAX_BYTES + 1}",
            "--end-of-options",
            address.url,
            target,
        )
        git.forget_remote()
        commit = git.run("rev-parse", "--verify", "--end-of-options", "FETCH_HEAD^{commit}").decode().strip()
        files = _read_files(git, commit, inside)
    return Fetched(files, commit, branch, address.url, inside)


def newest_commit(
    url: str, *, ref: str | None = None, access: GitAccess | None = None, folder: Path | None = None
) -> str:
    """Return the commit that a branch or tag stands at now.

    Raises:
        SourceError: as `fetch` raises it.
    """
    access = access or GitAccess()
    wanted = check_ref(ref)
    with _Git(check_address(url, access), access, folder) as git:
        return _list_refs(git, wanted)[1]


def _find(git: "_Git", wanted: str | None) -> tuple[str | None, str]:
    """Return the branch or tag that is followed, and what to ask the server for."""
    if wanted is not None and COMMIT.fullmatch(wanted):
        return None, wanted
    return _list_refs(git, wanted)[0], git.target


def _list_refs(git: "_Git", wanted: str | None) -> tuple[str | None, str]:
    """Return the name of a branch or tag and its commit; `git.target` becomes its full name."""
    patterns = (
        ["HEAD"] if wanted is None else [f"refs/heads/{wanted}", f"refs/tags/{wanted}", f"refs/tags/{wanted}^{{}}"]
    )
    answer = git.run("ls-remote", "--quiet", "--symref", "--end-of-options", git.address.url, *patterns)
    branch, found = wanted, dict[str, str]()
    for line in answer.decode(errors="replace").splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: refs/heads/") and name == "HEAD":
            branch = value.removeprefix("ref: refs/heads/")
        elif COMMIT.fullmatch(value):
            found[name] = value
    for name in patterns[:2]:
        if name in found:
            git.target = name
            return branch, found.get(f"{name}^{{}}", found[name])
    if wanted is None:
        raise refusal("the repository is empty", "Push a commit first.")
    hint = "Check its spelling, or leave it out for the default branch."
    if SHORT_COMMIT.fullmatch(wanted):
        hint = "Give all 40 digits of a commit."
    raise refusal(f"the repository has no branch or tag {wanted!r}", hint, "branch")


def _read_files(git: "_Git", commit: str, subfolder: str) -> dict[str, bytes]:
    prefix = f"{subfolder}/" if subfolder else ""
    where = f"the folder {subfolder}" if subfolder else "the repository"
    entries: dict[str, str] = {}
    problems: list[Problem] = []
    everything: list[str] = []
    for mode, kind, object_id, path in _list_tree(git, commit):
        if not path.startswith(prefix):
            continue
        name = path[len(prefix) :]
        everything.append(name)
        if is_skipped(name):
            continue
        if mode not in PLAIN_FILES or kind != "blob":
            found = OTHER_MODES.get(mode, f"it is of the unusual kind {mode}")
            problems.append(Problem(repr(name)[:200], found, "Put the file itself there."))
            continue
        entries[name] = object_id
    if not everything:
        raise refusal("the commit has no such folder" if subfolder else "it is empty", "Correct it.", "subfolder")
    require_model(where, entries)
    problems += name_problems(list(entries))
    if problems:
        raise SourceError(problems[:20])
    if len(entries) > MAX_FILES:
        raise SourceError([Problem(where, f"it holds more than {MAX_FILES} files", LEAVE_OUT)])
    check_amount(where, _sizes(git, entries))
    files = _contents(git, entries)
    kept_elsewhere = [name for name, content in files.items() if content.startswith(_LFS)]
    if kept_elsewhere:
        raise SourceError(
            [
                Problem(repr(n)[:200], "its content is kept in Git LFS", "Commit the file itself.")
                for n in kept_elsewhere
            ]
        )
    return dict(sorted(files.items()))


def _list_tree(git: "_Git", commit: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield mode, kind, object and path of each entry of the commit's tree."""
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
    for count, entry in enumerate(listed.split(b"\0")):
        if count > MAX_ENTRIES:
            raise refusal(f"it holds more than {MAX_ENTRIES:,} files", "Move the model to a repository of its own.")
        if not entry:
            continue
        about, _, path = entry.partition(b"\t")
        mode, kind, object_id = about.decode("ascii").split()
        yield mode, kind, object_id, path.decode("utf-8", "surrogateescape")


def _sizes(git: "_Git", entries: dict[str, str]) -> list[int]:
    asked = "".join(f"{object_id}\n" for object_id in entries.values()).encode()
    answer = git.run("cat-file", "--batch-check", given=asked).decode("ascii").splitlines()
    found = []
    for name, line in zip(entries, answer, strict=True):
        _, kind, *size = line.split()
        if kind != "blob":
            what = f"it is larger than {MAX_BYTES // 1_000_000} MB" if kind == "missing" else f"it is a {kind}"
            raise SourceError([Problem(repr(name)[:200], what, LEAVE_OUT)])
        found.append(int(size[0]))
    return found


def _contents(git: "_Git", entries: dict[str, str]) -> dict[str, bytes]:
    asked = "".join(f"{object_id}\n" for object_id in entries.values()).encode()
    answer = git.run("cat-file", "--batch", given=asked, most=MAX_BYTES + 200 * len(entries))
    files, at = {}, 0
    for name in entries:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        files[name] = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return files


class _Git:
    """An empty repository in a temporary folder, and git run there with nothing from outside."""

    def __init__(self, address: GitAddress, access: GitAccess, folder: Path | None) -> None:
        self.address, self.access = address, access
        self.target = "HEAD"
        program, shell = shutil.which("git"), shutil.which("sh")
        if program is None or shell is None:
            raise refusal("git is not installed on the server", "An administrator installs git 2.39 or newer.")
        self.program, self.shell = program, shell
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(prefix="tontine-git-", dir=folder)
        self.home = Path(self._temporary.name)
        self.repository = self.home / "repository.git"

    def __enter__(self) -> Self:
        try:
            (self.home / "home").mkdir()
            self.run("init", "--quiet", "--bare", "--template=", str(self.repository), inside=False)
        except BaseException:
            self._temporary.cleanup()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def forget_remote(self) -> None:
        """Make what was not fetched missing for good: git would ask the server for it when it is read."""
        plain = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
        (self.repository / "config").write_text(plain)

    def run(self, *arguments: str, given: bytes = b"", most: int = OUTPUT, inside: bool = True) -> bytes:
        """Run a command of git and return what it answers.

        Raises:
            SourceError: it failed, took too long or answered too much.
        """
        place = [f"--git-dir={self.repository}"] if inside else []
        command = [
            *(self.shell, "-c", _LIMITED, "sh", str(CPU), str(REPOSITORY_BYTES // 512)),
            *(self.program, *place, *self._options(), *arguments),
        ]
        process = subprocess.Popen(  # noqa: S603 - our own command; what comes from outside stands after --end-of-options
            command,
            cwd=self.home,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill_group(process)

        timer = threading.Timer(TIMEOUT, end)
        timer.daemon = True
        errors = bytearray()
        try:
            timer.start()
            assert process.stdin is not None
            assert process.stdout is not None
            readers = [
                threading.Thread(target=_feed, args=(process, given), daemon=True),
                threading.Thread(target=_keep_some, args=(process, errors), daemon=True),
            ]
            for reader in readers:
                reader.start()
            answer = process.stdout.read(most + 1)
            if len(answer) > most:
                raise refusal(f"git's answer is larger than {most // 1_000_000} MB", LEAVE_OUT)
            code = process.wait()
            for reader in readers:
                reader.join(5)
        finally:
            timer.cancel()
            _kill_group(process)
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        if late.is_set():
            raise refusal(f"the repository did not arrive within {TIMEOUT:.0f} s", "Try again, or make it smaller.")
        if code:
            raise explain(self.address.url, bytes(errors), code)
        return answer

    def _options(self) -> list[str]:
        settings = {
            "core.hooksPath": os.devnull,
            "core.symlinks": "false",
            "core.fsmonitor": "false",
            "core.protectHFS": "true",
            "core.protectNTFS": "true",
            "credential.helper": "",
            "fetch.fsckObjects": "true",
            "fetch.recurseSubmodules": "false",
            "fetch.unpackLimit": "1",  # one pack, whose size the limit on files bounds
            "gc.auto": "0",
            "http.followRedirects": "false",
            "http.lowSpeedLimit": str(SLOWEST[0]),
            "http.lowSpeedTime": str(SLOWEST[1]),
            "http.proxy": "",
            "maintenance.auto": "false",
            "protocol.version": "2",
            "submodule.recurse": "false",
            "transfer.fsckObjects": "true",
        }
        if self.address.scheme in {"https", "http"} and not is_ip(self.address.host):
            pinned = ",".join(f"[{a}]" if ":" in a else a for a in self.address.pinned)
            settings["http.curloptResolve"] = f"{self.address.host}:{self.address.port}:{pinned}"
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _environment(self) -> dict[str, str]:
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.home / "home"),
            "XDG_CONFIG_HOME": str(self.home / "home"),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": self.address.scheme,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
        if self.address.scheme == "ssh":
            environment["GIT_SSH_COMMAND"] = self._ssh()
        token = self.access.tokens.get(self.address.host)
        if token and self.address.scheme == "https":
            # In the environment, because every user of the host can read a command line.
            basic = b64encode(f"x-access-token:{token}".encode()).decode()
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.https://{self.address.host}/.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            }
        return environment

    def _ssh(self) -> str:
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "ConnectTimeout=15",
            "ForwardAgent=no",
            "ProxyCommand=none",
        ]
        if self.access.known_hosts is not None:
            options.append(f"UserKnownHostsFile={self.access.known_hosts}")
        if self.access.ssh_key is not None:
            options += [f"IdentityFile={self.access.ssh_key}", "IdentitiesOnly=yes"]
        quoted = " ".join("-o '" + option.replace("'", "'\\''") + "'" for option in options)
        return f"ssh -F {os.devnull} {quoted}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _feed(process: subprocess.Popen[bytes], given: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin:
        process.stdin.write(given)


def _keep_some(process: subprocess.Popen[bytes], kept: bytearray) -> None:
    """Read all error text, so that git is never blocked, and keep its beginning and end."""
    assert process.stderr is not None
    with contextlib.suppress(OSError, ValueError):
        while chunk := os.read(process.stderr.fileno(), 65_536):
            kept += chunk
            if len(kept) > MESSAGE:
                del kept[MESSAGE // 2 : -MESSAGE // 2]
