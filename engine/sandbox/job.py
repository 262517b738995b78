"""What a run asks of the sandbox, what it sends while it runs, and how it ended.

Chosen: plain values, so that a test can run a model without queue and database.
Left out: anything about users, versions and storage.
"""

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.run import Status


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one run: seconds, megabytes, kilobytes of log, threads of numerical libraries."""

    seconds: float = 60
    memory_mb: int = 1_024
    output_mb: int = 32
    scratch_mb: int = 256
    log_kb: int = 1_024
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Runtime:
    """Another Python than the worker's: its version such as 3.12, where it is, and the folder of its standard set."""

    python: str
    executable: Path
    libraries: Path


@dataclass(frozen=True, slots=True)
class Point:
    """One of many runs in one child: what differs from the job's inputs, and its seed."""

    changes: Mapping[str, Any]
    seed: int


@dataclass(frozen=True, slots=True)
class PointResult:
    """How one of many runs in one child ended. Times are in seconds since the epoch, `cpu_seconds` in seconds."""

    number: int
    result: dict[str, Any]
    nulls: dict[str, Any]
    warnings: tuple[str, ...]
    log: str
    started_at: float
    finished_at: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class SandboxJob:
    """A run: the model's folder, its inputs, the files behind its file inputs, the hosts it was granted.

    `background` gives way to other runs for the processor; `import_only` loads function.py and calls nothing of it.
    `overlay` is the folder of the packages that the model has beyond the standard set, `runtime` the Python that it
    asks for where that is not the worker's own.
    `private_hosts` are those of `hosts` that may have an address which is not public; `environment` are variables that
    are no secrets.
    `denial_messages` has, for each host the manifest asks for that was not granted, the error the model gets; `secrets`
    are values by name. With `points` the model runs once for each, until `budget` seconds are over.
    """

    run_id: str
    folder: Path
    inputs: Mapping[str, Any]
    seed: int
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, Path] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    background: bool = False
    denial_messages: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    import_only: bool = False
    overlay: Path | None = None
    runtime: Runtime | None = None
    points: tuple[Point, ...] = ()
    budget: float = 0

    def as_job(self) -> dict[str, Any]:
        """Return what of the job the child gets unchanged."""
        points = {"budget": self.budget, "points": [{"changes": p.changes, "seed": p.seed} for p in self.points]}
        return {
            **(points if self.points else {}),
            "folder": str(self.folder.resolve()),
            "overlay": None if self.overlay is None else str(self.overlay.resolve()),
            "seed": self.seed,
            "secrets": dict(self.secrets),
            "environment": dict(self.environment),
            "refusals": dict(self.denial_messages),
            "import_only": self.import_only,
        }


@dataclass(slots=True)
class Progress:
    """What has changed since the last event: keys of the result, each whole, and new text of the log."""

    progress: float | None
    message: str | None
    result: dict[str, Any]
    log: str


@dataclass(slots=True)
class Outcome:
    """How a run ended. Memory is in bytes, times are in seconds; `started_at`, its first line, since the epoch.

    `words` are the model's own about its failure, without ours around them. `packages` are the versions of Python and
    of the numerical libraries that it found, empty where it never began.
    """

    status: Status
    reason: str | None = None
    traceback: str | None = None
    result: dict[str, Any] | None = None
    nulls: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    log: str = ""
    peak_memory: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    started_at: float | None = None
    files: dict[str, Path] = field(default_factory=dict)
    words: str = ""
    packages: dict[str, str] = field(default_factory=dict)


class CancelToken:
    """Ends a run from another thread, at once."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._read, self._write = socket.socketpair()

    def request(self, reason: str) -> None:
        """Ask for the end; the first reason counts."""
        if self.reason is None:
            self.reason = reason
            with contextlib.suppress(OSError):
                self._write.send(b"x")

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the end is asked for."""
        return self._read.fileno()

    def close(self) -> None:
        """Close the descriptors."""
        self._read.close()
        self._write.close()
