"""Worker processes: which there are, when they last sent a heartbeat, how firmly they confine.

Chosen: a row for each process, so that the monitor and the health check need not ask the hosts.
Left out: their jobs, which are the queue's.
"""

import socket
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from contract.worker import WorkerInfo
from storage.tables import workers


def worker_name(pid: int) -> str:
    """Return the name of the worker process `pid` of this host."""
    return f"{socket.gethostname()}:{pid}"


def register(
    conn: Connection, name: str, *, host: str, pid: int, tier: str, concurrency: int, environment: Mapping[str, str]
) -> None:
    """Note that a worker has started; a process id that comes round again takes its old row over."""
    values = {
        "host": host,
        "pid": pid,
        "tier": tier,
        "concurrency": concurrency,
        "environment": dict(environment),
        "started_at": func.now(),
        "heartbeat_at": func.now(),
        "stopped_at": None,
    }
    conn.execute(
        insert(workers).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
    )


def heartbeat(conn: Connection, name: str) -> None:
    """Note that a worker is alive."""
    conn.execute(update(workers).where(workers.c.name == name).values(heartbeat_at=func.now()))


def mark_stopped(conn: Connection, name: str) -> None:
    """Note that a worker has ended."""
    conn.execute(update(workers).where(workers.c.name == name).values(stopped_at=func.now()))


def list_alive(conn: Connection, *, silence: float) -> list[WorkerInfo]:
    """Return the workers whose last heartbeat is at most `silence` seconds old, by name."""
    recent = workers.c.heartbeat_at > func.now() - timedelta(seconds=silence)
    rows = conn.execute(select(workers).where(workers.c.stopped_at.is_(None), recent).order_by(workers.c.name))
    return [
        WorkerInfo(
            row.name, row.host, row.pid, row.tier, row.concurrency, row.environment, row.started_at, row.heartbeat_at
        )
        for row in rows
    ]
