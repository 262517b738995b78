"""A worker process, as the monitor and the health check show it.

Chosen: what each process says of itself when it starts, and when it was last heard of.
Left out: its runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker process. `tier` says how it confines model code, `concurrency` how many runs it has at once."""

    name: str
    host: str
    pid: int
    tier: str
    concurrency: int
    environment: Mapping[str, str]
    started_at: datetime
    heartbeat_at: datetime
